//! Users, their groups and their authenticators, read together: a login needs all of them or none.

use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Executor, Row};

pub(super) use self::row::password_place;
use self::row::{NAMES, USER, bind_user, read_user, user_row};
use super::bound::{Bound, rows};
use super::factors::read_factor;
use super::row::Column;
use super::{Boxed, Store, StoreError, Written, consents, profiles};
use crate::factor::{Factor, Kind};
use crate::id::Id;
use crate::time::Timestamp;
use crate::user::{User, UserName};

mod row;

/// A user with all confirmed authenticators.
#[derive(Debug, Clone)]
pub struct Person {
    /// Who.
    pub user: User,
    /// With what; oldest first.
    pub factors: Vec<Factor>,
    /// The method they used last.
    pub last_method: Option<Kind>,
    /// When they last signed in on the web, or with a mailed code anywhere.
    pub last_login_at: Option<Timestamp>,
}

impl Person {
    /// Somebody without an authenticator.
    #[must_use]
    pub const fn bare(user: User) -> Self {
        Self { user, factors: Vec::new(), last_method: None, last_login_at: None }
    }

    /// Whether this is still who a login was begun for: neither changed since nor disabled.
    #[must_use]
    pub const fn is_as_it_was(&self, security_version: i64) -> bool {
        self.user.security_version == security_version && self.user.disabled_at.is_none()
    }

    /// When they last logged in: an authenticator's use is noted with it, all else with the person.
    #[must_use]
    pub fn last_login(&self) -> Option<Timestamp> {
        self.factors.iter().map(|factor| factor.last_used_at).max().flatten().max(self.last_login_at)
    }
}

/// Where the factor's columns begin: behind the user's, their mark and what is not under it.
const FACTOR: usize = USER.len() + 3;

/// The user's marked columns and mark, what is not under it, then the same of the factor.
macro_rules! columns {
    () => {
        concat!(
            "SELECT u.id, u.name, u.name_key, u.email, u.email_key, u.email_verified_at, u.role, u.groups, u.level, ",
            "u.methods, u.shared_at, u.disabled_at, u.password, u.must_change_at, u.setup_until, u.authenticators, ",
            "u.email_codes_at, u.recovery, u.recovery_due_at, u.skipped, u.language, u.security_version, u.created_at, ",
            "u.restricted_until, u.email_held_until, u.email_held_by, u.mac, u.last_method, u.last_login_at, ",
            "f.id AS f_id, f.user_id, f.kind, f.name AS f_name, f.secret, f.algorithm, f.digits, f.period, f.drift, ",
            "f.created_at AS f_created_at, f.mac AS f_mac, f.last_step, f.last_used_at"
        )
    };
}

/// Whole people.
macro_rules! person {
    ($end:literal) => {
        concat!(columns!(), " FROM users u LEFT JOIN factors f ON f.user_id = u.id ", $end)
    };
}

/// How a statement that reads people begins, and may ask for more behind that.
pub(super) const PERSON: &str = columns!();

impl Store {
    /// The person whose name has this key ([`UserName::key`]).
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub async fn person_by_name(&self, name: &UserName) -> Result<Option<Person>, StoreError> {
        one(self, self.pool(), person!("WHERE u.name_key = $1 ORDER BY f.created_at, f.id"), name.key()).await
    }

    /// The person with an id.
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub async fn person(&self, id: &Id<User>) -> Result<Option<Person>, StoreError> {
        one(self, self.pool(), BY_ID, id.as_str().to_owned()).await
    }

    /// The person whose address has this key ([`crate::user::Email::key`]) and is verified.
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub async fn person_by_email(&self, key: &str) -> Result<Option<Person>, StoreError> {
        const TEXT: &str =
            person!("WHERE u.email_key = $1 AND u.email_verified_at IS NOT NULL ORDER BY f.created_at, f.id");
        one(self, self.pool(), TEXT, key.to_owned()).await
    }

