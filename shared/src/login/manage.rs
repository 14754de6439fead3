//! What administrators do to accounts, authenticators and policy. Each is one transaction with its audit record.

use sqlx::AnyConnection;
use thiserror::Error;

use super::Logins;
use super::actor::allow;
pub use super::actor::{Acting, Actor};
use super::notices::tell;
use super::setup::{Confirmed, default_name};
use super::web::Fault;
use crate::audit::{Event, Record};
use crate::crypto::password::Weak;
use crate::crypto::random_text;
use crate::factor::totp::Totp;
use crate::letter::{Letter, Mail, Notice};
use crate::secret::Secret;
use crate::store::addresses::insert_former;
use crate::store::audit::record;
use crate::store::budgets::clear_all;
use crate::store::links::{Link, Purpose, insert_link};
use crate::store::mails::{Outgoing, queue_taken};
use crate::store::users::{another_admin, delete_user, insert_user, update_user};
use crate::store::{Boxed, Person, Store, StoreError, Written};
use crate::user::{Email, User, UserName};

/// A one-time link for the first administrator lives this long, in seconds.
pub const FIRST_LINK_LIFE: i64 = 3600;

/// Why a change was not made, in words for who asked for it.
#[derive(Debug, Error)]
pub enum ManageError {
    /// Nobody has that name.
    #[error("there is no user `{0}`; `twolatch user list` shows all")]
    NoUser(String),
    /// The name or address is taken.
    #[error("there is a user with this name or address already: {0}")]
    Taken(String),
    /// Nothing can be mailed to this person.
    #[error("{0} has no mail address; `twolatch user set {0} --email ADDRESS` gives one")]
    NoAddress(String),
    /// The password is not acceptable.
    #[error("{0}")]
    Weak(Weak),
    /// The configuration does not allow it.
    #[error("`lock = \"required\"` in the configuration does not allow anything below `required`")]
    Locked,
    /// No administrator could sign in any more.
    #[error(
        "under these rules no administrator could sign in: none of them has, or could set up, a method that they allow; \
         allow one more method, or have an administrator set up an allowed one first"
    )]
    LocksOut,
    /// There is no such version of the policy.
    #[error("there is no version {0} of the policy; `twolatch policy history` lists them")]
    NoVersion(i64),
    /// There is no such exemption.
    #[error("there is no exemption `{0}`; `twolatch policy show` lists them")]
    NoExemption(String),
    /// Nobody asks for an answer.
    #[error("{0} has no recovery request that waits; `twolatch recovery list` shows those that do")]
    NoRequest(String),
    /// Nobody answers to oneself.
    #[error("another administrator has to answer your own recovery request")]
    OwnRequest,
    /// There is no such job, or it has gone on.
    #[error("there is no such bulk action, or it has been begun or stopped already")]
    NoJob,
    /// A job that is about nobody.
    #[error("nobody is concerned: nothing was done")]
    Nobody,
    /// Too much to do.
    #[error("{0}")]
    Busy(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Fault> for ManageError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Weak(weak) => Self::Weak(weak),
            Fault::Store(error) => Self::Store(error),
            Fault::Busy => Self::Busy("too many passwords are being hashed; try again in a moment".to_owned()),
            Fault::Over | Fault::Unconfirmed => Self::Store(StoreError::Conflict),
            Fault::Refused(reason) => Self::Busy(reason.next_step().to_owned()),
        }
    }
}

