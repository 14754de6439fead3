//! Reading the whole trail, and saying what does not fit.

use serde::Serialize;
use utoipa::ToSchema;

use super::{COLUMNS, Link, PAGE, Stored};
use crate::store::{Store, StoreError};

/// What [`Store::verify_audit`] found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AuditVerified)]
pub struct Verified {
    /// Records read.
    pub records: i64,
    /// Links read.
    pub links: i64,
    /// Records that no link covers yet: those of the last second, or of a process that was killed.
    pub unlinked: i64,
    /// The last link of each process: `instance:number:mark`, to compare with the journal.
    pub heads: Vec<String>,
    /// What is wrong, first things first: up to [`NAMED`] of it.
    pub faults: Vec<String>,
    /// How much more is wrong.
    pub more_faults: i64,
}

/// So many faults are named. One is enough to know; a table that was filled by another hand would not fit into memory.
const NAMED: usize = 100;

impl Verified {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.faults.is_empty()
    }

    fn fault(&mut self, what: String) {
        if self.faults.len() < NAMED {
            self.faults.push(what);
        } else {
            self.more_faults += 1;
        }
    }
}

impl Store {
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
        let mut found =
            Verified { records: 0, links: 0, unlinked: 0, heads: Vec::new(), faults: Vec::new(), more_faults: 0 };
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
                found.fault(format!("{head}: the journal names this link, but it is not there: the trail was cut"));
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
                    found.fault(format!("{instance}:{}: the record was changed", record.seq));
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
                found.fault(format!("{instance}: link {number} is missing"));
                break;
            }
        }
        found.links += i64::try_from(links.len()).unwrap_or(i64::MAX);
        found.heads.extend(links.last().map(Link::head));
        Ok(())
    }

    pub(super) async fn has_link(&self, head: &str) -> Result<bool, StoreError> {
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

impl Link {
    fn check(&self, store: &Store, before: &str, marks: &[String], found: &mut Verified) {
        let whole = i64::try_from(marks.len()).is_ok_and(|count| count == self.records);
        let genuine = self.with_columns(before, marks, |columns| {
            store.keys().check_audit("audit_links", columns, &self.mark).is_ok()
        });
        if !whole {
            found.fault(format!(
                "{}:{}-{}: {} records were written, {} are there",
                self.instance,
                self.first_seq,
                self.last_seq,
                self.records,
                marks.len()
            ));
        } else if !genuine {
            found.fault(format!("{}: link {} or its records were changed", self.instance, self.number));
        }
    }
}
