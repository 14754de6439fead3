//! Another mail address that an administrator gives somebody. It takes effect once its reader has opened a link; then
//! the one before is told, and for three days neither link nor code goes to the new one, unless a second administrator
//! or the person confirms it: whoever moves an address cannot follow it into the account.

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use super::Logins;
use super::actor::still_may_in;
use super::manage::{Actor, ManageError};
use super::notices::{tell, tell_moved};
use super::web::Fault;
use crate::api_token::Giver;
use crate::audit::{Event, Record};
use crate::door::Door;
use crate::letter::{Letter, Mail, Notice};
use crate::secret::Secret;
use crate::store::addresses::insert_former;
use crate::store::audit::record;
use crate::store::links::{Link, Purpose, insert_link, use_link};
use crate::store::mails::queue;
use crate::store::users::update_user;
use crate::store::{Session, Store, StoreError, Written};
use crate::time::Timestamp;
use crate::user::{Email, Role, User, UserName};

/// For so many seconds nothing that opens the account goes to an address that somebody else has given.
pub const HOLD: i64 = 72 * 3600;

/// For so many seconds a new address can be shown to be read.
pub const OFFER_LIFE: i64 = 86_400;

/// A change that waits for the reader of the new address.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Offer {
    /// The new address.
    pub to: Email,
    /// The key of the address that it was to replace; the link is worth nothing for any other.
    from: Option<String>,
    /// Which administrator gives it.
    pub by: String,
    /// Who that is; nobody where it is the command line. It is worth nothing once they could not give it.
    giver: Option<Giver>,
}

impl Logins {
    /// Mails a link to a new address of a member or supervisor; the address changes once it is used.
    ///
    /// # Errors
    /// Why nothing was mailed.
    pub async fn offer_address(&self, name: &UserName, to: Email, actor: &Actor) -> Result<(), ManageError> {
        let user = self.named(name).await?.user;
        self.offer(user, to, actor).await
    }

    /// The same, in place of the address that somebody had at this security version.
    ///
    /// # Errors
    /// Why nothing was mailed; [`StoreError::Conflict`] where they have been changed since.
    pub async fn offer_address_seen(
        &self,
        name: &UserName,
        seen: i64,
        to: Email,
        actor: &Actor,
    ) -> Result<(), ManageError> {
        let user = self.seen(name, seen).await?;
        self.offer(user, to, actor).await
    }

    /// An offer is for the address that was read, and worth nothing for any other: the transaction need not look again.
    async fn offer(&self, user: User, to: Email, actor: &Actor) -> Result<(), ManageError> {
        if user.role == Role::Admin {
            return Err(ManageError::AdminsAddress(user.name.to_string()));
        }
        if !self.mail {
            return Err(ManageError::NoMail);
        }
        if self.store.is_address_taken(&to).await? {
            return Err(ManageError::Taken(to.to_string()));
        }
        let (token, until) = (self.token()?, actor.now.plus(OFFER_LIFE));
        let letter = Letter::NewAddress { token: Secret::new(token.clone()), until };
        let (name, language) = (user.name.to_string(), user.language.clone());
        let mail = Mail { to: to.clone(), name, language, letter };
        let detail = format!("address {to}");
        let from = user.email.as_ref().map(Email::key);
        let offer = Offer { to, from, by: actor.name.clone(), giver: actor.giver() };
        let offer = serde_json::to_string(&offer).map_err(|error| StoreError::Other(error.to_string()))?;
        let id = Some(user.id.clone());
        let link = Link { purpose: Purpose::NewAddress, user: id, credentials: Some(offer), expires_at: until };
        let now = actor.now;
        self.change(Event::LinkMade, &user, detail, actor, move |connection, store| {
            Box::pin(async move {
                insert_link(connection, store, &token, &link, now).await?;
                queue(connection, store, &mail, until, now).await
            })
        })
        .await
    }

