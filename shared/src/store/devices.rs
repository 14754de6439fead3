//! Remembered devices: whose, until when, and the hash of the secret that the browser has at the moment.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::row::{Column, Values, moment};
use super::{Store, StoreError, Written};
use crate::id::Id;
use crate::time::Timestamp;
use crate::user::User;

/// A browser that showed a second factor and is remembered.
#[derive(Debug, Clone)]
pub struct Device {
    /// Its id, the first half of the cookie.
    pub id: Id<Self>,
    /// Whose.
    pub user: Id<User>,
    /// [`User::credentials`] when it was remembered.
    pub credentials: String,
    /// What the browser called itself.
    pub name: String,
    /// From where it was used last.
    pub place: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when, however much it is used.
    pub expires_at: Timestamp,
    /// The hash of the other half of the cookie.
    pub secret_hash: String,
    /// The hash of the one before.
    pub former_hash: Option<String>,
    /// When it was used last.
    pub used_at: Timestamp,
}

use Column::{Number, Text};

const DEVICE: [Column; 10] = [Text, Text, Text, Text, Text, Number, Number, Text, Text, Number];

macro_rules! device {
    ($end:literal) => {
        concat!(
            "SELECT id, user_id, credentials, name, place, created_at, expires_at, secret_hash, former_hash, used_at, ",
            "mac FROM devices ",
            $end
        )
    };
}

impl Store {
    /// A device that is not too old, inside or outside of a transaction of its own.
    ///
    /// # Errors
    /// Where the database fails, or the row is not as it was written.
    pub async fn device(&self, id: &str, now: Timestamp) -> Result<Option<Device>, StoreError> {
        let row = sqlx::query(device!("WHERE id = $1 AND expires_at > $2"))
            .bind(id)
            .bind(now.unix())
            .fetch_optional(self.pool())
            .await?;
        row.as_ref().map(|row| read_device(self, row)).transpose()
    }

    /// Somebody's devices that are not too old, the latest use first.
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub async fn devices_of(&self, user: &User, now: Timestamp) -> Result<Vec<Device>, StoreError> {
        let rows = sqlx::query(device!("WHERE user_id = $1 AND expires_at > $2 ORDER BY used_at DESC, id"))
            .bind(user.id.as_str())
            .bind(now.unix())
            .fetch_all(self.pool())
            .await?;
        let devices: Result<Vec<Device>, StoreError> = rows.iter().map(|row| read_device(self, row)).collect();
        Ok(devices?.into_iter().filter(|device| device.credentials == user.credentials()).collect())
    }
}

/// Writes a new device down.
///
/// # Errors
/// Where the database fails.
pub async fn insert_device(connection: &mut AnyConnection, store: &Store, device: &Device) -> Written<()> {
    sqlx::query(
        "INSERT INTO devices (id, user_id, credentials, name, place, created_at, expires_at, secret_hash, former_hash, \
         used_at, mac) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(device.id.as_str())
    .bind(device.user.as_str())
    .bind(&device.credentials)
    .bind(&device.name)
    .bind(&device.place)
    .bind(device.created_at.unix())
    .bind(device.expires_at.unix())
    .bind(&device.secret_hash)
    .bind(&device.former_hash)
    .bind(device.used_at.unix())
    .bind(mark(store, device))
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives a device its next secret, if it still has the one that `device` names as its former one.
///
/// # Errors
/// [`StoreError::Conflict`] where another request was faster.
pub async fn turn_device(connection: &mut AnyConnection, store: &Store, device: &Device) -> Written<()> {
    let done = sqlx::query(
        "UPDATE devices SET secret_hash = $2, former_hash = $3, place = $4, used_at = $5, mac = $6 \
         WHERE id = $1 AND secret_hash = $3",
    )
    .bind(device.id.as_str())
    .bind(&device.secret_hash)
    .bind(&device.former_hash)
    .bind(&device.place)
    .bind(device.used_at.unix())
    .bind(mark(store, device))
    .execute(connection)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

/// Forgets one of somebody's devices; `false` where they have none with this id.
///
/// # Errors
/// Where the database fails.
pub async fn delete_device(connection: &mut AnyConnection, id: &str, user: &Id<User>) -> Written<bool> {
    let done = sqlx::query("DELETE FROM devices WHERE id = $1 AND user_id = $2")
        .bind(id)
        .bind(user.as_str())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets all of somebody's devices.
///
/// # Errors
/// Where the database fails.
pub async fn delete_devices(connection: &mut AnyConnection, user: &Id<User>) -> Written<()> {
    sqlx::query("DELETE FROM devices WHERE user_id = $1").bind(user.as_str()).execute(connection).await?;
    Ok(())
}

fn read_device(store: &Store, row: &AnyRow) -> Result<Device, StoreError> {
    let values = Values::read(store, "devices", row, 0, &DEVICE)?;
    Ok(Device {
        id: Id::from_stored(values.text(0)?.to_owned()),
        user: Id::from_stored(values.text(1)?.to_owned()),
        credentials: values.text(2)?.to_owned(),
        name: values.text(3)?.to_owned(),
        place: values.text(4)?.to_owned(),
        created_at: values.time(5)?,
        expires_at: values.time(6)?,
        secret_hash: values.text(7)?.to_owned(),
        former_hash: values.maybe(8).map(str::to_owned),
        used_at: values.time(9)?,
    })
}

fn mark(store: &Store, device: &Device) -> String {
    let values = vec![
        Some(device.id.to_string()),
        Some(device.user.to_string()),
        Some(device.credentials.clone()),
        Some(device.name.clone()),
        Some(device.place.clone()),
        moment(Some(device.created_at)),
        moment(Some(device.expires_at)),
        Some(device.secret_hash.clone()),
        device.former_hash.clone(),
        moment(Some(device.used_at)),
    ];
    Values::of("devices", values).mark(store)
}
