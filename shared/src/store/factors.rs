//! Authenticators, and the one statement that takes a time step.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::audit::{Stored, audit_values, insert_audit, note};
use super::bound::{Bound, rows};
use super::budgets::Budget;
use super::row::{Column, Values, moment};
use super::tally::Counted;
use super::{Store, StoreError, Written};
use crate::audit::Record;
use crate::crypto::seal::Place;
use crate::factor::Factor;
use crate::factor::totp::{Algorithm, Totp};
use crate::id::Id;
use crate::time::Timestamp;
use crate::user::User;

use Column::{Number, Text};

/// Takes the step $16 of the authenticator $15, which began at $17, at the record's moment.
macro_rules! accept {
    () => {
        "UPDATE factors SET last_step = $16, last_used_at = $3 WHERE id = $15 AND last_step < $16 \
         AND $17 >= (SELECT replay_floor FROM meta WHERE id = 'meta')"
    };
}

const FACTOR: [Column; 10] = [Text, Text, Text, Text, Text, Text, Number, Number, Number, Number];

/// Adds a confirmed authenticator. The caller also lists it in the user's row.
///
/// # Errors
/// Where the database fails or there is no randomness.
pub async fn insert_factor(connection: &mut AnyConnection, store: &Store, factor: &Factor) -> Written<()> {
    insert_factors(connection, store, &[factor]).await
}

/// The same for many.
///
/// # Errors
/// Where the database fails or there is no randomness.
pub async fn insert_factors(connection: &mut AnyConnection, store: &Store, factors: &[&Factor]) -> Written<()> {
    if factors.is_empty() {
        return Ok(());
    }
    // The mark, and what is not under it.
    let columns = [FACTOR.as_slice(), &[Text, Number, Number]].concat();
    let text = format!(
        "INSERT INTO factors (id, user_id, kind, name, secret, algorithm, digits, period, drift, created_at, mac, \
         last_step, last_used_at) VALUES {}",
        rows(store.location(), &columns, factors.len())
    );
    let mut query = Bound::default().query(text);
    for factor in factors {
        let (secret, mark) = sealed(store, factor)?;
        let totp = &factor.totp;
        query = query
            .bind(factor.id.to_string())
            .bind(factor.user.to_string())
            .bind("totp")
            .bind(factor.name.clone())
            .bind(secret)
            .bind(totp.algorithm.as_str())
            .bind(i64::from(totp.digits))
            .bind(i64::from(totp.period))
            .bind(totp.drift)
            .bind(factor.created_at.unix())
            .bind(mark)
            .bind(factor.last_step)
            .bind(factor.last_used_at.map(Timestamp::unix));
    }
    query.execute(connection).await?;
    Ok(())
}

/// Two codes that follow each other, from a device whose clock is wrong.
#[derive(Debug)]
pub struct Resync<'a> {
    /// The authenticator, as it was read.
    pub factor: &'a Factor,
    /// The step of the first of them.
    pub first: i64,
    /// By how many steps the device is ahead.
    pub drift: i64,
}

/// Spends both and learns the drift, once: the same guard as for any other code, over the earlier of the two.
///
/// # Errors
/// Where the database fails.
pub async fn resync(
    connection: &mut AnyConnection,
    store: &Store,
    codes: &Resync<'_>,
    now: Timestamp,
) -> Written<Taken> {
    let (factor, first) = (codes.factor, codes.first);
    // Sealed anew: what is stored may be under a key that has been replaced.
    let changed = Factor { totp: Totp { drift: codes.drift, ..factor.totp.clone() }, ..factor.clone() };
    let (secret, mark) = sealed(store, &changed)?;
    let done = sqlx::query(
        "UPDATE factors SET secret = $2, drift = $3, mac = $4, last_step = $5, last_used_at = $6 \
         WHERE id = $1 AND last_step < $7 AND name = $9 AND $8 >= (SELECT replay_floor FROM meta \
         WHERE id = 'meta')",
    )
    .bind(factor.id.as_str())
    .bind(secret)
    .bind(codes.drift)
    .bind(mark)
    .bind(first.saturating_add(1))
    .bind(now.unix())
    .bind(first)
    .bind(shown_from(factor, first, codes.drift))
    .bind(&factor.name)
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() == 1 { Ok(Taken::Now) } else { why_not(connection, factor, first).await }
}

