//! What programs of our own people ask in JSON: one endpoint, one file. No cookie counts, and no other origin is allowed
//! (CORS). It must not decide anything about logins.

pub mod admin;
pub mod auth;
mod body;
mod refusal;

use axum::response::Response;

use self::refusal::Refusal;
use crate::config::Config;
use crate::state::App;
use crate::web::failure::Failure;
use crate::web::path;

/// Whether a path is one that programs ask at, and not browsers.
#[must_use]
pub fn is_at(config: &Config, path: &str) -> bool {
    let below = path.strip_prefix(path::prefix(config)).and_then(|rest| rest.strip_prefix(admin::API));
    below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What a program is told where people would get a page.
#[must_use]
pub fn told(app: &App, failure: Failure, source: &str) -> Response {
    Refusal::from(failure).told(app, source)
}
