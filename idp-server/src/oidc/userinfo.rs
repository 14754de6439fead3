//! `GET` and `POST /userinfo` (OpenID Connect Core, 5.3; RFC 6750): what the scopes of an access token tell about the
//! person, as of now.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use super::access;
use super::error::{Code, OauthError};
use super::params::Params;
use super::scope::Scope;
use super::token::is_form;
use crate::state::App;

/// Answers a request with the token in the header.
pub async fn get(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    answer(&app, query.as_deref(), &headers, b"").await
}

/// Answers a request with the token in the header or in the form.
pub async fn post(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap, body: Bytes) -> Response {
    answer(&app, query.as_deref(), &headers, &body).await
}

async fn answer(app: &App, query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Response {
    match claims(app, query, headers, body).await {
        // Whoever shows nothing is told no more than what to show (RFC 6750, 3.1).
        Ok(None) => {
            let headers = [(header::WWW_AUTHENTICATE, "Bearer"), (header::CACHE_CONTROL, "no-store")];
            (StatusCode::UNAUTHORIZED, headers).into_response()
        }
        Ok(Some(claims)) => {
            let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
            (StatusCode::OK, headers, Value::from(claims).to_string()).into_response()
        }
        Err(error) if error.code == Code::InvalidToken => {
            let challenge = format!("Bearer error=\"invalid_token\", error_description=\"{}\"", error.logged(app));
            let headers = [(header::WWW_AUTHENTICATE, challenge), (header::CACHE_CONTROL, "no-store".to_owned())];
            (StatusCode::UNAUTHORIZED, headers).into_response()
        }
        Err(error) => error.json(app),
    }
}

async fn claims(
    app: &App,
    query: Option<&str>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Option<Map<String, Value>>, OauthError> {
    let Some(token) = presented(query, headers, body)? else { return Ok(None) };
    let now = app.now();
    let worth = access::judge(app, &token, now).await?;
    let (token, user) = worth.map_err(|why| OauthError::new(Code::InvalidToken, why.to_string()))?;
    let user =
        user.ok_or_else(|| OauthError::new(Code::InvalidToken, "the token is a client's own: it is nobody's"))?;
    let mut claims = Map::new();
    for scope in Scope::parse(&token.scope) {
        scope.tell(&user, &mut claims, now);
    }
    Ok(Some(claims))
}

/// The token of a request, if there is one; it is there exactly once and never in its address (RFC 6750, 2). Whatever else is there
/// is answered like a token that is worth nothing.
fn presented(query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Result<Option<String>, OauthError> {
    let refuse = |detail: &'static str| OauthError::new(Code::InvalidToken, detail);
    let parse = |text: &[u8]| Params::parse(text).map_err(|_| refuse("a parameter is not UTF-8 text"));
    if parse(query.unwrap_or_default().as_bytes())?.value("access_token").is_some() {
        return Err(refuse("an access token in the query is not taken: it ends up in logs"));
    }
    let form = if is_form(headers) { parse(body)? } else { Params::default() };
    if form.is_repeated("access_token") || headers.get_all(header::AUTHORIZATION).iter().count() > 1 {
        return Err(refuse("the access token is there more than once"));
    }
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| {
        value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token)
    });
    match (bearer, form.value("access_token")) {
        (Some(token), None) | (None, Some(token)) => Ok(Some(token.to_owned())),
        (Some(_), Some(_)) => Err(refuse("the access token is there more than once")),
        (None, None) => Ok(None),
    }
}
