//! The database's memory of time: the latest moment seen, and the floor below which no time step is accepted.

use sqlx::{AnyConnection, Row};

use super::audit::record;
use super::{Store, StoreError, Written};
use crate::audit::{Event, Record};
use crate::reason::Reason;
use crate::time::Timestamp;

/// A clock that is further back than this has been set back.
pub const STEP_BACK: i64 = 5;

/// How far ahead of the clock a time step can have been accepted: two steps of a minute, and the one that is running.
const REACH: i64 = 180;

/// What the database remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timekeeping {
    /// No time step that began before this is accepted.
    pub replay_floor: Timestamp,
    /// The latest moment that any server has seen.
    pub time_high: Timestamp,
}

impl Store {
    /// Compares the clock with what the database remembers, and remembers it. A clock that was set back raises the
    /// floor: nothing that was accepted before can be accepted again.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn keep_time(&self, now: Timestamp) -> Result<Timekeeping, StoreError> {
        let kept = self.timekeeping().await?;
        if now.unix() > kept.time_high.unix() {
            self.write(move |connection| {
                Box::pin(async move {
                    sqlx::query("UPDATE meta SET time_high = $1 WHERE id = 'meta' AND time_high < $1")
                        .bind(now.unix())
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await?;
        } else if kept.time_high.since(now) > STEP_BACK {
            let store = self.clone();
            self.write(move |connection| Box::pin(async move { raise_floor(connection, &store, kept, now).await }))
                .await?;
        }
        self.timekeeping().await
    }

    /// What the database remembers.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn timekeeping(&self) -> Result<Timekeeping, StoreError> {
        let row =
            sqlx::query("SELECT replay_floor, time_high FROM meta WHERE id = 'meta'").fetch_one(self.pool()).await?;
        Ok(Timekeeping {
            replay_floor: Timestamp::from_unix(row.try_get(0)?),
            time_high: Timestamp::from_unix(row.try_get(1)?),
        })
    }
}

/// Everything up to what could have been accepted at the latest moment seen is spent. That moment then is now: the
/// next step back counts from here.
async fn raise_floor(connection: &mut AnyConnection, store: &Store, kept: Timekeeping, now: Timestamp) -> Written<()> {
    let floor = kept.time_high.plus(REACH);
    let done = sqlx::query(
        "UPDATE meta SET replay_floor = CASE WHEN replay_floor < $1 THEN $1 ELSE replay_floor END, time_high = $2 \
         WHERE id = 'meta' AND time_high = $3",
    )
    .bind(floor.unix())
    .bind(now.unix())
    .bind(kept.time_high.unix())
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() == 1 {
        let detail = format!("{} s back; no code from before {} is accepted", kept.time_high.since(now), floor.unix());
        let about = Record { refused: Some(Reason::ClockBack), ..Record::new(now, Event::ClockBack) };
        record(connection, store, about.saying(detail)).await?;
    }
    Ok(())
}
