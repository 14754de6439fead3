//! What administrators do to accounts, authenticators and policy. Each is one transaction with its audit record.

use sqlx::AnyConnection;
use thiserror::Error;

use super::Logins;
use super::actor::allow;
pub use super::actor::{Acting, Actor};
use super::moved::{announce, has_moved, hold};
use super::notices::tell;
use super::roster::tell_of_admin;
use super::setup::{Confirmed, default_name};
use super::web::Fault;
use crate::audit::{Event, Record};
use crate::client::ClientId;
use crate::crypto::password::Weak;
use crate::crypto::random_text;
use crate::factor::totp::Totp;
use crate::letter::Notice;
use crate::secret::Secret;
use crate::store::audit::record;
use crate::store::budgets::clear_all;
use crate::store::ending::end_begun;
use crate::store::users::update_user;
use crate::store::{Boxed, Person, Store, StoreError, Written};
use crate::user::{User, UserName};

/// Why a change was not made, in words for who asked for it.
#[derive(Debug, Error)]
pub enum ManageError {
    /// Nobody has that name.
    #[error("there is no user `{0}`; `twolatch user list` shows all")]
    NoUser(String),
    /// The name or address is taken.
    #[error("there is a user with this name or address already: {0}")]
    Taken(String),
    /// A name or address is taken since it was looked up.
    #[error("a name or an address was taken in this moment; nobody is added, try again")]
    TakenMeanwhile,
    /// Nothing can be mailed to this person.
    #[error("{0} has no mail address; `twolatch user set {0} --email ADDRESS` gives one")]
    NoAddress(String),
    /// Nothing opens the account from there for now.
    #[error(
        "the address of {0} was changed lately, or {0} was removed and added again: no link or code goes there for {1} \
         hours, unless another administrator (`twolatch user confirm-address {0}`) or the person confirms it"
    )]
    Held(String, i64),
    /// There is nothing to confirm.
    #[error("the address of {0} needs no confirmation")]
    NotHeld(String),
    /// Nobody confirms what they did themselves.
    #[error("another administrator, or {0}, has to confirm the address that you have given")]
    OwnAddress(String),
    /// Administrators change their own.
    #[error("{0} is an administrator, who changes the own address on the account's page")]
    AdminsAddress(String),
    /// Mail cannot be sent.
    #[error(
        "the configuration has no [mail] section: nothing can be mailed; `twolatch user set NAME --email ADDRESS` takes your word for an address"
    )]
    NoMail,
    /// The password is not acceptable.
    #[error("{0}")]
    Weak(Weak),
    /// The configuration does not allow it.
    #[error("`lock = \"required\"` in the configuration does not allow anything below `required`")]
    Locked,
    /// The limits of an exemption shut each other out.
    #[error(
        "no login is within all of these limits: a client is on the web only; a service or a host is not on the web; a \
         network is of web or ssh; a key is of ssh (service sshd)"
    )]
    NeverHolds,
    /// Nobody here knows whose client it is.
    #[error(
        "the client `{0}` has registered itself, and nobody has looked at it: `twolatch client set {0} --trust third_party` first"
    )]
    Unverified(ClientId),
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
    /// It is too early.
    #[error("recovery requests wait before they are approved; this one can be in {0} hours")]
    TooEarly(i64),
    /// Two have to agree.
    #[error("you have approved the recovery request of {0} already; another administrator has to approve it, too")]
    Agreed(String),
    /// What is set up is reset at the person's own request only.
    #[error(
        "recovery is approved by two administrators, or after a time ([recovery] in the configuration): {0} has to ask for \
         it at sign-in"
    )]
    NeedsRequest(String),
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

    /// Changes a user by a function; another address is held for a while. Raises the security version, which ends sessions and logins under way.
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
        self.change_from(before, detail, actor, edit).await
    }

    /// The same, made from what somebody was at this security version: whatever was changed since is not overwritten.
    ///
    /// # Errors
    /// Why nothing was changed; [`StoreError::Conflict`] where that has been changed.
    pub async fn change_seen(
        &self,
        name: &UserName,
        seen: i64,
        detail: String,
        actor: &Actor,
        edit: impl FnOnce(&mut User) + Send,
    ) -> Result<User, ManageError> {
        let before = self.seen(name, seen).await?;
        self.change_from(before, detail, actor, edit).await
    }

    /// Somebody, if they still are what they were at this security version.
    pub(super) async fn seen(&self, name: &UserName, version: i64) -> Result<User, ManageError> {
        let user = self.named(name).await?.user;
        if user.security_version == version { Ok(user) } else { Err(StoreError::Conflict.into()) }
    }

    async fn change_from(
        &self,
        before: User,
        detail: String,
        actor: &Actor,
        edit: impl FnOnce(&mut User) + Send,
    ) -> Result<User, ManageError> {
        let mut user = before.clone();
        edit(&mut user);
        user.security_version = before.security_version + 1;
        let moves = before.email.is_some() && has_moved(&before, &user);
        if moves {
            hold(&mut user, &actor.name, actor.now);
        }
        let gains_admin = !before.is_active_admin() && user.is_active_admin();
        let (stored, taken, by) = (user.clone(), user.name.to_string(), actor.clone());
        let (logins, policy) = (self.clone(), self.policy(actor.now).await?);
        self.change(Event::UserChanged, &user, detail, actor, move |connection, store| {
            Box::pin(async move {
                logins.keep_an_admin(connection, &policy, &before, Some(&stored), by.now).await?;
                if gains_admin {
                    tell_of_admin(connection, store, &stored, &by).await?;
                }
                update_user(connection, store, &stored, before.security_version).await?;
                end_begun(connection, store, std::slice::from_ref(&stored.id), by.now).await?;
                if moves {
                    announce(connection, store, &before, &stored, &Record::new(by.now, Event::UserChanged)).await?;
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
                end_begun(connection, store, std::slice::from_ref(&person.user.id), now).await?;
                if had_password {
                    let about = Record::new(now, Event::UserChanged);
                    tell(connection, store, &person.user, Notice::PasswordChanged, &about).await?;
                }
                Ok(())
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
