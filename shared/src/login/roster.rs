//! Who is on record: people are added, one or many, and removed. A new administrator is told to those there are. Who is
//! removed is told, too, and the address of somebody who is added by the same name soon after is held as one that was
//! changed: removing and adding is no shorter way into an account than changing its address.

use sqlx::AnyConnection;

use super::Logins;
use super::actor::{Actor, allow};
use super::manage::ManageError;
use super::moved::{HOLD, hold};
use super::notices::{alarm, tell_removed};
use crate::audit::{Event, Record};
use crate::letter::Notice;
use crate::secret::Secret;
use crate::store::audit::record;
use crate::store::audit::search::removed_since;
use crate::store::ending::end_begun;
use crate::store::users::{delete_user, hold_admins, insert_user, person_held};
use crate::store::{Person, Store, StoreError, Written};
use crate::user::{GroupName, User, UserName};

impl Logins {
    /// Adds a user; with a password that must be changed at the first web sign-in unless `keep`.
    ///
    /// # Errors
    /// Why it was not added.
    pub async fn add_user(
        &self,
        user: User,
        password: Option<Secret>,
        keep: bool,
        actor: &Actor,
    ) -> Result<User, ManageError> {
        let mut person = Person::bare(user);
        if let Some(password) = password {
            self.set_password(&mut person, password, actor.now).await?;
            person.user.must_change_at = (!keep).then_some(actor.now);
        }
        let (name, user) = (person.user.name.clone(), person.user);
        match self.enter_all(vec![user], "", actor).await {
            Ok(mut added) => added.pop().ok_or_else(|| ManageError::NoUser(name.to_string())),
            Err(StoreError::Duplicate) => Err(ManageError::Taken(name.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    /// Adds many users, all or none.
    ///
    /// # Errors
    /// Why none was added; [`ManageError::TakenMeanwhile`] where a name or an address is somebody's.
    pub async fn add_users(&self, users: Vec<User>, actor: &Actor) -> Result<(), ManageError> {
        match self.enter_all(users, "imported, ", actor).await {
            Err(StoreError::Duplicate) => Err(ManageError::TakenMeanwhile),
            other => other.map(drop).map_err(ManageError::from),
        }
    }

    /// Adds them, and answers them as they are then.
    async fn enter_all(&self, mut users: Vec<User>, how: &'static str, actor: &Actor) -> Written<Vec<User>> {
        let (store, by) = (self.store.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    allow(connection, &store, &by).await?;
                    // Whoever removes somebody at this moment has finished: it is seen.
                    hold_admins(connection).await?;
                    let removed = removed_since(connection, by.now.plus(-HOLD)).await?;
                    for user in &mut users {
                        if removed.contains(&user.name.key()) {
                            hold(user, &by.name, by.now);
                        }
                        if user.is_active_admin() {
                            tell_of_admin(connection, &store, user, &by).await?;
                        }
                        insert_user(connection, &store, user).await?;
                        let about = by.record(Event::UserAdded).about(&user.name);
                        record(connection, &store, about.saying(format!("{how}{}", described(user)))).await?;
                    }
                    Ok(users)
                })
            })
            .await
    }

    /// Removes a user, and tells them.
    ///
    /// # Errors
    /// Why nothing was removed.
    pub async fn delete_user(&self, name: &UserName, actor: &Actor) -> Result<(), ManageError> {
        let user = self.named(name).await?.user;
        let (id, now) = (user.id.clone(), actor.now);
        let (logins, policy) = (self.clone(), self.policy(now).await?);
        self.change(Event::UserDeleted, &user, String::new(), actor, move |connection, store| {
            Box::pin(async move {
                hold_admins(connection).await?;
                let user = person_held(connection, store, &id).await?.ok_or(StoreError::Conflict)?.user;
                logins.keep_an_admin(connection, &policy, &user, None, now).await?;
                tell_removed(connection, store, &user, &Record::new(now, Event::UserDeleted)).await?;
                end_begun(connection, store, std::slice::from_ref(&id), now).await?;
                delete_user(connection, &id, user.security_version).await
            })
        })
        .await
    }
}

/// What somebody is added as, for the audit.
fn described(user: &User) -> String {
    let groups: Vec<&str> = user.groups.iter().map(GroupName::as_str).collect();
    let role = format!("role {}", user.role);
    if groups.is_empty() { role } else { format!("{role}, groups {}", groups.join(";")) }
}

/// Tells the administrators that somebody becomes one, before it is so: the first one has nobody to tell.
///
/// # Errors
/// Where the database fails.
pub(super) async fn tell_of_admin(
    connection: &mut AnyConnection,
    store: &Store,
    user: &User,
    actor: &Actor,
) -> Written<()> {
    alarm(connection, store, user.name.as_str(), Notice::AdminMade, None, actor.now).await?;
    record(connection, store, actor.record(Event::AdminMade).about(&user.name)).await
}
