//! `/account/done`: a second factor is set up, and what there is now.

use askama::Template;
use axum::extract::State;
use twolatch_core::factor::Kind;

use super::super::said::Said;
use super::super::{Answer, show as show_page};
use super::signed_in;
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::frame::Frame;
use crate::web::path::Links;

/// The page.
#[derive(Debug, Template)]
#[template(path = "account_done.html")]
pub struct DonePage {
    frame: Frame,
    apps: u32,
    by_mail: bool,
    has_recovery: bool,
    said: Said,
}

impl DonePage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |apps, by_mail, has_recovery| Self {
            frame: frame.clone(),
            apps,
            by_mail,
            has_recovery,
            said: Said::default(),
        };
        vec![page(1, false, true), page(0, true, false)]
    }
}

/// Shows it to whoever has something.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let session = signed_in(&app, &browser).await?;
    let user = &session.user;
    if !Kind::METHODS.into_iter().any(|kind| user.has(kind)) {
        return Err(browser.go(&Links::of(&app.config).account_security()).into());
    }
    let apps = u32::try_from(user.authenticators.len()).unwrap_or_default();
    let (by_mail, has_recovery) = (user.has(Kind::EmailCode), user.recovery.is_some());
    let said = Said::from(browser.notice(&app));
    Ok(show_page(&app, &browser, None, |frame| DonePage { frame, apps, by_mail, has_recovery, said })?)
}
