//! Style sheet, script and icon, compiled into the program: there is no folder that a path could lead out of.

use std::sync::LazyLock;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use twolatch_core::crypto::token_hash;

const STYLE: &str = include_str!("../../static/style.css");
const SCRIPT: &str = include_str!("../../static/comfort.js");
const ICON: &str = include_str!("../../static/icon.svg");

/// A page names the version it was made for, so a browser may keep it for long.
const CACHE: &str = "public, max-age=31536000, immutable";

static VERSION: LazyLock<String> =
    LazyLock::new(|| token_hash(&[STYLE, SCRIPT, ICON].concat()).chars().take(16).collect());

/// What changes whenever one of them changes.
#[must_use]
pub fn version() -> &'static str {
    &VERSION
}

/// The style sheet.
pub async fn style(headers: HeaderMap) -> Response {
    file(&headers, "text/css; charset=utf-8", STYLE)
}

/// The script.
pub async fn script(headers: HeaderMap) -> Response {
    file(&headers, "text/javascript; charset=utf-8", SCRIPT)
}

/// The icon.
pub async fn icon(headers: HeaderMap) -> Response {
    file(&headers, "image/svg+xml", ICON)
}

fn file(headers: &HeaderMap, kind: &'static str, text: &'static str) -> Response {
    let tag = format!("\"{}\"", version());
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_known = known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag));
    let head = [(header::ETAG, tag), (header::CACHE_CONTROL, CACHE.to_owned())];
    if is_known {
        return (StatusCode::NOT_MODIFIED, head).into_response();
    }
    (head, [(header::CONTENT_TYPE, kind)], text).into_response()
}
