//! `/login/method`: the ways in which a second factor can be shown here. Which one was chosen is remembered nowhere: each
//! has a page of its own.

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use twolatch_core::factor::Kind as Factor;
use twolatch_core::login::web::Current;
use twolatch_core::step::Step;

use super::super::said::Said;
use super::super::{Answer, show as show_page};
use super::asked::Asked;
use super::{email, reach};
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::failure::Kind;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::path::Links;

/// The page.
#[derive(Debug, Template)]
#[template(path = "login_method.html")]
pub struct MethodPage {
    frame: Frame,
    asked: Asked,
    said: Said,
    app: bool,
    /// Where codes are mailed to, as far as that is shown.
    email: Option<String>,
    recovery: bool,
}

impl MethodPage {
    fn of(frame: Frame, asked: Asked, said: Said, current: &Current) -> Self {
        let email = current.asks_for(Factor::EmailCode);
        Self {
            frame,
            asked,
            said,
            app: current.asks_for(Factor::Totp),
            email: email.then(|| email::shown(current.person.user.email.as_ref())),
            recovery: current.takes_recovery(),
        }
    }

    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |email: Option<&str>, recovery: bool| Self {
            frame: frame.clone(),
            asked: Asked::sample(),
            said: Said::default(),
            app: true,
            email: email.map(str::to_owned),
            recovery,
        };
        vec![page(Some("a…@example.org"), true), page(None, true)]
    }
}

fn is_asked(current: &Current) -> bool {
    matches!(current.step, Step::SecondFactor { .. })
}

/// Shows them.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let current = reach(&app, &browser, is_asked).await?;
    let asked = Asked::of(&app, &browser, &current).await?;
    let (said, onward) = (Said::from(browser.notice(&app)), asked.onward.clone());
    Ok(show_page(&app, &browser, onward.as_ref(), |frame| MethodPage::of(frame, asked, said, &current))?)
}

/// Goes to the page of the one that was chosen. Whoever chooses mail gets it.
pub(crate) async fn submit(State(app): State<App>, form: Form) -> Answer {
    let (browser, [method]) = form.only(["method"])?;
    let links = Links::of(&app.config);
    let left = match method.expose() {
        "app" => {
            reach(&app, &browser, |current| current.asks_for(Factor::Totp)).await?;
            browser.go(&links.login_code())
        }
        "email" => {
            let mut current = reach(&app, &browser, |current| current.asks_for(Factor::EmailCode)).await?;
            let left = browser.go(&links.login_email());
            match email::mail(&app, &browser, &mut current).await? {
                Some(notice) => left.saying(&app, &browser, &notice),
                None => left,
            }
        }
        "recovery" => {
            reach(&app, &browser, Current::takes_recovery).await?;
            browser.go(&links.login_recover())
        }
        _ => return Err(Kind::BadForm.because("no such method").into()),
    };
    Ok(left.into_response())
}