    /// How many users there are.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn count_users(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar("SELECT COUNT(*) FROM users").fetch_one(self.pool()).await?)
    }
}

const BY_ID: &str = person!("WHERE u.id = $1 ORDER BY f.created_at, f.id");

const ADMINS: &str = person!("WHERE u.role = 'admin' AND u.disabled_at IS NULL ORDER BY u.id, f.created_at, f.id");

/// The person with an id, inside a transaction.
///
/// # Errors
/// Where the database fails, or a row is not as it was written.
pub async fn person_in(
    connection: &mut AnyConnection,
    store: &Store,
    id: &Id<User>,
) -> Result<Option<Person>, StoreError> {
    one(store, connection, BY_ID, id.as_str().to_owned()).await
}

/// All administrators who can log in, inside a transaction.
///
/// # Errors
/// Where the database fails, or a row is not as it was written.
pub async fn admins_in(connection: &mut AnyConnection, store: &Store) -> Result<Vec<Person>, StoreError> {
    let rows = sqlx::query(ADMINS).fetch_all(connection).await?;
    people(store, &rows)
}

/// The same, without those whose rows are not as they were written: what is told to the others must not wait for that.
///
/// # Errors
/// Where the database fails.
pub async fn sound_admins_in(connection: &mut AnyConnection, store: &Store) -> Result<Vec<Person>, StoreError> {
    let rows = sqlx::query(ADMINS).fetch_all(connection).await?;
    let mut sound = Vec::new();
    for person in each(store, &rows) {
        match person {
            Ok(person) => sound.push(person),
            Err(error) if error.is_of_a_row() => tracing::error!(%error, "an administrator is not told"),
            Err(error) => return Err(error),
        }
    }
    Ok(sound)
}

/// The same for a verdict over an attempt that has had none: otherwise there is nobody to judge. The person cannot be
/// changed before this transaction ends; SQLite has one writer, PostgreSQL is told so.
///
/// # Errors
/// Where the database fails, or a row is not as it was written.
pub async fn person_judged(
    connection: &mut AnyConnection,
    store: &Store,
    id: &Id<User>,
    attempt: Option<&str>,
) -> Result<Option<Person>, StoreError> {
    const SQLITE: &str =
        person!("WHERE u.id = $1 AND NOT EXISTS (SELECT 1 FROM audit WHERE attempt = $2) ORDER BY f.created_at, f.id");
    const POSTGRES: &str = person!(
        "WHERE u.id = $1 AND NOT EXISTS (SELECT 1 FROM audit WHERE attempt = $2) ORDER BY f.created_at, f.id \
         FOR SHARE OF u"
    );
    let text = if store.location().is_sqlite() { SQLITE } else { POSTGRES };
    let rows = sqlx::query(text).bind(id.as_str()).bind(attempt).fetch_all(&mut *connection).await?;
    let found = match people(store, &rows) {
        // PostgreSQL waits for who changes the user, and then gives the user as changed with the authenticators as they
        // were before. Nobody changes them any more: what does not fit together now was changed by hand.
        Err(StoreError::Value { .. }) if !store.location().is_sqlite() => {
            let rows = sqlx::query(text).bind(id.as_str()).bind(attempt).fetch_all(connection).await?;
            people(store, &rows)
        }
        found => found,
    };
    Ok(found?.pop())
}

/// Somebody as they are once everybody who is changing them has finished; nobody else changes them before this
/// transaction ends.
///
/// # Errors
/// Where the database fails, or a row is not as it was written.
pub async fn person_held(connection: &mut AnyConnection, store: &Store, id: &Id<User>) -> Written<Option<Person>> {
    sqlx::query("UPDATE users SET last_method = last_method WHERE id = $1")
        .bind(id.as_str())
        .execute(&mut *connection)
        .await?;
    person_in(connection, store, id).await
}

