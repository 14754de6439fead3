//! `GET` and `POST /authorize` (OpenID Connect Core, 3.1.2): from a client's question to a code, an error, or the login
//! page. Until the redirect URI is proven to be the client's, whatever is wrong is a page; from then on it is sent back.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use twolatch_core::client::{Client, Demand, Happening};
use twolatch_core::crypto::{random_text, token_hash};
use twolatch_core::grant::{Answering, Grant};
use twolatch_core::id::Id;
use twolatch_core::policy::Where;
use twolatch_core::step::Assurance;
use twolatch_core::store::sessions::SESSION_LIFE;
use twolatch_core::store::{Session, StoreError};
use twolatch_core::time::Timestamp;

use self::consent::Consented;
pub use self::request::{AuthorizationRequest, Prompt};
pub use self::resume::{Continuation, continuation};
use super::error::{Code, OauthError};
use super::gate::may_issue;
use super::id_token::auth_time;
use super::params::Params;
use super::redirect::{Mode, ReturnTo, see_other};
use super::scope::Scope;
use super::token::is_form;
use super::{client_keys, par, request_object, sign};
use crate::state::App;
use crate::text::{Language, Text, t};
use crate::web;
use crate::web::frame::Frame;
use crate::web::language::Wish;
use crate::web::path::Links;
use crate::web::request::Origin;

pub mod consent;
mod request;
pub mod resume;
#[cfg(test)]
mod tests;

/// The longest form: it has to fit into an address.
const MAX_FORM: usize = 8192;

/// Answers an authorization request.
pub async fn get(State(app): State<App>, uri: Uri, origin: Origin, headers: HeaderMap) -> Response {
    let wish = Wish::of(&app.config, &Method::GET, &uri, &headers);
    let params = Params::parse(uri.query().unwrap_or_default().as_bytes());
    match params {
        Ok(params) => {
            let begun = begin(&app, &params, &wish, &headers, origin.address).await;
            begun.unwrap_or_else(|failure| failure.response(&app))
        }
        Err(error) => Failure::page(t("request-damaged"), error.to_string()).response(&app),
    }
}

