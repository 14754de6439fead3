//! New passwords: what may be chosen, and the one that somebody sets in place of another's choice.

use super::Logins;
use super::notices::tell;
use super::web::{Current, Fault};
use crate::audit::{Event, Record};
use crate::crypto::password::{LEAST, LEAST_ALONE, Weak, acceptable};
use crate::door::Door;
use crate::letter::Notice;
use crate::policy::Level;
use crate::secret::Secret;
use crate::step::Step;
use crate::store::Person;
use crate::store::audit::record;
use crate::store::browser::update_attempt;
use crate::store::users::update_user;
use crate::time::Timestamp;

impl Logins {
    /// Sets a password of the person's own in place of one that somebody else has chosen.
    ///
    /// # Errors
    /// Why it does not go on.
    pub async fn replace_password(
        &self,
        current: Current,
        new: Secret,
        source: &str,
        now: Timestamp,
    ) -> Result<(), Fault> {
        if current.step != Step::ChangePassword {
            return Err(Fault::Over);
        }
        let about = Record { event: Event::PasswordChanged, ..self.about(&current.person, source, now) };
        let Current { mut attempt, mut person, .. } = current;
        if self.hasher.check(new.clone(), person.user.password.clone()).await?.right {
            return Err(Fault::Weak(Weak::Same));
        }
        self.set_password(&mut person, new, now).await?;
        let store = self.store.clone();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    update_user(connection, &store, &person.user, attempt.security_version).await?;
                    attempt.security_version = person.user.security_version;
                    update_attempt(connection, &store, &attempt).await?;
                    tell(connection, &store, &person.user, Notice::PasswordChanged, &about).await?;
                    record(connection, &store, about).await
                })
            })
            .await?;
        Ok(())
    }

    /// Checks, hashes and puts a new password into a person who is about to be stored.
    pub(super) async fn set_password(&self, person: &mut Person, new: Secret, now: Timestamp) -> Result<(), Fault> {
        let user = &mut person.user;
        // Somebody may be let in with it alone from where an exemption holds.
        let level = self.policy(now).await?.least(user, Door::Web, now);
        let least = if level == Level::Required { LEAST } else { LEAST_ALONE };
        let mut context = vec![user.name.as_str(), self.organisation.as_ref(), "twolatch"];
        context.extend(user.email.as_ref().map(crate::user::Email::as_str));
        acceptable(&new, least, &context).map_err(Fault::Weak)?;
        user.password = Some(self.hasher.hash(new, self.store.entropy()).await?);
        user.must_change_at = None;
        user.security_version += 1;
        Ok(())
    }
}
