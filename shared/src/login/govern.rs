//! What administrators do to policy. Each change of a rule or exemption is a new version, with its audit record.

use std::sync::Arc;

use sqlx::AnyConnection;

use super::Logins;
use super::actor::{Actor, allow};
use super::manage::ManageError;
use super::notices::alarm;
use crate::audit::Event;
use crate::client::Trust;
use crate::letter::Notice;
use crate::policy::{Exemption, Policy, Rules, Subject};
use crate::store::audit::record;
use crate::store::exemptions::{delete_exemption, insert_exemption};
use crate::store::policies::insert_policy;
use crate::store::users::admins_in;
use crate::store::{Boxed, Store, StoreError, Written};
use crate::user::User;

/// Rules that may be put in force.
#[derive(Debug)]
pub(super) struct Change {
    rules: Rules,
    /// What they follow; a new system has nothing.
    before: Option<Arc<Policy>>,
    detail: String,
    actor: Actor,
}

impl Change {
    /// The same by its actor as `user` is now, after what the transaction has done to them.
    pub(super) fn by(mut self, user: &User) -> Self {
        if let Some(acting) = &mut self.actor.acting {
            acting.security_version = user.security_version;
        }
        self
    }
}

impl Logins {
    /// Puts rules in force in place of version `expected`, from which they were made; 0 for a new system.
    ///
    /// # Errors
    /// Why they are not: [`ManageError::Locked`] where they let somebody be below `required`; [`ManageError::LocksOut`]
    /// where no administrator could sign in under them; [`crate::store::StoreError::Conflict`] where another version is in
    /// force by now.
    pub async fn set_rules(
        &self,
        rules: Rules,
        expected: i64,
        detail: String,
        actor: &Actor,
    ) -> Result<(), ManageError> {
        let change = self.rules_change(rules, expected, detail, actor.clone()).await?;
        let logins = self.clone();
        let written = self
            .store
            .write(move |connection| Box::pin(async move { logins.write_rules(connection, change).await }))
            .await;
        self.store.outdate_policy();
        written.map_err(locks_out)
    }

    /// Makes sure that rules may be put in force; whoever then does it has the policy read anew.
    pub(super) async fn rules_change(
        &self,
        rules: Rules,
        expected: i64,
        detail: String,
        actor: Actor,
    ) -> Result<Change, ManageError> {
        let before = if expected == 0 { None } else { Some(self.policy(actor.now).await?) };
        // What this server knows may be a second old: rules that were made from it would undo those of another server.
        if before.as_ref().is_some_and(|before| before.version != expected) {
            return Err(StoreError::Conflict.into());
        }
        if self.locked && before.as_ref().is_some_and(|before| rules.go_below_required(&before.rules, actor.now)) {
            return Err(ManageError::Locked);
        }
        Ok(Change { rules, before, detail, actor })
    }

    /// Puts rules in force, as part of whatever else the transaction does.
    pub(super) async fn write_rules(&self, connection: &mut AnyConnection, change: Change) -> Written<()> {
        let Change { rules, before, detail, actor } = change;
        let (store, now) = (&self.store, actor.now);
        allow(connection, store, &actor).await?;
        if let Some(before) = &before {
            let after = Policy { rules: rules.clone(), ..Policy::clone(before) };
            self.let_an_admin_in(connection, (before, now), (&after, now)).await?;
        }
        let expected = before.as_ref().map_or(0, |before| before.version);
        insert_policy(connection, store, &rules, expected, &actor.name, now).await?;
        if before.is_some_and(|before| rules.ask_for_less(&before.rules)) {
            alarm(connection, store, &actor.name, Notice::Lowered, None, now).await?;
        }
        record(connection, store, actor.record(Event::PolicyChanged).saying(detail)).await
    }

    /// Puts the rules of an earlier version in force again, as the version after `expected`. Exemptions stay as they are
    /// now, and from the console the switch for the whole organisation, too: that takes more to turn.
    ///
    /// # Errors
    /// Why they are not: [`ManageError::NoVersion`], or what [`Self::set_rules`] says.
    pub async fn restore_rules(&self, version: i64, expected: i64, actor: &Actor) -> Result<(), ManageError> {
        let earlier = self.store.policy_version(version).await?.ok_or(ManageError::NoVersion(version))?;
        let rules = self.restorable(earlier.rules, actor).await?;
        self.set_rules(rules, expected, format!("the rules of version {version} again"), actor).await
    }

    /// What earlier rules become where they are put in force again.
    async fn restorable(&self, earlier: Rules, actor: &Actor) -> Result<Rules, StoreError> {
        match actor.acting {
            Some(_) => Ok(self.policy(actor.now).await?.rules.without_switch(earlier)),
            None => Ok(earlier),
        }
    }

