//! The own authenticators, once signed in: adding one, naming it, removing it. What is being added travels sealed in the
//! form; the ones before work until it is confirmed, and after.

use serde::{Deserialize, Serialize};

use super::Logins;
use super::notices::tell;
use super::setup::{Pending, Progress, default_name};
use super::switch::Turn;
use super::web::Fault;
use crate::audit::{Event, Record};
use crate::door::Door;
use crate::factor::{Factor, Kind, Proof};
use crate::letter::Notice;
use crate::policy::Level;
use crate::reason::Reason;
use crate::secret::Secret;
use crate::store::audit::record;
use crate::store::factors::{delete_factor, rename_factor};
use crate::store::sessions::{Renewal, renew_session};
use crate::store::users::update_user;
use crate::store::{Session, StoreError};
use crate::time::Timestamp;
use crate::user::User;

/// One try is compared with each of somebody's authenticators, so nobody has more.
pub const MOST: usize = 10;

/// A longer name is cut.
pub const MAX_NAME: usize = 40;

/// What a draft is sealed for.
const COLUMN: &str = "pending";

/// An authenticator that is being added, with the name it will have, and what it is added for.
#[derive(Debug, Serialize, Deserialize)]
struct Draft {
    name: Option<String>,
    pending: Pending,
    turn: Option<Turn>,
}

/// A second factor that is stored.
#[derive(Debug)]
pub struct Stored {
    /// The session's new token.
    pub token: String,
    /// Whether the organisation's switch was turned with it.
    pub turned: bool,
}

/// How far adding has come.
#[derive(Debug)]
pub enum Added {
    /// A code is wanted. The sealed draft goes back with it.
    Setup {
        /// The authenticator, for showing it.
        pending: Box<Pending>,
        /// It and its name, sealed.
        draft: String,
    },
    /// It is stored.
    Done(Stored),
}

/// A name as it is kept: on one line, and not too long. `None` where nothing is left of it.
#[must_use]
pub fn name_of(typed: &str) -> Option<String> {
    let plain: String = typed.chars().filter(|c| !c.is_control()).collect();
    let name: String = plain.trim().chars().take(MAX_NAME).collect();
    Some(name).filter(|name| !name.is_empty())
}

impl Logins {
    /// Begins to add an authenticator. Nothing is stored.
    ///
    /// # Errors
    /// [`Fault::Unconfirmed`]; [`Reason::NotAllowed`] where policy has no apps or there are too many.
    pub async fn begin_authenticator(&self, session: &Session, name: &str, now: Timestamp) -> Result<Added, Fault> {
        self.begin_authenticator_and(session, name, None, now).await
    }

    pub(super) async fn begin_authenticator_and(
        &self,
        session: &Session,
        name: &str,
        turn: Option<Turn>,
        now: Timestamp,
    ) -> Result<Added, Fault> {
        let person = self.owner(session, now).await?;
        let allowed = self.policy(now).await?.terms_of(&person.user).methods;
        if person.factors.len() >= MOST || !allowed.contains(&Kind::Totp) {
            return Err(Fault::Refused(Reason::NotAllowed));
        }
        let pending = Pending::new(self.store.entropy(), now).map_err(StoreError::from)?;
        self.set_up(session, Draft { name: name_of(name), pending, turn })
    }

