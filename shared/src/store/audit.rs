//! The audit: one record for each decision, in its transaction, with a mark of its own; behind the verdicts, links
//! that tie the committed records of each process together.

use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{Store, StoreError, Written};
use crate::audit::Record;
use crate::time::Timestamp;

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

/// What [`Store::verify_audit`] found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Records read.
    pub records: i64,
    /// Links read.
    pub links: i64,
    /// Records that no link covers yet: those of the last second, or of a process that was killed.
    pub unlinked: i64,
    /// The last link of each process: `instance:number:mark`, to compare with the journal.
    pub heads: Vec<String>,
    /// What is wrong, first things first.
    pub faults: Vec<String>,
}

const COLUMNS: &str = "SELECT instance, seq, at, event, result, user_name, actor, door, host, source, factor, detail, \
     attempt, mac FROM audit WHERE instance = $1 AND seq > $2 ORDER BY seq LIMIT $3";

/// Records read at a time.
const PAGE: i64 = 1000;

/// Writes a record. A second one for the same attempt is [`StoreError::Duplicate`].
///
/// # Errors
/// Where the database fails.
pub async fn record(connection: &mut AnyConnection, store: &Store, record: Record) -> Written<()> {
    let stored = Stored {
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
    let mark = stored.make_mark(store);
    sqlx::query(
        "INSERT INTO audit (instance, seq, at, event, result, user_name, actor, door, host, source, factor, detail, \
         attempt, mac) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(stored.instance)
    .bind(stored.seq)
    .bind(stored.at)
    .bind(stored.event)
    .bind(stored.result)
    .bind(stored.user_name)
    .bind(stored.actor)
    .bind(stored.door)
    .bind(stored.host)
    .bind(stored.source)
    .bind(stored.factor)
    .bind(stored.detail)
    .bind(stored.attempt)
    .bind(mark)
    .execute(connection)
    .await?;
    Ok(())
}

impl Store {
    /// The latest records, newest first.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn latest_audit(&self, limit: i64) -> Result<Vec<Stored>, StoreError> {
        let rows = sqlx::query(
            "SELECT instance, seq, at, event, result, user_name, actor, door, host, source, factor, detail, attempt, \
             mac FROM audit ORDER BY at DESC, seq DESC LIMIT $1",
        )
        .bind(limit)
        .fetch_all(self.pool())
        .await?;
        rows.iter().map(Stored::read).collect()
    }

    /// Links this process's committed records that have no link yet. Answers the new head, if there is one, for the
    /// journal.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn link_audit(&self, now: Timestamp) -> Result<Option<String>, StoreError> {
        let settled = self.settled_seq();
        let last = last_link(self, self.instance()).await?;
        let (number, after, before) =
            last.map_or((1, 0, String::new()), |link| (link.number + 1, link.last_seq, link.mark));
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
        Ok(Some(head))
    }

    /// Reads everything and says what does not fit. `heads` are lines of the journal: a trail that is cut off behind
    /// one of them is found only with it.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn verify_audit(
        &self,
        heads: &[String],
        progress: &mut (dyn FnMut(i64) + Send),
    ) -> Result<Verified, StoreError> {
        let mut found = Verified { records: 0, links: 0, unlinked: 0, heads: Vec::new(), faults: Vec::new() };
        let instances: Vec<String> = sqlx::query_scalar(
            "SELECT instance FROM audit GROUP BY instance UNION SELECT instance FROM audit_links GROUP BY instance",
        )
        .fetch_all(self.pool())
        .await?;
        for instance in &instances {
            self.verify_instance(instance, &mut found, progress).await?;
        }
        for head in heads {
            let known = head.split(':').next().is_some_and(|name| instances.iter().any(|other| other == name));
            if !known || !self.has_link(head).await? {
                found
                    .faults
                    .push(format!("{head}: the journal names this link, but it is not there: the trail was cut"));
            }
        }
        Ok(found)
    }

    async fn verify_instance(
        &self,
        instance: &str,
        found: &mut Verified,
        progress: &mut (dyn FnMut(i64) + Send),
    ) -> Result<(), StoreError> {
        let links = sqlx::query(
            "SELECT instance, number, first_seq, last_seq, records, mark FROM audit_links WHERE instance = $1 ORDER BY number",
        )
        .bind(instance)
        .fetch_all(self.pool())
        .await?;
        let links: Vec<Link> = links.iter().map(Link::read).collect::<Result<_, _>>()?;
        let mut open = links.iter();
        let mut link = open.next();
        let mut before = String::new();
        let mut marks = Vec::new();
        let mut after = 0;
        loop {
            let rows = sqlx::query(COLUMNS).bind(instance).bind(after).bind(PAGE).fetch_all(self.pool()).await?;
            for row in &rows {
                let record = Stored::read(row)?;
                after = record.seq;
                found.records += 1;
                if !record.is_genuine(self) {
                    found.faults.push(format!("{instance}:{}: the record was changed", record.seq));
                }
                while let Some(current) = link.filter(|link| record.seq > link.last_seq) {
                    current.check(self, &before, &marks, found);
                    before.clone_from(&current.mark);
                    marks.clear();
                    link = open.next();
                }
                match link {
                    Some(_) => marks.push(record.mark),
                    None => found.unlinked += 1,
                }
            }
            progress(found.records);
            if rows.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
                break;
            }
        }
        while let Some(current) = link {
            current.check(self, &before, &marks, found);
            before.clone_from(&current.mark);
            marks.clear();
            link = open.next();
        }
        for (number, link) in (1..).zip(&links) {
            if link.number != number {
                found.faults.push(format!("{instance}: link {number} is missing"));
                break;
            }
        }
        found.links += i64::try_from(links.len()).unwrap_or(i64::MAX);
        found.heads.extend(links.last().map(Link::head));
        Ok(())
    }

    async fn has_link(&self, head: &str) -> Result<bool, StoreError> {
        let mut parts = head.splitn(3, ':');
        let (Some(instance), Some(number), Some(mark)) = (parts.next(), parts.next(), parts.next()) else {
            return Ok(false);
        };
        let found: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM audit_links WHERE instance = $1 AND number = $2 AND mark = $3")
                .bind(instance)
                .bind(number.parse::<i64>().unwrap_or_default())
                .bind(mark)
                .fetch_one(self.pool())
                .await?;
        Ok(found == 1)
    }
}