    /// Makes an exemption.
    ///
    /// # Errors
    /// Why it was not made: [`ManageError::NeverHolds`] where its limits shut each other out; [`ManageError::Unverified`]
    /// where it is for a client that nobody has looked at; [`ManageError::LocksOut`]
    /// where it spares administrators what none of them has set up, and none could sign in when it ends.
    pub async fn exempt(&self, exemption: Exemption, actor: &Actor) -> Result<(), ManageError> {
        if self.locked {
            return Err(ManageError::Locked);
        }
        if exemption.within.doors().is_empty() {
            return Err(ManageError::NeverHolds);
        }
        if let Some(id) = &exemption.within.client
            && self.store.client(id).await?.is_some_and(|client| client.settings.trust == Trust::Unverified)
        {
            return Err(ManageError::Unverified(id.clone()));
        }
        let detail = serde_json::to_string(&exemption).unwrap_or_default();
        let before = self.policy(actor.now).await?;
        let exemptions = before.exemptions.iter().chain([&exemption]).cloned().collect();
        let after = Policy { exemptions, ..Policy::clone(&before) };
        let (logins, by, now) = (self.clone(), actor.name.clone(), actor.now);
        self.change_exemptions(&before.clone(), detail, actor, move |connection, store| {
            Box::pin(async move {
                logins.outlive(connection, &before, &after, (now, exemption.until)).await?;
                insert_exemption(connection, store, &exemption).await?;
                if spares_many_or_admin(connection, store, &exemption.subject).await? {
                    alarm(connection, store, &by, Notice::Lowered, None, now).await?;
                }
                Ok(true)
            })
        })
        .await
        .map(drop)
    }

    /// Ends an exemption.
    ///
    /// # Errors
    /// [`ManageError::NoExemption`] where there is none with this id; [`ManageError::LocksOut`] where no administrator could
    /// sign in without it.
    pub async fn end_exemption(&self, id: &str, actor: &Actor) -> Result<(), ManageError> {
        let (gone, logins, now) = (id.to_owned(), self.clone(), actor.now);
        let before = self.policy(now).await?;
        let (ended, exemptions): (Vec<_>, Vec<_>) =
            before.exemptions.iter().cloned().partition(|one| one.id.as_str() == id);
        // The whole of it stays in the record: the row does not.
        let detail = serde_json::to_string(&ended.first()).unwrap_or_default();
        let after = Policy { exemptions, ..Policy::clone(&before) };
        let done = self
            .change_exemptions(&before.clone(), format!("ended {detail}"), actor, move |connection, _| {
                Box::pin(async move {
                    logins.let_an_admin_in(connection, (&before, now), (&after, now)).await?;
                    delete_exemption(connection, &gone).await
                })
            })
            .await?;
        if done { Ok(()) } else { Err(ManageError::NoExemption(id.to_owned())) }
    }

    /// Exemptions are part of the policy: a change of one is a new version of it. It follows the one that the change was
    /// checked against, or does not happen.
    async fn change_exemptions<W>(
        &self,
        before: &Policy,
        detail: String,
        actor: &Actor,
        work: W,
    ) -> Result<bool, ManageError>
    where
        W: for<'c> FnOnce(&'c mut AnyConnection, &'c Store) -> Boxed<'c, Written<bool>> + Send + 'static,
    {
        let (rules, version) = (before.rules.clone(), before.version);
        let about = actor.record(Event::Exempted).saying(detail);
        let (store, by) = (self.store.clone(), actor.clone());
        let done = self
            .store
            .write(move |connection| {
                Box::pin(async move {
                    allow(connection, &store, &by).await?;
                    let done = work(connection, &store).await?;
                    if done {
                        insert_policy(connection, &store, &rules, version, &by.name, about.at).await?;
                        record(connection, &store, about).await?;
                    }
                    Ok(done)
                })
            })
            .await;
        self.store.outdate_policy();
        done.map_err(locks_out)
    }
}

/// Whether an exemption weighs so much that every administrator is told.
async fn spares_many_or_admin(connection: &mut AnyConnection, store: &Store, subject: &Subject) -> Written<bool> {
    match subject {
        Subject::User(id) => Ok(admins_in(connection, store).await?.iter().any(|admin| admin.user.id == *id)),
        Subject::Group(_) | Subject::Role(_) => Ok(true),
    }
}

fn locks_out(error: StoreError) -> ManageError {
    match error {
        StoreError::LastAdmin => ManageError::LocksOut,
        error => error.into(),
    }
}
