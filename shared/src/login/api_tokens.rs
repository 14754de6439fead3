//! Tokens of programs that act in a person's name: made and taken back by administrators and the command line, and looked
//! at anew with each use. It must not know what is done with one.

use std::collections::BTreeSet;

use thiserror::Error;

use super::Logins;
use super::actor::{Acting, Actor, allow};
use super::manage::ManageError;
use super::notices::{alarm, tell};
use crate::api_token::{ApiToken, MAX_NOTE, MOST_DAYS, PREFIX, Scope, TOKENS_EACH};
use crate::audit::{Event, Record};
use crate::crypto::{random_text, token_hash};
use crate::id::Id;
use crate::letter::Notice;
use crate::secret::Secret;
use crate::store::StoreError;
use crate::store::api_tokens::{count_api_tokens, delete_api_token, insert_api_token};
use crate::store::audit::record;
use crate::store::budgets::{Budget, Charge, charge};
use crate::store::users::{hold_admins, person_held};
use crate::time::Timestamp;
use crate::user::{Role, User, UserName};

/// Uses are noted once in so many seconds.
const NOTED_EVERY: i64 = 600;

/// A token to be made.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What it is for.
    pub note: String,
    /// What it may.
    pub scopes: BTreeSet<Scope>,
    /// How long it lives.
    pub days: u16,
}

/// Why no token was made or taken back.
#[derive(Debug, Error)]
pub enum TokenError {
    /// It would let a program nothing.
    #[error("name at least one scope: without any the token opens nothing")]
    NoScope,
    /// The person may not do that themselves.
    #[error("{0} is a {1}: {2} is not for them (supervisors look, administrators change)")]
    NotForThem(UserName, Role, Scope),
    /// Two have to agree where two have to: nobody acts as another administrator.
    #[error("{0} is another administrator: they make their own tokens")]
    NotTheirs(UserName),
    /// Nobody acts in the name of a disabled account.
    #[error("{0} is disabled; `twolatch user enable {0}` first")]
    Disabled(UserName),
    /// What it is for cannot be shown.
    #[error("a note has 1 to 128 bytes, none of them a control character")]
    Note,
    /// No token is without an end.
    #[error("a token lives for 1 to 365 days")]
    Days,
    /// There are enough.
    #[error("{0} has 20 tokens; delete one that is not needed any more: `twolatch token list` shows all")]
    TooMany(UserName),
    /// There is none.
    #[error("there is no token `{0}`; `twolatch token list` shows all")]
    Missing(String),
    /// Whatever hinders other changes, too.
    #[error(transparent)]
    Not(#[from] ManageError),
}

impl From<StoreError> for TokenError {
    fn from(error: StoreError) -> Self {
        Self::Not(error.into())
    }
}

/// A program that has shown a good token.
#[derive(Debug, Clone)]
pub struct Caller {
    /// In whose name, as they are at this moment.
    pub user: User,
    /// With what.
    pub token: ApiToken,
    /// From where.
    pub source: String,
}

impl Caller {
    /// As who they make a change: the person, with a source that says that it was a program.
    #[must_use]
    pub fn actor(&self, now: Timestamp) -> Actor {
        let Self { user, token, source } = self;
        let source = format!("{source}, API token {}", token.id);
        let (id, security_version) = (user.id.clone(), user.security_version);
        let acting = Acting { id, security_version, source, token: Some(token.id.clone()) };
        Actor { name: user.name.to_string(), now, acting: Some(acting) }
    }

