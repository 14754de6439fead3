//! The database, and all that knows which of the two engines it is. It must not decide anything about logins.
//!
//! Reads go through a pool. Every write is an explicit transaction in a task of its own, which no client, timeout or
//! `select!` can drop: on SQLite the one writer's, on PostgreSQL a spawned one.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::{AnyConnection, AnyPool, Connection};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};

pub use self::error::StoreError;
use self::gates::Gates;
pub use self::keys::StoredKey;
pub use self::location::{Location, LocationError};
use self::noticed::{Noticed, noticing};
use self::sequence::Sequence;
pub use self::sessions::Session;
use self::tally::{Tally, start};
pub use self::users::Person;
use self::writer::{Finished, Job};
use crate::crypto::Entropy;
use crate::crypto::keyring::KeyRing;
use crate::id::Id;

pub mod addresses;
pub mod alerts;
pub mod api_tokens;
pub mod audit;
pub mod backup;
mod bound;
pub mod browser;
pub mod budgets;
pub(crate) mod canaries;
pub(crate) mod clients;
mod consents;
pub mod device_requests;
pub mod devices;
pub mod email_codes;
pub mod ending;
mod error;
pub mod exemptions;
pub mod factors;
mod gates;
mod gathering;
mod grants;
pub mod happenings;
mod holder;
mod initial_tokens;
pub mod jobs;
mod jtis;
mod keys;
pub mod links;
mod location;
pub mod logouts;
pub mod mails;
mod noticed;
pub mod people;
pub mod policies;
pub mod profiles;
pub mod pushed;
pub mod recovery;
pub mod requests;
pub mod reseal;
pub mod restored;
pub mod ring;
mod row;
mod schema;
mod sequence;
pub mod sessions;
mod tables;
pub mod tally;
pub mod timekeeping;
pub mod tokens;
pub mod users;
pub mod visits;
mod writer;

#[cfg(test)]
mod tests;

/// A future in a box, borrowing for `'a`.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a write transaction answers.
pub type Written<T> = Result<T, StoreError>;

/// Writes that may wait before new ones are turned away.
const QUEUE: usize = 1024;

/// How long a connection waits for another process's lock: less than the five seconds that a PAM login waits.
const BUSY: Duration = Duration::from_secs(3);

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    pool: AnyPool,
    writes: Writes,
    location: Location,
    keys: RwLock<Arc<KeyRing>>,
    /// The file that it was read from, once anybody has looked.
    ring: Mutex<Option<ring::Stamp>>,
    entropy: Arc<dyn Entropy>,
    instance: String,
    sequence: Arc<Sequence>,
    policy: policies::Cache,
    chain: tokio::sync::Mutex<audit::ChainEnd>,
    seen: tokio::sync::Mutex<timekeeping::Seen>,
    mail: Arc<Notify>,
    tally: Arc<Tally>,
    changes: Arc<AtomicU64>,
    tokens: tokens::Issuing,
}

/// How busy the database is with this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Connections that nobody uses.
    pub idle: usize,
    /// The others.
    pub used: usize,
    /// Writes that wait or are under way.
    pub writes: usize,
}

enum Writes {
    /// To the one writer.
    Sqlite(mpsc::Sender<Job>),
    /// Each its own transaction; permits bound how many wait.
    Postgres { permits: Arc<Semaphore>, gates: Gates },
}

