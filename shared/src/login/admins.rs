//! Somebody can always administer: whatever is changed, an administrator who can sign in is left, if there was one. It must
//! not know what is changed.

use sqlx::AnyConnection;

use super::Logins;
use crate::door::Door;
use crate::policy::{Level, Policy, Where};
use crate::store::users::{admins_in, hold_admins};
use crate::store::{Person, StoreError, Written};
use crate::time::Timestamp;
use crate::user::User;

impl Logins {
    /// Makes sure that an administrator is left where `before` becomes `after`, or is removed. Whoever else changes one
    /// waits for this transaction to end: two cannot remove each other at once.
    ///
    /// # Errors
    /// [`StoreError::LastAdmin`] where nobody could administer any more.
    pub(super) async fn keep_an_admin(
        &self,
        connection: &mut AnyConnection,
        policy: &Policy,
        before: &User,
        after: Option<&User>,
        now: Timestamp,
    ) -> Written<()> {
        if !before.is_active_admin() {
            return Ok(());
        }
        hold_admins(connection).await?;
        let admins = admins_in(connection, &self.store).await?;
        let others = admins.iter().map(|person| &person.user).filter(|other| other.id != before.id);
        let mut left = others.chain(after.filter(|user| user.is_active_admin()));
        let had = admins.iter().any(|person| self.gets_in(policy, &person.user, now));
        // Where none could sign in before, nothing gets worse as long as there is one.
        let has = if had { left.any(|user| self.gets_in(policy, user, now)) } else { left.next().is_some() };
        if has { Ok(()) } else { Err(StoreError::LastAdmin) }
    }

    /// Makes sure that an administrator can sign in `then` under a policy, if one can now under the one before.
    ///
    /// # Errors
    /// [`StoreError::LastAdmin`] where none could.
    pub(super) async fn let_an_admin_in(
        &self,
        connection: &mut AnyConnection,
        (before, now): (&Policy, Timestamp),
        (after, then): (&Policy, Timestamp),
    ) -> Written<()> {
        // Whoever changes one of them meanwhile has finished, or waits.
        hold_admins(connection).await?;
        let admins = admins_in(connection, &self.store).await?;
        let any = |policy: &Policy, at: Timestamp, level: Asks| {
            admins.iter().any(|person| self.gets_in_where(policy, &person.user, level(policy, &person.user, at), at))
        };
        // From anywhere, and from where an exemption has its limits: neither may be lost.
        let lost = |level: Asks| any(before, now, level) && !any(after, then, level);
        if lost(anywhere) || lost(somewhere) { Err(StoreError::LastAdmin) } else { Ok(()) }
    }

    /// Makes sure of the same for the end of an exemption, if it is one of administrators: what it spares them they may
    /// not have set up by then.
    ///
    /// # Errors
    /// [`StoreError::LastAdmin`] where none could sign in then.
    pub(super) async fn outlive(
        &self,
        connection: &mut AnyConnection,
        before: &Policy,
        after: &Policy,
        (now, end): (Timestamp, Timestamp),
    ) -> Written<()> {
        let level = |policy: &Policy, user: &User| somewhere(policy, user, now);
        let admins = admins_in(connection, &self.store).await?;
        if admins.iter().all(|person| level(before, &person.user) == level(after, &person.user)) {
            return Ok(());
        }
        self.let_an_admin_in(connection, (before, now), (after, end)).await
    }

    /// Whether somebody could sign in to the console.
    fn gets_in(&self, policy: &Policy, user: &User, now: Timestamp) -> bool {
        self.gets_in_where(policy, user, anywhere(policy, user, now), now)
    }

    /// The same where this level is asked.
    fn gets_in_where(&self, policy: &Policy, user: &User, level: Level, now: Timestamp) -> bool {
        let asked = || self.asked(policy, &Person::bare(user.clone()), Where::from(Door::Web), level, now);
        user.password.is_some() && !asked().is_refused()
    }
}

/// What is asked of somebody in a browser.
type Asks = fn(&Policy, &User, Timestamp) -> Level;

/// Wherever the browser is.
fn anywhere(policy: &Policy, user: &User, now: Timestamp) -> Level {
    policy.decide(user, Door::Web, now).level
}

/// Where the least is asked.
fn somewhere(policy: &Policy, user: &User, now: Timestamp) -> Level {
    policy.least(user, Door::Web, now)
}
