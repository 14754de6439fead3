//! `GET /authorize/resume`: back from the login page. The request has waited in the browser, sealed for an hour; every
//! check is made again with what is true now.

use std::net::IpAddr;

use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use twolatch_core::client::{Client, ClientId, RedirectUri};
use twolatch_core::step::Assurance;
use twolatch_core::store::StoreError;
use twolatch_core::time::Timestamp;

use super::{AuthorizationRequest, Failure, Prompt, answer, mode, prove};
use crate::oidc::error::{Code, OauthError};
use crate::oidc::params::{Params, encode};
use crate::oidc::redirect::ReturnTo;
use crate::state::App;
use crate::text::{Language, t};
use crate::web;
use crate::web::language::Wish;
use crate::web::parcel::Parcel;
use crate::web::request::Origin;

/// The longest request that waits in an address.
const MAX_SEALED: usize = 6000;

impl Parcel for AuthorizationRequest {
    const KIND: &'static str = "authorization_request";

    const LIFE: i64 = 3600;

    fn since(&self) -> Timestamp {
        self.at
    }
}

/// What the login page may know of the request that it serves.
#[derive(Debug, Clone)]
pub struct Continuation {
    /// The client.
    pub client: ClientId,
    /// What the person signs in to.
    pub client_name: String,
    /// Whom the client expects: a pre-filled field.
    pub login_hint: Option<String>,
    /// Where the answer will go, for `form-action`: a form's redirects end there.
    pub origin: String,
    /// The client wants the person to sign in again, with everything: an existing session is no shortcut.
    pub again: bool,
    /// The client takes the person for somebody who has no account yet.
    pub create: bool,
    /// The least that the client accepts, which may be more than policy asks.
    pub acr: Option<Assurance>,
    /// The language that the client asks for.
    pub language: Option<Language>,
}

/// Answers the browser that comes from the login page.
pub async fn get(State(app): State<App>, uri: Uri, origin: Origin, headers: HeaderMap) -> Response {
    let answered = resume(&app, &uri, &headers, origin.address).await;
    answered.unwrap_or_else(|failure| failure.response(&app))
}

/// Where the login page sends the browser when it is done.
#[must_use]
pub fn resume_url(sealed: &str) -> String {
    format!("/authorize/resume?{}", encode([("request", sealed)]))
}

/// What the login page may know of a sealed request; `None` for one that is damaged or too old, or whose client or
/// address is not registered any more.
///
/// # Errors
/// Where the database fails, or the client's row is not as it was written.
pub async fn continuation(app: &App, sealed: &str) -> Result<Option<Continuation>, StoreError> {
    let Some((request, client)) = asked(app, sealed).await? else { return Ok(None) };
    Ok(Some(Continuation {
        origin: RedirectUri::origin(&request.redirect_uri).to_owned(),
        again: request.asks(Prompt::Login) || request.asks(Prompt::Create) || request.max_age.is_some(),
        create: request.asks(Prompt::Create),
        client_name: client.shown().to_owned(),
        client: client.id,
        acr: request.acr,
        login_hint: request.login_hint,
        language: request.language,
    }))
}

/// A sealed request and its client; `None` for one that is damaged or too old, or whose client or address is not registered
/// any more.
///
/// # Errors
/// Where the database fails, or the client's row is not as it was written.
pub async fn asked(app: &App, sealed: &str) -> Result<Option<(AuthorizationRequest, Client)>, StoreError> {
    let Some(request) = AuthorizationRequest::open(app, sealed, app.now()) else { return Ok(None) };
    let client = app.store.client(&request.client).await?;
    let client =
        client.filter(|client| client.disabled_at.is_none() && client.redirect_uri(&request.redirect_uri).is_some());
    Ok(client.map(|client| (request, client)))
}

/// Answers the browser of somebody who turns back: the client is told.
pub async fn cancel(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    let failure = match waiting(&app, &uri, &headers).await {
        Ok((_, _, to)) => Failure::Back(to, OauthError::new(Code::AccessDenied, "the person has turned back")),
        Err(failure) => failure,
    };
    failure.response(&app)
}

async fn resume(app: &App, uri: &Uri, headers: &HeaderMap, address: Option<IpAddr>) -> Result<Response, Failure> {
    let (request, client, to) = waiting(app, uri, headers).await?;
    let back = |error: OauthError| Failure::Back(to.clone(), error.of(&client.id));
    let session = web::session::unjudged(app, headers).await.map_err(|error| back(error.into()))?;
    answer(app, &request, &client, &to, session.as_ref(), address).await.map_err(back)
}

/// The request that has waited in the browser, and where its answer goes.
async fn waiting(
    app: &App,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<(AuthorizationRequest, Client, ReturnTo), Failure> {
    let stale = || Failure::page(t("request-stale"), "the sealed request is damaged or older than an hour");
    let params = Params::parse(uri.query().unwrap_or_default().as_bytes()).map_err(|_| stale())?;
    let sealed = params.value("request").ok_or_else(stale)?;
    let request = AuthorizationRequest::open(app, sealed, app.now()).ok_or_else(stale)?;
    let (client, to) =
        prove(app, Some(request.client.as_str()), Some(&request.redirect_uri), &Params::default()).await?;
    let to = answering(app, &request, to, &Wish::of(&app.config, &Method::GET, uri, headers));
    Ok((request, client, to))
}

/// An address with how the request is answered there.
fn answering(app: &App, request: &AuthorizationRequest, to: ReturnTo, wish: &Wish) -> ReturnTo {
    to.with_state(request.state.as_deref()).by(mode(app, request.form_post, wish, request.language))
}

/// The answer to a request whose person has just said no; `None` where its address is the client's no more.
#[must_use]
pub fn denied(app: &App, request: &AuthorizationRequest, client: &Client, wish: &Wish) -> Option<Response> {
    let to = answering(app, request, ReturnTo::prove(client, &request.redirect_uri)?, wish);
    Some(to.denied(app, &OauthError::new(Code::AccessDenied, "the person has said no")))
}

/// Seals a request for the way through the browser.
///
/// # Errors
/// `invalid_request` where it is too long for an address.
pub fn seal(app: &App, request: &AuthorizationRequest) -> Result<String, OauthError> {
    let sealed = request.seal(app)?;
    if sealed.len() > MAX_SEALED {
        return Err(OauthError::new(Code::InvalidRequest, "the request is too long"));
    }
    Ok(sealed)
}
