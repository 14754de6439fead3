//! `/login/code`: a code of the person's authenticator.

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use twolatch_core::factor::Kind as Factor;
use twolatch_core::login::web::Fault;
use twolatch_core::reason::Reason;
use twolatch_core::typed::{self, Typed};

use super::super::said::Said;
use super::super::{Answer, show as show_page};
use super::asked::{Asked, REMEMBER};
use super::{proven, reach, start_again};
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::Notice;
use crate::web::path::Links;

/// The page.
#[derive(Debug, Template)]
#[template(path = "login_code.html")]
pub struct CodePage {
    frame: Frame,
    asked: Asked,
    said: Said,
}

impl CodePage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |said: Option<Notice>| Self { frame: frame.clone(), asked: Asked::sample(), said: said.into() };
        vec![
            page(None),
            page(Some(Notice::WrongCode)),
            page(Some(Notice::UsedCode)),
            Self { asked: Asked::bare(), ..page(Some(Notice::NoCode)) },
        ]
    }
}

/// Asks for a code.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let current = reach(&app, &browser, |current| current.asks_for(Factor::Totp)).await?;
    let asked = Asked::of(&app, &browser, &current).await?;
    let (said, onward) = (Said::from(browser.notice(&app)), asked.onward.clone());
    Ok(show_page(&app, &browser, onward.as_ref(), |frame| CodePage { frame, asked, said })?)
}

/// Takes a code.
pub(crate) async fn submit(State(app): State<App>, mut form: Form) -> Answer {
    let remember = form.optional(REMEMBER).is_some();
    let (browser, [code]) = form.only(["code"])?;
    let current = reach(&app, &browser, |current| current.asks_for(Factor::Totp)).await?;
    let again = |notice: Notice| browser.go(&Links::of(&app.config).login_code()).saying(&app, &browser, &notice);
    let Typed::Code(code) = typed::parse(code.expose().as_bytes()) else {
        return Ok(again(Notice::NoCode).into_response());
    };
    let name = current.person.user.name.clone();
    let left = match app.logins.enter_code(current, code, &browser.source, browser.now).await {
        Ok(()) => proven(&app, &browser, remember, None).await?,
        Err(Fault::Refused(reason)) => {
            tracing::info!(user = %name, source = %browser.source, %reason, "code refused");
            again(if reason == Reason::Replay { Notice::UsedCode } else { Notice::WrongCode })
        }
        Err(Fault::Over) => start_again(&app, &browser),
        Err(fault) => return Err(fault.into()),
    };
    Ok(left.into_response())
}
