//! `POST /api/v1/auth`: a person signs in through a program, with name and password and then whatever is due. It asks the
//! login service what the pages ask; who cannot be told apart there is not told apart here.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use twolatch_core::factor::Kind as Factor;
use twolatch_core::login::web::{Current, Fault};
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::step::Step;
use twolatch_core::store::budgets::{Budget, Charge};
use twolatch_core::time::Timestamp;
use twolatch_core::typed::{self, Typed};

use super::body;
use super::refusal::{Refusal, of_store};
use crate::state::App;
use crate::web::error::{clip, reference};
use crate::web::failure::Kind;
use crate::web::path::LOGIN;
use crate::web::request;

/// No request comes near this.
const MAX_BODY: usize = 8 * 1024;

/// A longer name is nobody's; it is cut before it gets into a record.
const MAX_NAME: usize = 254;

/// What a request may hold; what else is in it makes it invalid.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asked {
    #[serde(deserialize_with = "given")]
    username: Option<Secret>,
    #[serde(deserialize_with = "given")]
    password: Option<Secret>,
    #[serde(deserialize_with = "given")]
    flow: Option<Secret>,
    #[serde(deserialize_with = "given")]
    code: Option<Secret>,
    #[serde(deserialize_with = "given")]
    send: Option<Secret>,
    #[serde(deserialize_with = "given")]
    recovery_code: Option<Secret>,
}

/// What is there is a text; `null` is none.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    Secret::deserialize(deserializer).map(Some)
}

/// What is wanted, of the requests that there are.
enum Wanted {
    Enter { name: String, password: Secret },
    Code { flow: Secret, code: Secret },
    Send { flow: Secret },
    Recover { flow: Secret, code: Secret },
}

/// Answers a sign-in.
pub async fn post(State(app): State<App>, request: Request) -> Response {
    if !app.config.password_login {
        return Kind::NoPage.because("`[api] password_login` is off").into_response();
    }
    let now = app.now();
    let (parts, body) = request.into_parts();
    let source = request::source(&app.config, &parts);
    if let Err(refusal) = check_head(&parts.headers, parts.uri.query()) {
        return refuse(&app, &source, &refusal);
    }
    let body = match body::read(body, MAX_BODY).await {
        Ok(body) => body,
        Err(refusal) => return refuse(&app, &source, &refusal),
    };
    let answer = match read(&body) {
        Ok(wanted) => go_on(&app, wanted, &source, now).await,
        Err(refusal) => Err(refusal),
    };
    match answer {
        Ok(answer) => json_response(StatusCode::OK, &answer),
        Err(refusal) => refuse(&app, &source, &refusal),
    }
}

fn check_head(headers: &HeaderMap, query: Option<&str>) -> Result<(), Refusal> {
    body::is_json(headers)?;
    if query.is_some_and(|query| !query.is_empty()) {
        return Err(Refusal::invalid("nothing is taken from the query: it ends up in logs"));
    }
    Ok(())
}

/// Reads a request, refusing as a whole what is not exactly one of those that there are. The fault is not told word for
/// word: it may quote what was sent.
fn read(body: &[u8]) -> Result<Wanted, Refusal> {
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(Refusal::invalid("the body is no JSON object"));
    }
    let asked: Asked = serde_json::from_slice(body)
        .map_err(|_| Refusal::invalid("not JSON, or a field that is unknown, there twice or no text"))?;
    let Asked { username, password, flow, code, send, recovery_code } = asked;
    let all = [&username, &password, &flow, &code, &send, &recovery_code];
    if all.into_iter().flatten().any(|text| text.expose().contains('\0')) {
        return Err(Refusal::invalid("a field holds NUL"));
    }
    match (username, password, flow, code, send, recovery_code) {
        (Some(name), Some(password), None, None, None, None) => {
            Ok(Wanted::Enter { name: name.expose().chars().take(MAX_NAME).collect(), password })
        }
        (None, None, Some(flow), Some(code), None, None) => Ok(Wanted::Code { flow, code }),
        (None, None, Some(flow), None, Some(send), None) if send.expose() == Factor::EmailCode.as_str() => {
            Ok(Wanted::Send { flow })
        }
        (None, None, Some(flow), None, None, Some(code)) => Ok(Wanted::Recover { flow, code }),
        _ => Err(Refusal::invalid("the fields belong to none of the requests that there are")),
    }
}

