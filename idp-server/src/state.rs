//! What every part of the server shares; cheap to clone.

use std::ops::Deref;
use std::sync::Arc;

use twolatch_core::crypto::Entropy;
use twolatch_core::login::Logins;
use twolatch_core::store::Store;
use twolatch_core::time::{Clock, Timestamp};

use crate::config::Config;
use crate::counts::Counts;
use crate::fetch::Fetcher;
use crate::figures::Counted;
use crate::happenings::Happenings;
use crate::logos::Logos;
use crate::oidc::sign::Keys;
use crate::recent::Recent;
use crate::trail::check::Checks;

/// The server: its parts, shared. Every request clones it several times.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The server's parts.
#[derive(Clone)]
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The login service over it.
    pub logins: Logins,
    /// The configuration.
    pub config: Arc<Config>,
    /// The keys that sign ID tokens.
    pub keys: Keys,
    /// Numbers that were counted lately.
    pub figures: Counted,
    /// What was counted since the start.
    pub counts: Counts,
    /// What fetches documents of web apps.
    pub fetcher: Fetcher,
    /// What happened with applications lately.
    pub happenings: Happenings,
    /// What was read within this second.
    pub recent: Recent,
    /// Runs over the whole audit.
    pub checks: Checks,
    /// Pictures of web apps that were fetched lately.
    pub logos: Logos,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl From<Parts> for App {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// The present moment: read once per request.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Randomness.
    #[must_use]
    pub fn entropy(&self) -> &dyn Entropy {
        self.store.entropy()
    }
}