    /// Takes a code of the authenticator in the draft. A confirmed one counts as shown just now: its owner was asked
    /// before it was begun.
    ///
    /// # Errors
    /// Why it does not go on; with [`Reason::Wrong`] the same draft is still good.
    pub async fn continue_authenticator(
        &self,
        session: &Session,
        draft: &str,
        code: &Secret,
        source: &str,
        now: Timestamp,
    ) -> Result<Added, Fault> {
        let Draft { name, pending, turn } = self.open_draft(session, COLUMN, draft)?;
        if pending.is_over(now) {
            return Err(Fault::Refused(Reason::EnrolPendingExpired));
        }
        let mut person = self.own(session).await?;
        let codes = self.policy(now).await?.rules.enrol_codes;
        let confirmed = match pending.take(code, codes, now) {
            Progress::Wrong => return Err(Fault::Refused(Reason::Wrong)),
            Progress::Next(pending) => return self.set_up(session, Draft { name, pending, turn }),
            Progress::Confirmed(confirmed) => confirmed,
        };
        let user = &mut person.user;
        user.recovery_due_at = user.recovery_due_at.or(user.recovery.is_none().then_some(now));
        let named = name.unwrap_or_else(|| default_name(user));
        let about = self.about(&person, source, now);
        let change = self.turning(turn, session, source, now).await?;
        let (token, renewal) = self.renewal(session, now)?;
        let (logins, turned) = (self.clone(), change.is_some());
        let proof = Some(Proof { kind: Kind::Totp, at: now });
        let renewal = Renewal { proof, confirmed_at: Some(now), ..renewal };
        let store = self.store.clone();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    Self::before_turn(connection, change.as_ref()).await?;
                    let user = confirmed.store(connection, &store, &person.user, &named, about.clone()).await?;
                    tell(connection, &store, &user, Notice::AuthenticatorAdded, &about).await?;
                    logins.turn_with(connection, change, &user).await?;
                    renew_session(connection, &store, &renewal, user.security_version).await
                })
            })
            .await?;
        if turned {
            self.store.outdate_policy();
        }
        Ok(Added::Done(Stored { token, turned }))
    }

    /// The authenticator in a draft, for showing it again.
    ///
    /// # Errors
    /// [`Fault::Over`] where the draft is none of this session.
    pub fn authenticator_in(&self, session: &Session, draft: &str) -> Result<Pending, Fault> {
        Ok(self.open_draft::<Draft>(session, COLUMN, draft)?.pending)
    }

    /// One of the own authenticators.
    ///
    /// # Errors
    /// [`Reason::Unknown`] where there is none with this id.
    pub async fn own_authenticator(&self, session: &Session, id: &str) -> Result<Factor, Fault> {
        let factors = self.own(session).await?.factors;
        let found = factors.into_iter().find(|factor| factor.id.as_str() == id);
        found.ok_or(Fault::Refused(Reason::Unknown))
    }

    /// Gives one of the own authenticators another name.
    ///
    /// # Errors
    /// [`Reason::Unknown`] where there is none with this id, [`Reason::Malformed`] where the name is none.
    pub async fn rename_authenticator(
        &self,
        session: &Session,
        id: &str,
        name: &str,
        source: &str,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let person = self.owner(session, now).await?;
        let factor = self.own_authenticator(session, id).await?;
        let name = name_of(name).ok_or(Fault::Refused(Reason::Malformed))?;
        let factor = Factor { name, ..factor };
        let about = Record { event: Event::FactorRenamed, ..self.about(&person, source, now) };
        let store = self.store.clone();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    if !rename_factor(connection, &store, &factor).await? {
                        return Err(StoreError::Conflict);
                    }
                    record(connection, &store, about).await
                })
            })
            .await?;
        Ok(())
    }

    /// Removes one of the own authenticators; answers the session's new token.
    ///
    /// # Errors
    /// [`Reason::Unknown`] where there is none with this id, [`Reason::NotAllowed`] where policy wants a second factor
    /// and this is the last one.
    pub async fn remove_authenticator(
        &self,
        session: &Session,
        id: &str,
        source: &str,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let person = self.owner(session, now).await?;
        let Some(factor) = person.factors.iter().find(|factor| factor.id.as_str() == id) else {
            return Err(Fault::Refused(Reason::Unknown));
        };
        if !self.may_lose(&person.user, Kind::Totp, now).await? {
            return Err(Fault::Refused(Reason::NotAllowed));
        }
        let (id, expected) = (factor.id.clone(), person.user.security_version);
        let about = Record { event: Event::FactorRemoved, ..self.about(&person, source, now) };
        let mut user = person.user;
        user.authenticators.retain(|other| *other != id);
        user.security_version += 1;
        let (token, renewal) = self.renewal(session, now)?;
        let store = self.store.clone();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    update_user(connection, &store, &user, expected).await?;
                    delete_factor(connection, &id).await?;
                    tell(connection, &store, &user, Notice::AuthenticatorRemoved, &about).await?;
                    renew_session(connection, &store, &renewal, user.security_version).await?;
                    record(connection, &store, about).await
                })
            })
            .await?;
        Ok(token)
    }

    /// Whether somebody may do without one authenticator, or without codes by mail: something is left, or policy asks
    /// for nothing at any door.
    ///
    /// # Errors
    /// Where policy cannot be read.
    pub async fn may_lose(&self, user: &User, kind: Kind, now: Timestamp) -> Result<bool, StoreError> {
        let policy = self.policy(now).await?;
        let mut left = user.clone();
        match kind {
            Kind::EmailCode => left.email_codes_at = None,
            _ => drop(left.authenticators.pop()),
        }
        let is_left = !self.facts(&policy, &left, None, Door::Web, now).methods.is_empty();
        let is_asked = policy.most(user, now).level == Level::Required;
        Ok(is_left || !is_asked)
    }

    fn set_up(&self, session: &Session, draft: Draft) -> Result<Added, Fault> {
        let sealed = self.seal_draft(session, COLUMN, &draft)?;
        Ok(Added::Setup { pending: Box::new(draft.pending), draft: sealed })
    }
}
