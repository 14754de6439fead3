//! Documents that are the same for everybody, and that every relying party reads: they are answered before anything is made
//! of a request. It must not know what is in them.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;

use super::cors;
use crate::state::App;
use crate::web::headers;

/// Shorter than a retired key stays published, so that no cache misses a key that is in use.
const CACHE: &str = "public, max-age=900";

/// One, in JSON.
pub(super) fn answer(app: &App, request: &Request, json: Bytes) -> Response {
    let mut response = Response::new(Body::from(json));
    let own = response.headers_mut();
    own.reserve(12); // all that follow
    own.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    own.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE));
    dress(app, request, response)
}

/// What every answer to such a request has.
pub(super) fn dress(app: &App, request: &Request, mut response: Response) -> Response {
    headers::add(app, response.headers_mut());
    if request.headers().contains_key(header::ORIGIN) {
        cors::allow(response.headers_mut(), HeaderValue::from_static("*"));
    }
    response
}
