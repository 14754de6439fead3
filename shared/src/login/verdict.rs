//! The verdict over a code: one transaction that charges first, then judges, then records. The answer is known to
//! nobody before it is committed.

use sqlx::AnyConnection;

use crate::audit::{Event, Record};
use crate::factor::Kind;
use crate::id::Id;
use crate::reason::Reason;
use crate::secret::Secret;
use crate::store::audit::record;
use crate::store::budgets::{Budget, Charge, charge, clear, give_back, is_noteworthy};
use crate::store::factors::{Taken, accept_step};
use crate::store::users::{person_in, person_judged};
use crate::store::{Store, StoreError, Written};
use crate::time::Timestamp;
use crate::user::User;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Verdict {
    Right,
    Refused(Reason),
}

/// A code to be judged.
pub(super) struct Question {
    /// Whose.
    pub(super) user: Id<User>,
    /// The security version that the login began with.
    pub(super) security_version: i64,
    /// What a wrong one costs.
    pub(super) budget: Budget,
    /// As typed.
    pub(super) code: Secret,
    /// What is recorded, but for the outcome.
    pub(super) about: Record,
}

/// Judges, in a transaction of its own.
pub(super) async fn judge(store: &Store, question: Question) -> Result<Verdict, StoreError> {
    let (work, whom) = (store.clone(), question.user.to_string());
    store
        .write_about(Some(&whom), move |connection| {
            Box::pin(async move { judge_in(connection, &work, question).await })
        })
        .await
}

/// Judges. A record for the same attempt, which is there already, makes the whole transaction undone
/// ([`StoreError::Duplicate`]): one attempt has one verdict.
pub(super) async fn judge_in(connection: &mut AnyConnection, store: &Store, question: Question) -> Written<Verdict> {
    let now = question.about.at;
    let verdict = match charge(connection, &question.budget, now).await? {
        Charge::Taken => examine(connection, store, &question, now).await?,
        Charge::Wait(_) => Verdict::Refused(Reason::Wait),
        Charge::Held => Verdict::Refused(Reason::Held),
    };
    let judged = !matches!(verdict, Verdict::Refused(Reason::Wait | Reason::Held));
    if !judged && !is_noteworthy(connection, &question.budget, now).await? {
        return Ok(verdict);
    }
    let refused = match verdict {
        Verdict::Right => None,
        Verdict::Refused(reason) => Some(reason),
    };
    let about = Record { event: Event::Code, factor: Some(Kind::Totp), refused, ..question.about };
    record(connection, store, about).await?;
    Ok(verdict)
}

/// Refuses somebody who cannot be right, at the cost of the source; as much work as a real verdict.
pub(super) async fn refuse(store: &Store, budget: Budget, reason: Reason, about: Record) -> Result<Reason, StoreError> {
    let (work, whom) = (store.clone(), budget.id.clone());
    store
        .write_about(Some(&whom), move |connection| {
            Box::pin(async move {
                let reason = match charge(connection, &budget, about.at).await? {
                    Charge::Taken => reason,
                    Charge::Wait(_) | Charge::Held => Reason::Wait,
                };
                person_in(connection, &work, &Id::from_stored(String::new())).await?;
                if reason != Reason::Wait || is_noteworthy(connection, &budget, about.at).await? {
                    record(connection, &work, Record { refused: Some(reason), ..about }).await?;
                }
                Ok(reason)
            })
        })
        .await
}

/// Compares with every authenticator of the person, as they are now.
async fn examine(
    connection: &mut AnyConnection,
    store: &Store,
    question: &Question,
    now: Timestamp,
) -> Written<Verdict> {
    // Asked behind the charge, whose row is locked by now: an attempt that has had its verdict is not judged again, not
    // even to be undone.
    let attempt = question.about.attempt.as_deref();
    let Some(person) = person_judged(connection, store, &question.user, attempt).await? else {
        return Ok(Verdict::Refused(Reason::AttemptOutdated));
    };
    if person.user.disabled_at.is_some() {
        return Ok(Verdict::Refused(Reason::Disabled));
    }
    if person.user.security_version != question.security_version {
        return Ok(Verdict::Refused(Reason::AttemptOutdated));
    }
    let mut spent = None;
    for factor in &person.factors {
        if let Some(step) = factor.totp.matching_step(&question.code, now) {
            match accept_step(connection, factor, step, now).await? {
                Taken::Now => {
                    clear(connection, &question.budget).await?;
                    return Ok(Verdict::Right);
                }
                Taken::Before => spent = Some(Reason::Replay),
                Taken::BelowFloor => spent = Some(Reason::ClockBack),
            }
        }
    }
    let Some(reason) = spent else { return Ok(Verdict::Refused(Reason::Wrong)) };
    // Editors and Ansible send one code several times: that costs nothing, and lets nobody in.
    give_back(connection, &question.budget).await?;
    Ok(Verdict::Refused(reason))
}
