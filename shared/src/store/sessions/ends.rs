//! How sessions end, and with them what web apps were given in them. It must not know who ends them, or why.

use sqlx::{AnyConnection, Row};

use super::{Session, SessionRow, held, insert_row};
use crate::crypto::token_hash;
use crate::id::Id;
use crate::store::bound::Bound;
use crate::store::grants::end_grants;
use crate::store::logouts::Ending;
use crate::store::{Store, StoreError, Written};
use crate::time::Timestamp;
use crate::user::User;

/// Ends a session, and what web apps were given in it.
///
/// # Errors
/// Where the database fails.
pub async fn delete_session(
    connection: &mut AnyConnection,
    store: &Store,
    id_hash: &str,
    now: Timestamp,
) -> Written<()> {
    let mut bound = Bound::default();
    let which = format!("id_hash = {}", bound.text(id_hash));
    end(connection, store, &which, bound, now).await?;
    Ok(())
}

/// Ends one of somebody's sessions; `false` where they have none with this id.
///
/// # Errors
/// Where the database fails.
pub async fn end_session(
    connection: &mut AnyConnection,
    store: &Store,
    id_hash: &str,
    user: &Id<User>,
    now: Timestamp,
) -> Written<bool> {
    let mut bound = Bound::default();
    let which = format!("id_hash = {} AND user_id = {}", bound.text(id_hash), bound.text(user.as_str()));
    Ok(end(connection, store, &which, bound, now).await? == 1)
}

/// Ends all sessions of somebody but this one, and what web apps were given in others, also in those that have grown old.
///
/// # Errors
/// Where the database fails.
pub async fn end_other_sessions(
    connection: &mut AnyConnection,
    store: &Store,
    session: &Session,
    now: Timestamp,
) -> Written<()> {
    let text = "DELETE FROM sessions WHERE user_id = $1 AND sid <> $2";
    let user = session.user.id.as_str();
    sqlx::query(text).bind(user).bind(&session.sid).execute(&mut *connection).await?;
    end_grants(connection, store, Ending::Others(user, &session.sid), now).await?;
    Ok(())
}

/// Ends what web apps were given in a session, whether there still is one or not.
///
/// # Errors
/// Where the database fails.
pub async fn end_sid(connection: &mut AnyConnection, store: &Store, sid: String, now: Timestamp) -> Written<()> {
    end_grants(connection, store, Ending::Sessions(&[sid]), now).await?;
    Ok(())
}

/// Lets a session that has just begun go on as the one that its browser had before: web apps know it by the same name, and
/// keep what they were given.
///
/// # Errors
/// [`StoreError::Conflict`] where one of them is over.
pub async fn take_over(connection: &mut AnyConnection, store: &Store, old: &Session, token: &str) -> Written<()> {
    let new = held(connection, store, &token_hash(token)).await?;
    for id_hash in [&old.id_hash, &new.id_hash] {
        let done = sqlx::query("DELETE FROM sessions WHERE id_hash = $1 AND user_id = $2");
        if done.bind(id_hash).bind(old.user.id.as_str()).execute(&mut *connection).await?.rows_affected() != 1 {
            return Err(StoreError::Conflict);
        }
    }
    insert_row(connection, store, &SessionRow { sid: old.sid.clone(), ..new }).await
}

/// Ends the sessions that a condition names; answers how many rows that were.
async fn end(connection: &mut AnyConnection, store: &Store, which: &str, bound: Bound, now: Timestamp) -> Written<u64> {
    let rows = bound.query(format!("DELETE FROM sessions WHERE {which} RETURNING sid")).fetch_all(&mut *connection);
    let sids: Vec<String> = rows.await?.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    if !sids.is_empty() {
        end_grants(connection, store, Ending::Sessions(&sids), now).await?;
    }
    Ok(sids.len() as u64)
}
