//! `/account/recovery`: new recovery codes and key. They travel sealed in the form until they are confirmed to be kept.

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use twolatch_core::login::recover::NewSet;
use twolatch_core::login::web::Fault;

use super::super::recovery_codes::{Forms, Kept, RecoveryCodesPage, SAVED};
use super::super::said::Said;
use super::super::{Answer, show as show_page};
use super::confirm::Target;
use super::{confirmed, failed, renewed, signed_in};
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::{Account, Notice};
use crate::web::path::Links;

/// The page that says what they are for.
#[derive(Debug, Template)]
#[template(path = "account_recovery.html")]
pub struct RecoveryPage {
    frame: Frame,
    has_old: bool,
    said: Said,
}

impl RecoveryPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |has_old| Self { frame: frame.clone(), has_old, said: Said::default() };
        vec![page(false), page(true)]
    }
}

/// Says what they are for.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let session = confirmed(&app, &browser, Target::Recovery).await?;
    let has_old = session.user.recovery.is_some();
    let said = Said::from(browser.notice(&app));
    Ok(show_page(&app, &browser, None, |frame| RecoveryPage { frame, has_old, said })?)
}

/// Makes them, or takes the word that they are kept.
pub(crate) async fn submit(State(app): State<App>, mut form: Form) -> Answer {
    let (draft, saved) = (form.optional("draft"), form.optional(SAVED).is_some());
    let (browser, []) = form.only([])?;
    let links = Links::of(&app.config);
    let Some(draft) = draft else {
        let session = confirmed(&app, &browser, Target::Recovery).await?;
        return match app.logins.begin_recovery(&session, browser.now).await {
            Ok((set, draft)) => page(&app, &browser, &set, draft, Said::default()),
            // There is no second factor that they could stand in for.
            Err(Fault::Refused(_)) => Ok(browser.go(&links.account_security()).into_response()),
            Err(fault) => Err(failed(&app, &browser, &Target::Recovery, fault)),
        };
    };
    let session = signed_in(&app, &browser).await?;
    let set = match app.logins.recovery_in(&session, draft.expose(), browser.now) {
        Ok(set) => set,
        Err(Fault::Over) => return Ok(too_late(&app, &browser)),
        Err(fault) => return Err(fault.into()),
    };
    if !saved {
        return page(&app, &browser, &set, draft.expose().to_owned(), Notice::NotKept.into());
    }
    match app.logins.keep_recovery(&session, draft.expose(), &browser.source, browser.now).await {
        Ok(token) => {
            tracing::info!(user = %session.user.name, source = %browser.source, "recovery codes made");
            Ok(renewed(&app, &browser, &links.account_done(), &token, None)?.into_response())
        }
        Err(fault) => Err(fault.into()),
    }
}

/// The same as a file.
pub(crate) async fn file(State(app): State<App>, form: Form) -> Answer {
    let (browser, [draft]) = form.only(["draft"])?;
    let session = signed_in(&app, &browser).await?;
    let Ok(set) = app.logins.recovery_in(&session, draft.expose(), browser.now) else {
        return Ok(too_late(&app, &browser));
    };
    let name = session.user.name.as_str();
    Ok(Kept::of(&set).file(&app.config.organisation, name, browser.wish.language(None)))
}

fn too_late(app: &App, browser: &Browser) -> axum::response::Response {
    let left = browser.go(&Links::of(&app.config).account_recovery());
    left.saying(app, browser, &Account::TooLate.into()).into_response()
}

fn page(app: &App, browser: &Browser, set: &NewSet, draft: String, said: Said) -> Answer {
    let links = Links::of(&app.config);
    let forms = Forms { confirm: links.account_recovery(), file: links.account_recovery_file(), draft: Some(draft) };
    let kept = Kept::of(set);
    Ok(show_page(app, browser, None, |frame| RecoveryCodesPage { frame, kept, forms, said })?)
}
