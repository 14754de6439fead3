//! Tokens of programs that act in a person's name. A row that somebody else wrote lets nobody in.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::row::{Column, Values, moment};
use super::{Store, StoreError, Written};
use crate::api_token::ApiToken;
use crate::id::Id;
use crate::time::Timestamp;
use crate::user::User;

use Column::{Number, Text};

const TABLE: &str = "api_tokens";

const TOKEN: [Column; 9] = [Text, Text, Number, Text, Text, Text, Number, Text, Number];

/// The marked columns and the mark, then what changes with use.
macro_rules! columns {
    () => {
        "id, user_id, security_version, token_hash, note, scopes, created_at, created_by, expires_at, mac, used_at"
    };
}

impl Store {
    /// The token that is stored as that, if it has not expired. Whether its person may still anything is the caller's to see.
    ///
    /// # Errors
    /// Where the database fails, or the row is not as it was written.
    pub async fn api_token(&self, hash: &str, now: Timestamp) -> Result<Option<ApiToken>, StoreError> {
        let text = concat!("SELECT ", columns!(), " FROM api_tokens WHERE token_hash = $1 AND expires_at > $2");
        let row = sqlx::query(text).bind(hash).bind(now.unix()).fetch_optional(self.pool()).await?;
        row.as_ref().map(|row| read(self, row)).transpose()
    }

    /// All tokens that have not expired and whose person is as they were, by what they are for, up to so many.
    /// Never by the second they were made in: two of one second would change places.
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub async fn api_tokens(&self, limit: i64, now: Timestamp) -> Result<Vec<ApiToken>, StoreError> {
        let text = concat!(
            "SELECT ",
            columns!(),
            " FROM api_tokens WHERE expires_at > $1 AND EXISTS (SELECT 1 FROM users WHERE users.id = api_tokens.user_id \
              AND users.security_version = api_tokens.security_version) ORDER BY note, id LIMIT $2"
        );
        let rows = sqlx::query(text).bind(now.unix()).bind(limit).fetch_all(self.pool()).await?;
        rows.iter().map(|row| read(self, row)).collect()
    }

    /// A token that somebody, as they are, has still and that has not expired.
    ///
    /// # Errors
    /// Where the database fails, or the row is not as it was written.
    pub async fn api_token_of(
        &self,
        user: &User,
        id: &Id<ApiToken>,
        now: Timestamp,
    ) -> Result<Option<ApiToken>, StoreError> {
        let text = concat!(
            "SELECT ",
            columns!(),
            " FROM api_tokens WHERE id = $1 AND user_id = $2 AND security_version = $3 AND expires_at > $4"
        );
        let row = sqlx::query(text).bind(id.as_str()).bind(user.id.as_str()).bind(user.security_version);
        let row = row.bind(now.unix()).fetch_optional(self.pool()).await?;
        row.as_ref().map(|row| read(self, row)).transpose()
    }

    /// Notes that a token is used, where that was not noted since a moment.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn note_api_token(&self, id: Id<ApiToken>, since: Timestamp, now: Timestamp) -> Written<()> {
        self.write(move |connection| {
            Box::pin(async move {
                let text = "UPDATE api_tokens SET used_at = $2 WHERE id = $1 AND (used_at IS NULL OR used_at <= $3)";
                let used = sqlx::query(text).bind(id.as_str()).bind(now.unix()).bind(since.unix());
                used.execute(connection).await?;
                Ok(())
            })
        })
        .await
    }

    /// Deletes tokens that are over, a few hundred at a time; answers how many.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn sweep_api_tokens(&self, now: Timestamp) -> Written<u64> {
        self.write(move |connection| {
            Box::pin(async move {
                let text = "DELETE FROM api_tokens WHERE id IN \
                            (SELECT id FROM api_tokens WHERE expires_at <= $1 LIMIT 500)";
                Ok(sqlx::query(text).bind(now.unix()).execute(connection).await?.rows_affected())
            })
        })
        .await
    }
}

