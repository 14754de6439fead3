//! The end of everything that somebody has begun. It must not know why.

use sqlx::AnyConnection;

use super::Written;
use super::devices::delete_devices;
use crate::id::Id;
use crate::time::Timestamp;
use crate::user::User;

/// Ends somebody's sessions and sign-ins, forgets their devices, and makes the codes and tokens of web apps worthless.
/// All of these but devices die by [`User::security_version`] too; their rows are not left to that.
///
/// # Errors
/// Where the database fails.
pub async fn end_everything(connection: &mut AnyConnection, user: &Id<User>, now: Timestamp) -> Written<()> {
    for text in [
        "DELETE FROM attempts WHERE user_id = $1",
        "DELETE FROM sessions WHERE user_id = $1",
        "DELETE FROM codes WHERE user_id = $1",
    ] {
        sqlx::query(text).bind(user.as_str()).execute(&mut *connection).await?;
    }
    sqlx::query("UPDATE access_tokens SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL")
        .bind(user.as_str())
        .bind(now.unix())
        .execute(&mut *connection)
        .await?;
    delete_devices(connection, user).await
}
