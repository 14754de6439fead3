//! `GET /jwks`: the public halves of our keys (RFC 7517, 5).

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::error::OauthError;
use super::sign;
use crate::state::App;

/// Shorter than a retired key stays published, so that no cache misses a key that is in use.
const CACHE: &str = "public, max-age=900";

/// Answers the key set.
pub async fn get(State(app): State<App>) -> Response {
    match sign::key_set(&app).await {
        Ok(keys) => {
            let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, CACHE)];
            (StatusCode::OK, headers, keys).into_response()
        }
        Err(error) => OauthError::from(error).json(&app),
    }
}