impl Store {
    /// Opens the database, brings its tables up to date and checks the key ring against it. The writer runs on the
    /// runtime that calls this.
    ///
    /// # Errors
    /// Says what is wrong with database or keys.
    pub async fn open(location: Location, keys: KeyRing, entropy: Arc<dyn Entropy>) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let pool = connect(&location).await?;
        schema::migrate(&location, &pool).await?;
        let keys = Arc::new(keys);
        let instance = Id::<Self>::random(entropy.as_ref())?.as_str().to_owned();
        let writes = match &location {
            Location::Sqlite(_) => {
                let (sender, jobs) = mpsc::channel(QUEUE);
                tokio::spawn(writer::run(pool.clone(), jobs));
                Writes::Sqlite(sender)
            }
            Location::Postgres(_) => {
                Writes::Postgres { permits: Arc::new(Semaphore::new(QUEUE)), gates: Gates::default() }
            }
        };
        let sequence = Arc::new(Sequence::default());
        let store = Self {
            inner: Arc::new(Inner {
                pool,
                writes,
                location,
                keys: RwLock::new(Arc::clone(&keys)),
                ring: Mutex::default(),
                entropy,
                instance,
                sequence,
                policy: policies::Cache::default(),
                chain: tokio::sync::Mutex::default(),
                seen: tokio::sync::Mutex::default(),
                mail: Arc::default(),
                tally: Arc::default(),
                changes: Arc::default(),
                tokens: tokens::Issuing::default(),
            }),
        };
        store.check_keys(&keys).await?;
        Ok(store)
    }

    /// Where reads go.
    #[must_use]
    pub fn pool(&self) -> &AnyPool {
        &self.inner.pool
    }

    /// Randomness.
    #[must_use]
    pub fn entropy(&self) -> &dyn Entropy {
        self.inner.entropy.as_ref()
    }

    /// What this process has counted.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.inner.tally
    }

    /// A number that grows whenever this process may have changed what somebody has read before. What others change it
    /// does not know.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.inner.changes.load(Ordering::Acquire)
    }

    /// How busy the database is with this process.
    #[must_use]
    pub fn load(&self) -> Load {
        let idle = self.pool().num_idle();
        let free = match &self.inner.writes {
            Writes::Sqlite(queue) => queue.capacity(),
            Writes::Postgres { permits, .. } => permits.available_permits(),
        };
        let all = usize::try_from(self.pool().size()).unwrap_or_default();
        Load { idle, used: all.saturating_sub(idle), writes: QUEUE.saturating_sub(free) }
    }

    /// The name under which this process writes audit records.
    #[must_use]
    pub fn instance(&self) -> &str {
        &self.inner.instance
    }

    /// Where the database is.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.inner.location
    }

    /// Runs one write transaction: committed if the work answers `Ok`, rolled back if it answers `Err`. The answer
    /// comes after the commit; where the commit failed or nobody knows, it is an error.
    ///
    /// # Errors
    /// The work's own, or why there was no commit.
    pub async fn write<T, W>(&self, work: W) -> Written<T>
    where
        T: Send + 'static,
        W: for<'c> FnOnce(&'c mut AnyConnection) -> Boxed<'c, Written<T>> + Send + 'static,
    {
        self.write_about(None, work).await
    }

    /// The same, for work that waits for other work about the same person.
    ///
    /// # Errors
    /// The work's own, or why there was no commit.
    pub async fn write_about<T, W>(&self, whom: Option<&str>, work: W) -> Written<T>
    where
        T: Send + 'static,
        W: for<'c> FnOnce(&'c mut AnyConnection) -> Boxed<'c, Written<T>> + Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        let ticket = self.inner.sequence.ticket();
        let (bell, tally) = (Arc::clone(&self.inner.mail), Arc::clone(&self.inner.tally));
        let changes = Arc::clone(&self.inner.changes);
        let began = whom.is_some().then(start);
        let job: Job = Box::new(move |connection| {
            Box::pin(async move {
                let (result, noticed) = match connection {
                    Ok(connection) => noticing(work(connection)).await,
                    Err(error) => (Err(error), Noticed::default()),
                };
                let keep = result.is_ok();
                let tell = Box::new(move |committed: Result<(), StoreError>| {
                    drop(ticket);
                    if !noticed.added_only {
                        changes.fetch_add(1, Ordering::Release);
                    }
                    if keep && committed.is_ok() {
                        if noticed.mailed {
                            bell.notify_one();
                        }
                        tally.count(&noticed.recorded);
                        if let Some(began) = began {
                            tally.took(began.elapsed());
                        }
                    }
                    // Nobody may be waiting any more; what was committed stands all the same.
                    drop(sender.send(result.and_then(|value| committed.map(|()| value))));
                });
                Finished { keep, tell }
            })
        });
        // Verdicts have a reserve: no flood of other writes keeps people out.
        let reserve = if whom.is_some() { 0 } else { QUEUE / 2 };
        match &self.inner.writes {
            Writes::Sqlite(queue) if queue.capacity() <= reserve => return Err(StoreError::Overloaded),
            Writes::Postgres { permits, .. } if permits.available_permits() <= reserve => {
                return Err(StoreError::Overloaded);
            }
            Writes::Sqlite(queue) => queue.try_send(job).map_err(|_| StoreError::Overloaded)?,
            Writes::Postgres { permits, gates } => {
                let permit = Arc::clone(permits).try_acquire_owned().map_err(|_| StoreError::Overloaded)?;
                let pool = self.inner.pool.clone();
                let gate = whom.map(|whom| gates.of(whom));
                tokio::spawn(async move {
                    let turn = match &gate {
                        Some(gate) => gate.acquire().await.ok(),
                        None => None,
                    };
                    writer::transaction(&pool, job).await;
                    drop((turn, permit));
                });
            }
        }
        match answer.await.unwrap_or(Err(StoreError::OutcomeUnknown)) {
            Err(StoreError::Busy(None)) => Err(StoreError::Busy(self.location().path().and_then(holder::of))),
            other => other,
        }
    }

    /// The next number for an audit record of this process.
    pub(crate) fn next_seq(&self) -> i64 {
        self.inner.sequence.next()
    }

    /// Records numbered below this are committed or never will be.
    pub(crate) fn settled_seq(&self) -> i64 {
        self.inner.sequence.settled()
    }

    /// Copies what was committed from SQLite's log into its file, beside the verdicts rather than within one of them;
    /// each verdict would otherwise pay for it once the log is long. PostgreSQL does so by itself.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn checkpoint(&self) -> Result<(), StoreError> {
        if self.location().is_sqlite() {
            sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").fetch_all(self.pool()).await?;
        }
        Ok(())
    }

    /// Whether writes can still be taken: the writer of an SQLite database may have died.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        match &self.inner.writes {
            Writes::Sqlite(queue) => !queue.is_closed(),
            Writes::Postgres { .. } => true,
        }
    }

    /// Answers whether the database can be read now.
    ///
    /// # Errors
    /// Why it cannot.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT replay_floor FROM meta WHERE id = 'meta'").fetch_one(self.pool()).await?;
        Ok(())
    }

    /// Closes every connection, after the writes that have been taken.
    pub async fn close(&self) {
        self.inner.pool.close().await;
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({})", self.inner.location)
    }
}

