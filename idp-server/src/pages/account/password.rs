//! `/account/password`: another password for oneself.

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use twolatch_core::crypto::password::Weak;
use twolatch_core::crypto::random_text;
use twolatch_core::login::web::Fault;

use super::super::said::Said;
use super::super::{Answer, show as show_page};
use super::signed_in;
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::cookie::Cookie;
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
    let session = signed_in(&app, &browser).await?;
    let notice = browser.notice(&app);
    let bad_present = notice == Some(Notice::WrongPassword);
    let (name, said) = (session.user.name.to_string(), Said::from(notice));
    Ok(show_page(&app, &browser, None, |frame| PasswordPage { frame, name, said, bad_present })?)
}

/// Takes both.
pub(crate) async fn submit(State(app): State<App>, form: Form) -> Answer {
    let (browser, [old, new]) = form.only(["current-password", "new-password"])?;
    let session = signed_in(&app, &browser).await?;
    let links = Links::of(&app.config);
    let again = |notice: Notice| browser.go(&links.account_password()).saying(&app, &browser, &notice);
    let left = match app.logins.change_password(&session, old, new, &browser.source, browser.now).await {
        Ok(token) => {
            let flow = random_text::<20>(app.entropy())?;
            let left = browser.go(&links.account()).with(Cookie::Session, &token).with(Cookie::Flow, &flow);
            left.saying(&app, &browser.renewed(&flow), &Notice::PasswordChanged)
        }
        Err(Fault::Refused(_)) => again(Notice::WrongPassword),
        Err(Fault::Weak(weak)) => again(Notice::Weak(weak)),
        Err(fault) => return Err(fault.into()),
    };
    Ok(left.into_response())
}
