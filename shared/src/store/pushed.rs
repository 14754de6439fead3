//! Authorization requests that clients have pushed (RFC 9126): each leads to one code at most.

use sqlx::{AnyConnection, Row};

use super::row::{Column, Values, moment};
use super::{Store, StoreError, Written};
use crate::client::ClientId;
use crate::time::Timestamp;

use Column::{Number, Text};

const TABLE: &str = "pushed_requests";

const PUSHED: [Column; 4] = [Text, Text, Text, Number];

/// How long a pushed request can be begun with, in seconds.
pub const PUSHED_LIFE: i64 = 60;

/// Rows are kept for as long as a person may take to sign in: so long a second use has to be noticed.
const KEPT: i64 = 3600;

/// Anybody can push for a public client: so many wait for it at most.
const MOST: i64 = 1000;

/// A request that a client has pushed.
#[derive(Debug, Clone)]
pub struct Pushed {
    /// What is stored of its address.
    pub hash: String,
    /// Whose.
    pub client: ClientId,
    /// What it asks, as the client sent it.
    pub params: String,
    /// Until when it can be begun with.
    pub expires_at: Timestamp,
}

impl Store {
    /// Stores a request.
    ///
    /// # Errors
    /// [`StoreError::Busy`] where too many wait for a client that proves itself by nothing; else why it could not be stored.
    pub async fn push_request(&self, pushed: Pushed, is_public: bool) -> Written<()> {
        let store = self.clone();
        if is_public {
            let text = "SELECT COUNT(*) FROM pushed_requests WHERE client_id = $1";
            let waiting: i64 = sqlx::query_scalar(text).bind(pushed.client.as_str()).fetch_one(self.pool()).await?;
            if waiting >= MOST {
                return Err(StoreError::Busy(None));
            }
        }
        self.write(move |connection| {
            Box::pin(async move {
                let values = vec![
                    Some(pushed.hash.clone()),
                    Some(pushed.client.to_string()),
                    Some(pushed.params.clone()),
                    moment(Some(pushed.expires_at)),
                ];
                let text = "INSERT INTO pushed_requests (uri_hash, client_id, params, expires_at, mac, used_at) \
                            VALUES ($1, $2, $3, $4, $5, NULL)";
                sqlx::query(text)
                    .bind(pushed.hash)
                    .bind(pushed.client.as_str())
                    .bind(pushed.params)
                    .bind(pushed.expires_at.unix())
                    .bind(Values::of(TABLE, values).mark(&store))
                    .execute(connection)
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// A request that a code can still come of.
    ///
    /// # Errors
    /// Where the database fails, or the row is not as it was written.
    pub async fn pushed_request(&self, hash: &str, now: Timestamp) -> Result<Option<Pushed>, StoreError> {
        let text = "SELECT uri_hash, client_id, params, expires_at, mac, used_at FROM pushed_requests \
                    WHERE uri_hash = $1 AND expires_at > $2 AND used_at IS NULL";
        let Some(row) = sqlx::query(text).bind(hash).bind(now.unix()).fetch_optional(self.pool()).await? else {
            return Ok(None);
        };
        let values = Values::read(self, TABLE, &row, 0, &PUSHED)?;
        Ok(Some(Pushed {
            hash: row.try_get(0)?,
            client: values.parsed(1, |text| text.parse().ok())?,
            params: values.text(2)?.to_owned(),
            expires_at: values.time(3)?,
        }))
    }

    /// Deletes requests that are over, a few hundred at a time; answers how many.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn sweep_pushed(&self, now: Timestamp) -> Written<u64> {
        self.write(move |connection| {
            Box::pin(async move {
                let text = "DELETE FROM pushed_requests WHERE uri_hash IN \
                            (SELECT uri_hash FROM pushed_requests WHERE expires_at <= $1 LIMIT 500)";
                Ok(sqlx::query(text).bind(now.plus(-KEPT).unix()).execute(connection).await?.rows_affected())
            })
        })
        .await
    }
}

/// Uses a request up, in the transaction that issues its code.
///
/// # Errors
/// [`StoreError::Conflict`] where it was used before.
pub(super) async fn spend_pushed(connection: &mut AnyConnection, hash: &str, now: Timestamp) -> Written<()> {
    let text = "UPDATE pushed_requests SET used_at = $2 WHERE uri_hash = $1 AND used_at IS NULL";
    let spent = sqlx::query(text).bind(hash).bind(now.unix()).execute(connection).await?;
    if spent.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}
