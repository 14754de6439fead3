//! `/account/password`: another password for oneself.

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use twolatch_core::crypto::password::Weak;
use twolatch_core::login::web::Fault;

use super::super::said::Said;
use super::super::{Answer, show as show_page};
use super::confirm::Target;
use super::{confirmed, failed, renewed};
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::Notice;
use crate::web::path::Links;

/// The page.
#[derive(Debug, Template)]
#[template(path = "account_password.html")]
pub struct PasswordPage {
    frame: Frame,
    name: String,
    said: Said,
    /// What is wrong is the present password, not the new one.
    bad_present: bool,
}

impl PasswordPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |said: Said, bad_present| Self { frame: frame.clone(), name: "alice".to_owned(), said, bad_present };
        vec![page(Said::default(), false), page(Notice::WrongPassword.into(), true), page(Weak::Short(8).into(), false)]
    }
}

/// Asks for both.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let session = confirmed(&app, &browser, Target::Password).await?;
    let notice = browser.notice(&app);
    let bad_present = notice == Some(Notice::WrongPassword);
    let (name, said) = (session.user.name.to_string(), Said::from(notice));
    Ok(show_page(&app, &browser, None, |frame| PasswordPage { frame, name, said, bad_present })?)
}

/// Takes both.
pub(crate) async fn submit(State(app): State<App>, form: Form) -> Answer {
    let (browser, [old, new]) = form.only(["current-password", "new-password"])?;
    let session = confirmed(&app, &browser, Target::Password).await?;
    let links = Links::of(&app.config);
    let again = |notice: Notice| browser.go(&links.account_password()).saying(&app, &browser, &notice);
    let left = match app.logins.change_password(&session, old, new, &browser.source, browser.now).await {
        Ok(token) => renewed(&app, &browser, &links.account(), &token, Some(Notice::PasswordChanged))?,
        Err(Fault::Refused(_)) => again(Notice::WrongPassword),
        Err(Fault::Weak(weak)) => again(Notice::Weak(weak)),
        Err(fault) => return Err(failed(&app, &browser, &Target::Password, fault)),
    };
    Ok(left.into_response())
}
