//! Registered applications. Every row carries a mark over all its columns: a client that somebody else wrote or changed
//! is not used.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Store, StoreError, Written};
use crate::client::{Client, ClientId, RedirectUri};
use crate::crypto::keyring::KeyRing;
use crate::time::Timestamp;

const TABLE: &str = "clients";

impl Store {
    /// Registers a client.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] where the id is taken.
    pub async fn add_client(&self, client: Client) -> Written<()> {
        let uris = uris(&client);
        let mac = mark(self.keys(), &client, &uris);
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO clients (id, name, secret, redirect_uris, auth_method, alg, pkce_waived_at, \
                     disabled_at, created_at, mac) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                )
                .bind(client.id.as_str().to_owned())
                .bind(client.name)
                .bind(client.secret)
                .bind(uris)
                .bind(client.auth_method.as_str())
                .bind(client.alg.as_str())
                .bind(client.pkce_waived_at.map(Timestamp::unix))
                .bind(client.disabled_at.map(Timestamp::unix))
                .bind(client.created_at.unix())
                .bind(mac)
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// A client by its id.
    ///
    /// # Errors
    /// Where the row is not as Twolatch wrote it, or cannot be read.
    pub async fn client(&self, id: &str) -> Result<Option<Client>, StoreError> {
        let row = sqlx::query(
            "SELECT id, name, secret, redirect_uris, auth_method, alg, pkce_waived_at, disabled_at, created_at, mac \
             FROM clients WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(self.pool())
        .await?;
        row.map(|row| read(self.keys(), &row)).transpose()
    }

    /// All clients, by id.
    ///
    /// # Errors
    /// Where a row is not as Twolatch wrote it, or cannot be read.
    pub async fn clients(&self) -> Result<Vec<Client>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, name, secret, redirect_uris, auth_method, alg, pkce_waived_at, disabled_at, created_at, mac \
             FROM clients ORDER BY id",
        )
        .fetch_all(self.pool())
        .await?;
        rows.iter().map(|row| read(self.keys(), row)).collect()
    }

    /// Deletes a client; answers whether there was one. What it holds is worth nothing from then on.
    ///
    /// # Errors
    /// Why it could not be deleted.
    pub async fn delete_client(&self, id: ClientId) -> Written<bool> {
        self.write(move |connection| {
            Box::pin(async move {
                let done =
                    sqlx::query("DELETE FROM clients WHERE id = $1").bind(String::from(id)).execute(connection).await?;
                Ok(done.rows_affected() == 1)
            })
        })
        .await
    }
}

fn uris(client: &Client) -> String {
    let uris: Vec<&str> = client.redirect_uris.iter().map(RedirectUri::as_str).collect();
    serde_json::Value::from(uris).to_string()
}

fn mark(keys: &KeyRing, client: &Client, uris: &str) -> String {
    with_columns(client, uris, |columns| keys.mark_row(TABLE, columns))
}

/// Hands on all columns but the mark, in the order of the table.
fn with_columns<T>(client: &Client, uris: &str, then: impl FnOnce(&[Option<&str>]) -> T) -> T {
    let moment = |at: Option<Timestamp>| at.map(|at| at.unix().to_string());
    let (waived, disabled) = (moment(client.pkce_waived_at), moment(client.disabled_at));
    let created = client.created_at.unix().to_string();
    then(&[
        Some(client.id.as_str()),
        Some(&client.name),
        client.secret.as_deref(),
        Some(uris),
        Some(client.auth_method.as_str()),
        Some(client.alg.as_str()),
        waived.as_deref(),
        disabled.as_deref(),
        Some(&created),
    ])
}

fn read(keys: &KeyRing, row: &AnyRow) -> Result<Client, StoreError> {
    let id: String = row.try_get("id")?;
    let value = || StoreError::Value { table: TABLE, row: id.chars().take(64).collect() };
    let uris: String = row.try_get("redirect_uris")?;
    let moment = |at: Option<i64>| at.map(Timestamp::from_unix);
    let client = Client {
        id: id.parse().map_err(|_| value())?,
        name: row.try_get("name")?,
        secret: row.try_get("secret")?,
        redirect_uris: serde_json::from_str(&uris).map_err(|_| value())?,
        auth_method: row.try_get::<String, _>("auth_method")?.parse().map_err(|_| value())?,
        alg: row.try_get::<String, _>("alg")?.parse().map_err(|_| value())?,
        pkce_waived_at: moment(row.try_get("pkce_waived_at")?),
        disabled_at: moment(row.try_get("disabled_at")?),
        created_at: Timestamp::from_unix(row.try_get("created_at")?),
    };
    let mac: String = row.try_get("mac")?;
    with_columns(&client, &uris, |columns| keys.check_row(TABLE, columns, &mac)).map_err(|error| StoreError::Row {
        table: TABLE,
        row: id.clone(),
        error,
    })?;
    Ok(client)
}