impl Stored {
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

    fn check(&self, store: &Store, before: &str, marks: &[String], found: &mut Verified) {
        let whole = i64::try_from(marks.len()).is_ok_and(|count| count == self.records);
        let genuine = self.with_columns(before, marks, |columns| {
            store.keys().check_audit("audit_links", columns, &self.mark).is_ok()
        });
        if !whole {
            found.faults.push(format!(
                "{}:{}-{}: {} records were written, {} are there",
                self.instance,
                self.first_seq,
                self.last_seq,
                self.records,
                marks.len()
            ));
        } else if !genuine {
            found.faults.push(format!("{}: link {} or its records were changed", self.instance, self.number));
        }
    }

    fn with_columns<T>(&self, before: &str, marks: &[String], then: impl FnOnce(&[Option<&str>]) -> T) -> T {
        let numbers = [self.number, self.first_seq, self.last_seq, self.records].map(|number| number.to_string());
        let mut columns = vec![Some(self.instance.as_str()), Some(before)];
        columns.extend(numbers.iter().map(|number| Some(number.as_str())));
        columns.extend(marks.iter().map(|mark| Some(mark.as_str())));
        then(&columns)
    }
}

async fn last_link(store: &Store, instance: &str) -> Result<Option<Link>, StoreError> {
    let row = sqlx::query(
        "SELECT instance, number, first_seq, last_seq, records, mark FROM audit_links WHERE instance = $1 \
         ORDER BY number DESC LIMIT 1",
    )
    .bind(instance)
    .fetch_optional(store.pool())
    .await?;
    row.as_ref().map(Link::read).transpose()
}

/// What somebody else has written into a request, short and without control characters.
fn clean(text: &str) -> String {
    text.chars().take(128).flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}
