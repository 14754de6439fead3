//! How often what happened with applications, by the hour, for thirty days: small counters, that nothing is decided by. They
//! are not marked, and lost with a restore.

use std::collections::BTreeMap;

use sqlx::Row;

use super::bound::Bound;
use super::{Store, StoreError, Written};
use crate::client::{ClientId, Happening};
use crate::time::Timestamp;

/// The seconds that are counted together.
const HOUR: i64 = 3600;

/// For so many seconds it is known.
const KEPT: i64 = 30 * 86_400;

/// What is to be counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// With which application.
    pub client: ClientId,
    /// What.
    pub what: Happening,
    /// How often, within one hour.
    pub count: i64,
    /// When last.
    pub last: Timestamp,
}

/// What was counted of one application and one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// What.
    pub what: Happening,
    /// How often in the last 24 hours.
    pub day: i64,
    /// How often in the last 30 days.
    pub month: i64,
    /// When last.
    pub last: Timestamp,
}

impl Store {
    /// Adds to the counters; what is of no application that there is, is not counted.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn count_happenings(&self, all: Vec<Happened>) -> Written<()> {
        self.write(move |connection| {
            Box::pin(async move {
                let text = "INSERT INTO happenings (client_id, what, hour, count, last_at) \
                            SELECT $1, $2, $3, $4, $5 WHERE EXISTS (SELECT 1 FROM clients WHERE id = $1) \
                            ON CONFLICT (client_id, what, hour) DO UPDATE SET count = happenings.count + excluded.count, \
                            last_at = CASE WHEN excluded.last_at > happenings.last_at THEN excluded.last_at \
                            ELSE happenings.last_at END";
                for Happened { client, what, count, last } in all {
                    sqlx::query(text)
                        .bind(client.to_string())
                        .bind(what.as_str())
                        .bind(hour(last))
                        .bind(count)
                        .bind(last.unix())
                        .execute(&mut *connection)
                        .await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// What was counted of an application, in the order of [`Happening::ALL`].
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn happenings_of(&self, client: &ClientId, now: Timestamp) -> Result<Vec<Counted>, StoreError> {
        let text = "SELECT what, CAST(SUM(CASE WHEN hour > $3 THEN count ELSE 0 END) AS BIGINT), \
                    CAST(SUM(count) AS BIGINT), MAX(last_at) \
                    FROM happenings WHERE client_id = $1 AND hour > $2 GROUP BY what";
        let (month, day) = (hour(now.plus(-KEPT)), hour(now.plus(-86_400)));
        let rows = sqlx::query(text).bind(client.as_str()).bind(month).bind(day).fetch_all(self.pool()).await?;
        let mut counted = Vec::with_capacity(rows.len());
        for row in rows {
            let what: String = row.try_get(0)?;
            // One that a later version counts.
            let Ok(what) = what.parse() else { continue };
            let last = Timestamp::from_unix(row.try_get(3)?);
            counted.push(Counted { what, day: row.try_get(1)?, month: row.try_get(2)?, last });
        }
        counted.sort_by_key(|one| one.what);
        Ok(counted)
    }

    /// When applications have last signed somebody in, or got a token of their own: those of these that have, in the last 30
    /// days.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn last_used(&self, clients: &[&str], now: Timestamp) -> Result<BTreeMap<String, Timestamp>, StoreError> {
        if clients.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut bound = Bound::default();
        let ids = bound.texts(clients.iter().copied());
        let used = bound.texts([Happening::SignedIn.as_str(), Happening::OwnToken.as_str()]);
        let since = bound.number(hour(now.plus(-KEPT)));
        let text = format!(
            "SELECT client_id, MAX(last_at) FROM happenings \
             WHERE client_id IN ({ids}) AND what IN ({used}) AND hour > {since} GROUP BY client_id"
        );
        let rows = bound.query(text).fetch_all(self.pool()).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, Timestamp::from_unix(row.try_get(1)?)))).collect()
    }

    /// Deletes what is old, a few hundred at a time; answers how many.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn sweep_happenings(&self, now: Timestamp) -> Written<u64> {
        self.write(move |connection| {
            Box::pin(async move {
                let text =
                    "DELETE FROM happenings WHERE hour IN (SELECT hour FROM happenings WHERE hour <= $1 LIMIT 500)";
                let done = sqlx::query(text).bind(hour(now.plus(-KEPT))).execute(connection).await?;
                Ok(done.rows_affected())
            })
        })
        .await
    }
}

/// The start of the hour.
const fn hour(at: Timestamp) -> i64 {
    at.unix() - at.unix().rem_euclid(HOUR)
}
