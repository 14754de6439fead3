//! The audit: one record for each decision, in its transaction, with a mark of its own; behind the verdicts, links
//! that tie the committed records of each process together.

use serde::Serialize;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, Row};
use utoipa::ToSchema;

use Column::{Number, Text};

use super::bound::{Bound, in_eights, rows};
use super::noticed::notice;
use super::row::Column;
use super::tally::Counted;
use super::{Store, StoreError, Written};
use crate::audit::Record;
use crate::time::Timestamp;

pub use self::search::{Ending, Filter, Found, Position};
pub use self::verify::Verified;

pub mod search;
mod verify;

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AuditRecord)]
pub struct Stored {
    /// The process that wrote it.
    pub instance: String,
    /// Its number there.
    pub seq: i64,
    /// When, seconds since 1970.
    pub at: i64,
    /// What.
    pub event: String,
    /// `ok` or a reason code.
    pub result: String,
    /// Whom it concerns.
    pub user_name: Option<String>,
    /// Who did it.
    pub actor: Option<String>,
    /// Where.
    pub door: Option<String>,
    /// On which machine.
    pub host: Option<String>,
    /// From where.
    pub source: Option<String>,
    /// With what.
    pub factor: Option<String>,
    /// What else.
    pub detail: Option<String>,
    #[serde(skip)]
    attempt: Option<String>,
    #[serde(skip)]
    mark: String,
}

const COLUMNS: &str = "SELECT instance, seq, at, event, result, user_name, actor, door, host, source, factor, detail, \
     attempt, mac FROM audit WHERE instance = $1 AND seq > $2 ORDER BY seq LIMIT $3";

/// Records read at a time.
const PAGE: i64 = 1000;

/// The start of a statement that writes a record.
macro_rules! insert_audit {
    () => {
        "INSERT INTO audit (instance, seq, at, event, result, user_name, actor, door, host, source, factor, detail, \
         attempt, mac) "
    };
}

/// What [`Stored::bind`] binds.
macro_rules! audit_values {
    () => {
        "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14"
    };
}

pub(super) use {audit_values, insert_audit};

/// The columns that it writes.
const RECORD: [Column; 14] = [Text, Number, Number, Text, Text, Text, Text, Text, Text, Text, Text, Text, Text, Text];

/// Writes a record. A second one for the same attempt is [`StoreError::Duplicate`].
///
/// # Errors
/// Where the database fails.
pub async fn record(connection: &mut AnyConnection, store: &Store, record: Record) -> Written<()> {
    const TEXT: &str = concat!(insert_audit!(), "VALUES ", "(", audit_values!(), ")");
    let counted = Counted::of(&record);
    Stored::new(store, record).bind(TEXT).execute(connection).await?;
    note(counted);
    Ok(())
}

/// Writes many at once.
///
/// # Errors
/// Where the database fails.
pub async fn record_all(connection: &mut AnyConnection, store: &Store, records: Vec<Record>) -> Written<()> {
    let counted: Vec<Counted> = records.iter().filter_map(Counted::of).collect();
    let all: Vec<Stored> = records.into_iter().map(|record| Stored::new(store, record)).collect();
    for some in in_eights(&all) {
        let query = Bound::default().query(format!(
            "{}VALUES {}",
            insert_audit!(),
            rows(store.location(), &RECORD, some.len())
        ));
        let query = some.iter().fold(query, |query, record| record.bind_to(query));
        query.execute(&mut *connection).await?;
    }
    note(counted);
    Ok(())
}

/// Has what was recorded counted once it is committed.
pub(super) fn note(counted: impl IntoIterator<Item = Counted>) {
    notice(|noticed| noticed.recorded.extend(counted));
}

impl Store {
    /// The latest records, newest first.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn latest_audit(&self, limit: i64) -> Result<Vec<Stored>, StoreError> {
        Ok(self.search_audit(&Filter::default(), None, limit).await?.records)
    }

    /// The last link of this process, as the journal has it: kept in memory, where the database's writer cannot change it.
    pub async fn audit_head(&self) -> Option<String> {
        let last = self.inner.chain.lock().await;
        (last.number > 0).then(|| last.head(self.instance()))
    }

    /// Links this process's committed records that have no link yet. Answers the new head, if there is one, for the
    /// journal.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn link_audit(&self, now: Timestamp) -> Result<Option<String>, StoreError> {
        let settled = self.settled_seq();
        // Kept in this process, which alone writes this chain: what the database says of it is not asked.
        let mut last = self.inner.chain.lock().await;
        if let Some(tried) = last.tried.take() {
            let head = tried.head(self.instance());
            match self.has_link(&head).await {
                Ok(true) => {
                    *last = *tried;
                    return Ok(Some(head));
                }
                Ok(false) => {}
                Err(error) => {
                    last.tried = Some(tried);
                    return Err(error);
                }
            }
        }
        let (number, after, before) = (last.number + 1, last.last_seq, last.mark.clone());
        let rows = sqlx::query(COLUMNS).bind(self.instance()).bind(after).bind(PAGE).fetch_all(self.pool()).await?;
        let mut marks = Vec::with_capacity(rows.len());
        let mut range = None;
        for row in rows.iter().map(Stored::read) {
            let row = row?;
            if row.seq <= settled {
                range = Some((range.map_or(row.seq, |(first, _)| first), row.seq));
                marks.push(row.mark);
            }
        }
        let Some((first_seq, last_seq)) = range else { return Ok(None) };
        let records = i64::try_from(marks.len()).unwrap_or(i64::MAX);
        let mut link =
            Link { instance: self.instance().to_owned(), number, first_seq, last_seq, records, mark: String::new() };
        link.mark = link.make_mark(self, &before, &marks);
        let head = link.head();
        let end = ChainEnd { number, last_seq, mark: link.mark.clone(), tried: None };
        last.tried = Some(Box::new(end.clone()));
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO audit_links (instance, number, first_seq, last_seq, records, at, mark) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7)",
                )
                .bind(link.instance)
                .bind(link.number)
                .bind(link.first_seq)
                .bind(link.last_seq)
                .bind(link.records)
                .bind(now.unix())
                .bind(link.mark)
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await?;
        *last = end;
        Ok(Some(head))
    }
}

