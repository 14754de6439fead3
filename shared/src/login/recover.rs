//! Recovery codes and the recovery key: making a set, and using one of it in place of a lost second factor.

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use super::Logins;
use super::notices::{tell, warn, warning_in};
use super::verdict::Verdict;
use super::web::{Current, Fault};
use crate::audit::{Event, Record};
use crate::crypto::Entropy;
use crate::crypto::password::HashError;
use crate::factor::recovery::{Form, Set, is_scratch, looks_like_scratch, new_codes, new_key};
use crate::factor::{Kind, Proof};
use crate::id::Id;
use crate::letter::Notice;
use crate::policy::RecoveryKept;
use crate::reason::Reason;
use crate::secret::{self, Secret};
use crate::step::Step;
use crate::store::audit::record;
use crate::store::browser::update_attempt;
use crate::store::budgets::{Budget, Charge, charge, clear_all, give_back, hold, hold_all, is_noteworthy, refund};
use crate::store::email_codes::Spent;
use crate::store::recovery::{delete_recovery, insert_recovery, recovery_left_in, row_of, spend_recovery};
use crate::store::users::{person_in, person_judged, update_user};
use crate::store::{Boxed, Person, Store, StoreError, Written};
use crate::time::Timestamp;
use crate::user::User;

/// Codes and key that were made and that nobody has confirmed to have kept. They only ever travel sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewSet {
    /// Under which they will be stored.
    pub id: Id<Set>,
    /// Since when.
    pub began: Timestamp,
    /// Ten, or none.
    #[serde(serialize_with = "reveal_all")]
    pub codes: Vec<Secret>,
    /// The key, if there is one.
    #[serde(serialize_with = "secret::reveal_some")]
    pub key: Option<Secret>,
}

/// Writes secrets into a message that has to carry them.
fn reveal_all<S: serde::Serializer>(secrets: &[Secret], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(secrets.iter().map(Secret::expose))
}

impl NewSet {
    /// As policy wants it.
    ///
    /// # Errors
    /// Where the kernel gives no randomness.
    pub fn new(entropy: &dyn Entropy, kept: RecoveryKept, now: Timestamp) -> Result<Self, StoreError> {
        Ok(Self {
            id: Id::random(entropy)?,
            began: now,
            codes: if kept.has_codes() { new_codes(entropy)? } else { Vec::new() },
            key: if kept.has_key() { Some(new_key(entropy)?) } else { None },
        })
    }

    /// Whether one of the texts in it was typed.
    #[must_use]
    pub fn holds(&self, typed: &Secret) -> bool {
        self.codes
            .iter()
            .chain(&self.key)
            .fold(false, |held, one| held | secret::same(one.expose().as_bytes(), typed.expose().as_bytes()))
    }
}

/// A set as it is stored.
#[derive(Debug)]
pub struct HashedSet {
    /// Its id.
    pub id: Id<Set>,
    /// Each with its hash.
    pub hashes: Vec<(Form, Secret)>,
}

impl Logins {
    /// Hashes a set, which takes as long as as many passwords.
    ///
    /// # Errors
    /// Where too many hashes wait.
    pub async fn hash_set(&self, set: &NewSet) -> Result<HashedSet, HashError> {
        let mut hashes = Vec::with_capacity(set.codes.len() + 1);
        for text in set.codes.iter().chain(&set.key) {
            let Some(form) = Form::of(text) else { continue };
            hashes.push((form, self.hasher.hash(text.clone(), self.store.entropy()).await?));
        }
        Ok(HashedSet { id: set.id.clone(), hashes })
    }

