//! Registered applications. A client that somebody else wrote or changed is not used.

use std::collections::BTreeMap;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::row::{Column, Values, moment};
use super::{Store, StoreError, Written, audit};
use crate::audit::{Event, Record};
use crate::client::{Client, ClientId, RedirectUri};
use crate::grant::API_CLIENT;
use crate::time::Timestamp;

use Column::{Number, Text};

const TABLE: &str = "clients";

const BY_ID: &str = "SELECT id, name, secret, former_secret, former_until, redirect_uris, auth_method, alg, logout_uri, settings, pkce_waived_at, \
    disabled_at, created_at, mac FROM clients WHERE id = $1";
const ALL: &str = "SELECT id, name, secret, former_secret, former_until, redirect_uris, auth_method, alg, logout_uri, settings, pkce_waived_at, \
    disabled_at, created_at, mac FROM clients ORDER BY id";

const CLIENT: [Column; 13] = [Text, Text, Text, Text, Number, Text, Text, Text, Text, Text, Number, Number, Number];

impl Store {
    /// Registers a client. The id of the built-in one is taken.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] where the id is taken; else why it could not be stored.
    pub async fn add_client(&self, client: Client, actor: String) -> Written<()> {
        if client.id.as_str() == API_CLIENT {
            return Err(StoreError::Duplicate);
        }
        let store = self.clone();
        self.write(move |connection| {
            Box::pin(async move {
                insert_client(connection, &store, &client).await?;
                let record = Record::new(client.created_at, Event::ClientAdded).by(&actor).saying(client.id);
                audit::record(connection, &store, record).await
            })
        })
        .await
    }

    /// Changes a client; answers what it is then, or `None` where there is none. `said` goes to the record.
    ///
    /// # Errors
    /// Why nothing was changed.
    pub async fn change_client(
        &self,
        id: ClientId,
        said: String,
        actor: String,
        now: Timestamp,
        edit: impl FnOnce(&mut Client) + Send + 'static,
    ) -> Written<Option<Client>> {
        let store = self.clone();
        self.write(move |connection| {
            Box::pin(async move {
                let row = sqlx::query(BY_ID).bind(id.as_str()).fetch_optional(&mut *connection).await?;
                let Some(row) = row else { return Ok(None) };
                let mut client = read(&store, &row)?;
                edit(&mut client);
                let before: String = row.try_get("mac")?;
                let text = "DELETE FROM clients WHERE id = $1 AND mac = $2";
                let gone = sqlx::query(text).bind(id.as_str()).bind(before).execute(&mut *connection).await?;
                if gone.rows_affected() != 1 {
                    return Err(StoreError::Conflict);
                }
                insert_client(connection, &store, &client).await?;
                let record = Record::new(now, Event::ClientChanged).by(&actor).saying(format!("{id} {said}"));
                audit::record(connection, &store, record).await?;
                Ok(Some(client))
            })
        })
        .await
    }

    /// A client by its id.
    ///
    /// # Errors
    /// Where the database fails, or the row is not as it was written.
    pub async fn client(&self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        let row = sqlx::query(BY_ID).bind(id.as_str()).fetch_optional(self.pool()).await?;
        row.as_ref().map(|row| read(self, row)).transpose()
    }

    /// All clients, by id.
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub async fn clients(&self) -> Result<Vec<Client>, StoreError> {
        let rows = sqlx::query(ALL).fetch_all(self.pool()).await?;
        rows.iter().map(|row| read(self, row)).collect()
    }

    /// Deletes a client; answers whether there was one. What it holds is worth nothing from then on.
    ///
    /// # Errors
    /// Why it could not be deleted.
    pub async fn delete_client(&self, id: ClientId, actor: String, now: Timestamp) -> Written<bool> {
        let store = self.clone();
        self.write(move |connection| {
            Box::pin(async move {
                let done = sqlx::query("DELETE FROM clients WHERE id = $1")
                    .bind(id.as_str())
                    .execute(&mut *connection)
                    .await?;
                if done.rows_affected() == 0 {
                    return Ok(false);
                }
                // An id may be given again; what the old client held must not come to life with it.
                for text in [
                    "DELETE FROM consents WHERE client_id = $1",
                    "DELETE FROM grants WHERE client_id = $1",
                    "DELETE FROM access_tokens WHERE client_id = $1",
                    "DELETE FROM visits WHERE client_id = $1",
                    "DELETE FROM pushed_requests WHERE client_id = $1",
                    "DELETE FROM device_requests WHERE client_id = $1",
                ] {
                    sqlx::query(text).bind(id.as_str()).execute(&mut *connection).await?;
                }
                let record = Record::new(now, Event::ClientDeleted).by(&actor).saying(id);
                audit::record(connection, &store, record).await?;
                Ok(true)
            })
        })
        .await
    }
}

