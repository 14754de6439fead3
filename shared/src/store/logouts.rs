//! What clients have to be told of: that a session in which they were given something has ended (OpenID Connect Back-Channel
//! Logout 1.0). A row is written by what ends the session, in its transaction. It must not know how clients are told.

use std::collections::BTreeMap;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::bound::Bound;
use super::row::{Column, Values, moment};
use super::{Store, StoreError, Written};
use crate::client::ClientId;
use crate::time::Timestamp;

use Column::{Number, Text};

const TABLE: &str = "logouts";

const LOGOUT: [Column; 5] = [Text, Text, Text, Text, Number];

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
        concat!("SELECT id, client_id, user_id, sid, at, mac, tries, next_at, told_at, trouble FROM logouts ", $end)
    };
}

impl Store {
    /// Takes one that is due, for a while; not for these clients. One that somebody else wrote is settled, and nobody is
    /// told of it.
    ///
    /// # Errors
    /// Where the database fails, or the row is not as it was written.
    pub async fn claim_logout(&self, busy: &[String], now: Timestamp) -> Written<Option<Logout>> {
        let (due, furthest) = (now.unix(), now.plus(FURTHEST).unix());
        let mut bound = Bound::default();
        let (at, far) = (bound.number(due), bound.number(furthest));
        let others = if busy.is_empty() {
            String::new()
        } else {
            format!("AND client_id NOT IN ({})", bound.texts(busy.iter().map(String::as_str)))
        };
        let text = format!(
            "SELECT id FROM logouts WHERE (next_at <= {at} OR next_at > {far}) {others} ORDER BY next_at, id LIMIT 1"
        );
        let Some(row) = bound.query(text).fetch_optional(self.pool()).await? else { return Ok(None) };
        let (id, store): (String, _) = (row.try_get(0)?, self.clone());
        let taken = self.write(move |connection| {
            Box::pin(async move {
                let text = "UPDATE logouts SET next_at = $4, tries = tries + 1 \
                            WHERE id = $1 AND (next_at <= $2 OR next_at > $3) \
                            RETURNING id, client_id, user_id, sid, at, mac, tries, next_at, told_at, trouble";
                let taken = sqlx::query(text).bind(&id).bind(due).bind(furthest).bind(now.plus(LEASE).unix());
                let taken = taken.fetch_optional(&mut *connection).await?;
                let logout = taken.as_ref().map(|row| read(&store, row)).transpose();
                if logout.as_ref().is_err_and(StoreError::is_of_a_row) {
                    let never = "UPDATE logouts SET next_at = NULL WHERE id = $1";
                    sqlx::query(never).bind(&id).execute(connection).await?;
                }
                Ok(logout)
            })
        });
        taken.await?
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
        rows.iter().map(|row| read(self, row)).collect()
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
    /// Those of somebody, but not of this session.
    Others(&'a str, &'a str),
    /// Those of somebody that this client has.
    Client(&'a str, &'a str),
}

impl Ending<'_> {
    /// The condition on grants.
    pub(super) fn condition(self, bound: &mut Bound) -> String {
        match self {
            Self::Sessions(sids) => format!("sid IN ({})", bound.texts(sids.iter().map(String::as_str))),
            Self::People(ids) => format!("user_id IN ({})", bound.texts(ids.iter().copied())),
            Self::Client(id, client) => format!("user_id = {} AND client_id = {}", bound.text(id), bound.text(client)),
            Self::Others(id, sid) => format!("user_id = {} AND sid <> {}", bound.text(id), bound.text(sid)),
        }
    }
}

/// Notes whom to tell of sessions that have ended: each client once for each session. The sessions come as client, user and
/// session, with the id of a grant.
pub(super) async fn queue_logouts(
    connection: &mut AnyConnection,
    store: &Store,
    ended: BTreeMap<(String, String, String), String>,
    now: Timestamp,
) -> Written<()> {
    if ended.is_empty() {
        return Ok(());
    }
    let text = "SELECT id FROM clients WHERE logout_uri IS NOT NULL";
    let listening: Vec<String> = sqlx::query_scalar(text).fetch_all(&mut *connection).await?;
    for ((client, user, sid), id) in ended.into_iter().filter(|((client, ..), _)| listening.contains(client)) {
        let values =
            vec![Some(id.clone()), Some(client.clone()), Some(user.clone()), Some(sid.clone()), moment(Some(now))];
        let text = "INSERT INTO logouts (id, client_id, user_id, sid, at, mac, tries, next_at, told_at, trouble) \
                    VALUES ($1, $2, $3, $4, $5, $6, 0, $5, NULL, NULL)";
        sqlx::query(text)
            .bind(id)
            .bind(client)
            .bind(user)
            .bind(sid)
            .bind(now.unix())
            .bind(Values::of(TABLE, values).mark(store))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

fn read(store: &Store, row: &AnyRow) -> Result<Logout, StoreError> {
    let values = Values::read(store, TABLE, row, 0, &LOGOUT)?;
    let moment = |index| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(index)?.map(Timestamp::from_unix));
    Ok(Logout {
        id: values.text(0)?.to_owned(),
        client: values.parsed(1, |text| text.parse().ok())?,
        user: values.text(2)?.to_owned(),
        sid: values.text(3)?.to_owned(),
        at: values.time(4)?,
        tries: row.try_get(6)?,
        next_at: moment(7)?,
        told_at: moment(8)?,
        trouble: row.try_get(9)?,
    })
}
