//! The session of a browser.

use axum::http::HeaderMap;
use twolatch_core::store::{Session, StoreError};

use super::cookie::Cookie;
use crate::oidc::authorize::may_issue;
use crate::state::App;

/// The live session of a browser, if it has one that still meets what policy asks for.
///
/// # Errors
/// Where the database cannot be read.
pub async fn current(app: &App, headers: &HeaderMap) -> Result<Option<Session>, StoreError> {
    match Cookie::Session.read(headers, app.config.is_https()) {
        Some(token) => of_token(app, &token).await,
        None => Ok(None),
    }
}

/// The same, for the token in the cookie.
///
/// # Errors
/// Where the database cannot be read.
pub async fn of_token(app: &App, token: &str) -> Result<Option<Session>, StoreError> {
    let now = app.now();
    match app.store.session(token, now).await? {
        Some(session) if may_issue(app, &session, None, now).await?.is_some() => Ok(Some(session)),
        _ => Ok(None),
    }
}
