//! The session of a browser.

use axum::http::{HeaderMap, header};
use twolatch_core::store::{Session, StoreError};

use crate::state::App;

/// The live session of a browser, if it has one.
///
/// # Errors
/// Where the database cannot be read.
pub async fn current(app: &App, headers: &HeaderMap) -> Result<Option<Session>, StoreError> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split("; ")).filter_map(|pair| pair.split_once('='));
    let Some((_, token)) = pairs.find(|(name, _)| *name == "session") else { return Ok(None) };
    app.store.session(token, app.now()).await
}