/// All clients whose rows are as they were written, in a transaction.
///
/// # Errors
/// Where the database fails.
pub(crate) async fn clients_held(connection: &mut AnyConnection, store: &Store) -> Written<BTreeMap<String, Client>> {
    let rows = sqlx::query(ALL).fetch_all(connection).await?;
    let clients = rows.iter().filter_map(|row| read(store, row).ok());
    Ok(clients.map(|client| (client.id.to_string(), client)).collect())
}

/// A client in place of the one with its id, if there is one.
///
/// # Errors
/// Where the database fails.
pub(crate) async fn replace(connection: &mut AnyConnection, store: &Store, client: &Client) -> Written<()> {
    sqlx::query("DELETE FROM clients WHERE id = $1").bind(client.id.as_str()).execute(&mut *connection).await?;
    insert_client(connection, store, client).await
}

/// Stores a client, in a transaction.
///
/// # Errors
/// Where the database fails, or the id is taken.
pub(super) async fn insert_client(connection: &mut AnyConnection, store: &Store, client: &Client) -> Written<()> {
    let uris: Vec<&str> = client.redirect_uris.iter().map(RedirectUri::as_str).collect();
    let uris = serde_json::Value::from(uris).to_string();
    let settings = serde_json::to_string(&client.settings);
    let settings = settings.map_err(|_| StoreError::Value { table: TABLE, row: client.id.to_string() })?;
    let values = vec![
        Some(client.id.to_string()),
        Some(client.name.clone()),
        client.secret.clone(),
        client.former.as_ref().map(|(mark, _)| mark.clone()),
        moment(client.former.as_ref().map(|(_, until)| *until)),
        Some(uris.clone()),
        Some(client.auth_method.to_string()),
        Some(client.alg.to_string()),
        client.logout_uri.as_ref().map(ToString::to_string),
        Some(settings.clone()),
        moment(client.pkce_waived_at),
        moment(client.disabled_at),
        moment(Some(client.created_at)),
    ];
    sqlx::query(
        "INSERT INTO clients (id, name, secret, former_secret, former_until, redirect_uris, auth_method, alg, \
         logout_uri, settings, pkce_waived_at, disabled_at, created_at, mac) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(client.id.as_str())
    .bind(&client.name)
    .bind(&client.secret)
    .bind(client.former.as_ref().map(|(mark, _)| mark))
    .bind(client.former.as_ref().map(|(_, until)| until.unix()))
    .bind(uris)
    .bind(client.auth_method.as_str())
    .bind(client.alg.as_str())
    .bind(client.logout_uri.as_ref().map(RedirectUri::as_str))
    .bind(settings)
    .bind(client.pkce_waived_at.map(Timestamp::unix))
    .bind(client.disabled_at.map(Timestamp::unix))
    .bind(client.created_at.unix())
    .bind(Values::of(TABLE, values).mark(store))
    .execute(connection)
    .await?;
    Ok(())
}

fn read(store: &Store, row: &AnyRow) -> Result<Client, StoreError> {
    let values = Values::read(store, TABLE, row, 0, &CLIENT)?;
    Ok(Client {
        id: values.parsed(0, |text| text.parse().ok())?,
        name: values.text(1)?.to_owned(),
        secret: values.maybe(2).map(str::to_owned),
        former: match (values.maybe(3), values.maybe_time(4)?) {
            (Some(mark), Some(until)) => Some((mark.to_owned(), until)),
            _ => None,
        },
        redirect_uris: values.parsed(5, |text| serde_json::from_str(text).ok())?,
        auth_method: values.parsed(6, |text| text.parse().ok())?,
        alg: values.parsed(7, |text| text.parse().ok())?,
        logout_uri: values.maybe_parsed(8, |text| text.parse().ok())?,
        settings: values.parsed(9, |text| serde_json::from_str(text).ok())?,
        pkce_waived_at: values.maybe_time(10)?,
        disabled_at: values.maybe_time(11)?,
        created_at: values.time(12)?,
    })
}
