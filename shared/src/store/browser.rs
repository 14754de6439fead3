//! Sign-ins under way, of which browsers hold the other half: stored by the hash of what the browser was given. And the
//! sweeping of what has expired.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::email_codes::EmailCode;
use super::row::{Column, Values, moment};
use super::{Store, StoreError, Written};
use crate::client::ClientId;
use crate::crypto::token_hash;
use crate::factor::Proof;
use crate::id::Id;
use crate::policy::Where;
use crate::step::Assurance;
use crate::time::Timestamp;
use crate::user::User;

/// A sign-in under way.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The hash of what the browser holds.
    pub id_hash: String,
    /// Whose.
    pub user: Id<User>,
    /// What has been shown so far.
    pub proofs: Vec<Proof>,
    /// What is pending in this sign-in only, sealed.
    pub pending: Option<String>,
    /// The mailed code that it waits for, and when that was made.
    pub mailed: Option<(Id<EmailCode>, Timestamp)>,
    /// Where it goes on to: a sealed authorization request.
    pub continue_to: Option<String>,
    /// The application that it is for; none for the own account.
    pub client: Option<ClientId>,
    /// The assurance that the web app asks for at the least, where policy asks for less.
    pub least: Assurance,
    /// The user's security version when it began.
    pub security_version: i64,
    /// Raised by every change: a double submit has one winner.
    pub version: i64,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

impl Attempt {
    /// Where it leads, for policy.
    #[must_use]
    pub const fn place(&self) -> Where<'_> {
        Where::web(self.client.as_ref())
    }
}

use Column::{Number, Text};

const ATTEMPT: [Column; 12] = [Text, Text, Text, Text, Text, Text, Text, Text, Number, Number, Number, Number];

impl Store {
    /// The sign-in that a browser's token stands for.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn attempt(&self, token: &str, now: Timestamp) -> Result<Option<Attempt>, StoreError> {
        let row = sqlx::query(
            "SELECT id_hash, user_id, proofs, pending, mailed, continue_to, client, least, security_version, \
             version, created_at, expires_at, mac FROM attempts WHERE id_hash = $1 AND expires_at > $2",
        )
        .bind(token_hash(token))
        .bind(now.unix())
        .fetch_optional(self.pool())
        .await?;
        row.as_ref().map(|row| read_attempt(self, row)).transpose()
    }

    /// Deletes what has expired, a few hundred rows of each kind at a time. Answers how many there were.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn sweep(&self, now: Timestamp) -> Result<u64, StoreError> {
        const EXPIRED: [&str; 6] = [
            "DELETE FROM former_addresses WHERE id IN \
             (SELECT id FROM former_addresses WHERE expires_at <= $1 LIMIT 500)",
            "DELETE FROM devices WHERE id IN (SELECT id FROM devices WHERE expires_at <= $1 LIMIT 500)",
            "DELETE FROM email_codes WHERE id IN (SELECT id FROM email_codes WHERE expires_at <= $1 LIMIT 500)",
            "DELETE FROM attempts WHERE id_hash IN (SELECT id_hash FROM attempts WHERE expires_at <= $1 LIMIT 500)",
            "DELETE FROM sessions WHERE id_hash IN (SELECT id_hash FROM sessions WHERE expires_at <= $1 LIMIT 500)",
            "DELETE FROM links WHERE token_hash IN (SELECT token_hash FROM links WHERE expires_at <= $1 LIMIT 500)",
        ];
        // A run of failures of a second factor is never forgotten by waiting; a stranger's is after a day.
        const STALE: &str = "DELETE FROM budgets WHERE id IN (SELECT id FROM budgets WHERE changed_at <= $1 \
             AND (fails = 0 OR (id NOT LIKE 'totp:%' AND id NOT LIKE 'email:%' AND id NOT LIKE 'recovery:%')) LIMIT 500)";
        self.write(move |connection| {
            Box::pin(async move {
                let mut gone = 0;
                for text in EXPIRED {
                    gone += sqlx::query(text).bind(now.unix()).execute(&mut *connection).await?.rows_affected();
                }
                let stale = sqlx::query(STALE).bind(now.plus(-86_400).unix()).execute(connection).await?;
                Ok(gone + stale.rows_affected())
            })
        })
        .await
    }
}

