//! `GET /jwks`: the public halves of our keys (RFC 7517, 5).

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use tokio::time::timeout;

use super::error::{Code, OauthError};
use super::{document, sign};
use crate::state::App;
use crate::web::guard::LIMIT;

/// Answers the key set.
pub async fn get(State(app): State<App>, request: Request) -> Response {
    let keys = match sign::known_set(&app) {
        Some(keys) => Ok(keys),
        None => read(&app).await,
    };
    document::answer(&app, &request, keys)
}

async fn read(app: &App) -> Result<Bytes, OauthError> {
    let late = |_| OauthError::new(Code::TemporarilyUnavailable, format!("the keys are not read within {LIMIT:?}"));
    Ok(timeout(LIMIT, sign::key_set(app)).await.map_err(late)??)
}
