//! `/login`: user name and password. What is missing after that has pages of its own; all of them find the sign-in by
//! a cookie, so one browser cannot go on with another's.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::IntoResponse;
use twolatch_core::crypto::random_text;
use twolatch_core::factor::Kind as Factor;
use twolatch_core::login::devices::Recognised;
use twolatch_core::login::web::{Current, Fault, Goal};
use twolatch_core::step::Step;

use super::said::Said;
use super::{Answer, Detour, show as show_page};
use crate::config::login::AfterSetup;
use crate::pages::onward::{self, Onward};
use crate::state::App;
use crate::web::browser::{Browser, Leaving};
use crate::web::cookie::Cookie;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::Notice;
use crate::web::path::Links;
use crate::web::session;

pub mod asked;
pub mod code;
pub mod email;
pub mod method;
pub mod need_recovery;
pub mod password;
pub mod recover;
pub mod recovery;
pub mod setup;

/// A longer name is nobody's; it is cut before it gets into a record.
const MAX_NAME: usize = 254;

/// The page.
#[derive(Debug, Template)]
#[template(path = "login.html")]
pub struct LoginPage {
    frame: Frame,
    onward: Option<Onward>,
    name: String,
    said: Said,
    /// An administrator can be asked for help.
    may_ask: bool,
}

impl LoginPage {
    fn of(frame: Frame, onward: Option<Onward>, name: String, said: Said, may_ask: bool) -> Self {
        let frame = match &onward {
            Some(onward) => frame.keeping("continue", &onward.sealed),
            None => frame,
        };
        Self { frame, onward, name, said, may_ask }
    }

    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |onward: Option<Onward>, name: &str, said: Option<Notice>| {
            let may_ask = said == Some(Notice::SetupClosed);
            Self::of(frame.clone(), onward, name.to_owned(), said.into(), may_ask)
        };
        vec![
            page(None, "", None),
            page(None, "<b>alice", Some(Notice::NotRight(String::new()))),
            page(Some(Onward::sample()), "", None),
            page(None, "", Some(Notice::SignedOut)),
            page(None, "", Some(Notice::SetUp)),
            page(None, "", Some(Notice::SetupClosed)),
        ]
    }
}

/// Shows the form; whoever is signed in already and is not sent by a web app has nothing to do here.
pub(crate) async fn show(State(app): State<App>, browser: Browser, RawQuery(query): RawQuery) -> Answer {
    let onward = Onward::of_query(&app, query.as_deref().unwrap_or_default()).await?;
    if let (None, Some(token)) = (&onward, &browser.session)
        && session::of_token(&app, token, browser.address).await?.is_some()
    {
        return Err(browser.go(&Links::of(&app.config).account()).into());
    }
    let notice = browser.notice(&app);
    let name = match &notice {
        Some(Notice::NotRight(name)) => name.clone(),
        _ => onward.as_ref().and_then(|onward| onward.hint.clone()).unwrap_or_default(),
    };
    let may_ask = notice == Some(Notice::SetupClosed);
    let said = Said::from(notice);
    let page = |frame| LoginPage::of(frame, onward.clone(), name, said, may_ask);
    Ok(show_page(&app, &browser, onward.as_ref(), page)?)
}

/// Takes name and password.
pub(crate) async fn submit(State(app): State<App>, mut form: Form) -> Answer {
    let sealed = form.optional("continue");
    let (browser, [name, password]) = form.only(["username", "password"])?;
    let onward = match &sealed {
        Some(sealed) => Onward::open(&app, sealed.expose()).await?,
        None => None,
    };
    let goal = onward.map_or_else(Goal::default, Goal::from);
    let continue_to = goal.continue_to.clone();
    let name: String = name.expose().chars().take(MAX_NAME).collect();
    match app.logins.enter(&name, password, &browser.source, goal, browser.now).await {
        Ok(token) => {
            let known = recognised(&app, &browser, &token).await?;
            let left = advance(&app, &browser, &token, None).await?;
            Ok(match known {
                Recognised::Yes { cookie, left: seconds } => left.with_for(Cookie::Device, &cookie, seconds),
                Recognised::No => left.without(Cookie::Device),
                Recognised::NotHere => left,
            }
            .into_response())
        }
        Err(Fault::Refused(reason)) => {
            // Not the name: it may be a password in the wrong field.
            tracing::info!(source = %browser.source, %reason, "sign-in refused");
            let links = Links::of(&app.config);
            let back = continue_to.map_or_else(|| links.login(), |sealed| links.login_continuing(&sealed));
            Ok(browser.go(&back).saying(&app, &browser, &Notice::NotRight(name)).into_response())
        }
        Err(fault) => Err(fault.into()),
    }
}