async fn go_on(app: &App, wanted: Wanted, source: &str, now: Timestamp) -> Result<Value, Refusal> {
    match wanted {
        Wanted::Enter { name, password } => {
            let entered = app.logins.enter_by_program(&name, password, source, now).await;
            let flow = entered.map_err(|fault| match fault {
                // Wrong, unknown, disabled, too early: all of these sound alike.
                Fault::Refused(reason) => Refusal::unauthorized("not_right", reason),
                fault => of_fault(fault),
            })?;
            next(app, &flow, source, now).await
        }
        Wanted::Code { flow, code } => {
            let current = app.logins.current_of_program(flow.expose(), now).await.map_err(of_fault)?;
            let user = current.person.user.id.to_string();
            let Typed::Code(code) = typed::parse(code.expose().as_bytes()) else {
                return Err(Refusal::new(StatusCode::BAD_REQUEST, "no_code", "what was sent as a code is none"));
            };
            // Whoever had one mailed shows that one.
            let mailed = current.attempt.mailed.is_some() || !current.asks_for(Factor::Totp);
            let (budget, entered) = if mailed {
                let entered = app.logins.enter_email_code(current, code, source, now).await;
                (Budget::of_email(&user), entered)
            } else {
                (Budget::of_totp(&user), app.logins.enter_code(current, code, source, now).await)
            };
            judged(app, entered, &budget, now).await?;
            next(app, flow.expose(), source, now).await
        }
        Wanted::Recover { flow, code } => {
            let current = app.logins.current_of_program(flow.expose(), now).await.map_err(of_fault)?;
            let budget = Budget::of_recovery(current.person.user.id.as_str());
            let no_code =
                || Refusal::new(StatusCode::BAD_REQUEST, "no_code", "what was sent as a recovery code is none");
            let code = typed::parse(code.expose().as_bytes()).recovery().ok_or_else(no_code)?;
            let entered = match app.logins.enter_recovery(current, code, source, now).await {
                Err(Fault::Refused(Reason::Malformed)) => return Err(no_code()),
                entered => entered,
            };
            judged(app, entered, &budget, now).await?;
            next(app, flow.expose(), source, now).await
        }
        Wanted::Send { flow } => send(app, flow.expose(), source, now).await,
    }
}

/// Mails a code; the same one again where one is on its way.
async fn send(app: &App, flow: &str, source: &str, now: Timestamp) -> Result<Value, Refusal> {
    let mut current = app.logins.current_of_program(flow, now).await.map_err(of_fault)?;
    let sent = if current.attempt.mailed.is_some() {
        app.logins.mail_again(&mut current, source, now).await
    } else {
        app.logins.mail_code(&mut current, source, now).await
    };
    let way = app.logins.on_its_way(&current).await.map_err(of_store)?;
    match sent {
        Ok(()) => {
            let mut answer = next(app, flow, source, now).await?;
            if let (Some(next), Some(way)) = (answer.get_mut("next").and_then(Value::as_object_mut), way) {
                next.insert("sent_to".to_owned(), way.to.into());
            }
            Ok(answer)
        }
        Err(Fault::Refused(Reason::Wait)) => {
            let user = current.person.user.id.as_str();
            let mut seconds = way.map_or(0, |way| way.again_at.since(now));
            for budget in [Budget::of_email(user), Budget::of_mail(user)] {
                seconds = seconds.max(pause(app, &budget, now).await?.unwrap_or_default());
            }
            let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "wait", Reason::Wait.to_string());
            Err(refusal.after(seconds))
        }
        Err(fault) => Err(of_fault(fault)),
    }
}