    /// Whether something may be done with this token at this moment.
    #[must_use]
    pub fn may(&self, scope: Scope, now: Timestamp) -> bool {
        self.token.scopes.contains(&scope) && scope.is_for(&self.user, now)
    }
}

/// What a shown token is worth.
#[derive(Debug)]
#[must_use]
pub enum Shown {
    /// Somebody acts with it.
    Good(Box<Caller>),
    /// Nothing.
    Nothing,
    /// Nothing, and too many of these came from there: nothing more is judged until then.
    Wait(Timestamp),
}

impl Logins {
    /// Makes a token for somebody, who is told.
    ///
    /// # Errors
    /// Why none was made.
    pub async fn add_api_token(
        &self,
        name: &UserName,
        wanted: Wanted,
        actor: &Actor,
    ) -> Result<(ApiToken, Secret), TokenError> {
        let Wanted { note, scopes, days } = wanted;
        if note.is_empty() || note.len() > MAX_NOTE || note.contains(char::is_control) {
            return Err(TokenError::Note);
        }
        if days == 0 || days > MOST_DAYS {
            return Err(TokenError::Days);
        }
        if scopes.is_empty() {
            return Err(TokenError::NoScope);
        }
        let user = self.named(name).await?.user;
        if actor.id().is_some_and(|id| *id != user.id) && user.role == Role::Admin {
            return Err(TokenError::NotTheirs(user.name));
        }
        if user.disabled_at.is_some() {
            return Err(TokenError::Disabled(user.name));
        }
        if let Some(scope) = scopes.iter().find(|scope| !scope.suits(user.role)) {
            return Err(TokenError::NotForThem(user.name, user.role, *scope));
        }
        let random = random_text::<20>(self.store.entropy()).map_err(StoreError::from)?;
        let shown = format!("{PREFIX}{random}");
        let token = ApiToken {
            id: Id::random(self.store.entropy()).map_err(StoreError::from)?,
            user: user.id.clone(),
            security_version: user.security_version,
            hash: token_hash(&shown),
            note,
            scopes,
            created_at: actor.now,
            created_by: actor.name.clone(),
            expires_at: actor.now.plus(i64::from(days) * 86_400),
            used_at: None,
        };
        let (store, by, made) = (self.store.clone(), actor.clone(), token.clone());
        let is_room = self
            .store
            .write(move |connection| {
                Box::pin(async move {
                    allow(connection, &store, &by).await?;
                    // Two who make one at once take turns.
                    hold_admins(connection).await?;
                    let person = person_held(connection, &store, &made.user).await?;
                    let person = person.filter(|person| person.is_as_it_was(made.security_version));
                    let user = person.ok_or(StoreError::Conflict)?.user;
                    let most = i64::try_from(TOKENS_EACH).unwrap_or(i64::MAX);
                    if count_api_tokens(connection, &user, by.now).await? >= most {
                        return Ok(false);
                    }
                    insert_api_token(connection, &store, &made).await?;
                    let about = by.record(Event::ApiTokenMade).about(&user.name);
                    let said = format!("{} {}: {}", made.id, made.note, made.scopes_text());
                    tell(connection, &store, &user, Notice::ApiTokenMade, &about).await?;
                    // Whoever is an administrator for a moment could leave one behind that changes things for a year.
                    if made.scopes.iter().any(|scope| scope.writes()) {
                        alarm(connection, &store, user.name.as_str(), Notice::ApiTokenMade, None, by.now).await?;
                    }
                    record(connection, &store, about.saying(said)).await?;
                    Ok(true)
                })
            })
            .await?;
        if is_room { Ok((token, Secret::new(shown))) } else { Err(TokenError::TooMany(user.name)) }
    }

    /// Takes a token back.
    ///
    /// # Errors
    /// Why nothing was done.
    pub async fn delete_api_token(&self, id: Id<ApiToken>, actor: &Actor) -> Result<(), TokenError> {
        let (store, by, gone) = (self.store.clone(), actor.clone(), id.clone());
        let done = self
            .store
            .write(move |connection| {
                Box::pin(async move {
                    allow(connection, &store, &by).await?;
                    let Some(name) = delete_api_token(connection, &gone).await? else { return Ok(false) };
                    let about: Record = by.record(Event::ApiTokenDeleted).about(&name);
                    record(connection, &store, about.saying(gone.to_string())).await?;
                    Ok(true)
                })
            })
            .await?;
        if done { Ok(()) } else { Err(TokenError::Missing(id.to_string())) }
    }

    /// What a token is worth that came from somewhere: of whoever is disabled, demoted or changed since it is worth nothing.
    /// Only what is worth nothing is charged to that source: nobody guesses 160 bits, and strangers behind one address keep
    /// no program out.
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub async fn api_caller(&self, shown: &str, source: &str, now: Timestamp) -> Result<Shown, StoreError> {
        let token = match shown.strip_prefix(PREFIX) {
            Some(_) => self.store.api_token(&token_hash(shown), now).await?,
            None => None,
        };
        if let Some(token) = token {
            let person = self.store.person(&token.user).await?;
            if let Some(person) = person.filter(|person| person.is_as_it_was(token.security_version)) {
                self.note_use(&token, now).await;
                return Ok(Shown::Good(Box::new(Caller { user: person.user, token, source: source.to_owned() })));
            }
        }
        let budget = Budget::of_source("api", source);
        let charged =
            self.store.write(move |connection| Box::pin(async move { charge(connection, &budget, now).await })).await?;
        Ok(match charged {
            Charge::Wait(until) => Shown::Wait(until),
            Charge::Taken | Charge::Held => Shown::Nothing,
        })
    }

    async fn note_use(&self, token: &ApiToken, now: Timestamp) {
        let since = now.plus(-NOTED_EVERY);
        if token.used_at.is_some_and(|used| used > since) {
            return;
        }
        if let Err(error) = self.store.note_api_token(token.id.clone(), since, now).await {
            tracing::warn!(%error, "the use of an API token could not be noted");
        }
    }
}
