//! How things stand in numbers, counted at most once a minute however many people look. It must not know how they are
//! shown.

use std::sync::{Arc, PoisonError};

use tokio::sync::Mutex;
use twolatch_core::login::Logins;
use twolatch_core::policy::StatusWord;
use twolatch_core::store::StoreError;
use twolatch_core::store::people::Search;
use twolatch_core::store::people::figures::{DAY, Failed};
use twolatch_core::time::Timestamp;

/// For how long numbers are good, in seconds.
const FRESH: i64 = 60;

/// Days over which failed codes are counted.
pub const DAYS: i64 = 14;

/// Groups that are named.
const GROUPS: i64 = 10;

/// The numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// People who have to set up.
    pub pending: i64,
    /// People who are asked for a second factor.
    pub activated: i64,
    /// People who are not, for whatever reason.
    pub disabled: i64,
    /// Groups with the most people who have to set up.
    pub by_group: Vec<(String, i64)>,
    /// People who have to set up, by age of their account.
    pub by_age: [i64; 4],
    /// Refused codes of the last [`DAYS`].
    pub failed: Vec<Failed>,
}

/// Mail that the mail server did not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailTrouble {
    /// When.
    pub at: Timestamp,
    /// Why; it names no address.
    pub why: String,
}

/// What was counted last, and what this server has seen; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Counted {
    last: Arc<Mutex<Option<(Timestamp, Figures)>>>,
    mail: Arc<std::sync::Mutex<Option<MailTrouble>>>,
}

impl Counted {
    /// The numbers of the last minute.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn get(&self, logins: &Logins, now: Timestamp) -> Result<Figures, StoreError> {
        // Who comes while they are counted waits for them.
        let mut last = self.last.lock().await;
        if let Some((at, figures)) = &*last
            && (0..FRESH).contains(&now.since(*at))
        {
            return Ok(figures.clone());
        }
        let figures = count(logins, now).await?;
        *last = Some((now, figures.clone()));
        Ok(figures)
    }

    /// Notes that mail was not taken.
    pub fn note_mail(&self, at: Timestamp, why: String) {
        *self.mail.lock().unwrap_or_else(PoisonError::into_inner) = Some(MailTrouble { at, why });
    }

    /// The last mail that was not taken, since this server was started.
    #[must_use]
    pub fn mail_trouble(&self) -> Option<MailTrouble> {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn count(logins: &Logins, now: Timestamp) -> Result<Figures, StoreError> {
    let policy = logins.policy(now).await?;
    let store = &logins.store;
    let of = async |status| {
        let search = Search { status: Some(status), ..Search::default() };
        store.count_people(&search, &policy, now).await
    };
    let since = Timestamp::from_unix((now.unix() / DAY - DAYS + 1) * DAY);
    Ok(Figures {
        pending: of(StatusWord::Pending).await?,
        activated: of(StatusWord::Activated).await?,
        disabled: of(StatusWord::Disabled).await?,
        by_group: store.pending_by_group(&policy, GROUPS, now).await?,
        by_age: store.pending_by_age(&policy, now).await?,
        failed: store.failed_codes(since).await?,
    })
}