/// Whether a browser is remembered.
async fn recognised(app: &App, browser: &Browser, token: &str) -> Result<Recognised, Detour> {
    let Some(cookie) = &browser.device else { return Ok(Recognised::NotHere) };
    let known = match app.logins.current_at(token, browser.address, browser.now).await {
        Ok(current) => app.logins.recognise(&current, cookie, &browser.source, browser.now).await,
        Err(fault) => Err(fault),
    };
    match known {
        Ok(known) => Ok(known),
        // Another request was faster: the browser has a newer cookie from that, which must stay.
        Err(Fault::Over) => Ok(Recognised::NotHere),
        Err(fault) => Err(fault.into()),
    }
}

/// Goes on after something was shown that was asked for.
async fn go_on(app: &App, browser: &Browser) -> Result<Leaving, Detour> {
    advance(app, browser, browser.attempt.as_deref().unwrap_or_default(), None).await
}

/// Goes on after a right code. Where that was wished, the browser is remembered from now on.
async fn proven(app: &App, browser: &Browser, remember: bool, notice: Option<Notice>) -> Result<Leaving, Detour> {
    let token = browser.attempt.as_deref().unwrap_or_default();
    let device = if remember {
        match app.logins.current_at(token, browser.address, browser.now).await {
            Ok(current) => app.logins.remember(&current, &browser.name, &browser.source, browser.now).await?,
            Err(Fault::Over) => None,
            Err(fault) => return Err(fault.into()),
        }
    } else {
        None
    };
    let left = advance(app, browser, token, notice).await?;
    Ok(match device {
        Some((cookie, seconds)) => left.with_for(Cookie::Device, &cookie, seconds),
        None => left,
    })
}

/// The sign-in that a browser has under way, if it waits for this; else the page that it does wait for.
async fn reach(app: &App, browser: &Browser, wanted: impl Fn(&Current) -> bool) -> Result<Current, Detour> {
    let links = Links::of(&app.config);
    let Some(token) = &browser.attempt else { return Err(browser.go(&links.login()).into()) };
    match app.logins.current_at(token, browser.address, browser.now).await {
        Ok(current) if wanted(&current) => Ok(current),
        Ok(current) => Err(browser.go(&page_for(&links, &current.step)).into()),
        Err(Fault::Over) => Err(start_again(app, browser).into()),
        Err(fault) => Err(fault.into()),
    }
}

/// The page that a step is answered on.
fn page_for(links: &Links, step: &Step) -> String {
    match step {
        Step::SecondFactor { methods, .. } => match methods.first() {
            Some(Factor::EmailCode) => links.login_email(),
            _ => links.login_code(),
        },
        Step::ProveMailbox { .. } => links.login_setup_email(),
        Step::Enrol { .. } => links.login_setup(),
        Step::ChangePassword => links.login_password(),
        Step::KeepRecovery => links.login_recovery(),
        Step::Password | Step::Granted(_) | Step::Refused(_) => links.login(),
    }
}

fn start_again(app: &App, browser: &Browser) -> Leaving {
    let left = browser.go(&Links::of(&app.config).login()).without(Cookie::Attempt);
    left.saying(app, browser, &Notice::Over)
}

