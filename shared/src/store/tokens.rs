//! Access tokens: opaque, stored as hashes, worth something only while their session lives.

use sqlx::AnyConnection;

use super::row::{Column, Values, moment};
use super::{Store, StoreError, Written, audit};
use crate::audit::{Event, Record};
use crate::client::ClientId;
use crate::door::Door;
use crate::grant::{ACCESS_TOKEN_LIFE, API_CLIENT, AccessToken, Grant, Issue};
use crate::id::Id;
use crate::time::Timestamp;

use Column::{Number, Text};

const TABLE: &str = "access_tokens";

const TOKEN: [Column; 9] = [Text, Text, Text, Text, Text, Text, Number, Number, Number];

impl Store {
    /// The access token with this hash, if it is good: not expired, not revoked, its client there and its session not
    /// ended. Whether the person has changed meanwhile is the caller's to see.
    ///
    /// # Errors
    /// Where the database fails, or the row is not as it was written.
    pub async fn access_token(&self, hash: &str, now: Timestamp) -> Result<Option<AccessToken>, StoreError> {
        let row = sqlx::query(
            "SELECT t.token_hash, t.grant_id, t.client_id, t.user_id, t.session_hash, t.scope, t.security_version, \
             t.created_at, t.expires_at, t.mac FROM access_tokens t \
             LEFT JOIN clients c ON c.id = t.client_id JOIN sessions s ON s.id_hash = t.session_hash \
             WHERE t.token_hash = $1 AND t.expires_at > $2 AND t.revoked_at IS NULL AND c.disabled_at IS NULL \
             AND (c.id IS NOT NULL OR t.client_id = $3) AND s.expires_at > $2",
        )
        .bind(hash)
        .bind(now.unix())
        .bind(API_CLIENT)
        .fetch_optional(self.pool())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let values = Values::read(self, TABLE, &row, 0, &TOKEN)?;
        Ok(Some(AccessToken {
            client: values.parsed(2, |text| text.parse().ok())?,
            user: Id::from_stored(values.text(3)?.to_owned()),
            scope: values.text(5)?.to_owned(),
            security_version: values.number(6)?,
            created_at: values.time(7)?,
            expires_at: values.time(8)?,
        }))
    }

    /// Revokes a client's own access token (RFC 7009); nothing happens where it is none, or somebody else's.
    ///
    /// # Errors
    /// Why it could not be revoked.
    pub async fn revoke_token(&self, hash: String, client: ClientId, now: Timestamp) -> Written<bool> {
        let store = self.clone();
        self.write(move |connection| {
            Box::pin(async move {
                let revoked = sqlx::query(
                    "UPDATE access_tokens SET revoked_at = $1 \
                     WHERE token_hash = $2 AND client_id = $3 AND revoked_at IS NULL AND expires_at > $1",
                )
                .bind(now.unix())
                .bind(&hash)
                .bind(client.as_str())
                .execute(&mut *connection)
                .await?
                .rows_affected();
                if revoked == 0 {
                    return Ok(false);
                }
                let name: Option<String> = sqlx::query_scalar(
                    "SELECT u.name FROM users u JOIN access_tokens t ON t.user_id = u.id WHERE t.token_hash = $1",
                )
                .bind(hash)
                .fetch_optional(&mut *connection)
                .await?;
                let record = Record { user: name, door: Some(Door::Web), ..Record::new(now, Event::TokenRevoked) };
                audit::record(connection, &store, record.by(&client)).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Deletes access tokens that have expired, a few hundred at a time. Answers how many there were.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn sweep_tokens(&self, now: Timestamp) -> Written<u64> {
        self.write(move |connection| {
            Box::pin(async move {
                let done = sqlx::query(
                    "DELETE FROM access_tokens WHERE token_hash IN \
                     (SELECT token_hash FROM access_tokens WHERE expires_at <= $1 LIMIT 500)",
                )
                .bind(now.unix())
                .execute(connection)
                .await?;
                Ok(done.rows_affected())
            })
        })
        .await
    }
}

/// Stores an access token.
///
/// # Errors
/// Where the database fails.
pub async fn insert_token(
    connection: &mut AnyConnection,
    store: &Store,
    issue: &Issue,
    hash: &str,
    now: Timestamp,
) -> Written<()> {
    let expires_at = now.plus(ACCESS_TOKEN_LIFE);
    let values = vec![
        Some(hash.to_owned()),
        Some(issue.grant.to_string()),
        Some(issue.client.to_string()),
        Some(issue.user.to_string()),
        Some(issue.session.clone()),
        Some(issue.scope.clone()),
        Some(issue.security_version.to_string()),
        moment(Some(now)),
        moment(Some(expires_at)),
    ];
    sqlx::query(
        "INSERT INTO access_tokens (token_hash, grant_id, client_id, user_id, session_hash, scope, security_version, \
         created_at, expires_at, mac, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL)",
    )
    .bind(hash)
    .bind(issue.grant.as_str())
    .bind(issue.client.as_str())
    .bind(issue.user.as_str())
    .bind(&issue.session)
    .bind(&issue.scope)
    .bind(issue.security_version)
    .bind(now.unix())
    .bind(expires_at.unix())
    .bind(Values::of(TABLE, values).mark(store))
    .execute(connection)
    .await?;
    Ok(())
}

/// Revokes every token of an authorization.
pub(super) async fn revoke_grant(connection: &mut AnyConnection, grant: &Id<Grant>, now: Timestamp) -> Written<()> {
    sqlx::query("UPDATE access_tokens SET revoked_at = $1 WHERE grant_id = $2 AND revoked_at IS NULL")
        .bind(now.unix())
        .bind(grant.as_str())
        .execute(connection)
        .await?;
    Ok(())
}