    /// Takes a recovery code or the key in place of a second factor.
    ///
    /// # Errors
    /// Why it does not go on.
    pub async fn enter_recovery(
        &self,
        current: Current,
        typed: Secret,
        source: &str,
        now: Timestamp,
    ) -> Result<(), Fault> {
        if !matches!(current.step, Step::SecondFactor { recovery: true, .. }) {
            return Err(Fault::Over);
        }
        let about = self.about(&current.person, source, now);
        let Current { mut attempt, person, .. } = current;
        let form = Form::of(&typed);
        if form.is_none() && !may_be_scratch(&person, &typed) {
            return Err(Fault::Refused(Reason::Malformed));
        }
        let kind = if form == Some(Form::Key) { Kind::RecoveryKey } else { Kind::RecoveryCode };
        attempt.proofs.push(Proof { kind, at: now });
        let version = attempt.security_version;
        let store = self.store.clone();
        let verdict = self
            .judge_recovery(&person, version, &typed, about, move |connection| {
                Box::pin(async move {
                    update_attempt(connection, &store, &attempt).await?;
                    ask_to_keep_another(connection, &store, &attempt.user, form, now).await
                })
            })
            .await?;
        verdict.taken()
    }

    /// Judges a recovery code or key: charged first, hashed outside of any transaction, spent by one statement. What else
    /// a right one changes is done in the transaction that spends it.
    pub(super) async fn judge_recovery<W>(
        &self,
        person: &Person,
        security_version: i64,
        typed: &Secret,
        about: Record,
        also: W,
    ) -> Result<Verdict, Fault>
    where
        W: for<'c> FnOnce(&'c mut AnyConnection) -> Boxed<'c, Written<()>> + Send + 'static,
    {
        let form = Form::of(typed);
        let kind = if form == Some(Form::Key) { Kind::RecoveryKey } else { Kind::RecoveryCode };
        let about = Record { event: Event::Code, factor: Some(kind), ..about };
        let budget = Budget::of_recovery(person.user.id.as_str());
        if let Some(reason) = self.charge_recovery(&budget, &about).await? {
            return Ok(Verdict::Refused(reason));
        }
        let row = person.user.recovery.as_ref().zip(form).map(|(set, form)| row_of(set, form));
        let stored = match &row {
            Some(row) => self.store.recovery_hash(row, &person.user.id).await?,
            None => None,
        };
        let scratch = match &person.user.recovery {
            Some(set) if form.is_none() => self.store.scratch_row(set, &person.user.id, typed).await?,
            _ => None,
        };
        // Nobody's hash costs as much as anybody's.
        let right = match self.hasher.check(typed.clone(), stored).await {
            Ok(checked) => checked.right || scratch.is_some(),
            Err(error) => {
                // Nothing was judged, so nothing was tried.
                self.store.write(move |connection| Box::pin(async move { refund(connection, &budget).await })).await?;
                return Err(error.into());
            }
        };
        let (store, user, version) = (self.store.clone(), person.user.clone(), security_version);
        let row = row.or(scratch).unwrap_or_default();
        let whom = person.user.id.to_string();
        let told = about.clone();
        let (outcome, warning) = self
            .store
            .write_about(Some(&whom), move |connection| {
                Box::pin(async move {
                    if right {
                        // All that a right one ends, before the user: in the order of every verdict.
                        hold_all(connection, std::slice::from_ref(&user.id)).await?;
                    } else {
                        hold(connection, &budget).await?;
                    }
                    let attempt = about.attempt.clone();
                    let now = about.at;
                    let refused = if right {
                        let person = person_judged(connection, &store, &user.id, attempt.as_deref()).await?;
                        let same = |person: &Person| {
                            person.user.security_version == version && person.user.recovery == user.recovery
                        };
                        match person {
                            Some(person) if person.user.disabled_at.is_some() => Some(Reason::Disabled),
                            Some(person) if same(&person) => match spend_recovery(connection, &row, now).await? {
                                Spent::Now => None,
                                Spent::Before => Some(Reason::Replay),
                            },
                            Some(_) | None => Some(Reason::AttemptOutdated),
                        }
                    } else {
                        Some(Reason::Wrong)
                    };
                    let mut warning = None;
                    match refused {
                        // It is the way out of a hold on what is asked for otherwise (NOJAIL).
                        None => clear_all(connection, std::slice::from_ref(&user.id)).await?,
                        Some(Reason::Wrong) => warning = warning_in(connection, &budget).await?,
                        Some(_) => give_back(connection, &budget).await?,
                    }
                    if refused.is_none() {
                        also(connection).await?;
                        let notice =
                            if form == Some(Form::Key) { Notice::RecoveryKeyUsed } else { Notice::RecoveryCodeUsed };
                        tell(connection, &store, &user, notice, &about).await?;
                    }
                    record(connection, &store, Record { refused, ..about }).await?;
                    Ok((refused, warning))
                })
            })
            .await?;
        warn(&self.store, &person.user.id, warning, &told).await;
        Ok(outcome.map_or(Verdict::Right, Verdict::Refused))
    }

    /// How many recovery codes somebody has left.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn recovery_codes_left(&self, user: &User) -> Result<i64, StoreError> {
        match &user.recovery {
            Some(set) => Ok(self.store.recovery_left(set, &user.id).await?.0),
            None => Ok(0),
        }
    }

    /// Takes one try; why nothing is judged, where that is so.
    pub(super) async fn charge_recovery(&self, budget: &Budget, about: &Record) -> Result<Option<Reason>, StoreError> {
        let (store, budget, about) = (self.store.clone(), budget.clone(), about.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let reason = match charge(connection, &budget, about.at).await? {
                        Charge::Taken => return Ok(None),
                        Charge::Wait(_) => Reason::Wait,
                        Charge::Held => Reason::Held,
                    };
                    if is_noteworthy(connection, &budget, about.at).await? {
                        record(connection, &store, Record { refused: Some(reason), ..about }).await?;
                    }
                    Ok(Some(reason))
                })
            })
            .await
    }
}

