//! Mail addresses: whether one is taken, and those that somebody had until lately.

use sqlx::AnyConnection;

use super::row::{Column, Values, moment};
use super::{Store, StoreError, Written};
use crate::id::Id;
use crate::time::Timestamp;
use crate::user::{Email, User};

/// Notices go to a former address for so many seconds.
pub const FORMER_LIFE: i64 = 30 * 86_400;

/// An address that somebody had.
#[derive(Debug)]
struct Former;

use Column::{Number, Text};

const FORMER: [Column; 4] = [Text, Text, Text, Number];

impl Store {
    /// Whether somebody has an address, verified or not.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn is_address_taken(&self, address: &Email) -> Result<bool, StoreError> {
        let text = "SELECT COUNT(*) FROM users WHERE email_key = $1";
        let count: i64 = sqlx::query_scalar(text).bind(address.key()).fetch_one(self.pool()).await?;
        Ok(count > 0)
    }
}

/// Keeps the address that somebody has had so far.
///
/// # Errors
/// Where the database fails.
pub async fn insert_former(
    connection: &mut AnyConnection,
    store: &Store,
    user: &Id<User>,
    address: &Email,
    now: Timestamp,
) -> Written<()> {
    let (id, end) = (Id::<Former>::random(store.entropy())?, now.plus(FORMER_LIFE));
    let values =
        vec![Some(id.to_string()), Some(user.to_string()), Some(address.as_str().to_owned()), moment(Some(end))];
    sqlx::query("INSERT INTO former_addresses (id, user_id, address, expires_at, mac) VALUES ($1, $2, $3, $4, $5)")
        .bind(id.as_str())
        .bind(user.as_str())
        .bind(address.as_str())
        .bind(end.unix())
        .bind(Values::of("former_addresses", values).mark(store))
        .execute(connection)
        .await?;
    Ok(())
}

/// The addresses that somebody had until lately.
///
/// # Errors
/// Where the database fails, or a row is not as it was written.
pub async fn former_addresses(
    connection: &mut AnyConnection,
    store: &Store,
    user: &Id<User>,
    now: Timestamp,
) -> Written<Vec<Email>> {
    let text = "SELECT id, user_id, address, expires_at, mac FROM former_addresses \
                WHERE user_id = $1 AND expires_at > $2 ORDER BY expires_at, id";
    let rows = sqlx::query(text).bind(user.as_str()).bind(now.unix()).fetch_all(connection).await?;
    rows.iter()
        .map(|row| Values::read(store, "former_addresses", row, 0, &FORMER)?.parsed(2, |text| text.parse().ok()))
        .collect()
}