/// Adds a user. A name or address that is taken is [`StoreError::Duplicate`].
///
/// # Errors
/// Where the database fails.
pub async fn insert_user(connection: &mut AnyConnection, store: &Store, user: &User) -> Written<()> {
    insert_users(connection, store, &[user]).await
}

/// The same for many.
///
/// # Errors
/// Where the database fails.
pub async fn insert_users(connection: &mut AnyConnection, store: &Store, users: &[&User]) -> Written<()> {
    if users.is_empty() {
        return Ok(());
    }
    let columns = [USER.as_slice(), &[Column::Text]].concat();
    let text =
        format!("INSERT INTO users ({}) VALUES {}", NAMES.join(", "), rows(store.location(), &columns, users.len()));
    let mut query = Bound::default().query(text);
    for user in users {
        query = bind_user(query, user, &user_row(store, user)?);
    }
    query.execute(&mut *connection).await?;
    for user in users {
        insert_groups(connection, user).await?;
    }
    Ok(())
}

/// Writes a changed user back, if nobody else has since `expected` was its security version; raises that version where
/// `user` carries a new one.
///
/// # Errors
/// [`StoreError::Conflict`] where somebody else was faster.
pub async fn update_user(connection: &mut AnyConnection, store: &Store, user: &User, expected: i64) -> Written<()> {
    update_member(&mut *connection, store, user, expected).await?;
    index_groups(connection, user).await
}

/// The same for somebody whose groups stay as they are.
///
/// # Errors
/// [`StoreError::Conflict`] where somebody else was faster.
pub async fn update_member(connection: &mut AnyConnection, store: &Store, user: &User, expected: i64) -> Written<()> {
    update_members(connection, store, &[(user, expected)]).await
}

/// The same for many: all of them, or none.
///
/// # Errors
/// [`StoreError::Conflict`] where somebody else was faster at one of them.
pub async fn update_members(connection: &mut AnyConnection, store: &Store, users: &[(&User, i64)]) -> Written<()> {
    if users.is_empty() {
        return Ok(());
    }
    // Both databases name the columns of rows that have no names.
    let set = (1..).zip(NAMES).skip(1).map(|(number, name)| format!("{name} = v.column{number}"));
    let (set, expected) = (set.collect::<Vec<_>>().join(", "), NAMES.len() + 1);
    let columns = [USER.as_slice(), &[Column::Text, Column::Number]].concat();
    let text = format!(
        "UPDATE users SET {set} FROM (VALUES {}) AS v \
         WHERE users.id = v.column1 AND users.security_version = v.column{expected}",
        rows(store.location(), &columns, users.len())
    );
    let mut query = Bound::default().query(text);
    for (user, expected) in users {
        query = bind_user(query, user, &user_row(store, user)?).bind(*expected);
    }
    let done = query.execute(connection).await?;
    if usize::try_from(done.rows_affected()) == Ok(users.len()) { Ok(()) } else { Err(StoreError::Conflict) }
}

