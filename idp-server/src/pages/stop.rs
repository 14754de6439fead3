//! `/recovery/stop/{token}`: where an administrator stops another one's link.

use axum::extract::{Path, State};
use axum::response::IntoResponse;

use super::confirm::{ConfirmPage, over};
use super::{Answer, show as show_page};
use crate::state::App;
use crate::text::t;
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::Notice;
use crate::web::path::Links;

fn page(frame: Frame, link: String, name: &str) -> ConfirmPage {
    ConfirmPage {
        frame,
        link,
        title: t("stop"),
        lead: t("stop-lead").strong("name", name),
        points: vec![t("stop-ends"), t("stop-password").with("name", name)],
        submit: t("stop-submit"),
    }
}

/// An example, for tests.
#[must_use]
pub fn sample(frame: &Frame) -> ConfirmPage {
    page(frame.clone(), "/recovery/stop/abc".to_owned(), "alice")
}

/// Shows what is stopped.
pub(crate) async fn show(State(app): State<App>, Path(token): Path<String>, browser: Browser) -> Answer {
    let person = app.logins.open_stop(&token, browser.now).await.map_err(over)?;
    let link = Links::of(&app.config).stop(&token);
    Ok(show_page(&app, &browser, None, |frame| page(frame, link, person.user.name.as_str()))?)
}

/// Stops it.
pub(crate) async fn submit(State(app): State<App>, Path(token): Path<String>, form: Form) -> Answer {
    let (browser, []) = form.only([])?;
    let stopped = app.logins.stop_admin_link(&token, &browser.source, browser.now).await.map_err(over)?;
    tracing::warn!(source = %browser.source, stopped, "an administrator stops another one's link");
    let notice = if stopped { Notice::LinkStopped } else { Notice::LinkNotStopped };
    Ok(browser.go(&Links::of(&app.config).login()).saying(&app, &browser, &notice).into_response())
}
