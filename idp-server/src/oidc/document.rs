//! Documents that are the same for everybody, and that every relying party reads: they are answered before anything is made
//! of a request. It must not know what is in them.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;

use super::cors;
use super::error::{Code, OauthError};
use crate::state::App;
use crate::web::guard::has_body;
use crate::web::headers;

/// How long they may be kept: shorter than anything in them stays good after it was replaced.
const CACHE: &str = "public, max-age=900";

/// One, in JSON, or why there is none.
pub(super) fn answer(app: &App, request: &Request, json: Result<Bytes, OauthError>) -> Response {
    let json = if has_body(request.headers()) {
        Err(OauthError::new(Code::InvalidRequest, "a body where none is read"))
    } else {
        json
    };
    let mut response = match json {
        Ok(json) => {
            let mut response = Response::new(Body::from(json));
            let own = response.headers_mut();
            own.reserve(12); // all that follow
            own.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            own.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE));
            response
        }
        Err(error) => error.json(app),
    };
    headers::add(app, response.headers_mut());
    if request.headers().contains_key(header::ORIGIN) {
        cors::allow(response.headers_mut(), HeaderValue::from_static("*"));
    }
    response
}
