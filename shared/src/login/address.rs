//! Setting up codes by mail in the middle of a sign-in: a code that was mailed shows whose the address is.

use super::Logins;
use super::notices::tell;
use super::verdict::{Question, Way};
use super::web::{Current, Fault};
use crate::factor::{Kind, Proof};
use crate::letter::Notice;
use crate::reason::Reason;
use crate::secret::Secret;
use crate::store::browser::update_attempt;
use crate::store::budgets::Budget;
use crate::store::email_codes::{LIFE, MailedFor};
use crate::store::users::update_user;
use crate::time::Timestamp;
use crate::user::User;

impl Logins {
    /// Mails a code to the address of somebody who sets up codes by mail, unless one is on its way.
    ///
    /// # Errors
    /// [`Reason::Wait`] where three were sent, or shown wrong, in the last five minutes.
    pub async fn mail_address_code(&self, current: &mut Current, source: &str, now: Timestamp) -> Result<(), Fault> {
        if !current.lets_set_up(Kind::EmailCode) {
            return Err(Fault::Over);
        }
        match &current.attempt.mailed {
            Some((_, made)) if now.since(*made) < LIFE => Ok(()),
            _ => {
                let about = self.about(&current.person, source, now);
                self.mail_new(current, MailedFor::Address, about, now).await
            }
        }
    }

    /// Takes the code that was mailed to the address: from then on codes are mailed there, and this one counts as this
    /// sign-in's second factor.
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
        if !current.lets_set_up(Kind::EmailCode) {
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
            about: about.clone(),
        };
        let user = with_email_codes(person.user, now);
        attempt.proofs.push(Proof { kind: Kind::EmailCode, at: now });
        attempt.security_version = user.security_version;
        let store = self.store.clone();
        self.judge_and(question, move |connection| {
            Box::pin(async move {
                update_user(connection, &store, &user, expected).await?;
                update_attempt(connection, &store, &attempt).await?;
                tell(connection, &store, &user, Notice::EmailCodeOn, &about).await
            })
        })
        .await
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
