//! The key ring of a running process: read anew where its file has changed, and which servers have which keys. It must not
//! know what is sealed.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use sqlx::Row;

use super::{Store, StoreError, Written};
use crate::crypto::keyring::KeyRing;
use crate::time::Timestamp;

/// A server that has said nothing for so many seconds is gone: it says something every ten, by a clock that may be two
/// minutes behind.
pub const GONE_AFTER: i64 = 150;

/// Which file a ring was read from, as it was then.
pub(super) type Stamp = [i64; 6];

/// A server that serves now.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Serving {
    /// The name under which it writes audit records.
    pub instance: String,
    /// Its machine.
    pub host: String,
    /// The ids of its keys, the one that seals first.
    pub keys: Vec<String>,
    /// When it said so.
    pub seen_at: i64,
}

impl Store {
    /// The key ring that seals and marks rows, as it is now.
    #[must_use]
    pub fn keys(&self) -> Arc<KeyRing> {
        Arc::clone(&self.inner.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Goes on with another key ring, if it opens what is there.
    ///
    /// # Errors
    /// Why the one from before stays.
    pub async fn use_keys(&self, keys: KeyRing) -> Written<()> {
        let keys = Arc::new(keys);
        self.check_keys(&keys).await?;
        *self.inner.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    /// Looks whether the file of the key ring has changed, and reads it then. One that is missing or does not fit changes
    /// nothing. Answers whether there is another ring now.
    ///
    /// # Errors
    /// Why the one from before stays; told once for each change of the file.
    pub async fn refresh_keys(&self, path: &Path) -> Result<bool, StoreError> {
        let Ok(about) = std::fs::metadata(path) else { return Ok(false) };
        // The time of its last change with it: of a mode, too, which may be what was wrong with it.
        let stamp = [
            about.ino().cast_signed(),
            about.mtime(),
            about.mtime_nsec(),
            about.ctime(),
            about.ctime_nsec(),
            about.len().cast_signed(),
        ];
        let remember =
            |stamp| std::mem::replace(&mut *self.inner.ring.lock().unwrap_or_else(PoisonError::into_inner), stamp);
        if remember(Some(stamp)) == Some(stamp) {
            return Ok(false);
        }
        let keys = KeyRing::load(path).map_err(|error| StoreError::Keys(error.to_string()))?;
        let current = self.keys();
        if keys.states().eq(current.states()) {
            return Ok(false);
        }
        match self.use_keys(keys).await {
            Ok(()) => Ok(true),
            Err(StoreError::Keys(why)) => Err(StoreError::Keys(why)),
            Err(error) => {
                // The file is right; the database will be, too.
                remember(None);
                Err(error)
            }
        }
    }

    /// Says that this server serves, and with which keys; forgets those that are long gone.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn report_keys(&self, host: &str, now: Timestamp) -> Written<()> {
        let keys: Vec<String> = self.keys().opening().map(str::to_owned).collect();
        let (instance, host, keys) = (self.instance().to_owned(), host.to_owned(), keys.join(" "));
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO servers (instance, host, key_ids, seen_at) VALUES ($1, $2, $3, $4) \
                     ON CONFLICT (instance) DO UPDATE SET key_ids = $3, seen_at = $4",
                )
                .bind(instance)
                .bind(host)
                .bind(keys)
                .bind(now.unix())
                .execute(&mut *connection)
                .await?;
                sqlx::query("DELETE FROM servers WHERE seen_at < $1")
                    .bind(now.plus(-86_400).unix())
                    .execute(connection)
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// Says that this server serves no longer.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn leave(&self) -> Written<()> {
        let instance = self.instance().to_owned();
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query("DELETE FROM servers WHERE instance = $1").bind(instance).execute(connection).await?;
                Ok(())
            })
        })
        .await
    }

    /// The servers that serve now.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn serving(&self, now: Timestamp) -> Result<Vec<Serving>, StoreError> {
        let rows = sqlx::query(
            "SELECT instance, host, key_ids, seen_at FROM servers WHERE seen_at > $1 ORDER BY host, instance",
        )
        .bind(now.plus(-GONE_AFTER).unix())
        .fetch_all(self.pool())
        .await?;
        let serving = rows.iter().map(|row| {
            let keys: String = row.try_get(2)?;
            Ok(Serving {
                instance: row.try_get(0)?,
                host: row.try_get(1)?,
                keys: keys.split_whitespace().map(str::to_owned).collect(),
                seen_at: row.try_get(3)?,
            })
        });
        serving.collect()
    }
}
