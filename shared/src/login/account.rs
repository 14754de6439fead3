//! What people do to their own account once they are signed in.

use super::Logins;
use super::notices::tell;
use super::web::Fault;
use crate::audit::{Event, Record};
use crate::crypto::random_text;
use crate::door::Door;
use crate::factor::Kind;
use crate::letter::Notice;
use crate::reason::Reason;
use crate::secret::Secret;
use crate::store::audit::record;
use crate::store::budgets::clear;
use crate::store::devices::delete_devices;
use crate::store::sessions::{
    Renewal, Session, delete_session, end_other_sessions, end_session, end_sid, renew_session, take_over,
};
use crate::store::users::update_user;
use crate::store::{Person, StoreError};
use crate::time::Timestamp;

impl Logins {
    /// Changes the own password. Every session of the person ends; answers the token of the one that goes on.
    ///
    /// # Errors
    /// [`Fault::Unconfirmed`]; or why it was not changed.
    pub async fn change_password(
        &self,
        session: &Session,
        old: Secret,
        new: Secret,
        source: &str,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let mut person = self.owner(session, now).await?;
        let expected = session.user.security_version;
        let about = Record { factor: Some(Kind::Password), ..self.about(&person, source, now) };
        let checked = Record { event: Event::Password, ..about.clone() };
        let budget = self.check_own_password(&person, old, &checked).await?;
        if let Err(fault) = self.set_password(&mut person, new, now).await {
            // It was the right one: only what comes in its place was not taken.
            self.give_back_all([budget]).await?;
            return Err(fault);
        }
        let (token, renewal) = self.renewal(session, now)?;
        let store = self.store.clone();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    clear(connection, &budget).await?;
                    update_user(connection, &store, &person.user, expected).await?;
                    renew_session(connection, &store, &renewal, person.user.security_version).await?;
                    tell(connection, &store, &person.user, Notice::PasswordChanged, &about).await?;
                    record(connection, &store, Record { event: Event::PasswordChanged, ..about }).await
                })
            })
            .await?;
        Ok(token)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn sign_out(&self, session: Session, now: Timestamp) -> Result<(), StoreError> {
        let store = self.store.clone();
        let about = ended(&session, now);
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    delete_session(connection, &store, &session.id_hash, now).await?;
                    record(connection, &store, about).await
                })
            })
            .await
    }

    /// Ends what web apps were given in a session of somebody that is over for its browser.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn end_sid(&self, sid: String, now: Timestamp) -> Result<(), StoreError> {
        let store = self.store.clone();
        self.store.write(move |connection| Box::pin(async move { end_sid(connection, &store, sid, now).await })).await
    }

    /// Lets a session that has just begun go on as the one that its browser had before, of the same person.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn go_on_as(&self, old: Session, token: String) -> Result<(), StoreError> {
        let store = self.store.clone();
        let done = self
            .store
            .write(move |connection| Box::pin(async move { take_over(connection, &store, &old, &token).await }));
        match done.await {
            // The one before has ended meanwhile: then this is another one.
            Err(StoreError::Conflict) => Ok(()),
            done => done,
        }
    }

    /// Ends one of the own sessions, by the hash of its cookie.
    ///
    /// # Errors
    /// [`Reason::Unknown`] where there is none.
    pub async fn end_own_session(&self, session: &Session, id_hash: &str, now: Timestamp) -> Result<(), Fault> {
        let (store, about) = (self.store.clone(), ended(session, now));
        let (id_hash, user) = (id_hash.to_owned(), session.user.id.clone());
        let was_there = self
            .store
            .write(move |connection| {
                Box::pin(async move {
                    let was_there = end_session(connection, &store, &id_hash, &user, now).await?;
                    if was_there {
                        record(connection, &store, about).await?;
                    }
                    Ok(was_there)
                })
            })
            .await?;
        if was_there { Ok(()) } else { Err(Fault::Refused(Reason::Unknown)) }
    }

    /// Ends all own sessions but this one.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn end_other_sessions(&self, session: &Session, now: Timestamp) -> Result<(), StoreError> {
        let (store, about) = (self.store.clone(), ended(session, now).saying("all others"));
        let session = session.clone();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    end_other_sessions(connection, &store, &session, now).await?;
                    record(connection, &store, about).await
                })
            })
            .await
    }

    /// Forgets all own devices.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn forget_devices(&self, session: &Session, now: Timestamp) -> Result<(), StoreError> {
        let about = Record { event: Event::DeviceForgotten, ..ended(session, now) }.saying("all");
        let (store, user) = (self.store.clone(), session.user.id.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    delete_devices(connection, &user).await?;
                    record(connection, &store, about).await
                })
            })
            .await
    }

    /// The owner of a session, as they are now. What has changed since the session was looked at has ended it.
    pub(super) async fn own(&self, session: &Session) -> Result<Person, Fault> {
        let person = self.store.person(&session.user.id).await?.ok_or(Fault::Over)?;
        if person.user.security_version != session.user.security_version || person.user.disabled_at.is_some() {
            return Err(Fault::Over);
        }
        Ok(person)
    }

    /// The same, for what changes the account: they must have shown just now that it is they.
    pub(super) async fn owner(&self, session: &Session, now: Timestamp) -> Result<Person, Fault> {
        if session.is_confirmed(now) { self.own(session).await } else { Err(Fault::Unconfirmed) }
    }

    /// A session's new token, and how it goes on under that.
    pub(super) fn renewal(&self, session: &Session, now: Timestamp) -> Result<(String, Renewal), StoreError> {
        let token = random_text::<20>(self.store.entropy())?;
        let id_hash = session.id_hash.clone();
        Ok((token.clone(), Renewal { id_hash, token, proof: None, confirmed_at: None, at: now }))
    }
}

fn ended(session: &Session, now: Timestamp) -> Record {
    Record { door: Some(Door::Web), ..Record::new(now, Event::SessionEnded) }.about(&session.user.name)
}
