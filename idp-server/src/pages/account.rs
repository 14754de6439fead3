//! `/account`: who am I here, and with what do I sign in. Whatever changes the latter is on pages of its own, behind a
//! fresh second factor.

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use twolatch_core::crypto::random_text;
use twolatch_core::login::authenticators::Stored;
use twolatch_core::login::web::Fault;
use twolatch_core::reason::Reason;
use twolatch_core::store::Session;
use twolatch_core::time::Timestamp;
use twolatch_core::user::{Role, User};

use self::confirm::Target;
use super::admin::words;
use super::said::Said;
use super::{Answer, Detour, show as show_page};
use crate::state::App;
use crate::web::browser::{Browser, Leaving};
use crate::web::cookie::Cookie;
use crate::web::failure::Kind;
use crate::web::frame::Frame;
use crate::web::notice::Notice;
use crate::web::notice::rules::RulesNotice;
use crate::web::path::Links;
use crate::web::session;

pub mod address;
pub mod apps;
pub mod authenticator;
pub mod confirm;
pub mod done;
pub mod email;
pub mod mailed;
pub mod manage;
pub mod password;
pub mod recovery;
pub mod security;
pub mod sessions;

/// The page.
#[derive(Debug, Template)]
#[template(path = "account.html")]
pub struct AccountPage {
    frame: Frame,
    name: String,
    email: Option<String>,
    verified: bool,
    /// Somebody else has given the address lately.
    held: bool,
    role: Role,
    since: Timestamp,
    enrolled: bool,
    said: Said,
}

impl AccountPage {
    fn of(frame: Frame, user: &User, session: &Session, said: Said, now: Timestamp) -> Self {
        Self {
            frame,
            name: user.name.to_string(),
            email: user.email.as_ref().map(ToString::to_string),
            verified: user.email_verified_at.is_some(),
            held: user.email_held(now).is_some(),
            role: user.role,
            since: session.created_at,
            enrolled: twolatch_core::factor::Kind::METHODS.into_iter().any(|kind| user.has(kind)),
            said,
        }
    }

    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |enrolled| Self {
            frame: frame.clone(),
            name: "alice".to_owned(),
            email: Some("alice@example.org".to_owned()),
            verified: true,
            held: false,
            role: Role::Member,
            since: Timestamp::from_unix(1_772_611_200),
            enrolled,
            said: Said::default(),
        };
        let admin = Self { role: Role::Admin, verified: false, ..page(true) };
        let held = Self { held: true, ..page(true) };
        vec![page(true), Self { email: None, said: Notice::PasswordChanged.into(), ..page(false) }, admin, held]
    }
}

/// Shows it.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let session = signed_in(&app, &browser).await?;
    let said = Said::from(browser.notice(&app));
    let page = |frame| AccountPage::of(frame, &session.user, &session, said, browser.now);
    Ok(show_page(&app, &browser, None, page)?)
}

/// The session of a browser; without one it is sent to sign in.
pub(super) async fn signed_in(app: &App, browser: &Browser) -> Result<Session, Detour> {
    let links = Links::of(&app.config);
    let Some(token) = &browser.session else { return Err(browser.go(&links.login()).into()) };
    match session::of_token(app, token, browser.address).await? {
        Some(session) => Ok(session),
        None => Err(browser.go(&links.login()).without(Cookie::Session).into()),
    }
}

/// The same, where a second factor was shown lately; without one it is asked for, to come back to `target`.
async fn confirmed(app: &App, browser: &Browser, target: Target) -> Result<Session, Detour> {
    let session = signed_in(app, browser).await?;
    if session.is_confirmed(browser.now) { Ok(session) } else { Err(ask_again(app, browser, &target)) }
}

/// Sends a browser to where a second factor is asked for.
pub(super) fn ask_again(app: &App, browser: &Browser, target: &Target) -> Detour {
    browser.go(&Links::of(&app.config).account_confirm_for(target.word())).into()
}

/// Sends a browser on with its session under another cookie; no form from before is taken any more.
fn renewed(app: &App, browser: &Browser, to: &str, token: &str, said: Option<Notice>) -> Result<Leaving, Detour> {
    let flow = random_text::<20>(app.entropy())?;
    let left = browser.go(to).with(Cookie::Session, token).with(Cookie::Flow, &flow);
    Ok(match said {
        Some(said) => left.saying(app, &browser.renewed(&flow), &said),
        None => left,
    })
}

/// Where somebody goes on to who has set up a second factor: who has no way back yet makes one now.
fn onward(app: &App, browser: &Browser, session: &Session, stored: &Stored, said: Option<Notice>) -> Answer {
    let links = Links::of(&app.config);
    let said = if stored.turned { Some(RulesNotice::Switched.into()) } else { said };
    let next = match stored.turned {
        _ if session.user.recovery.is_none() => links.account_recovery(),
        true => links.admin_security(),
        false => links.account_done(),
    };
    Ok(renewed(app, browser, &next, &stored.token, said)?.into_response())
}

/// What a page does about a fault that it has no words for: what is somebody else's is the same as absent.
fn failed(app: &App, browser: &Browser, target: &Target, fault: Fault) -> Detour {
    match fault {
        Fault::Unconfirmed => ask_again(app, browser, target),
        Fault::Refused(Reason::Unknown) => Kind::NoPage.because("none of the own").into(),
        other => other.into(),
    }
}
