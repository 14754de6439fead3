//! Access tokens: opaque, stored as hashes, worth something only while their session lives.

use sqlx::{AnyConnection, Row};

use super::{Store, StoreError, Written};
use crate::grant::{ACCESS_TOKEN_LIFE, AccessToken, Code, Grant};
use crate::id::Id;
use crate::time::Timestamp;

const TABLE: &str = "access_tokens";

impl Store {
    /// The access token with this hash, if it is good: not expired, not revoked, its client there and its session not
    /// ended. Whether the person has changed meanwhile is the caller's to see.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn access_token(&self, hash: &str, now: Timestamp) -> Result<Option<AccessToken>, StoreError> {
        let row = sqlx::query(
            "SELECT access_tokens.client_id, access_tokens.user_id, access_tokens.scope, \
             access_tokens.security_version FROM access_tokens \
             JOIN clients ON clients.id = access_tokens.client_id \
             JOIN sessions ON sessions.id_hash = access_tokens.session_hash \
             WHERE access_tokens.token_hash = $1 AND access_tokens.expires_at > $2 \
             AND access_tokens.revoked_at IS NULL AND clients.disabled_at IS NULL AND sessions.expires_at > $2",
        )
        .bind(hash)
        .bind(now.unix())
        .fetch_optional(self.pool())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let client = row.try_get::<String, _>("client_id")?.parse();
        Ok(Some(AccessToken {
            client: client.map_err(|_| StoreError::Value { table: TABLE, row: hash.to_owned() })?,
            user: Id::from_stored(row.try_get("user_id")?),
            scope: row.try_get("scope")?,
            security_version: row.try_get("security_version")?,
        }))
    }

    /// Deletes access tokens that have expired. Answers how many there were.
    ///
    /// # Errors
    /// Why none was deleted.
    pub async fn sweep_tokens(&self, now: Timestamp) -> Written<u64> {
        self.write(move |connection| {
            Box::pin(async move {
                let done = sqlx::query("DELETE FROM access_tokens WHERE expires_at < $1")
                    .bind(now.unix())
                    .execute(connection)
                    .await?;
                Ok(done.rows_affected())
            })
        })
        .await
    }
}

/// Stores the access token that a code gives.
pub(super) async fn insert(
    connection: &mut AnyConnection,
    code: &Code,
    hash: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO access_tokens (token_hash, grant_id, client_id, user_id, session_hash, scope, security_version, \
         created_at, expires_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL)",
    )
    .bind(hash.to_owned())
    .bind(code.grant.as_str().to_owned())
    .bind(code.client.as_str().to_owned())
    .bind(code.user.as_str().to_owned())
    .bind(code.session.clone())
    .bind(code.scope.clone())
    .bind(code.security_version)
    .bind(now.unix())
    .bind(now.plus(ACCESS_TOKEN_LIFE).unix())
    .execute(connection)
    .await?;
    Ok(())
}

/// Revokes every token of an authorization.
pub(super) async fn revoke_grant(
    connection: &mut AnyConnection,
    grant: &Id<Grant>,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE access_tokens SET revoked_at = $1 WHERE grant_id = $2 AND revoked_at IS NULL")
        .bind(now.unix())
        .bind(grant.as_str().to_owned())
        .execute(connection)
        .await?;
    Ok(())
}
