//! Requests of devices that wait for a person (RFC 8628): each ends in one grant at most.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::budgets::{Budget, Charge, charge};
use super::row::{Column, Values, moment};
use super::{Store, StoreError, Written};
use crate::client::ClientId;
use crate::device_grant::{DeviceRequest, INTERVAL, Polled};
use crate::time::Timestamp;

use Column::{Number, Text};

const TABLE: &str = "device_requests";

const REQUEST: [Column; 7] = [Text, Text, Text, Text, Text, Number, Number];

/// The marked columns and the mark, then what is not under it.
macro_rules! request {
    ($end:literal) => {
        concat!(
            "SELECT code_hash, user_code, client_id, scope, place, created_at, expires_at, mac, denied_at \
             FROM device_requests ",
            $end
        )
    };
}

/// For so long a device that comes too late is told so.
const KEPT: i64 = 600;

/// So many codes can be typed at one place without delay.
const TRIES: i64 = 20;

/// Anybody can ask for a public client: so many wait for it at most.
const MOST: i64 = 1000;

/// What comes of a code that somebody has typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Typed {
    /// A device waits with it.
    Found,
    /// None does.
    Nothing,
    /// There were too many tries.
    TooOften,
}

impl Store {
    /// Stores a request.
    ///
    /// # Errors
    /// [`StoreError::Busy`] where too many wait for a client that proves itself by nothing, [`StoreError::Duplicate`] where
    /// the code for the person is taken; else why it could not be stored.
    pub async fn add_device_request(&self, request: DeviceRequest, is_public: bool) -> Written<()> {
        let store = self.clone();
        if is_public {
            let text = "SELECT COUNT(*) FROM device_requests WHERE client_id = $1";
            let waiting: i64 = sqlx::query_scalar(text).bind(request.client.as_str()).fetch_one(self.pool()).await?;
            if waiting >= MOST {
                return Err(StoreError::Busy(None));
            }
        }
        self.write(move |connection| {
            Box::pin(async move {
                let values = vec![
                    Some(request.code.clone()),
                    Some(request.user_code.clone()),
                    Some(request.client.to_string()),
                    Some(request.scope.clone()),
                    Some(request.place.clone()),
                    moment(Some(request.created_at)),
                    moment(Some(request.expires_at)),
                ];
                sqlx::query(
                    "INSERT INTO device_requests (code_hash, user_code, client_id, scope, place, created_at, expires_at, \
                     mac, denied_at, polled_at, pause) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL, NULL, $9)",
                )
                .bind(request.code)
                .bind(request.user_code)
                .bind(request.client.as_str())
                .bind(request.scope)
                .bind(request.place)
                .bind(request.created_at.unix())
                .bind(request.expires_at.unix())
                .bind(Values::of(TABLE, values).mark(&store))
                .bind(INTERVAL)
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// Whether a device waits with a code that somebody has typed; guesses are counted for each source.
    ///
    /// # Errors
    /// Where the database fails, or the row is not as it was written.
    pub async fn typed_user_code(&self, user_code: String, source: String, now: Timestamp) -> Written<Typed> {
        let budget = Budget { free: TRIES, ..Budget::of_source("user_code", &source) };
        let charged =
            self.write(move |connection| Box::pin(async move { charge(connection, &budget, now).await })).await?;
        if charged != Charge::Taken {
            return Ok(Typed::TooOften);
        }
        Ok(if self.device_request(&user_code, now).await?.is_some() { Typed::Found } else { Typed::Nothing })
    }

    /// The request whose code a person has typed, if somebody can still answer it.
    ///
    /// # Errors
    /// Where the database fails, or the row is not as it was written.
    pub async fn device_request(&self, user_code: &str, now: Timestamp) -> Result<Option<DeviceRequest>, StoreError> {
        let text = request!("WHERE user_code = $1 AND expires_at > $2 AND denied_at IS NULL");
        let row = sqlx::query(text).bind(user_code).bind(now.unix()).fetch_optional(self.pool()).await?;
        row.as_ref().map(|row| read(self, row)).transpose()
    }

    /// Answers a request with no: whether there was one to answer.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn deny_device(&self, code: String, now: Timestamp) -> Written<bool> {
        self.write(move |connection| {
            Box::pin(async move {
                let text = "UPDATE device_requests SET denied_at = $2 \
                            WHERE code_hash = $1 AND expires_at > $2 AND denied_at IS NULL";
                let done = sqlx::query(text).bind(code).bind(now.unix()).execute(connection).await?;
                Ok(done.rows_affected() == 1)
            })
        })
        .await
    }

    /// What a device is told that asks again while there is no grant.
    ///
    /// # Errors
    /// Where the database fails, or the row is not as it was written.
    pub async fn poll_device(&self, code: String, client: ClientId, now: Timestamp) -> Written<Polled> {
        let store = self.clone();
        self.write(move |connection| {
            Box::pin(async move {
                let by_code = request!("WHERE code_hash = $1");
                let row = sqlx::query(by_code).bind(&code).fetch_optional(&mut *connection).await?;
                let Some(row) = row else { return Ok(Polled::Unknown) };
                let request = read(&store, &row)?;
                if request.client != client {
                    return Ok(Polled::Unknown);
                }
                if row.try_get::<Option<i64>, _>("denied_at")?.is_some() {
                    return Ok(Polled::Denied);
                }
                if request.expires_at <= now {
                    return Ok(Polled::Over);
                }
                let text = "UPDATE device_requests SET polled_at = $2 \
                            WHERE code_hash = $1 AND (polled_at IS NULL OR polled_at + pause <= $2)";
                let in_time = sqlx::query(text).bind(&code).bind(now.unix()).execute(&mut *connection).await?;
                if in_time.rows_affected() == 1 {
                    return Ok(Polled::Pending);
                }
                // From now on it has to wait longer (RFC 8628, 3.5).
                let text = "UPDATE device_requests SET polled_at = $2, pause = pause + $3 WHERE code_hash = $1";
                sqlx::query(text).bind(&code).bind(now.unix()).bind(INTERVAL).execute(connection).await?;
                Ok(Polled::TooOften)
            })
        })
        .await
    }

    /// Deletes requests that are over, a few hundred at a time; answers how many.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn sweep_device_requests(&self, now: Timestamp) -> Written<u64> {
        self.write(move |connection| {
            Box::pin(async move {
                let text = "DELETE FROM device_requests WHERE code_hash IN \
                            (SELECT code_hash FROM device_requests WHERE expires_at <= $1 LIMIT 500)";
                Ok(sqlx::query(text).bind(now.plus(-KEPT).unix()).execute(connection).await?.rows_affected())
            })
        })
        .await
    }
}

/// Uses a request up, in the transaction that makes its grant.
///
/// # Errors
/// [`StoreError::Conflict`] where it is over, denied or answered.
pub(super) async fn spend_device_request(connection: &mut AnyConnection, code: &str, now: Timestamp) -> Written<()> {
    let text = "DELETE FROM device_requests WHERE code_hash = $1 AND expires_at > $2 AND denied_at IS NULL";
    let spent = sqlx::query(text).bind(code).bind(now.unix()).execute(connection).await?;
    if spent.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

fn read(store: &Store, row: &AnyRow) -> Result<DeviceRequest, StoreError> {
    let values = Values::read(store, TABLE, row, 0, &REQUEST)?;
    Ok(DeviceRequest {
        code: values.text(0)?.to_owned(),
        user_code: values.text(1)?.to_owned(),
        client: values.parsed(2, |text| text.parse().ok())?,
        scope: values.text(3)?.to_owned(),
        place: values.text(4)?.to_owned(),
        created_at: values.time(5)?,
        expires_at: values.time(6)?,
    })
}
