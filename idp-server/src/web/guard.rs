//! The last resort around all routes but the reading of documents that are the same for everybody: methods that nothing here
//! has, faults that were not foreseen, and the page for whatever failed. It must not know any route, but for where programs
//! ask.

use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};

use super::failure::{Failure, Kind, UNKNOWN};
use super::language::Wish;
use super::request;
use crate::api;
use crate::state::App;

#[cfg(test)]
mod tests;

/// A request is read and answered within this time. What it has begun to write is finished all the same, so that its
/// outcome is unknown to whoever asked: a body that comes slowly is refused before.
pub const LIMIT: Duration = Duration::from_secs(20);

/// Guards a request, and what answers it.
pub async fn guarded<A>(app: &App, request: Request, answer: impl FnOnce(Request) -> A) -> Response
where
    A: Future<Output = Response> + Send + 'static,
{
    let (method, uri) = (request.method().clone(), request.uri().clone());
    // Programs get no pages.
    let (parts, body) = request.into_parts();
    let program = api::is_at(&app.config, uri.path()).then(|| request::source(&app.config, &parts));
    let request = Request::from_parts(parts, body);
    let wish = Wish::of(&app.config, &method, &uri, request.headers());
    let reads = [Method::POST, Method::PUT, Method::PATCH].contains(&method);
    let known = reads || [Method::GET, Method::HEAD, Method::DELETE, Method::OPTIONS].contains(&method);
    let mut response = if !known {
        Kind::NoMethod.because(format!("method {method}")).into_response()
    } else if !uri.path().starts_with('/') {
        Kind::BadForm.because("the target is no path").into_response()
    } else if !reads && has_body(request.headers()) {
        Kind::BadForm.because("a body where none is read").into_response()
    } else {
        within(LIMIT, answer(request)).await
    };
    if let Some(failure) = response.extensions_mut().remove::<Failure>() {
        let mut page = match program {
            Some(source) => api::told(app, failure, &source),
            None => failure.page(app, &wish),
        };
        if let Some(allowed) = response.headers_mut().remove(header::ALLOW) {
            page.headers_mut().insert(header::ALLOW, allowed);
        }
        response = page;
    }
    wish.keep(&app.config, &uri, &mut response);
    response
}

/// The answer, or that there is none in time.
async fn within(limit: Duration, answer: impl Future<Output = Response> + Send + 'static) -> Response {
    // In a task of its own: a panic ends there, and a browser that goes away does not stop it half-way.
    let work = tokio::spawn(answer);
    let stop = work.abort_handle();
    if let Ok(done) = tokio::time::timeout(limit, work).await {
        done.unwrap_or_else(|fault| Kind::Internal.because(fault.to_string()).into_response())
    } else {
        stop.abort();
        Kind::Unavailable.because(format!("{UNKNOWN}: no answer within {limit:?}")).into_response()
    }
}

/// Whether a request says that it has a body. What nobody reads, nobody finds fault with either: a body that is not
/// well-formed would be answered like none.
pub fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    headers.contains_key(header::TRANSFER_ENCODING) || length.is_some_and(|length| length != "0")
}

/// For an address that nothing is at.
pub async fn no_page() -> Failure {
    Kind::NoPage.because("no route")
}

/// For a page that cannot be asked for in this way.
pub async fn no_method() -> Failure {
    Kind::NoMethod.because("not a method of this route")
}