/// Notes which method somebody used last, if that is another one than before. It is not under the row's mark: no more
/// depends on it than what is asked for first.
///
/// # Errors
/// Where the database fails.
pub async fn note_method(connection: &mut AnyConnection, user: &Id<User>, kind: Kind) -> Written<()> {
    sqlx::query("UPDATE users SET last_method = $2 WHERE id = $1")
        .bind(user.as_str())
        .bind(kind.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes that somebody has logged in. It is not under the row's mark either: nothing depends on it. What else a transaction
/// takes of the person, it takes behind this, as those do who change people.
///
/// # Errors
/// Where the database fails.
pub async fn note_login(connection: &mut AnyConnection, user: &Id<User>, now: Timestamp) -> Written<()> {
    sqlx::query("UPDATE users SET last_login_at = $2 WHERE id = $1")
        .bind(user.as_str())
        .bind(now.unix())
        .execute(connection)
        .await?;
    Ok(())
}

/// Makes whoever else changes who administers, or administers, wait for the end of this transaction.
///
/// # Errors
/// Where the database fails.
pub async fn hold_admins(connection: &mut AnyConnection) -> Written<()> {
    sqlx::query("UPDATE meta SET time_high = time_high WHERE id = 'meta'").execute(connection).await?;
    Ok(())
}

/// Removes a user with everything that is theirs, as it was when it was looked at.
///
/// # Errors
/// [`StoreError::Conflict`] where the user has changed since.
pub async fn delete_user(connection: &mut AnyConnection, id: &Id<User>, expected: i64) -> Written<()> {
    let text = "DELETE FROM users WHERE id = $1 AND security_version = $2";
    let done = sqlx::query(text).bind(id.as_str()).bind(expected).execute(&mut *connection).await?;
    if done.rows_affected() != 1 {
        return Err(StoreError::Conflict);
    }
    consents::forget(connection, id).await?;
    profiles::forget(connection, id.as_str()).await
}

async fn index_groups(connection: &mut AnyConnection, user: &User) -> Written<()> {
    sqlx::query("DELETE FROM memberships WHERE user_id = $1").bind(user.id.as_str()).execute(&mut *connection).await?;
    insert_groups(connection, user).await
}

async fn insert_groups(connection: &mut AnyConnection, user: &User) -> Written<()> {
    for group in &user.groups {
        sqlx::query("INSERT INTO memberships (group_name, user_id) VALUES ($1, $2)")
            .bind(group.as_str())
            .bind(user.id.as_str())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// `execute` is generic over what is asked: the pool, or a connection inside a transaction.
fn one<'e, E>(
    store: &'e Store,
    from: E,
    text: &'static str,
    key: String,
) -> Boxed<'e, Result<Option<Person>, StoreError>>
where
    E: Executor<'e, Database = Any> + Send + 'e,
{
    Box::pin(async move {
        let rows = sqlx::query(text).bind(key).fetch_all(from).await?;
        Ok(people(store, &rows)?.pop())
    })
}

/// People whose rows come one by one, each read alone: one that is not as it was written is not in the others' way.
pub(super) fn each<'r>(store: &'r Store, rows: &'r [AnyRow]) -> impl Iterator<Item = Result<Person, StoreError>> + 'r {
    let id = |row: &AnyRow| row.try_get::<String, _>(0).ok();
    let one = |rows: &'r [AnyRow]| people(store, rows).map(|mut people| people.pop()).transpose();
    rows.chunk_by(move |row, next| id(row) == id(next)).filter_map(one)
}

/// Rows come person by person, each once for every authenticator.
pub(super) fn people(store: &Store, rows: &[AnyRow]) -> Result<Vec<Person>, StoreError> {
    let mut people: Vec<Person> = Vec::new();
    for row in rows {
        let id: String = row.try_get(0)?;
        if people.last().is_none_or(|person| person.user.id.as_str() != id) {
            let last: Option<String> = row.try_get(USER.len() + 1)?;
            let last_method = last.and_then(|word| Kind::METHODS.into_iter().find(|kind| kind.as_str() == word));
            let last_login_at = row.try_get::<Option<i64>, _>(USER.len() + 2)?.map(Timestamp::from_unix);
            people.push(Person { user: read_user(store, row)?, factors: Vec::new(), last_method, last_login_at });
        }
        let has_factor = row.try_get::<Option<String>, _>(FACTOR)?.is_some();
        if let (true, Some(person)) = (has_factor, people.last_mut()) {
            person.factors.push(read_factor(store, row, FACTOR, &person.user.id)?);
        }
    }
    for person in &people {
        // An authenticator that is listed but gone, or there but not listed, was not removed or added by us.
        let mut ids: Vec<&str> = person.factors.iter().map(|factor| factor.id.as_str()).collect();
        ids.sort_unstable();
        if !ids.iter().eq(person.user.authenticators.iter().map(Id::as_str).collect::<Vec<_>>().iter()) {
            return Err(StoreError::Value { table: "users", row: person.user.id.to_string() });
        }
    }
    Ok(people)
}
