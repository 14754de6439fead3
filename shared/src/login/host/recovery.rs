//! Recovery codes and keys at a prompt, and the word *recovery*.
//!
//! A key that lets in is spent at once. Its successor is shown in the next prompt and stored once it is typed back; who
//! breaks off there has used up the key, is told so in the prompt, and is offered another one on the web, as is who has
//! used the last code.

use super::{Asked, Attempt, Logins, Shown, Vouched, granted, refused, texts};
use crate::audit::{Event, Record};
use crate::factor::Kind;
use crate::factor::recovery::Form;
use crate::letter::Notice;
use crate::login::notices::tell;
use crate::login::recover::{NewSet, ask_to_keep_another};
use crate::login::requests::Filed;
use crate::login::verdict::Verdict;
use crate::login::web::Fault;
use crate::policy::RecoveryKept;
use crate::reason::Reason;
use crate::secret::Secret;
use crate::store::audit::record;
use crate::store::budgets::Budget;
use crate::store::recovery::renew_key;
use crate::store::users::{person_held, update_user};
use crate::store::{Person, StoreError};
use crate::time::Timestamp;
use crate::wire::Outcome;

impl Logins {
    /// Takes a recovery code or key, wherever one means something.
    pub(super) async fn recovery_typed(
        &self,
        name: &str,
        attempt: Attempt,
        text: Secret,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        match &attempt.asked {
            Asked::Keep(..) => self.kept(name, attempt, &text, now).await,
            Asked::NewKey(_) => self.new_key_kept(name, attempt, &text, now).await,
            Asked::App(_) | Asked::Mail if attempt.vouched != Vouched::Own => {
                self.recovery_code(name, attempt, text, now).await
            }
            _ => self.no_code(name, attempt, now),
        }
    }

    async fn recovery_code(
        &self,
        name: &str,
        attempt: Attempt,
        text: Secret,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let Some(user) = attempt.subject.clone() else {
            let reason = attempt.decoy.unwrap_or(Reason::Unknown);
            return self.refuse_recovery(name, attempt, text, reason, now).await;
        };
        let Some(person) = self.store.person(&user).await? else { return Ok(refused(Reason::AttemptOutdated)) };
        // What is not taken there is refused as if it were wrong, whatever it is.
        if person.user.recovery.is_some() && !attempt.recovery {
            return self.refuse_recovery(name, attempt, text, Reason::Wrong, now).await;
        }
        let about = self.verdict_of(&attempt, name, now);
        let (store, form) = (self.store.clone(), Form::of(&text));
        let judged = self
            .judge_recovery(&person, attempt.security_version, &text, about, move |connection| {
                Box::pin(async move { ask_to_keep_another(connection, &store, &user, form, now).await })
            })
            .await;
        match judged {
            Ok(Verdict::Right) if form == Some(Form::Key) => self.show_new_key(name, attempt, now).await,
            Ok(Verdict::Right) => {
                self.note_login(&person.user.id, now).await;
                Ok(Outcome::Granted)
            }
            Ok(Verdict::Refused(reason @ (Reason::AttemptOutdated | Reason::Disabled))) => Ok(refused(reason)),
            Ok(Verdict::Refused(reason)) => {
                let text = if reason == Reason::Replay { texts::KEY_USED } else { texts::WRONG };
                let shown = Shown::saying(texts::with_ways(text, &attempt)).because(reason);
                self.ask(name, attempt, shown, now)
            }
            Err(fault) => of_fault(fault),
        }
    }

    /// Refuses who cannot get in, with as much work as for who can: one hash between two transactions.
    async fn refuse_recovery(
        &self,
        name: &str,
        attempt: Attempt,
        text: Secret,
        mut reason: Reason,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let kind = if Form::of(&text) == Some(Form::Key) { Kind::RecoveryKey } else { Kind::RecoveryCode };
        let about = Record { factor: Some(kind), ..self.verdict_of(&attempt, name, now) };
        let budget = Budget::of_source(attempt.door.as_str(), &attempt.source);
        if let Some(waiting) = self.charge_recovery(&budget, &about).await? {
            reason = waiting;
        } else {
            if let Err(error) = self.hasher.check(text, None).await {
                return of_fault(error.into());
            }
            match self.note(Record { refused: Some(reason), ..about }).await {
                Ok(()) => {}
                Err(StoreError::Duplicate) => return Ok(refused(Reason::AttemptInvalid)),
                Err(error) => return Err(error),
            }
        }
        self.ask(name, attempt, Shown::saying(texts::WRONG).because(reason), now)
    }

