//! What administrators end and open for somebody else, besides second factors. It must know nothing of pages.

use super::Logins;
use super::manage::{Actor, ManageError};
use crate::audit::Event;
use crate::store::devices::delete_devices;
use crate::store::ending::end_begun;
use crate::store::users::update_user;
use crate::time::Timestamp;
use crate::user::UserName;

impl Logins {
    /// Ends all sessions and sign-ins of somebody, and what web apps were given. Remembered devices stay.
    ///
    /// # Errors
    /// Why nothing was ended.
    pub async fn end_sessions_of(&self, name: &UserName, actor: &Actor) -> Result<(), ManageError> {
        let mut user = self.named(name).await?.user;
        let (expected, now) = (user.security_version, actor.now);
        user.security_version += 1;
        self.change(Event::SessionEnded, &user.clone(), "all".to_owned(), actor, move |connection, store| {
            Box::pin(async move {
                update_user(connection, store, &user, expected).await?;
                end_begun(connection, store, &[user.id], now).await
            })
        })
        .await
    }

    /// Forgets all remembered devices of somebody.
    ///
    /// # Errors
    /// Why none was forgotten.
    pub async fn forget_devices_of(&self, name: &UserName, actor: &Actor) -> Result<(), ManageError> {
        let user = self.named(name).await?.user;
        let id = user.id.clone();
        self.change(Event::DeviceForgotten, &user, "all".to_owned(), actor, move |connection, _| {
            Box::pin(async move { delete_devices(connection, &id).await })
        })
        .await
    }

    /// Lets somebody set up a first second factor again, for as long as one who is added now; answers until when.
    ///
    /// # Errors
    /// Why nothing was changed.
    pub async fn reopen_setup(&self, name: &UserName, actor: &Actor) -> Result<Timestamp, ManageError> {
        let mut user = self.named(name).await?.user;
        let (expected, until) = (user.security_version, self.policy(actor.now).await?.rules.setup_until(actor.now));
        user.setup_until = until;
        self.change(Event::UserChanged, &user.clone(), "set-up open".to_owned(), actor, move |connection, store| {
            Box::pin(async move { update_user(connection, store, &user, expected).await })
        })
        .await?;
        Ok(until)
    }
}
