//! The proof that key ring and database belong together, made before anybody logs in.

use sqlx::{AnyConnection, Row};

use super::{Store, StoreError, Written};
use crate::crypto::keyring::{KeyRing, State};
use crate::crypto::seal::{Place, SealError};

const TEXT: &[u8] = b"twolatch canary";

/// Opens every canary; answers the keys that have one.
///
/// # Errors
/// [`StoreError::Keys`] where the key ring is another one.
pub(crate) async fn open_all(connection: &mut AnyConnection, keys: &KeyRing) -> Written<Vec<String>> {
    let rows = sqlx::query("SELECT key_id, sealed FROM canaries").fetch_all(connection).await?;
    let mut known = Vec::with_capacity(rows.len());
    for row in rows {
        let id: String = row.try_get("key_id")?;
        let sealed: String = row.try_get("sealed")?;
        if keys.states().any(|(key, state)| key == id && state == State::Retired) {
            continue; // nothing needs it
        }
        match keys.open(place(&id), &sealed) {
            Ok(_) => known.push(id),
            Err(SealError::KeyUnknown(_)) => {
                return Err(StoreError::Keys(format!(
                    "the database is sealed with key `{id}`, which the key ring does not have; restore it"
                )));
            }
            Err(_) => {
                return Err(StoreError::Keys(format!(
                    "key `{id}` of the key ring is not the key `{id}` of this database; restore the right one"
                )));
            }
        }
    }
    Ok(known)
}

impl Store {
    /// Opens every canary, and seals one for each new key. Not for one that only waits: nothing needs it yet, and a server
    /// that has not been given it must go on.
    pub(super) async fn check_keys(&self, keys: &KeyRing) -> Result<(), StoreError> {
        let known = open_all(&mut *self.pool().acquire().await?, keys).await?;
        let used = keys.states().filter(|(_, state)| matches!(state, State::Seals | State::Opens)).map(|(id, _)| id);
        for id in used.filter(|id| !known.iter().any(|other| other == id)) {
            let sealed = keys.seal_with(id, self.entropy(), place(id), TEXT).map_err(|error| StoreError::Row {
                table: "canaries",
                row: id.to_owned(),
                error,
            })?;
            let id = id.to_owned();
            self.write(move |connection| {
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO canaries (key_id, sealed) VALUES ($1, $2) ON CONFLICT (key_id) DO NOTHING",
                    )
                    .bind(id)
                    .bind(sealed)
                    .execute(connection)
                    .await?;
                    Ok(())
                })
            })
            .await?;
        }
        Ok(())
    }
}

const fn place(id: &str) -> Place<'_> {
    Place { table: "canaries", column: "sealed", row: id, owner: "" }
}
