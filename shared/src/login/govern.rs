//! What administrators do to policy. Each change of a rule or exemption is a new version, with its audit record.

use sqlx::AnyConnection;

use super::Logins;
use super::actor::{Actor, allow};
use super::manage::ManageError;
use crate::audit::Event;
use crate::policy::{Exemption, Rules};
use crate::store::audit::record;
use crate::store::policies::{delete_exemption, insert_exemption, insert_policy};
use crate::store::{Boxed, Store, Written};

impl Logins {
    /// Puts rules in force in place of version `expected`, from which they were made; 0 for a new system.
    ///
    /// # Errors
    /// Why they are not; [`crate::store::StoreError::Conflict`] where another version is in force by now.
    pub async fn set_rules(
        &self,
        rules: Rules,
        expected: i64,
        detail: String,
        actor: &Actor,
    ) -> Result<(), ManageError> {
        let about = actor.record(Event::PolicyChanged).saying(detail);
        let (store, by) = (self.store.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    allow(connection, &store, &by).await?;
                    insert_policy(connection, &store, &rules, expected, &by.name, about.at).await?;
                    record(connection, &store, about).await
                })
            })
            .await?;
        Ok(())
    }

    /// Puts the rules of an earlier version in force again, as the version after `expected`. Exemptions stay as they are
    /// now.
    ///
    /// # Errors
    /// Why they are not: [`ManageError::NoVersion`]; [`ManageError::Locked`] where they let somebody be below `required`.
    pub async fn restore_rules(&self, version: i64, expected: i64, actor: &Actor) -> Result<(), ManageError> {
        let earlier = self.store.policy_version(version).await?.ok_or(ManageError::NoVersion(version))?;
        if self.locked && earlier.rules.go_below_required(actor.now) {
            return Err(ManageError::Locked);
        }
        self.set_rules(earlier.rules, expected, format!("the rules of version {version} again"), actor).await
    }

    /// Makes an exemption.
    ///
    /// # Errors
    /// Why it was not made.
    pub async fn exempt(&self, exemption: Exemption, actor: &Actor) -> Result<(), ManageError> {
        if self.locked {
            return Err(ManageError::Locked);
        }
        let detail = serde_json::to_string(&exemption).unwrap_or_default();
        self.change_exemptions(detail, actor, move |connection, store| {
            Box::pin(async move { insert_exemption(connection, store, &exemption).await.map(|()| true) })
        })
        .await
        .map(drop)
    }

    /// Ends an exemption.
    ///
    /// # Errors
    /// [`ManageError::NoExemption`] where there is none with this id.
    pub async fn end_exemption(&self, id: &str, actor: &Actor) -> Result<(), ManageError> {
        let gone = id.to_owned();
        let done = self
            .change_exemptions(format!("ended {id}"), actor, move |connection, _| {
                Box::pin(async move { delete_exemption(connection, &gone).await })
            })
            .await?;
        if done { Ok(()) } else { Err(ManageError::NoExemption(id.to_owned())) }
    }

    /// Exemptions are part of the policy: a change of one is a new version of it.
    async fn change_exemptions<W>(&self, detail: String, actor: &Actor, work: W) -> Result<bool, ManageError>
    where
        W: for<'c> FnOnce(&'c mut AnyConnection, &'c Store) -> Boxed<'c, Written<bool>> + Send + 'static,
    {
        let policy = self.policy(actor.now).await?;
        let (rules, version) = (policy.rules.clone(), policy.version);
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
            .await?;
        Ok(done)
    }
}
