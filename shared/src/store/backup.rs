//! The database as a file, the same for both engines: a head, the rows of each table, and at the end a mark over all of it
//! by the key ring, which is never in it. It must not know what a restore decides.

use std::io::Write;

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::BASE64URL_NOPAD;
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Connection, Row};
use thiserror::Error;

use super::bound::Bound;
use super::row::Column;
use super::tables::{KEPT, columns};
use super::{Store, StoreError, schema};
use crate::time::Timestamp;

pub use self::read::Backup;
pub(crate) use self::read::be_alone;

mod read;

/// How the file is written.
const FORMAT: i64 = 1;

/// What the mark at its end is for.
const PURPOSE: &str = "backup";

/// Rows between two words about how far it is.
const STEP: u64 = 1000;

const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0; \
    SET LOCAL idle_in_transaction_session_timeout = 0";

/// Why a file is not written, or not taken for a backup.
#[derive(Debug, Error)]
pub enum BackupError {
    /// It cannot be read or written.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// It is something else.
    #[error("this is no backup of Twolatch, or one that was changed: line {0} cannot be read")]
    Unreadable(u64),
    /// It stops before its end.
    #[error("the backup is not whole: its end is missing; take an earlier one")]
    Cut,
    /// It is not what was written.
    #[error("the backup was changed since it was written, or belongs to another key ring; take another one")]
    Changed,
    /// It was made with a key that is not there.
    #[error(
        "the backup was made with key `{0}`, which the key ring does not have: put the key ring of that time back, from \
         where you keep it apart from the backups"
    )]
    OtherKeys(String),
    /// It has tables of another schema.
    #[error(
        "the backup has schema {0}, and this program schema {1}: restore it with Twolatch {2}, then install this one"
    )]
    Schema(i64, i64, String),
    /// It has to be made by a program that knows all tables.
    #[error("the database has schema {0}, and this program knows schema {1}: use the newer program for backups")]
    Newer(i64, i64),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What stands at the beginning.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    twolatch_backup: i64,
    /// The schema of its tables.
    pub schema: i64,
    /// Which version of Twolatch has written it.
    pub program: String,
    /// When.
    pub made_at: i64,
    /// What the database remembered of time.
    pub replay_floor: i64,
    /// The same.
    pub time_high: i64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    table: String,
    columns: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    rows: u64,
    mark: String,
}

/// Is told how many rows are done.
pub type Progress<'p> = &'p mut (dyn FnMut(u64) + Send);

/// Lines that go out, and the digest of them.
struct Out<'o> {
    to: &'o mut (dyn Write + Send),
    digest: Context,
}

impl Out<'_> {
    fn line(&mut self, what: &impl Serialize) -> Result<(), BackupError> {
        let mut line = serde_json::to_vec(what).map_err(std::io::Error::from)?;
        line.push(b'\n');
        self.digest.update(&line);
        Ok(self.to.write_all(&line)?)
    }
}

impl Store {
    /// Writes all that a restore needs, as it is at one moment, while everything goes on. Answers how many rows that are.
    ///
    /// # Errors
    /// Where the database fails, or what is written to.
    pub async fn write_backup(
        &self,
        to: &mut (dyn Write + Send),
        now: Timestamp,
        progress: Progress<'_>,
    ) -> Result<u64, BackupError> {
        let mut connection = self.pool().acquire().await.map_err(StoreError::from)?;
        let begin = if self.location().is_sqlite() { "BEGIN" } else { SNAPSHOT };
        let written = match sqlx::raw_sql(begin).execute(&mut *connection).await {
            Ok(_) => self.write_rows(&mut connection, to, now, progress).await,
            Err(error) => Err(StoreError::from(error).into()),
        };
        // Whatever it was in the middle of, nobody goes on with this connection.
        drop(connection.detach().close_hard().await);
        written
    }

    async fn write_rows(
        &self,
        connection: &mut AnyConnection,
        to: &mut (dyn Write + Send),
        now: Timestamp,
        progress: Progress<'_>,
    ) -> Result<u64, BackupError> {
        let (version, known) = (schema::version(self.location(), connection).await?, schema::known());
        if version != known {
            return Err(BackupError::Newer(version, known));
        }
        let mut out = Out { to, digest: Context::new(&SHA256) };
        let meta = sqlx::query("SELECT replay_floor, time_high FROM meta WHERE id = 'meta'");
        let meta = meta.fetch_one(&mut *connection).await.map_err(StoreError::from)?;
        out.line(&Head {
            twolatch_backup: FORMAT,
            schema: version,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            made_at: now.unix(),
            replay_floor: meta.try_get(0).map_err(StoreError::from)?,
            time_high: meta.try_get(1).map_err(StoreError::from)?,
        })?;
        let mut done = 0;
        for (table, _) in KEPT {
            let columns = columns(self.location(), connection, table).await?;
            let names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
            let text = format!("SELECT {} FROM {table}", names.join(", "));
            out.line(&Table { table: table.to_owned(), columns: names })?;
            let mut found = Bound::default().query(text).fetch(&mut *connection);
            while let Some(row) = found.try_next().await.map_err(StoreError::from)? {
                out.line(&cells(&row, &columns).map_err(StoreError::from)?)?;
                done += 1;
                if done % STEP == 0 {
                    progress(done);
                }
            }
        }
        progress(done);
        let digest = BASE64URL_NOPAD.encode(out.digest.clone().finish().as_ref());
        out.line(&End { rows: done, mark: self.keys().mark_token(PURPOSE, &[Some(&digest)]) })?;
        out.to.flush()?;
        Ok(done)
    }
}

fn cells(row: &AnyRow, columns: &[(String, Column)]) -> Result<Vec<Value>, sqlx::Error> {
    let cell = |(index, (_, column)): (usize, &(String, Column))| {
        Ok(match column {
            Column::Text => row.try_get::<Option<String>, _>(index)?.map_or(Value::Null, Value::from),
            Column::Number => row.try_get::<Option<i64>, _>(index)?.map_or(Value::Null, Value::from),
        })
    };
    columns.iter().enumerate().map(cell).collect()
}
