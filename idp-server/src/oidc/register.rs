//! `/register`: clients that register themselves (RFC 7591; OpenID Connect Dynamic Client Registration 1.0), and read, change
//! and remove that later (RFC 7592). Whoever does has an initial access token from an administrator; what comes of it is
//! trusted with little until an administrator says more.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use twolatch_core::client::registration::Registration;
use twolatch_core::client::{Client, ClientId, RedirectUri, Settings, SigningAlg, Trust};
use twolatch_core::crypto::{random_text, token_hash};
use twolatch_core::store::StoreError;

use self::metadata::Metadata;
use super::error::{Code, OauthError};
use crate::state::App;
use crate::web::request;

pub mod metadata;

/// What the keyed hash of a registration access token is made for.
const PURPOSE: &str = "registration_access_token";

/// The most that a record says of a change, in characters.
const MAX_SAID: usize = 500;

/// Who changes what has registered itself, in records.
const ITSELF: &str = "the client itself";

/// Registers a client.
pub async fn post(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&app, register(&app, &headers, &body).await.map(|told| (StatusCode::CREATED, told)))
}

/// Tells a client what it is registered as.
pub async fn get(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let told = async {
        let (client, token) = own(&app, &headers, &id).await?;
        Ok(metadata::told(&app.config.issuer, &client, &token))
    };
    answer(&app, told.await.map(|told| (StatusCode::OK, told)))
}

/// Registers a client anew, under its id.
pub async fn put(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&app, change(&app, &id, &headers, &body).await.map(|told| (StatusCode::OK, told)))
}