impl Logins {
    /// The person with a name.
    ///
    /// # Errors
    /// [`ManageError::NoUser`] where there is none.
    pub async fn named(&self, name: &UserName) -> Result<Person, ManageError> {
        self.store.person_by_name(name).await?.ok_or_else(|| ManageError::NoUser(name.to_string()))
    }

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
        let (stored, name) = (user.clone(), user.name.to_string());
        self.change(Event::UserAdded, &user, String::new(), actor, move |connection, store| {
            Box::pin(async move { insert_user(connection, store, &stored).await })
        })
        .await
        .map_err(|error| match error {
            ManageError::Store(StoreError::Duplicate) => ManageError::Taken(name),
            other => other,
        })?;
        Ok(user)
    }

    /// Changes a user by a function; raises the security version, which ends sessions and logins under way.
    ///
    /// # Errors
    /// Why nothing was changed.
    pub async fn change_user(
        &self,
        name: &UserName,
        detail: String,
        actor: &Actor,
        edit: impl FnOnce(&mut User) + Send,
    ) -> Result<User, ManageError> {
        let before = self.named(name).await?.user;
        let mut user = before.clone();
        edit(&mut user);
        user.security_version = before.security_version + 1;
        let loses_admin = before.is_active_admin() && !user.is_active_admin();
        let (stored, taken, now) = (user.clone(), user.name.to_string(), actor.now);
        self.change(Event::UserChanged, &user, detail, actor, move |connection, store| {
            Box::pin(async move {
                if loses_admin {
                    another_admin(connection, &stored.id).await?;
                }
                update_user(connection, store, &stored, before.security_version).await?;
                if let Some(former) = &before.email
                    && stored.email.as_ref().map(Email::key) != Some(former.key())
                {
                    insert_former(connection, store, &stored.id, former, now).await?;
                    let about = Record::new(now, Event::UserChanged);
                    tell(connection, store, &stored, Notice::AddressChanged, &about).await?;
                }
                Ok(())
            })
        })
        .await
        .map_err(|error| match error {
            ManageError::Store(StoreError::Duplicate) => ManageError::Taken(taken),
            other => other,
        })?;
        Ok(user)
    }

    /// Sets a password for somebody.
    ///
    /// # Errors
    /// Why nothing was changed.
    pub async fn reset_password(
        &self,
        name: &UserName,
        password: Secret,
        keep: bool,
        actor: &Actor,
    ) -> Result<(), ManageError> {
        let mut person = self.named(name).await?;
        let (expected, had_password) = (person.user.security_version, person.user.password.is_some());
        self.set_password(&mut person, password, actor.now).await?;
        person.user.must_change_at = (!keep).then_some(actor.now);
        let (user, now) = (person.user.clone(), actor.now);
        self.change(Event::UserChanged, &user, "password".to_owned(), actor, move |connection, store| {
            Box::pin(async move {
                update_user(connection, store, &person.user, expected).await?;
                if had_password {
                    let about = Record::new(now, Event::UserChanged);
                    tell(connection, store, &person.user, Notice::PasswordChanged, &about).await?;
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

    /// Gives somebody an authenticator whose secret was made elsewhere.
    ///
    /// # Errors
    /// Why nothing was changed.
    pub async fn provision_totp(
        &self,
        name: &UserName,
        totp: Totp,
        label: Option<String>,
        actor: &Actor,
    ) -> Result<(), ManageError> {
        self.add_confirmed(name, Confirmed::provisioned(totp), label, actor).await
    }

    /// Gives somebody an authenticator whose codes have been shown.
    ///
    /// # Errors
    /// Why nothing was changed.
    pub async fn add_confirmed(
        &self,
        name: &UserName,
        confirmed: Confirmed,
        label: Option<String>,
        actor: &Actor,
    ) -> Result<(), ManageError> {
        let user = self.named(name).await?.user;
        let label = label.unwrap_or_else(|| default_name(&user));
        let about = Record::new(actor.now, Event::FactorAdded).by(&actor.name).saying("by an administrator");
        let (store, by) = (self.store.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    allow(connection, &store, &by).await?;
                    let user = confirmed.store(connection, &store, &user, &label, about.clone()).await?;
                    tell(connection, &store, &user, Notice::AuthenticatorAdded, &about).await
                })
            })
            .await?;
        Ok(())
    }

    /// Lets a person try again with whatever they have: lifts every hold and delay.
    ///
    /// # Errors
    /// Why nothing was changed.
    pub async fn unlock(&self, name: &UserName, actor: &Actor) -> Result<(), ManageError> {
        let user = self.named(name).await?.user;
        let id = user.id.clone();
        self.change(Event::Unlocked, &user, String::new(), actor, move |connection, _| {
            Box::pin(async move { clear_all(connection, &[id]).await })
        })
        .await
    }

    /// Makes a one-time link for somebody and opens their set-up; answers its token.
    ///
    /// # Errors
    /// Why none was made.
    pub async fn invite(&self, name: &UserName, actor: &Actor) -> Result<String, ManageError> {
        Ok(self.make_link(name, false, actor).await?.0)
    }

    /// The same, with the link in a letter to that person; answers the letter, which the caller delivers at once.
    ///
    /// # Errors
    /// Why none was made.
    pub async fn invite_by_mail(&self, name: &UserName, actor: &Actor) -> Result<Outgoing, ManageError> {
        let (_, outgoing) = self.make_link(name, true, actor).await?;
        outgoing.ok_or_else(|| ManageError::NoAddress(name.to_string()))
    }

    async fn make_link(
        &self,
        name: &UserName,
        mail: bool,
        actor: &Actor,
    ) -> Result<(String, Option<Outgoing>), ManageError> {
        let mut user = self.named(name).await?.user;
        let expected = user.security_version;
        let until = self.policy(actor.now).await?.rules.setup_until(actor.now);
        user.setup_until = until;
        let token = self.token()?;
        let (purpose, credentials) = (Purpose::Invite, Some(user.access()));
        let link = Link { purpose, user: Some(user.id.clone()), credentials, expires_at: until };
        let outgoing = if mail {
            let letter = Letter::Invite { token: Secret::new(token.clone()), until };
            let mail = Mail::to(&user, letter).ok_or_else(|| ManageError::NoAddress(name.to_string()))?;
            Some(Outgoing::new(&self.store, mail, until)?)
        } else {
            None
        };
        let (stored, sent, posted, now) = (user.clone(), token.clone(), outgoing.clone(), actor.now);
        self.change(Event::LinkMade, &user, "invite".to_owned(), actor, move |connection, store| {
            Box::pin(async move {
                update_user(connection, store, &stored, expected).await?;
                insert_link(connection, store, &sent, &link, now).await?;
                match &posted {
                    Some(outgoing) => queue_taken(connection, store, outgoing, now).await,
                    None => Ok(()),
                }
            })
        })
        .await?;
        Ok((token, outgoing))
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

    pub(super) fn token(&self) -> Result<String, StoreError> {
        Ok(random_text::<20>(self.store.entropy())?)
    }

    /// Makes a change about somebody with its record, in one transaction.
    pub(super) async fn change<W>(
        &self,
        event: Event,
        user: &User,
        detail: String,
        actor: &Actor,
        work: W,
    ) -> Result<(), ManageError>
    where
        W: for<'c> FnOnce(&'c mut AnyConnection, &'c Store) -> Boxed<'c, Written<()>> + Send + 'static,
    {
        let mut about = actor.record(event).about(&user.name);
        about.detail = Some(detail).filter(|detail| !detail.is_empty());
        let (store, by) = (self.store.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    allow(connection, &store, &by).await?;
                    work(connection, &store).await?;
                    record(connection, &store, about).await
                })
            })
            .await?;
        Ok(())
    }
}