    /// The old key has let this person in and is spent; where policy still wants keys, the next one is shown.
    async fn show_new_key(&self, name: &str, attempt: Attempt, now: Timestamp) -> Result<Outcome, StoreError> {
        if !self.policy(now).await?.rules.recovery.has_key() {
            return Ok(Outcome::Granted);
        }
        let set = NewSet::new(self.store.entropy(), RecoveryKept::Key, now)?;
        let shown = Shown::saying(texts::new_key(&set));
        self.ask(name, Attempt { asked: Asked::NewKey(set), ..attempt }, shown, now)
    }

    async fn new_key_kept(
        &self,
        name: &str,
        attempt: Attempt,
        text: &Secret,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let (Asked::NewKey(set), Some(id)) = (&attempt.asked, attempt.subject.clone()) else {
            return Ok(refused(Reason::AttemptInvalid));
        };
        if !set.holds(text) {
            return self.no_code(name, attempt, now);
        }
        let hashed = match self.hash_set(set).await {
            Ok(hashed) => hashed,
            Err(error) => return of_fault(error.into()),
        };
        let about = Record { factor: Some(Kind::RecoveryKey), ..self.verdict_of(&attempt, name, now) };
        let (store, version) = (self.store.clone(), attempt.security_version);
        let written = self
            .store
            .write_about(Some(id.clone().as_str()), move |connection| {
                Box::pin(async move {
                    let found = person_held(connection, &store, &id).await?;
                    let Some(Person { mut user, .. }) = found.filter(|person| person.is_as_it_was(version)) else {
                        return Err(StoreError::Conflict);
                    };
                    let Some((set, (_, hash))) = user.recovery.clone().zip(hashed.hashes.into_iter().next()) else {
                        return Err(StoreError::Conflict);
                    };
                    user.security_version += 1;
                    user.recovery_due_at = None;
                    update_user(connection, &store, &user, version).await?;
                    renew_key(connection, &store, &user.id, &set, &hash, now).await?;
                    tell(connection, &store, &user, Notice::RecoveryCodesMade, &about).await?;
                    record(connection, &store, Record { event: Event::RecoveryMade, ..about }).await
                })
            })
            .await;
        granted(written)
    }

    /// Lets in without a new key whom the old one has let in.
    pub(super) async fn go_on_without_key(
        &self,
        name: &str,
        attempt: Attempt,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let Some(id) = attempt.subject.clone() else { return Ok(refused(Reason::AttemptInvalid)) };
        let about = Record {
            event: Event::SetupPutOff,
            factor: Some(Kind::RecoveryKey),
            ..self.verdict_of(&attempt, name, now).saying("the new recovery key was not kept")
        };
        let (store, version) = (self.store.clone(), attempt.security_version);
        let written = self
            .store
            .write_about(Some(id.clone().as_str()), move |connection| {
                Box::pin(async move {
                    let found = person_held(connection, &store, &id).await?;
                    if !found.is_some_and(|person| person.is_as_it_was(version)) {
                        return Err(StoreError::Conflict);
                    }
                    record(connection, &store, about).await
                })
            })
            .await;
        granted(written)
    }

    /// The word *recovery*: somebody has nothing left to log in with.
    pub(super) async fn ask_for_help(
        &self,
        name: &str,
        attempt: Attempt,
        person: Option<Person>,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        if let (Some(person), true) = (person, attempt.is_vouched()) {
            let filed = self.file_request(&person, attempt.door, &attempt.source, now).await?;
            let text = match filed {
                Filed::AskAdministrator | Filed::Already => texts::ASK_ADMIN,
            };
            return self.say(name, attempt, text, now);
        }
        let budget = Budget::of_source(attempt.door.as_str(), &attempt.source);
        let about = Record { event: Event::RecoveryAsked, factor: None, ..self.record_of(&attempt, name, now) };
        let _ = self.charge_recovery(&budget, &about).await?; // answered the same, spent or not
        self.say(name, attempt, texts::ASK_ADMIN, now)
    }
}

/// A fault of what is shared with the web, as a host is told it.
pub(super) fn of_fault(fault: Fault) -> Result<Outcome, StoreError> {
    match fault {
        Fault::Store(error) => Err(error),
        Fault::Refused(reason) => Ok(refused(reason)),
        Fault::Busy => Ok(refused(Reason::Busy)),
        Fault::Over => Ok(refused(Reason::AttemptInvalid)),
        Fault::Weak(_) | Fault::Unconfirmed => Ok(refused(Reason::Internal)),
    }
}
