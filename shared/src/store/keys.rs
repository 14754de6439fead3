//! The keys that sign ID tokens, sealed. What they are and how they sign is the server's to know.

use std::fmt;

use sqlx::Row;
use zeroize::Zeroizing;

use super::{Store, StoreError, Written};
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
    /// Since when it signs nothing new.
    pub retired_at: Option<Timestamp>,
}

impl Store {
    /// Stores a signing key, sealed for its id and algorithm.
    ///
    /// # Errors
    /// Why it could not be stored.
    pub async fn add_signing_key(&self, key: StoredKey) -> Written<()> {
        let sealed = self
            .keys()
            .seal(self.entropy(), place(&key.kid, key.alg), &key.private)
            .map_err(|error| StoreError::Row { table: TABLE, row: key.kid.clone(), error })?;
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO signing_keys (kid, alg, private, created_at, retired_at) VALUES ($1, $2, $3, $4, $5)",
                )
                .bind(key.kid.clone())
                .bind(key.alg.as_str())
                .bind(sealed)
                .bind(key.created_at.unix())
                .bind(key.retired_at.map(Timestamp::unix))
                .execute(connection)
                .await?;
                Ok(())
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
            "SELECT kid, alg, private, created_at, retired_at FROM signing_keys ORDER BY created_at DESC, kid",
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
                Ok(StoredKey { kid, alg, private, created_at, retired_at })
            })
            .collect()
    }
}

impl fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredKey({} {})", self.alg, self.kid)
    }
}

fn place(kid: &str, alg: SigningAlg) -> Place<'_> {
    Place { table: TABLE, column: "private", row: kid, owner: alg.as_str() }
}
