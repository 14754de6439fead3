//! What people let applications learn. What is taken back is deleted, and whatever was issued with it; a row that somebody
//! else wrote is no consent.

use std::collections::BTreeMap;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::grants::end_grants;
use super::logouts::Ending;
use super::row::{Column, Values, moment};
use super::{Store, StoreError, Written, audit};
use crate::audit::{Event, Record};
use crate::client::ClientId;
use crate::consent::{Access, Consent};
use crate::door::Door;
use crate::id::Id;
use crate::time::Timestamp;
use crate::user::User;

use Column::{Number, Text};

const TABLE: &str = "consents";

const CONSENT: [Column; 6] = [Text, Text, Text, Text, Number, Number];

macro_rules! consent {
    ($end:literal) => {
        concat!("SELECT id, user_id, client_id, disclosure, given_at, expires_at, mac FROM consents ", $end)
    };
}

const ONE: &str = consent!("WHERE id = $1 AND expires_at > $2");

impl Store {
    /// What somebody lets a client learn, as long as that is remembered.
    ///
    /// # Errors
    /// Where the database fails, or the row is not as it was written.
    pub async fn consent(
        &self,
        user: &Id<User>,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<Option<Consent>, StoreError> {
        let row = sqlx::query(ONE).bind(key(user, client)).bind(now.unix());
        row.fetch_optional(self.pool()).await?.as_ref().map(|row| read(self, row)).transpose()
    }

    /// Notes that the named user lets a client learn something, beside what it was let learn before.
    ///
    /// # Errors
    /// Why it could not be stored.
    pub async fn give_consent(&self, consent: Consent, user_name: String) -> Written<()> {
        let store = self.clone();
        self.write(move |connection| {
            Box::pin(async move {
                let now = consent.given_at;
                // Whoever takes it back in this moment takes back this, too, or is seen here.
                let id = key(&consent.user, &consent.client);
                sqlx::query("UPDATE consents SET mac = mac WHERE id = $1").bind(&id).execute(&mut *connection).await?;
                let before = sqlx::query(ONE).bind(id).bind(now.unix()).fetch_optional(&mut *connection).await?;
                // One that somebody else wrote adds nothing.
                let before = before.as_ref().and_then(|row| read(&store, row).ok());
                let said = consent.disclosure.scopes.join(" ");
                let consent = match before {
                    Some(before) => consent.beside(before),
                    None => consent,
                };
                insert(connection, &store, &consent).await?;
                let said = format!("{} {said}", consent.client);
                let record = record(now, Event::ConsentGiven, &user_name).saying(said);
                audit::record(connection, &store, record).await
            })
        })
        .await
    }

    /// Takes back what the named user has let a client have: it learns nothing more of them. Answers whether there was
    /// anything.
    ///
    /// # Errors
    /// Why nothing was done.
    pub async fn withdraw_consent(
        &self,
        user: Id<User>,
        client: ClientId,
        user_name: String,
        now: Timestamp,
    ) -> Written<bool> {
        let store = self.clone();
        self.write(move |connection| {
            Box::pin(async move {
                let gone = sqlx::query("DELETE FROM consents WHERE id = $1").bind(key(&user, &client));
                let gone = gone.execute(&mut *connection).await?;
                let ending = Ending::Client(user.as_str(), client.as_str());
                let ended = end_grants(connection, &store, ending, now).await?;
                if gone.rows_affected() == 0 && ended == 0 {
                    return Ok(false);
                }
                let record = record(now, Event::ConsentWithdrawn, &user_name).saying(client);
                audit::record(connection, &store, record).await?;
                Ok(true)
            })
        })
        .await
    }

    /// The applications that can learn something of somebody without asking again, by id.
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub async fn access_to(&self, user: &Id<User>, now: Timestamp) -> Result<Vec<Access>, StoreError> {
        let mut all = BTreeMap::new();
        let text = consent!("WHERE user_id = $1 AND expires_at > $2");
        for row in &sqlx::query(text).bind(user.as_str()).bind(now.unix()).fetch_all(self.pool()).await? {
            let consent = read(self, row)?;
            let (id, client) = (consent.client.to_string(), consent.client.clone());
            all.insert(id, Access { client, consent: Some(consent), since: None, offline: false });
        }
        let text = "SELECT client_id, MIN(created_at), MAX(offline) FROM grants \
                    WHERE user_id = $1 AND used_at IS NOT NULL AND expires_at > $2 GROUP BY client_id";
        for row in sqlx::query(text).bind(user.as_str()).bind(now.unix()).fetch_all(self.pool()).await? {
            let id: String = row.try_get(0)?;
            let client = id.parse().map_err(|_| StoreError::Value { table: "grants", row: id.clone() })?;
            let access = all.entry(id).or_insert(Access::none(client));
            access.since = Some(Timestamp::from_unix(row.try_get(1)?));
            access.offline = row.try_get::<i64, _>(2)? == 1;
        }
        Ok(all.into_values().collect())
    }

    /// Deletes consents that are not remembered any more, a few hundred at a time; answers how many.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn sweep_consents(&self, now: Timestamp) -> Written<u64> {
        self.write(move |connection| {
            Box::pin(async move {
                let text =
                    "DELETE FROM consents WHERE id IN (SELECT id FROM consents WHERE expires_at <= $1 LIMIT 500)";
                Ok(sqlx::query(text).bind(now.unix()).execute(connection).await?.rows_affected())
            })
        })
        .await
    }
}

