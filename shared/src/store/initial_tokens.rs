//! Tokens that let whoever has one register clients. A row that somebody else wrote lets nobody.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::clients::insert_client;
use super::row::{Column, Values, moment};
use super::{Store, StoreError, Written, audit};
use crate::audit::{Event, Record};
use crate::client::Client;
use crate::client::registration::{CLIENTS_EACH, InitialToken};
use crate::id::Id;
use crate::time::Timestamp;

use Column::{Number, Text};

const TABLE: &str = "initial_tokens";

const TOKEN: [Column; 5] = [Text, Text, Text, Number, Number];

/// The marked columns and the mark, then what changes with use.
macro_rules! columns {
    () => {
        "id, token_hash, note, created_at, expires_at, mac, used"
    };
}

impl Store {
    /// Stores a token.
    ///
    /// # Errors
    /// Why it could not be stored.
    pub async fn add_initial_token(&self, token: InitialToken, actor: String) -> Written<()> {
        let store = self.clone();
        self.write(move |connection| {
            Box::pin(async move {
                let values = vec![
                    Some(token.id.to_string()),
                    Some(token.token.clone()),
                    Some(token.note.clone()),
                    moment(Some(token.created_at)),
                    moment(Some(token.expires_at)),
                ];
                let text = concat!("INSERT INTO initial_tokens (", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, 0)");
                sqlx::query(text)
                    .bind(token.id.as_str())
                    .bind(&token.token)
                    .bind(&token.note)
                    .bind(token.created_at.unix())
                    .bind(token.expires_at.unix())
                    .bind(Values::of(TABLE, values).mark(&store))
                    .execute(&mut *connection)
                    .await?;
                let record = Record::new(token.created_at, Event::InitialTokenMade).by(&actor);
                audit::record(connection, &store, record.saying(format!("{} {}", token.id, token.note))).await
            })
        })
        .await
    }

    /// All tokens that can still be used, the oldest first.
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub async fn initial_tokens(&self, now: Timestamp) -> Result<Vec<InitialToken>, StoreError> {
        let text = concat!("SELECT ", columns!(), " FROM initial_tokens WHERE expires_at > $1 ORDER BY created_at, id");
        let rows = sqlx::query(text).bind(now.unix()).fetch_all(self.pool()).await?;
        rows.iter().map(|row| read(self, row)).collect()
    }

    /// Takes a token back; answers whether there was one. What was registered with it stays.
    ///
    /// # Errors
    /// Why nothing was done.
    pub async fn delete_initial_token(&self, id: Id<InitialToken>, actor: String, now: Timestamp) -> Written<bool> {
        let store = self.clone();
        self.write(move |connection| {
            Box::pin(async move {
                let gone = sqlx::query("DELETE FROM initial_tokens WHERE id = $1").bind(id.as_str());
                if gone.execute(&mut *connection).await?.rows_affected() == 0 {
                    return Ok(false);
                }
                let record = Record::new(now, Event::InitialTokenDeleted).by(&actor).saying(id.to_string());
                audit::record(connection, &store, record).await?;
                Ok(true)
            })
        })
        .await
    }

    /// The token that is stored as that, if it lets somebody register one more client.
    ///
    /// # Errors
    /// Where the database fails, or the row is not as it was written.
    pub async fn initial_token(&self, token: &str, now: Timestamp) -> Result<Option<InitialToken>, StoreError> {
        let text = concat!(
            "SELECT ",
            columns!(),
            " FROM initial_tokens WHERE token_hash = $1 AND expires_at > $2 AND used < $3"
        );
        let row = sqlx::query(text).bind(token).bind(now.unix()).bind(CLIENTS_EACH).fetch_optional(self.pool()).await?;
        row.as_ref().map(|row| read(self, row)).transpose()
    }

    /// Stores a client that registers itself, and counts it for its token: one transaction.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the token is used up or gone meanwhile; else why it could not be stored.
    pub async fn register_client(&self, client: Client, by: Id<InitialToken>) -> Written<()> {
        let store = self.clone();
        self.write(move |connection| {
            Box::pin(async move {
                let now = client.created_at;
                let text = "UPDATE initial_tokens SET used = used + 1 WHERE id = $1 AND used < $2 AND expires_at > $3";
                let used = sqlx::query(text).bind(by.as_str()).bind(CLIENTS_EACH).bind(now.unix());
                if used.execute(&mut *connection).await?.rows_affected() != 1 {
                    return Err(StoreError::Conflict);
                }
                insert_client(connection, &store, &client).await?;
                let record = Record::new(now, Event::ClientAdded).by(&format!("initial token {by}"));
                audit::record(connection, &store, record.saying(client.id)).await
            })
        })
        .await
    }

    /// Deletes tokens that are over, a few hundred at a time; answers how many.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn sweep_initial_tokens(&self, now: Timestamp) -> Written<u64> {
        self.write(move |connection| {
            Box::pin(async move {
                let text = "DELETE FROM initial_tokens WHERE id IN \
                            (SELECT id FROM initial_tokens WHERE expires_at <= $1 LIMIT 500)";
                Ok(sqlx::query(text).bind(now.unix()).execute(connection).await?.rows_affected())
            })
        })
        .await
    }
}

fn read(store: &Store, row: &AnyRow) -> Result<InitialToken, StoreError> {
    let values = Values::read(store, TABLE, row, 0, &TOKEN)?;
    Ok(InitialToken {
        id: Id::from_stored(values.text(0)?.to_owned()),
        token: values.text(1)?.to_owned(),
        note: values.text(2)?.to_owned(),
        created_at: values.time(3)?,
        expires_at: values.time(4)?,
        used: row.try_get(6)?,
    })
}
