//! How a client proves itself at the token endpoint (RFC 6749, 2.3; OpenID Connect Core, 9): exactly the way it is
//! registered for, and exactly one way.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use data_encoding::BASE64;
use twolatch_core::client::{AuthMethod, Client, Happening};
use twolatch_core::secret::Secret;

use super::client_keys;
use super::error::{Code, OauthError};
use super::params::{Params, decode};
use crate::state::App;

mod assertion;

/// What a request says about who sends it.
struct Claimed {
    id: String,
    /// Its secret, or what it has signed.
    secret: Option<Secret>,
    method: AuthMethod,
}

/// The client that sent a request.
///
/// # Errors
/// `invalid_request` where it names itself in two ways, `invalid_client` where it is not who it says.
pub async fn authenticate(app: &App, headers: &HeaderMap, params: &Params) -> Result<Arc<Client>, OauthError> {
    let claimed = claimed(headers, params)?;
    let client = match claimed.id.parse() {
        Ok(id) => app.store.client(&id).await?.map(Arc::new),
        Err(_) => None,
    };
    proven(app, &claimed, client).await
}

/// The same by what was read of it lately: for what concerns nobody but the client.
///
/// # Errors
/// As above.
pub async fn authenticate_lately(app: &App, headers: &HeaderMap, params: &Params) -> Result<Arc<Client>, OauthError> {
    let claimed = claimed(headers, params)?;
    let client = match claimed.id.parse() {
        Ok(id) => app.recent.clients.or(app, &claimed.id, app.store.client(&id)).await?,
        Err(_) => None,
    };
    proven(app, &claimed, client).await
}

async fn proven(app: &App, claimed: &Claimed, client: Option<Arc<Client>>) -> Result<Arc<Client>, OauthError> {
    let (store, now) = (&app.store, app.now());
    let refuse = |detail: String| OauthError::new(Code::InvalidClient, detail);
    // An unknown client costs the same hash as a known one.
    let mark = match client.as_ref().and_then(|client| client.secret.clone()) {
        Some(mark) => mark,
        None => store.client_secret_mark(&claimed.id, ""),
    };
    let secret = claimed.secret.as_ref().map_or("\0", Secret::expose);
    let is = |mark: &str| store.is_client_secret(&claimed.id, secret, mark);
    let former = client.as_ref().and_then(|client| client.former.as_ref()).filter(|(_, until)| now < *until);
    let fits = is(&mark) || former.is_some_and(|(mark, _)| is(mark));
    let shown: String = claimed.id.chars().take(64).collect();
    let Some(client) = client else { return Err(refuse("no client has the id that was sent".to_owned())) };
    let refuse = |detail: String| refuse(detail).of(&client.id);
    if client.disabled_at.is_some() {
        return Err(refuse(format!("client {shown} is disabled")).counted(Happening::Disabled));
    }
    if client.auth_method != claimed.method {
        return Err(refuse(format!(
            "client {shown} is registered for {} and used {}",
            client.auth_method, claimed.method
        )));
    }
    match client.auth_method {
        AuthMethod::None => Ok(client),
        AuthMethod::PrivateKeyJwt => {
            let id = client.id.clone();
            let client = client_keys::known(app, client, secret).await.map_err(|error| error.of(&id))?;
            assertion::prove(app, &client, secret).await.map_err(|error| error.of(&id))?;
            Ok(client)
        }
        AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost if fits && client.secret.is_some() => Ok(client),
        _ => Err(refuse(format!("client {shown} sent a wrong secret"))),
    }
}

fn claimed(headers: &HeaderMap, params: &Params) -> Result<Claimed, OauthError> {
    let id = params.value("client_id");
    let secret = params.value("client_secret").map(|secret| Secret::new(secret.to_owned()));
    let mut authorizations = headers.get_all(header::AUTHORIZATION).iter();
    if let Some(signed) = params.value("client_assertion") {
        if secret.is_some() || authorizations.next().is_some() {
            return Err(OauthError::new(Code::InvalidRequest, "the client authenticates in more than one way"));
        }
        let secret = Some(Secret::new(signed.to_owned()));
        return Ok(Claimed { id: assertion::claimed(params, signed)?, secret, method: AuthMethod::PrivateKeyJwt });
    }
    let Some(authorization) = authorizations.next() else {
        let id = id.ok_or_else(|| OauthError::new(Code::InvalidClient, "no client names itself"))?.to_owned();
        let method = if secret.is_some() { AuthMethod::ClientSecretPost } else { AuthMethod::None };
        return Ok(Claimed { id, secret, method });
    };
    if secret.is_some() || authorizations.next().is_some() {
        return Err(OauthError::new(Code::InvalidRequest, "the client authenticates in more than one way"));
    }
    let basic = authorization.to_str().ok().and_then(basic);
    let (name, secret) =
        basic.ok_or_else(|| OauthError::new(Code::InvalidClient, "the Authorization header cannot be read"))?;
    if id.is_some_and(|id| id != name) {
        return Err(OauthError::new(Code::InvalidRequest, "header and form name two clients"));
    }
    Ok(Claimed { id: name, secret: Some(secret), method: AuthMethod::ClientSecretBasic })
}

/// Id and secret, each form-encoded before they were joined (RFC 6749, 2.3.1).
fn basic(header: &str) -> Option<(String, Secret)> {
    let (scheme, credentials) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let credentials = Secret::new(String::from_utf8(BASE64.decode(credentials.as_bytes()).ok()?).ok()?);
    let (id, secret) = credentials.expose().split_once(':')?;
    Some((decode(id.as_bytes()).ok()?, Secret::new(decode(secret.as_bytes()).ok()?)))
}
