//! Reading a backup: all of it before anything is done with it, and once more while its rows go into the database.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;
use sqlx::AnyConnection;

use super::{BackupError, End, FORMAT, Head, PURPOSE, Progress, STEP, Table};
use crate::crypto::keyring::KeyRing;
use crate::crypto::seal::SealError;
use crate::store::bound::{Bound, rows};
use crate::store::row::Column;
use crate::store::tables::{KEPT, Keeping, PASSING, columns};
use crate::store::{Store, Written, schema};

/// No row of ours is longer.
const MAX_LINE: u64 = 4 * 1024 * 1024;

/// Rows that are put back by one statement.
const AT_ONCE: usize = 200;

/// Nobody reads or writes beside a restore, and it takes its time.
const ALONE: &str = "SET LOCAL lock_timeout = '30s'; SET LOCAL statement_timeout = 0; \
    SET LOCAL idle_in_transaction_session_timeout = 0";

/// A file that this key ring has marked, whole and as it was written.
#[derive(Debug)]
pub struct Backup {
    file: File,
    /// What stands at its beginning.
    pub head: Head,
    /// How many rows it has.
    pub rows: u64,
    digest: String,
}

impl Backup {
    /// Reads a file to its end before anything is done with it.
    ///
    /// # Errors
    /// Why it is not to be restored.
    pub fn open(mut file: File, keys: &KeyRing) -> Result<Self, BackupError> {
        let mut lines = Lines::of(&mut file)?;
        let head = lines.head()?;
        if head.schema != schema::known() {
            return Err(BackupError::Schema(head.schema, schema::known(), head.program));
        }
        let mut rows = 0;
        loop {
            match lines.next()? {
                Line::Row(_) => rows += 1,
                Line::Table(_) => {}
                Line::End(end) => {
                    let digest = lines.digest()?;
                    return match keys.check_token(PURPOSE, &[Some(&digest)], &end.mark) {
                        Ok(()) if end.rows == rows => Ok(Self { file, head, rows, digest }),
                        Err(SealError::KeyUnknown(id)) => Err(BackupError::OtherKeys(id)),
                        _ => Err(BackupError::Changed),
                    };
                }
            }
        }
    }

    /// Puts its rows into the database, in this transaction. `is_new` says that the database knew nothing before.
    ///
    /// # Errors
    /// Where the database fails, or the file is another one by now: the caller rolls back.
    pub(crate) async fn load(
        mut self,
        connection: &mut AnyConnection,
        store: &Store,
        is_new: bool,
        progress: Progress<'_>,
    ) -> Result<(), BackupError> {
        clear(connection, is_new).await?;
        let mut lines = Lines::of(&mut self.file)?;
        lines.head()?;
        let mut done = 0;
        let mut part: Option<Part> = None;
        loop {
            match lines.next()? {
                Line::Table(table) => {
                    if let Some(part) = part.take() {
                        part.insert(connection, store).await?;
                    }
                    part = Some(Part::of(connection, store, table, is_new, lines.number).await?);
                }
                Line::Row(cells) => {
                    let part = part.as_mut().ok_or(BackupError::Unreadable(lines.number))?;
                    if cells.len() != part.columns.len() {
                        return Err(BackupError::Unreadable(lines.number));
                    }
                    part.rows.push(cells);
                    if part.rows.len() == AT_ONCE {
                        part.flush(connection, store).await?;
                    }
                    done += 1;
                    if done % STEP == 0 {
                        progress(done);
                    }
                }
                Line::End(_) => {
                    if let Some(part) = part.take() {
                        part.insert(connection, store).await?;
                    }
                    progress(done);
                    return if lines.digest()? == self.digest { Ok(()) } else { Err(BackupError::Changed) };
                }
            }
        }
    }
}

/// Makes the transaction of a restore the only one.
///
/// # Errors
/// Where others do not finish in time.
pub(crate) async fn be_alone(connection: &mut AnyConnection, store: &Store) -> Written<()> {
    if store.location().is_sqlite() {
        return Ok(()); // there is one writer
    }
    sqlx::raw_sql(ALONE).execute(&mut *connection).await?;
    let tables: Vec<&str> = KEPT.iter().map(|(table, _)| *table).chain(PASSING).chain(["meta"]).collect();
    let text = format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", tables.join(", "));
    Bound::default().query(text).execute(connection).await?;
    Ok(())
}

