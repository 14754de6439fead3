//! The numbers of this process's audit records. It must know nothing of what is recorded.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Gives numbers out, and knows below which none can still be committed.
#[derive(Debug, Default)]
pub(super) struct Sequence(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The last number given out.
    last: i64,
    /// For each write under way, the last number before it began, and how many writes share that.
    open: BTreeMap<i64, usize>,
}

/// A write under way; dropped when it is committed or given up.
#[derive(Debug)]
pub(super) struct Ticket {
    sequence: Arc<Sequence>,
    before: i64,
}

impl Sequence {
    pub(super) fn next(&self) -> i64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.last += 1;
        state.last
    }

    pub(super) fn ticket(self: &Arc<Self>) -> Ticket {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = state.last;
        *state.open.entry(before).or_default() += 1;
        Ticket { sequence: Arc::clone(self), before }
    }

    /// Every record up to this number is committed or never will be.
    pub(super) fn settled(&self) -> i64 {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.open.first_key_value().map_or(state.last, |(before, _)| *before)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.sequence.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = state.open.get_mut(&self.before) {
            *count -= 1;
            if *count == 0 {
                state.open.remove(&self.before);
            }
        }
    }
}
