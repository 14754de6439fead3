//! `/account/recovery`: new recovery codes and key. They travel sealed in the form until they are confirmed to be kept.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use twolatch_core::login::recover::NewSet;
use twolatch_core::login::web::Fault;

use super::super::recovery_codes::RecoveryCodes;
use super::super::said::Said;
use super::super::{Answer, show as show_page};
use super::confirm::Target;
use super::{confirmed, failed, renewed, signed_in};
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::failure::Kind;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::{Account, Notice};
use crate::web::path::Links;

/// The page.
#[derive(Debug, Template)]
#[template(path = "account_recovery.html")]
pub struct RecoveryPage {
    frame: Frame,
    has_old: bool,
    set: Option<RecoveryCodes>,
    said: Said,
}

impl RecoveryPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |has_old, has_set: bool, said: Option<Notice>| Self {
            frame: frame.clone(),
            has_old,
            set: has_set
                .then(|| RecoveryCodes::sample("/account/recovery", "/account/recovery/file", Some("k.sealed"))),
            said: said.into(),
        };
        let not_kept = Some(Account::NotKept.into());
        vec![page(false, false, None), page(true, false, None), page(true, true, None), page(true, true, not_kept)]
    }
}

/// Says what they are for.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let session = confirmed(&app, &browser, Target::Recovery).await?;
    let has_old = session.user.recovery.is_some();
    let said = Said::from(browser.notice(&app));
    Ok(show_page(&app, &browser, None, |frame| RecoveryPage { frame, has_old, set: None, said })?)
}

/// Makes them, or takes the word that they are kept.
pub(crate) async fn submit(State(app): State<App>, mut form: Form) -> Answer {
    let (draft, kept) = (form.optional("draft"), form.optional("kept"));
    let (browser, []) = form.only([])?;
    let links = Links::of(&app.config);
    let Some(draft) = draft else {
        let session = confirmed(&app, &browser, Target::Recovery).await?;
        return match app.logins.begin_recovery(&session, browser.now).await {
            Ok((set, draft)) => page(&app, &browser, &set, draft, Said::default()),
            // There is no second factor that they could stand in for.
            Err(Fault::Refused(_)) => Ok(browser.go(&links.account_security()).into_response()),
            Err(fault) => Err(failed(&app, &browser, Target::Recovery, fault)),
        };
    };
    let session = signed_in(&app, &browser).await?;
    let set = match app.logins.recovery_in(&session, draft.expose(), browser.now) {
        Ok(set) => set,
        Err(Fault::Over) => return Ok(too_late(&app, &browser)),
        Err(fault) => return Err(fault.into()),
    };
    if kept.is_none_or(|kept| kept.expose() != "yes") {
        let said = Notice::from(Account::NotKept).into();
        return page(&app, &browser, &set, draft.expose().to_owned(), said);
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
    let frame = Frame::of(&app.config, &browser.wish, None, String::new());
    let codes = RecoveryCodes::of(&set, String::new(), String::new(), None);
    let text = codes.text(&app.config.organisation, session.user.name.as_str(), frame.language);
    // Nobody's name is in the name of the file.
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"recovery-codes.txt\"")),
    ];
    Ok((headers, text.expose().to_owned()).into_response())
}

fn too_late(app: &App, browser: &Browser) -> axum::response::Response {
    let left = browser.go(&Links::of(&app.config).account_recovery());
    left.saying(app, browser, &Account::TooLate.into()).into_response()
}

fn page(app: &App, browser: &Browser, set: &NewSet, draft: String, said: Said) -> Answer {
    let links = Links::of(&app.config);
    let set = RecoveryCodes::of(set, links.account_recovery(), links.account_recovery_file(), Some(draft));
    if set.codes.is_empty() && set.key.is_none() {
        return Err(Kind::Internal.because("a recovery set with nothing in it").into());
    }
    Ok(show_page(app, browser, None, |frame| RecoveryPage { frame, has_old: false, set: Some(set), said })?)
}
