//! Alerts, made from audit records beside the verdicts: none of them waits for this. Each is made once, by whichever
//! server is first, and posted by one server at a time. It must not know how mail looks or what is posted.
//!
//! Records are read by time, with an overlap: one that was committed late, or by a server whose clock is a little behind,
//! is found at the next reading, and one that was found before is known by its id.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::bound::Bound;
use super::mails::queue;
use super::row::{Column, Values, moment};
use super::{Store, StoreError, Written};
use crate::alert::{Alert, Chosen, WINDOW, WRONG_CODES, WRONG_CODES_IN_ALL};
use crate::letter::{Letter, Mail, NOTICE_LIFE};
use crate::time::Timestamp;
use crate::user::Email;

/// Seconds that are read again.
const OVERLAP: i64 = 120;

/// What is older is no news, in seconds.
pub const LIFE: i64 = 86_400;

/// For how long an alert belongs to who has taken it to post it, in seconds.
const LEASE: i64 = 60;

/// Whatever is to be posted later than in so many seconds was put there by a clock that was wrong.
const FURTHEST: i64 = 3600;

/// Records made into alerts at a time.
const AT_ONCE: i64 = 500;

/// So many are told in one letter; the others are counted.
const IN_A_LETTER: usize = 50;

const TABLE: &str = "alerts";

/// An alert that this process has taken to post it.
#[derive(Debug, Clone)]
pub struct Posting {
    /// The alert.
    pub alert: Alert,
    /// Which try this is, counted from 1.
    pub tries: i64,
}

/// Who is told.
#[derive(Debug, Clone)]
pub struct Told {
    /// By mail.
    pub addresses: Vec<Email>,
    /// Whether alerts are posted, too.
    pub posted: bool,
}

impl Store {
    /// Makes alerts of what has happened since the last time, queues their letters, and answers how many there
    /// were; nothing at the very first time, from which on they are made.
    ///
    /// # Errors
    /// Where the database fails: nothing has been told then, and the next call begins where this one did.
    pub async fn raise_alerts(&self, chosen: &Chosen, told: &Told, now: Timestamp) -> Written<Option<usize>> {
        let until: i64 =
            sqlx::query_scalar("SELECT alerts_until FROM meta WHERE id = 'meta'").fetch_one(self.pool()).await?;
        if until == 0 {
            // From now on, overlap and all; what was before is history.
            self.write(move |connection| Box::pin(async move { move_on(connection, now.unix() + OVERLAP, now).await }))
                .await?;
            return Ok(None);
        }
        // A clock that was wrong has set a mark far ahead, and nobody knows since when: all that is news is read again.
        let until = if until > now.unix() + OVERLAP { 0 } else { until };
        let since = until.max(now.unix() - LIFE) - OVERLAP;
        let (mut alerts, full) = self.of_records(chosen, since).await?;
        let until = match alerts.last() {
            Some(last) if full => last.at.min(now.unix()),
            _ => now.unix(),
        };
        alerts.extend(self.of_wrong_codes(chosen, since, now).await?);
        if alerts.is_empty() && until - since < 2 * OVERLAP {
            return Ok(Some(0));
        }
        let (store, told) = (self.clone(), told.clone());
        self.write(move |connection| {
            Box::pin(async move {
                // In one order: two servers that do this at once wait for each other, and not both for both.
                alerts.sort_by(|one, other| one.id.cmp(&other.id));
                let mut new = Vec::new();
                for alert in alerts {
                    if insert(connection, &store, &alert, told.posted.then_some(now)).await? {
                        new.push(alert);
                    }
                }
                new.sort_by_key(|alert| (!alert.weighs(), alert.at));
                let count = new.len();
                if count > 0 {
                    write_to(connection, &store, &told.addresses, new, now).await?;
                }
                move_on(connection, until, now).await?;
                Ok(Some(count))
            })
        })
        .await
    }

