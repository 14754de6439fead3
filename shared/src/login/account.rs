//! What people do to their own account once they are signed in.

use super::Logins;
use super::web::Fault;
use crate::audit::{Event, Record};
use crate::crypto::random_text;
use crate::door::Door;
use crate::factor::Kind;
use crate::reason::Reason;
use crate::secret::Secret;
use crate::store::StoreError;
use crate::store::audit::record;
use crate::store::budgets::{Budget, clear};
use crate::store::sessions::{Session, delete_session, insert_session};
use crate::store::users::update_user;
use crate::time::Timestamp;

impl Logins {
    /// Changes the own password. Every session of the person ends; answers the token of the one that goes on.
    ///
    /// # Errors
    /// Why it was not changed.
    pub async fn change_password(
        &self,
        session: &Session,
        old: Secret,
        new: Secret,
        source: &str,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let mut person = self.store.person(&session.user.id).await?.ok_or(Fault::Over)?;
        // What has changed since the session was looked at has ended it.
        let expected = session.user.security_version;
        if person.user.security_version != expected || person.user.disabled_at.is_some() {
            return Err(Fault::Over);
        }
        let about = Record { factor: Some(Kind::Password), ..self.about(&person, source, now) };
        let budget = Budget::of_password(person.user.id.as_str(), "account");
        if !self.may_try([budget.clone()], Record { event: Event::Password, ..about.clone() }).await? {
            return Err(Fault::Refused(Reason::Wait));
        }
        if !self.hasher.check(old, person.user.password.clone()).await?.right {
            self.note(Record { event: Event::Password, refused: Some(Reason::Password), ..about }).await?;
            return Err(Fault::Refused(Reason::Password));
        }
        self.set_password(&mut person, new).await?;
        let token = random_text::<20>(self.store.entropy()).map_err(StoreError::from)?;
        let (store, cookie) = (self.store.clone(), token.clone());
        let (proofs, old_session, place) = (session.proofs.clone(), session.id_hash.clone(), source.to_owned());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    clear(connection, &budget).await?;
                    update_user(connection, &store, &person.user, expected).await?;
                    delete_session(connection, &old_session).await?;
                    insert_session(connection, &store, &cookie, &person.user, &proofs, &place, now).await?;
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
        let about = Record { door: Some(Door::Web), ..Record::new(now, Event::SessionEnded) }.about(&session.user.name);
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    delete_session(connection, &session.id_hash).await?;
                    record(connection, &store, about).await
                })
            })
            .await
    }
}
