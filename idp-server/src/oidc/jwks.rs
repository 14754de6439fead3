//! `GET /jwks`: the public halves of our keys (RFC 7517, 5).

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::error::OauthError;
use super::sign;
use crate::state::App;

/// Shorter than a retired key stays published, so that no cache misses a key that is in use.
const CACHE: &str = "public, max-age=900";

/// Answers the key set.
pub async fn get(State(app): State<App>) -> Response {
    match sign::published(&app).await {
        Ok(keys) => {
            let keys: Vec<Value> = keys.iter().map(sign::SigningKey::public).collect();
            let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, CACHE)];
            (StatusCode::OK, headers, json!({ "keys": keys }).to_string()).into_response()
        }
        Err(error) => OauthError::from(error).json(&app),
    }
}
