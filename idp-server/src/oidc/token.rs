//! `POST /token` (RFC 6749, 3.2): who asks, then for which grant. One grant, one file below.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::client_auth;
use super::error::{Code, OauthError};
use super::params::Params;
use crate::state::App;

mod authorization_code;

/// What a successful answer carries (RFC 6749, 5.1; OpenID Connect Core, 3.1.3.3).
struct Tokens {
    access: String,
    expires_in: i64,
    scope: String,
    id: String,
}

/// Answers a token request.
pub async fn post(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap, body: Bytes) -> Response {
    match tokens(&app, query.as_deref(), &headers, &body).await {
        Ok(tokens) => {
            let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
            (StatusCode::OK, headers, tokens.json().to_string()).into_response()
        }
        Err(error) => error.json(&app),
    }
}

async fn tokens(app: &App, query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Result<Tokens, OauthError> {
    let params = asked(query, headers, body)?;
    let client = client_auth::authenticate(&app.store, headers, &params).await?;
    match params.value("grant_type") {
        Some("authorization_code") => authorization_code::redeem(app, &client, &params).await,
        Some(_) => Err(OauthError::new(Code::UnsupportedGrantType, "only authorization_code is supported")),
        None => Err(OauthError::new(Code::InvalidRequest, "there is no grant_type")),
    }
}

/// What a client asks at an endpoint that only clients call: a form, each parameter once, and nothing in the address.
///
/// # Errors
/// `invalid_request`
pub(super) fn asked(query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Result<Params, OauthError> {
    let invalid = |detail: &'static str| OauthError::new(Code::InvalidRequest, detail);
    if query.is_some_and(|query| !query.is_empty()) {
        return Err(invalid("this endpoint takes nothing from the query: it ends up in logs"));
    }
    if !is_form(headers) {
        return Err(invalid("the body is not application/x-www-form-urlencoded"));
    }
    let params = Params::parse(body).map_err(|_| invalid("a parameter is not UTF-8 text"))?;
    if let Some(name) = params.repeated() {
        return Err(OauthError::new(Code::InvalidRequest, format!("the parameter {name:?} is repeated")));
    }
    Ok(params)
}

/// Whether a body is a form.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

impl Tokens {
    fn json(&self) -> Value {
        json!({
            "access_token": self.access,
            "token_type": "Bearer",
            "expires_in": self.expires_in,
            "scope": self.scope,
            "id_token": self.id,
        })
    }
}
