//! Names and mail addresses: which are taken, and the addresses that somebody had until lately.

use std::collections::BTreeSet;

use sqlx::{AnyConnection, Row};

use super::bound::{AT_ONCE, Bound};
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

impl Store {
    /// Which of these name keys ([`crate::user::UserName::key`]) are taken.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn taken_names(&self, keys: &[String]) -> Result<BTreeSet<String>, StoreError> {
        self.taken("name_key", keys).await
    }

    /// Which of these address keys ([`Email::key`]) are taken, verified or not.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn taken_addresses(&self, keys: &[String]) -> Result<BTreeSet<String>, StoreError> {
        self.taken("email_key", keys).await
    }

    async fn taken(&self, column: &'static str, keys: &[String]) -> Result<BTreeSet<String>, StoreError> {
        let mut all = BTreeSet::new();
        for some in keys.chunks(AT_ONCE) {
            let mut bound = Bound::default();
            let places = bound.texts(some);
            let text = format!("SELECT {column} FROM users WHERE {column} IN ({places})");
            for row in bound.query(text).fetch_all(self.pool()).await? {
                all.insert(row.try_get(0)?);
            }
        }
        Ok(all)
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
    let all = former_addresses_of_all(connection, store, std::slice::from_ref(user), now).await?;
    Ok(all.into_iter().map(|(_, address)| address).collect())
}

/// The same of many, each with whose it was.
///
/// # Errors
/// Where the database fails, or a row is not as it was written.
pub async fn former_addresses_of_all(
    connection: &mut AnyConnection,
    store: &Store,
    users: &[Id<User>],
    now: Timestamp,
) -> Written<Vec<(Id<User>, Email)>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let mut bound = Bound::default();
    let (now, users) = (bound.number(now.unix()), bound.texts(users.iter().map(Id::as_str)));
    let text = format!(
        "SELECT id, user_id, address, expires_at, mac FROM former_addresses \
         WHERE user_id IN ({users}) AND expires_at > {now} ORDER BY expires_at, id"
    );
    let rows = bound.query(text).fetch_all(connection).await?;
    let read = |row| {
        let values = Values::read(store, "former_addresses", row, 0, &FORMER)?;
        Ok((Id::from_stored(values.text(1)?.to_owned()), values.parsed(2, |text| text.parse().ok())?))
    };
    rows.iter().map(read).collect()
}

/// The ids of all who had another address until lately.
///
/// # Errors
/// Where the database fails.
pub async fn formerly_elsewhere(connection: &mut AnyConnection, now: Timestamp) -> Written<BTreeSet<String>> {
    let text = "SELECT DISTINCT user_id FROM former_addresses WHERE expires_at > $1";
    let rows = sqlx::query(text).bind(now.unix()).fetch_all(connection).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