/// Answers an authorization request in a form by sending the browser here again with a GET: to a form from another site
/// it does not add its session.
pub async fn post(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Response {
    match Params::parse(&body) {
        Ok(params) if is_form(&headers) && body.len() <= MAX_FORM => {
            see_other(&Links::of(&app.config).authorize(&params.encode()))
        }
        Ok(_) => Failure::page(t("request-damaged"), "the body is not a form, or too long").response(&app),
        Err(error) => Failure::page(t("request-damaged"), error.to_string()).response(&app),
    }
}

async fn begin(
    app: &App,
    params: &Params,
    wish: &Wish,
    headers: &HeaderMap,
    address: Option<IpAddr>,
) -> Result<Response, Failure> {
    let hash = params.value("request_uri").filter(|_| !params.is_repeated("request_uri")).and_then(par::hash_of);
    let pushed = match &hash {
        Some(hash) => Some(look_up(app, hash, params).await?),
        None => None,
    };
    // What else is in the address counts for nothing then (RFC 9126, 4).
    let params = pushed.as_ref().unwrap_or(params);
    let unwrapped = if pushed.is_none() { signed(app, params, wish).await? } else { None };
    let params = unwrapped.as_ref().unwrap_or(params);
    let (client, to) = prove(app, params.value("client_id"), params.value("redirect_uri"), params).await?;
    let to = answered(app, to, params, wish)?;
    let back = |error: OauthError| Failure::Back(to.clone(), error.of(&client.id));
    let now = app.now();
    let mut request = AuthorizationRequest::parse(params, &client, to.uri(), now).map_err(back)?;
    if client.must(Demand::Par) && hash.is_none() {
        let detail = format!("client {} has to push its requests", client.id);
        return Err(back(OauthError::new(Code::InvalidRequest, detail)));
    }
    request.pushed = hash;
    if let Some(hint) = params.value("id_token_hint") {
        heed(app, &mut request, hint).await.map_err(back)?;
    }
    let session = web::session::unjudged(app, headers).await.map_err(|error| back(error.into()))?;
    request.before = session.as_ref().map(|session| session.id_hash.clone());
    answer(app, &request, &client, &to, session.as_ref(), address).await.map_err(back)
}

/// What the client has pushed. Whoever has no such address of this client gets a page: nobody knows where to send them.
async fn look_up(app: &App, hash: &str, params: &Params) -> Result<Params, Failure> {
    let stale = || Failure::page(t("request-stale"), "there is no such pushed request, or none any more");
    let client = params.value("client_id").filter(|_| !params.is_repeated("client_id")).ok_or_else(stale)?;
    let pushed = par::pushed(app, hash, Some(client)).await;
    let pushed =
        pushed.map_err(|error| Failure::of(error.code.status(), t("request-unavailable"), error.logged(app)))?;
    Ok(pushed.ok_or_else(stale)?.with("client_id", client))
}

/// What the client has signed, where there is anything of the kind or has to be. Where it is no good, the client is told at
/// the address that stands beside it.
async fn signed(app: &App, params: &Params, wish: &Wish) -> Result<Option<Params>, Failure> {
    let id = params.value("client_id").filter(|_| !params.is_repeated("client_id")).and_then(|id| id.parse().ok());
    let Some(id) = id else { return Ok(None) };
    let client = app.store.client(&id).await.map_err(|error| Failure::unavailable(&error))?;
    let Some(client) = client.filter(|client| params.value("request").is_some() || client.must(Demand::SignedRequest))
    else {
        return Ok(None);
    };
    let unwrapped = match client_keys::known(app, Arc::new(client), params.value("request").unwrap_or_default()).await {
        Ok(client) => request_object::unwrap(&app.config.issuer, &client, params, app.now()),
        Err(error) => Err(error),
    };
    match unwrapped {
        Ok(signed) => Ok(Some(signed)),
        Err(error) => {
            let error = error.of(&id);
            let proven = prove(app, params.value("client_id"), params.value("redirect_uri"), params).await;
            // What is wrong with the object is what there is to mend, not that nothing stands beside it.
            let page = |_| Failure::of(error.code.status(), t("request-damaged"), error.logged(app));
            let (_, to) = proven.map_err(page)?;
            // How to answer stands beside it, too, like the address.
            Err(Failure::Back(answered(app, to, params, wish)?, error))
        }
    }
}

/// An address, with what the client wants back there and how.
fn answered(app: &App, to: ReturnTo, params: &Params, wish: &Wish) -> Result<ReturnTo, Failure> {
    let state = params.value("state").filter(|_| !params.is_repeated("state"));
    if state.is_some_and(|state| state.len() > request::MAX_STATE) {
        // Without its state the answer would mean nothing to the client, and with it nothing may take it.
        return Err(Failure::page(t("request-long"), "the state is longer than 1024 bytes"));
    }
    let language = params.value("ui_locales").and_then(Language::of_tags);
    Ok(to.with_state(state).by(mode(app, request::is_form_post(params), wish, language)))
}

/// How the answer goes.
fn mode(app: &App, form_post: bool, wish: &Wish, language: Option<Language>) -> Mode {
    if form_post {
        Mode::FormPost(Box::new(Frame::of(&app.config, wish, language, String::new())))
    } else {
        Mode::Query
    }
}

/// Proves client and redirect URI, in this order (RFC 9700, 4.11.2).
async fn prove(
    app: &App,
    client_id: Option<&str>,
    redirect_uri: Option<&str>,
    params: &Params,
) -> Result<(Client, ReturnTo), Failure> {
    let refuse = |detail: &'static str| Failure::page(t("request-unknown"), detail);
    if params.is_repeated("client_id") || params.is_repeated("redirect_uri") {
        return Err(refuse("client_id or redirect_uri is repeated"));
    }
    let client_id = client_id.and_then(|id| id.parse().ok()).ok_or_else(|| refuse("the client_id is none"))?;
    let client = app.store.client(&client_id).await.map_err(|error| Failure::unavailable(&error))?;
    if let Some(client) = client.as_ref().filter(|client| client.disabled_at.is_some()) {
        app.happenings.note(&client.id, Happening::Disabled, app.now());
    }
    let client = client.filter(|client| client.disabled_at.is_none());
    let client = client.ok_or_else(|| refuse("there is no such client, or it is disabled"))?;
    let redirect_uri = redirect_uri.ok_or_else(|| refuse("there is no redirect_uri"))?;
    if let Some(to) = ReturnTo::prove(&client, redirect_uri) {
        return Ok((client, to));
    }
    app.happenings.note(&client.id, Happening::RedirectUri, app.now());
    let detail = format!("client {} has no redirect_uri {redirect_uri:?}", client.id);
    Err(Failure::page(t("request-address"), detail))
}

/// Takes up an `id_token_hint`: one that we have signed for this client names the only person that will do. Any other
/// proves nothing and is let be, unless nobody may be asked (OpenID Connect Core, 3.1.2.1).
async fn heed(app: &App, request: &mut AuthorizationRequest, hint: &str) -> Result<(), OauthError> {
    let claims = sign::verify(app, hint).await?.unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let ours = claims.get("iss").and_then(text).is_some_and(|iss| iss == app.config.issuer);
    let audience = claims.get("aud").and_then(|aud| text(aud.get(0).unwrap_or(aud)));
    let subject = claims.get("sub").and_then(text);
    match subject.filter(|_| ours && audience.as_deref() == Some(request.client.as_str())) {
        Some(subject) if request.subject.as_ref().is_none_or(|other| *other == subject) => {
            request.subject = Some(subject);
            Ok(())
        }
        None if !request.asks(Prompt::None) => Ok(()),
        _ => Err(OauthError::new(Code::LoginRequired, "the id_token_hint names nobody, or somebody else")),
    }
}

/// Walks through what a request asks for and does what is missing first: the same at the first visit and after login.
async fn answer(
    app: &App,
    request: &AuthorizationRequest,
    client: &Client,
    to: &ReturnTo,
    session: Option<&Session>,
    address: Option<IpAddr>,
) -> Result<Response, OauthError> {
    let now = app.now();
    let at = Where { address, ..Where::web(Some(&client.id)) };
    let assurance = match session {
        Some(session) => may_issue(app, &session.user, &session.proofs, at, now).await?,
        None => None,
    };
    let session = match (missing(request, session, assurance, now), session) {
        (Missing::Nothing, Some(session)) if !client.admits(&session.user) => {
            let who = format!("{} is in none of the groups that may sign in to {}", session.user.name, client.id);
            return Err(OauthError::new(Code::AccessDenied, who).counted(Happening::Groups));
        }
        (Missing::Nothing, Some(session)) => session,
        (Missing::Fail(code, detail), _) => return Err(OauthError::new(code, detail)),
        _ => {
            let sealed = resume::seal(app, request)?;
            return Ok(see_other(&Links::of(&app.config).login_continuing(&sealed)));
        }
    };
    let by_consent = match consent::standing(app, request, client, session, now).await? {
        Consented::Needless => false,
        Consented::Given => true,
        Consented::Missing if request.asks(Prompt::None) => {
            return Err(OauthError::new(Code::ConsentRequired, "prompt=none, and the person would have to consent"));
        }
        Consented::Missing => {
            let sealed = resume::seal(app, request)?;
            return Ok(see_other(&Links::of(&app.config).consent_of(&sealed)));
        }
    };
    let code = issue(app, request, session, address, by_consent, now).await?;
    Ok(to.code(app, &code))
}

/// What stands between a request and its code.
#[derive(Debug, PartialEq, Eq)]
enum Missing {
    Nothing,
    /// The person has to sign in, once more or further.
    Login,
    /// No sign-in would help, or none is wanted.
    Fail(Code, &'static str),
}

/// Decides from facts alone; the first thing that is missing wins.
fn missing(
    request: &AuthorizationRequest,
    session: Option<&Session>,
    assurance: Option<Assurance>,
    now: Timestamp,
) -> Missing {
    let login = if request.asks(Prompt::None) {
        Missing::Fail(Code::LoginRequired, "prompt=none, and the person would have to sign in")
    } else {
        Missing::Login
    };
    let (Some(session), Some(assurance)) = (session, assurance) else { return login };
    let Some(auth_time) = auth_time(&session.proofs) else { return login };
    // Whoever came back with another session has signed in for this request.
    let is_new = request.before.as_ref() != Some(&session.id_hash);
    let is_fresh = is_new && auth_time >= request.at;
    let too_old = request.max_age.is_some_and(|max_age| now.since(auth_time) > max_age);
    let again = request.asks(Prompt::Login) || request.asks(Prompt::Create);
    if (again || too_old) && !is_fresh {
        return login;
    }
    let after_login = is_new && session.created_at >= request.at && !request.asks(Prompt::None);
    if request.subject.as_ref().is_some_and(|subject| subject != session.user.id.as_str()) {
        return match login {
            Missing::Login if after_login => Missing::Fail(Code::LoginRequired, "somebody else has signed in"),
            login => login,
        };
    }
    if request.acr.is_some_and(|least| assurance < least) {
        return if after_login {
            Missing::Fail(Code::UnmetAuthenticationRequirements, "the person has signed in with less than is asked for")
        } else {
            login
        };
    }
    Missing::Nothing
}

/// Issues a code: 256 random bits, stored as a hash.
async fn issue(
    app: &App,
    request: &AuthorizationRequest,
    session: &Session,
    address: Option<IpAddr>,
    by_consent: bool,
    now: Timestamp,
) -> Result<String, OauthError> {
    let code = random_text::<32>(app.entropy())?;
    let offline = Scope::parse(&request.scope).contains(&Scope::OfflineAccess);
    let grant = Grant {
        id: Id::random(app.entropy())?,
        client: request.client.clone(),
        user: session.user.id.clone(),
        sid: session.sid.clone(),
        offline,
        place: address.map(|address| address.to_string()).unwrap_or_default(),
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.challenge.clone(),
        nonce: request.nonce.clone(),
        scope: request.scope.clone(),
        claims: request.claims.clone(),
        proofs: session.proofs.clone(),
        security_version: session.user.security_version,
        created_at: now,
        code: token_hash(&code),
        refresh: None,
        expires_at: now.plus(SESSION_LIFE),
        used_at: None,
        jkt: request.jkt.clone(),
    };
    let answering = request.pushed.clone().map_or(Answering::Browser, Answering::Pushed);
    let added = app.store.add_grant(grant, session.user.name.to_string(), answering, by_consent).await;
    added.map_err(|error| match error {
        StoreError::Conflict if request.pushed.is_some() => OauthError::new(
            Code::InvalidRequest,
            "a code was issued for this pushed request before, or session or consent have ended",
        ),
        StoreError::Conflict => OauthError::new(Code::LoginRequired, "session or consent have ended in this moment"),
        other => other.into(),
    })?;
    Ok(code)
}

/// A request that gets no code.
#[derive(Debug)]
enum Failure {
    /// Told to the person.
    Page(web::failure::Failure),
    /// Told to the client, at an address that is proven.
    Back(ReturnTo, OauthError),
}

impl Failure {
    fn page(text: Text, detail: impl Into<String>) -> Self {
        Self::of(StatusCode::BAD_REQUEST, text, detail)
    }

    fn unavailable(error: &StoreError) -> Self {
        Self::of(StatusCode::SERVICE_UNAVAILABLE, t("request-unavailable"), error.to_string())
    }

    fn of(status: StatusCode, text: Text, detail: impl Into<String>) -> Self {
        Self::Page(web::failure::Failure::new(status, t("not-possible"), text, detail))
    }

    fn response(self, app: &App) -> Response {
        match self {
            Self::Page(failure) => failure.into_response(),
            Self::Back(to, error) => to.error(app, &error),
        }
    }
}
