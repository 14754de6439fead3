//! What administrators do to policy. Each change of a rule or exemption is a new version, with its audit record.

use sqlx::AnyConnection;

use super::Logins;
use super::manage::{Actor, ManageError};
use crate::audit::{Event, Record};
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
        let about = Record::new(actor.now, Event::PolicyChanged).by(&actor.name).saying(detail);
        let (store, author) = (self.store.clone(), actor.name.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    insert_policy(connection, &store, &rules, expected, &author, about.at).await?;
                    record(connection, &store, about).await
                })
            })
            .await?;
        Ok(())
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
        let about = Record::new(actor.now, Event::Exempted).by(&actor.name).saying(detail);
        let (store, author) = (self.store.clone(), actor.name.clone());
        let done = self
            .store
            .write(move |connection| {
                Box::pin(async move {
                    let done = work(connection, &store).await?;
                    if done {
                        insert_policy(connection, &store, &rules, version, &author, about.at).await?;
                        record(connection, &store, about).await?;
                    }
                    Ok(done)
                })
            })
            .await?;
        Ok(done)
    }
}
