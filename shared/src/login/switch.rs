//! The one switch for the whole organisation. Whoever turns it in the console shows the password once more, besides the
//! second factor that every change there asks for; and turns it on only with a second factor of their own. Who has none
//! sets one up, and it is turned in the transaction that stores that.

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use super::Logins;
use super::actor::Actor;
use super::authenticators::Added;
use super::govern::Change;
use super::mailbox::{Errand, Sent};
use super::manage::ManageError;
use super::web::Fault;
use crate::audit::{Event, Record};
use crate::door::Door;
use crate::factor::Kind;
use crate::policy::{Level, Rules};
use crate::reason::Reason;
use crate::secret::Secret;
use crate::store::budgets::clear;
use crate::store::users::hold_admins;
use crate::store::{Session, StoreError, Written};
use crate::time::Timestamp;
use crate::user::User;

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

/// The switch as it is turned to `required` by what is being set up. It only ever travels sealed, within that.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Turn {
    /// The version of the policy that it follows.
    expected: i64,
}

/// What is being set up, to turn the switch.
#[derive(Debug)]
pub enum Own {
    /// An authenticator app.
    App(Added),
    /// Codes by mail.
    Mail(Sent),
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
    /// With what the owner of a session could set up a second factor, the strongest first.
    ///
    /// # Errors
    /// Where policy cannot be read.
    pub async fn ways_to_set_up(&self, session: &Session, now: Timestamp) -> Result<Vec<Kind>, StoreError> {
        let user = &session.user;
        let policy = self.policy(now).await?;
        let mailed = user.email_held(now).is_none();
        let facts = self.facts(&policy, user, None, Door::Web, now);
        Ok(facts.settable.into_iter().filter(|kind| mailed || *kind != Kind::EmailCode).collect())
    }

    /// Whether the owner of a session has a second factor that counts in the console.
    ///
    /// # Errors
    /// Where the database fails, or the person has changed since.
    pub async fn has_own_factor(&self, session: &Session, now: Timestamp) -> Result<bool, Fault> {
        let (person, policy) = (self.own(session).await?, self.policy(now).await?);
        Ok(!self.facts(&policy, &person.user, person.last_method, Door::Web, now).methods.is_empty())
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
        if level == Level::Required && !self.has_own_factor(session, actor.now).await? {
            return Err(NotSwitched::OwnFirst);
        }
        self.knows_password(session, password, actor).await?;
        let policy = self.policy(actor.now).await.map_err(|error| NotSwitched::Fault(error.into()))?;
        let rules = Rules { organisation: level, ..policy.rules.clone() };
        // Whether the own factor is still there is checked with the change: without it the session is over.
        self.set_rules(rules, expected, said(level), actor).await.map_err(NotSwitched::Rules)
    }

    /// Begins to set up a second factor of the own, and to turn the switch to `required` with it, as the version of the
    /// policy after `expected`. Nothing is stored.
    ///
    /// # Errors
    /// Why it was not begun.
    pub async fn switch_with(
        &self,
        session: &Session,
        password: Secret,
        kind: Kind,
        expected: i64,
        actor: &Actor,
    ) -> Result<Own, NotSwitched> {
        if self.has_own_factor(session, actor.now).await? {
            return Err(NotSwitched::Fault(Fault::Over));
        }
        self.knows_password(session, password, actor).await?;
        let turn = Some(Turn { expected });
        let own = if kind == Kind::EmailCode {
            let source = actor.source();
            self.mail_and(session, Errand::TurnOn, None, turn, &source, actor.now).await.map(Own::Mail)
        } else {
            self.begin_authenticator_and(session, "", turn, actor.now).await.map(Own::App)
        };
        own.map_err(NotSwitched::Fault)
    }

    /// The change that a turn of the switch is, for its transaction.
    pub(super) async fn turning(
        &self,
        turn: Option<Turn>,
        session: &Session,
        source: &str,
        now: Timestamp,
    ) -> Result<Option<Change>, Fault> {
        let Some(Turn { expected }) = turn else { return Ok(None) };
        let policy = self.policy(now).await?;
        let rules = Rules { organisation: Level::Required, ..policy.rules.clone() };
        let actor = Actor::in_session(session, source, now);
        match self.rules_change(rules, expected, said(Level::Required), actor).await {
            Ok(change) => Ok(Some(change)),
            Err(ManageError::Store(error)) => Err(error.into()),
            Err(other) => Err(StoreError::Other(other.to_string()).into()),
        }
    }

    /// Takes turns with all other administrators before anything else is written, if the switch is to be turned.
    pub(super) async fn before_turn(connection: &mut AnyConnection, change: Option<&Change>) -> Written<()> {
        if change.is_some() { hold_admins(connection).await } else { Ok(()) }
    }

    /// Turns the switch, where there is something to turn it by, now that `user` has what was set up.
    pub(super) async fn turn_with(
        &self,
        connection: &mut AnyConnection,
        change: Option<Change>,
        user: &User,
    ) -> Written<()> {
        match change {
            Some(change) => self.write_rules(connection, change.by(user)).await,
            None => Ok(()),
        }
    }

    async fn knows_password(&self, session: &Session, password: Secret, actor: &Actor) -> Result<(), NotSwitched> {
        let person = self.owner(session, actor.now).await?;
        let about = self.about(&person, &actor.source(), actor.now);
        let about = Record { event: Event::Password, factor: Some(Kind::Password), ..about };
        let budget = self.check_own_password(&person, password, &about).await?;
        self.store
            .write(move |connection| Box::pin(async move { clear(connection, &budget).await }))
            .await
            .map_err(|error| NotSwitched::Fault(error.into()))
    }
}

/// What is recorded of it.
fn said(level: Level) -> String {
    format!("organisation {level}")
}
