//! `/not-me/{token}`: where a letter leads who did not do what it tells.

use axum::extract::{Path, State};
use axum::response::IntoResponse;

use super::confirm::{ConfirmPage, over};
use super::{Answer, show as show_page};
use crate::state::App;
use crate::text::t;
use crate::web::browser::Browser;
use crate::web::cookie::Cookie;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::Notice;
use crate::web::path::Links;

fn page(frame: Frame, link: String, name: &str) -> ConfirmPage {
    ConfirmPage {
        frame,
        link,
        title: t("not-me"),
        lead: t("not-me-lead").strong("name", name),
        points: vec![t("not-me-ends"), t("not-me-asks"), t("not-me-keeps")],
        submit: t("not-me-submit"),
    }
}

/// An example, for tests.
#[must_use]
pub fn sample(frame: &Frame) -> ConfirmPage {
    page(frame.clone(), "/not-me/abc".to_owned(), "alice")
}

/// Shows what the link does.
pub(crate) async fn show(State(app): State<App>, Path(token): Path<String>, browser: Browser) -> Answer {
    let user = app.logins.open_not_me(&token, browser.now).await.map_err(over)?;
    let link = Links::of(&app.config).not_me(&token);
    Ok(show_page(&app, &browser, None, |frame| page(frame, link, user.name.as_str()))?)
}

/// Does it.
pub(crate) async fn submit(State(app): State<App>, Path(token): Path<String>, form: Form) -> Answer {
    let (browser, []) = form.only([])?;
    app.logins.disown(&token, &browser.source, browser.now).await.map_err(over)?;
    tracing::warn!(source = %browser.source, "somebody did not do what a letter told");
    let left = browser.go(&Links::of(&app.config).login()).without(Cookie::Session).without(Cookie::Attempt);
    Ok(left.saying(&app, &browser, &Notice::Disowned).into_response())
}