    /// Takes the oldest alert that is to be posted, for a minute.
    ///
    /// # Errors
    /// Where the database fails. Where the row is not as it was written: that is said once, and it is never posted.
    pub async fn claim_alert(&self, now: Timestamp) -> Written<Option<Posting>> {
        const DUE: &str = "SELECT id FROM alerts WHERE next_at <= $1 OR next_at > $2 ORDER BY next_at, id LIMIT 1";
        let (due, furthest) = (now.unix(), now.plus(FURTHEST).unix());
        let id: Option<String> = sqlx::query_scalar(DUE).bind(due).bind(furthest).fetch_optional(self.pool()).await?;
        let Some(id) = id else { return Ok(None) };
        let store = self.clone();
        let taken = self.write(move |connection| {
            Box::pin(async move {
                let text = "UPDATE alerts SET next_at = $4, tries = tries + 1 \
                            WHERE id = $1 AND (next_at <= $2 OR next_at > $3) RETURNING id, document, at, mac, tries";
                let taken = sqlx::query(text).bind(&id).bind(due).bind(furthest).bind(now.plus(LEASE).unix());
                let taken = taken.fetch_optional(&mut *connection).await?;
                let posting = taken.as_ref().map(|row| read(&store, row)).transpose();
                if posting.as_ref().is_err_and(StoreError::is_of_a_row) {
                    let never = "UPDATE alerts SET next_at = NULL WHERE id = $1";
                    sqlx::query(never).bind(&id).execute(connection).await?;
                }
                Ok(posting)
            })
        });
        taken.await?
    }

    /// Settles an alert that was taken: to be posted again at a moment, or never. Does nothing where another server has
    /// taken it meanwhile.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn settle_alert(&self, posting: &Posting, next: Option<Timestamp>) -> Written<()> {
        let (id, tries) = (posting.alert.id.clone(), posting.tries);
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query("UPDATE alerts SET next_at = $3 WHERE id = $1 AND tries = $2")
                    .bind(id)
                    .bind(tries)
                    .bind(next.map(Timestamp::unix))
                    .execute(connection)
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// Deletes alerts whose records are not read again, a few hundred at a time; answers how many.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn sweep_alerts(&self, now: Timestamp) -> Written<u64> {
        self.write(move |connection| {
            Box::pin(async move {
                let text = "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE at <= $1 LIMIT 500)";
                Ok(sqlx::query(text).bind(now.unix() - 2 * LIFE).execute(connection).await?.rows_affected())
            })
        })
        .await
    }

    /// Records of the chosen events that no alert was made of, oldest first, and whether there may be more.
    async fn of_records(&self, chosen: &Chosen, since: i64) -> Written<(Vec<Alert>, bool)> {
        if chosen.events.is_empty() {
            return Ok((Vec::new(), false));
        }
        let mut bound = Bound::default();
        let since = bound.number(since);
        let events = bound.texts(chosen.events.iter().map(|event| event.name()));
        let text = format!(
            "SELECT instance, seq, at, event, result, user_name, actor, door, source, detail FROM audit \
             WHERE at >= {since} AND event IN ({events}) AND NOT EXISTS (SELECT 1 FROM alerts \
             WHERE alerts.id = audit.instance || ':' || CAST(audit.seq AS TEXT)) \
             ORDER BY at, instance, seq LIMIT {}",
            bound.number(AT_ONCE)
        );
        let rows = bound.query(text).fetch_all(self.pool()).await?;
        let alerts = rows.iter().map(of_record).collect::<Written<Vec<_>>>()?;
        let full = i64::try_from(alerts.len()).is_ok_and(|count| count >= AT_ONCE);
        Ok((alerts, full))
    }

    /// Who has typed too many wrong codes. Each is told of once in an hour, and so are all together.
    async fn of_wrong_codes(&self, chosen: &Chosen, since: i64, now: Timestamp) -> Written<Vec<Alert>> {
        const LATELY: &str = "SELECT seq FROM audit WHERE event = 'code' AND result = 'wrong' AND at >= $1 LIMIT 1";
        const WHOSE: &str = "SELECT user_name, COUNT(*) FROM audit WHERE event = 'code' AND result = 'wrong' \
                             AND at > $1 GROUP BY user_name";
        if sqlx::query(LATELY).bind(since).fetch_optional(self.pool()).await?.is_none() {
            return Ok(Vec::new());
        }
        let rows = sqlx::query(WHOSE).bind(now.unix() - WINDOW).fetch_all(self.pool()).await?;
        let hour = now.unix() / WINDOW;
        let mut alerts = Vec::new();
        let mut in_all = 0;
        for row in &rows {
            let (person, count): (Option<String>, i64) = (row.try_get(0)?, row.try_get(1)?);
            in_all += count;
            if let Some(person) = person.filter(|_| count >= chosen.wrong_codes_per_person) {
                let id = format!("{WRONG_CODES}:{hour}:{person}");
                alerts.push(Alert { person: Some(person), ..counted(id, WRONG_CODES, count, now) });
            }
        }
        if in_all >= chosen.wrong_codes_in_all {
            let id = format!("{WRONG_CODES_IN_ALL}:{hour}");
            alerts.push(counted(id, WRONG_CODES_IN_ALL, in_all, now));
        }
        Ok(alerts)
    }
}

