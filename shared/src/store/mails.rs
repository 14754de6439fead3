//! The queue of mail. A letter is queued in the transaction of what it tells, so that neither is there without the other;
//! one guarded UPDATE hands it to one server. It must not know how mail looks or travels.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};
use zeroize::Zeroizing;

use Column::{Number, Text};

use super::bound::{Bound, rows};
use super::noticed::notice;
use super::row::Column;
use super::{Store, StoreError, Written, audit};
use crate::audit::{Event, Record};
use crate::crypto::seal::Place;
use crate::id::Id;
use crate::letter::{Letter, Mail};
use crate::time::Timestamp;

/// How much mail may wait in all.
pub const CAPACITY: i64 = 10_000;

/// Of these, places that only letters take without which somebody cannot go on.
pub const RESERVE: i64 = 1_000;

/// Where so much waits, nothing is taken that administrators send at will: none of them fills the queue to keep others from
/// being told what they do.
pub const AT_WILL: i64 = CAPACITY / 2;

/// For how long mail belongs to who has taken it, in seconds. A server that died meanwhile loses it to another.
pub const LEASE: i64 = 90;

const TABLE: &str = "mails";

/// Mail in the queue, as who delivers it holds it.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Its row; also what it is logged by, and what makes its message id.
    pub id: Id<Mail>,
    /// [`crate::letter::Letter::kind`].
    pub kind: String,
    /// When it is worth nothing any more.
    pub dies_at: Timestamp,
    /// Which try this is, counted from 1.
    pub tries: i64,
    /// The letter and whom it is for.
    pub mail: Mail,
}

impl Outgoing {
    /// Mail that its maker delivers at once: [`queue_taken`] writes it down as taken.
    ///
    /// # Errors
    /// Where the kernel gives no randomness.
    pub fn new(store: &Store, mail: Mail, dies_at: Timestamp) -> Result<Self, StoreError> {
        let id = Id::random(store.entropy())?;
        Ok(Self { id, kind: mail.letter.kind().to_owned(), dies_at, tries: 1, mail })
    }
}

/// Mail that has died undelivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dead {
    /// Its row.
    pub id: String,
    /// [`crate::letter::Letter::kind`].
    pub kind: String,
}

/// Queues a letter within a transaction; it is on its way once that is committed.
///
/// # Errors
/// [`StoreError::MailFull`] where too much waits and somebody would wait for this letter: then nothing of the transaction
/// happens. A mere notice is left out instead, and that is recorded.
pub async fn queue(
    connection: &mut AnyConnection,
    store: &Store,
    mail: &Mail,
    dies_at: Timestamp,
    now: Timestamp,
) -> Written<()> {
    queue_all(connection, store, std::slice::from_ref(mail), dies_at, now).await.map(drop)
}

/// The same for letters of one kind, all of them or none. Answers whether they are queued.
///
/// # Errors
/// [`StoreError::MailFull`], as above.
pub async fn queue_all(
    connection: &mut AnyConnection,
    store: &Store,
    mails: &[Mail],
    dies_at: Timestamp,
    now: Timestamp,
) -> Written<bool> {
    let outgoing = mails.iter().map(|mail| Ok(Outgoing { tries: 0, ..Outgoing::new(store, mail.clone(), dies_at)? }));
    let outgoing = outgoing.collect::<Written<Vec<_>>>()?;
    if insert(connection, store, &outgoing, now, now).await? {
        notice(|noticed| noticed.mailed = true);
        return Ok(true);
    }
    if mails.iter().any(|mail| mail.letter.is_waited_for()) {
        return Err(StoreError::MailFull);
    }
    let dropped = Record::new(now, Event::MailDropped);
    let about = mails.iter().map(|mail| dropped.clone().about(&mail.name).saying(mail.letter.kind()));
    audit::record_all(connection, store, about.collect()).await?;
    Ok(false)
}

/// Writes down mail that its maker delivers at once; others take it only if the maker does not end it in time.
///
/// # Errors
/// [`StoreError::MailFull`] where too much waits.
pub async fn queue_taken(
    connection: &mut AnyConnection,
    store: &Store,
    outgoing: &Outgoing,
    now: Timestamp,
) -> Written<()> {
    let outgoing = std::slice::from_ref(outgoing);
    if insert(connection, store, outgoing, now.plus(LEASE), now).await? { Ok(()) } else { Err(StoreError::MailFull) }
}

/// How many letters more may wait before none is taken that is sent at will.
///
/// # Errors
/// Where the database fails.
pub async fn room_at_will(connection: &mut AnyConnection) -> Written<i64> {
    let waiting: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM mails").fetch_one(connection).await?;
    Ok(AT_WILL - waiting)
}

/// Writes mail down where there is room for all of it.
async fn insert(
    connection: &mut AnyConnection,
    store: &Store,
    mails: &[Outgoing],
    next_at: Timestamp,
    now: Timestamp,
) -> Written<bool> {
    const MAIL: [Column; 7] = [Text, Text, Text, Number, Number, Number, Number];
    let Some(capacity) = mails.iter().map(|outgoing| capacity(&outgoing.mail.letter)).min() else { return Ok(true) };
    let limit = MAIL.len() * mails.len() + 1;
    let text = format!(
        "INSERT INTO mails (id, kind, sealed, created_at, dies_at, next_at, tries) \
         SELECT * FROM (VALUES {}) AS v WHERE (SELECT COUNT(*) FROM mails) <= ${limit}",
        rows(store.location(), &MAIL, mails.len())
    );
    let mut query = Bound::default().query(text);
    for Outgoing { id, kind, dies_at, tries, mail } in mails {
        let unwritable = |error: String| StoreError::Other(error);
        let plain = serde_json::to_vec(mail).map(Zeroizing::new).map_err(|error| unwritable(error.to_string()))?;
        let sealed = store.keys().seal(store.entropy(), place(id.as_str(), &bound(kind, *dies_at)), &plain);
        query = query
            .bind(id.as_str().to_owned())
            .bind(kind.clone())
            .bind(sealed.map_err(|error| unwritable(error.to_string()))?)
            .bind(now.unix())
            .bind(dies_at.unix())
            .bind(next_at.unix())
            .bind(*tries);
    }
    let room = capacity - i64::try_from(mails.len()).unwrap_or(i64::MAX);
    Ok(query.bind(room).execute(connection).await?.rows_affected() > 0)
}

