//! What every part of the server shares; cheap to clone.

use std::sync::Arc;

use twolatch_core::crypto::Entropy;
use twolatch_core::crypto::password::Hasher;
use twolatch_core::store::Store;
use twolatch_core::time::{Clock, Timestamp};

use crate::config::Config;

/// The server's parts.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub store: Store,
    /// The configuration.
    pub config: Arc<Config>,
    /// The password hasher.
    pub hasher: Hasher,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// This machine's name, for the audit.
    pub host: Arc<str>,
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
