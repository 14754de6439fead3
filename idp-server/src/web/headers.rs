//! The headers that every answer has, whoever made it: pages, endpoints, errors. It must not know what is answered.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::state::App;

/// Everything comes from here; nothing is sent elsewhere; nobody frames it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
    form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Whatever an answer does not say itself.
const ALWAYS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

/// A year, as browsers ask for.
const HSTS: &str = "max-age=31536000";

/// Adds them to those of an answer.
pub fn add(app: &App, headers: &mut HeaderMap) {
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if app.config.is_https() {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(HeaderValue::from_static(HSTS));
    }
}

/// The policy of a page whose form ends, after redirects, at another origin: browsers hold the redirects of a form to
/// `form-action` too.
#[must_use]
pub fn policy_continuing_to(origin: &str) -> Option<HeaderValue> {
    let is_source =
        !origin.is_empty() && origin.bytes().all(|byte| byte.is_ascii_graphic() && !b";,'\"".contains(&byte));
    if !is_source {
        return None;
    }
    HeaderValue::try_from(POLICY.replace("form-action 'self'", &format!("form-action 'self' {origin}"))).ok()
}
