//! Setting up an authenticator in the middle of a sign-in through a browser.

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use super::Logins;
use super::notices::tell;
use super::recover::{NewSet, put_in_force};
use super::setup::{self, Pending, Progress};
use super::web::{Current, Fault};
use crate::audit::{Event, Record};
use crate::crypto::seal::Place;
use crate::factor::{Kind, Proof};
use crate::id::Id;
use crate::letter::Notice;
use crate::policy::Terms;
use crate::reason::Reason;
use crate::secret::Secret;
use crate::step::Step;
use crate::store::audit::record;
use crate::store::browser::{Attempt, finish_attempt, update_attempt};
use crate::store::users::{person_held, update_user};
use crate::store::{Store, StoreError, Written};
use crate::time::Timestamp;
use crate::user::User;

/// What is pending in a sign-in. It only ever rests sealed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Underway {
    /// An authenticator that is being set up.
    App(Pending),
    /// Recovery codes or key that are being kept.
    Kept(NewSet),
}

impl Logins {
    /// The authenticator that is being set up in this sign-in, if that has begun.
    ///
    /// # Errors
    /// Why it does not go on.
    pub fn pending(&self, current: &Current, now: Timestamp) -> Result<Option<Pending>, Fault> {
        if !current.lets_set_up(Kind::Totp) {
            return Err(Fault::Over);
        }
        let Some(sealed) = &current.attempt.pending else { return Ok(None) };
        Ok(match self.unseal_pending(&current.attempt, sealed)? {
            Underway::App(pending) if !pending.is_over(now) => Some(pending),
            Underway::App(_) | Underway::Kept(_) => None,
        })
    }

    /// Begins to set up an authenticator, unless that has begun.
    ///
    /// # Errors
    /// Why it does not go on.
    pub async fn begin_pending(&self, current: &mut Current, now: Timestamp) -> Result<Pending, Fault> {
        if let Some(pending) = self.pending(current, now)? {
            return Ok(pending);
        }
        let pending = Pending::new(self.store.entropy(), now).map_err(StoreError::from)?;
        self.keep_pending(current, &Underway::App(pending.clone())).await?;
        Ok(pending)
    }

    /// Takes a code of the authenticator that is being set up. `true` once it is confirmed: the codes then count as
    /// this sign-in's second factor.
    ///
    /// # Errors
    /// Why it does not go on.
    pub async fn enter_setup_code(
        &self,
        mut current: Current,
        code: &Secret,
        source: &str,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let pending = self.pending(&current, now)?.ok_or(Fault::Over)?;
        let codes = self.policy(now).await?.rules.enrol_codes;
        match pending.take(code, codes, now) {
            Progress::Wrong => Err(Fault::Refused(Reason::Wrong)),
            Progress::Next(pending) => {
                self.keep_pending(&mut current, &Underway::App(pending)).await?;
                Ok(false)
            }
            Progress::Confirmed(confirmed) => {
                let about = self.about(&current.person, source, now);
                let Current { mut attempt, mut person, .. } = current;
                person.user.recovery_due_at = person.user.recovery.is_none().then_some(now);
                let store = self.store.clone();
                let named = setup::default_name(&person.user);
                self.store
                    .write(move |connection| {
                        Box::pin(async move {
                            let user = confirmed.store(connection, &store, &person.user, &named, about.clone()).await?;
                            tell(connection, &store, &user, Notice::AuthenticatorAdded, &about).await?;
                            attempt.proofs.push(Proof { kind: Kind::Totp, at: now });
                            attempt.pending = None;
                            attempt.security_version = user.security_version;
                            update_attempt(connection, &store, &attempt).await
                        })
                    })
                    .await?;
                Ok(true)
            }
        }
    }

    /// The recovery codes or key that are shown in this sign-in; new ones where there are none yet, or where those are
    /// too old.
    ///
    /// # Errors
    /// Why it does not go on.
    pub async fn new_set(&self, current: &mut Current, now: Timestamp) -> Result<NewSet, Fault> {
        if current.step != Step::KeepRecovery {
            return Err(Fault::Over);
        }
        if let Some(sealed) = &current.attempt.pending
            && let Underway::Kept(set) = self.unseal_pending(&current.attempt, sealed)?
            && now.since(set.began) < setup::LIFE
        {
            return Ok(set);
        }
        let kept = self.policy(now).await?.rules.recovery;
        let set = NewSet::new(self.store.entropy(), kept, now)?;
        self.keep_pending(current, &Underway::Kept(set.clone())).await?;
        Ok(set)
    }

