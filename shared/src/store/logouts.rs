//! What clients have to be told of: that a session in which they were given something has ended (OpenID Connect Back-Channel
//! Logout 1.0). A row is written by what ends the session, in its transaction. It must not know how clients are told.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::bound::Bound;
use super::{Store, StoreError, Written};
use crate::client::ClientId;
use crate::time::Timestamp;

/// A client is told within this time or never, in seconds: longer no session of its own is worth waiting for.
pub const LIFE: i64 = 3600;

/// Whoever has taken one has so many seconds to settle it.
const LEASE: i64 = 30;

/// Due further ahead than this is due now: a clock was wrong.
const FURTHEST: i64 = 600;

/// How long it is shown what became of one, in seconds.
const KEPT: i64 = 7 * 86_400;

/// A session that has ended, for one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logout {
    /// That of a grant that the client was given in it.
    pub id: String,
    /// Who is told.
    pub client: ClientId,
    /// Whose it was.
    pub user: String,
    /// What the client knows it by.
    pub sid: String,
    /// When it ended.
    pub at: Timestamp,
    /// How often the client was called.
    pub tries: i64,
    /// When it is called next; `None` once it is settled.
    pub next_at: Option<Timestamp>,
    /// When it took the news.
    pub told_at: Option<Timestamp>,
    /// What hindered the last call.
    pub trouble: Option<String>,
}

macro_rules! logout {
    ($end:literal) => {
        concat!("SELECT id, client_id, user_id, sid, at, tries, next_at, told_at, trouble FROM logouts ", $end)
    };
}

impl Store {
    /// Takes one that is due, for a while.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn claim_logout(&self, now: Timestamp) -> Written<Option<Logout>> {
        const DUE: &str = "SELECT id FROM logouts WHERE next_at <= $1 OR next_at > $2 ORDER BY next_at, id LIMIT 1";
        let (due, furthest) = (now.unix(), now.plus(FURTHEST).unix());
        let id: Option<String> = sqlx::query_scalar(DUE).bind(due).bind(furthest).fetch_optional(self.pool()).await?;
        let Some(id) = id else { return Ok(None) };
        self.write(move |connection| {
            Box::pin(async move {
                let text = "UPDATE logouts SET next_at = $4, tries = tries + 1 \
                            WHERE id = $1 AND (next_at <= $2 OR next_at > $3) \
                            RETURNING id, client_id, user_id, sid, at, tries, next_at, told_at, trouble";
                let taken = sqlx::query(text).bind(id).bind(due).bind(furthest).bind(now.plus(LEASE).unix());
                taken.fetch_optional(connection).await?.as_ref().map(read).transpose()
            })
        })
        .await
    }

    /// Settles one that was taken: told, to be told later, or given up. Does nothing where another server has taken it
    /// meanwhile.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn settle_logout(&self, logout: Logout) -> Written<()> {
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query("UPDATE logouts SET next_at = $3, told_at = $4, trouble = $5 WHERE id = $1 AND tries = $2")
                    .bind(logout.id)
                    .bind(logout.tries)
                    .bind(logout.next_at.map(Timestamp::unix))
                    .bind(logout.told_at.map(Timestamp::unix))
                    .bind(logout.trouble)
                    .execute(connection)
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// What a client was told lately, or could not be told, the newest first.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn logouts_of(&self, client: &ClientId) -> Result<Vec<Logout>, StoreError> {
        let text = logout!("WHERE client_id = $1 ORDER BY at DESC, id LIMIT 100");
        let rows = sqlx::query(text).bind(client.as_str()).fetch_all(self.pool()).await?;
        rows.iter().map(read).collect()
    }

    /// Deletes what is old news, a few hundred at a time; answers how many.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn sweep_logouts(&self, now: Timestamp) -> Written<u64> {
        self.write(move |connection| {
            Box::pin(async move {
                let text = "DELETE FROM logouts WHERE id IN (SELECT id FROM logouts WHERE at <= $1 LIMIT 500)";
                Ok(sqlx::query(text).bind(now.plus(-KEPT).unix()).execute(connection).await?.rows_affected())
            })
        })
        .await
    }
}

/// Which grants end.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ending<'a> {
    /// Those of these sessions, by what web apps call them.
    Sessions(&'a [String]),
    /// Those of these people.
    People(&'a [&'a str]),
}

impl Ending<'_> {
    /// The condition on grants `g`.
    pub(super) fn condition(self, bound: &mut Bound) -> String {
        match self {
            Self::Sessions(sids) => format!("g.sid IN ({})", bound.texts(sids.iter().map(String::as_str))),
            Self::People(ids) => format!("g.user_id IN ({})", bound.texts(ids.iter().copied())),
        }
    }
}

/// Notes whom to tell, before the grants are gone: each client once for each session.
pub(super) async fn queue_logouts(connection: &mut AnyConnection, ending: Ending<'_>, now: Timestamp) -> Written<()> {
    let mut bound = Bound::default();
    let at = bound.number(now.unix());
    let which = ending.condition(&mut bound);
    let text = format!(
        "INSERT INTO logouts (id, client_id, user_id, sid, at, tries, next_at, told_at, trouble) \
         SELECT MIN(g.id), g.client_id, g.user_id, g.sid, {at}, 0, {at}, NULL, NULL FROM grants g \
         JOIN clients c ON c.id = g.client_id WHERE {which} AND g.used_at IS NOT NULL AND c.logout_uri IS NOT NULL \
         GROUP BY g.client_id, g.user_id, g.sid"
    );
    bound.query(text).execute(connection).await?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<Logout, StoreError> {
    let id: String = row.try_get(0)?;
    let client: String = row.try_get(1)?;
    let moment = |index| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(index)?.map(Timestamp::from_unix));
    Ok(Logout {
        client: client.parse().map_err(|_| StoreError::Value { table: "logouts", row: id.clone() })?,
        id,
        user: row.try_get(2)?,
        sid: row.try_get(3)?,
        at: Timestamp::from_unix(row.try_get(4)?),
        tries: row.try_get(5)?,
        next_at: moment(6)?,
        told_at: moment(7)?,
        trouble: row.try_get(8)?,
    })
}
