//! `/logout`: ends the session of this browser.

use axum::extract::State;
use axum::response::IntoResponse;

use super::Answer;
use crate::state::App;
use crate::web::cookie::Cookie;
use crate::web::form::Form;
use crate::web::notice::Notice;
use crate::web::path::Links;

/// Signs out. What is over already is no fault.
pub(crate) async fn submit(State(app): State<App>, form: Form) -> Answer {
    let (browser, []) = form.only([])?;
    if let Some(token) = &browser.session
        && let Some(session) = app.store.session(token, browser.now).await?
    {
        app.logins.sign_out(session, browser.now).await?;
    }
    let left = browser.go(&Links::of(&app.config).login()).without(Cookie::Session);
    Ok(left.saying(&app, &browser, &Notice::SignedOut).into_response())
}
