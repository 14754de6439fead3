//! `/admin/settings/version/{version}`: going back to earlier rules, after what that would do has been told.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use twolatch_core::time::Timestamp;

use super::foreseen::Line;
use super::outcome;
use crate::pages::admin::{Console, Here, changing};
use crate::pages::{Answer, Detour, show as show_page};
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::failure::Kind;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::rules::RulesNotice;
use crate::web::path::Links;
use crate::web::path::console::ADMIN_SECURITY;
use crate::web::path::rules::ADMIN_VERSION;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_version.html")]
pub struct VersionPage {
    frame: Frame,
    console: Console,
    version: i64,
    present: i64,
    at: Timestamp,
    author: String,
    /// What is other in the version in force.
    changes: Vec<String>,
    lines: Vec<Line>,
    /// The switch for the whole organisation was another then; it stays as it is.
    keeps_switch: bool,
}

impl VersionPage {
    /// An example, for tests.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        Self {
            frame: frame.clone(),
            console: Console::sample(Here::Security),
            version: 2,
            present: 3,
            at: Timestamp::from_unix(1_772_611_200),
            author: "root (command line)".to_owned(),
            changes: vec!["skips: 0, before 1".to_owned()],
            lines: Line::samples(),
            keeps_switch: true,
        }
    }
}

/// Says what going back would do.
pub(crate) async fn show(State(app): State<App>, browser: Browser, Path(version): Path<String>) -> Answer {
    let number = number(&version)?;
    let back = ADMIN_VERSION.replace("{version}", &number.to_string());
    let console = changing(&app, &browser, &back).await?.console.at(Here::Security);
    let earlier = app.store.policy_version(number).await?;
    let earlier = earlier.ok_or_else(|| Detour::from(Kind::NoPage.because(format!("no version {number}"))))?;
    let policy = app.logins.policy(browser.now).await?;
    let keeps_switch = earlier.rules.organisation != policy.rules.organisation;
    let rules = policy.rules.without_switch(earlier.rules);
    let lines = Line::all(&app.logins.preview(&rules, browser.now).await?);
    let page = |frame| VersionPage {
        frame,
        console,
        version: number,
        present: policy.version,
        at: earlier.at,
        author: earlier.author,
        changes: crate::rules::difference(&policy.rules, &rules),
        lines,
        keeps_switch,
    };
    Ok(show_page(&app, &browser, None, page)?)
}

/// Goes back.
pub(crate) async fn submit(State(app): State<App>, Path(version): Path<String>, form: Form) -> Answer {
    let entered = changing(&app, &form.browser, ADMIN_SECURITY).await?;
    let number = number(&version)?;
    let (browser, [present]) = form.only(["present"])?;
    let present = present.expose().parse().map_err(|_| Detour::from(Kind::BadForm.because("no version")))?;
    let result = app.logins.restore_rules(number, present, &entered.actor(&browser)).await;
    let notice = outcome(result, RulesNotice::Restored)?;
    let left = browser.go(&Links::of(&app.config).admin_security());
    Ok(left.saying(&app, &browser, &notice.into()).into_response())
}

fn number(text: &str) -> Result<i64, Detour> {
    text.parse().map_err(|_| Kind::NoPage.because("no number of a version").into())
}
