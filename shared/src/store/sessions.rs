//! Browser sessions: stored by the hash of the cookie, with what was shown when they began.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::browser::proofs_text;
use super::grants::end_grants;
use super::logouts::Ending;
use super::row::{Column, Values, moment};
use super::{Store, StoreError, Written};
use crate::crypto::token_hash;
use crate::factor::Proof;
use crate::id::Id;
use crate::time::Timestamp;
use crate::user::User;

/// A session as it is stored.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// The hash of the cookie.
    pub id_hash: String,
    /// Whose.
    pub user: Id<User>,
    /// What it is called before web apps; it stays when the cookie changes.
    pub sid: String,
    /// What was shown at sign-in.
    pub proofs: Vec<Proof>,
    /// The user's security version that it lives by.
    pub security_version: i64,
    /// From where it was begun.
    pub place: String,
    /// When a second factor was last shown for what changes the account.
    pub confirmed_at: Option<Timestamp>,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
    /// When it was last used, give or take a minute.
    pub seen_at: Timestamp,
    /// When the console was last used with it, give or take a minute.
    pub console_at: Option<Timestamp>,
}

/// A browser session, with the user as of now.
#[derive(Debug, Clone)]
pub struct Session {
    /// The hash of the cookie.
    pub id_hash: String,
    /// What it is called before web apps; it stays when the cookie changes.
    pub sid: String,
    /// Whose.
    pub user: User,
    /// What was shown at sign-in.
    pub proofs: Vec<Proof>,
    /// When a second factor was last shown for what changes the account.
    pub confirmed_at: Option<Timestamp>,
    /// Since when.
    pub created_at: Timestamp,
    /// When the console was last used with it, give or take a minute.
    pub console_at: Option<Timestamp>,
}

pub use self::ends::{delete_session, end_other_sessions, end_session, end_sid, take_over};

mod ends;

use Column::{Number, Text};

const SESSION: [Column; 9] = [Text, Text, Text, Text, Number, Text, Number, Number, Number];

/// A session unused for this long is over.
pub const IDLE: i64 = 3600;

/// A session is over after this long, however much it is used.
pub const SESSION_LIFE: i64 = 12 * 3600;

/// What changes the account wants a second factor shown within so many seconds.
pub const CONFIRMED_FOR: i64 = 5 * 60;

/// The console closes after so many seconds in which nobody used it.
pub const CONSOLE_IDLE: i64 = 15 * 60;

/// A session's use is noted at most once in so many seconds.
const NOTE_EVERY: i64 = 60;

macro_rules! session {
    ($end:literal) => {
        concat!(
            "SELECT id_hash, user_id, sid, proofs, security_version, place, confirmed_at, created_at, expires_at, mac, ",
            "seen_at, console_at FROM sessions ",
            $end
        )
    };
}

impl Session {
    /// Whether what changes the account may be done now.
    #[must_use]
    pub fn is_confirmed(&self, now: Timestamp) -> bool {
        self.confirmed_at.is_some_and(|at| (0..CONFIRMED_FOR).contains(&now.since(at)))
    }

    /// Whether the console is open: a second factor was shown, or the console was used, not long ago.
    #[must_use]
    pub fn is_in_console(&self, now: Timestamp) -> bool {
        let shown = self.proofs.iter().filter(|proof| proof.kind.is_second_factor()).map(|proof| proof.at);
        let latest = shown.chain(self.confirmed_at).chain(self.console_at).max();
        latest.is_some_and(|at| (0..CONSOLE_IDLE).contains(&now.since(at)))
    }
}

impl Store {
    /// The session that a cookie stands for, if it is alive: neither over, nor idle for too long, nor from before a
    /// change of what the user's logins depend on.
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub async fn session(&self, token: &str, now: Timestamp) -> Result<Option<Session>, StoreError> {
        let stored = self.session_of(token, now).await?;
        self.live(stored, now).await
    }

    /// The same by what web apps call the session: being in one of them is using it.
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub async fn session_called(&self, sid: &str, now: Timestamp) -> Result<Option<Session>, StoreError> {
        let text = session!("WHERE sid = $1 AND expires_at > $2");
        let row = sqlx::query(text).bind(sid).bind(now.unix()).fetch_optional(self.pool()).await?;
        let stored = self.with_user(row).await?;
        self.live(stored, now).await
    }

