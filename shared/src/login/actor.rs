//! Who makes a change: the command line, or an administrator in the console, who must still be one when it is made.

use sqlx::AnyConnection;

use super::Logins;
use crate::api_token::{ApiToken, Giver, Scope};
use crate::audit::{Event, Record};
use crate::id::Id;
use crate::store::api_tokens::hold_api_token;
use crate::store::users::{Person, hold_admins, person_held};
use crate::store::{Session, Store, StoreError, Written};
use crate::time::Timestamp;
use crate::user::{Role, User};

/// Who makes a change, and when.
#[derive(Debug, Clone)]
pub struct Actor {
    /// As it is recorded: `root (command line)`, or a user's name.
    pub name: String,
    /// When.
    pub now: Timestamp,
    /// The administrator in the console; nobody where it is the command line, which whoever runs the machine may use.
    pub acting: Option<Acting>,
}

/// An administrator in the console.
#[derive(Debug, Clone)]
pub struct Acting {
    /// Who.
    pub id: Id<User>,
    /// As they were when the session was looked at.
    pub security_version: i64,
    /// From where.
    pub source: String,
    /// With which token, where it is a program that acts in their name.
    pub token: Option<Id<ApiToken>>,
}

impl Actor {
    /// The command line of a machine.
    #[must_use]
    pub const fn command_line(name: String, now: Timestamp) -> Self {
        Self { name, now, acting: None }
    }

    /// The owner of a session.
    #[must_use]
    pub fn in_session(session: &Session, source: &str, now: Timestamp) -> Self {
        let user = &session.user;
        let (id, security_version) = (user.id.clone(), user.security_version);
        let acting = Acting { id, security_version, source: source.to_owned(), token: None };
        Self { name: user.name.to_string(), now, acting: Some(acting) }
    }

    /// From where; nothing on the command line.
    #[must_use]
    pub fn source(&self) -> String {
        self.acting.as_ref().map(|acting| acting.source.clone()).unwrap_or_default()
    }

    /// Whether this is that person.
    #[must_use]
    pub fn is(&self, user: &User) -> bool {
        self.acting.as_ref().map_or_else(|| user.name.key() == self.name.to_ascii_lowercase(), |by| by.id == user.id)
    }

    /// Who, where it is an administrator in the console.
    #[must_use]
    pub fn id(&self) -> Option<&Id<User>> {
        self.acting.as_ref().map(|acting| &acting.id)
    }

    /// The same, with the token of a program: what takes effect later takes none without it.
    #[must_use]
    pub fn giver(&self) -> Option<Giver> {
        self.acting.as_ref().map(|acting| Giver { id: acting.id.clone(), token: acting.token.clone() })
    }

    /// A record of something that they do.
    #[must_use]
    pub fn record(&self, event: Event) -> Record {
        let source = self.acting.as_ref().map(|acting| acting.source.clone());
        Record { source, ..Record::new(self.now, event).by(&self.name) }
    }
}

/// Makes sure that who makes a change may, in the transaction that makes it: an administrator who is demoted or disabled
/// at this moment changes nothing more, nor does one who came in by a mailed link lately, nor a program whose token was
/// taken back or has ended.
///
/// # Errors
/// [`StoreError::NotAllowed`] where they may not.
pub(super) async fn allow(connection: &mut AnyConnection, store: &Store, actor: &Actor) -> Written<()> {
    let Some(acting) = &actor.acting else { return Ok(()) };
    // Two administrators who change each other take turns, in one order.
    hold_admins(connection).await?;
    let person = person_held(connection, store, &acting.id).await?;
    let person = person.filter(|person| person.is_as_it_was(acting.security_version));
    let may = may_still(connection, store, person.as_ref(), acting.token.as_ref(), None, actor.now).await?;
    if may { Ok(()) } else { Err(StoreError::NotAllowed) }
}

impl Logins {
    /// Whether somebody who has begun something about a person could still begin it; what the command line has begun stands.
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub(super) async fn still_may(&self, by: Option<&Giver>, about: &User, now: Timestamp) -> Result<bool, StoreError> {
        let Some(giver) = by else { return Ok(true) };
        let person = self.store.person(&giver.id).await?;
        let Some(user) = person.map(|person| person.user).filter(|user| user.governs(now)) else { return Ok(false) };
        let Some(token) = &giver.token else { return Ok(true) };
        Ok(self.store.api_token_of(&user, token, now).await?.is_some_and(|token| covers(&token, about)))
    }
}

/// Makes sure of the same in the transaction in which it takes effect.
///
/// # Errors
/// [`StoreError::Conflict`] where they could not.
pub(super) async fn still_may_in(
    connection: &mut AnyConnection,
    store: &Store,
    by: Option<&Giver>,
    about: &User,
    now: Timestamp,
) -> Written<()> {
    let Some(giver) = by else { return Ok(()) };
    hold_admins(connection).await?;
    let person = person_held(connection, store, &giver.id).await?;
    let may = may_still(connection, store, person.as_ref(), giver.token.as_ref(), Some(about), now).await?;
    if may { Ok(()) } else { Err(StoreError::Conflict) }
}

/// Whether a person who is held may, and the token of their program, which is then held, too.
async fn may_still(
    connection: &mut AnyConnection,
    store: &Store,
    person: Option<&Person>,
    token: Option<&Id<ApiToken>>,
    about: Option<&User>,
    now: Timestamp,
) -> Written<bool> {
    let Some(user) = person.map(|person| &person.user).filter(|user| user.governs(now)) else { return Ok(false) };
    let Some(token) = token else { return Ok(true) };
    let held = hold_api_token(connection, store, user, token, now).await?;
    Ok(held.is_some_and(|token| about.is_none_or(|about| covers(&token, about))))
}

/// Whether a token may change somebody: administrators only with the scope for them.
fn covers(token: &ApiToken, about: &User) -> bool {
    about.role != Role::Admin || token.scopes.contains(&Scope::AdminsWrite)
}
