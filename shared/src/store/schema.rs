//! Which tables there are: the migrations that have run, and which programs can use what they made. It must not know what
//! stands in the tables.
//!
//! All that is missing is made in one transaction: whatever happens meanwhile, the schema is the old one or the new one. A
//! newer program can thus be started beside older ones, as long as its schema serves those too.

use std::path::Path;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::{AnyConnection, AnyPool, Connection, Executor, Row};

use super::{Location, StoreError};
use crate::crypto::token_hash_of;

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// How often, and how far apart, the lock beside an SQLite database is tried: thirty seconds in all.
const LOCK_TRIES: u32 = 600;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// Whoever migrates at the same time is waited for as long on PostgreSQL; the lock is given up with the transaction.
const POSTGRES_LOCK: &str = "SET LOCAL lock_timeout = '30s'; SET LOCAL statement_timeout = 0; \
    SET LOCAL idle_in_transaction_session_timeout = 0; SELECT pg_advisory_xact_lock(8246312574)";

const VERSIONS: &str = "CREATE TABLE schema_versions (version BIGINT NOT NULL PRIMARY KEY, checksum TEXT NOT NULL)";

/// What a database has.
struct Found {
    /// The versions that were made, and of which text.
    made: Vec<(i64, String)>,
    /// The oldest schema whose programs can use it.
    serves_from: i64,
}

/// The schema that this program makes and knows.
pub(super) fn known() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// Brings the tables up to date, where they are not; refuses those that this program cannot use. Two servers that start at
/// once migrate once.
pub(super) async fn migrate(location: &Location, pool: &AnyPool) -> Result<(), StoreError> {
    let mut connection = pool.acquire().await?;
    if is_up_to_date(location, &mut connection).await? {
        return Ok(());
    }
    let lock = match location {
        Location::Sqlite(path) => Some(lock_beside(path).await?),
        Location::Postgres(_) => None,
    };
    let done = in_transaction(location, &mut connection).await;
    if done.is_err() {
        // Whatever the handle was in the middle of, nobody goes on with it.
        drop(connection.detach().close_hard().await);
    }
    drop(lock);
    done
}

/// The version of the schema that a database has; older programs know less of it.
pub(super) async fn version(location: &Location, connection: &mut AnyConnection) -> Result<i64, StoreError> {
    Ok(found(location, connection).await?.newest())
}

async fn in_transaction(location: &Location, connection: &mut AnyConnection) -> Result<(), StoreError> {
    connection.execute(if location.is_sqlite() { "BEGIN IMMEDIATE" } else { "BEGIN" }).await?;
    if !location.is_sqlite() {
        sqlx::raw_sql(POSTGRES_LOCK).execute(&mut *connection).await?;
    }
    // Somebody else may have been faster.
    if !is_up_to_date(location, connection).await? {
        make(location, connection).await?;
    }
    connection.execute("COMMIT").await?;
    Ok(())
}

/// Runs what has not run yet.
async fn make(location: &Location, connection: &mut AnyConnection) -> Result<(), StoreError> {
    let before = found(location, connection).await?.newest();
    if before == 0 {
        connection.execute(VERSIONS).await?;
    }
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > before) {
        if migration.version > 1 {
            // Only its own programs, unless it says that it serves the ones before.
            sqlx::query("UPDATE meta SET serves_from = $1").bind(migration.version).execute(&mut *connection).await?;
        }
        sqlx::raw_sql(migration.sql.clone()).execute(&mut *connection).await?;
        sqlx::query("INSERT INTO schema_versions (version, checksum) VALUES ($1, $2)")
            .bind(migration.version)
            .bind(token_hash_of(&migration.checksum))
            .execute(&mut *connection)
            .await?;
    }
    tracing::info!(from = before, to = known(), "migrated");
    Ok(())
}

/// Whether nothing is to be made.
///
/// # Errors
/// Where the tables are such that this program cannot use them.
async fn is_up_to_date(location: &Location, connection: &mut AnyConnection) -> Result<bool, StoreError> {
    let found = found(location, connection).await?;
    for migration in MIGRATIONS.iter() {
        let (version, checksum) = (migration.version, token_hash_of(&migration.checksum));
        if found.made.iter().any(|(made, of)| *made == version && *of != checksum) {
            return Err(StoreError::Schema(format!(
                "schema {version} of this database was made from another text than this program has"
            )));
        }
    }
    let (newest, known) = (found.newest(), known());
    if newest > known && found.serves_from > known {
        return Err(StoreError::Schema(format!(
            "the database has schema {newest}, which serves programs of schema {} and newer; this one knows schema {known}",
            found.serves_from
        )));
    }
    Ok(newest >= known)
}

async fn found(location: &Location, connection: &mut AnyConnection) -> Result<Found, StoreError> {
    let there = if location.is_sqlite() {
        "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_versions'"
    } else {
        "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public' AND tablename = 'schema_versions'"
    };
    let tables: i64 = sqlx::query_scalar(there).fetch_one(&mut *connection).await?;
    if tables == 0 {
        return Ok(Found { made: Vec::new(), serves_from: 0 });
    }
    let rows = sqlx::query("SELECT version, checksum FROM schema_versions").fetch_all(&mut *connection).await?;
    let made = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?;
    let serves_from = sqlx::query_scalar("SELECT serves_from FROM meta").fetch_one(connection).await?;
    Ok(Found { made, serves_from })
}

impl Found {
    fn newest(&self) -> i64 {
        self.made.iter().map(|(version, _)| *version).max().unwrap_or_default()
    }
}

async fn lock_beside(database: &Path) -> Result<std::fs::File, StoreError> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    let file = std::fs::File::options().create(true).truncate(false).write(true).mode(0o600).open(name)?;
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => tokio::time::sleep(LOCK_PAUSE).await,
            Err(std::fs::TryLockError::Error(error)) => return Err(error.into()),
        }
    }
    Err(StoreError::Busy(None))
}
