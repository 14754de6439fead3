//! Finding people among many: by name, state, role, group, method and lock; sorted by each, page by page. What is searched by is
//! read from columns and indexes as they are; who is found is read whole, under the mark, like everywhere else.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use self::condition::{matches, sorted, waits};
use super::bound::{AT_ONCE, Bound};
use super::budgets::Charge;
use super::users::{PERSON, each, people};
use super::{Person, Store, StoreError, Written};
use crate::factor::Kind;
use crate::id::Id;
use crate::policy::{Policy, StatusWord};
use crate::time::Timestamp;
use crate::user::{GroupName, Role, User};

mod condition;
pub mod figures;
mod marked;
mod status;

/// What people are searched by: all that is said must be so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Search {
    /// How name or address begin, whatever the case.
    pub text: Option<String>,
    /// How the second factor stands.
    pub status: Option<StatusWord>,
    /// The role.
    pub role: Option<Role>,
    /// A group that they are in.
    pub group: Option<GroupName>,
    /// A method that is set up.
    pub method: Option<Kind>,
    /// Only those who have to wait, or are held, after wrong codes.
    pub locked: bool,
    /// Only these.
    pub ids: Option<Vec<Id<User>>>,
    /// Whether any method is set up, usable or not.
    pub set_up: Option<bool>,
    /// Whether there is a password.
    pub password: Option<bool>,
    /// Whether the account is disabled.
    pub disabled: Option<bool>,
    /// Not this one.
    pub besides: Option<Id<User>>,
    /// Only those who were there by then.
    pub created_until: Option<Timestamp>,
}

/// What people are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The name.
    Name,
    /// How the second factor stands, those who have to set up first, then the name.
    Status,
    /// What is set up, the most first, then the name.
    Methods,
    /// The role, then the name.
    Role,
    /// The groups one after the other, those without one last, then the name.
    Group,
    /// The last login, then the name.
    LastLogin,
    /// Those first who have to wait, or are held, then the name.
    Locked,
    /// Since when there is the account, then the name.
    Created,
}

/// A part of those who are found.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Sorted by this.
    pub sort: Sort,
    /// The other way round.
    pub descending: bool,
    /// Only those whose name comes after this key: for who reads all, sorted by name.
    pub after: &'a str,
    /// Without so many at the start.
    pub skip: i64,
    /// No more than so many.
    pub limit: i64,
}

impl<'a> Part<'a> {
    /// The next ones by name.
    #[must_use]
    pub const fn after(after: &'a str, limit: i64) -> Self {
        Self { sort: Sort::Name, descending: false, after, skip: 0, limit }
    }
}

/// Somebody who was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Who.
    pub person: Person,
    /// What a try at a code would meet, of the kind that has to wait longest.
    pub standing: Charge,
}

/// Somebody who was found, and whose row is not as it was written: nothing in it is believed, nor what it was found by. They
/// are shown, so that somebody looks after them.
#[derive(Debug, Clone)]
pub struct Damaged {
    /// The row's key.
    pub id: Id<User>,
    /// The name as it stands there, in lower case.
    pub name: String,
}

/// Behind which name the next part begins for who reads all, by name; nothing behind the last part.
#[must_use]
pub fn next(found: &[Result<Found, Damaged>], limit: i64) -> Option<String> {
    let is_full = i64::try_from(found.len()).is_ok_and(|count| count >= limit);
    found.last().filter(|_| is_full).map(|last| match last {
        Ok(found) => found.person.user.name.key(),
        Err(damaged) => damaged.name.clone(),
    })
}

/// What is said of damaged rows, by name, where a list that they are in has ended.
#[must_use]
pub fn damaged(names: &[String]) -> String {
    format!("row_mac: not as Twolatch wrote it, and nothing in it is believed: {}", names.join(", "))
}

/// Longer than any clock runs: a hold among moments.
const HELD: i64 = i64::MAX;

