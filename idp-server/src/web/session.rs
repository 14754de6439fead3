//! The session of a browser.

use std::net::IpAddr;

use axum::http::HeaderMap;
use twolatch_core::policy::Where;
use twolatch_core::store::{Session, StoreError};

use super::cookie::Cookie;
use crate::oidc::gate::may_issue;
use crate::state::App;

/// The live session of a browser at an address, by the token in its cookie, if it still meets what policy asks for there.
///
/// # Errors
/// Where the database cannot be read.
pub async fn of_token(app: &App, token: &str, address: Option<IpAddr>) -> Result<Option<Session>, StoreError> {
    let now = app.now();
    let Some(session) = app.store.session(token, now).await? else { return Ok(None) };
    let at = Where { address, ..Where::web(None) };
    let is_enough = may_issue(app, &session.user, &session.proofs, at, now).await?.is_some();
    Ok(Some(session).filter(|_| is_enough))
}

/// The session of a browser, whatever it is worth here: an application may ask for less than the own account. Whoever uses
/// it judges it for the application first.
///
/// # Errors
/// Where the database cannot be read.
pub async fn unjudged(app: &App, headers: &HeaderMap) -> Result<Option<Session>, StoreError> {
    match Cookie::Session.read(headers, app.config.is_https()) {
        Some(token) => app.store.session(&token, app.now()).await,
        None => Ok(None),
    }
}
