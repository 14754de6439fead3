//! `/login/recover`: a recovery code or the recovery key in place of a second factor.

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use twolatch_core::factor::recovery::Form as Kept;
use twolatch_core::login::web::{Current, Fault};
use twolatch_core::reason::Reason;
use twolatch_core::typed;

use super::super::said::Said;
use super::super::{Answer, Detour, show as show_page};
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
#[template(path = "login_recover.html")]
pub struct RecoverPage {
    frame: Frame,
    asked: Asked,
    said: Said,
}

impl RecoverPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |said: Option<Notice>| Self { frame: frame.clone(), asked: Asked::sample(), said: said.into() };
        vec![
            page(None),
            page(Some(Notice::NoRecovery)),
            page(Some(Notice::WrongRecovery)),
            page(Some(Notice::UsedRecovery)),
        ]
    }
}

/// Asks for one.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let current = reach(&app, &browser, Current::takes_recovery).await?;
    let asked = Asked::of(&app, &browser, &current).await?;
    let (said, onward) = (Said::from(browser.notice(&app)), asked.onward.clone());
    Ok(show_page(&app, &browser, onward.as_ref(), |frame| RecoverPage { frame, asked, said })?)
}

/// Takes one. A slip of the pen is told from a wrong one here, and costs no try.
pub(crate) async fn submit(State(app): State<App>, mut form: Form) -> Answer {
    let remember = form.optional(REMEMBER).is_some();
    let (browser, [typed]) = form.only(["recovery-code"])?;
    let current = reach(&app, &browser, Current::takes_recovery).await?;
    let again = |notice: Notice| browser.go(&Links::of(&app.config).login_recover()).saying(&app, &browser, &notice);
    let Some(typed) = typed::parse(typed.expose().as_bytes()).recovery() else {
        return Ok(again(Notice::NoRecovery).into_response());
    };
    let is_key = Kept::of(&typed) == Some(Kept::Key);
    let name = current.person.user.name.clone();
    let left = match app.logins.enter_recovery(current, typed, &browser.source, browser.now).await {
        Ok(()) => {
            let notice = if is_key { None } else { left(&app, &browser).await? };
            proven(&app, &browser, remember, notice).await?
        }
        Err(Fault::Refused(reason)) => {
            tracing::info!(user = %name, source = %browser.source, %reason, "recovery code refused");
            again(match reason {
                Reason::Replay => Notice::UsedRecovery,
                Reason::Malformed => Notice::NoRecovery,
                _ => Notice::WrongRecovery,
            })
        }
        Err(Fault::Over) => start_again(&app, &browser),
        Err(fault) => return Err(fault.into()),
    };
    Ok(left.into_response())
}

/// How many are left, to be told.
async fn left(app: &App, browser: &Browser) -> Result<Option<Notice>, Detour> {
    let token = browser.attempt.as_deref().unwrap_or_default();
    match app.logins.current_at(token, browser.address, browser.now).await {
        Ok(current) => {
            let left = app.logins.recovery_codes_left(&current.person.user).await?;
            Ok(u32::try_from(left).ok().map(Notice::RecoveryLeft))
        }
        Err(Fault::Over) => Ok(None),
        Err(fault) => Err(fault.into()),
    }
}
