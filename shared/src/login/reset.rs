//! The removal of all second factors of somebody. Nothing that they stood for outlives them: sessions, sign-ins,
//! remembered devices, and what web apps were given end in the same transaction.

use sqlx::AnyConnection;

use super::Logins;
use super::answers::Approval;
use super::manage::{Actor, ManageError};
use super::notices::tell;
use crate::audit::{Event, Record};
use crate::factor::Kind;
use crate::id::Id;
use crate::letter::Notice;
use crate::store::budgets::clear_all;
use crate::store::ending::{delete_second_factors, end_everything};
use crate::store::users::update_members;
use crate::store::{Person, Store, Written};
use crate::time::Timestamp;
use crate::user::{User, UserName};

impl Logins {
    /// Removes all second factors, recovery codes and remembered devices of a person and opens set-up again: the next
    /// login leads through it. The person is told.
    ///
    /// # Errors
    /// Why nothing was changed.
    pub async fn reset_factors(&self, name: &UserName, actor: &Actor) -> Result<User, ManageError> {
        let person = self.named(name).await?;
        if Kind::METHODS.into_iter().any(|kind| person.user.has(kind)) && self.needs_request(actor) {
            return Err(ManageError::NeedsRequest(name.to_string()));
        }
        let setup_until = self.policy(actor.now).await?.rules.setup_until(actor.now);
        let user = without_factors(person.user.clone(), setup_until);
        let (stored, now) = (user.clone(), actor.now);
        let detail = format!("{} removed", person.factors.len());
        self.change(Event::FactorsReset, &user, detail, actor, move |connection, store| {
            Box::pin(async move {
                remove_factors(connection, store, &[(person, stored.clone())], now).await?;
                tell(connection, store, &stored, Notice::FactorsReset, &Record::new(now, Event::FactorsReset)).await
            })
        })
        .await?;
        Ok(user)
    }

    /// Whether an administrator may reset somebody only at their request: where two have to approve one, or it has to
    /// wait, nobody in the console goes round that.
    pub(super) fn needs_request(&self, actor: &Actor) -> bool {
        actor.acting.is_some() && self.approval != Approval::default()
    }
}

/// A user whose second factors are gone, and who can set up until then.
pub(super) fn without_factors(mut user: User, setup_until: Timestamp) -> User {
    user.authenticators.clear();
    user.email_codes_at = None;
    user.recovery = None;
    user.recovery_due_at = None;
    user.skipped = 0;
    user.security_version += 1;
    user.setup_until = setup_until;
    user
}

/// Removes what people have and ends what they have begun, and writes each as they then are.
pub(super) async fn remove_factors(
    connection: &mut AnyConnection,
    store: &Store,
    people: &[(Person, User)],
    now: Timestamp,
) -> Written<()> {
    let ids: Vec<Id<User>> = people.iter().map(|(_, user)| user.id.clone()).collect();
    // In the order in which a verdict takes them: budget, user, what is spent.
    clear_all(connection, &ids).await?;
    let changed: Vec<_> = people.iter().map(|(before, user)| (user, before.user.security_version)).collect();
    update_members(connection, store, &changed).await?;
    delete_second_factors(connection, &ids).await?;
    end_everything(connection, store, &ids, now).await
}
