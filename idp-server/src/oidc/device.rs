//! `POST /device_authorization` (RFC 8628, 3.1): a device without a browser asks for a code to show, and for one of its own to
//! come back with. People answer at [`crate::pages::device`].

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use twolatch_core::client::{AuthMethod, GrantType};
use twolatch_core::crypto::{random_text, token_hash};
use twolatch_core::device_grant::{DEVICE_LIFE, DeviceRequest, INTERVAL, shown, user_code};
use twolatch_core::store::Store;

use super::client_auth;
use super::error::{Code, OauthError};
use super::scope::Scope;
use super::token::asked;
use crate::state::App;
use crate::web::path::{self, apps};
use crate::web::request::Origin;

/// What the keyed hash of a code is made for: it is too short for any other.
const PURPOSE: &str = "user_code";

/// Answers a device.
pub async fn post(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    origin: Origin,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let place = origin.address.map(|address| address.to_string()).unwrap_or_default();
    match begin(&app, query.as_deref(), &headers, &body, place).await {
        Ok(told) => {
            let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
            (StatusCode::OK, headers, told.to_string()).into_response()
        }
        Err(error) => error.json(&app),
    }
}

/// How a code that people type is stored.
#[must_use]
pub fn mark_of(store: &Store, user_code: &str) -> String {
    store.keys().mark_token(PURPOSE, &[Some(user_code)])
}

async fn begin(
    app: &App,
    query: Option<&str>,
    headers: &HeaderMap,
    body: &[u8],
    place: String,
) -> Result<Value, OauthError> {
    let params = asked(query, headers, body)?;
    let client = client_auth::authenticate(app, headers, &params).await?;
    if !client.may(GrantType::DeviceCode) {
        let detail = format!("client {} is not registered for {}", client.id, GrantType::DeviceCode);
        return Err(OauthError::new(Code::UnauthorizedClient, detail).of(&client.id));
    }
    let scopes = Scope::parse(params.value("scope").unwrap_or_default());
    if !scopes.contains(&Scope::Openid) {
        return Err(OauthError::new(Code::InvalidScope, "the scope does not contain `openid`").of(&client.id));
    }
    let scopes = Scope::allowed(&client, &scopes);
    let (code, short) = (random_text::<32>(app.entropy())?, user_code(app.entropy())?);
    let now = app.now();
    let request = DeviceRequest {
        code: token_hash(&code),
        user_code: mark_of(&app.store, &short),
        client: client.id.clone(),
        scope: Scope::join(&scopes),
        place,
        created_at: now,
        expires_at: now.plus(DEVICE_LIFE),
    };
    app.store.add_device_request(request, client.auth_method == AuthMethod::None).await?;
    let (page, short) = (format!("{}{}", app.config.issuer, path::DEVICE), shown(&short));
    Ok(json!({
        "device_code": code,
        "user_code": short,
        "verification_uri": page,
        "verification_uri_complete": apps::device_of(&app.config, &short),
        "expires_in": DEVICE_LIFE,
        "interval": INTERVAL,
    }))
}