    async fn live(&self, stored: Option<(SessionRow, Session)>, now: Timestamp) -> Result<Option<Session>, StoreError> {
        let Some((stored, session)) = stored else { return Ok(None) };
        let user = &session.user;
        if stored.seen_at <= now.plus(-IDLE)
            || user.security_version != stored.security_version
            || user.disabled_at.is_some()
        {
            return Ok(None);
        }
        if now.since(stored.seen_at) >= NOTE_EVERY {
            let text = "UPDATE sessions SET seen_at = $2 WHERE id_hash = $1 AND seen_at < $2";
            self.note(text, stored.id_hash, now).await?;
        }
        Ok(Some(session))
    }

    /// The session that a cookie stood for, to end it: it opens nothing any more, perhaps, but what web apps were given in
    /// it may still be good.
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub async fn session_to_end(&self, token: &str, now: Timestamp) -> Result<Option<Session>, StoreError> {
        Ok(self.session_of(token, now).await?.map(|(_, session)| session))
    }

    async fn session_of(&self, token: &str, now: Timestamp) -> Result<Option<(SessionRow, Session)>, StoreError> {
        let text = session!("WHERE id_hash = $1 AND expires_at > $2");
        let row = sqlx::query(text).bind(token_hash(token)).bind(now.unix()).fetch_optional(self.pool()).await?;
        self.with_user(row).await
    }

    async fn with_user(&self, row: Option<AnyRow>) -> Result<Option<(SessionRow, Session)>, StoreError> {
        let Some(row) = row else { return Ok(None) };
        let stored = read_session(self, &row)?;
        let Some(person) = self.person(&stored.user).await? else { return Ok(None) };
        let session = Session {
            id_hash: stored.id_hash.clone(),
            sid: stored.sid.clone(),
            user: person.user,
            proofs: stored.proofs.clone(),
            confirmed_at: stored.confirmed_at,
            created_at: stored.created_at,
            console_at: stored.console_at,
        };
        Ok(Some((stored, session)))
    }

    /// Somebody's sessions that are alive, the latest use first.
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub async fn sessions_of(&self, user: &User, now: Timestamp) -> Result<Vec<SessionRow>, StoreError> {
        let text = session!("WHERE user_id = $1 AND expires_at > $2 AND seen_at > $3 ORDER BY seen_at DESC, id_hash");
        let rows = sqlx::query(text)
            .bind(user.id.as_str())
            .bind(now.unix())
            .bind(now.plus(-IDLE).unix())
            .fetch_all(self.pool())
            .await?;
        let rows: Result<Vec<SessionRow>, StoreError> = rows.iter().map(|row| read_session(self, row)).collect();
        Ok(rows?.into_iter().filter(|row| row.security_version == user.security_version).collect())
    }

    /// Notes that the console was used with a session, if that was not noted just now.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn note_console(&self, session: &Session, now: Timestamp) -> Written<()> {
        if session.console_at.is_some_and(|at| (0..NOTE_EVERY).contains(&now.since(at))) {
            return Ok(());
        }
        self.note("UPDATE sessions SET console_at = $2 WHERE id_hash = $1", session.id_hash.clone(), now).await
    }

    async fn note(&self, text: &'static str, id_hash: String, now: Timestamp) -> Written<()> {
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(text).bind(id_hash).bind(now.unix()).execute(connection).await?;
                Ok(())
            })
        })
        .await
    }
}

/// Writes a new session down. The user's security version is the one it lives by.
///
/// # Errors
/// Where the database fails.
pub async fn insert_session(
    connection: &mut AnyConnection,
    store: &Store,
    token: &str,
    user: &User,
    proofs: &[Proof],
    place: &str,
    now: Timestamp,
) -> Written<()> {
    let session = SessionRow {
        id_hash: token_hash(token),
        user: user.id.clone(),
        sid: sid_of(token),
        proofs: proofs.to_vec(),
        security_version: user.security_version,
        place: place.to_owned(),
        confirmed_at: None,
        created_at: now,
        expires_at: now.plus(SESSION_LIFE),
        seen_at: now,
        console_at: None,
    };
    insert_row(connection, store, &session).await
}

/// What a session with this first cookie is called before web apps: as random, and nobody finds the cookie by it.
#[must_use]
pub fn sid_of(token: &str) -> String {
    token_hash(&format!("sid {token}"))
}