impl Stored {
    /// What a record will be, under the next number of this process and its mark.
    pub(super) fn new(store: &Store, record: Record) -> Self {
        let mut stored = Self {
            instance: store.instance().to_owned(),
            seq: store.next_seq(),
            at: record.at.unix(),
            event: record.event.name(),
            result: record.refused.map_or_else(|| "ok".to_owned(), |reason| reason.to_string()),
            user_name: record.user.map(|name| clean(&name)),
            actor: record.actor.map(|name| clean(&name)),
            door: record.door.map(|door| door.to_string()),
            host: record.host.map(|host| clean(&host)),
            source: record.source.map(|source| clean(&source)),
            factor: record.factor.map(|kind| kind.to_string()),
            detail: record.detail,
            attempt: record.attempt,
            mark: String::new(),
        };
        stored.mark = stored.make_mark(store);
        stored
    }

    /// A statement with the record's columns as its first values.
    pub(super) fn bind<'q>(self, text: &'static str) -> Query<'q, Any, AnyArguments> {
        self.bind_to(sqlx::query(text))
    }

    fn bind_to<'q>(&self, query: Query<'q, Any, AnyArguments>) -> Query<'q, Any, AnyArguments> {
        query
            .bind(self.instance.clone())
            .bind(self.seq)
            .bind(self.at)
            .bind(self.event.clone())
            .bind(self.result.clone())
            .bind(self.user_name.clone())
            .bind(self.actor.clone())
            .bind(self.door.clone())
            .bind(self.host.clone())
            .bind(self.source.clone())
            .bind(self.factor.clone())
            .bind(self.detail.clone())
            .bind(self.attempt.clone())
            .bind(self.mark.clone())
    }

    fn read(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            instance: row.try_get(0)?,
            seq: row.try_get(1)?,
            at: row.try_get(2)?,
            event: row.try_get(3)?,
            result: row.try_get(4)?,
            user_name: row.try_get(5)?,
            actor: row.try_get(6)?,
            door: row.try_get(7)?,
            host: row.try_get(8)?,
            source: row.try_get(9)?,
            factor: row.try_get(10)?,
            detail: row.try_get(11)?,
            attempt: row.try_get(12)?,
            mark: row.try_get(13)?,
        })
    }

    fn make_mark(&self, store: &Store) -> String {
        let (seq, at) = (self.seq.to_string(), self.at.to_string());
        store.keys().mark_audit("audit", &self.columns(&seq, &at))
    }

    fn is_genuine(&self, store: &Store) -> bool {
        let (seq, at) = (self.seq.to_string(), self.at.to_string());
        store.keys().check_audit("audit", &self.columns(&seq, &at), &self.mark).is_ok()
    }

    fn columns<'a>(&'a self, seq: &'a str, at: &'a str) -> [Option<&'a str>; 13] {
        [
            Some(&self.instance),
            Some(seq),
            Some(at),
            Some(&self.event),
            Some(&self.result),
            self.user_name.as_deref(),
            self.actor.as_deref(),
            self.door.as_deref(),
            self.host.as_deref(),
            self.source.as_deref(),
            self.factor.as_deref(),
            self.detail.as_deref(),
            self.attempt.as_deref(),
        ]
    }
}

/// Records of one process, tied to the link before.
struct Link {
    instance: String,
    number: i64,
    first_seq: i64,
    last_seq: i64,
    records: i64,
    mark: String,
}

impl Link {
    fn read(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            instance: row.try_get(0)?,
            number: row.try_get(1)?,
            first_seq: row.try_get(2)?,
            last_seq: row.try_get(3)?,
            records: row.try_get(4)?,
            mark: row.try_get(5)?,
        })
    }

    fn head(&self) -> String {
        format!("{}:{}:{}", self.instance, self.number, self.mark)
    }

    fn make_mark(&self, store: &Store, before: &str, marks: &[String]) -> String {
        self.with_columns(before, marks, |columns| store.keys().mark_audit("audit_links", columns))
    }

    fn with_columns<T>(&self, before: &str, marks: &[String], then: impl FnOnce(&[Option<&str>]) -> T) -> T {
        let numbers = [self.number, self.first_seq, self.last_seq, self.records].map(|number| number.to_string());
        let mut columns = vec![Some(self.instance.as_str()), Some(before)];
        columns.extend(numbers.iter().map(|number| Some(number.as_str())));
        columns.extend(marks.iter().map(|mark| Some(mark.as_str())));
        then(&columns)
    }
}

/// Where this process's chain ends.
#[derive(Debug, Clone, Default)]
pub(in crate::store) struct ChainEnd {
    number: i64,
    last_seq: i64,
    mark: String,
    /// A link behind it of which nobody has said whether it was written: the connection may be lost after the commit.
    tried: Option<Box<Self>>,
}

impl ChainEnd {
    fn head(&self, instance: &str) -> String {
        format!("{instance}:{}:{}", self.number, self.mark)
    }

    /// Forgets that the last link was written, as whoever loses the connection at that moment does.
    #[cfg(test)]
    pub(in crate::store) fn lose(&mut self, before: Self) {
        let written = std::mem::replace(self, before);
        self.tried = Some(Box::new(written));
    }
}

/// What somebody else has written into a request, short and without control characters.
fn clean(text: &str) -> String {
    text.chars().take(128).flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}