/// Sends the browser to what comes next; where nothing is missing, with a session.
pub(super) async fn advance(
    app: &App,
    browser: &Browser,
    token: &str,
    notice: Option<Notice>,
) -> Result<Leaving, Detour> {
    let links = Links::of(&app.config);
    let mut notice = notice;
    let mut current = match goes_on(app, browser, token).await {
        Ok(current) => current,
        Err(Fault::Over) => return Ok(start_again(app, browser)),
        Err(fault) => return Err(fault.into()),
    };
    match &current.step {
        Step::Granted(_) => return finish(app, browser, current, notice).await,
        Step::Refused(reason) => {
            tracing::info!(user = %current.person.user.name, source = %browser.source, %reason, "sign-in refused");
            // With the sign-in, for asking an administrator.
            let left = browser.go(&links.login()).with(Cookie::Attempt, token);
            return Ok(left.saying(app, browser, &Notice::SetupClosed));
        }
        // Made here and not where it is shown: looking at a page changes nothing.
        Step::SecondFactor { methods, .. } if methods.first() == Some(&Factor::EmailCode) => {
            notice = email::mail(app, browser, &mut current).await?.or(notice);
        }
        Step::KeepRecovery => drop(app.logins.new_set(&mut current, browser.now).await?),
        Step::Password
        | Step::SecondFactor { .. }
        | Step::ProveMailbox { .. }
        | Step::Enrol { .. }
        | Step::ChangePassword => {}
    }
    let left = browser.go(&page_for(&links, &current.step)).with(Cookie::Attempt, token);
    Ok(match notice {
        Some(notice) => left.saying(app, browser, &notice),
        None => left,
    })
}

/// A sign-in as it goes on. Who has shown that the mail is read, and can have nothing but codes by mail, has them now.
async fn goes_on(app: &App, browser: &Browser, token: &str) -> Result<Current, Fault> {
    let current = app.logins.current_at(token, browser.address, browser.now).await?;
    match &current.step {
        Step::Enrol { methods, may_put_off: false } if methods == &[Factor::EmailCode] && current.has_mailbox() => {
            app.logins.set_up_email_codes(current, &browser.source, browser.now).await?;
            app.logins.current_at(token, browser.address, browser.now).await
        }
        _ => Ok(current),
    }
}

async fn finish(app: &App, browser: &Browser, current: Current, notice: Option<Notice>) -> Result<Leaving, Detour> {
    let user = current.person.user.name.clone();
    let of_app = Onward::of_attempt(app, &current.attempt).await?.and_then(|onward| onward.language);
    let (tag, usual) = (browser.wish.language(of_app).tag(), app.config.pages.language.tag());
    app.logins.note_language(&current.person.user, tag, usual).await;
    if app.config.after_setup == AfterSetup::SignIn && current.has_set_up() {
        return sign_in_anew(app, browser, current).await;
    }
    match app.logins.finish(current, &browser.source, browser.now).await {
        Ok((session, continue_to)) => {
            tracing::info!(%user, source = %browser.source, "signed in");
            let links = Links::of(&app.config);
            let to = continue_to.map_or_else(|| links.account(), |sealed| onward::link(app, &sealed));
            signed_in(app, browser, &to, &session, notice).await
        }
        Err(Fault::Over) => Ok(start_again(app, browser)),
        Err(fault) => Err(fault.into()),
    }
}

/// Everything is set up, and the organisation wants it used at once.
async fn sign_in_anew(app: &App, browser: &Browser, current: Current) -> Result<Leaving, Detour> {
    let links = Links::of(&app.config);
    match app.logins.end_after_setup(current).await {
        Ok(continue_to) => {
            let to = continue_to.map_or_else(|| links.login(), |sealed| links.login_continuing(&sealed));
            Ok(browser.go(&to).without(Cookie::Attempt).saying(app, browser, &Notice::SetUp))
        }
        Err(Fault::Over) => Ok(start_again(app, browser)),
        Err(fault) => Err(fault.into()),
    }
}

/// Sends a browser on with a new session. Whatever session of somebody else it had ends; one of the same person goes on in
/// the new one. No form from before is taken any more.
async fn signed_in(
    app: &App,
    browser: &Browser,
    to: &str,
    session: &str,
    notice: Option<Notice>,
) -> Result<Leaving, Detour> {
    if let Some(token) = &browser.session
        && let Some(old) = app.store.session_to_end(token, browser.now).await?
    {
        let own = app.store.session_to_end(session, browser.now).await?;
        if own.is_some_and(|own| own.user.id == old.user.id) {
            app.logins.go_on_as(old, session.to_owned()).await?;
        } else {
            app.logins.sign_out(old, browser.now).await?;
        }
    }
    let flow = random_text::<20>(app.entropy())?;
    let left = browser.go(to).with(Cookie::Session, session).with(Cookie::Flow, &flow).without(Cookie::Attempt);
    Ok(match notice {
        Some(notice) => left.saying(app, &browser.renewed(&flow), &notice),
        None => left,
    })
}
