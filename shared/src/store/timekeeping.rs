//! The database's memory of time: the latest moment seen, and the floor below which no time step is accepted.
//!
//! A code that was shown and never used must not become good again when the clock is set back, so the floor is then
//! raised. A clock that has run ahead by mistake must not do that: a moment far ahead of the time that has really passed
//! is remembered only once it has stood for a while.

use std::time::{Duration, Instant};

use sqlx::{AnyConnection, Row};

use super::audit::record;
use super::{Store, StoreError, Written};
use crate::audit::{Event, Record};
use crate::reason::Reason;
use crate::time::{Clock, Timestamp};

/// A clock that is further back than this has been set back.
pub const STEP_BACK: i64 = 5;

/// Clocks of servers that share a database may be this far apart.
const APART: i64 = 120;

/// A clock that is further ahead of the time that has passed than this is not believed at once.
const AHEAD: i64 = 120;

/// For how long it must stand to be believed.
const TRUSTED_AFTER: Duration = Duration::from_mins(10);

/// How far ahead of the clock a time step can have been accepted: the one that is running, and one more.
pub(super) const REACH: i64 = 60;

/// What the database remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timekeeping {
    /// No time step that began before this is accepted.
    pub replay_floor: Timestamp,
    /// The latest moment that any server has seen and believed.
    pub time_high: Timestamp,
}

/// What this process remembers.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// When it last looked: by the clock, and by a clock that nobody sets.
    last: Option<(Timestamp, Instant)>,
    /// Since when the clock has been ahead of what is believed.
    ahead_since: Option<Instant>,
}

impl Store {
    /// Compares the clock with what database and process remember, and remembers it. A clock that was set back raises
    /// the floor.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn keep_time(&self, clock: &dyn Clock) -> Result<Timekeeping, StoreError> {
        let mut seen = self.inner.seen.lock().await;
        let kept = self.timekeeping().await?;
        // Read after what it is compared with: a process that was held up must not look like a clock that went back.
        let (now, tick) = (clock.now(), tick());
        let back_here = seen.last.map_or(0, |(last, _)| last.since(now));
        let back = kept.time_high.since(now);
        let tolerated = if self.location().is_sqlite() { STEP_BACK } else { APART };
        let passed =
            seen.last.map_or(0, |(_, then)| i64::try_from(tick.duration_since(then).as_secs()).unwrap_or(i64::MAX));
        let last = seen.last.replace((now, tick));
        // After a long stop the present is not believed yet. Set back from there by a little, it was right before; by much,
        // it was wrong and is right now.
        if back > tolerated || (back_here > STEP_BACK && (back > 0 || back_here <= AHEAD)) {
            if back > 0 {
                seen.ahead_since = None;
            }
            let high = match last {
                Some((last, _)) if back_here <= AHEAD => last.max(kept.time_high),
                _ => kept.time_high,
            };
            let store = self.clone();
            self.write(move |connection| {
                Box::pin(async move { raise_floor(connection, &store, kept, high, now).await })
            })
            .await?;
        } else if now.since(kept.time_high) > passed.saturating_add(AHEAD) && kept.time_high.unix() > 0 {
            let since = *seen.ahead_since.get_or_insert(tick);
            let jumped = last.is_some_and(|(last, _)| now.since(last) > passed.saturating_add(AHEAD));
            if jumped {
                seen.ahead_since = Some(tick);
                tracing::warn!(
                    "clock_ahead: the clock has jumped ahead; it is believed once it has stood for ten minutes"
                );
            } else if tick.duration_since(since) >= TRUSTED_AFTER {
                self.remember(now).await?;
            }
        } else {
            seen.ahead_since = None;
            self.remember(now).await?;
        }
        drop(seen);
        self.timekeeping().await
    }

    /// Takes the present moment for right, whatever was seen before: the way out after a clock that was wrong. Time steps
    /// up to this moment stay spent. Later ones, accepted while the clock was ahead, become good again when their time
    /// comes: the price of not keeping their owners out until then.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn accept_clock(&self, actor: &str, now: Timestamp) -> Result<(), StoreError> {
        let store = self.clone();
        let about = Record::new(now, Event::ClockAccepted).by(&actor);
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query("UPDATE meta SET replay_floor = $1, time_high = $2 WHERE id = 'meta'")
                    .bind(now.plus(REACH).unix())
                    .bind(now.unix())
                    .execute(&mut *connection)
                    .await?;
                // A device that was used while the clock was ahead would otherwise wait for that moment. One that runs ahead
                // itself keeps what it has spent by right.
                for period in [30, 60] {
                    sqlx::query(
                        "UPDATE factors SET last_step = $2 + CASE WHEN drift > 0 THEN drift ELSE 0 END \
                         WHERE period = $1 AND last_step > $2 + CASE WHEN drift > 0 THEN drift ELSE 0 END",
                    )
                    .bind(period)
                    .bind(now.unix() / period)
                    .execute(&mut *connection)
                    .await?;
                }
                sqlx::query("UPDATE budgets SET next_at = $1 WHERE next_at > $2")
                    .bind(now.unix())
                    .bind(now.plus(3600).unix())
                    .execute(&mut *connection)
                    .await?;
                // Letters of that time are due now, too. What alerts remember of it they put right themselves.
                sqlx::query("UPDATE mails SET next_at = $1 WHERE next_at > $2")
                    .bind(now.unix())
                    .bind(now.plus(3600).unix())
                    .execute(&mut *connection)
                    .await?;
                record(connection, &store, about).await
            })
        })
        .await
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

    async fn remember(&self, now: Timestamp) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query("UPDATE meta SET time_high = $1 WHERE id = 'meta' AND time_high < $1")
                    .bind(now.unix())
                    .execute(connection)
                    .await?;
                Ok(())
            })
        })
        .await
    }
}

#[expect(clippy::disallowed_methods, reason = "how much time has really passed, whatever the clock is set to")]
fn tick() -> Instant {
    Instant::now()
}

/// Everything up to what could have been accepted at the latest moment, `high`, is spent. The next step back counts from
/// now.
async fn raise_floor(
    connection: &mut AnyConnection,
    store: &Store,
    kept: Timekeeping,
    high: Timestamp,
    now: Timestamp,
) -> Written<()> {
    let floor = high.plus(REACH);
    let done = sqlx::query(
        "UPDATE meta SET replay_floor = CASE WHEN replay_floor < $1 THEN $1 ELSE replay_floor END, \
         time_high = CASE WHEN time_high < $2 THEN time_high ELSE $2 END WHERE id = 'meta' AND time_high = $3",
    )
    .bind(floor.unix())
    .bind(now.unix())
    .bind(kept.time_high.unix())
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() == 1 {
        let detail = format!("{} s back; no code from before {} is accepted", high.since(now), floor.unix());
        let about = Record { refused: Some(Reason::ClockBack), ..Record::new(now, Event::ClockBack) };
        record(connection, store, about.saying(detail)).await?;
    }
    Ok(())
}
