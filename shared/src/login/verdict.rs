//! The verdict over a code: one transaction that charges first, then judges, then records. The answer is known to
//! nobody before it is committed.

use sqlx::AnyConnection;

use super::notices::{warn, warning_in};
use super::web::Fault;
use crate::audit::{Event, Record};
use crate::factor::{Factor, Kind};
use crate::id::Id;
use crate::letter::Notice;
use crate::reason::Reason;
use crate::secret::{self, Secret};
use crate::store::audit::record;
use crate::store::budgets::{self, Budget, Charge, charge, clear, give_back, is_noteworthy};
use crate::store::email_codes::{EmailCode, MailedFor, Spent, email_code_in, spend_email_code};
use crate::store::factors::{Resync, Taken, accept_step, resync};
use crate::store::users::person_judged;
use crate::store::{Boxed, Person, Store, StoreError, Written};
use crate::user::User;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Verdict {
    Right,
    Refused(Reason),
}

impl Verdict {
    /// The same as a sign-in goes on from it.
    pub(super) const fn taken(self) -> Result<(), Fault> {
        match self {
            Self::Right => Ok(()),
            Self::Refused(Reason::AttemptOutdated | Reason::Disabled) => Err(Fault::Over),
            Self::Refused(reason) => Err(Fault::Refused(reason)),
        }
    }
}

/// What a code comes from.
#[derive(Debug, Clone)]
pub(super) enum Way {
    /// One of the person's authenticator apps.
    App,
    /// The same, after a code that this one had for this step, far from now: the next code brings its clock into line.
    ///
    /// This widens guessing by next to nothing. Of a million codes 240 are of a step within an hour, and of these only the
    /// one that follows goes on: two charged tries in a row hit with 2.4·10⁻¹⁰, where each alone hits with 2·10⁻⁶. Who
    /// knows an old code gains one more candidate for each later try, 1·10⁻⁶, within the same budget.
    AppAfter(Id<Factor>, i64),
    /// This mail, which was sent for that.
    Mailed(Id<EmailCode>, MailedFor),
}

impl Way {
    const fn kind(&self) -> Kind {
        match self {
            Self::App | Self::AppAfter(..) => Kind::Totp,
            Self::Mailed(..) => Kind::EmailCode,
        }
    }
}

/// A code to be judged.
pub(super) struct Question {
    /// Whose.
    pub(super) user: Id<User>,
    /// The security version that the login began with.
    pub(super) security_version: i64,
    /// What it is a code of.
    pub(super) way: Way,
    /// What a wrong one costs.
    pub(super) budget: Budget,
    /// As typed.
    pub(super) code: Secret,
    /// What is recorded, but for the outcome.
    pub(super) about: Record,
}

/// Judges, in a transaction of its own.
pub(super) async fn judge(store: &Store, question: Question) -> Result<Verdict, StoreError> {
    judge_and(store, question, |_| Box::pin(async { Ok(()) })).await
}

/// The same; what a right one changes is done in the transaction, what a wrong one has told when that stands.
pub(super) async fn judge_and<W>(store: &Store, question: Question, also: W) -> Result<Verdict, StoreError>
where
    W: for<'c> FnOnce(&'c mut AnyConnection) -> Boxed<'c, Written<()>> + Send + 'static,
{
    let (work, user, about) = (store.clone(), question.user.clone(), question.about.clone());
    let (verdict, warning) = store
        .write_about(Some(user.clone().as_str()), move |connection| {
            Box::pin(async move {
                let (verdict, warning) = judge_in(connection, &work, question).await?;
                if verdict == Verdict::Right {
                    also(connection).await?;
                }
                Ok((verdict, warning))
            })
        })
        .await?;
    warn(store, &user, warning, &about).await;
    Ok(verdict)
}

/// Judges; with what is to be told of it. A record for the same attempt, which is there already, makes the whole
/// transaction undone ([`StoreError::Duplicate`]): one attempt has one verdict.
async fn judge_in(
    connection: &mut AnyConnection,
    store: &Store,
    question: Question,
) -> Written<(Verdict, Option<Notice>)> {
    let about = Record { event: Event::Code, factor: Some(question.way.kind()), ..question.about.clone() };
    let mut warning = None;
    let reason = match charge(connection, &question.budget, about.at).await? {
        Charge::Taken => match examine(connection, store, &question, &about).await? {
            Verdict::Refused(reason) => {
                if reason == Reason::Wrong {
                    warning = warning_in(connection, &question.budget).await?;
                }
                reason
            }
            right @ Verdict::Right => return Ok((right, None)),
        },
        charge => {
            let reason = if charge == Charge::Held { Reason::Held } else { Reason::Wait };
            // As much work as a verdict.
            budgets::refuse(connection, &question.budget).await?;
            budgets::fails_in(connection, &question.budget).await?;
            person_judged(connection, store, &question.user, about.attempt.as_deref()).await?;
            if !is_noteworthy(connection, &question.budget, about.at).await? {
                return Ok((Verdict::Refused(reason), None));
            }
            reason
        }
    };
    record(connection, store, Record { refused: Some(reason), ..about }).await?;
    Ok((Verdict::Refused(reason), warning))
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
                person_judged(connection, &work, &Id::from_stored(String::new()), about.attempt.as_deref()).await?;
                budgets::fails_in(connection, &budget).await?;
                budgets::refuse(connection, &budget).await?;
                if reason != Reason::Wait || is_noteworthy(connection, &budget, about.at).await? {
                    record(connection, &work, Record { refused: Some(reason), ..about }).await?;
                }
                Ok(reason)
            })
        })
        .await
}

