//! What the pages of the account share about a code that was mailed.

use twolatch_core::login::mailbox::{self, Errand};
use twolatch_core::login::mailed::OnItsWay;
use twolatch_core::login::web::Fault;
use twolatch_core::reason::Reason;
use twolatch_core::store::Session;
use twolatch_core::time::Timestamp;

use super::super::mailed::{Sent, unbroken};
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::notice::{Account, Notice};

/// A code on its way, as it is shown.
#[derive(Debug, Clone)]
pub struct Mailed {
    /// Which, sealed.
    pub draft: String,
    /// Where to, as far as it may be shown.
    pub to: String,
    /// How it stands.
    pub sent: Sent,
}

impl Mailed {
    /// One that was just sent.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn of(app: &App, session: &Session, sent: mailbox::Sent, now: Timestamp) -> Result<Self, Fault> {
        Self::on_its_way(app, session, sent.draft, sent.way, now).await
    }

    /// The one in a form, for showing it again.
    ///
    /// # Errors
    /// Where it is none of this session.
    pub async fn in_form(
        app: &App,
        session: &Session,
        errand: Errand,
        draft: &str,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let way = app.logins.way_of_mailed(session, errand, draft).await?;
        Self::on_its_way(app, session, draft.to_owned(), way, now).await
    }

    /// Mails the one in a form once more; with what is to be said about that. `None` where it is too old.
    ///
    /// # Errors
    /// Where it is none of this session.
    pub async fn once_more(
        app: &App,
        browser: &Browser,
        session: &Session,
        errand: Errand,
        draft: &str,
    ) -> Result<Option<(Self, Notice)>, Fault> {
        let said = match app.logins.mail_again_in_session(session, errand, draft, &browser.source, browser.now).await {
            Ok(()) => Account::MailedAgain,
            Err(Fault::Refused(reason)) => unsent(reason),
            Err(Fault::Over) => return Ok(None),
            Err(fault) => return Err(fault),
        };
        Ok(Some((Self::in_form(app, session, errand, draft, browser.now).await?, said.into())))
    }

    async fn on_its_way(
        app: &App,
        session: &Session,
        draft: String,
        way: OnItsWay,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let sent = Sent::of(app, &session.user, &way, now).await?;
        Ok(Self { draft, to: unbroken(&way.to), sent })
    }

    /// An example, for tests.
    #[must_use]
    pub fn sample() -> Self {
        Self { draft: "k.sealed".to_owned(), to: "a…@example.org".to_owned(), sent: Sent::sample(60) }
    }
}

/// What is said about one that was not mailed.
#[must_use]
pub const fn unsent(reason: Reason) -> Account {
    if matches!(reason, Reason::AddressHeld) { Account::AddressHeld } else { Account::MailLater }
}

/// What is said about a mailed code that was refused.
#[must_use]
pub const fn refused(reason: Reason) -> Account {
    match reason {
        Reason::CodeExpired | Reason::Replay => Account::OldMailed,
        _ => Account::WrongMailed,
    }
}
