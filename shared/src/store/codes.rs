//! Authorization codes. One guarded UPDATE spends a code and decides everything that can make it worthless; only a
//! redemption that it refuses is looked at further.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::row::{Column, Values, moment};
use super::{Store, StoreError, Written, audit, tokens};
use crate::audit::{Event, Record};
use crate::door::Door;
use crate::grant::{ACCESS_TOKEN_LIFE, CODE_FAILURES, Code, Issue, Redeemed, Redemption};
use crate::id::Id;
use crate::time::Timestamp;

use Column::{Number, Text};

const TABLE: &str = "codes";

const CODE: [Column; 13] = [Text, Text, Text, Text, Text, Text, Text, Text, Text, Text, Number, Number, Number];

/// The marked columns and the mark, then what changes with use.
const BY_HASH: &str = "SELECT code_hash, grant_id, client_id, user_id, session_hash, redirect_uri, challenge, nonce, \
    scope, proofs, security_version, created_at, expires_at, mac, used_at, failures FROM codes WHERE code_hash = $1";

impl Store {
    /// Stores a new code for the named user.
    ///
    /// # Errors
    /// Why it could not be stored.
    pub async fn add_code(&self, code: Code, user_name: String) -> Written<()> {
        let store = self.clone();
        self.write(move |connection| {
            Box::pin(async move {
                let proofs = serde_json::to_string(&code.proofs)
                    .map_err(|_| StoreError::Value { table: TABLE, row: code.hash.clone() })?;
                let challenge = code.challenge.unwrap_or_default();
                let values = vec![
                    Some(code.hash.clone()),
                    Some(code.grant.to_string()),
                    Some(code.client.to_string()),
                    Some(code.user.to_string()),
                    Some(code.session.clone()),
                    Some(code.redirect_uri.clone()),
                    Some(challenge.clone()),
                    code.nonce.clone(),
                    Some(code.scope.clone()),
                    Some(proofs.clone()),
                    Some(code.security_version.to_string()),
                    moment(Some(code.created_at)),
                    moment(Some(code.expires_at)),
                ];
                sqlx::query(
                    "INSERT INTO codes (code_hash, grant_id, client_id, user_id, session_hash, redirect_uri, \
                     challenge, nonce, scope, proofs, security_version, created_at, expires_at, mac, used_at, \
                     failures) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, NULL, 0)",
                )
                .bind(code.hash)
                .bind(code.grant.as_str())
                .bind(code.client.as_str())
                .bind(code.user.as_str())
                .bind(code.session)
                .bind(code.redirect_uri)
                .bind(challenge)
                .bind(code.nonce)
                .bind(code.scope)
                .bind(proofs)
                .bind(code.security_version)
                .bind(code.created_at.unix())
                .bind(code.expires_at.unix())
                .bind(Values::of(TABLE, values).mark(&store))
                .execute(&mut *connection)
                .await?;
                let record = record(code.created_at, Event::CodeIssued, &user_name).saying(code.client);
                audit::record(connection, &store, record).await
            })
        })
        .await
    }

    /// A code, whatever state it is in: to see for whom it is before it is redeemed.
    ///
    /// # Errors
    /// Where the database fails, or the row is not as it was written.
    pub async fn code(&self, hash: &str) -> Result<Option<Code>, StoreError> {
        let row = sqlx::query(BY_HASH).bind(hash).fetch_optional(self.pool()).await?;
        row.as_ref().map(|row| read(self, row)).transpose()
    }

    /// Spends a code and stores the access token that it gives, or counts the wrong try, or revokes what an earlier
    /// redemption gave (RFC 6749, 4.1.2): one transaction.
    ///
    /// # Errors
    /// Why nothing was done.
    pub async fn redeem_code(&self, asked: Redemption) -> Written<Redeemed> {
        let store = self.clone();
        self.write(move |connection| Box::pin(async move { redeem(connection, &store, &asked).await })).await
    }