/// Compares with what the person has now. A right code is recorded here, with what it spends.
async fn examine(
    connection: &mut AnyConnection,
    store: &Store,
    question: &Question,
    about: &Record,
) -> Written<Verdict> {
    // Asked behind the charge, whose row is locked by now: an attempt that has had its verdict is not judged again, not
    // even to be undone.
    let person = person_judged(connection, store, &question.user, about.attempt.as_deref()).await?;
    let found = match person {
        Some(person) if person.user.disabled_at.is_some() => Verdict::Refused(Reason::Disabled),
        Some(person) if person.user.security_version == question.security_version => match &question.way {
            Way::App => app(connection, store, question, &person, about).await?,
            Way::AppAfter(id, first) => match app(connection, store, question, &person, about).await? {
                Verdict::Refused(Reason::Wrong) => {
                    second(connection, store, question, &person, (id, *first), about).await?
                }
                found => found,
            },
            Way::Mailed(id, purpose) => mailed(connection, store, question, (id, *purpose), about).await?,
        },
        Some(_) | None => Verdict::Refused(Reason::AttemptOutdated),
    };
    if !matches!(found, Verdict::Right | Verdict::Refused(Reason::Wrong)) {
        // Nothing was guessed. Editors and Ansible send one code several times, and a person may change meanwhile: that
        // costs nothing, and lets nobody in.
        give_back(connection, &question.budget).await?;
    }
    Ok(found)
}

async fn app(
    connection: &mut AnyConnection,
    store: &Store,
    question: &Question,
    person: &Person,
    about: &Record,
) -> Written<Verdict> {
    let mut found = Reason::Wrong;
    for factor in &person.factors {
        let Some(step) = factor.totp.matching_step(&question.code, about.at) else { continue };
        match accept_step(connection, store, factor, step, &question.budget, about.clone()).await? {
            Taken::Now => return Ok(Verdict::Right),
            Taken::Before => found = Reason::Replay,
            Taken::BelowFloor => found = Reason::ClockBack,
        }
    }
    Ok(Verdict::Refused(found))
}

/// The second of two codes that follow each other, from a device whose clock is wrong. Both are spent, and the drift is
/// learned, by one statement.
async fn second(
    connection: &mut AnyConnection,
    store: &Store,
    question: &Question,
    person: &Person,
    (id, first): (&Id<Factor>, i64),
    about: &Record,
) -> Written<Verdict> {
    let Some(factor) = person.factors.iter().find(|factor| factor.id == *id) else {
        return Ok(Verdict::Refused(Reason::Wrong));
    };
    if !factor.totp.is_next(&question.code, first) || !factor.totp.is_within_far_reach(first + 1, about.at) {
        return Ok(Verdict::Refused(Reason::Wrong));
    }
    let drift = first + 1 - factor.totp.step_at(about.at);
    Ok(match resync(connection, store, &Resync { factor, first, drift }, about.at).await? {
        Taken::Now => {
            clear(connection, &question.budget).await?;
            record(connection, store, about.clone().saying(format!("clock drift {drift} steps"))).await?;
            Verdict::Right
        }
        Taken::Before => Verdict::Refused(Reason::Replay),
        Taken::BelowFloor => Verdict::Refused(Reason::ClockBack),
    })
}

async fn mailed(
    connection: &mut AnyConnection,
    store: &Store,
    question: &Question,
    (id, purpose): (&Id<EmailCode>, MailedFor),
    about: &Record,
) -> Written<Verdict> {
    let mailed = email_code_in(connection, store, id, &question.user).await?;
    let Some(mailed) = mailed.filter(|mailed| mailed.purpose == purpose) else {
        return Ok(Verdict::Refused(Reason::CodeExpired));
    };
    let right = secret::same(mailed.code.expose().as_bytes(), question.code.expose().as_bytes());
    if mailed.is_over(about.at) {
        return Ok(Verdict::Refused(Reason::CodeExpired));
    }
    if !right {
        return Ok(Verdict::Refused(Reason::Wrong));
    }
    if spend_email_code(connection, id, about.at).await? == Spent::Before {
        return Ok(Verdict::Refused(Reason::Replay));
    }
    clear(connection, &question.budget).await?;
    record(connection, store, about.clone()).await?;
    Ok(Verdict::Right)
}
