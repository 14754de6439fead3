//! What clients have signed to be taken once: proofs of who they are and of the keys that they hold.

use super::{Store, Written};
use crate::time::Timestamp;

impl Store {
    /// Takes a signed text by the hash of whose it is and what it is called; answers whether it is the first time. It is
    /// remembered until it is too old to be taken.
    ///
    /// # Errors
    /// Where the database fails: then it has to be refused.
    pub async fn spend_jti(&self, hash: String, expires_at: Timestamp) -> Written<bool> {
        self.write(move |connection| {
            Box::pin(async move {
                let text = "INSERT INTO spent_jtis (hash, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
                let done = sqlx::query(text).bind(hash).bind(expires_at.unix()).execute(connection).await?;
                Ok(done.rows_affected() == 1)
            })
        })
        .await
    }

    /// Forgets those that are too old to be taken, a few hundred at a time; answers how many.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn sweep_jtis(&self, now: Timestamp) -> Written<u64> {
        self.write(move |connection| {
            Box::pin(async move {
                let text = "DELETE FROM spent_jtis WHERE hash IN \
                            (SELECT hash FROM spent_jtis WHERE expires_at <= $1 LIMIT 500)";
                Ok(sqlx::query(text).bind(now.unix()).execute(connection).await?.rows_affected())
            })
        })
        .await
    }
}