/// Whether eight digits may be one of somebody's scratch codes: they have brought some along, and no app of theirs shows as
/// many.
pub(super) fn may_be_scratch(person: &Person, typed: &Secret) -> bool {
    person.user.recovery.as_ref().is_some_and(is_scratch)
        && looks_like_scratch(typed)
        && person.factors.iter().all(|factor| factor.totp.digits != 8)
}

/// Where the key or the last code of a set was just spent: another one is due, at this very sign-in with a browser or the
/// next.
pub(super) async fn ask_to_keep_another(
    connection: &mut AnyConnection,
    store: &Store,
    user: &Id<User>,
    form: Option<Form>,
    now: Timestamp,
) -> Written<()> {
    let Some(Person { mut user, .. }) = person_in(connection, store, user).await? else { return Ok(()) };
    let Some(set) = &user.recovery else { return Ok(()) };
    let is_spent = form == Some(Form::Key) || recovery_left_in(connection, set, &user.id).await?.0 == 0;
    if !is_spent || user.recovery_due_at.is_some() {
        return Ok(());
    }
    user.recovery_due_at = Some(now);
    // No login depends on this: whatever else is under way goes on.
    update_user(connection, store, &user, user.security_version).await
}

/// Puts a set in force in place of the one before, if the user is still as it was read; tells and records it. Answers the
/// user as it then is.
///
/// # Errors
/// [`StoreError::Conflict`] where the user has changed since.
pub(super) async fn put_in_force(
    connection: &mut AnyConnection,
    store: &Store,
    user: &User,
    set: HashedSet,
    about: Record,
) -> Written<User> {
    let mut changed = user.clone();
    changed.recovery = Some(set.id.clone());
    changed.recovery_due_at = None;
    changed.security_version += 1;
    update_user(connection, store, &changed, user.security_version).await?;
    delete_recovery(connection, &user.id).await?;
    insert_recovery(connection, store, &user.id, &set.id, &set.hashes, about.at).await?;
    tell(connection, store, &changed, Notice::RecoveryCodesMade, &about).await?;
    record(connection, store, Record { event: Event::RecoveryMade, ..about }).await?;
    Ok(changed)
}
