//! The end of everything that people have set up or begun. It must not know why.

use sqlx::AnyConnection;

use super::bound::Bound;
use super::grants::end_grants;
use super::logouts::Ending;
use super::{Store, Written};
use crate::id::Id;
use crate::time::Timestamp;
use crate::user::User;

/// Ends people's sessions, sign-ins and tokens, forgets their devices, and makes the codes and tokens of web apps worthless.
///
/// # Errors
/// Where the database fails.
pub async fn end_everything(
    connection: &mut AnyConnection,
    store: &Store,
    users: &[Id<User>],
    now: Timestamp,
) -> Written<()> {
    end_begun(connection, store, users, now).await?;
    delete_all(connection, &["devices"], users).await
}

/// The same, but devices stay remembered. All of it dies by [`User::security_version`] too; the rows are not left to that.
///
/// # Errors
/// Where the database fails.
pub async fn end_begun(
    connection: &mut AnyConnection,
    store: &Store,
    users: &[Id<User>],
    now: Timestamp,
) -> Written<()> {
    if users.is_empty() {
        return Ok(());
    }
    delete_all(connection, &["attempts", "sessions", "api_tokens"], users).await?;
    let ids: Vec<&str> = users.iter().map(Id::as_str).collect();
    end_grants(connection, store, Ending::People(&ids), now).await?;
    // Programs have theirs of no grant.
    delete_all(connection, &["access_tokens"], users).await
}

/// Removes people's authenticators, recovery codes and keys. The caller also takes them off their rows.
///
/// # Errors
/// Where the database fails.
pub async fn delete_second_factors(connection: &mut AnyConnection, users: &[Id<User>]) -> Written<()> {
    delete_all(connection, &["factors", "recovery_codes"], users).await
}

async fn delete_all(connection: &mut AnyConnection, tables: &[&'static str], users: &[Id<User>]) -> Written<()> {
    for table in tables {
        let mut bound = Bound::default();
        let ids = bound.texts(users.iter().map(Id::as_str));
        let text = format!("DELETE FROM {table} WHERE user_id IN ({ids})");
        bound.query(text).execute(&mut *connection).await?;
    }
    Ok(())
}
