//! `/logout`: ends the session of this browser. A web app may ask for it (OpenID Connect RP-Initiated Logout 1.0); unless it
//! shows an ID token of this very session, the person is asked.

use askama::Template;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use twolatch_core::client::RedirectUri;
use twolatch_core::crypto::seal::Place;
use twolatch_core::store::Session;
use twolatch_core::time::Timestamp;

use super::{Answer, show as show_page};
use crate::oidc::logout::{Asked, read};
use crate::oidc::params::Params;
use crate::oidc::redirect::see_other;
use crate::oidc::token::is_form;
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::cookie::Cookie;
use crate::web::failure::Kind;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::headers::policy_continuing_to;
use crate::web::notice::Notice;
use crate::web::path::Links;

/// The longest form: it has to fit into an address.
const MAX_FORM: usize = 8192;

/// The field with the sealed address for after the sign-out.
const TO: &str = "to";

/// How long a person may look at the question, in seconds.
const LIFE: i64 = 3600;

/// The question.
#[derive(Debug, Template)]
#[template(path = "logout.html")]
pub struct LogoutPage {
    /// Its frame.
    pub frame: Frame,
    /// Which app asks, where that is known.
    pub app: Option<String>,
    /// Who is signed in.
    pub name: String,
    /// The sealed address for after the sign-out.
    pub to: Option<String>,
}

impl LogoutPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |app: Option<&str>| Self {
            frame: frame.clone(),
            app: app.map(str::to_owned),
            name: "alice".to_owned(),
            to: app.map(|_| "k.sealed".to_owned()),
        };
        vec![page(Some("Wiki <script>")), page(None)]
    }
}

/// Where the browser goes after the sign-out. It lives in the page, sealed for its session.
#[derive(Debug, Serialize, Deserialize)]
struct Onwards {
    uri: String,
    at: Timestamp,
}

/// Asks, or does it at once where the app has an ID token of this very session.
pub(crate) async fn show(State(app): State<App>, RawQuery(query): RawQuery, browser: Browser) -> Answer {
    let params = Params::parse(query.unwrap_or_default().as_bytes());
    let params = params.map_err(|error| Kind::BadForm.because(error.to_string()))?;
    let asked = read(&app, &params).await?;
    let session = match &browser.session {
        Some(token) => app.store.session_to_end(token, browser.now).await?,
        None => None,
    };
    let Some(session) = session else {
        if let Some(hint) = asked.hint {
            // The session has grown too old for its browser; what was given in it may have not.
            app.logins.end_sid(hint.into_sid(), browser.now).await?;
            return Ok(leave(&app, &browser, asked.to));
        }
        return Ok(leave(&app, &browser, None));
    };
    if asked.hint.as_ref().is_some_and(|hint| hint.is_of(&session)) {
        app.logins.sign_out(session, browser.now).await?;
        return Ok(leave(&app, &browser, asked.to));
    }
    ask(&app, &browser, asked, &session)
}

/// Sends the browser here again with a GET: to a form from another site it does not add its session.
pub(crate) async fn post(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Answer {
    match Params::parse(&body) {
        Ok(params) if is_form(&headers) && body.len() <= MAX_FORM => {
            Ok(see_other(&Links::of(&app.config).logout_asked(&params.encode())))
        }
        Ok(_) => Err(Kind::NotAForm.because("the body is not a form, or too long").into()),
        Err(error) => Err(Kind::BadForm.because(error.to_string()).into()),
    }
}

/// Signs out. What is over already is no fault.
pub(crate) async fn submit(State(app): State<App>, mut form: Form) -> Answer {
    let to = form.optional(TO);
    let (browser, []) = form.only([])?;
    let mut onwards = None;
    if let Some(token) = &browser.session
        && let Some(session) = app.store.session_to_end(token, browser.now).await?
    {
        onwards = to.and_then(|sealed| open(&app, &session, sealed.expose(), browser.now));
        app.logins.sign_out(session, browser.now).await?;
    }
    Ok(leave(&app, &browser, onwards))
}

fn ask(app: &App, browser: &Browser, asked: Asked, session: &Session) -> Answer {
    let origin = asked.to.as_deref().map(|uri| RedirectUri::origin(uri).to_owned());
    let to = asked.to.map(|uri| seal(app, session, uri, browser.now)).transpose()?;
    let mut browser = browser.clone();
    if let Some(language) = asked.language {
        browser.wish = browser.wish.of_app(language);
    }
    let name = session.user.name.to_string();
    let page = |frame| LogoutPage { frame, app: asked.client.map(|client| client.shown().to_owned()), name, to };
    let mut response = show_page(app, &browser, None, page)?;
    if let Some(policy) = origin.as_deref().and_then(policy_continuing_to) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

fn leave(app: &App, browser: &Browser, to: Option<String>) -> Response {
    if let Some(uri) = to {
        return browser.go(&uri).without(Cookie::Session).into_response();
    }
    let left = browser.go(&Links::of(&app.config).login()).without(Cookie::Session);
    left.saying(app, browser, &Notice::SignedOut).into_response()
}

fn seal(app: &App, session: &Session, uri: String, now: Timestamp) -> Result<String, crate::web::failure::Failure> {
    let json =
        serde_json::to_vec(&Onwards { uri, at: now }).map_err(|error| Kind::Internal.because(error.to_string()))?;
    let sealed = app.store.keys().seal(app.entropy(), place(session), &json);
    sealed.map_err(|error| Kind::Internal.because(error.to_string()))
}

fn open(app: &App, session: &Session, sealed: &str, now: Timestamp) -> Option<String> {
    let json = app.store.keys().open(place(session), sealed).ok()?;
    let onwards: Onwards = serde_json::from_slice(&json).ok()?;
    (0..LIFE).contains(&now.since(onwards.at)).then_some(onwards.uri)
}

fn place(session: &Session) -> Place<'_> {
    Place { table: "logout", column: TO, row: session.id_hash.as_str(), owner: session.user.id.as_str() }
}