/// How much mail may wait where a letter is added.
fn capacity(letter: &Letter) -> i64 {
    if letter.is_sent_at_will() {
        AT_WILL
    } else if letter.is_waited_for() {
        CAPACITY
    } else {
        CAPACITY - RESERVE
    }
}

impl Store {
    /// Takes mail that is due, what dies first first, for [`LEASE`] seconds. Mail that does not open stays where it is,
    /// until it does or dies.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn claim_mails(&self, limit: i64, now: Timestamp) -> Written<Vec<Outgoing>> {
        const DUE: &str = "SELECT id FROM mails WHERE next_at <= $1 AND dies_at > $1 LIMIT 1";
        // Asked often: most answers must not cost a write.
        if sqlx::query(DUE).bind(now.unix()).fetch_optional(self.pool()).await?.is_none() {
            return Ok(Vec::new());
        }
        let rows = self
            .write(move |connection| {
                Box::pin(async move {
                    // Asked again outside the subquery: on PostgreSQL that is what a second server's UPDATE waits for
                    // and then finds untrue.
                    let rows = sqlx::query(
                        "UPDATE mails SET next_at = $2, tries = tries + 1 WHERE id IN (SELECT id FROM mails \
                         WHERE next_at <= $1 AND dies_at > $1 ORDER BY dies_at, id LIMIT $3) AND next_at <= $1 \
                         RETURNING id, kind, sealed, dies_at, tries",
                    )
                    .bind(now.unix())
                    .bind(now.plus(LEASE).unix())
                    .bind(limit)
                    .fetch_all(connection)
                    .await?;
                    Ok(rows)
                })
            })
            .await?;
        let mut taken = Vec::with_capacity(rows.len());
        for row in &rows {
            match self.unsealed(row) {
                Ok(outgoing) => taken.push(outgoing),
                Err(error) => tracing::error!(%error, "mail cannot be opened; it stays in the queue until it dies"),
            }
        }
        Ok(taken)
    }

    /// Forgets mail that was delivered or refused for good.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn mail_done(&self, outgoing: &Outgoing) -> Written<()> {
        let id = outgoing.id.clone();
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query("DELETE FROM mails WHERE id = $1").bind(id.as_str()).execute(connection).await?;
                Ok(())
            })
        })
        .await
    }

    /// Gives mail back, to be tried again at a later moment. Does nothing where another server has taken it meanwhile.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn mail_deferred(&self, outgoing: &Outgoing, next_at: Timestamp) -> Written<bool> {
        let (id, tries) = (outgoing.id.clone(), outgoing.tries);
        self.write(move |connection| {
            Box::pin(async move {
                let done = sqlx::query("UPDATE mails SET next_at = $3 WHERE id = $1 AND tries = $2")
                    .bind(id.as_str())
                    .bind(tries)
                    .bind(next_at.unix())
                    .execute(connection)
                    .await?;
                Ok(done.rows_affected() == 1)
            })
        })
        .await
    }

    /// Deletes mail that has died, a few hundred at a time, and says which.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn sweep_mails(&self, now: Timestamp) -> Written<Vec<Dead>> {
        self.write(move |connection| {
            Box::pin(async move {
                let rows = sqlx::query(
                    "DELETE FROM mails WHERE id IN (SELECT id FROM mails WHERE dies_at <= $1 LIMIT 500) \
                     RETURNING id, kind",
                )
                .bind(now.unix())
                .fetch_all(connection)
                .await?;
                rows.iter().map(|row| Ok(Dead { id: row.try_get("id")?, kind: row.try_get("kind")? })).collect()
            })
        })
        .await
    }

    /// How much mail waits, the dead included.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn count_mails(&self) -> Written<i64> {
        Ok(sqlx::query_scalar("SELECT COUNT(*) FROM mails").fetch_one(self.pool()).await?)
    }

    /// Returns once this process has committed mail since the last call. What other processes queue is seen by
    /// [`Store::claim_mails`] alone.
    pub async fn mail_queued(&self) {
        self.inner.mail.notified().await;
    }

    fn unsealed(&self, row: &AnyRow) -> Result<Outgoing, StoreError> {
        let (id, kind): (String, String) = (row.try_get("id")?, row.try_get("kind")?);
        let dies_at = Timestamp::from_unix(row.try_get("dies_at")?);
        let bound = bound(&kind, dies_at);
        let plain = self.keys().open(place(&id, &bound), row.try_get("sealed")?).map_err(|error| StoreError::Row {
            table: TABLE,
            row: id.clone(),
            error,
        })?;
        let mail = serde_json::from_slice(&plain).map_err(|_| StoreError::Value { table: TABLE, row: id.clone() })?;
        Ok(Outgoing { id: Id::from_stored(id), kind, dies_at, tries: row.try_get("tries")?, mail })
    }
}

/// What a sealed letter is bound to besides its row.
fn bound(kind: &str, dies_at: Timestamp) -> String {
    format!("{kind} {}", dies_at.unix())
}

const fn place<'a>(id: &'a str, bound: &'a str) -> Place<'a> {
    Place { table: TABLE, column: "sealed", row: id, owner: bound }
}
