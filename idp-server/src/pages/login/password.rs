//! `/login/password`: a password of the person's own in place of one that somebody else has chosen.

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use twolatch_core::crypto::password::Weak;
use twolatch_core::login::web::Fault;
use twolatch_core::step::Step;

use super::super::said::Said;
use super::super::{Answer, show as show_page};
use super::{go_on, reach, start_again};
use crate::pages::onward::Onward;
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::Notice;
use crate::web::path::Links;

/// The page.
#[derive(Debug, Template)]
#[template(path = "login_password.html")]
pub struct PasswordPage {
    frame: Frame,
    name: String,
    said: Said,
}

impl PasswordPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |said: Said| Self { frame: frame.clone(), name: "alice".to_owned(), said };
        vec![page(Said::default()), page(Weak::Short(8).into())]
    }
}

/// Asks for a new password.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let current = reach(&app, &browser, |current| current.step == Step::ChangePassword).await?;
    let onward = Onward::of_attempt(&app, &current.attempt).await?;
    let said = Said::from(browser.notice(&app));
    let name = current.person.user.name.to_string();
    Ok(show_page(&app, &browser, onward.as_ref(), |frame| PasswordPage { frame, name, said })?)
}

/// Takes it.
pub(crate) async fn submit(State(app): State<App>, form: Form) -> Answer {
    let (browser, [new]) = form.only(["new-password"])?;
    let current = reach(&app, &browser, |current| current.step == Step::ChangePassword).await?;
    let left = match app.logins.replace_password(current, new, &browser.source, browser.now).await {
        Ok(()) => go_on(&app, &browser).await?,
        Err(Fault::Weak(weak)) => {
            let again = browser.go(&Links::of(&app.config).login_password());
            again.saying(&app, &browser, &Notice::Weak(weak))
        }
        Err(Fault::Over) => start_again(&app, &browser),
        Err(fault) => return Err(fault.into()),
    };
    Ok(left.into_response())
}