/// Writes a new sign-in down.
///
/// # Errors
/// Where the database fails.
pub async fn insert_attempt(connection: &mut AnyConnection, store: &Store, attempt: &Attempt) -> Written<()> {
    sqlx::query(
        "INSERT INTO attempts (id_hash, user_id, proofs, pending, mailed, continue_to, client, least, \
         security_version, version, created_at, expires_at, mac) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, \
         $12, $13)",
    )
    .bind(&attempt.id_hash)
    .bind(attempt.user.as_str())
    .bind(proofs_text(&attempt.proofs))
    .bind(&attempt.pending)
    .bind(mailed_text(attempt))
    .bind(&attempt.continue_to)
    .bind(attempt.client.as_ref().map(ClientId::as_str))
    .bind(attempt.least.as_str())
    .bind(attempt.security_version)
    .bind(attempt.version)
    .bind(attempt.created_at.unix())
    .bind(attempt.expires_at.unix())
    .bind(attempt_mark(store, attempt, attempt.version))
    .execute(connection)
    .await?;
    Ok(())
}

/// Moves a sign-in on, if it still is as it was read.
///
/// # Errors
/// [`StoreError::Conflict`] where another request was faster.
pub async fn update_attempt(connection: &mut AnyConnection, store: &Store, attempt: &Attempt) -> Written<()> {
    let done = sqlx::query(
        "UPDATE attempts SET proofs = $3, pending = $4, mailed = $5, security_version = $6, version = version + 1, \
         mac = $7 WHERE id_hash = $1 AND version = $2",
    )
    .bind(&attempt.id_hash)
    .bind(attempt.version)
    .bind(proofs_text(&attempt.proofs))
    .bind(&attempt.pending)
    .bind(mailed_text(attempt))
    .bind(attempt.security_version)
    .bind(attempt_mark(store, attempt, attempt.version + 1))
    .execute(connection)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

/// Ends a sign-in, if it still is as it was read.
///
/// # Errors
/// [`StoreError::Conflict`] where another request was faster.
pub async fn finish_attempt(connection: &mut AnyConnection, attempt: &Attempt) -> Written<()> {
    let done = sqlx::query("DELETE FROM attempts WHERE id_hash = $1 AND version = $2")
        .bind(&attempt.id_hash)
        .bind(attempt.version)
        .execute(connection)
        .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

fn read_attempt(store: &Store, row: &AnyRow) -> Result<Attempt, StoreError> {
    let values = Values::read(store, "attempts", row, 0, &ATTEMPT)?;
    Ok(Attempt {
        id_hash: values.text(0)?.to_owned(),
        user: Id::from_stored(values.text(1)?.to_owned()),
        proofs: values.parsed(2, |text| serde_json::from_str(text).ok())?,
        pending: values.maybe(3).map(str::to_owned),
        mailed: values.maybe_parsed(4, |text| {
            let (id, made) = text.split_once(' ')?;
            Some((Id::from_stored(id.to_owned()), Timestamp::from_unix(made.parse().ok()?)))
        })?,
        continue_to: values.maybe(5).map(str::to_owned),
        client: values.maybe_parsed(6, |text| text.parse().ok())?,
        least: values.parsed(7, Assurance::named)?,
        security_version: values.number(8)?,
        version: values.number(9)?,
        created_at: values.time(10)?,
        expires_at: values.time(11)?,
    })
}

/// The mark that a sign-in has once its version is `version`.
fn attempt_mark(store: &Store, attempt: &Attempt, version: i64) -> String {
    let values = vec![
        Some(attempt.id_hash.clone()),
        Some(attempt.user.to_string()),
        Some(proofs_text(&attempt.proofs)),
        attempt.pending.clone(),
        mailed_text(attempt),
        attempt.continue_to.clone(),
        attempt.client.as_ref().map(ToString::to_string),
        Some(attempt.least.as_str().to_owned()),
        Some(attempt.security_version.to_string()),
        Some(version.to_string()),
        moment(Some(attempt.created_at)),
        moment(Some(attempt.expires_at)),
    ];
    Values::of("attempts", values).mark(store)
}

fn mailed_text(attempt: &Attempt) -> Option<String> {
    attempt.mailed.as_ref().map(|(id, made)| format!("{id} {}", made.unix()))
}

pub(super) fn proofs_text(proofs: &[Proof]) -> String {
    serde_json::to_string(proofs).unwrap_or_default()
}
