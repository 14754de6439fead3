//! The page for what went wrong and cannot be told to anybody but the person at the browser. It must not show more than
//! that person may know; the rest is in the log, under the id that the page shows.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use twolatch_core::crypto::random_text;

use crate::state::App;

/// Nothing is loaded from elsewhere, nothing is sent anywhere, nobody frames it.
const CSP: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'none'; \
    frame-ancestors 'none'; base-uri 'none'";

/// Characters of a detail that are logged.
const MAX_DETAIL: usize = 400;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    organisation: &'a str,
    title: &'a str,
    text: &'a str,
    id: &'a str,
}

/// A page that says what happened and what the person can do, with the id under which `detail` is in the log.
#[must_use]
pub fn page(app: &App, status: StatusCode, title: &str, text: &str, detail: &str) -> Response {
    let (id, detail) = (reference(app), clip(detail));
    tracing::warn!(%id, status = status.as_u16(), detail, "{title}");
    let page = ErrorPage { organisation: &app.config.organisation, title, text, id: &id };
    let body = page.render().unwrap_or_else(|_| format!("{title} ({id})"));
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, body).into_response()
}

/// What of a detail goes to the log: strangers write parts of it.
#[must_use]
pub fn clip(detail: &str) -> &str {
    detail.char_indices().nth(MAX_DETAIL).map_or(detail, |(end, _)| detail.split_at(end).0)
}

/// A short id that stands both in the log and in an answer.
#[must_use]
pub fn reference(app: &App) -> String {
    random_text::<5>(app.entropy()).unwrap_or_else(|_| "no_entropy".to_owned())
}
