//! Style sheet, script and icon, compiled into the program, and what the configuration adds: there is no folder that a
//! path could lead out of.

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use twolatch_core::crypto::token_hash;

use super::accent::stylesheet;
use super::failure::Kind;
use crate::config::colour::Colour;
use crate::state::App;

const STYLE: &str = concat!(
    include_str!("../../static/style.css"),
    include_str!("../../static/parts.css"),
    include_str!("../../static/signin.css"),
    include_str!("../../static/console.css"),
);
const SCRIPT: &str = concat!(include_str!("../../static/comfort.js"), include_str!("../../static/console.js"));
const ICON: &str = include_str!("../../static/icon.svg");

/// A page names the version it was made for, so a browser may keep it for long.
const CACHE: &str = "public, max-age=31536000, immutable";

/// What a picture from elsewhere may do where somebody opens it by its own address: nothing but look as it looks.
const POLICY_OF_LOGO: &str =
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

static VERSION: LazyLock<String> =
    LazyLock::new(|| token_hash(&[STYLE, SCRIPT, ICON].concat()).chars().take(16).collect());

/// What changes whenever one of them changes.
#[must_use]
pub fn version() -> &'static str {
    &VERSION
}

/// What changes whenever the style sheet with the organisation's colour changes.
#[must_use]
pub fn accent_version(colour: Colour) -> String {
    format!("{}{}", version(), colour.to_string().replace('#', "-"))
}

/// The style sheet.
pub async fn style(headers: HeaderMap) -> Response {
    file(&headers, "text/css; charset=utf-8", version(), STYLE)
}

/// The script.
pub async fn script(headers: HeaderMap) -> Response {
    file(&headers, "text/javascript; charset=utf-8", version(), SCRIPT)
}

/// The icon.
pub async fn icon(headers: HeaderMap) -> Response {
    file(&headers, "image/svg+xml", version(), ICON)
}

/// The organisation's colour, where it has one.
pub async fn accent(State(app): State<App>, headers: HeaderMap) -> Response {
    match app.config.pages.accent {
        Some(colour) => file(&headers, "text/css; charset=utf-8", &accent_version(colour), stylesheet(colour)),
        None => Kind::NoPage.because("there is no accent").into_response(),
    }
}

/// The organisation's logo, where it has one.
pub async fn logo(State(app): State<App>, headers: HeaderMap) -> Response {
    let Some(logo) = &app.config.pages.logo else {
        return Kind::NoPage.because("there is no logo").into_response();
    };
    let mut response = file(&headers, logo.kind, &logo.version, Bytes::from_owner(logo.bytes.clone()));
    let policy = HeaderValue::from_static(POLICY_OF_LOGO);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// A file that may be known already.
pub(super) fn file(headers: &HeaderMap, kind: &'static str, version: &str, content: impl IntoResponse) -> Response {
    let tag = format!("\"{version}\"");
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_known = known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag));
    let head = [(header::ETAG, tag), (header::CACHE_CONTROL, CACHE.to_owned())];
    if is_known {
        return (StatusCode::NOT_MODIFIED, head).into_response();
    }
    (head, [(header::CONTENT_TYPE, kind)], content).into_response()
}
