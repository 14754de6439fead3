//! Who writes about one person at a time. On PostgreSQL such writes wait for the same row: they do it here, so that one
//! person's parallel tries do not hold every connection of the pool.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Semaphore;

/// Writes about one person that may have a connection.
const EACH: usize = 2;

/// Gates that nobody uses are forgotten when there are more than this.
const MANY: usize = 1024;

/// The gates in use.
#[derive(Debug, Default)]
pub(super) struct Gates(Mutex<HashMap<String, Weak<Semaphore>>>);

impl Gates {
    /// The gate of one person.
    pub(super) fn of(&self, whom: &str) -> Arc<Semaphore> {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(whom).and_then(Weak::upgrade) {
            return gate;
        }
        if gates.len() > MANY {
            gates.retain(|_, gate| gate.strong_count() > 0);
        }
        let gate = Arc::new(Semaphore::new(EACH));
        gates.insert(whom.to_owned(), Arc::downgrade(&gate));
        gate
    }
}
