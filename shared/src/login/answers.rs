//! What administrators answer to recovery requests. Nobody answers to their own, nobody's password is touched, and what is
//! set up anew only the person sees.

use super::Logins;
use super::actor::still_may_in;
use super::manage::{Actor, ManageError};
use super::notices::{post, tell};
use super::reset::{remove_factors, without_factors};
use crate::audit::{Event, Record};
use crate::letter::{Letter, Notice};
use crate::store::StoreError;
use crate::store::requests::{Agreed, Answer, Request, agree_to_request, answer_request};
use crate::time::Timestamp;
use crate::user::{User, UserName};

/// The longest note to a person, in characters.
pub const MAX_NOTE: usize = 500;

/// What an approval takes, besides an administrator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Approval {
    /// Whether a second one has to approve.
    pub by_two: bool,
    /// How many hours after it was filed; who did not ask can say so before.
    pub after_hours: u16,
}

/// What an approval has brought about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Approved {
    /// Set-up is open.
    Done,
    /// A second administrator has to approve, too.
    First,
}

impl Logins {
    /// Approves somebody's request, with a note for them: all that they had and had begun ends, and set-up is open, in one
    /// transaction. Where two have to, the first changes nothing yet.
    ///
    /// # Errors
    /// Why it was not approved.
    pub async fn approve_request(&self, name: &UserName, note: &str, actor: &Actor) -> Result<Approved, ManageError> {
        let now = actor.now;
        let person = self.named(name).await?;
        let request = self.waiting(&person.user, actor).await?;
        let early = self.approvable_at(&request).since(now);
        if early > 0 {
            return Err(ManageError::TooEarly((early + 3599) / 3600));
        }
        let first = self.first_approval(&request, &person.user, now).await?.cloned();
        if self.approval.by_two && first.is_none() {
            return self.agree(&person.user, request, actor).await;
        }
        if first.as_ref().is_some_and(|first| is_by(first, actor)) {
            return Err(ManageError::Agreed(name.to_string()));
        }
        let needed = first.filter(|_| self.approval.by_two);
        let setup_until = self.policy(now).await?.rules.setup_until(now);
        let user = without_factors(person.user.clone(), setup_until);
        let note = tidy(note);
        let answer = Answer { approved: true, at: now, by: actor.name.clone(), note: note.clone() };
        let stored = user.clone();
        let detail = format!("{} removed", person.factors.len());
        self.change(Event::RecoveryApproved, &user, detail, actor, move |connection, store| {
            Box::pin(async move {
                if let Some(first) = needed {
                    still_may_in(connection, store, first.giver.as_ref(), &person.user, now).await?;
                }
                remove_factors(connection, store, &[(person, stored.clone())], now).await?;
                answer_request(connection, store, &request, &answer).await?;
                post(connection, store, &stored, Letter::Decision { approved: true, note }, now).await?;
                let about = Record::new(now, Event::RecoveryApproved);
                tell(connection, store, &stored, Notice::RecoveryApproved, &about).await
            })
        })
        .await?;
        Ok(Approved::Done)
    }

    /// From when on a request can be approved.
    #[must_use]
    pub fn approvable_at(&self, request: &Request) -> Timestamp {
        request.created_at.plus(i64::from(self.approval.after_hours) * 3600)
    }

    /// The first approval of a request, where there is one and it counts: whoever has given it and may approve nothing any
    /// more counts as nobody, and so does a program whose token is gone, or is not for whom the person has become.
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub async fn first_approval<'a>(
        &self,
        request: &'a Request,
        user: &User,
        now: Timestamp,
    ) -> Result<Option<&'a Agreed>, StoreError> {
        let Some(agreed) = &request.agreed else { return Ok(None) };
        Ok(self.still_may(agreed.giver.as_ref(), user, now).await?.then_some(agreed))
    }

    /// Approves first, in place of whoever did and does not count.
    async fn agree(&self, user: &User, request: Request, actor: &Actor) -> Result<Approved, ManageError> {
        let agreed = Agreed { by: actor.name.clone(), giver: actor.giver(), at: actor.now };
        let detail = request.agreed.as_ref().map(|former| format!("in place of {}", former.by)).unwrap_or_default();
        self.change(Event::RecoveryAgreed, user, detail, actor, move |connection, store| {
            Box::pin(async move { agree_to_request(connection, store, &request, &agreed).await })
        })
        .await?;
        Ok(Approved::First)
    }

    /// Dismisses somebody's request, with a note for them. Nothing of what they have changes.
    ///
    /// # Errors
    /// Why it was not dismissed.
    pub async fn dismiss_request(&self, name: &UserName, note: &str, actor: &Actor) -> Result<(), ManageError> {
        let user = self.named(name).await?.user;
        let request = self.waiting(&user, actor).await?;
        let note = tidy(note);
        let answer = Answer { approved: false, at: actor.now, by: actor.name.clone(), note: note.clone() };
        let (told, now) = (user.clone(), actor.now);
        self.change(Event::RecoveryDismissed, &user, String::new(), actor, move |connection, store| {
            Box::pin(async move {
                answer_request(connection, store, &request, &answer).await?;
                post(connection, store, &told, Letter::Decision { approved: false, note }, now).await
            })
        })
        .await
    }
}

/// Whether an approval is this administrator's: by id, or by the name that it was given under.
fn is_by(agreed: &Agreed, actor: &Actor) -> bool {
    let same_id = agreed.giver.as_ref().is_some_and(|giver| actor.id() == Some(&giver.id));
    same_id || agreed.by.eq_ignore_ascii_case(&actor.name)
}

/// A note on one line, if there is one.
fn tidy(note: &str) -> Option<String> {
    let note: String = note.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_NOTE).collect();
    Some(note.trim().to_owned()).filter(|note| !note.is_empty())
}
