//! `/address/{token}`: where a letter leads who reads the address that an administrator gives.

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

fn page(frame: Frame, link: String, name: &str, address: &str) -> ConfirmPage {
    ConfirmPage {
        frame,
        link,
        title: t("new-address"),
        lead: t("new-address-lead").strong("name", name).strong("address", address),
        points: vec![t("new-address-moves"), t("new-address-held"), t("new-address-no")],
        submit: t("new-address-submit"),
    }
}

/// An example, for tests.
#[must_use]
pub fn sample(frame: &Frame) -> ConfirmPage {
    page(frame.clone(), "/address/abc".to_owned(), "alice", "alice@example.net")
}

/// Shows what the link does.
pub(crate) async fn show(State(app): State<App>, Path(token): Path<String>, browser: Browser) -> Answer {
    let (user, offer) = app.logins.open_offer(&token, browser.now).await.map_err(over)?;
    let link = Links::of(&app.config).new_address(&token);
    Ok(show_page(&app, &browser, None, |frame| page(frame, link, user.name.as_str(), offer.to.as_str()))?)
}

/// Does it.
pub(crate) async fn submit(State(app): State<App>, Path(token): Path<String>, form: Form) -> Answer {
    let (browser, []) = form.only([])?;
    app.logins.take_offer(&token, &browser.source, browser.now).await.map_err(over)?;
    tracing::info!(source = %browser.source, "an address that an administrator gave is read");
    Ok(browser.go(&Links::of(&app.config).login()).saying(&app, &browser, &Notice::AddressTaken).into_response())
}
