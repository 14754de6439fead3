//! The keys that sign ID tokens, sealed. What they are and how they sign is the server's to know.

use std::fmt;

use sqlx::{AnyConnection, Row};
use zeroize::Zeroizing;

use super::audit::record;
use super::users::hold_admins;
use super::{Store, StoreError, Written};
use crate::audit::Record;
use crate::client::SigningAlg;
use crate::crypto::seal::Place;
use crate::time::Timestamp;

const TABLE: &str = "signing_keys";

/// A signing key as it is stored, opened.
pub struct StoredKey {
    /// What tokens name it by.
    pub kid: String,
    /// What it signs with.
    pub alg: SigningAlg,
    /// The private key, PKCS#8.
    pub private: Zeroizing<Vec<u8>>,
    /// Since when there is this key.
    pub created_at: Timestamp,
    /// From when on it signs.
    pub signs_at: Timestamp,
    /// Since when it signs nothing new.
    pub retired_at: Option<Timestamp>,
}

impl Store {
    /// Stores a signing key, sealed for its id and algorithm.
    ///
    /// # Errors
    /// Why it could not be stored.
    pub async fn add_signing_key(&self, key: StoredKey) -> Written<()> {
        let store = self.clone();
        self.write(move |connection| Box::pin(async move { insert(connection, &store, key).await })).await
    }

    /// Puts other keys in the place of those that sign: these sign until `retired_at`. Removes those that were retired
    /// before `over`. Answers whether that was done: not while keys wait that nobody has used, unless `now` is nothing.
    ///
    /// # Errors
    /// Why nothing was changed.
    pub async fn replace_signing_keys(
        &self,
        keys: Vec<StoredKey>,
        unless_waiting: Option<Timestamp>,
        retired_at: Timestamp,
        over: Timestamp,
        about: Record,
    ) -> Written<bool> {
        let store = self.clone();
        self.write(move |connection| {
            Box::pin(async move {
                // Two who do this at once take turns.
                hold_admins(connection).await?;
                let text = "SELECT COUNT(*) FROM signing_keys WHERE signs_at > $1";
                if let Some(now) = unless_waiting {
                    let waiting: i64 = sqlx::query_scalar(text).bind(now.unix()).fetch_one(&mut *connection).await?;
                    if waiting > 0 {
                        return Ok(false);
                    }
                }
                sqlx::query("UPDATE signing_keys SET retired_at = $1 WHERE retired_at IS NULL OR retired_at > $1")
                    .bind(retired_at.unix())
                    .execute(&mut *connection)
                    .await?;
                sqlx::query("DELETE FROM signing_keys WHERE retired_at <= $1")
                    .bind(over.unix())
                    .execute(&mut *connection)
                    .await?;
                for key in keys {
                    insert(connection, &store, key).await?;
                }
                record(connection, &store, about).await?;
                Ok(true)
            })
        })
        .await
    }

    /// All signing keys, the newest first.
    ///
    /// # Errors
    /// Where one cannot be opened or read.
    pub async fn signing_keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        let rows = sqlx::query(
            "SELECT kid, alg, private, created_at, signs_at, retired_at FROM signing_keys \
             ORDER BY signs_at DESC, created_at DESC, kid",
        )
        .fetch_all(self.pool())
        .await?;
        rows.iter()
            .map(|row| {
                let kid: String = row.try_get("kid")?;
                let alg = row.try_get::<String, _>("alg")?.parse();
                let alg = alg.map_err(|_| StoreError::Value { table: TABLE, row: kid.clone() })?;
                let sealed: String = row.try_get("private")?;
                let private = self.keys().open(place(&kid, alg), &sealed).map_err(|error| StoreError::Row {
                    table: TABLE,
                    row: kid.clone(),
                    error,
                })?;
                let created_at = Timestamp::from_unix(row.try_get("created_at")?);
                let retired_at = row.try_get::<Option<i64>, _>("retired_at")?.map(Timestamp::from_unix);
                let signs_at = Timestamp::from_unix(row.try_get("signs_at")?);
                Ok(StoredKey { kid, alg, private, created_at, signs_at, retired_at })
            })
            .collect()
    }
}

impl fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredKey({} {})", self.alg, self.kid)
    }
}

async fn insert(connection: &mut AnyConnection, store: &Store, key: StoredKey) -> Written<()> {
    let sealed = store
        .keys()
        .seal(store.entropy(), place(&key.kid, key.alg), &key.private)
        .map_err(|error| StoreError::Row { table: TABLE, row: key.kid.clone(), error })?;
    sqlx::query(
        "INSERT INTO signing_keys (kid, alg, private, created_at, signs_at, retired_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(key.kid)
    .bind(key.alg.as_str())
    .bind(sealed)
    .bind(key.created_at.unix())
    .bind(key.signs_at.unix())
    .bind(key.retired_at.map(Timestamp::unix))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) fn place(kid: &str, alg: SigningAlg) -> Place<'_> {
    Place { table: TABLE, column: "private", row: kid, owner: alg.as_str() }
}