/// Removes a client, and whatever it holds.
pub async fn delete(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let gone = async {
        let (client, _) = own_to_change(&app, &headers, &id).await?;
        Ok(app.store.delete_client(client.id, ITSELF.to_owned(), app.now()).await?)
    };
    match gone.await {
        Ok(_) => (StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response(),
        Err(error) => refusal(&app, &error),
    }
}

async fn register(app: &App, headers: &HeaderMap, body: &[u8]) -> Result<Value, OauthError> {
    let (now, token) = (app.now(), bearer(headers)?);
    let by = app.store.initial_token(&token_hash(token), now).await?;
    let by = by.ok_or_else(|| invalid_token("the initial access token is none, or used up, or too old"))?;
    let metadata = Metadata::read(app, headers, body)?.with_keys(app).await?;
    let id: ClientId = random_text::<10>(app.entropy())?.parse().map_err(|_| internal("no client id could be made"))?;
    let access = random_text::<32>(app.entropy())?;
    let mut client = Client {
        name: String::new(),
        secret: None,
        former: None,
        redirect_uris: Vec::new(),
        auth_method: metadata.auth_method(),
        alg: SigningAlg::Rs256,
        logout_uri: None,
        settings: Settings {
            trust: Trust::Unverified,
            registration: Some(Registration {
                token: access_mark(app, &id, &access),
                by: by.id.clone(),
                settled: false,
            }),
            ..Settings::default()
        },
        pkce_waived_at: None,
        disabled_at: None,
        created_at: now,
        id,
    };
    metadata.put(&mut client);
    let secret = new_secret(app, &mut client)?;
    app.store.register_client(client.clone(), by.id).await.map_err(|error| match error {
        StoreError::Conflict => invalid_token("the initial access token is used up"),
        other => other.into(),
    })?;
    tracing::info!(client = %client.id, "a client has registered itself");
    let mut told = metadata::told(&app.config.issuer, &client, &access);
    with_secret(&mut told, secret);
    Ok(told)
}

async fn change(app: &App, id: &str, headers: &HeaderMap, body: &[u8]) -> Result<Value, OauthError> {
    let (before, access) = own_to_change(app, headers, id).await?;
    let metadata = Metadata::read(app, headers, body)?;
    if !metadata.is_of(app, &before) {
        return Err(OauthError::new(Code::InvalidRequest, "the client_id or client_secret in the body is another one"));
    }
    let metadata = metadata.with_keys(app).await?;
    let mut after = before.clone();
    metadata.put(&mut after);
    let mut secret = None;
    if after.auth_method.has_secret() && !before.auth_method.has_secret() {
        secret = new_secret(app, &mut after)?;
    } else if !after.auth_method.has_secret() {
        (after.secret, after.former) = (None, None);
    }
    if after != before {
        let (put, seen) = (after.clone(), before.clone());
        let edit = move |client: &mut Client| {
            if *client == seen {
                *client = put;
            }
        };
        let uris: Vec<&str> = after.redirect_uris.iter().map(RedirectUri::as_str).collect();
        let said: String = format!("is now {:?} at {}", after.name, uris.join(" ")).chars().take(MAX_SAID).collect();
        let id = before.id.clone();
        let changed = app.store.change_client(id, said, ITSELF.to_owned(), app.now(), edit).await?;
        if changed.as_ref() != Some(&after) {
            return Err(OauthError::new(
                Code::TemporarilyUnavailable,
                "somebody else has changed the client meanwhile",
            ));
        }
    }
    let mut told = metadata::told(&app.config.issuer, &after, &access);
    with_secret(&mut told, secret);
    Ok(told)
}

/// The same, as long as that is for the client to change: what an administrator has looked at stays what it was.
async fn own_to_change(app: &App, headers: &HeaderMap, id: &str) -> Result<(Client, String), OauthError> {
    let (client, token) = own(app, headers, id).await?;
    let settled = client.settings.registration.as_ref().is_none_or(|own| own.settled);
    if client.settings.trust == Trust::Unverified && !settled {
        return Ok((client, token));
    }
    let why = "an administrator has approved or changed the client: they change it from now on";
    Err(OauthError::new(Code::AccessDenied, why))
}

/// The client of an address, for whoever has its registration access token. That there is no such client sounds like a wrong
/// token (RFC 7592, 2.1).
async fn own(app: &App, headers: &HeaderMap, id: &str) -> Result<(Client, String), OauthError> {
    let token = bearer(headers)?;
    let refuse = || invalid_token("the registration access token is none of the client's");
    let known: ClientId = id.parse().map_err(|_| refuse())?;
    let client = app.store.client(&known).await?;
    let mark = client.as_ref().and_then(|client| client.settings.registration.as_ref()).map(|own| own.token.clone());
    let mark = mark.unwrap_or_else(|| access_mark(app, &known, ""));
    let fits = app.store.keys().check_token(PURPOSE, &[Some(known.as_str()), Some(token)], &mark).is_ok();
    // Whom an administrator has shut out changes nothing either.
    let client = client.filter(|client| fits && client.settings.registration.is_some() && client.disabled_at.is_none());
    Ok((client.ok_or_else(refuse)?, token.to_owned()))
}

fn access_mark(app: &App, id: &ClientId, token: &str) -> String {
    app.store.keys().mark_token(PURPOSE, &[Some(id.as_str()), Some(token)])
}

/// Gives a client that has one a new secret.
fn new_secret(app: &App, client: &mut Client) -> Result<Option<String>, OauthError> {
    let secret = client.auth_method.has_secret().then(|| random_text::<32>(app.entropy())).transpose()?;
    client.secret = secret.as_deref().map(|secret| app.store.client_secret_mark(client.id.as_str(), secret));
    Ok(secret)
}

fn with_secret(told: &mut Value, secret: Option<String>) {
    if let (Some(members), Some(secret)) = (told.as_object_mut(), secret) {
        members.insert("client_secret".to_owned(), secret.into());
        members.insert("client_secret_expires_at".to_owned(), 0.into());
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, OauthError> {
    request::bearer(headers).ok_or_else(|| invalid_token("there is no token in the Authorization header, or several"))
}

fn answer(app: &App, answered: Result<(StatusCode, Value), OauthError>) -> Response {
    match answered {
        Ok((status, told)) => {
            let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
            (status, headers, told.to_string()).into_response()
        }
        Err(error) => refusal(app, &error),
    }
}

fn refusal(app: &App, error: &OauthError) -> Response {
    let mut response = error.json(app);
    if error.code == Code::AccessDenied {
        *response.status_mut() = StatusCode::FORBIDDEN; // RFC 7592, 2.2
    }
    if error.code == Code::InvalidToken {
        let challenge = axum::http::HeaderValue::from_static("Bearer error=\"invalid_token\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

fn invalid_token(detail: &'static str) -> OauthError {
    OauthError::new(Code::InvalidToken, detail)
}

fn internal(detail: &'static str) -> OauthError {
    OauthError::new(Code::ServerError, detail)
}
