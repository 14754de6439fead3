//! Sign-ins that come in through a browser: password first, then what is missing. Each is a row that only the browser
//! which began it can go on with.

use std::net::IpAddr;

use sqlx::AnyConnection;

use super::Logins;
pub use super::goal::Goal;
use super::goal::begun;
use super::verdict::{Question, Way};
use crate::audit::{Event, Record};
use crate::crypto::password::{HashError, Weak};
use crate::crypto::random_text;
use crate::door::Door;
use crate::factor::{Kind, Proof};
use crate::id::Id;
use crate::policy::Where;
use crate::reason::Reason;
use crate::secret::Secret;
use crate::step::{Facts, Step, next};
use crate::store::audit::record;
use crate::store::browser::{Attempt, finish_attempt, insert_attempt};
use crate::store::budgets::{Budget, Charge, charge, clear, is_noteworthy, refund};
use crate::store::sessions::insert_session;
use crate::store::users::{note_login, note_method, person_held, update_user};
use crate::store::{Person, Store, StoreError, Written};
use crate::time::Timestamp;
use crate::user::{User, UserName};

/// Why a sign-in did not go on.
#[derive(Debug)]
pub enum Fault {
    /// Say so, and let it be tried again.
    Refused(Reason),
    /// The new password is not acceptable.
    Weak(Weak),
    /// It is over, or another request was faster: start again.
    Over,
    /// The account may be changed only after a second factor was shown again.
    Unconfirmed,
    /// Too many passwords are being checked.
    Busy,
    /// The database or a stored hash failed.
    Store(StoreError),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict | StoreError::Duplicate => Self::Over,
            other => Self::Store(other),
        }
    }
}

impl From<HashError> for Fault {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::Busy,
            HashError::Params => Self::Refused(Reason::HashParams),
            HashError::Entropy(error) => Self::Store(error.into()),
        }
    }
}

/// A sign-in under way, with whose it is and what it waits for.
#[derive(Debug)]
pub struct Current {
    /// The sign-in.
    pub attempt: Attempt,
    /// Whose.
    pub person: Person,
    /// What comes next.
    pub step: Step,
}

impl Current {
    /// Whether a method can be used now.
    #[must_use]
    pub fn asks_for(&self, kind: Kind) -> bool {
        matches!(&self.step, Step::SecondFactor { methods, .. } if methods.contains(&kind))
    }

    /// The method that is asked for unless another one is chosen.
    pub(super) fn asked_first(&self) -> Option<Kind> {
        match &self.step {
            Step::SecondFactor { methods, .. } => methods.first().copied(),
            _ => None,
        }
    }

    /// Whether a method can be set up now.
    #[must_use]
    pub fn lets_set_up(&self, kind: Kind) -> bool {
        matches!(&self.step, Step::Enrol { methods, .. } if methods.contains(&kind))
    }

    /// Whether setting up can be put off now.
    #[must_use]
    pub const fn may_put_off(&self) -> bool {
        matches!(self.step, Step::Enrol { may_put_off: true, .. } | Step::ProveMailbox { may_put_off: true })
    }

    /// Whether a recovery code or key is taken now.
    #[must_use]
    pub const fn takes_recovery(&self) -> bool {
        matches!(self.step, Step::SecondFactor { recovery: true, .. })
    }

    /// Whether a second factor was set up in this very sign-in.
    #[must_use]
    pub fn has_set_up(&self) -> bool {
        let since = self.attempt.created_at;
        let shown = |kind| self.attempt.proofs.iter().any(|proof| proof.kind == kind);
        shown(Kind::Totp) && self.person.factors.iter().any(|factor| factor.created_at >= since)
            || shown(Kind::EmailCode) && self.person.user.email_codes_at.is_some_and(|at| at >= since)
    }
}

