//! What applications may be told of people and of the members of groups. A row that somebody else wrote is not told.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::bound::Bound;
use super::row::{Column, Values, moment};
use super::{Store, StoreError, Written, audit};
use crate::audit::{Event, Record};
use crate::id::Id;
use crate::time::Timestamp;
use crate::user::profile::Profile;
use crate::user::{GroupName, User};

use Column::{Number, Text};

const TABLE: &str = "profiles";

const PROFILE: [Column; 3] = [Text, Text, Number];

const BY_OWNER: &str = "SELECT owner, claims, updated_at, mac FROM profiles WHERE owner = $1";

/// Whose claims they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A person's.
    User(Id<User>),
    /// Those of a group's members. It need not have any.
    Group(GroupName),
}

impl Owner {
    fn key(&self) -> String {
        match self {
            Self::User(id) => id.to_string(),
            Self::Group(name) => group_key(name),
        }
    }
}

/// No person has such an id.
fn group_key(name: &GroupName) -> String {
    format!("group:{name}")
}

/// Claims, and when they were changed last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    /// The claims.
    pub profile: Profile,
    /// When; absent where nothing was ever given.
    pub updated_at: Option<Timestamp>,
}

impl Store {
    /// What a person or a group was given.
    ///
    /// # Errors
    /// Where the database fails, or the row is not as it was written.
    pub async fn given(&self, owner: &Owner) -> Result<Given, StoreError> {
        let row = sqlx::query(BY_OWNER).bind(owner.key()).fetch_optional(self.pool()).await?;
        row.as_ref().map_or_else(|| Ok(Given::default()), |row| read(self, row))
    }

    /// What is told of a person: what they were given, and what their groups give them beside that, by the name of the
    /// group.
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub async fn profile_of(&self, user: &User) -> Result<Given, StoreError> {
        let mut bound = Bound::default();
        let owners = std::iter::once(user.id.to_string()).chain(user.groups.iter().map(group_key));
        let owners = bound.texts(owners);
        // Nobody's id begins like the name of a group.
        let text =
            format!("SELECT owner, claims, updated_at, mac FROM profiles WHERE owner IN ({owners}) ORDER BY owner");
        let mut told = Given::default();
        let mut of_groups = Vec::new();
        for row in &bound.query(text).fetch_all(self.pool()).await? {
            let given = read(self, row)?;
            if row.try_get::<String, _>(0)? == user.id.as_str() { told = given } else { of_groups.push(given.profile) }
        }
        for profile in of_groups {
            told.profile.adopt(profile);
        }
        Ok(told)
    }

    /// Changes what a person or a group was given.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else was faster; else why nothing was changed.
    pub async fn give(&self, owner: Owner, before: Given, given: Given, record: Record) -> Written<()> {
        let store = self.clone();
        self.write(move |connection| {
            Box::pin(async move {
                let row = sqlx::query(BY_OWNER).bind(owner.key()).fetch_optional(&mut *connection).await?;
                let now = row.as_ref().map_or_else(|| Ok(Given::default()), |row| read(&store, row))?;
                if now != before {
                    return Err(StoreError::Conflict);
                }
                forget(connection, &owner.key()).await?;
                if given.profile.iter().next().is_some() {
                    insert(connection, &store, &owner, &given).await?;
                }
                audit::record(connection, &store, record).await
            })
        })
        .await
    }
}

/// The record of a change.
#[must_use]
pub fn changed(owner: &Owner, name: &str, said: &str, actor: &str, now: Timestamp) -> Record {
    let record = Record::new(now, Event::UserChanged).by(&actor);
    match owner {
        Owner::User(_) => record.about(&name).saying(said),
        Owner::Group(group) => record.saying(format!("group {group}: {said}")),
    }
}

/// Deletes what somebody was given, in a transaction.
///
/// # Errors
/// Where the database fails.
pub(super) async fn forget(connection: &mut AnyConnection, owner: &str) -> Written<()> {
    sqlx::query("DELETE FROM profiles WHERE owner = $1").bind(owner).execute(connection).await?;
    Ok(())
}

async fn insert(connection: &mut AnyConnection, store: &Store, owner: &Owner, given: &Given) -> Written<()> {
    let key = owner.key();
    let claims = serde_json::to_string(&given.profile);
    let claims = claims.map_err(|_| StoreError::Value { table: TABLE, row: key.clone() })?;
    let values = vec![Some(key.clone()), Some(claims.clone()), moment(given.updated_at)];
    sqlx::query("INSERT INTO profiles (owner, claims, updated_at, mac) VALUES ($1, $2, $3, $4)")
        .bind(key)
        .bind(claims)
        .bind(given.updated_at.map(Timestamp::unix))
        .bind(Values::of(TABLE, values).mark(store))
        .execute(connection)
        .await?;
    Ok(())
}

fn read(store: &Store, row: &AnyRow) -> Result<Given, StoreError> {
    let values = Values::read(store, TABLE, row, 0, &PROFILE)?;
    let profile = values.parsed(1, |text| serde_json::from_str(text).ok())?;
    Ok(Given { profile, updated_at: values.maybe_time(2)? })
}
