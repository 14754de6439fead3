//! `/login/recovery`: recovery codes or key, shown until somebody says that they are kept, and never again.

use axum::extract::State;
use axum::response::IntoResponse;
use twolatch_core::login::web::{Current, Fault};
use twolatch_core::step::Step;

use super::super::recovery_codes::{Forms, Kept, RecoveryCodesPage, SAVED};
use super::super::said::Said;
use super::super::{Answer, Detour, show as show_page};
use super::{go_on, reach, start_again};
use crate::pages::onward::Onward;
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::notice::Notice;
use crate::web::path::Links;

fn is_due(current: &Current) -> bool {
    current.step == Step::KeepRecovery
}

/// Shows them.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let mut current = reach(&app, &browser, is_due).await?;
    let onward = Onward::of_attempt(&app, &current.attempt).await?;
    let kept = kept(&app, &browser, &mut current).await?;
    let links = Links::of(&app.config);
    let forms = Forms { confirm: links.login_recovery(), file: links.login_recovery_file(), draft: None };
    let said = Said::from(browser.notice(&app));
    let page = |frame| RecoveryCodesPage { frame, kept, forms, said };
    Ok(show_page(&app, &browser, onward.as_ref(), page)?)
}

/// The same as a file.
pub(crate) async fn file(State(app): State<App>, form: Form) -> Answer {
    let (browser, []) = form.only([])?;
    let mut current = reach(&app, &browser, is_due).await?;
    let of_app = Onward::of_attempt(&app, &current.attempt).await?.and_then(|onward| onward.language);
    let kept = kept(&app, &browser, &mut current).await?;
    let name = current.person.user.name.as_str();
    Ok(kept.file(&app.config.organisation, name, browser.wish.language(of_app)))
}

/// Takes the word for it that they are kept.
pub(crate) async fn submit(State(app): State<App>, mut form: Form) -> Answer {
    let saved = form.optional(SAVED).is_some();
    let (browser, []) = form.only([])?;
    let current = reach(&app, &browser, is_due).await?;
    let again = browser.go(&Links::of(&app.config).login_recovery());
    if !saved {
        return Ok(again.saying(&app, &browser, &Notice::NotKept).into_response());
    }
    let left = match app.logins.keep_set(current, &browser.source, browser.now).await {
        Ok(()) => go_on(&app, &browser).await?,
        Err(Fault::Over) => start_again(&app, &browser),
        Err(fault) => return Err(fault.into()),
    };
    Ok(left.into_response())
}

async fn kept(app: &App, browser: &Browser, current: &mut Current) -> Result<Kept, Detour> {
    match app.logins.new_set(current, browser.now).await {
        Ok(set) => Ok(Kept::of(&set)),
        Err(Fault::Over) => Err(start_again(app, browser).into()),
        Err(fault) => Err(fault.into()),
    }
}
