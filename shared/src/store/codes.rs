//! Authorization codes. One guarded UPDATE spends a code and decides everything that can make it worthless; only a
//! redemption that it refuses is looked at further.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{Store, StoreError, Written};
use crate::client::ClientId;
use crate::grant::{ACCESS_TOKEN_LIFE, CODE_FAILURES, Code, Redeemed, Redemption};
use crate::id::Id;
use crate::time::Timestamp;

const TABLE: &str = "codes";

impl Store {
    /// Stores a new code.
    ///
    /// # Errors
    /// Why it could not be stored.
    pub async fn add_code(&self, code: Code) -> Written<()> {
        let proofs = serde_json::to_string(&code.proofs).map_err(|_| value(&code.hash))?;
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO codes (code_hash, grant_id, client_id, user_id, session_hash, redirect_uri, \
                     challenge, nonce, scope, proofs, security_version, created_at, expires_at, used_at, failures) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, NULL, 0)",
                )
                .bind(code.hash)
                .bind(code.grant.as_str().to_owned())
                .bind(String::from(code.client))
                .bind(code.user.as_str().to_owned())
                .bind(code.session)
                .bind(code.redirect_uri)
                .bind(code.challenge.unwrap_or_default())
                .bind(code.nonce)
                .bind(code.scope)
                .bind(proofs)
                .bind(code.security_version)
                .bind(code.created_at.unix())
                .bind(code.expires_at.unix())
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// A code, whatever state it is in: to see for whom it is before it is redeemed.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn code(&self, hash: &str) -> Result<Option<Code>, StoreError> {
        let row = sqlx::query(
            "SELECT code_hash, grant_id, client_id, user_id, session_hash, redirect_uri, challenge, nonce, scope, \
             proofs, security_version, created_at, expires_at FROM codes WHERE code_hash = $1",
        )
        .bind(hash)
        .fetch_optional(self.pool())
        .await?;
        row.map(|row| read(&row)).transpose()
    }

    /// Spends a code and stores the access token that it gives, or counts the wrong try, or revokes what an earlier
    /// redemption gave (RFC 6749, 4.1.2): one transaction.
    ///
    /// # Errors
    /// Why nothing was done.
    pub async fn redeem_code(&self, redemption: Redemption) -> Written<Redeemed> {
        self.write(move |connection| Box::pin(redeem(connection, redemption))).await
    }

    /// Deletes codes that expired before a moment. They are kept for as long as what was issued from them can live, so
    /// that a second use is still noticed. Answers how many there were.
    ///
    /// # Errors
    /// Why none was deleted.
    pub async fn sweep_codes(&self, now: Timestamp) -> Written<u64> {
        self.write(move |connection| {
            Box::pin(async move {
                let done = sqlx::query("DELETE FROM codes WHERE expires_at < $1")
                    .bind(now.plus(-ACCESS_TOKEN_LIFE).unix())
                    .execute(connection)
                    .await?;
                Ok(done.rows_affected())
            })
        })
        .await
    }
}

async fn redeem(connection: &mut AnyConnection, asked: Redemption) -> Written<Redeemed> {
    // The session and the person are part of the guard: whoever logs out or is disabled in this very moment is out.
    let spent = sqlx::query(
        "UPDATE codes SET used_at = $1 WHERE code_hash = $2 AND client_id = $3 AND redirect_uri = $4 \
         AND challenge = $5 AND used_at IS NULL AND expires_at > $1 AND failures < $6 \
         AND session_hash IN (SELECT id_hash FROM sessions WHERE expires_at > $1) \
         AND security_version = (SELECT users.security_version FROM users \
         WHERE users.id = codes.user_id AND users.disabled_at IS NULL)",
    )
    .bind(asked.now.unix())
    .bind(asked.code.clone())
    .bind(asked.client.as_str().to_owned())
    .bind(asked.redirect_uri.clone())
    .bind(asked.challenge.clone().unwrap_or_default())
    .bind(CODE_FAILURES)
    .execute(&mut *connection)
    .await?
    .rows_affected();
    let row = sqlx::query(
        "SELECT code_hash, grant_id, client_id, user_id, session_hash, redirect_uri, challenge, nonce, scope, proofs, \
         security_version, created_at, expires_at, used_at, failures FROM codes WHERE code_hash = $1",
    )
    .bind(asked.code.clone())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(Redeemed::Unknown) };
    let code = read(&row)?;
    if spent == 1 {
        super::tokens::insert(connection, &code, &asked.token, asked.now).await?;
        return Ok(Redeemed::Granted(Box::new(code)));
    }
    if row.try_get::<Option<i64>, _>("used_at")?.is_some() {
        super::tokens::revoke_grant(connection, &code.grant, asked.now).await?;
        return Ok(Redeemed::Reused(Box::new(code)));
    }
    let failures: i64 = row.try_get("failures")?;
    let fits = code.client == asked.client
        && code.redirect_uri == asked.redirect_uri
        && code.challenge.unwrap_or_default() == asked.challenge.unwrap_or_default();
    if fits || code.expires_at <= asked.now || failures >= CODE_FAILURES {
        return Ok(Redeemed::Dead);
    }
    sqlx::query("UPDATE codes SET failures = failures + 1 WHERE code_hash = $1 AND used_at IS NULL")
        .bind(asked.code)
        .execute(connection)
        .await?;
    Ok(Redeemed::Mismatch(CODE_FAILURES - failures - 1))
}

fn read(row: &AnyRow) -> Result<Code, StoreError> {
    let hash: String = row.try_get("code_hash")?;
    let challenge: String = row.try_get("challenge")?;
    let client = row.try_get::<String, _>("client_id")?.parse::<ClientId>().map_err(|_| value(&hash))?;
    let proofs: String = row.try_get("proofs")?;
    let proofs = serde_json::from_str(&proofs).map_err(|_| value(&hash))?;
    Ok(Code {
        hash,
        grant: Id::from_stored(row.try_get("grant_id")?),
        client,
        user: Id::from_stored(row.try_get("user_id")?),
        session: row.try_get("session_hash")?,
        redirect_uri: row.try_get("redirect_uri")?,
        challenge: Some(challenge).filter(|challenge| !challenge.is_empty()),
        nonce: row.try_get("nonce")?,
        scope: row.try_get("scope")?,
        proofs,
        security_version: row.try_get("security_version")?,
        created_at: Timestamp::from_unix(row.try_get("created_at")?),
        expires_at: Timestamp::from_unix(row.try_get("expires_at")?),
    })
}

fn value(hash: &str) -> StoreError {
    StoreError::Value { table: TABLE, row: hash.to_owned() }
}
