//! Recovery codes and keys as they are stored: a slow hash each, under the number that a code begins with; scratch codes,
//! which are too short for that to help, by a keyed one. It must not know what a wrong one costs.

use sqlx::{AnyConnection, Row};

use super::bound::{Bound, rows};
use super::email_codes::Spent;
use super::row::{Column, Values, moment};
use super::{Store, StoreError, Written};
use crate::factor::recovery::{Form, Set, is_scratch};
use crate::id::Id;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::user::User;

use Column::{Number, Text};

const CODE: [Column; 4] = [Text, Text, Text, Number];

/// What the keyed hash of a scratch code is for.
const SCRATCH: &str = "scratch_code";

/// The key of a code's row.
#[must_use]
pub fn row_of(set: &Id<Set>, form: Form) -> String {
    match form {
        Form::Code(number) => format!("{set}:{number}"),
        Form::Key => format!("{set}:key"),
    }
}

impl Store {
    /// The hash of somebody's recovery code or key, used or not.
    ///
    /// # Errors
    /// Where the database fails, or the row is not as it was written.
    pub async fn recovery_hash(&self, id: &str, user: &Id<User>) -> Result<Option<Secret>, StoreError> {
        let row = sqlx::query("SELECT id, user_id, hash, created_at, mac FROM recovery_codes WHERE id = $1")
            .bind(id)
            .fetch_optional(self.pool())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let values = Values::read(self, "recovery_codes", &row, 0, &CODE)?;
        if values.text(1)? != user.as_str() {
            return Err(values.unreadable());
        }
        Ok(Some(Secret::new(values.text(2)?.to_owned())))
    }

    /// The row of a scratch code, used or not; none where the set has none like it. All of them are compared with.
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub async fn scratch_row(
        &self,
        set: &Id<Set>,
        user: &Id<User>,
        code: &Secret,
    ) -> Result<Option<String>, StoreError> {
        if !is_scratch(set) {
            return Ok(None);
        }
        let rows = sqlx::query(
            "SELECT id, user_id, hash, created_at, mac FROM recovery_codes \
             WHERE user_id = $1 AND substr(id, 1, length($2)) = $2",
        )
        .bind(user.as_str())
        .bind(format!("{set}:"))
        .fetch_all(self.pool())
        .await?;
        let mut found = None;
        for row in &rows {
            let values = Values::read(self, "recovery_codes", row, 0, &CODE)?;
            let columns = [Some(values.text(1)?), Some(code.expose())];
            if self.keys().check_token(SCRATCH, &columns, values.text(2)?).is_ok() {
                found = Some(values.text(0)?.to_owned());
            }
        }
        Ok(found)
    }

    /// How many codes, and how many keys, of a set are not used yet.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn recovery_left(&self, set: &Id<Set>, user: &Id<User>) -> Result<(i64, i64), StoreError> {
        counted(&left(set, user).fetch_one(self.pool()).await?)
    }
}

/// The same inside a transaction.
///
/// # Errors
/// Where the database fails.
pub async fn recovery_left_in(connection: &mut AnyConnection, set: &Id<Set>, user: &Id<User>) -> Written<(i64, i64)> {
    counted(&left(set, user).fetch_one(connection).await?)
}

fn left<'q>(set: &Id<Set>, user: &Id<User>) -> sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments> {
    let text = "SELECT COUNT(*), COALESCE(SUM(CASE WHEN id = $2 THEN 1 ELSE 0 END), 0) FROM recovery_codes \
                WHERE user_id = $1 AND used_at IS NULL AND substr(id, 1, length($3)) = $3";
    sqlx::query(text).bind(user.to_string()).bind(row_of(set, Form::Key)).bind(format!("{set}:"))
}

fn counted(row: &sqlx::any::AnyRow) -> Result<(i64, i64), StoreError> {
    let (all, keys): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    Ok((all - keys, keys))
}

