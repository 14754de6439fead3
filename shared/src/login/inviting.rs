//! The making of one-time links: for the first administrator, and for people who are to set their password. What they
//! open is in `invite`.

use sqlx::AnyConnection;

use super::Logins;
use super::manage::{Actor, ManageError};
use crate::audit::{Event, Record};
use crate::letter::{Letter, Mail};
use crate::secret::Secret;
use crate::store::audit::record;
use crate::store::links::{Link, Purpose, insert_link};
use crate::store::mails::{Outgoing, queue, queue_taken};
use crate::store::users::update_user;
use crate::store::{Store, Written};
use crate::time::Timestamp;
use crate::user::{User, UserName};

/// A one-time link for the first administrator lives this long, in seconds.
pub const FIRST_LINK_LIFE: i64 = 3600;

/// How a link comes to whom it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Handing {
    /// Whoever asked for it is shown it.
    Shown,
    /// Its maker mails it at once.
    Taken,
    /// The server mails it.
    Queued,
}

/// A link that is not stored yet.
#[derive(Debug)]
pub(super) struct Invitation {
    user: User,
    token: String,
    link: Link,
    handing: Handing,
    outgoing: Option<Outgoing>,
}

impl Invitation {
    /// Stores it, with the letter that it is in, and opens set-up.
    ///
    /// # Errors
    /// [`crate::store::StoreError::Conflict`] where the person has changed meanwhile.
    pub(super) async fn write(self, connection: &mut AnyConnection, store: &Store, now: Timestamp) -> Written<()> {
        update_user(connection, store, &self.user, self.user.security_version).await?;
        insert_link(connection, store, &self.token, &self.link, now).await?;
        match &self.outgoing {
            Some(outgoing) if self.handing == Handing::Queued => {
                queue(connection, store, &outgoing.mail, outgoing.dies_at, now).await
            }
            Some(outgoing) => queue_taken(connection, store, outgoing, now).await,
            None => Ok(()),
        }
    }
}

impl Logins {
    /// Makes a one-time link for somebody and opens their set-up; answers its token.
    ///
    /// # Errors
    /// Why none was made.
    pub async fn invite(&self, name: &UserName, actor: &Actor) -> Result<String, ManageError> {
        Ok(self.make_link(name, Handing::Shown, actor).await?.0)
    }

    /// The same, with the link in a letter to that person, which the server sends.
    ///
    /// # Errors
    /// Why none was made.
    pub async fn invite_by_post(&self, name: &UserName, actor: &Actor) -> Result<(), ManageError> {
        self.make_link(name, Handing::Queued, actor).await.map(drop)
    }

    /// The same, for a caller who delivers the letter at once.
    ///
    /// # Errors
    /// Why none was made.
    pub async fn invite_by_mail(&self, name: &UserName, actor: &Actor) -> Result<Outgoing, ManageError> {
        let (_, outgoing) = self.make_link(name, Handing::Taken, actor).await?;
        outgoing.ok_or_else(|| ManageError::NoAddress(name.to_string()))
    }

    async fn make_link(
        &self,
        name: &UserName,
        handing: Handing,
        actor: &Actor,
    ) -> Result<(String, Option<Outgoing>), ManageError> {
        let user = self.named(name).await?.user;
        let until = self.policy(actor.now).await?.rules.setup_until(actor.now);
        let invitation = self.invitation(user.clone(), handing, until, actor.now)?;
        let (token, outgoing, now) = (invitation.token.clone(), invitation.outgoing.clone(), actor.now);
        self.change(Event::LinkMade, &user, "invite".to_owned(), actor, move |connection, store| {
            Box::pin(async move { invitation.write(connection, store, now).await })
        })
        .await?;
        Ok((token, outgoing))
    }

    /// A link for somebody, and time to set up until then. Nothing is stored.
    ///
    /// # Errors
    /// [`ManageError::Held`] and [`ManageError::NoAddress`] where it is to be mailed and cannot be.
    pub(super) fn invitation(
        &self,
        mut user: User,
        handing: Handing,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Invitation, ManageError> {
        user.setup_until = until;
        let token = self.token()?;
        let (purpose, credentials) = (Purpose::Invite, Some(user.access()));
        let link = Link { purpose, user: Some(user.id.clone()), credentials, expires_at: until };
        let outgoing = if handing == Handing::Shown {
            None
        } else {
            if let Some(held) = user.email_held(now) {
                return Err(ManageError::Held(user.name.to_string(), (held.since(now) + 3599) / 3600));
            }
            let letter = Letter::Invite { token: Secret::new(token.clone()), until };
            let mail = Mail::to(&user, letter).ok_or_else(|| ManageError::NoAddress(user.name.to_string()))?;
            Some(Outgoing::new(&self.store, mail, until)?)
        };
        Ok(Invitation { user, token, link, handing, outgoing })
    }

    /// Makes the one-time link for the first administrator; `None` where there is an administrator already.
    ///
    /// # Errors
    /// Why none was made.
    pub async fn first_admin_link(&self, actor: &Actor) -> Result<Option<String>, ManageError> {
        if self.store.count_admins().await? > 0 {
            return Ok(None);
        }
        let token = self.token()?;
        let expires_at = actor.now.plus(FIRST_LINK_LIFE);
        let link = Link { purpose: Purpose::FirstAdmin, user: None, credentials: None, expires_at };
        let (store, sent, now) = (self.store.clone(), token.clone(), actor.now);
        let about = Record::new(now, Event::LinkMade).by(&actor.name).saying("first administrator");
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    insert_link(connection, &store, &sent, &link, now).await?;
                    record(connection, &store, about).await
                })
            })
            .await?;
        Ok(Some(token))
    }
}
