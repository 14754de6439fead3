//! `GET /jwks`: the public halves of our keys (RFC 7517, 5).

use axum::extract::{Request, State};
use axum::response::Response;
use tokio::time::timeout;

use super::error::{Code, OauthError};
use super::{document, sign};
use crate::state::App;
use crate::web::guard::LIMIT;

/// Answers the key set.
pub async fn get(State(app): State<App>, request: Request) -> Response {
    let keys = match timeout(LIMIT, sign::key_set(&app)).await {
        Ok(keys) => keys.map_err(OauthError::from),
        Err(_) => Err(OauthError::new(Code::TemporarilyUnavailable, format!("the keys are not read within {LIMIT:?}"))),
    };
    document::answer(&app, &request, keys)
}
