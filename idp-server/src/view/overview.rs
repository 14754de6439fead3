//! How things stand, in numbers.

use serde::Serialize;
use twolatch_core::store::StoreError;
use twolatch_core::time::Timestamp;
use utoipa::ToSchema;

use crate::state::App;

/// Waiting requests are counted up to this.
const MOST_WAITING: i64 = 1000;

/// How things stand; numbers are at most a minute old.
#[derive(Debug, Serialize, ToSchema)]
pub struct Overview {
    /// People who have to set up.
    pending: i64,
    /// People who are asked for a second factor.
    activated: i64,
    /// People who are not, for whatever reason.
    disabled: i64,
    /// Groups with the most people who have to set up.
    pending_by_group: Vec<Group>,
    /// People who have to set up, by age of their account: up to a day, a week, a month, and older.
    pending_by_age: Vec<i64>,
    /// Refused codes of the last days.
    refused_codes: Vec<Refused>,
    /// Recovery requests that wait.
    requests_waiting: i64,
    mail: Mail,
    /// Alerts that could not be told yet.
    alerts_deferred: i64,
    /// Keys that seal the database, and keys that sign tokens.
    keys: Keys,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PendingGroup, description = "People of a group who have to set up.")]
struct Group {
    group: String,
    people: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefusedCodes, description = "Codes that were refused on one day at one door.")]
struct Refused {
    /// When the day began (UTC).
    day: i64,
    door: String,
    count: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MailQueue, description = "How the queue of mail stands.")]
struct Mail {
    /// Whether mail can be sent.
    is_set_up: bool,
    waiting: i64,
    /// How many of them were tried before.
    deferred: i64,
    /// Since when the oldest waits.
    oldest: Option<i64>,
    /// Why the mail server did not take one, last.
    trouble: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeyCount, description = "How many keys there are.")]
struct Keys {
    ring: usize,
    signing: usize,
}

impl Overview {
    /// Counts, or takes what was counted lately.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn read(app: &App, now: Timestamp) -> Result<Self, StoreError> {
        let figures = app.figures.get(&app.logins, now).await?;
        let queue = app.store.mail_queue().await?;
        let refused = figures.failed.into_iter().map(|one| Refused {
            day: one.day.saturating_mul(86_400),
            door: one.door,
            count: one.count,
        });
        Ok(Self {
            pending: figures.pending,
            activated: figures.activated,
            disabled: figures.disabled,
            pending_by_group: figures.by_group.into_iter().map(|(group, people)| Group { group, people }).collect(),
            pending_by_age: figures.by_age.into(),
            refused_codes: refused.collect(),
            requests_waiting: app.store.count_waiting_requests(MOST_WAITING, now).await?,
            mail: Mail {
                is_set_up: app.config.mail.is_some(),
                waiting: queue.waiting,
                deferred: queue.deferred,
                oldest: queue.oldest.map(Timestamp::unix),
                trouble: app.figures.mail_trouble().map(|trouble| trouble.why),
            },
            alerts_deferred: app.store.deferred_alerts().await?,
            keys: Keys { ring: app.store.keys().ids().count(), signing: app.store.signing_keys().await?.len() },
        })
    }
}