/// What is new about a session that goes on under another cookie.
#[derive(Debug, Clone)]
pub struct Renewal {
    /// The hash of the cookie that it had.
    pub id_hash: String,
    /// The token of the cookie that it gets.
    pub token: String,
    /// What was shown besides.
    pub proof: Option<Proof>,
    /// When a second factor was shown for what changes the account; `None` leaves that as it was.
    pub confirmed_at: Option<Timestamp>,
    /// When that is.
    pub at: Timestamp,
}

/// Lets a session go on under another cookie, and live by this security version; whoever has a copy of the cookie before
/// has nothing. It lives no longer for that.
///
/// # Errors
/// [`StoreError::Conflict`] where the session is over.
pub async fn renew_session(
    connection: &mut AnyConnection,
    store: &Store,
    renewal: &Renewal,
    security_version: i64,
) -> Written<()> {
    let before = held(connection, store, &renewal.id_hash).await?;
    let done = sqlx::query("DELETE FROM sessions WHERE id_hash = $1").bind(&before.id_hash);
    if done.execute(&mut *connection).await?.rows_affected() != 1 {
        return Err(StoreError::Conflict);
    }
    if security_version != before.security_version {
        // With it all that web apps have is worth nothing; they are told, so that no session of theirs outlives it.
        end_grants(connection, store, Ending::People(&[before.user.as_str()]), renewal.at).await?;
    }
    let mut session = SessionRow {
        id_hash: token_hash(&renewal.token),
        security_version,
        confirmed_at: renewal.confirmed_at.or(before.confirmed_at),
        ..before
    };
    session.proofs.extend(renewal.proof);
    insert_row(connection, store, &session).await
}

/// A session by the hash of its cookie, in a transaction.
async fn held(connection: &mut AnyConnection, store: &Store, id_hash: &str) -> Written<SessionRow> {
    let text = session!("WHERE id_hash = $1");
    let row = sqlx::query(text).bind(id_hash).fetch_optional(connection).await?.ok_or(StoreError::Conflict)?;
    read_session(store, &row)
}

async fn insert_row(connection: &mut AnyConnection, store: &Store, session: &SessionRow) -> Written<()> {
    sqlx::query(
        "INSERT INTO sessions (id_hash, user_id, sid, proofs, security_version, place, confirmed_at, created_at, \
         expires_at, mac, seen_at, console_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(&session.id_hash)
    .bind(session.user.as_str())
    .bind(&session.sid)
    .bind(proofs_text(&session.proofs))
    .bind(session.security_version)
    .bind(&session.place)
    .bind(session.confirmed_at.map(Timestamp::unix))
    .bind(session.created_at.unix())
    .bind(session.expires_at.unix())
    .bind(mark(store, session))
    .bind(session.seen_at.unix())
    .bind(session.console_at.map(Timestamp::unix))
    .execute(connection)
    .await?;
    Ok(())
}

fn read_session(store: &Store, row: &AnyRow) -> Result<SessionRow, StoreError> {
    let values = Values::read(store, "sessions", row, 0, &SESSION)?;
    Ok(SessionRow {
        id_hash: values.text(0)?.to_owned(),
        user: Id::from_stored(values.text(1)?.to_owned()),
        sid: values.text(2)?.to_owned(),
        proofs: values.parsed(3, |text| serde_json::from_str(text).ok())?,
        security_version: values.number(4)?,
        place: values.text(5)?.to_owned(),
        confirmed_at: values.maybe_time(6)?,
        created_at: values.time(7)?,
        expires_at: values.time(8)?,
        seen_at: Timestamp::from_unix(row.try_get(SESSION.len() + 1)?),
        console_at: row.try_get::<Option<i64>, _>(SESSION.len() + 2)?.map(Timestamp::from_unix),
    })
}

fn mark(store: &Store, session: &SessionRow) -> String {
    let values = vec![
        Some(session.id_hash.clone()),
        Some(session.user.to_string()),
        Some(session.sid.clone()),
        Some(proofs_text(&session.proofs)),
        Some(session.security_version.to_string()),
        Some(session.place.clone()),
        moment(session.confirmed_at),
        moment(Some(session.created_at)),
        moment(Some(session.expires_at)),
    ];
    Values::of("sessions", values).mark(store)
}
