//! The session of a browser.

use axum::http::HeaderMap;
use twolatch_core::store::{Session, StoreError};

use super::cookie::Cookie;
use crate::state::App;

/// The live session of a browser, if it has one.
///
/// # Errors
/// Where the database cannot be read.
pub async fn current(app: &App, headers: &HeaderMap) -> Result<Option<Session>, StoreError> {
    match Cookie::Session.read(headers, app.config.is_https()) {
        Some(token) => app.store.session(&token, app.now()).await,
        None => Ok(None),
    }
}
