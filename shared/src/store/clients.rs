//! Registered applications. A client that somebody else wrote or changed is not used.

use std::collections::BTreeMap;

use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, Row};

use super::row::{Column, Values, moment};
use super::{Store, StoreError, Written, audit};
use crate::audit::{Event, Record};
use crate::client::{Client, ClientId, RedirectUri};
use crate::crypto::token_hash;
use crate::grant::API_CLIENT;
use crate::time::Timestamp;

use Column::{Number, Text};

const TABLE: &str = "clients";

/// What the keyed hash of a secret is made for.
const SECRET: &str = "client_secret";

const BY_ID: &str = "SELECT id, name, secret, former_secret, former_until, redirect_uris, auth_method, alg, logout_uri, settings, pkce_waived_at, \
    disabled_at, created_at, mac FROM clients WHERE id = $1";
macro_rules! all {
    () => {
        "SELECT id, name, secret, former_secret, former_until, redirect_uris, auth_method, alg, logout_uri, settings, pkce_waived_at, \
    disabled_at, created_at, mac FROM clients ORDER BY id"
    };
}

const CLIENT: [Column; 13] = [Text, Text, Text, Text, Number, Text, Text, Text, Text, Text, Number, Number, Number];

impl Store {
    /// Registers a client. The id of the built-in one is taken.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] where the id is taken; else why it could not be stored.
    pub async fn add_client(&self, client: Client, actor: String) -> Written<()> {
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
                let Some((before, mark)) = client_held(connection, &store, &id).await? else { return Ok(None) };
                let mut client = before.clone();
                edit(&mut client);
                if client == before {
                    return Ok(Some(client));
                }
                put_client(connection, &store, &client, mark).await?;
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
        let rows = sqlx::query(all!()).fetch_all(self.pool()).await?;
        rows.iter().map(|row| read(self, row)).collect()
    }

    /// How many clients there are.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn count_clients(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar("SELECT COUNT(*) FROM clients").fetch_one(self.pool()).await?)
    }

    /// A part of all clients, by id: without so many at the start, and no more than so many. Of one whose row is not as it
    /// was written no more is known than the id that stands there.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn find_clients(&self, skip: i64, limit: i64) -> Result<Vec<Result<Client, String>>, StoreError> {
        let text = concat!(all!(), " LIMIT $2 OFFSET $1");
        let rows = sqlx::query(text).bind(skip).bind(limit).fetch_all(self.pool()).await?;
        let one = |row| match read(self, row) {
            Err(error) if error.is_of_a_row() => Ok(Err(row.try_get(0)?)),
            read => read.map(Ok),
        };
        rows.iter().map(one).collect()
    }

    /// Which version of a client this is: no two have the same.
    ///
    /// # Errors
    /// Where its settings are none that can be stored.
    pub fn client_version(&self, client: &Client) -> Result<String, StoreError> {
        Ok(token_hash(&values(client)?.mark(self)))
    }

    /// How a client's secret is stored.
    #[must_use]
    pub fn client_secret_mark(&self, id: &str, secret: &str) -> String {
        self.keys().mark_token(SECRET, &[Some(id), Some(secret)])
    }

    /// Whether this is the secret that is stored like that.
    #[must_use]
    pub fn is_client_secret(&self, id: &str, secret: &str, mark: &str) -> bool {
        self.keys().check_token(SECRET, &[Some(id), Some(secret)], mark).is_ok()
    }

    /// Deletes a client; answers whether there was one. What it holds is worth nothing from then on.
    ///
    /// # Errors
    /// Why it could not be deleted.
    pub async fn delete_client(&self, id: ClientId, actor: String, now: Timestamp) -> Written<bool> {
        let store = self.clone();
        self.write(move |connection| {
            Box::pin(async move {
                if !remove_client(connection, &id).await? {
                    return Ok(false);
                }
                let record = Record::new(now, Event::ClientDeleted).by(&actor).saying(id);
                audit::record(connection, &store, record).await?;
                Ok(true)
            })
        })
        .await
    }
}

/// A client by its id, and its mark, in a transaction.
///
/// # Errors
/// Where the database fails, or the row is not as it was written.
pub(crate) async fn client_held(
    connection: &mut AnyConnection,
    store: &Store,
    id: &ClientId,
) -> Written<Option<(Client, String)>> {
    let row = sqlx::query(BY_ID).bind(id.as_str()).fetch_optional(connection).await?;
    let held = |row: &AnyRow| Ok((read(store, row)?, row.try_get("mac")?));
    row.as_ref().map(held).transpose()
}

