//! `/recovery/{token}`: an administrator's own link, in the browser that asked for it.

use axum::extract::{Path, State};
use axum::response::IntoResponse;

use super::confirm::{ConfirmPage, over};
use super::{Answer, login, show as show_page};
use crate::state::App;
use crate::text::t;
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::path::Links;

fn page(frame: Frame, link: String, name: &str) -> ConfirmPage {
    ConfirmPage {
        frame,
        link,
        title: t("admin-link"),
        lead: t("admin-link-lead").strong("name", name),
        points: vec![t("admin-link-removes"), t("admin-link-restricted")],
        submit: t("admin-link-submit"),
    }
}

/// An example, for tests.
#[must_use]
pub fn sample(frame: &Frame) -> ConfirmPage {
    page(frame.clone(), "/recovery/abc".to_owned(), "alice")
}

/// Shows what the link does.
pub(crate) async fn show(State(app): State<App>, Path(token): Path<String>, browser: Browser) -> Answer {
    let current = app.logins.open_admin_link(&token, browser.attempt.as_deref(), browser.now).await.map_err(over)?;
    let link = Links::of(&app.config).recovery(&token);
    Ok(show_page(&app, &browser, None, |frame| page(frame, link, current.person.user.name.as_str()))?)
}

/// Does it, and leads on to set-up.
pub(crate) async fn submit(State(app): State<App>, Path(token): Path<String>, form: Form) -> Answer {
    let (browser, []) = form.only([])?;
    let attempt = browser.attempt.as_deref();
    let used = app.logins.use_admin_link(&token, attempt, &browser.source, browser.now).await;
    let goes_on = used.map_err(over)?;
    tracing::warn!(source = %browser.source, "an administrator has removed the own second factors");
    Ok(login::advance(&app, &browser, &goes_on, None).await?.into_response())
}
