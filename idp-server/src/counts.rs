//! What this process has counted beside its verdicts, and what the database says in numbers. It must not know how they are
//! shown.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;
use twolatch_core::reason::Reason;
use twolatch_core::store::{Store, StoreError};
use twolatch_core::time::Timestamp;
use twolatch_core::wire::Outcome;

/// A database that has said nothing by then gives no answer.
pub const PATIENCE: Duration = Duration::from_secs(4);

/// For how many seconds the database is not asked again.
const FRESH: i64 = 2;

/// What became of mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mailed {
    /// The mail server has it.
    Taken,
    /// It is tried again.
    Deferred,
    /// It is not tried again.
    Failed,
}

impl Mailed {
    /// All of them, in their order.
    pub const ALL: [Self; 3] = [Self::Taken, Self::Deferred, Self::Failed];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Deferred => "deferred",
            Self::Failed => "failed",
        }
    }
}

/// What the database says.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Authenticators that are held.
    pub held: i64,
    /// Mail that waits.
    pub mails: i64,
    /// The clock, less the latest moment that is believed.
    pub ahead: i64,
}

/// What hosts were told that is no refusal.
const ANSWERS: [&str; 3] = ["granted", "not_asked", "asked"];

/// The numbers; cheap to clone.
#[derive(Debug, Clone)]
pub struct Counts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    answers: [AtomicU64; ANSWERS.len()],
    refusals: Vec<AtomicU64>,
    mails: [AtomicU64; Mailed::ALL.len()],
    last: Mutex<Option<(Timestamp, Standing)>>,
}

impl Default for Counts {
    fn default() -> Self {
        Self(Arc::new(Inner {
            answers: Default::default(),
            refusals: Reason::ALL.iter().map(|_| AtomicU64::default()).collect(),
            mails: Default::default(),
            last: Mutex::default(),
        }))
    }
}

impl Counts {
    /// Counts what a host was told.
    pub fn answered(&self, outcome: &Outcome) {
        add(match outcome {
            Outcome::Granted => self.0.answers.first(),
            Outcome::NotAsked => self.0.answers.get(1),
            Outcome::Ask { reason: None, .. } => self.0.answers.get(2),
            Outcome::Ask { reason: Some(reason), .. } | Outcome::Refused { reason, .. } => {
                self.0.refusals.get(*reason as usize)
            }
        });
    }

    /// How often hosts were told what: all that there can be, also what nobody was told.
    pub fn answers(&self) -> impl Iterator<Item = (&'static str, Option<Reason>, u64)> {
        let well = ANSWERS.into_iter().zip(&self.0.answers).map(|(answer, count)| (answer, None, count));
        let refused = Reason::ALL.into_iter().zip(&self.0.refusals);
        well.chain(refused.map(|(reason, count)| ("refused", Some(reason), count)))
            .map(|(answer, reason, count)| (answer, reason, count.load(Ordering::Relaxed)))
    }

    /// Counts what became of mail.
    pub fn mailed(&self, fate: Mailed) {
        add(self.0.mails.get(fate as usize));
    }

    /// What became of how much mail.
    pub fn mails(&self) -> impl Iterator<Item = (Mailed, u64)> {
        Mailed::ALL.into_iter().zip(self.0.mails.iter().map(|count| count.load(Ordering::Relaxed)))
    }

    /// What the database says, no older than a moment; nothing where it gives no answer.
    pub async fn standing(&self, store: &Store, now: Timestamp) -> Option<Standing> {
        // Who comes meanwhile waits for the same answer.
        let mut last = self.0.last.lock().await;
        if let Some((at, standing)) = &*last
            && (0..FRESH).contains(&now.since(*at))
        {
            return Some(*standing);
        }
        let standing = timeout(PATIENCE, ask(store, now)).await.ok()?.ok();
        *last = standing.map(|standing| (now, standing));
        standing
    }
}

async fn ask(store: &Store, now: Timestamp) -> Result<Standing, StoreError> {
    Ok(Standing {
        held: store.count_held().await?,
        mails: store.count_mails().await?,
        ahead: now.since(store.timekeeping().await?.time_high),
    })
}

fn add(to: Option<&AtomicU64>) {
    if let Some(to) = to {
        to.fetch_add(1, Ordering::Relaxed);
    }
}
