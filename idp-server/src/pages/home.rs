//! `/`: on to the account.

use axum::extract::State;
use axum::response::{IntoResponse, Response};

use crate::state::App;
use crate::web::browser::Browser;
use crate::web::path::Links;

/// Sends the browser there.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Response {
    browser.go(&Links::of(&app.config).account()).into_response()
}
