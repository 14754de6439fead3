//! `/login/setup`: a first authenticator, for somebody whose password was right and who has to have one.

use axum::extract::State;
use axum::response::IntoResponse;
use twolatch_core::factor::Kind as Factor;
use twolatch_core::login::web::Fault;
use twolatch_core::typed::{self, Typed};

use super::super::authenticator::{Authenticator, AuthenticatorPage};
use super::super::said::Said;
use super::super::{Answer, show as show_page};
use super::{advance, reach, start_again};
use crate::pages::onward::Onward;
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::notice::Notice;
use crate::web::path::Links;

/// Shows the authenticator and asks for a code of it.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let mut current = reach(&app, &browser, |current| current.lets_set_up(Factor::Totp)).await?;
    let onward = Onward::of_attempt(&app, &current.attempt).await?;
    let pending = match app.logins.pending(&mut current, browser.now).await {
        Ok(pending) => pending,
        Err(Fault::Over) => return Err(start_again(&app, &browser).into()),
        Err(fault) => return Err(fault.into()),
    };
    let new = Authenticator::of(&pending, &app.config.organisation, &current.person.user);
    let said = Said::from(browser.notice(&app));
    let action = Links::of(&app.config).login_setup();
    let page = |frame| AuthenticatorPage { frame, action, draft: None, new, said };
    Ok(show_page(&app, &browser, onward.as_ref(), page)?)
}

/// Takes a code of it.
pub(crate) async fn submit(State(app): State<App>, form: Form) -> Answer {
    let (browser, [code]) = form.only(["code"])?;
    let current = reach(&app, &browser, |current| current.lets_set_up(Factor::Totp)).await?;
    let again = || browser.go(&Links::of(&app.config).login_setup());
    let Typed::Code(code) = typed::parse(code.expose().as_bytes()) else {
        return Ok(again().saying(&app, &browser, &Notice::NoCode).into_response());
    };
    let left = match app.logins.enter_setup_code(current, &code, &browser.source, browser.now).await {
        Ok(true) => {
            let token = browser.attempt.clone().unwrap_or_default();
            advance(&app, &browser, &token).await?
        }
        Ok(false) => again(),
        Err(Fault::Refused(_)) => again().saying(&app, &browser, &Notice::WrongNewCode),
        Err(Fault::Over) => start_again(&app, &browser),
        Err(fault) => return Err(fault.into()),
    };
    Ok(left.into_response())
}
