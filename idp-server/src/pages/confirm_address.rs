//! `/address/confirm/{token}`: where a letter leads who reads the address before the one that an administrator has given.

use axum::extract::{Path, State};
use axum::response::IntoResponse;
use twolatch_core::login::mailed::veiled;

use super::confirm::{ConfirmPage, over};
use super::{Answer, show as show_page};
use crate::state::App;
use crate::text::t;
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::Notice;
use crate::web::path::Links;

fn page(frame: Frame, link: String, name: &str, address: &str) -> ConfirmPage {
    ConfirmPage {
        frame,
        link,
        title: t("confirm-address"),
        lead: t("confirm-address-lead").strong("name", name).strong("address", address),
        points: vec![t("confirm-address-opens"), t("confirm-address-no")],
        submit: t("confirm-address-submit"),
    }
}

/// An example, for tests.
#[must_use]
pub fn sample(frame: &Frame) -> ConfirmPage {
    page(frame.clone(), "/address/confirm/abc".to_owned(), "alice", "a…@example.net")
}

/// Shows what the link does.
pub(crate) async fn show(State(app): State<App>, Path(token): Path<String>, browser: Browser) -> Answer {
    let user = app.logins.open_confirmation(&token, browser.now).await.map_err(over)?;
    let link = Links::of(&app.config).confirm_address(&token);
    let address = user.email.as_ref().map(veiled).unwrap_or_default();
    Ok(show_page(&app, &browser, None, |frame| page(frame, link, user.name.as_str(), &address))?)
}

/// Does it.
pub(crate) async fn submit(State(app): State<App>, Path(token): Path<String>, form: Form) -> Answer {
    let (browser, []) = form.only([])?;
    app.logins.confirm_by_link(&token, &browser.source, browser.now).await.map_err(over)?;
    tracing::info!(source = %browser.source, "a new address is confirmed from the one before");
    let left = browser.go(&Links::of(&app.config).login());
    Ok(left.saying(&app, &browser, &Notice::AddressConfirmed).into_response())
}
