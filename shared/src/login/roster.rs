//! Who is on record: people are added, one or many, and removed. A new administrator is told to those there are.

use sqlx::AnyConnection;

use super::Logins;
use super::actor::{Actor, allow};
use super::manage::ManageError;
use super::notices::alarm;
use crate::audit::Event;
use crate::letter::Notice;
use crate::secret::Secret;
use crate::store::audit::record;
use crate::store::users::{another_admin, delete_user, insert_user};
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
        let user = person.user;
        let name = user.name.to_string();
        match self.enter_all(vec![user.clone()], "", actor).await {
            Ok(()) => Ok(user),
            Err(StoreError::Duplicate) => Err(ManageError::Taken(name)),
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
            other => Ok(other?),
        }
    }

    async fn enter_all(&self, users: Vec<User>, how: &'static str, actor: &Actor) -> Written<()> {
        let (store, by) = (self.store.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    allow(connection, &store, &by).await?;
                    for user in users {
                        if user.is_active_admin() {
                            tell_of_admin(connection, &store, &user, &by).await?;
                        }
                        insert_user(connection, &store, &user).await?;
                        let about = by.record(Event::UserAdded).about(&user.name);
                        record(connection, &store, about.saying(format!("{how}{}", described(&user)))).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Removes a user.
    ///
    /// # Errors
    /// Why nothing was removed.
    pub async fn delete_user(&self, name: &UserName, actor: &Actor) -> Result<(), ManageError> {
        let person = self.named(name).await?;
        let (id, is_admin) = (person.user.id.clone(), person.user.is_active_admin());
        self.change(Event::UserDeleted, &person.user, String::new(), actor, move |connection, _| {
            Box::pin(async move {
                if is_admin {
                    another_admin(connection, &id).await?;
                }
                delete_user(connection, &id).await
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
