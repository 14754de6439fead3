//! `/admin/settings/switch`: turning the one switch for the whole organisation. The page says what will follow and for how
//! many; the password is asked for once more.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::IntoResponse;
use openidconnect::url::form_urlencoded;
use twolatch_core::login::switch::NotSwitched;
use twolatch_core::login::web::Fault;
use twolatch_core::policy::{Level, Rules};
use twolatch_core::reason::Reason;

use super::foreseen::Line;
use super::outcome;
use crate::pages::admin::{Console, Here, changing};
use crate::pages::said::Said;
use crate::pages::{Answer, Detour, show as show_page};
use crate::state::App;
use crate::text::Text;
use crate::web::browser::Browser;
use crate::web::failure::Kind;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::rules::RulesNotice;
use crate::web::path::Links;
use crate::web::path::console::{ADMIN_SECURITY, with_query};
use crate::web::path::rules::ADMIN_SWITCH;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_switch.html")]
pub struct SwitchPage {
    frame: Frame,
    console: Console,
    name: String,
    to: Level,
    lowers: bool,
    version: i64,
    /// Whether the person has a second factor; without one nothing is turned on.
    own: bool,
    lines: Vec<Line>,
    said: Said,
}

impl SwitchPage {
    fn title(&self) -> Text {
        self.frame.t(match self.to {
            Level::Required => "switch-to-required",
            Level::Optional => "switch-to-optional",
            Level::Off => "switch-to-off",
        })
    }

    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |to, own, said: Option<RulesNotice>| Self {
            frame: frame.clone(),
            console: Console::sample(Here::Security),
            name: "alice".to_owned(),
            to,
            lowers: to == Level::Off,
            version: 3,
            own,
            lines: Line::samples(),
            said: said.map(Said::from).unwrap_or_default(),
        };
        vec![
            page(Level::Required, true, None),
            page(Level::Required, false, None),
            page(Level::Off, true, Some(RulesNotice::WrongPassword)),
            Self { lines: Vec::new(), ..page(Level::Optional, true, None) },
        ]
    }
}

/// Says what will follow.
pub(crate) async fn show(State(app): State<App>, browser: Browser, RawQuery(query): RawQuery) -> Answer {
    let entered = changing(&app, &browser, &with_query(ADMIN_SWITCH, query.as_deref())).await?;
    let query = query.unwrap_or_default();
    let to = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "to").map(|(_, word)| word.into_owned());
    let to: Option<Level> = to.and_then(|word| word.parse().ok());
    let policy = app.logins.policy(browser.now).await?;
    let to = to.filter(|to| !policy.locked && *to != policy.rules.organisation);
    let Some(to) = to else { return Err(browser.go(&Links::of(&app.config).admin_security()).into()) };
    let rules = Rules { organisation: to, ..policy.rules.clone() };
    let lines = Line::all(&app.logins.preview(&rules, browser.now).await?);
    let own = to != Level::Required || app.logins.has_own_factor(&entered.session, browser.now).await?;
    let said = Said::from(browser.notice(&app));
    let page = |frame: Frame| SwitchPage {
        frame: frame.keeping("to", to.as_str()),
        console: entered.console.at(Here::Security),
        name: entered.session.user.name.to_string(),
        to,
        lowers: to < policy.rules.organisation,
        version: policy.version,
        own,
        lines,
        said,
    };
    Ok(show_page(&app, &browser, None, page)?)
}

/// Turns it.
pub(crate) async fn submit(State(app): State<App>, form: Form) -> Answer {
    let entered = changing(&app, &form.browser, ADMIN_SECURITY).await?;
    let (browser, [to, version, password]) = form.only(["to", "version", "current-password"])?;
    let bad = |what: &str| Detour::from(Kind::BadForm.because(format!("no {what}")));
    let to: Level = to.expose().parse().map_err(|_| bad("level"))?;
    let version: i64 = version.expose().parse().map_err(|_| bad("version"))?;
    let links = Links::of(&app.config);
    let again = |notice: RulesNotice| {
        browser.go(&links.admin_switch_to(to.as_str())).saying(&app, &browser, &notice.into()).into_response()
    };
    let result = app.logins.switch(&entered.session, password, to, version, &entered.actor(&browser)).await;
    let notice = match result {
        Ok(()) => RulesNotice::Switched,
        Err(NotSwitched::OwnFirst) => return Err(browser.go(&links.admin_switch_to(to.as_str())).into()),
        Err(NotSwitched::Password(Reason::Wait)) => return Ok(again(RulesNotice::Wait)),
        Err(NotSwitched::Password(_)) => return Ok(again(RulesNotice::WrongPassword)),
        Err(NotSwitched::Rules(error)) => outcome(Err(error), RulesNotice::Switched)?,
        Err(NotSwitched::Fault(Fault::Unconfirmed)) => return Err(browser.go(&links.admin_security()).into()),
        Err(NotSwitched::Fault(fault)) => return Err(fault.into()),
    };
    Ok(browser.go(&links.admin_security()).saying(&app, &browser, &notice.into()).into_response())
}
