//! Setting up in the middle of a sign-in for who has nothing yet: a code that was mailed shows whose the address is. Before
//! that nothing can be set up, and whoever has shown it can have codes mailed there from then on.

use super::Logins;
use super::notices::tell;
use super::verdict::{Question, Way};
use super::web::{Current, Fault};
use crate::audit::{Event, Record};
use crate::factor::{Kind, Proof};
use crate::letter::Notice;
use crate::reason::Reason;
use crate::secret::Secret;
use crate::step::Step;
use crate::store::Person;
use crate::store::audit::record;
use crate::store::browser::update_attempt;
use crate::store::budgets::Budget;
use crate::store::email_codes::MailedFor;
use crate::store::users::{person_in, update_user};
use crate::time::Timestamp;
use crate::user::User;

impl Current {
    /// Whether the known address is to be shown first.
    #[must_use]
    pub const fn wants_mailbox(&self) -> bool {
        matches!(self.step, Step::ProveMailbox { .. })
    }

    /// Whether it was shown in this sign-in.
    #[must_use]
    pub fn has_mailbox(&self) -> bool {
        self.attempt.proofs.iter().any(|proof| proof.kind == Kind::Mailbox)
    }
}

impl Logins {
    /// Takes the code that was mailed to the address: set-up is open then.
    ///
    /// # Errors
    /// Why it does not go on.
    pub async fn enter_address_code(
        &self,
        current: Current,
        code: Secret,
        source: &str,
        now: Timestamp,
    ) -> Result<(), Fault> {
        if !current.wants_mailbox() {
            return Err(Fault::Over);
        }
        let about = self.about(&current.person, source, now);
        let Current { mut attempt, person, .. } = current;
        let Some((mailed, _)) = attempt.mailed.take() else { return Err(Fault::Refused(Reason::CodeExpired)) };
        let expected = attempt.security_version;
        let question = Question {
            user: person.user.id.clone(),
            security_version: expected,
            way: Way::Mailed(mailed, MailedFor::Address),
            budget: Budget::of_email(person.user.id.as_str()),
            code,
            about,
        };
        attempt.proofs.push(Proof { kind: Kind::Mailbox, at: now });
        let store = self.store.clone();
        self.judge_and(question, move |connection| {
            Box::pin(async move {
                // As it is now: the verdict keeps others from changing it.
                let found = person_in(connection, &store, &attempt.user).await?;
                if let Some(Person { mut user, .. }) = found.filter(|person| person.user.email_verified_at.is_none()) {
                    user.email_verified_at = Some(now);
                    update_user(connection, &store, &user, expected).await?;
                }
                update_attempt(connection, &store, &attempt).await
            })
        })
        .await
    }

    /// Sets up codes by mail for who has shown that they read it: the code that did counts as this sign-in's second factor.
    ///
    /// # Errors
    /// [`Fault::Over`] where that was not shown, or policy does not let it be.
    pub async fn set_up_email_codes(&self, current: Current, source: &str, now: Timestamp) -> Result<(), Fault> {
        if !current.lets_set_up(Kind::EmailCode) || !current.has_mailbox() {
            return Err(Fault::Over);
        }
        let about = self.about(&current.person, source, now);
        let about = Record { event: Event::EmailCodesOn, factor: Some(Kind::EmailCode), ..about };
        let Current { mut attempt, person, .. } = current;
        let expected = attempt.security_version;
        let user = with_email_codes(person.user, now);
        attempt.proofs.push(Proof { kind: Kind::EmailCode, at: now });
        attempt.security_version = user.security_version;
        let store = self.store.clone();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    update_user(connection, &store, &user, expected).await?;
                    update_attempt(connection, &store, &attempt).await?;
                    tell(connection, &store, &user, Notice::EmailCodeOn, &about).await?;
                    record(connection, &store, about).await
                })
            })
            .await?;
        Ok(())
    }
}

/// The user as it will be once codes are mailed.
#[must_use]
pub fn with_email_codes(mut user: User, now: Timestamp) -> User {
    user.email_verified_at = user.email_verified_at.or(Some(now));
    user.email_codes_at = Some(now);
    user.recovery_due_at = user.recovery_due_at.or(user.recovery.is_none().then_some(now));
    user.security_version += 1;
    user
}
