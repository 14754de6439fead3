//! Recovery requests: whoever has lost every second factor asks, an administrator answers. Asking takes a right first
//! factor, and changes nothing of what the person has; what a mailbox alone can do never gets further than this.

use sqlx::AnyConnection;

use super::Logins;
use super::manage::{Actor, ManageError};
use super::notices::{alarm, tell};
use super::web::{Current, Fault};
use crate::audit::{Event, Record};
use crate::door::Door;
use crate::id::Id;
use crate::letter::Notice;
use crate::reason::Reason;
use crate::step::Step;
use crate::store::audit::record;
use crate::store::budgets::{Budget, Charge, charge, is_noteworthy};
use crate::store::requests::{LIFE, Request, State, Why, insert_request};
use crate::store::{Person, Store, StoreError, Written};
use crate::time::Timestamp;
use crate::user::User;

/// What has become of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Filed {
    /// It is on record; an administrator answers.
    AskAdministrator,
    /// One waits already, or there was one lately: this one changes nothing.
    Already,
}

impl Current {
    /// Whether this sign-in is stuck at something that an administrator can help with.
    #[must_use]
    pub const fn may_ask(&self) -> bool {
        matches!(
            self.step,
            Step::SecondFactor { .. }
                | Step::Enrol { .. }
                | Step::ProveMailbox { .. }
                | Step::Refused(Reason::SetupClosed)
        )
    }
}

impl Logins {
    /// Files a request of somebody who has shown a first factor: a right password, or what root vouches for. The caller
    /// has seen to that.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn file_request(
        &self,
        person: &Person,
        door: Door,
        source: &str,
        now: Timestamp,
    ) -> Result<Filed, StoreError> {
        if self.request_of(&person.user, now).await?.is_some_and(|(_, state)| state == State::Waiting) {
            return Ok(Filed::Already);
        }
        let about =
            Record { door: Some(door), event: Event::RecoveryAsked, factor: None, ..self.about(person, source, now) };
        let request = self.request(&person.user, Why::Lost, door, source, now)?;
        let budgets = [Budget::of_source("request", source), Budget::of_request(person.user.id.as_str())];
        let (store, user) = (self.store.clone(), person.user.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    for budget in &budgets {
                        if charge(connection, budget, now).await? != Charge::Taken {
                            if is_noteworthy(connection, budget, now).await? {
                                record(connection, &store, Record { refused: Some(Reason::Wait), ..about }).await?;
                            }
                            return Ok(Filed::Already);
                        }
                    }
                    file(connection, &store, &user, &request, about).await
                })
            })
            .await
    }

    /// Files a request for the person of a sign-in that does not get on.
    ///
    /// # Errors
    /// [`Fault::Over`] where the sign-in waits for something else.
    pub async fn ask_for_recovery(&self, current: &Current, source: &str, now: Timestamp) -> Result<Filed, Fault> {
        if !current.may_ask() {
            return Err(Fault::Over);
        }
        Ok(self.file_request(&current.person, Door::Web, source, now).await?)
    }

    /// Somebody's latest request, and how it stands.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn request_of(&self, user: &User, now: Timestamp) -> Result<Option<(Request, State)>, StoreError> {
        let latest = self.store.latest_request(&user.id).await?;
        Ok(latest.map(|request| {
            let state = request.state(now);
            (request, state)
        }))
    }

    /// The requests that wait, with whose they are, the oldest first; with the first approval only where it counts.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn requests(&self, limit: i64, now: Timestamp) -> Result<Vec<(Request, User)>, StoreError> {
        let mut all = Vec::new();
        for mut request in self.store.waiting_requests(limit, now).await? {
            if let Some(person) = self.store.person(&request.user).await? {
                request.agreed = self.first_approval(&request, &person.user, now).await?.cloned();
                all.push((request, person.user));
            }
        }
        Ok(all)
    }

    /// The request that waits for an answer by somebody else.
    pub(super) async fn waiting(&self, user: &User, actor: &Actor) -> Result<Request, ManageError> {
        if actor.is(user) {
            return Err(ManageError::OwnRequest);
        }
        match self.request_of(user, actor.now).await? {
            Some((request, State::Waiting)) => Ok(request),
            _ => Err(ManageError::NoRequest(user.name.to_string())),
        }
    }

    /// A request as it will be stored.
    pub(super) fn request(
        &self,
        user: &User,
        why: Why,
        door: Door,
        source: &str,
        now: Timestamp,
    ) -> Result<Request, StoreError> {
        Ok(Request {
            id: Id::random(self.store.entropy())?,
            user: user.id.clone(),
            why,
            door,
            source: source.to_owned(),
            created_at: now,
            expires_at: now.plus(LIFE),
            agreed: None,
            answer: None,
        })
    }
}

/// Writes a request down, and tells all administrators of it.
async fn file(
    connection: &mut AnyConnection,
    store: &Store,
    user: &User,
    request: &Request,
    about: Record,
) -> Written<Filed> {
    if !insert_request(connection, store, request).await? {
        return Ok(Filed::Already);
    }
    alarm(connection, store, user.name.as_str(), Notice::RecoveryAsked, None, about.at).await?;
    tell(connection, store, user, Notice::RecoveryAsked, &about).await?;
    record(connection, store, about).await?;
    Ok(Filed::AskAdministrator)
}