/// Gives an authenticator the name that `factor` carries; `false` where it is gone, or has learned another drift
/// meanwhile.
///
/// # Errors
/// Where the database fails or there is no randomness.
pub async fn rename_factor(connection: &mut AnyConnection, store: &Store, factor: &Factor) -> Written<bool> {
    let (secret, mark) = sealed(store, factor)?;
    let done = sqlx::query("UPDATE factors SET name = $2, secret = $3, mac = $4 WHERE id = $1 AND drift = $5")
        .bind(factor.id.as_str())
        .bind(&factor.name)
        .bind(secret)
        .bind(mark)
        .bind(factor.totp.drift)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Its secret as it is stored, and the mark of its row with that.
fn sealed(store: &Store, factor: &Factor) -> Result<(String, String), StoreError> {
    let secret = store
        .keys()
        .seal(store.entropy(), factor_place(factor.id.as_str(), factor.user.as_str()), &factor.totp.secret)
        .map_err(|error| StoreError::Row { table: "factors", row: factor.id.to_string(), error })?;
    let totp = &factor.totp;
    let mark = Values::of(
        "factors",
        vec![
            Some(factor.id.to_string()),
            Some(factor.user.to_string()),
            Some("totp".to_owned()),
            Some(factor.name.clone()),
            Some(secret.clone()),
            Some(totp.algorithm.as_str().to_owned()),
            Some(totp.digits.to_string()),
            Some(totp.period.to_string()),
            Some(totp.drift.to_string()),
            moment(Some(factor.created_at)),
        ],
    )
    .mark(store);
    Ok((secret, mark))
}

/// Removes authenticators. The caller also takes them off the list in the user's row.
///
/// # Errors
/// Where the database fails.
pub async fn delete_factor(connection: &mut AnyConnection, id: &Id<Factor>) -> Written<()> {
    sqlx::query("DELETE FROM factors WHERE id = $1").bind(id.as_str()).execute(connection).await?;
    Ok(())
}

/// What has become of a time step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Taken {
    /// It is taken, by this.
    Now,
    /// It or a later one was taken before.
    Before,
    /// It began before the floor.
    BelowFloor,
}

/// Takes a time step of an authenticator, once. With it, and only with it, the run of failures ends and the success is
/// recorded: all in one way to the database, because every login waits for it.
///
/// # Errors
/// Where the database fails, or the attempt has had its verdict ([`StoreError::Duplicate`]).
pub async fn accept_step(
    connection: &mut AnyConnection,
    store: &Store,
    factor: &Factor,
    step: i64,
    budget: &Budget,
    about: Record,
) -> Written<Taken> {
    const SQLITE: &str = concat!(
        accept!(),
        "; ",
        insert_audit!(),
        "SELECT ",
        audit_values!(),
        " WHERE changes() = 1; UPDATE budgets SET fails = 0, next_at = 0 WHERE id = $18 AND changes() = 1"
    );
    const POSTGRES: &str = concat!(
        "WITH taken AS (",
        accept!(),
        " RETURNING 1), cleared AS (UPDATE budgets SET fails = 0, next_at = 0 WHERE id = $18 AND EXISTS \
         (SELECT 1 FROM taken)) ",
        insert_audit!(),
        "SELECT ",
        audit_values!(),
        " WHERE EXISTS (SELECT 1 FROM taken)"
    );
    let text = if store.location().is_sqlite() { SQLITE } else { POSTGRES };
    let counted = Counted::of(&about);
    let done = Stored::new(store, about)
        .bind(text)
        .bind(factor.id.as_str())
        .bind(step)
        .bind(shown_from(factor, step, factor.totp.drift))
        .bind(&budget.id)
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() > 0 {
        note(counted);
        return Ok(Taken::Now);
    }
    why_not(connection, factor, step).await
}

/// Since when a device shows the code of a step: what the floor is compared with. One that runs ahead has shown it before
/// its time, and after a clock that was set back it must not be good again.
fn shown_from(factor: &Factor, step: i64, drift: i64) -> i64 {
    step.saturating_sub(drift.max(0)).saturating_mul(i64::from(factor.totp.period))
}

/// Why a step was not taken.
async fn why_not(connection: &mut AnyConnection, factor: &Factor, step: i64) -> Written<Taken> {
    let last: Option<i64> = sqlx::query_scalar("SELECT last_step FROM factors WHERE id = $1")
        .bind(factor.id.as_str())
        .fetch_optional(connection)
        .await?;
    Ok(if last.is_some_and(|last| last < step) { Taken::BelowFloor } else { Taken::Before })
}

/// Reads an authenticator whose marked columns begin at position `start`; what is not under a mark follows them.
pub(super) fn read_factor(store: &Store, row: &AnyRow, start: usize, user: &Id<User>) -> Result<Factor, StoreError> {
    let values = Values::read(store, "factors", row, start, &FACTOR)?;
    let id = values.text(0)?;
    let secret = store
        .keys()
        .open(factor_place(id, user.as_str()), values.text(4)?)
        .map_err(|error| StoreError::Row { table: "factors", row: id.to_owned(), error })?;
    let number = |index| values.number(index);
    let totp = Totp {
        secret,
        algorithm: values.parsed(5, Algorithm::named)?,
        digits: u8::try_from(number(6)?).map_err(|_| values.unreadable())?,
        period: u32::try_from(number(7)?).map_err(|_| values.unreadable())?,
        drift: number(8)?,
    };
    totp.check().map_err(|_| values.unreadable())?;
    Ok(Factor {
        id: Id::from_stored(id.to_owned()),
        user: user.clone(),
        name: values.text(3)?.to_owned(),
        totp,
        created_at: values.time(9)?,
        last_step: row.try_get(start + FACTOR.len() + 1)?,
        last_used_at: row.try_get::<Option<i64>, _>(start + FACTOR.len() + 2)?.map(Timestamp::from_unix),
    })
}

pub(super) const fn factor_place<'a>(factor: &'a str, user: &'a str) -> Place<'a> {
    Place { table: "factors", column: "secret", row: factor, owner: user }
}