    /// The change of somebody's address that waits, with until when.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn offered_address(&self, user: &User, now: Timestamp) -> Result<Option<(Offer, Timestamp)>, StoreError> {
        let link = self.store.pending_link(&user.id, Purpose::NewAddress, now).await?;
        let Some(link) = link else { return Ok(None) };
        Ok(self.offer_in(&link, user, now).await?.map(|offer| (offer, link.expires_at)))
    }

    /// Whose address a link changes, and what into. Looking uses nothing.
    ///
    /// # Errors
    /// [`Fault::Over`] where it was used, has expired, or never was.
    pub async fn open_offer(&self, token: &str, now: Timestamp) -> Result<(User, Offer), Fault> {
        let link = self.store.link(token, now).await?.filter(|link| link.purpose == Purpose::NewAddress);
        let link = link.ok_or(Fault::Over)?;
        let user = self.linked(&link).await?;
        let offer = self.offer_in(&link, &user, now).await?.ok_or(Fault::Over)?;
        Ok((user, offer))
    }

    /// Uses the link that went to a new address: it is in force, and held.
    ///
    /// # Errors
    /// [`Fault::Over`] where it was used, has expired, or never was, or somebody else has the address by now.
    pub async fn take_offer(&self, token: &str, source: &str, now: Timestamp) -> Result<(), Fault> {
        let (before, offer) = self.open_offer(token, now).await?;
        let about = self.of_link(&before, Event::AddressChanged, source, now).by(&offer.by);
        let about = about.saying(format!("to {}", offer.to));
        let mut user = before.clone();
        user.email = Some(offer.to);
        user.email_verified_at = Some(now);
        user.security_version += 1;
        let has_something = before.password.is_some() || !before.authenticators.is_empty() || before.recovery.is_some();
        // Whoever has nothing yet has nothing to lose.
        if before.email.is_some() || has_something {
            hold(&mut user, &offer.by, now);
        }
        let (store, token, giver) = (self.store.clone(), token.to_owned(), offer.giver);
        let taken = self
            .store
            .write(move |connection| {
                Box::pin(async move {
                    still_may_in(connection, &store, giver.as_ref(), &before, now).await?;
                    update_user(connection, &store, &user, before.security_version).await?;
                    if !use_link(connection, &token, now).await? {
                        return Err(StoreError::Conflict);
                    }
                    announce(connection, &store, &before, &user, &about).await?;
                    record(connection, &store, about).await
                })
            })
            .await;
        match taken {
            Err(StoreError::Duplicate | StoreError::Conflict) => Err(Fault::Over),
            other => Ok(other?),
        }
    }

    /// Ends the hold on somebody's new address, for an administrator who has not given it.
    ///
    /// # Errors
    /// Why it goes on.
    pub async fn confirm_address(&self, name: &UserName, actor: &Actor) -> Result<(), ManageError> {
        let user = self.named(name).await?.user;
        if user.email_held(actor.now).is_none() {
            return Err(ManageError::NotHeld(name.to_string()));
        }
        if user.email_held_by.as_ref().is_none_or(|by| by.eq_ignore_ascii_case(&actor.name)) {
            return Err(ManageError::OwnAddress(name.to_string()));
        }
        let about = actor.record(Event::AddressConfirmed).about(&user.name);
        self.change(Event::AddressConfirmed, &user.clone(), String::new(), actor, move |connection, store| {
            Box::pin(async move { release(connection, store, user, &about).await })
        })
        .await
    }

    /// The same, for the person, who has just shown a second factor.
    ///
    /// # Errors
    /// [`Fault::Over`] where nothing is held.
    pub async fn confirm_own_address(&self, session: &Session, source: &str, now: Timestamp) -> Result<(), Fault> {
        let person = self.owner(session, now).await?;
        let about = Record { event: Event::AddressConfirmed, factor: None, ..self.about(&person, source, now) };
        self.confirm_held(person.user, None, about).await
    }

    /// Whose new address the link in the letter to the old one confirms. Looking uses nothing.
    ///
    /// # Errors
    /// [`Fault::Over`] where it was used, has expired, or never was, or nothing is held any more.
    pub async fn open_confirmation(&self, token: &str, now: Timestamp) -> Result<User, Fault> {
        let link = self.store.link(token, now).await?.filter(|link| link.purpose == Purpose::ConfirmAddress);
        let link = link.ok_or(Fault::Over)?;
        let user = self.linked(&link).await?;
        let is_of_this = link.credentials == user.email.as_ref().map(Email::key);
        if is_of_this && user.email_held(now).is_some() { Ok(user) } else { Err(Fault::Over) }
    }

    /// Uses that link.
    ///
    /// # Errors
    /// As for looking.
    pub async fn confirm_by_link(&self, token: &str, source: &str, now: Timestamp) -> Result<(), Fault> {
        let user = self.open_confirmation(token, now).await?;
        let about = self.of_link(&user, Event::AddressConfirmed, source, now).saying("from the old address");
        self.confirm_held(user, Some(token.to_owned()), about).await
    }

    async fn confirm_held(&self, user: User, token: Option<String>, about: Record) -> Result<(), Fault> {
        if user.email_held(about.at).is_none() {
            return Err(Fault::Over);
        }
        let store = self.store.clone();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    release(connection, &store, user, &about).await?;
                    if let Some(token) = token
                        && !use_link(connection, &token, about.at).await?
                    {
                        return Err(StoreError::Conflict);
                    }
                    record(connection, &store, about).await
                })
            })
            .await?;
        Ok(())
    }

    async fn linked(&self, link: &Link) -> Result<User, Fault> {
        let id = link.user.as_ref().ok_or(Fault::Over)?;
        let user = self.store.person(id).await?.ok_or(Fault::Over)?.user;
        if user.disabled_at.is_none() { Ok(user) } else { Err(Fault::Over) }
    }

    /// What a link offers, if that is still what it was made for, and whoever gives it could give it now.
    async fn offer_in(&self, link: &Link, user: &User, now: Timestamp) -> Result<Option<Offer>, StoreError> {
        let offer = link.credentials.as_ref().and_then(|text| serde_json::from_str::<Offer>(text).ok());
        let is_for = |offer: &Offer| offer.from == user.email.as_ref().map(Email::key);
        // Administrators change their own: an offer from before they became one is none.
        let Some(offer) = offer.filter(|offer| user.role != Role::Admin && is_for(offer)) else { return Ok(None) };
        Ok(self.still_may(offer.giver.as_ref(), user, now).await?.then_some(offer))
    }

    fn of_link(&self, user: &User, event: Event, source: &str, now: Timestamp) -> Record {
        let (host, source) = (Some(self.host.to_string()), Some(source.to_owned()));
        Record { door: Some(Door::Web), host, source, ..Record::new(now, event) }.about(&user.name)
    }
}

