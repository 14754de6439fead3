//! Bodies of requests: JSON, small, in time, and with nothing in them that nobody reads.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use super::refusal::Refusal;
use crate::state::App;

/// A body is there within this time.
const BODY_TIME: Duration = Duration::from_secs(10);

/// No request about one thing comes near this.
const MAX_BODY: usize = 64 * 1024;

/// A JSON object in the body of a request.
#[derive(Debug)]
pub(super) struct Sent<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<App> for Sent<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &App) -> Result<Self, Refusal> {
        is_json(request.headers())?;
        let body = read(request.into_body(), MAX_BODY).await?;
        if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            return Err(Refusal::invalid("the body is no JSON object"));
        }
        serde_json::from_slice(&body).map(Self).map_err(|error| Refusal::invalid(error.to_string()))
    }
}

/// Makes sure that a body says that it is JSON.
pub(super) fn is_json(headers: &HeaderMap) -> Result<(), Refusal> {
    is(headers, "application/json", "not_json")
}

/// Makes sure that a body says that it is of a type.
pub(super) fn is(headers: &HeaderMap, wanted: &str, error: &'static str) -> Result<(), Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case(wanted) || headers.contains_key(header::CONTENT_ENCODING) {
        let detail = format!("the body is not {wanted}, or it is compressed");
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, error, detail));
    }
    Ok(())
}

/// The whole body, if it is not too large and does not come too slowly.
pub(super) async fn read(body: Body, most: usize) -> Result<Bytes, Refusal> {
    match tokio::time::timeout(BODY_TIME, to_bytes(body, most)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(error)) => Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", error.to_string())),
        Err(_) => Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "slow", "the body did not arrive in time")),
    }
}
