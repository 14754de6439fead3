//! How answers look, and what every operation says of them.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

/// Why nothing was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub(super) struct ErrorShape {
    /// A word for programs.
    error: String,
    /// What happened and what to do, for people.
    detail: String,
}

/// What every operation can answer in place of what is asked for.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it is only described")]
pub(super) enum Refused {
    /// The request is not well-formed, or a value is none that can be.
    #[response(status = BAD_REQUEST)]
    Invalid(ErrorShape),
    /// There is no good token.
    #[response(status = UNAUTHORIZED)]
    NoToken(ErrorShape),
    /// The token, or its person, may not do that.
    #[response(status = FORBIDDEN)]
    NotAllowed(ErrorShape),
    /// There is no such thing.
    #[response(status = NOT_FOUND)]
    Missing(ErrorShape),
    /// It cannot be done as things stand.
    #[response(status = CONFLICT)]
    Conflict(ErrorShape),
    /// Too many tokens that are none came from there.
    #[response(status = TOO_MANY_REQUESTS)]
    Wait(ErrorShape),
    /// It failed, or cannot be done at the moment.
    #[response(status = "5XX")]
    Failed(ErrorShape),
}

/// The same, where something is sent.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it is only described")]
pub(super) enum Unread {
    /// It did not arrive in time.
    #[response(status = REQUEST_TIMEOUT)]
    Slow(ErrorShape),
    /// It is too large.
    #[response(status = PAYLOAD_TOO_LARGE)]
    TooLarge(ErrorShape),
    /// It is of another kind than what is read.
    #[response(status = UNSUPPORTED_MEDIA_TYPE)]
    OfAnotherKind(ErrorShape),
}

/// The same, where something is made from what was read.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it is only described")]
pub(super) enum Outdated {
    /// It is not any more what the change is made from.
    #[response(status = PRECONDITION_FAILED)]
    Changed(ErrorShape),
    /// It is not said what the change is made from.
    #[response(status = PRECONDITION_REQUIRED)]
    Unnamed(ErrorShape),
}

/// Something with its version.
pub(super) fn tagged(status: StatusCode, version: impl std::fmt::Display, value: impl Serialize) -> Response {
    let mut response = (status, Json(value)).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
