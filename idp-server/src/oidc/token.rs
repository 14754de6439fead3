//! `POST /token` (RFC 6749, 3.2): who asks, then for which grant. One grant, one file below.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use twolatch_core::client::GrantType;
use twolatch_core::grant::ACCESS_TOKEN_LIFE;

use super::client_auth;
use super::error::{Code, OauthError};
use super::params::Params;
use crate::state::App;

mod authorization_code;
mod client_credentials;
mod refresh_token;

/// What a successful answer carries (RFC 6749, 5.1; OpenID Connect Core, 3.1.3.3).
struct Tokens {
    access: String,
    scope: String,
    refresh: Option<String>,
    id: Option<String>,
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
    let client = client_auth::authenticate(app, headers, &params).await?;
    let grant = params.value("grant_type");
    let grant = grant.ok_or_else(|| OauthError::new(Code::InvalidRequest, "there is no grant_type"))?;
    let Ok(grant) = grant.parse() else {
        return Err(OauthError::new(Code::UnsupportedGrantType, "the grant_type is none that there is"));
    };
    if !client.may(grant) {
        let detail = format!("client {} is not registered for {grant}", client.id);
        return Err(OauthError::new(Code::UnauthorizedClient, detail));
    }
    match grant {
        GrantType::AuthorizationCode => authorization_code::redeem(app, &client, &params).await,
        GrantType::RefreshToken => refresh_token::redeem(app, &client, &params).await,
        GrantType::ClientCredentials => client_credentials::issue(app, &client, &params).await,
    }
}

/// The value of a parameter that has to be there.
fn value<'a>(params: &'a Params, name: &'static str) -> Result<&'a str, OauthError> {
    params.value(name).ok_or_else(|| OauthError::new(Code::InvalidRequest, format!("there is no {name}")))
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
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

impl Tokens {
    fn json(self) -> Value {
        let mut answer = json!({
            "access_token": self.access,
            "token_type": "Bearer",
            "expires_in": ACCESS_TOKEN_LIFE,
            "scope": self.scope,
        });
        for (name, token) in [("refresh_token", self.refresh), ("id_token", self.id)] {
            if let (Some(token), Some(members)) = (token, answer.as_object_mut()) {
                members.insert(name.to_owned(), token.into());
            }
        }
        answer
    }
}
