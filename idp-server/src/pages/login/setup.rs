//! `/login/setup`: choosing a first second factor, for somebody whose password was right and who has to have one; it says
//! how each works, so it comes where there is one only, too.

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use twolatch_core::factor::Kind as Factor;
use twolatch_core::login::web::{Current, Fault};
use twolatch_core::step::Step;
use twolatch_core::store::StoreError;
use twolatch_core::time::Timestamp;

use super::super::said::Said;
use super::super::{Answer, show as show_page};
use super::{email as mailed, go_on, reach, start_again};
use crate::pages::onward::Onward;
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::failure::Kind;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::path::Links;

pub mod app;
pub mod email;

/// The page.
#[derive(Debug, Template)]
#[template(path = "login_setup.html")]
pub struct ChoicePage {
    frame: Frame,
    onward: Option<Onward>,
    said: Said,
    app: bool,
    /// Where codes would be mailed to, as far as that is shown.
    email: Option<String>,
    later: Option<Later>,
}

/// How set-up can be put off.
#[derive(Debug, Clone, Copy)]
pub(super) struct Later {
    /// So often more.
    pub(super) times: Option<u32>,
    /// Until then.
    pub(super) until: Option<Timestamp>,
}

impl Later {
    /// Where policy lets it be put off.
    pub(super) async fn of(app: &App, current: &Current, now: Timestamp) -> Result<Option<Self>, StoreError> {
        if !current.may_put_off() {
            return Ok(None);
        }
        let user = &current.person.user;
        let terms = app.logins.policy(now).await?.terms(user, current.attempt.place());
        let left = terms.skips.and_then(|most| u32::try_from(i64::from(most) - user.skipped).ok());
        Ok(Some(Self { times: left.filter(|left| *left > 0), until: terms.skip_until }))
    }

    /// An example, for tests.
    pub(super) const fn sample() -> Self {
        Self { times: Some(1), until: Some(Timestamp::from_unix(1_772_611_200)) }
    }
}

impl ChoicePage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |email: Option<&str>, later: Option<Later>| Self {
            frame: frame.clone(),
            onward: Some(Onward::sample()),
            said: Said::default(),
            app: true,
            email: email.map(str::to_owned),
            later,
        };
        let sample = Later::sample();
        vec![
            page(Some("a…@example.org"), None),
            page(Some("a…@example.org"), Some(sample)),
            page(None, Some(Later { times: Some(3), until: None })),
            page(None, Some(Later { times: None, ..sample })),
        ]
    }
}

/// Shows what can be set up.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let current = reach(&app, &browser, |current| matches!(current.step, Step::Enrol { .. })).await?;
    let onward = Onward::of_attempt(&app, &current.attempt).await?;
    let later = Later::of(&app, &current, browser.now).await?;
    let user = &current.person.user;
    let email = current.lets_set_up(Factor::EmailCode).then(|| mailed::shown(user.email.as_ref()));
    let has_app = current.lets_set_up(Factor::Totp);
    let said = Said::from(browser.notice(&app));
    let of_page = onward.clone();
    let page = |frame| ChoicePage { frame, onward: of_page, said, app: has_app, email, later };
    Ok(show_page(&app, &browser, onward.as_ref(), page)?)
}

/// Goes to the page of what was chosen.
pub(crate) async fn submit(State(app): State<App>, form: Form) -> Answer {
    let (browser, [method]) = form.only(["method"])?;
    let links = Links::of(&app.config);
    let left = match method.expose() {
        "app" => {
            let mut current = reach(&app, &browser, |current| current.lets_set_up(Factor::Totp)).await?;
            match app.logins.begin_pending(&mut current, browser.now).await {
                // Another request was faster, and has made it.
                Ok(_) | Err(Fault::Over) => browser.go(&links.login_setup_app()),
                Err(fault) => return Err(fault.into()),
            }
        }
        "email" => {
            let current = reach(&app, &browser, |current| current.lets_set_up(Factor::EmailCode)).await?;
            match app.logins.set_up_email_codes(current, &browser.source, browser.now).await {
                Ok(()) => go_on(&app, &browser).await?,
                Err(Fault::Over) => start_again(&app, &browser),
                Err(fault) => return Err(fault.into()),
            }
        }
        _ => return Err(Kind::BadForm.because("no such method").into()),
    };
    Ok(left.into_response())
}

/// Puts it off.
pub(crate) async fn put_off(State(app): State<App>, form: Form) -> Answer {
    let (browser, []) = form.only([])?;
    let current = reach(&app, &browser, Current::may_put_off).await?;
    let left = match app.logins.put_off(current, &browser.source, browser.now).await {
        Ok(()) => go_on(&app, &browser).await?,
        Err(Fault::Over) => start_again(&app, &browser),
        Err(fault) => return Err(fault.into()),
    };
    Ok(left.into_response())
}
