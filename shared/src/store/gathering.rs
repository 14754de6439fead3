//! Small writes of one kind that many ask for at once: whoever comes while some are being written goes with the next, in the
//! same transaction. Nothing waits to gather. It must not know what is written.

use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

use super::{StoreError, Written};

#[cfg(test)]
mod tests;

/// So many go together: what is bound has to fit in one statement.
const TOGETHER: usize = 128;

/// So many may wait; more are turned away.
const WAITING: usize = 1024;

/// What waits to be written.
#[derive(Debug)]
pub(super) struct Gathering<T>(Mutex<Waiting<T>>);

#[derive(Debug)]
struct Waiting<T> {
    all: Vec<One<T>>,
    /// Whether somebody writes them.
    is_served: bool,
}

/// Says that somebody writes them.
pub(super) struct Serving<'a, T>(&'a Gathering<T>);

/// One write, and who waits for it.
pub(super) type One<T> = (T, oneshot::Sender<Written<()>>);

impl<T> Default for Gathering<T> {
    fn default() -> Self {
        Self(Mutex::new(Waiting { all: Vec::new(), is_served: false }))
    }
}

impl<T> Gathering<T> {
    /// Puts one to the others. Answers where its outcome will be told, and whether the caller has to see to it that all are
    /// written, until [`Self::next`] has none.
    ///
    /// # Errors
    /// [`StoreError::Overloaded`]
    pub(super) fn put(&self, one: T) -> Result<(oneshot::Receiver<Written<()>>, bool), StoreError> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.all.len() >= WAITING {
            return Err(StoreError::Overloaded);
        }
        let (tell, told) = oneshot::channel();
        waiting.all.push((one, tell));
        Ok((told, !std::mem::replace(&mut waiting.is_served, true)))
    }

    /// Held by whoever writes them, for as long as they do.
    pub(super) const fn serving(&self) -> Serving<'_, T> {
        Serving(self)
    }

    /// Those that go next, the first first. After none of them somebody else has to begin again.
    pub(super) fn next(&self) -> Vec<One<T>> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.all.len().min(TOGETHER);
        waiting.is_served = count > 0;
        waiting.all.drain(..count).collect()
    }
}

impl<T> Drop for Serving<'_, T> {
    fn drop(&mut self) {
        // After a fault nobody waits for ever, and the next who comes begins again.
        if std::thread::panicking() {
            let mut waiting = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.all.clear();
            waiting.is_served = false;
        }
    }
}