impl Store {
    /// A part of those who match, each with how they stand; in their places those whose rows are not as they were written.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn find_people(
        &self,
        search: &Search,
        policy: &Policy,
        part: Part<'_>,
        now: Timestamp,
    ) -> Result<Vec<Result<Found, Damaged>>, StoreError> {
        let ids = self.next_people(search, policy, part, now).await?;
        let mut bound = Bound::default();
        let waits = waits(HELD, now, &mut bound);
        let chosen = bound.texts(ids.iter().map(|(id, _)| id.as_str()));
        let text = format!(
            "{PERSON}, {waits} FROM users u LEFT JOIN factors f ON f.user_id = u.id WHERE u.id IN ({chosen}) \
             ORDER BY u.id, f.created_at, f.id"
        );
        let rows = if ids.is_empty() { Vec::new() } else { bound.query(text).fetch_all(self.pool()).await? };
        let mut standings = HashMap::new();
        for row in &rows {
            standings.insert(row.try_get::<String, _>(0)?, standing(row)?);
        }
        let mut sound = HashMap::new();
        for person in each(self, &rows) {
            match person {
                Ok(person) => drop(sound.insert(person.user.id.clone(), person)),
                Err(error) if error.is_of_a_row() => tracing::error!(%error, "somebody cannot be listed"),
                Err(error) => return Err(error),
            }
        }
        // Who has been removed meanwhile is neither.
        let found = ids.into_iter().filter_map(|(id, name)| {
            let standing = standings.remove(id.as_str())?;
            Some(match sound.remove(&id) {
                Some(person) => Ok(Found { person, standing }),
                None => Err(Damaged { id, name }),
            })
        });
        Ok(found.collect())
    }

    /// One person with how they stand.
    ///
    /// # Errors
    /// Where the database fails, or the row is not as it was written.
    pub async fn find_person(
        &self,
        id: &Id<User>,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Option<Found>, StoreError> {
        let search = Search { ids: Some(vec![id.clone()]), ..Search::default() };
        match self.find_people(&search, policy, Part::after("", 1), now).await?.pop() {
            Some(Err(Damaged { id, .. })) => Err(StoreError::Value { table: "users", row: id.to_string() }),
            found => Ok(found.and_then(Result::ok)),
        }
    }

    /// How many match.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn count_people(&self, search: &Search, policy: &Policy, now: Timestamp) -> Result<i64, StoreError> {
        let mut bound = Bound::default();
        let text = format!("SELECT COUNT(*) FROM users u WHERE {}", matches(search, policy, now, &mut bound));
        Ok(bound.query(text).fetch_one(self.pool()).await?.try_get(0)?)
    }

    /// Ids and name keys of the next ones who match, by name; their rows are not read.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn next_people(
        &self,
        search: &Search,
        policy: &Policy,
        part: Part<'_>,
        now: Timestamp,
    ) -> Result<Vec<(Id<User>, String)>, StoreError> {
        let mut bound = Bound::default();
        let text = chosen(search, policy, part, now, &mut bound);
        let rows = bound.query(text).fetch_all(self.pool()).await?;
        rows.iter().map(|row| Ok((Id::from_stored(row.try_get(0)?), row.try_get(1)?))).collect()
    }
}

impl Store {
    /// Who of these name keys ([`crate::user::UserName::key`]) there is, by name key; in their places those whose rows are
    /// not as they were written.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn people_named(&self, keys: &[String]) -> Result<HashMap<String, Result<Person, Damaged>>, StoreError> {
        let mut all = HashMap::new();
        for some in keys.chunks(AT_ONCE) {
            let mut bound = Bound::default();
            let places = bound.texts(some);
            let text = format!(
                "{PERSON} FROM users u LEFT JOIN factors f ON f.user_id = u.id WHERE u.name_key IN ({places}) \
                 ORDER BY u.id, f.created_at, f.id"
            );
            let rows = bound.query(text).fetch_all(self.pool()).await?;
            for row in &rows {
                let (id, name): (String, String) = (row.try_get(0)?, row.try_get(2)?);
                all.insert(name.clone(), Err(Damaged { id: Id::from_stored(id), name }));
            }
            for person in each(self, &rows) {
                match person {
                    Ok(person) => drop(all.insert(person.user.name.key(), Ok(person))),
                    Err(error) if error.is_of_a_row() => tracing::error!(%error, "somebody cannot be looked up"),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(all)
    }
}

/// These people, by name, as they are once everybody who is changing them has finished; nobody else changes them before
/// this transaction ends. SQLite has one writer, PostgreSQL is told so.
///
/// # Errors
/// Where the database fails, or a row is not as it was written.
pub async fn people_held(connection: &mut AnyConnection, store: &Store, ids: &[Id<User>]) -> Written<Vec<Person>> {
    if !store.location().is_sqlite() {
        let mut bound = Bound::default();
        let ids = bound.texts(ids.iter().map(Id::as_str));
        let text = format!("SELECT id FROM users WHERE id IN ({ids}) ORDER BY id FOR NO KEY UPDATE");
        bound.query(text).fetch_all(&mut *connection).await?;
    }
    let mut bound = Bound::default();
    let ids = bound.texts(ids.iter().map(Id::as_str));
    let text = format!(
        "{PERSON} FROM users u LEFT JOIN factors f ON f.user_id = u.id WHERE u.id IN ({ids}) \
         ORDER BY u.name_key, f.created_at, f.id"
    );
    people(store, &bound.query(text).fetch_all(connection).await?)
}

/// A statement that chooses a part of those who match.
fn chosen(search: &Search, policy: &Policy, part: Part<'_>, now: Timestamp, bound: &mut Bound) -> String {
    let matches = matches(search, policy, now, bound);
    let after =
        if part.after.is_empty() { String::new() } else { format!(" AND u.name_key > {}", bound.text(part.after)) };
    let (joined, order) = sorted(part.sort, part.descending, policy, now, bound);
    let (limit, skip) = (bound.number(part.limit), bound.number(part.skip));
    format!(
        "SELECT u.id, u.name_key FROM users u{joined} WHERE {matches}{after} ORDER BY {order} LIMIT {limit} OFFSET {skip}"
    )
}

/// The column behind a person's.
fn standing(row: &AnyRow) -> Result<Charge, StoreError> {
    let until: Option<i64> = row.try_get(row.len() - 1)?;
    Ok(match until {
        Some(HELD) => Charge::Held,
        Some(until) => Charge::Wait(Timestamp::from_unix(until)),
        None => Charge::Taken,
    })
}