/// Takes away what a restore ends or replaces.
async fn clear(connection: &mut AnyConnection, is_new: bool) -> Written<()> {
    let goes = |keeping| keeping == Keeping::Replaced || (keeping == Keeping::Newest && is_new);
    let kept = KEPT.iter().rev().filter(|(_, keeping)| goes(*keeping)).map(|(table, _)| *table);
    for table in PASSING.into_iter().chain(kept) {
        Bound::default().query(format!("DELETE FROM {table}")).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Rows of one table on their way into it.
struct Part {
    table: &'static str,
    keeping: Keeping,
    columns: Vec<(String, Column)>,
    rows: Vec<Vec<Value>>,
    /// Those that are there stay, and no other is to come.
    skipped: bool,
}

impl Part {
    async fn of(
        connection: &mut AnyConnection,
        store: &Store,
        table: Table,
        is_new: bool,
        number: u64,
    ) -> Result<Self, BackupError> {
        let unreadable = BackupError::Unreadable(number);
        let Some((name, keeping)) = KEPT.into_iter().find(|(name, _)| *name == table.table) else {
            return Err(unreadable);
        };
        let columns = columns(store.location(), connection, name).await?;
        if !columns.iter().map(|(name, _)| name).eq(&table.columns) {
            return Err(unreadable);
        }
        let skipped = keeping == Keeping::Newest && !is_new;
        Ok(Self { table: name, keeping, columns, rows: Vec::new(), skipped })
    }

    async fn insert(mut self, connection: &mut AnyConnection, store: &Store) -> Written<()> {
        self.flush(connection, store).await
    }

    async fn flush(&mut self, connection: &mut AnyConnection, store: &Store) -> Written<()> {
        let some = std::mem::take(&mut self.rows);
        if some.is_empty() || self.skipped {
            return Ok(());
        }
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        let kinds: Vec<Column> = self.columns.iter().map(|(_, kind)| *kind).collect();
        let there = if self.keeping == Keeping::Added { " ON CONFLICT DO NOTHING" } else { "" };
        let values = rows(store.location(), &kinds, some.len());
        let text = format!("INSERT INTO {} ({}) VALUES {values}{there}", self.table, names.join(", "));
        let mut query = Bound::default().query(text);
        for (cell, kind) in some.into_iter().flat_map(|row| row.into_iter().zip(&kinds)) {
            query = match kind {
                Column::Text => query.bind(cell.as_str().map(str::to_owned)),
                Column::Number => query.bind(cell.as_i64()),
            };
        }
        query.execute(connection).await?;
        Ok(())
    }
}

enum Line {
    Table(Table),
    Row(Vec<Value>),
    End(End),
}

/// The lines of a file, and the digest of those before its last.
struct Lines<'f> {
    from: BufReader<&'f mut File>,
    digest: Context,
    number: u64,
}

impl<'f> Lines<'f> {
    fn of(file: &'f mut File) -> Result<Self, BackupError> {
        file.rewind()?;
        Ok(Self { from: BufReader::new(file), digest: Context::new(&SHA256), number: 0 })
    }

    fn read(&mut self) -> Result<Vec<u8>, BackupError> {
        let mut line = Vec::new();
        self.number += 1;
        (&mut self.from).take(MAX_LINE).read_until(b'\n', &mut line)?;
        if line.last() == Some(&b'\n') { Ok(line) } else { Err(BackupError::Cut) }
    }

    fn head(&mut self) -> Result<Head, BackupError> {
        let line = self.read().map_err(|error| match error {
            BackupError::Cut => BackupError::Unreadable(1),
            other => other,
        })?;
        self.digest.update(&line);
        let head: Head = serde_json::from_slice(&line).map_err(|_| BackupError::Unreadable(1))?;
        if head.twolatch_backup == FORMAT { Ok(head) } else { Err(BackupError::Unreadable(1)) }
    }

    fn next(&mut self) -> Result<Line, BackupError> {
        let line = self.read()?;
        let number = self.number;
        let unreadable = |_| BackupError::Unreadable(number);
        if line.starts_with(b"{\"rows\"") {
            return serde_json::from_slice(&line).map(Line::End).map_err(unreadable);
        }
        self.digest.update(&line);
        if line.starts_with(b"[") {
            serde_json::from_slice(&line).map(Line::Row).map_err(unreadable)
        } else {
            serde_json::from_slice(&line).map(Line::Table).map_err(unreadable)
        }
    }

    /// What the mark is over; behind it nothing may come.
    fn digest(mut self) -> Result<String, BackupError> {
        let mut behind = [0];
        if self.from.read(&mut behind)? > 0 {
            return Err(BackupError::Unreadable(self.number + 1));
        }
        Ok(BASE64URL_NOPAD.encode(self.digest.finish().as_ref()))
    }
}