fn counted(id: String, event: &str, count: i64, now: Timestamp) -> Alert {
    Alert {
        id,
        at: now.unix(),
        event: event.to_owned(),
        result: None,
        person: None,
        actor: None,
        door: None,
        source: None,
        detail: None,
        count: Some(count),
    }
}

fn of_record(row: &AnyRow) -> Written<Alert> {
    let (instance, seq): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
    Ok(Alert {
        id: format!("{instance}:{seq}"),
        at: row.try_get(2)?,
        event: row.try_get(3)?,
        result: row.try_get(4)?,
        person: row.try_get(5)?,
        actor: row.try_get(6)?,
        door: row.try_get(7)?,
        source: row.try_get(8)?,
        detail: row.try_get(9)?,
        count: None,
    })
}

/// Answers whether it is a new one.
async fn insert(
    connection: &mut AnyConnection,
    store: &Store,
    alert: &Alert,
    post_at: Option<Timestamp>,
) -> Written<bool> {
    let document = serde_json::to_string(alert).map_err(|error| StoreError::Other(error.to_string()))?;
    let at = Timestamp::from_unix(alert.at);
    let values = vec![Some(alert.id.clone()), Some(document.clone()), moment(Some(at))];
    let done = sqlx::query(
        "INSERT INTO alerts (id, document, at, mac, next_at, tries) VALUES ($1, $2, $3, $4, $5, 0) \
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(&alert.id)
    .bind(document)
    .bind(alert.at)
    .bind(Values::of(TABLE, values).mark(store))
    .bind(post_at.map(Timestamp::unix))
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

fn read(store: &Store, row: &AnyRow) -> Written<Posting> {
    let values = Values::read(store, TABLE, row, 0, &[Column::Text, Column::Text, Column::Number])?;
    let alert = values.parsed(1, |document| serde_json::from_str(document).ok())?;
    Ok(Posting { alert, tries: row.try_get(4)? })
}

/// One letter to each address, of alerts in the order in which they are told.
async fn write_to(
    connection: &mut AnyConnection,
    store: &Store,
    addresses: &[Email],
    mut alerts: Vec<Alert>,
    now: Timestamp,
) -> Written<()> {
    let mut more: Vec<(String, u32)> = Vec::new();
    for alert in alerts.split_off(alerts.len().min(IN_A_LETTER)) {
        match more.iter_mut().find(|(event, _)| *event == alert.event) {
            Some((_, count)) => *count += 1,
            None => more.push((alert.event, 1)),
        }
    }
    for to in addresses {
        let letter = Letter::Alerts { alerts: alerts.clone(), more: more.clone() };
        let mail = Mail { to: to.clone(), name: String::from(to.clone()), language: None, letter };
        queue(connection, store, &mail, now.plus(NOTICE_LIFE), now).await?;
    }
    Ok(())
}

/// The mark goes back only from where a clock that was wrong has set it.
async fn move_on(connection: &mut AnyConnection, until: i64, now: Timestamp) -> Written<()> {
    sqlx::query("UPDATE meta SET alerts_until = $1 WHERE id = 'meta' AND (alerts_until < $1 OR alerts_until > $2)")
        .bind(until)
        .bind(now.unix() + OVERLAP)
        .execute(connection)
        .await?;
    Ok(())
}
