//! Numbers over all people and over the last days, for who looks after them. Each is one statement.

use sqlx::Row;

use super::Search;
use super::condition::matches;
use crate::policy::{Policy, StatusWord};
use crate::store::bound::Bound;
use crate::store::{Store, StoreError};
use crate::time::Timestamp;

/// Seconds of a day.
pub const DAY: i64 = 86_400;

/// How long somebody may be there to belong to each age but the last, in days.
pub const AGES: [i64; 3] = [1, 7, 30];

/// Codes that were refused on one day at one door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The day, counted since 1970 (UTC).
    pub day: i64,
    /// The door.
    pub door: String,
    /// How many.
    pub count: i64,
}

/// How the queue of mail stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Queue {
    /// How many wait.
    pub waiting: i64,
    /// How many of them were tried before.
    pub deferred: i64,
    /// Since when the oldest waits.
    pub oldest: Option<Timestamp>,
}

impl Store {
    /// How many authenticators are held, until an administrator or their owner lifts that.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn count_held(&self) -> Result<i64, StoreError> {
        let text = "SELECT COUNT(*) FROM budgets WHERE fails >= 100 \
            AND (id LIKE 'totp:%' OR id LIKE 'email:%' OR id LIKE 'recovery:%')";
        Ok(sqlx::query_scalar(text).fetch_one(self.pool()).await?)
    }

    /// Groups with the most people who have to set up, and how many.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn pending_by_group(
        &self,
        policy: &Policy,
        limit: i64,
        now: Timestamp,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let mut bound = Bound::default();
        let pending = matches(&pending(), policy, now, &mut bound);
        let text = format!(
            "SELECT m.group_name, COUNT(*) AS people FROM users u JOIN memberships m ON m.user_id = u.id \
             WHERE {pending} GROUP BY m.group_name ORDER BY people DESC, m.group_name LIMIT {}",
            bound.number(limit)
        );
        let rows = bound.query(text).fetch_all(self.pool()).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }

    /// How many have to set up, by how long there is their account: up to each of [`AGES`], and longer.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn pending_by_age(&self, policy: &Policy, now: Timestamp) -> Result<[i64; 4], StoreError> {
        let mut bound = Bound::default();
        let pending = matches(&pending(), policy, now, &mut bound);
        let [first, second, third] = AGES.map(|days| bound.number(now.unix() - days * DAY));
        let text = format!(
            "SELECT SUM(CASE WHEN u.created_at >= {first} THEN 1 ELSE 0 END), \
             SUM(CASE WHEN u.created_at < {first} AND u.created_at >= {second} THEN 1 ELSE 0 END), \
             SUM(CASE WHEN u.created_at < {second} AND u.created_at >= {third} THEN 1 ELSE 0 END), \
             SUM(CASE WHEN u.created_at < {third} THEN 1 ELSE 0 END) FROM users u WHERE {pending}"
        );
        let row = bound.query(text).fetch_one(self.pool()).await?;
        let mut ages = [0; 4];
        for (index, age) in ages.iter_mut().enumerate() {
            *age = row.try_get::<Option<i64>, _>(index)?.unwrap_or_default();
        }
        Ok(ages)
    }

    /// Codes that were refused from a moment on, by day and door.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn failed_codes(&self, since: Timestamp) -> Result<Vec<Failed>, StoreError> {
        let rows = sqlx::query(
            "SELECT at / 86400, COALESCE(door, 'other'), COUNT(*) FROM audit \
             WHERE event = 'code' AND at >= $1 AND result <> 'ok' GROUP BY at / 86400, COALESCE(door, 'other')",
        )
        .bind(since.unix())
        .fetch_all(self.pool())
        .await?;
        rows.iter()
            .map(|row| Ok(Failed { day: row.try_get(0)?, door: row.try_get(1)?, count: row.try_get(2)? }))
            .collect()
    }

    /// How the queue of mail stands.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn mail_queue(&self) -> Result<Queue, StoreError> {
        let row =
            sqlx::query("SELECT COUNT(*), SUM(CASE WHEN tries > 0 THEN 1 ELSE 0 END), MIN(created_at) FROM mails")
                .fetch_one(self.pool())
                .await?;
        Ok(Queue {
            waiting: row.try_get(0)?,
            deferred: row.try_get::<Option<i64>, _>(1)?.unwrap_or_default(),
            oldest: row.try_get::<Option<i64>, _>(2)?.map(Timestamp::from_unix),
        })
    }

    /// How many alerts have been posted in vain so far and are tried again.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn deferred_alerts(&self) -> Result<i64, StoreError> {
        let text = "SELECT COUNT(*) FROM alerts WHERE next_at IS NOT NULL AND tries > 0";
        Ok(sqlx::query_scalar(text).fetch_one(self.pool()).await?)
    }
}

fn pending() -> Search {
    Search { status: Some(StatusWord::Pending), ..Search::default() }
}