async fn connect(location: &Location) -> Result<AnyPool, StoreError> {
    let cores = u32::try_from(std::thread::available_parallelism().map_or(2, usize::from)).unwrap_or(2);
    let sqlite = matches!(location, Location::Sqlite(_));
    let options = AnyPoolOptions::new()
        .max_connections(if sqlite { cores + 2 } else { 4 * cores })
        .acquire_timeout(BUSY)
        .test_before_acquire(!sqlite)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                let text = if sqlite { SQLITE_SESSION } else { POSTGRES_SESSION };
                sqlx::raw_sql(text).execute(connection).await.map(drop)
            })
        });
    if sqlite {
        // The pool would try again and again, and say in the end that no connection became free.
        let mut first = AnyConnection::connect_with(&location.options()?).await?;
        sqlx::raw_sql(SQLITE_SESSION).execute(&mut first).await?;
        first.close().await?;
    }
    Ok(options.connect_with(location.options()?).await?)
}

/// `cell_size_check` and `trusted_schema` keep a damaged or hostile file from doing more than failing. What a statement
/// would have to take back, and what it sorts, stays in memory: a file for it costs more than all it writes.
const SQLITE_SESSION: &str = "PRAGMA busy_timeout = 3000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
    PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; \
    PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 8000;";

const POSTGRES_SESSION: &str = "SET statement_timeout = '3s'; SET lock_timeout = '2s'; \
    SET idle_in_transaction_session_timeout = '5s'; SET synchronous_commit = on;";
