//! `POST /revoke` (RFC 7009): a client gives back a token of its own. Whatever else it sends changes nothing, and is answered
//! alike.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::client_auth;
use super::error::{Code, OauthError};
use super::token::asked;
use crate::state::App;

/// Answers a client.
pub async fn post(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap, body: Bytes) -> Response {
    match revoke(&app, query.as_deref(), &headers, &body).await {
        Ok(()) => (StatusCode::OK, [(header::CACHE_CONTROL, "no-store")]).into_response(),
        Err(error) => error.json(&app),
    }
}

async fn revoke(app: &App, query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Result<(), OauthError> {
    let params = asked(query, headers, body)?;
    let client = client_auth::authenticate(app, headers, &params).await?;
    let token = params.value("token").ok_or_else(|| OauthError::new(Code::InvalidRequest, "there is no token"))?;
    app.store.revoke_token(token, client.id.clone(), app.now()).await?;
    Ok(())
}
