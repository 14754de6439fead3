//! `GET /jwks`: the public halves of our keys (RFC 7517, 5).

use axum::extract::{Request, State};
use axum::response::Response;

use super::error::OauthError;
use super::{document, sign};
use crate::state::App;

/// Answers the key set.
pub async fn get(State(app): State<App>, request: Request) -> Response {
    match sign::key_set(&app).await {
        Ok(keys) => document::answer(&app, &request, keys),
        Err(error) => document::dress(&app, &request, OauthError::from(error).json(&app)),
    }
}
