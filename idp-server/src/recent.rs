//! What was read of the database within this second, and not before the last change by this process: for what apps ask again
//! and again, and that need not be newer. What another process changes is known here within a second. It must not be asked
//! before anybody gets anything for good: whatever is spent, granted or changed is read anew.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use twolatch_core::client::Client;
use twolatch_core::store::profiles::Given;
use twolatch_core::time::Timestamp;

use crate::oidc::access::Worth;
use crate::state::App;

#[cfg(test)]
mod tests;

/// So many of a kind are kept; more are read each time.
const MOST: usize = 1024;

/// What was read; cheap to clone.
#[derive(Clone, Default)]
pub struct Recent {
    /// Clients, by their ids.
    pub clients: Kept<Client>,
    /// Clients behind a proxy, by the hosts that they are at.
    pub hosts: Kept<Client>,
    /// What access tokens are worth, by what they are stored under.
    pub tokens: Kept<Worth>,
    /// The origins that applications in browsers come from.
    pub origins: Kept<()>,
    /// What is told of people, by their ids and what they were when it was read.
    pub profiles: Kept<Given>,
}

/// What was read of one kind.
pub struct Kept<T>(Arc<Mutex<Found<T>>>);

struct Found<T> {
    as_of: Option<AsOf>,
    all: HashMap<String, Arc<T>>,
}

/// When something was read: in which second, and after how many changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct AsOf(Timestamp, u64);

impl<T> Kept<T> {
    /// What there is by a name: as it was read lately, or as it is read now.
    ///
    /// # Errors
    /// Those of reading it.
    pub async fn or<E>(
        &self,
        app: &App,
        name: &str,
        read: impl Future<Output = Result<Option<T>, E>>,
    ) -> Result<Option<Arc<T>>, E> {
        // Before it is read: what changes meanwhile is not taken for what was read.
        let as_of = AsOf(app.now(), app.store.changes());
        if let Some(known) = self.known(as_of, name) {
            return Ok(Some(known));
        }
        let Some(read) = read.await?.map(Arc::new) else { return Ok(None) };
        self.keep(as_of, name, &read);
        Ok(Some(read))
    }

    fn known(&self, as_of: AsOf, name: &str) -> Option<Arc<T>> {
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if found.as_of != Some(as_of) {
            *found = Found { as_of: Some(as_of), ..Found::default() };
        }
        found.all.get(name).cloned()
    }

    fn keep(&self, as_of: AsOf, name: &str, read: &Arc<T>) {
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if found.as_of == Some(as_of) && found.all.len() < MOST {
            found.all.insert(name.to_owned(), Arc::clone(read));
        }
    }
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Default for Found<T> {
    fn default() -> Self {
        Self { as_of: None, all: HashMap::new() }
    }
}