impl Logins {
    /// Takes name and password; answers the token for the browser to go on with. Name, address, account state and
    /// password are refused alike.
    ///
    /// # Errors
    /// Why it does not go on.
    pub async fn enter(
        &self,
        typed_name: &str,
        password: Secret,
        source: &str,
        goal: Goal,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let typed_name = typed_name.trim().to_ascii_lowercase();
        // Hashed with a key: what was typed as a name may be a password.
        let name_mark = self.store.keys().mark_token("budget", &[Some(&typed_name)]);
        let by_name = Budget::of_password(&name_mark, source);
        let by_source = Budget::of_source("web", source);
        let about = Record {
            door: Some(Door::Web),
            host: Some(self.host.to_string()),
            source: Some(source.to_owned()),
            factor: Some(Kind::Password),
            ..Record::new(now, Event::Password)
        };
        if !self.may_try([by_source.clone(), by_name.clone()], about.clone()).await? {
            return Err(Fault::Refused(Reason::Wait));
        }
        let person = self.find(&typed_name).await?.filter(|person| person.user.disabled_at.is_none());
        // A name that nobody has may be a password in the wrong field: it is not recorded.
        let about = Record { user: person.as_ref().map(|person| person.user.name.to_string()), ..about };
        let stored = person.as_ref().and_then(|person| person.user.password.clone());
        let checked = match self.hasher.check(password.clone(), stored).await {
            Ok(checked) => checked,
            Err(error) => {
                // Nothing was judged, so nothing was tried.
                self.give_back_all([by_source, by_name]).await?;
                return Err(error.into());
            }
        };
        let (Some(person), true) = (person, checked.right) else {
            let about = Record { refused: Some(Reason::Password), ..about };
            self.note(about).await?;
            return Err(Fault::Refused(Reason::Password));
        };
        let rehashed =
            if checked.outdated { Some(self.hasher.hash(password, self.store.entropy()).await?) } else { None };
        let token = random_text::<20>(self.store.entropy()).map_err(StoreError::from)?;
        let attempt = begun(&token, &person.user, goal, now);
        let store = self.store.clone();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    // In the order in which they were charged.
                    refund(connection, &by_source).await?;
                    clear(connection, &by_name).await?;
                    if let Some(hash) = rehashed {
                        renew_hash(connection, &store, &person.user, hash).await?;
                    }
                    insert_attempt(connection, &store, &attempt).await?;
                    record(connection, &store, about).await
                })
            })
            .await?;
        Ok(token)
    }

    /// The sign-in of a browser, and what it waits for now: recomputed from facts.
    ///
    /// # Errors
    /// [`Fault::Over`] where there is none.
    pub async fn current(&self, token: &str, now: Timestamp) -> Result<Current, Fault> {
        self.current_at(token, None, now).await
    }

    /// The same for a browser at this address, where that is certain: exemptions may look at it. It is that of each request:
    /// whoever has moved meanwhile is asked as there.
    ///
    /// # Errors
    /// [`Fault::Over`] where there is none.
    pub async fn current_at(&self, token: &str, address: Option<IpAddr>, now: Timestamp) -> Result<Current, Fault> {
        let attempt = self.store.attempt(token, now).await?.ok_or(Fault::Over)?;
        let person = self.store.person(&attempt.user).await?.ok_or(Fault::Over)?;
        if person.user.security_version != attempt.security_version || person.user.disabled_at.is_some() {
            return Err(Fault::Over);
        }
        let policy = self.policy(now).await?;
        let at = Where { address, ..attempt.place() };
        let level = policy.decide(&person.user, at, now).level;
        // The one time that this sign-in has put set-up off is not one too many.
        let put_off = attempt.proofs.iter().filter(|proof| proof.kind == Kind::Later).count();
        let before = User { skipped: person.user.skipped - i64::from(put_off > 0), ..person.user.clone() };
        let facts = self.facts(&policy, &before, person.last_method, at, now);
        let step = next(level, &Facts { least: attempt.least, ..facts }, &attempt.proofs, now);
        Ok(Current { attempt, person, step })
    }

    /// Takes a code.
    ///
    /// # Errors
    /// Why it does not go on.
    pub async fn enter_code(&self, current: Current, code: Secret, source: &str, now: Timestamp) -> Result<(), Fault> {
        if !current.asks_for(Kind::Totp) {
            return Err(Fault::Over);
        }
        let first = current.asked_first();
        let Current { mut attempt, person, .. } = current;
        let about = self.about(&person, source, now);
        let question = Question {
            user: person.user.id.clone(),
            security_version: attempt.security_version,
            way: Way::App,
            budget: Budget::of_totp(person.user.id.as_str()),
            code,
            about,
        };
        attempt.proofs.push(Proof { kind: Kind::Totp, at: now });
        self.judge_for(attempt, question).await?;
        self.note_method(&person.user.id, first, Kind::Totp).await;
        Ok(())
    }

    /// Has the method that was just used asked for first from now on, where another one was. It is not worth failing a login
    /// for, and not part of the verdict, which holds the user's row against changes.
    pub(super) async fn note_method(&self, user: &Id<User>, first: Option<Kind>, kind: Kind) {
        if first != Some(kind) {
            let user = user.clone();
            drop(self.store.write(move |c| Box::pin(async move { note_method(c, &user, kind).await })).await);
        }
    }

    /// Has letters to somebody written in the language that they read pages in; `usual` is that of all others. It is not
    /// worth failing a sign-in for.
    pub async fn note_language(&self, user: &User, tag: &'static str, usual: &str) {
        if user.language.as_deref().unwrap_or(usual) == tag {
            return;
        }
        let (store, id) = (self.store.clone(), user.id.clone());
        let noted = self
            .store
            .write(move |connection| {
                Box::pin(async move {
                    let Some(Person { mut user, .. }) = person_held(connection, &store, &id).await? else {
                        return Ok(());
                    };
                    user.language = Some(tag.to_owned());
                    update_user(connection, &store, &user, user.security_version).await
                })
            })
            .await;
        drop(noted);
    }

    /// Turns a sign-in that nothing is missing from into a session; answers the cookie's token and where to go on to.
    ///
    /// # Errors
    /// [`Fault::Over`] where something is missing, or another request was faster.
    pub async fn finish(
        &self,
        current: Current,
        source: &str,
        now: Timestamp,
    ) -> Result<(String, Option<String>), Fault> {
        let Step::Granted(assurance) = current.step else { return Err(Fault::Over) };
        let Current { attempt, person, .. } = current;
        let about = Record { event: Event::SessionStarted, factor: None, ..self.about(&person, source, now) };
        let about = about.saying(assurance.acr());
        let token = random_text::<20>(self.store.entropy()).map_err(StoreError::from)?;
        let (store, cookie, continue_to) = (self.store.clone(), token.clone(), attempt.continue_to.clone());
        let place = source.to_owned();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    note_login(connection, &person.user.id, now).await?;
                    finish_attempt(connection, &attempt).await?;
                    insert_session(connection, &store, &cookie, &person.user, &attempt.proofs, &place, now).await?;
                    record(connection, &store, about).await
                })
            })
            .await?;
        Ok((token, continue_to))
    }

    /// Charges budgets before anything is judged; `false` where one is spent, which is recorded.
    pub(super) async fn may_try<const N: usize>(
        &self,
        budgets: [Budget; N],
        about: Record,
    ) -> Result<bool, StoreError> {
        let store = self.store.clone();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    for budget in &budgets {
                        if charge(connection, budget, about.at).await? != Charge::Taken {
                            if is_noteworthy(connection, budget, about.at).await? {
                                record(connection, &store, Record { refused: Some(Reason::Wait), ..about }).await?;
                            }
                            return Ok(false);
                        }
                    }
                    Ok(true)
                })
            })
            .await
    }

    pub(super) async fn give_back_all<const N: usize>(&self, budgets: [Budget; N]) -> Result<(), StoreError> {
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    for budget in &budgets {
                        refund(connection, budget).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    pub(super) async fn note(&self, about: Record) -> Result<(), StoreError> {
        let store = self.store.clone();
        self.store.write(move |connection| Box::pin(async move { record(connection, &store, about).await })).await
    }

    /// By name, whatever its case, or by verified address.
    async fn find(&self, typed: &str) -> Result<Option<Person>, StoreError> {
        if typed.contains('@') {
            return self.store.person_by_email(typed).await;
        }
        match typed.parse::<UserName>() {
            Ok(name) => self.store.person_by_name(&name).await,
            Err(_) => Ok(None),
        }
    }

    pub(super) fn about(&self, person: &Person, source: &str, now: Timestamp) -> Record {
        Record {
            user: Some(person.user.name.to_string()),
            door: Some(Door::Web),
            host: Some(self.host.to_string()),
            source: Some(source.to_owned()),
            factor: Some(Kind::Totp),
            ..Record::new(now, Event::Code)
        }
    }
}

/// Stores a hash at the present cost, if the password is still the one that was checked.
async fn renew_hash(connection: &mut AnyConnection, store: &Store, checked: &User, hash: Secret) -> Written<()> {
    let Some(Person { mut user, .. }) = person_held(connection, store, &checked.id).await? else { return Ok(()) };
    if user.security_version != checked.security_version {
        return Ok(());
    }
    user.password = Some(hash);
    update_user(connection, store, &user, checked.security_version).await
}
