//! How write transactions are run. Jobs that queue up during a commit share the next one; nothing waits to gather.

use sqlx::{Acquire, AnyConnection, AnyPool, Connection, Executor};
use tokio::sync::mpsc;

use super::{Boxed, StoreError};

/// More than this in one commit would make the first wait for the last.
const BATCH: usize = 256;

/// One write: what it does with a connection inside a transaction, or with the reason why there is none.
pub(super) type Job = Box<dyn for<'c> FnOnce(Result<&'c mut AnyConnection, StoreError>) -> Boxed<'c, Finished> + Send>;

/// A write that has run and waits for its commit.
pub(super) struct Finished {
    /// Whether it is to be committed.
    pub(super) keep: bool,
    /// Called once the outcome is known.
    pub(super) tell: Box<dyn FnOnce(Result<(), StoreError>) + Send>,
}

/// The one writer of an SQLite database. Ends when the last `Store` is gone.
pub(super) async fn run(pool: AnyPool, mut jobs: mpsc::Receiver<Job>) {
    while let Some(first) = jobs.recv().await {
        let mut batch = vec![first];
        while batch.len() < BATCH {
            match jobs.try_recv() {
                Ok(job) => batch.push(job),
                Err(_) => break,
            }
        }
        match pool.acquire().await {
            Ok(mut connection) => {
                match commit_batch(&mut connection, batch).await {
                    Ok(Lock::Had) => {}
                    // Who has queued up meanwhile has waited for the same lock: after another wait no host would hear of it.
                    Ok(Lock::Held) => {
                        let waiting = std::iter::from_fn(|| jobs.try_recv().ok()).collect();
                        refuse(waiting, &StoreError::Busy(None)).await;
                    }
                    Err(error) => {
                        tracing::error!(%error, "a write transaction failed");
                        // After such an error the handle is not trusted: the next batch has a new one.
                        drop(connection.detach().close_hard().await);
                    }
                }
            }
            Err(error) => refuse(batch, &error.into()).await,
        }
    }
}

/// One job in its own transaction, on PostgreSQL.
pub(super) async fn transaction(pool: &AnyPool, job: Job) {
    let mut connection = match pool.acquire().await {
        Ok(connection) => connection,
        Err(error) => return (job(Err(error.into())).await.tell)(Ok(())),
    };
    let mut transaction = match connection.begin().await {
        Ok(transaction) => transaction,
        Err(error) => return (job(Err(error.into())).await.tell)(Ok(())),
    };
    let finished = job(Ok(&mut transaction)).await;
    let outcome = if finished.keep {
        transaction.commit().await.map_err(of_commit)
    } else {
        drop(transaction.rollback().await);
        Ok(())
    };
    if matches!(outcome, Err(StoreError::OutcomeUnknown)) {
        drop(connection.detach().close_hard().await);
    }
    (finished.tell)(outcome);
}

/// Only where the server itself says that it does not commit is that certain: an answer that cannot be read may have
/// been a success.
fn of_commit(error: sqlx::Error) -> StoreError {
    tracing::warn!(%error, "a commit was not confirmed");
    let is_answer = matches!(error, sqlx::Error::Database(_));
    match StoreError::from(error) {
        // It ends the connection behind such an answer, and may have committed before.
        StoreError::Down(_) => StoreError::OutcomeUnknown,
        error if is_answer => error,
        _ => StoreError::OutcomeUnknown,
    }
}

/// Whether a batch could begin.
enum Lock {
    /// It has, and is over.
    Had,
    /// Another process holds the database.
    Held,
}

/// Runs a batch in one transaction: alone without a savepoint, several with one each. An error means that nothing of
/// it was committed and everybody has been told.
async fn commit_batch(connection: &mut AnyConnection, batch: Vec<Job>) -> Result<Lock, StoreError> {
    if let Err(error) = connection.execute("BEGIN IMMEDIATE").await {
        let error = StoreError::from(error);
        refuse(batch, &error).await;
        return if matches!(error, StoreError::Busy(_)) { Ok(Lock::Held) } else { Err(error) };
    }
    let alone = batch.len() == 1;
    let mut finished = Vec::with_capacity(batch.len());
    let mut jobs = batch.into_iter();
    let mut lost = None;
    for job in jobs.by_ref() {
        let (done, fault) = if alone { (job(Ok(connection)).await, None) } else { in_savepoint(connection, job).await };
        finished.push(done);
        if fault.is_some() {
            // SQLite may have ended the whole transaction: earlier jobs are gone, later ones must not start.
            lost = fault;
            break;
        }
    }
    let keep = !alone || finished.iter().all(|done| done.keep);
    let outcome = match lost {
        None if keep => connection.execute("COMMIT").await.map(drop).map_err(StoreError::from),
        None => connection.execute("ROLLBACK").await.map(drop).map_err(StoreError::from),
        Some(error) => Err(error),
    };
    let Err(error) = outcome else {
        for done in finished {
            (done.tell)(Ok(()));
        }
        return Ok(Lock::Had);
    };
    drop(connection.execute("ROLLBACK").await);
    for done in finished {
        (done.tell)(Err(error.again()));
    }
    refuse(jobs.collect(), &error).await;
    Err(error)
}

/// A job between savepoints, and the fault that has cost the whole batch, if there was one.
async fn in_savepoint(connection: &mut AnyConnection, job: Job) -> (Finished, Option<StoreError>) {
    if let Err(error) = connection.execute("SAVEPOINT job").await {
        let error = StoreError::from(error);
        return (job(Err(error.again())).await, Some(error));
    }
    let finished = job(Ok(connection)).await;
    let end = if finished.keep { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
    let fault = sqlx::raw_sql(end).execute(connection).await.err().map(StoreError::from);
    (finished, fault)
}

async fn refuse(batch: Vec<Job>, error: &StoreError) {
    for job in batch {
        (job(Err(error.again())).await.tell)(Ok(()));
    }
}
