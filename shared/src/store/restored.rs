//! What a restore reads of the database before and after, and what it puts right in it. It must not know why.

use std::collections::BTreeMap;

use sqlx::{AnyConnection, Row};

use super::bound::{AT_ONCE, Bound};
use super::clients::clients_held;
use super::people::people_held;
use super::timekeeping::REACH;
use super::users::person_in;
use super::{Person, Store, StoreError, Written};
use crate::client::Client;
use crate::id::Id;
use crate::time::Timestamp;
use crate::user::User;

/// What there is at one moment.
#[derive(Debug, Default)]
pub struct Inventory {
    /// The people, by id.
    pub people: BTreeMap<String, Person>,
    /// The names of those whose rows are not as they were written.
    pub damaged: Vec<String>,
    /// Recovery codes and keys.
    pub codes: BTreeMap<String, RecoveryCode>,
    /// The clients, by id; those whose rows are not as they were written are left out.
    pub clients: BTreeMap<String, Client>,
    /// The exemptions: about whom, until when.
    pub exemptions: BTreeMap<String, (String, i64)>,
    /// The rules in force, as they are written.
    pub rules: Option<String>,
    /// Whose requests wait for an answer.
    pub requests: Vec<String>,
}

/// A recovery code or key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryCode {
    /// Whose.
    pub user: String,
    /// What is stored of it: a key that was renewed has the id of the one before.
    pub hash: String,
    /// Whether it was used.
    pub used: bool,
}

/// Reads it in a transaction.
///
/// # Errors
/// Where the database fails.
pub async fn inventory(connection: &mut AnyConnection, store: &Store) -> Written<Inventory> {
    let mut found = Inventory::default();
    let rows = sqlx::query("SELECT id, name FROM users ORDER BY id").fetch_all(&mut *connection).await?;
    let all: Vec<(Id<User>, String)> = rows
        .iter()
        .map(|row| Ok((Id::from_stored(row.try_get(0)?), row.try_get(1)?)))
        .collect::<Result<_, sqlx::Error>>()?;
    for some in all.chunks(AT_ONCE) {
        let ids: Vec<Id<User>> = some.iter().map(|(id, _)| id.clone()).collect();
        match people_held(connection, store, &ids).await {
            Ok(people) => found.people.extend(people.into_iter().map(|person| (person.user.id.to_string(), person))),
            Err(error) if error.is_of_a_row() => one_by_one(connection, store, some, &mut found).await?,
            Err(error) => return Err(error),
        }
    }
    let rows = sqlx::query("SELECT id, user_id, hash, CASE WHEN used_at IS NULL THEN 0 ELSE 1 END FROM recovery_codes");
    for row in rows.fetch_all(&mut *connection).await? {
        let code = RecoveryCode { user: row.try_get(1)?, hash: row.try_get(2)?, used: row.try_get::<i64, _>(3)? == 1 };
        found.codes.insert(row.try_get(0)?, code);
    }
    found.clients = clients_held(connection, store).await?;
    let waiting = "SELECT u.name FROM recovery_requests r JOIN users u ON u.id = r.user_id WHERE r.waiting IS NOT NULL";
    found.requests = sqlx::query_scalar(waiting).fetch_all(&mut *connection).await?;
    for row in sqlx::query("SELECT id, subject, until FROM exemptions").fetch_all(&mut *connection).await? {
        found.exemptions.insert(row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?));
    }
    let text = "SELECT document FROM policies ORDER BY version DESC LIMIT 1";
    found.rules = sqlx::query_scalar(text).fetch_optional(connection).await?;
    Ok(found)
}

