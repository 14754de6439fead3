//! Checking the whole trail beside everything else: one run at a time in a server, however many people ask for it.

use std::sync::Arc;

use tokio::sync::watch;
use twolatch_core::store::Store;
use twolatch_core::store::audit::Verified;
use twolatch_core::time::Timestamp;

/// What was found so lately, in seconds, is not looked for again.
const FRESH: i64 = 60;

/// The runs of this server; cheap to clone.
#[derive(Debug, Clone)]
pub struct Checks(Arc<watch::Sender<Standing>>);

/// How the run under way stands, and what the last one has found.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// Records that the run under way has read.
    pub running: Option<i64>,
    /// The last run.
    pub last: Option<Done>,
}

/// A run that has ended.
#[derive(Debug, Clone)]
pub struct Done {
    /// When it began.
    pub at: Timestamp,
    /// What it has found; nothing where the database failed, which is in the log.
    pub found: Option<Verified>,
}

impl Default for Checks {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Standing::default())))
    }
}

impl Checks {
    /// How things stand. A run begins, unless one is under way or has ended just now.
    #[must_use]
    pub fn ask(&self, store: &Store, now: Timestamp) -> watch::Receiver<Standing> {
        let begins = self.0.send_if_modified(|standing| {
            let is_fresh = standing.last.as_ref().is_some_and(|last| now.since(last.at) < FRESH);
            let begins = standing.running.is_none() && !is_fresh;
            if begins {
                standing.running = Some(0);
            }
            begins
        });
        if begins {
            let (checks, store) = (self.clone(), store.clone());
            tokio::spawn(async move { checks.run(&store, now).await });
        }
        self.0.subscribe()
    }

    async fn run(&self, store: &Store, now: Timestamp) {
        // What this server remembers of its own chain is not asked of the database.
        let heads: Vec<String> = store.audit_head().await.into_iter().collect();
        let mut progress =
            |records| self.0.send_modify(|standing| standing.running = standing.running.map(|_| records));
        let found = store.verify_audit(&heads, &mut progress).await;
        if let Err(error) = &found {
            tracing::error!(%error, "the audit could not be checked");
        }
        if let Some(fault) = found.as_ref().ok().and_then(|found| found.faults.first()) {
            tracing::error!(fault, "the audit is not as it was written");
        }
        self.0.send_replace(Standing { running: None, last: Some(Done { at: now, found: found.ok() }) });
    }
}
