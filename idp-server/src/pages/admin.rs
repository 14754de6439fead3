//! The console, below `/admin`: who may come in, who may change something there, and what all of its pages share. What an
//! administrator may is checked once more where a change is made.

use twolatch_core::login::manage::Actor;
use twolatch_core::store::Session;
use twolatch_core::user::Role;

use super::Detour;
use super::account::confirm::Target;
use super::account::{ask_again, signed_in};
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::failure::Kind;
use crate::web::path::{ConsolePage, console};

pub mod act;
pub mod add;
pub mod audit;
pub mod bulk;
pub mod client;
pub mod clients;
pub mod configuration;
pub mod import;
pub mod overview;
pub mod person;
pub mod requests;
pub mod security;
pub mod tokens;
pub mod users;
pub mod why;
pub mod words;

/// Waiting requests are counted up to this.
const MOST_WAITING: i64 = 99;

/// Somebody who is in the console.
#[derive(Debug)]
pub(crate) struct Entered {
    /// Their session.
    pub session: Session,
    /// What the page shows of the console.
    pub console: Console,
}

impl Entered {
    /// As who they make a change.
    pub(crate) fn actor(&self, browser: &Browser) -> Actor {
        Actor::in_session(&self.session, &browser.source, browser.now)
    }
}

/// What all pages of the console share.
#[derive(Debug, Clone)]
pub struct Console {
    /// Which of them this is.
    pub here: Here,
    /// How many recovery requests wait.
    pub waiting: u32,
    /// Whether the person may change anything.
    pub may_change: bool,
}

/// A part of the console, as its navigation lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Here {
    /// How things stand.
    Overview,
    /// Who there is.
    Users,
    /// Who asks for help.
    Requests,
    /// What people sign in to.
    Applications,
    /// What has happened.
    Audit,
    /// What is asked of whom.
    Security,
    /// What is asked of somebody, and why.
    Why,
    /// What programs act with.
    Tokens,
    /// How the server is set up.
    Configuration,
}

impl Console {
    /// The same, on another page.
    #[must_use]
    pub fn at(self, here: Here) -> Self {
        Self { here, ..self }
    }

    /// Whether this page is about people.
    #[must_use]
    pub const fn is_people(&self) -> bool {
        matches!(self.here, Here::Users | Here::Requests)
    }

    /// Whether this page is one of the settings.
    #[must_use]
    pub const fn is_settings(&self) -> bool {
        matches!(self.here, Here::Security | Here::Why | Here::Tokens | Here::Configuration)
    }

    /// An example, for tests.
    #[must_use]
    pub const fn sample(here: Here) -> Self {
        Self { here, waiting: 2, may_change: true }
    }

    /// The same for somebody who may look only.
    #[must_use]
    pub const fn looking(self) -> Self {
        Self { may_change: false, ..self }
    }
}

/// Lets in who may look: administrators and supervisors. Nobody else learns that there is anything. Where the console was
/// left alone for too long, a second factor is asked for, to come back to `back`.
pub(crate) async fn entered(app: &App, browser: &Browser, back: &str) -> Result<Entered, Detour> {
    let session = somebody(app, browser).await?;
    if !session.is_in_console(browser.now) {
        return Err(ask_again(app, browser, &target(back)));
    }
    app.store.note_console(&session, browser.now).await?;
    let waiting = app.store.count_waiting_requests(MOST_WAITING, browser.now).await?;
    let waiting = u32::try_from(waiting).unwrap_or(u32::MAX);
    let console = Console { here: Here::Overview, waiting, may_change: session.user.role == Role::Admin };
    Ok(Entered { session, console })
}

/// Lets on who is about to change something: administrators who have shown a second factor just now. Where they have not
/// it is asked for, to come back to `back`.
pub(crate) async fn changing(app: &App, browser: &Browser, back: &str) -> Result<Entered, Detour> {
    let session = somebody(app, browser).await?;
    if session.user.role != Role::Admin {
        return Err(Kind::LookOnly.because(format!("{} is no administrator", session.user.name)).into());
    }
    if !session.is_confirmed(browser.now) {
        return Err(ask_again(app, browser, &target(back)));
    }
    entered(app, browser, back).await
}

async fn somebody(app: &App, browser: &Browser) -> Result<Session, Detour> {
    let session = signed_in(app, browser).await?;
    match session.user.role {
        Role::Admin | Role::Supervisor => Ok(session),
        Role::Member => Err(Kind::NoPage.because(format!("{} is not of the console", session.user.name)).into()),
    }
}

fn target(back: &str) -> Target {
    let page = ConsolePage::parse(back).or_else(|| ConsolePage::parse(console::ADMIN));
    page.map_or(Target::Security, Target::Console)
}