    /// Deletes codes a few hundred at a time, once nothing issued from them can still live: until then a second use has
    /// to be noticed. Answers how many there were.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn sweep_codes(&self, now: Timestamp) -> Written<u64> {
        self.write(move |connection| {
            Box::pin(async move {
                let done = sqlx::query(
                    "DELETE FROM codes WHERE code_hash IN \
                     (SELECT code_hash FROM codes WHERE expires_at <= $1 LIMIT 500)",
                )
                .bind(now.plus(-ACCESS_TOKEN_LIFE).unix())
                .execute(connection)
                .await?;
                Ok(done.rows_affected())
            })
        })
        .await
    }
}

async fn redeem(connection: &mut AnyConnection, store: &Store, asked: &Redemption) -> Written<Redeemed> {
    // The session and the person are part of the guard: whoever logs out or is disabled in this very moment is out.
    let spent = sqlx::query(
        "UPDATE codes SET used_at = $1 WHERE code_hash = $2 AND client_id = $3 AND redirect_uri = $4 \
         AND challenge = $5 AND used_at IS NULL AND expires_at > $1 AND failures < $6 \
         AND session_hash IN (SELECT id_hash FROM sessions WHERE expires_at > $1) \
         AND security_version = (SELECT users.security_version FROM users \
         WHERE users.id = codes.user_id AND users.disabled_at IS NULL)",
    )
    .bind(asked.now.unix())
    .bind(&asked.code)
    .bind(asked.client.as_str())
    .bind(&asked.redirect_uri)
    .bind(asked.challenge.as_deref().unwrap_or_default())
    .bind(CODE_FAILURES)
    .execute(&mut *connection)
    .await?
    .rows_affected();
    let Some(row) = sqlx::query(BY_HASH).bind(&asked.code).fetch_optional(&mut *connection).await? else {
        return Ok(Redeemed::Unknown);
    };
    let code = read(store, &row)?;
    if spent == 1 {
        tokens::insert_token(connection, store, &Issue::from(&code), &asked.token, asked.now).await?;
        let record = record(asked.now, Event::TokenIssued, &asked.user_name).saying(code.client.clone());
        audit::record(connection, store, record).await?;
        return Ok(Redeemed::Granted(Box::new(code)));
    }
    if row.try_get::<Option<i64>, _>("used_at")?.is_some() {
        tokens::revoke_grant(connection, &code.grant, asked.now).await?;
        let record = record(asked.now, Event::CodeReused, &asked.user_name).saying(asked.client.clone());
        audit::record(connection, store, record).await?;
        return Ok(Redeemed::Reused);
    }
    let failures: i64 = row.try_get("failures")?;
    let fits = code.client == asked.client
        && code.redirect_uri == asked.redirect_uri
        && code.challenge.as_deref() == asked.challenge.as_deref();
    if fits || code.expires_at <= asked.now || failures >= CODE_FAILURES {
        return Ok(Redeemed::Dead);
    }
    sqlx::query("UPDATE codes SET failures = failures + 1 WHERE code_hash = $1 AND used_at IS NULL")
        .bind(&asked.code)
        .execute(connection)
        .await?;
    Ok(Redeemed::Mismatch(CODE_FAILURES - failures - 1))
}

fn record(at: Timestamp, event: Event, user_name: &str) -> Record {
    Record { door: Some(Door::Web), ..Record::new(at, event).about(&user_name) }
}

fn read(store: &Store, row: &AnyRow) -> Result<Code, StoreError> {
    let values = Values::read(store, TABLE, row, 0, &CODE)?;
    Ok(Code {
        hash: values.text(0)?.to_owned(),
        grant: Id::from_stored(values.text(1)?.to_owned()),
        client: values.parsed(2, |text| text.parse().ok())?,
        user: Id::from_stored(values.text(3)?.to_owned()),
        session: values.text(4)?.to_owned(),
        redirect_uri: values.text(5)?.to_owned(),
        challenge: values.maybe(6).filter(|challenge| !challenge.is_empty()).map(str::to_owned),
        nonce: values.maybe(7).map(str::to_owned),
        scope: values.text(8)?.to_owned(),
        proofs: values.parsed(9, |text| serde_json::from_str(text).ok())?,
        security_version: values.number(10)?,
        created_at: values.time(11)?,
        expires_at: values.time(12)?,
    })
}