/// Puts a client in the place of what it was with this mark.
///
/// # Errors
/// [`StoreError::Conflict`] where it is not that any more.
pub(crate) async fn put_client(
    connection: &mut AnyConnection,
    store: &Store,
    client: &Client,
    mark: String,
) -> Written<()> {
    // The same row: whoever deletes the client meanwhile waits, and deletes it as it is then.
    let text = "UPDATE clients SET name = $2, secret = $3, former_secret = $4, former_until = $5, \
                redirect_uris = $6, auth_method = $7, alg = $8, logout_uri = $9, settings = $10, pkce_waived_at = $11, \
                disabled_at = $12, created_at = $13, mac = $14 WHERE id = $1 AND mac = $15";
    let values = values(client)?;
    match bound(text, store, client, &values)?.bind(mark).execute(connection).await?.rows_affected() {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

/// Deletes a client with all that it holds; answers whether there was one.
///
/// # Errors
/// Where the database fails.
pub(crate) async fn remove_client(connection: &mut AnyConnection, id: &ClientId) -> Written<bool> {
    let done = sqlx::query("DELETE FROM clients WHERE id = $1").bind(id.as_str()).execute(&mut *connection).await?;
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
        "DELETE FROM happenings WHERE client_id = $1",
    ] {
        sqlx::query(text).bind(id.as_str()).execute(&mut *connection).await?;
    }
    Ok(true)
}

/// All clients whose rows are as they were written, in a transaction.
///
/// # Errors
/// Where the database fails.
pub(crate) async fn clients_held(connection: &mut AnyConnection, store: &Store) -> Written<BTreeMap<String, Client>> {
    let rows = sqlx::query(all!()).fetch_all(connection).await?;
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

/// Stores a new client. The id of the built-in one is taken.
///
/// # Errors
/// [`StoreError::Duplicate`] where the id is taken; else why it could not be stored.
pub(crate) async fn insert_client(connection: &mut AnyConnection, store: &Store, client: &Client) -> Written<()> {
    if client.id.as_str() == API_CLIENT {
        return Err(StoreError::Duplicate);
    }
    let values = values(client)?;
    let text = "INSERT INTO clients (id, name, secret, former_secret, former_until, redirect_uris, auth_method, alg, \
                logout_uri, settings, pkce_waived_at, disabled_at, created_at, mac) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    bound(text, store, client, &values)?.execute(connection).await?;
    Ok(())
}

/// A statement with a client's columns as its first fourteen values.
fn bound<'q>(
    text: &'static str,
    store: &Store,
    client: &'q Client,
    values: &Values,
) -> Result<Query<'q, Any, AnyArguments>, StoreError> {
    Ok(sqlx::query(text)
        .bind(client.id.as_str())
        .bind(&client.name)
        .bind(&client.secret)
        .bind(client.former.as_ref().map(|(mark, _)| mark))
        .bind(client.former.as_ref().map(|(_, until)| until.unix()))
        .bind(values.text(5)?.to_owned())
        .bind(client.auth_method.as_str())
        .bind(client.alg.as_str())
        .bind(client.logout_uri.as_ref().map(RedirectUri::as_str))
        .bind(values.text(9)?.to_owned())
        .bind(client.pkce_waived_at.map(Timestamp::unix))
        .bind(client.disabled_at.map(Timestamp::unix))
        .bind(client.created_at.unix())
        .bind(values.mark(store)))
}

fn values(client: &Client) -> Result<Values, StoreError> {
    let uris: Vec<&str> = client.redirect_uris.iter().map(RedirectUri::as_str).collect();
    let settings = serde_json::to_string(&client.settings);
    let settings = settings.map_err(|_| StoreError::Value { table: TABLE, row: client.id.to_string() })?;
    let texts = vec![
        Some(client.id.to_string()),
        Some(client.name.clone()),
        client.secret.clone(),
        client.former.as_ref().map(|(mark, _)| mark.clone()),
        moment(client.former.as_ref().map(|(_, until)| *until)),
        Some(serde_json::Value::from(uris).to_string()),
        Some(client.auth_method.to_string()),
        Some(client.alg.to_string()),
        client.logout_uri.as_ref().map(ToString::to_string),
        Some(settings),
        moment(client.pkce_waived_at),
        moment(client.disabled_at),
        moment(Some(client.created_at)),
    ];
    Ok(Values::of(TABLE, texts))
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
