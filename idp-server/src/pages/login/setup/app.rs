//! `/login/setup/app`: a first authenticator.

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use twolatch_core::factor::Kind as Factor;
use twolatch_core::login::web::Fault;
use twolatch_core::typed::{self, Typed};

use crate::pages::authenticator::{Authenticator, AuthenticatorPage};
use crate::pages::login::{go_on, reach, start_again};
use crate::pages::onward::Onward;
use crate::pages::said::Said;
use crate::pages::{Answer, show as show_page};
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::Notice;
use crate::web::path::Links;

/// The page for an authenticator, with a way back to the choice.
#[derive(Debug, Template)]
#[template(path = "login_setup_app.html")]
pub struct AppPage {
    frame: Frame,
    action: String,
    draft: Option<String>,
    new: Authenticator,
    said: Said,
}

impl AppPage {
    fn of(page: AuthenticatorPage) -> Self {
        let AuthenticatorPage { frame, action, draft, new, said } = page;
        Self { frame, action, draft, new, said }
    }

    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        AuthenticatorPage::samples(frame, "/login/setup/app", None).into_iter().map(Self::of).collect()
    }
}

/// Shows the authenticator and asks for a code of it.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let current = reach(&app, &browser, |current| current.lets_set_up(Factor::Totp)).await?;
    let onward = Onward::of_attempt(&app, &current.attempt).await?;
    let Some(pending) = app.logins.pending(&current, browser.now)? else {
        return Err(browser.go(&Links::of(&app.config).login_setup()).into());
    };
    let new = Authenticator::of(&pending, &app.config.organisation, &current.person.user);
    let said = Said::from(browser.notice(&app));
    let action = Links::of(&app.config).login_setup_app();
    let page = |frame| AppPage::of(AuthenticatorPage { frame, action, draft: None, new, said });
    Ok(show_page(&app, &browser, onward.as_ref(), page)?)
}

/// Takes a code of it.
pub(crate) async fn submit(State(app): State<App>, form: Form) -> Answer {
    let (browser, [code]) = form.only(["code"])?;
    let current = reach(&app, &browser, |current| current.lets_set_up(Factor::Totp)).await?;
    let again = || browser.go(&Links::of(&app.config).login_setup_app());
    let Typed::Code(code) = typed::parse(code.expose().as_bytes()) else {
        return Ok(again().saying(&app, &browser, &Notice::NoCode).into_response());
    };
    let left = match app.logins.enter_setup_code(current, &code, &browser.source, browser.now).await {
        Ok(true) => go_on(&app, &browser).await?,
        Ok(false) => again(),
        Err(Fault::Refused(_)) => again().saying(&app, &browser, &Notice::WrongNewCode),
        Err(Fault::Over) => start_again(&app, &browser),
        Err(fault) => return Err(fault.into()),
    };
    Ok(left.into_response())
}