/// Holds an address that somebody else has put in place of another one.
pub(super) fn hold(user: &mut User, by: &str, now: Timestamp) {
    user.email_held_until = Some(now.plus(HOLD));
    user.email_held_by = Some(by.to_owned());
}

/// Whether somebody's address is another one than before.
pub(super) fn has_moved(before: &User, user: &User) -> bool {
    before.email.as_ref().map(Email::key) != user.email.as_ref().map(Email::key)
}

/// Keeps the address from before, and tells of the change. One that was itself held is nobody's former address: nobody
/// has shown that it was theirs.
pub(super) async fn announce(
    connection: &mut AnyConnection,
    store: &Store,
    before: &User,
    user: &User,
    about: &Record,
) -> Written<()> {
    if let Some(former) = before.email.as_ref().filter(|_| before.email_held(about.at).is_none()) {
        insert_former(connection, store, &user.id, former, about.at).await?;
    }
    tell_moved(connection, store, user, about).await
}

/// Ends a hold, and tells of it.
async fn release(connection: &mut AnyConnection, store: &Store, user: User, about: &Record) -> Written<()> {
    let expected = user.security_version;
    let user = User { email_held_until: None, email_held_by: None, ..user };
    update_user(connection, store, &user, expected).await?;
    tell(connection, store, &user, Notice::AddressConfirmed, about).await
}
