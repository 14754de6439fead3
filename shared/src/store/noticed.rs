//! What a transaction does that counts only once it is committed: mail that it has queued, verdicts that it has recorded, whether
//! it has changed anything. It must not know who learns of it.

use std::cell::RefCell;
use std::future::Future;

use super::tally::Counted;

/// What one transaction has done so far.
#[derive(Debug, Default)]
pub(super) struct Noticed {
    /// Whether it has queued mail.
    pub(super) mailed: bool,
    /// What it has recorded that is counted.
    pub(super) recorded: Vec<Counted>,
    /// Whether everything that anybody can have read before is as it was.
    pub(super) added_only: bool,
}

tokio::task_local! {
    /// The transaction that runs now.
    static NOTICED: RefCell<Noticed>;
}

/// Runs a transaction's work, and tells what it has done.
pub(super) async fn noticing<T>(work: impl Future<Output = T>) -> (T, Noticed) {
    NOTICED
        .scope(RefCell::default(), async {
            let done = work.await;
            (done, NOTICED.try_with(RefCell::take).unwrap_or_default())
        })
        .await
}

/// Notes something of the transaction that runs now; outside of one nobody asks.
pub(super) fn notice(what: impl FnOnce(&mut Noticed)) {
    let _ = NOTICED.try_with(|noticed| {
        if let Ok(mut noticed) = noticed.try_borrow_mut() {
            what(&mut noticed);
        }
    });
}
