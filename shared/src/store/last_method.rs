//! The second factor that somebody used last: what is asked for first the next time. It must decide nothing.

use sqlx::AnyConnection;

use super::{Person, Written};
use crate::factor::Kind;

/// Notes the method that somebody has just used. Nothing is written where it is the one that comes first anyway.
///
/// # Errors
/// Where the database fails.
pub async fn remember_method(connection: &mut AnyConnection, person: &Person, kind: Kind) -> Written<()> {
    if person.last_method.unwrap_or(Kind::Totp) == kind {
        return Ok(());
    }
    sqlx::query("UPDATE users SET last_method = $2 WHERE id = $1")
        .bind(person.user.id.as_str())
        .bind(kind.as_str())
        .execute(connection)
        .await?;
    Ok(())
}
