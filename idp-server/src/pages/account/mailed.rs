//! What the pages of the account share about a code that was mailed.

use twolatch_core::login::mailbox::{Errand, Sent};
use twolatch_core::login::web::Fault;
use twolatch_core::reason::Reason;
use twolatch_core::store::Session;

use crate::state::App;
use crate::web::notice::Account;

/// A code on its way, as it is shown.
#[derive(Debug, Clone)]
pub struct Mailed {
    /// Which, sealed.
    pub draft: String,
    /// Where to, as far as it may be shown.
    pub to: String,
}

impl Mailed {
    /// One that was just sent.
    #[must_use]
    pub fn of(sent: Sent) -> Self {
        Self { draft: sent.draft, to: sent.way.to }
    }

    /// The one in a form, for showing it again.
    ///
    /// # Errors
    /// Where it is none of this session.
    pub async fn in_form(app: &App, session: &Session, errand: Errand, draft: &str) -> Result<Self, Fault> {
        let way = app.logins.way_of_mailed(session, errand, draft).await?;
        Ok(Self { draft: draft.to_owned(), to: way.to })
    }

    /// An example, for tests.
    #[must_use]
    pub fn sample() -> Self {
        Self { draft: "k.sealed".to_owned(), to: "a…@example.org".to_owned() }
    }
}

/// What is said about a mailed code that was refused.
#[must_use]
pub const fn refused(reason: Reason) -> Account {
    match reason {
        Reason::CodeExpired | Reason::Replay => Account::OldMailed,
        _ => Account::WrongMailed,
    }
}