/// Holds a consent, in the transaction that issues something with it: whoever takes it back in this moment takes that back,
/// too.
///
/// # Errors
/// [`StoreError::Conflict`] where there is none any more.
pub(super) async fn hold_consent(
    connection: &mut AnyConnection,
    user: &Id<User>,
    client: &ClientId,
    now: Timestamp,
) -> Written<()> {
    let text = "UPDATE consents SET mac = mac WHERE id = $1 AND expires_at > $2";
    let held = sqlx::query(text).bind(key(user, client)).bind(now.unix()).execute(connection).await?;
    if held.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

/// Forgets all that somebody has let others learn, in a transaction.
///
/// # Errors
/// Where the database fails.
pub(super) async fn forget(connection: &mut AnyConnection, user: &Id<User>) -> Written<()> {
    sqlx::query("DELETE FROM consents WHERE user_id = $1").bind(user.as_str()).execute(connection).await?;
    Ok(())
}

/// People's ids are all of one length.
fn key(user: &Id<User>, client: &ClientId) -> String {
    format!("{user}.{client}")
}

async fn insert(connection: &mut AnyConnection, store: &Store, consent: &Consent) -> Written<()> {
    let disclosure = serde_json::to_string(&consent.disclosure);
    let disclosure = disclosure.map_err(|_| StoreError::Value { table: TABLE, row: consent.client.to_string() })?;
    let id = key(&consent.user, &consent.client);
    let values = vec![
        Some(id.clone()),
        Some(consent.user.to_string()),
        Some(consent.client.to_string()),
        Some(disclosure.clone()),
        moment(Some(consent.given_at)),
        moment(Some(consent.expires_at)),
    ];
    sqlx::query(
        "INSERT INTO consents (id, user_id, client_id, disclosure, given_at, expires_at, mac) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE \
         SET disclosure = excluded.disclosure, given_at = excluded.given_at, expires_at = excluded.expires_at, \
         mac = excluded.mac",
    )
    .bind(id)
    .bind(consent.user.as_str())
    .bind(consent.client.as_str())
    .bind(disclosure)
    .bind(consent.given_at.unix())
    .bind(consent.expires_at.unix())
    .bind(Values::of(TABLE, values).mark(store))
    .execute(connection)
    .await?;
    Ok(())
}

fn record(at: Timestamp, event: Event, user_name: &str) -> Record {
    Record { door: Some(Door::Web), ..Record::new(at, event).about(&user_name) }
}

fn read(store: &Store, row: &AnyRow) -> Result<Consent, StoreError> {
    let values = Values::read(store, TABLE, row, 0, &CONSENT)?;
    Ok(Consent {
        user: Id::from_stored(values.text(1)?.to_owned()),
        client: values.parsed(2, |text| text.parse().ok())?,
        disclosure: values.parsed(3, |text| serde_json::from_str(text).ok())?,
        given_at: values.time(4)?,
        expires_at: values.time(5)?,
    })
}
