//! The one switch for the whole organisation. Whoever turns it in the console shows the password once more, besides the
//! second factor that every change there asks for; and turns it on only with a second factor of their own.

use super::Logins;
use super::manage::{Actor, ManageError};
use super::web::Fault;
use crate::audit::{Event, Record};
use crate::factor::Kind;
use crate::policy::{Level, Rules};
use crate::reason::Reason;
use crate::secret::Secret;
use crate::store::Session;
use crate::store::budgets::clear;
use crate::time::Timestamp;

/// Why the switch was not turned.
#[derive(Debug)]
pub enum NotSwitched {
    /// The password was not right, or it is too early for another try.
    Password(Reason),
    /// A second factor of the own comes first.
    OwnFirst,
    /// The rules cannot be so.
    Rules(ManageError),
    /// Something else.
    Fault(Fault),
}

impl From<Fault> for NotSwitched {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(reason) => Self::Password(reason),
            fault => Self::Fault(fault),
        }
    }
}

impl Logins {
    /// Whether the owner of a session has a second factor that counts in the console.
    ///
    /// # Errors
    /// Where the database fails, or the person has changed since.
    pub async fn has_own_factor(&self, session: &Session, now: Timestamp) -> Result<bool, Fault> {
        Ok(self.ways_to_confirm(session, now).await?.method.is_some())
    }

    /// Turns the organisation's switch, as the version of the policy after `expected`.
    ///
    /// # Errors
    /// Why it was not turned.
    pub async fn switch(
        &self,
        session: &Session,
        password: Secret,
        level: Level,
        expected: i64,
        actor: &Actor,
    ) -> Result<(), NotSwitched> {
        let person = self.owner(session, actor.now).await?;
        if level == Level::Required && !self.has_own_factor(session, actor.now).await? {
            return Err(NotSwitched::OwnFirst);
        }
        let source = actor.acting.as_ref().map(|acting| acting.source.clone()).unwrap_or_default();
        let about = self.about(&person, &source, actor.now);
        let about = Record { event: Event::Password, factor: Some(Kind::Password), ..about };
        let budget = self.check_own_password(&person, password, &about).await?;
        self.store
            .write(move |connection| Box::pin(async move { clear(connection, &budget).await }))
            .await
            .map_err(|error| NotSwitched::Fault(error.into()))?;
        let policy = self.policy(actor.now).await.map_err(|error| NotSwitched::Fault(error.into()))?;
        let rules = Rules { organisation: level, ..policy.rules.clone() };
        // Whether the own factor is still there is checked with the change: without it the session is over.
        self.set_rules(rules, expected, format!("organisation {level}"), actor).await.map_err(NotSwitched::Rules)
    }
}
