//! Codes that were mailed: one row each, of which all that matters is sealed. It must not know what a wrong one costs.

use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, Row};
use zeroize::Zeroizing;

use super::{Store, StoreError, Written};
use crate::crypto::seal::Place;
use crate::id::Id;
use crate::secret::{self, Secret};
use crate::time::Timestamp;
use crate::user::{Email, User};

/// A code is good for so many seconds, however often it is sent.
pub const LIFE: i64 = 5 * 60;

/// It can be sent again after so many seconds.
pub const RESEND_AFTER: i64 = 60;

/// What a code was asked for: it is good for nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailedFor {
    /// To go on with a login.
    Login,
    /// To show whose an address is.
    Address,
    /// To show, in a session, that it is still its owner who changes the account.
    Confirm,
}

/// A code that was mailed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EmailCode {
    /// What for.
    pub purpose: MailedFor,
    /// Where to.
    pub address: Email,
    /// Six digits.
    #[serde(serialize_with = "secret::reveal")]
    pub code: Secret,
    /// When it was made.
    pub created_at: Timestamp,
}

impl EmailCode {
    /// Whether it is too old.
    #[must_use]
    pub const fn is_over(&self, now: Timestamp) -> bool {
        now.since(self.created_at) >= LIFE || now.since(self.created_at) < 0
    }
}

/// What has become of a code that was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Spent {
    /// It is spent, by this.
    Now,
    /// It was spent before.
    Before,
}

/// Writes a code down.
///
/// # Errors
/// Where the database fails or there is no randomness.
pub async fn insert_email_code(
    connection: &mut AnyConnection,
    store: &Store,
    id: &Id<EmailCode>,
    user: &Id<User>,
    code: &EmailCode,
) -> Written<()> {
    let unwritable = |error: String| StoreError::Other(error);
    let plain = serde_json::to_vec(code).map(Zeroizing::new).map_err(|error| unwritable(error.to_string()))?;
    let sealed = store.keys().seal(store.entropy(), place(id, user), &plain);
    sqlx::query("INSERT INTO email_codes (id, user_id, sealed, expires_at, sent_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(id.as_str())
        .bind(user.as_str())
        .bind(sealed.map_err(|error| unwritable(error.to_string()))?)
        .bind(code.created_at.plus(LIFE).unix())
        .bind(code.created_at.unix())
        .execute(connection)
        .await?;
    Ok(())
}

/// Somebody's code, inside a transaction; too old or not, used or not.
///
/// # Errors
/// Where the database fails, or the row is not as it was written.
pub async fn email_code_in(
    connection: &mut AnyConnection,
    store: &Store,
    id: &Id<EmailCode>,
    user: &Id<User>,
) -> Written<Option<EmailCode>> {
    let row = sqlx::query("SELECT sealed FROM email_codes WHERE id = $1 AND user_id = $2")
        .bind(id.as_str())
        .bind(user.as_str())
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let sealed: String = row.try_get(0)?;
    let broken = |error| StoreError::Row { table: "email_codes", row: id.to_string(), error };
    let plain = store.keys().open(place(id, user), &sealed).map_err(broken)?;
    let code = serde_json::from_slice(&plain);
    code.map(Some).map_err(|_| StoreError::Value { table: "email_codes", row: id.to_string() })
}

/// When a code was last sent, if it is somebody's and not used.
///
/// # Errors
/// Where the database fails.
pub async fn last_sent(store: &Store, id: &Id<EmailCode>, user: &Id<User>) -> Result<Option<Timestamp>, StoreError> {
    let text = "SELECT sent_at FROM email_codes WHERE id = $1 AND user_id = $2 AND used_at IS NULL";
    let sent: Option<i64> =
        sqlx::query_scalar(text).bind(id.as_str()).bind(user.as_str()).fetch_optional(store.pool()).await?;
    Ok(sent.map(Timestamp::from_unix))
}

/// Notes that a code is sent again, if enough time has passed and it can still be used.
///
/// # Errors
/// Where the database fails.
pub async fn send_again(connection: &mut AnyConnection, id: &Id<EmailCode>, now: Timestamp) -> Written<bool> {
    let done = sqlx::query(
        "UPDATE email_codes SET sent_at = $2 WHERE id = $1 AND used_at IS NULL AND sent_at <= $3 AND expires_at > $2",
    )
    .bind(id.as_str())
    .bind(now.unix())
    .bind(now.plus(-RESEND_AFTER).unix())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Spends a code, once.
///
/// # Errors
/// Where the database fails.
pub async fn spend_email_code(connection: &mut AnyConnection, id: &Id<EmailCode>, now: Timestamp) -> Written<Spent> {
    let done = sqlx::query("UPDATE email_codes SET used_at = $2 WHERE id = $1 AND used_at IS NULL")
        .bind(id.as_str())
        .bind(now.unix())
        .execute(connection)
        .await?;
    Ok(if done.rows_affected() == 1 { Spent::Now } else { Spent::Before })
}

fn place<'a>(id: &'a Id<EmailCode>, user: &'a Id<User>) -> Place<'a> {
    Place { table: "email_codes", column: "sealed", row: id.as_str(), owner: user.as_str() }
}