/// The token, or what is due before there is one.
async fn next(app: &App, flow: &str, source: &str, now: Timestamp) -> Result<Value, Refusal> {
    let current = app.logins.current_of_program(flow, now).await.map_err(of_fault)?;
    let url = || format!("{}{LOGIN}", app.config.issuer);
    let words = |kinds: &[Factor]| kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>();
    let next = match &current.step {
        Step::Granted(_) | Step::KeepRecovery => return grant(app, current, source, now).await,
        Step::SecondFactor { methods, recovery } => {
            json!({ "flow": flow, "methods": words(methods), "recovery": recovery })
        }
        Step::Enrol { methods, .. } => json!({ "set_up": words(methods), "url": url() }),
        Step::ProveMailbox { .. } => json!({ "set_up": [], "url": url() }),
        Step::ChangePassword => json!({ "change_password": true, "url": url() }),
        Step::Refused(reason) => {
            let error = if *reason == Reason::SetupClosed { "setup_closed" } else { "not_enrolled" };
            return Err(Refusal::new(StatusCode::FORBIDDEN, error, reason.to_string()));
        }
        Step::Password => return Err(of_fault(Fault::Over)),
    };
    Ok(json!({ "authentication_token": null, "next": next }))
}

async fn grant(app: &App, current: Current, source: &str, now: Timestamp) -> Result<Value, Refusal> {
    let user = current.person.user.name.clone();
    let token = app.logins.finish_for_program(current, source, now).await.map_err(of_fault)?;
    tracing::info!(%user, source, "a program signed in");
    Ok(json!({ "authentication_token": token.expose() }))
}

/// How a code was judged. The password was right before that: whoever has to wait may know for how long.
async fn judged(app: &App, entered: Result<(), Fault>, budget: &Budget, now: Timestamp) -> Result<(), Refusal> {
    match entered {
        Ok(()) => Ok(()),
        Err(Fault::Refused(Reason::Wait)) => {
            let seconds = pause(app, budget, now).await?.unwrap_or_default();
            let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "wait", Reason::Wait.to_string());
            Err(refusal.after(seconds))
        }
        Err(Fault::Refused(reason)) => Err(match reason {
            Reason::Held => Refusal::new(StatusCode::FORBIDDEN, "held", reason.to_string()),
            Reason::Replay => Refusal::unauthorized("used_code", reason),
            Reason::CodeExpired => Refusal::unauthorized("code_expired", reason),
            Reason::ClockBack => Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", reason.to_string()),
            _ => Refusal::unauthorized("wrong_code", reason),
        }),
        Err(fault) => Err(of_fault(fault)),
    }
}

/// For how many seconds nothing is judged.
async fn pause(app: &App, budget: &Budget, now: Timestamp) -> Result<Option<i64>, Refusal> {
    Ok(match app.store.standing(budget, now).await.map_err(of_store)?.1 {
        Charge::Wait(until) => Some(until.since(now)),
        Charge::Taken | Charge::Held => None,
    })
}

fn of_fault(fault: Fault) -> Refusal {
    match fault {
        Fault::Over | Fault::Unconfirmed => Refusal::new(StatusCode::UNAUTHORIZED, "flow_over", "the sign-in is over"),
        Fault::Busy => Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many passwords are checked").after(3),
        Fault::Store(error) => of_store(error),
        Fault::Refused(reason) => Refusal::unauthorized("not_right", reason),
        Fault::Weak(weak) => Refusal::new(StatusCode::BAD_REQUEST, "invalid_request", weak.to_string()),
    }
}

fn refuse(app: &App, source: &str, refusal: &Refusal) -> Response {
    let (id, detail, status) = (reference(app), clip(&refusal.detail), refusal.status.as_u16());
    if refusal.status.is_server_error() {
        tracing::error!(%id, status, source, detail, "a program got no token");
    } else {
        tracing::info!(%id, status, source, error = refusal.error, detail, "a program got no token");
    }
    let body = json!({ "authentication_token": null, "error": refusal.error });
    let mut response = json_response(refusal.status, &body);
    if let Some(seconds) = refusal.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn json_response(status: StatusCode, body: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, body.to_string()).into_response()
}