/// A token that somebody, as they are, has still and that has not expired; whoever takes it back waits for the end of this
/// transaction.
///
/// # Errors
/// Where the database fails, or the row is not as it was written.
pub async fn hold_api_token(
    connection: &mut AnyConnection,
    store: &Store,
    user: &User,
    id: &Id<ApiToken>,
    now: Timestamp,
) -> Written<Option<ApiToken>> {
    let text = concat!(
        "UPDATE api_tokens SET used_at = used_at \
         WHERE id = $1 AND user_id = $2 AND security_version = $3 AND expires_at > $4 RETURNING ",
        columns!()
    );
    let held = sqlx::query(text).bind(id.as_str()).bind(user.id.as_str()).bind(user.security_version).bind(now.unix());
    let rows = held.fetch_all(connection).await?;
    rows.first().map(|row| read(store, row)).transpose()
}

/// A token, whether it is over or not.
///
/// # Errors
/// Where the database fails, or the row is not as it was written.
pub async fn api_token_in(
    connection: &mut AnyConnection,
    store: &Store,
    id: &Id<ApiToken>,
) -> Written<Option<ApiToken>> {
    let text = concat!("SELECT ", columns!(), " FROM api_tokens WHERE id = $1");
    let row = sqlx::query(text).bind(id.as_str()).fetch_optional(connection).await?;
    row.as_ref().map(|row| read(store, row)).transpose()
}

/// How many tokens somebody has that can be used; deletes the others.
///
/// # Errors
/// Where the database fails.
pub async fn count_api_tokens(connection: &mut AnyConnection, user: &User, now: Timestamp) -> Written<i64> {
    let text = "DELETE FROM api_tokens WHERE user_id = $1 AND (security_version <> $2 OR expires_at <= $3)";
    let over = sqlx::query(text).bind(user.id.as_str()).bind(user.security_version).bind(now.unix());
    over.execute(&mut *connection).await?;
    let text = "SELECT COUNT(*) FROM api_tokens WHERE user_id = $1";
    Ok(sqlx::query_scalar(text).bind(user.id.as_str()).fetch_one(connection).await?)
}

/// Stores a token.
///
/// # Errors
/// Why it could not be stored.
pub async fn insert_api_token(connection: &mut AnyConnection, store: &Store, token: &ApiToken) -> Written<()> {
    let scopes = token.scopes_text();
    let values = vec![
        Some(token.id.to_string()),
        Some(token.user.to_string()),
        Some(token.security_version.to_string()),
        Some(token.hash.clone()),
        Some(token.note.clone()),
        Some(scopes.clone()),
        moment(Some(token.created_at)),
        Some(token.created_by.clone()),
        moment(Some(token.expires_at)),
    ];
    let text =
        concat!("INSERT INTO api_tokens (", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL)");
    sqlx::query(text)
        .bind(token.id.as_str())
        .bind(token.user.as_str())
        .bind(token.security_version)
        .bind(&token.hash)
        .bind(&token.note)
        .bind(scopes)
        .bind(token.created_at.unix())
        .bind(&token.created_by)
        .bind(token.expires_at.unix())
        .bind(Values::of(TABLE, values).mark(store))
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes a token back; answers whose it was, if there was one.
///
/// # Errors
/// Where the database fails.
pub async fn delete_api_token(connection: &mut AnyConnection, id: &Id<ApiToken>) -> Written<Option<String>> {
    let text = "SELECT u.name FROM api_tokens t JOIN users u ON u.id = t.user_id WHERE t.id = $1";
    let name: Option<String> = sqlx::query_scalar(text).bind(id.as_str()).fetch_optional(&mut *connection).await?;
    let gone = sqlx::query("DELETE FROM api_tokens WHERE id = $1").bind(id.as_str()).execute(connection).await?;
    Ok(name.filter(|_| gone.rows_affected() == 1))
}

fn read(store: &Store, row: &AnyRow) -> Result<ApiToken, StoreError> {
    let values = Values::read(store, TABLE, row, 0, &TOKEN)?;
    let used: Option<i64> = row.try_get(10)?;
    Ok(ApiToken {
        id: Id::from_stored(values.text(0)?.to_owned()),
        user: Id::from_stored(values.text(1)?.to_owned()),
        security_version: values.number(2)?,
        hash: values.text(3)?.to_owned(),
        note: values.text(4)?.to_owned(),
        scopes: values.parsed(5, |text| text.split(' ').map(|word| word.parse().ok()).collect())?,
        created_at: values.time(6)?,
        created_by: values.text(7)?.to_owned(),
        expires_at: values.time(8)?,
        used_at: used.map(Timestamp::from_unix),
    })
}