    /// Puts the shown codes or key in force: the person says that they are kept.
    ///
    /// # Errors
    /// [`Fault::Over`] where none were shown, or too long ago.
    pub async fn keep_set(&self, current: Current, source: &str, now: Timestamp) -> Result<(), Fault> {
        if current.step != Step::KeepRecovery {
            return Err(Fault::Over);
        }
        let Some(sealed) = &current.attempt.pending else { return Err(Fault::Over) };
        let Underway::Kept(set) = self.unseal_pending(&current.attempt, sealed)? else { return Err(Fault::Over) };
        if now.since(set.began) >= setup::LIFE {
            return Err(Fault::Over);
        }
        let about = Record { factor: None, ..self.about(&current.person, source, now) };
        let hashed = self.hash_set(&set).await?;
        let Current { mut attempt, person, .. } = current;
        let store = self.store.clone();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let user = put_in_force(connection, &store, &person.user, hashed, about).await?;
                    attempt.pending = None;
                    attempt.security_version = user.security_version;
                    update_attempt(connection, &store, &attempt).await
                })
            })
            .await?;
        Ok(())
    }

    /// Puts set-up off, as policy allows.
    ///
    /// # Errors
    /// [`Fault::Over`] where it does not.
    pub async fn put_off(&self, current: Current, source: &str, now: Timestamp) -> Result<(), Fault> {
        if !current.may_put_off() {
            return Err(Fault::Over);
        }
        let about = Record { event: Event::SetupPutOff, factor: None, ..self.about(&current.person, source, now) };
        let Current { mut attempt, person, .. } = current;
        let terms = self.policy(now).await?.terms(&person.user, attempt.place());
        attempt.proofs.push(Proof { kind: Kind::Later, at: now });
        let store = self.store.clone();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let whose = (&person.user.id, attempt.security_version);
                    put_off_in(connection, &store, &terms, whose, about).await?;
                    update_attempt(connection, &store, &attempt).await
                })
            })
            .await?;
        Ok(())
    }

    /// Ends a sign-in in which a second factor was set up without letting in: the person signs in with it next. Answers
    /// where that one is to lead.
    ///
    /// # Errors
    /// [`Fault::Over`] where something is missing, or another request was faster.
    pub async fn end_after_setup(&self, current: Current) -> Result<Option<String>, Fault> {
        if !matches!(current.step, Step::Granted(_)) || !current.has_set_up() {
            return Err(Fault::Over);
        }
        let Current { attempt, .. } = current;
        let continue_to = attempt.continue_to.clone();
        self.store.write(move |c| Box::pin(async move { finish_attempt(c, &attempt).await })).await?;
        Ok(continue_to)
    }

    async fn keep_pending(&self, current: &mut Current, pending: &Underway) -> Result<(), Fault> {
        let plain = serde_json::to_vec(pending).map(zeroize::Zeroizing::new);
        let plain = plain.map_err(|error| StoreError::Other(error.to_string()))?;
        let sealed = self.store.keys().seal(self.store.entropy(), pending_place(&current.attempt), &plain);
        current.attempt.pending = Some(sealed.map_err(|error| StoreError::Other(error.to_string()))?);
        let (store, attempt) = (self.store.clone(), current.attempt.clone());
        self.store
            .write(move |connection| Box::pin(async move { update_attempt(connection, &store, &attempt).await }))
            .await?;
        current.attempt.version += 1;
        Ok(())
    }

    fn unseal_pending(&self, attempt: &Attempt, sealed: &str) -> Result<Underway, StoreError> {
        let row = || attempt.id_hash.clone();
        let plain = self.store.keys().open(pending_place(attempt), sealed).map_err(|error| StoreError::Row {
            table: "attempts",
            row: row(),
            error,
        })?;
        serde_json::from_slice(&plain).map_err(|_| StoreError::Value { table: "attempts", row: row() })
    }
}

/// Puts set-up off once more, counted exactly: who says *later* at two doors at once has said it twice.
///
/// # Errors
/// [`StoreError::Conflict`] where the person has changed since, or was faster at another door and has none left.
pub(super) async fn put_off_in(
    connection: &mut AnyConnection,
    store: &Store,
    terms: &Terms,
    (id, security_version): (&Id<User>, i64),
    about: Record,
) -> Written<()> {
    let person = person_held(connection, store, id).await?;
    let same = person.filter(|person| {
        person.user.security_version == security_version
            && person.user.disabled_at.is_none()
            && terms.may_put_off(&person.user, about.at)
    });
    let Some(mut person) = same else { return Err(StoreError::Conflict) };
    person.user.skipped += 1;
    update_user(connection, store, &person.user, security_version).await?;
    record(connection, store, about).await
}

fn pending_place(attempt: &Attempt) -> Place<'_> {
    Place { table: "attempts", column: "pending", row: attempt.id_hash.as_str(), owner: attempt.user.as_str() }
}