/// Writes codes or a key of a set down, by their hashes. The caller also names the set in the user's row.
///
/// # Errors
/// Where the database fails.
pub async fn insert_recovery(
    connection: &mut AnyConnection,
    store: &Store,
    user: &Id<User>,
    set: &Id<Set>,
    hashes: &[(Form, Secret)],
    now: Timestamp,
) -> Written<()> {
    for (form, hash) in hashes {
        let id = row_of(set, *form);
        let values = vec![Some(id.clone()), Some(user.to_string()), Some(hash.expose().to_owned()), moment(Some(now))];
        sqlx::query("INSERT INTO recovery_codes (id, user_id, hash, created_at, mac) VALUES ($1, $2, $3, $4, $5)")
            .bind(id)
            .bind(user.as_str())
            .bind(hash.expose())
            .bind(now.unix())
            .bind(Values::of("recovery_codes", values).mark(store))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Scratch codes that somebody brings along.
#[derive(Debug)]
pub struct Scratch {
    /// Whose.
    pub user: Id<User>,
    /// The set that they make; the caller also names it in the user's row.
    pub set: Id<Set>,
    /// At most ten, of eight digits.
    pub codes: Vec<Secret>,
}

/// Writes scratch codes of many people down.
///
/// # Errors
/// Where the database fails.
pub async fn insert_scratch(
    connection: &mut AnyConnection,
    store: &Store,
    some: &[&Scratch],
    now: Timestamp,
) -> Written<()> {
    let count: usize = some.iter().map(|scratch| scratch.codes.len()).sum();
    if count == 0 {
        return Ok(());
    }
    let columns = [CODE.as_slice(), &[Text]].concat();
    let text = format!(
        "INSERT INTO recovery_codes (id, user_id, hash, created_at, mac) VALUES {}",
        rows(store.location(), &columns, count)
    );
    let mut query = Bound::default().query(text);
    for Scratch { user, set, codes } in some {
        for (number, code) in (0..).zip(codes) {
            let (id, user) = (row_of(set, Form::Code(number)), user.to_string());
            let hash = store.keys().mark_token(SCRATCH, &[Some(&user), Some(code.expose())]);
            let values = vec![Some(id.clone()), Some(user.clone()), Some(hash.clone()), moment(Some(now))];
            let mark = Values::of("recovery_codes", values).mark(store);
            query = query.bind(id).bind(user).bind(hash).bind(now.unix()).bind(mark);
        }
    }
    query.execute(connection).await?;
    Ok(())
}

/// Writes a new key of a set down in place of the one that was used.
///
/// # Errors
/// [`StoreError::Conflict`] where there is none, or it was not used.
pub async fn renew_key(
    connection: &mut AnyConnection,
    store: &Store,
    user: &Id<User>,
    set: &Id<Set>,
    hash: &Secret,
    now: Timestamp,
) -> Written<()> {
    let id = row_of(set, Form::Key);
    let done = sqlx::query("DELETE FROM recovery_codes WHERE id = $1 AND user_id = $2 AND used_at IS NOT NULL")
        .bind(&id)
        .bind(user.as_str())
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() != 1 {
        return Err(StoreError::Conflict);
    }
    insert_recovery(connection, store, user, set, &[(Form::Key, hash.clone())], now).await
}

/// Removes all that somebody has.
///
/// # Errors
/// Where the database fails.
pub async fn delete_recovery(connection: &mut AnyConnection, user: &Id<User>) -> Written<()> {
    sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1").bind(user.as_str()).execute(connection).await?;
    Ok(())
}

/// Spends a code or the key, once.
///
/// # Errors
/// Where the database fails.
pub async fn spend_recovery(connection: &mut AnyConnection, id: &str, now: Timestamp) -> Written<Spent> {
    let done = sqlx::query("UPDATE recovery_codes SET used_at = $2 WHERE id = $1 AND used_at IS NULL")
        .bind(id)
        .bind(now.unix())
        .execute(connection)
        .await?;
    Ok(if done.rows_affected() == 1 { Spent::Now } else { Spent::Before })
}