/// One of these cannot be read: the others can.
async fn one_by_one(
    connection: &mut AnyConnection,
    store: &Store,
    some: &[(Id<User>, String)],
    found: &mut Inventory,
) -> Written<()> {
    for (id, name) in some {
        match person_in(connection, store, id).await {
            Ok(Some(person)) => drop(found.people.insert(id.to_string(), person)),
            Ok(None) => {}
            Err(error) if error.is_of_a_row() => found.damaged.push(name.clone()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Spends recovery codes and keys, whoever has them.
///
/// # Errors
/// Where the database fails.
pub async fn spend_codes(connection: &mut AnyConnection, ids: &[String], now: Timestamp) -> Written<()> {
    for some in ids.chunks(AT_ONCE) {
        let mut bound = Bound::default();
        let (now, ids) = (bound.number(now.unix()), bound.texts(some));
        let text = format!("UPDATE recovery_codes SET used_at = {now} WHERE used_at IS NULL AND id IN ({ids})");
        bound.query(text).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The authenticators of which a code has been used that no device with a right clock shows yet, and which.
///
/// # Errors
/// Where the database fails.
pub async fn steps_ahead(connection: &mut AnyConnection, now: Timestamp) -> Written<Vec<(String, i64)>> {
    let rows = sqlx::query("SELECT id, last_step FROM factors WHERE last_step > $1 / NULLIF(period, 0)")
        .bind(now.unix())
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Takes for used what may have been used since the backup: of devices that are ahead, too, and by those that only the
/// database before knew to be.
///
/// # Errors
/// Where the database fails.
pub async fn spend_steps(connection: &mut AnyConnection, floor: Timestamp, ahead: &[(String, i64)]) -> Written<()> {
    sqlx::query(
        "UPDATE factors SET last_step = $1 / NULLIF(period, 0) + CASE WHEN drift > 0 THEN drift ELSE 0 END \
         WHERE last_step < $1 / NULLIF(period, 0) + CASE WHEN drift > 0 THEN drift ELSE 0 END",
    )
    .bind(floor.unix())
    .execute(&mut *connection)
    .await?;
    for (id, step) in ahead {
        sqlx::query("UPDATE factors SET last_step = $2 WHERE id = $1 AND last_step < $2")
            .bind(id)
            .bind(*step)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Takes exemptions out that had ended.
///
/// # Errors
/// Where the database fails.
pub async fn end_exemptions(connection: &mut AnyConnection, ids: &[String]) -> Written<()> {
    for some in ids.chunks(AT_ONCE) {
        let mut bound = Bound::default();
        let text = format!("DELETE FROM exemptions WHERE id IN ({})", bound.texts(some));
        bound.query(text).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Forgets requests that wait for an answer.
///
/// # Errors
/// Where the database fails.
pub async fn forget_requests(connection: &mut AnyConnection) -> Written<()> {
    sqlx::query("DELETE FROM recovery_requests WHERE waiting IS NOT NULL").execute(connection).await?;
    Ok(())
}

/// No time step that any server can have accepted until now is good again. `floor` and `high` are what another database
/// remembers. Answers that moment.
///
/// # Errors
/// Where the database fails.
pub async fn raise_floor(connection: &mut AnyConnection, floor: i64, high: i64, now: Timestamp) -> Written<Timestamp> {
    let row =
        sqlx::query("SELECT replay_floor, time_high FROM meta WHERE id = 'meta'").fetch_one(&mut *connection).await?;
    let high = high.max(now.unix()).max(row.try_get(1)?);
    let floor = floor.max(high.saturating_add(REACH)).max(row.try_get(0)?);
    sqlx::query("UPDATE meta SET replay_floor = $1, time_high = $2 WHERE id = 'meta'")
        .bind(floor)
        .bind(high)
        .execute(connection)
        .await?;
    Ok(Timestamp::from_unix(floor))
}

/// Whether there is nobody and nothing in the database: it was never used.
///
/// # Errors
/// Where the database fails.
pub async fn is_unused(store: &Store) -> Result<bool, StoreError> {
    let text = "SELECT (SELECT COUNT(*) FROM users) + (SELECT COUNT(*) FROM policies)";
    let rows: i64 = sqlx::query_scalar(text).fetch_one(store.pool()).await?;
    Ok(rows == 0)
}
