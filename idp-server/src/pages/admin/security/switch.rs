//! `/admin/settings/switch`: turning the one switch for the whole organisation. The page says what will follow and for how
//! many; the password is asked for once more.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::IntoResponse;
use openidconnect::url::form_urlencoded;
use twolatch_core::factor::Kind as Method;
use twolatch_core::login::switch::{NotSwitched, Own};
use twolatch_core::login::web::Fault;
use twolatch_core::policy::{Level, Rules};
use twolatch_core::reason::Reason;

use super::foreseen::Line;
use super::outcome;
use crate::pages::account::{authenticator, email};
use crate::pages::admin::users::method;
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
    /// With what the person could set up the second factor that has to be there first; nothing where it is there.
    ways: Option<Vec<Method>>,
    lines: Vec<Line>,
    said: Said,
}

impl SwitchPage {
    /// Whether a second factor has to be there first, and none can be set up.
    fn is_stuck(&self) -> bool {
        self.ways.as_ref().is_some_and(Vec::is_empty)
    }

    fn method(&self, kind: Method) -> Text {
        self.frame.say(&method(kind))
    }

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
        let page = |to, ways: Option<&[Method]>, said: Option<RulesNotice>| Self {
            frame: frame.clone(),
            console: Console::sample(Here::Security),
            name: "alice".to_owned(),
            to,
            lowers: to == Level::Off,
            version: 3,
            ways: ways.map(<[_]>::to_vec),
            lines: Line::samples(),
            said: said.map(Said::from).unwrap_or_default(),
        };
        vec![
            page(Level::Required, None, None),
            page(Level::Required, Some(&Method::METHODS), None),
            page(Level::Required, Some(&[]), None),
            page(Level::Off, None, Some(RulesNotice::WrongPassword)),
            Self { lines: Vec::new(), ..page(Level::Optional, None, None) },
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
    let comes_first = to == Level::Required && !app.logins.has_own_factor(&entered.session, browser.now).await?;
    let ways = if comes_first { Some(app.logins.ways_to_set_up(&entered.session, browser.now).await?) } else { None };
    let said = Said::from(browser.notice(&app));
    let page = |frame: Frame| SwitchPage {
        frame: frame.keeping("to", to.as_str()),
        console: entered.console.at(Here::Security),
        name: entered.session.user.name.to_string(),
        to,
        lowers: to < policy.rules.organisation,
        version: policy.version,
        ways,
        lines,
        said,
    };
    Ok(show_page(&app, &browser, None, page)?)
}

/// Turns it, or begins to set up what has to be there first.
pub(crate) async fn submit(State(app): State<App>, mut form: Form) -> Answer {
    let method = form.optional("method");
    let entered = changing(&app, &form.browser, ADMIN_SECURITY).await?;
    let (browser, [to, version, password]) = form.only(["to", "version", "current-password"])?;
    let bad = |what: &str| Detour::from(Kind::BadForm.because(format!("no {what}")));
    let to: Level = to.expose().parse().map_err(|_| bad("level"))?;
    let version: i64 = version.expose().parse().map_err(|_| bad("version"))?;
    let links = Links::of(&app.config);
    let again = |notice: RulesNotice| {
        browser.go(&links.admin_switch_to(to.as_str())).saying(&app, &browser, &notice.into()).into_response()
    };
    let (session, actor) = (&entered.session, entered.actor(&browser));
    let result = match method {
        Some(method) => {
            let offered = app.logins.ways_to_set_up(session, browser.now).await?;
            let kind =
                offered.into_iter().find(|kind| kind.as_str() == method.expose()).ok_or_else(|| bad("method"))?;
            app.logins.switch_with(session, password, kind, version, &actor).await.map(Some)
        }
        None => app.logins.switch(session, password, to, version, &actor).await.map(|()| None),
    };
    let notice = match result {
        Ok(Some(Own::App(added))) => return authenticator::shown(&app, &browser, session, added),
        Ok(Some(Own::Mail(sent))) => return email::shown(&app, &browser, session, sent).await,
        Ok(None) => RulesNotice::Switched,
        Err(NotSwitched::OwnFirst) => return Err(browser.go(&links.admin_switch_to(to.as_str())).into()),
        // As where three codes were mailed in a row.
        Err(NotSwitched::Password(Reason::Wait) | NotSwitched::Fault(Fault::Refused(_))) => {
            return Ok(again(RulesNotice::Wait));
        }
        Err(NotSwitched::Password(_)) => return Ok(again(RulesNotice::WrongPassword)),
        Err(NotSwitched::Rules(error)) => outcome(Err(error), RulesNotice::Switched)?,
        Err(NotSwitched::Fault(Fault::Unconfirmed)) => return Err(browser.go(&links.admin_security()).into()),
        Err(NotSwitched::Fault(fault)) => return Err(fault.into()),
    };
    Ok(browser.go(&links.admin_security()).saying(&app, &browser, &notice.into()).into_response())
}
