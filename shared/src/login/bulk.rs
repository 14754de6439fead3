//! What administrators do to many people at once. It is looked at first, then begun, and done in small batches: each is a
//! transaction with a record for everybody in it, and goes on where the one before has ended, on whichever server.

use std::collections::BTreeSet;

use serde::Serialize;

use super::Logins;
use super::actor::{Acting, Actor, allow};
use super::manage::ManageError;
use crate::audit::Event;
use crate::factor::Kind;
use crate::id::Id;
use crate::store::audit::record;
use crate::store::jobs::{
    Action, Counts, Decider, Job, LEASE, Stage, Stop, Work, insert_job, keep_latest_previews, update_job,
};
use crate::store::people::{Part, Search};
use crate::store::{StoreError, Written};
use crate::time::Timestamp;

use self::batch::batch;

mod batch;

/// People in one transaction. On SQLite every login waits for its end, on PostgreSQL only theirs who are in it.
const fn at_once(is_sqlite: bool) -> i64 {
    if is_sqlite { 25 } else { 100 }
}

/// What was looked at can be begun for so many seconds.
const PREVIEW_LIFE: i64 = 3600;

/// So many of what one person has looked at are kept, for each to be begun: the oldest goes.
pub const MOST_PREVIEWS: i64 = 20;

/// What was begun ends after so many seconds, done or not.
const LIFE: i64 = 86_400;

/// How often it is tried to stop a job that goes on meanwhile.
const TRIES: usize = 20;

/// What is chosen when it begins, besides what and to whom.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Where set-up is asked for: whether of those who have nothing set up.
    pub asks: bool,
    /// And of those who lose what they have.
    pub resets: bool,
    /// Where methods are set: which; those of the rules, if nothing.
    pub methods: Option<BTreeSet<Kind>>,
}

/// What has become of the wish to begin.
#[derive(Debug)]
#[must_use]
pub enum Started {
    /// It is on its way.
    Yes(Job),
    /// It would concern more people than when it was looked at: look again.
    LookAgain(Job),
}

/// What is recorded of a job that begins.
#[derive(Serialize)]
struct Begun<'a> {
    job: &'a str,
    action: Action,
    whom: &'a Search,
    people: i64,
}

impl Logins {
    /// Writes down what is to be done and to how many, for somebody to look at. Nothing is done. The acting administrator is
    /// never among them, nor is anybody who is added later.
    ///
    /// # Errors
    /// [`ManageError::NoMail`]; or why it was not written down.
    pub async fn preview_job(&self, action: Action, whom: Search, actor: &Actor) -> Result<Job, ManageError> {
        if action == Action::Invite && !self.mail {
            return Err(ManageError::NoMail);
        }
        let now = actor.now;
        let besides = actor.acting.as_ref().map(|acting| acting.id.clone());
        let whom = Search { besides, created_until: Some(now), ..whom };
        let counts = self.count(action, &whom, now).await?;
        let work = Work {
            action,
            whom,
            asks: true,
            resets: false,
            methods: None,
            by: decider(actor),
            counts,
            stage: Stage::Preview,
            after: String::new(),
            done: 0,
            failed: 0,
        };
        let job =
            Job { id: Id::random(self.store.entropy()).map_err(StoreError::from)?, work, turn: 1, created_at: now };
        let (store, by, written) = (self.store.clone(), actor.clone(), job.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    allow(connection, &store, &by).await?;
                    insert_job(connection, &store, &written).await?;
                    match by.id() {
                        Some(id) => keep_latest_previews(connection, id, MOST_PREVIEWS).await,
                        None => Ok(()),
                    }
                })
            })
            .await?;
        Ok(job)
    }

    /// Begins what somebody has looked at. Whoever runs jobs goes on with it; the caller has [`LEASE`] seconds to do that
    /// itself where `own`.
    ///
    /// # Errors
    /// [`ManageError::NoJob`]; [`ManageError::Nobody`]; or why it was not begun.
    pub async fn start_job(&self, id: &str, choice: Choice, own: bool, actor: &Actor) -> Result<Started, ManageError> {
        let now = actor.now;
        let mut job = self.store.job(id).await?.ok_or(ManageError::NoJob)?;
        if job.work.stage != Stage::Preview || now.since(job.created_at) > PREVIEW_LIFE {
            return Err(ManageError::NoJob);
        }
        let registers = job.work.action == Action::RequestRegistration;
        (job.work.asks, job.work.resets) = (choice.asks || !registers, choice.resets && registers);
        job.work.methods = choice.methods;
        // Whoever begins it is left out and answers for it, whoever has looked at it first.
        job.work.by = decider(actor);
        job.work.whom.besides = actor.acting.as_ref().map(|acting| acting.id.clone());
        let shown = job.total();
        job.work.counts = self.count(job.work.action, &job.work.whom, now).await?;
        let more = job.total() > shown;
        if job.total() == 0 {
            return Err(ManageError::Nobody);
        }
        if !more {
            job.work.stage = Stage::Running;
        }
        let next_at = (!more).then(|| if own { now.plus(LEASE) } else { now });
        let (store, by) = (self.store.clone(), actor.clone());
        let written = self
            .store
            .write(move |connection| {
                Box::pin(async move {
                    allow(connection, &store, &by).await?;
                    update_job(connection, &store, &mut job, next_at).await?;
                    if !more {
                        let Work { action, whom, .. } = &job.work;
                        let begun = Begun { job: job.id.as_str(), action: *action, whom, people: job.total() };
                        let detail = serde_json::to_string(&begun).unwrap_or_default();
                        record(connection, &store, by.record(Event::BulkStarted).saying(detail)).await?;
                    }
                    Ok(job)
                })
            })
            .await;
        match written {
            Ok(job) if more => Ok(Started::LookAgain(job)),
            Ok(job) => Ok(Started::Yes(job)),
            Err(StoreError::Conflict) => Err(ManageError::NoJob),
            Err(error) => Err(error.into()),
        }
    }

    /// Stops a job where it is. What was done stays done.
    ///
    /// # Errors
    /// [`ManageError::NoJob`] where it does not run; or why it was not stopped.
    pub async fn stop_job(&self, id: &str, actor: &Actor) -> Result<(), ManageError> {
        for _ in 0..TRIES {
            let job = self.store.job(id).await?.filter(|job| job.work.stage == Stage::Running);
            match self.end_job(job.ok_or(ManageError::NoJob)?, Stop::Asked, Some(actor)).await {
                Err(StoreError::Conflict) => {} // a batch was faster
                ended => return ended.map(drop).map_err(ManageError::from),
            }
        }
        Err(ManageError::Store(StoreError::Conflict))
    }

    /// Does the next batch of a job that was claimed; answers how far it is then.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else goes on with it or has stopped it; where the database fails.
    pub async fn go_on(&self, job: Job, now: Timestamp) -> Written<Job> {
        if now.since(job.created_at) > LIFE {
            return self.end_job(job, Stop::Late, None).await;
        }
        let policy = self.policy(now).await?;
        let whom = concerned(job.work.action, &job.work.whom, (job.work.asks, job.work.resets));
        let part = Part::after(&job.work.after, at_once(self.store.location().is_sqlite()));
        let next = self.store.next_people(&whom, &policy, part, now).await?;
        let (logins, actor, step) = (self.clone(), actor_of(&job.work.by, now), job.clone());
        let written = self
            .store
            .write(move |connection| {
                Box::pin(async move { batch(connection, &logins, &policy, &actor, step, next).await })
            })
            .await;
        match written {
            Err(StoreError::NotAllowed) => self.end_job(job, Stop::NotAllowed, None).await,
            other => other,
        }
    }

    async fn end_job(&self, mut job: Job, why: Stop, actor: Option<&Actor>) -> Written<Job> {
        job.work.stage = Stage::Stopped(why);
        let (store, by) = (self.store.clone(), actor.cloned());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    if let Some(by) = &by {
                        allow(connection, &store, by).await?;
                    }
                    update_job(connection, &store, &mut job, None).await?;
                    Ok(job)
                })
            })
            .await
    }

    async fn count(&self, action: Action, whom: &Search, now: Timestamp) -> Result<Counts, StoreError> {
        let policy = self.policy(now).await?;
        let count = async |whom: &Search| self.store.count_people(whom, &policy, now).await;
        let reset = match action {
            Action::RequestRegistration => count(&concerned(action, whom, (false, true))).await?,
            _ => 0,
        };
        let plain = count(&concerned(action, whom, (true, false))).await?;
        Ok(Counts { chosen: count(whom).await?, plain, reset })
    }
}

/// Of those who were chosen, whom it concerns; where set-up is asked for, those with nothing set up, or with something.
fn concerned(action: Action, whom: &Search, (asks, resets): (bool, bool)) -> Search {
    let whom = whom.clone();
    match action {
        Action::RequestRegistration => {
            Search { disabled: Some(false), set_up: if asks && resets { None } else { Some(resets) }, ..whom }
        }
        Action::Disable => Search { disabled: Some(false), ..whom },
        Action::Enable => Search { disabled: Some(true), ..whom },
        Action::Unlock => Search { locked: true, ..whom },
        Action::Invite => Search { password: Some(false), disabled: Some(false), ..whom },
        Action::EndSessions | Action::SetMethods => whom,
    }
}

fn decider(actor: &Actor) -> Decider {
    let admin = actor.acting.as_ref().map(|by| (by.id.clone(), by.security_version, by.source.clone()));
    let token = actor.acting.as_ref().and_then(|by| by.token.clone());
    Decider { name: actor.name.clone(), admin, token }
}

fn actor_of(by: &Decider, now: Timestamp) -> Actor {
    let acting = |(id, security_version, source)| Acting { id, security_version, source, token: by.token.clone() };
    let acting = by.admin.clone().map(acting);
    Actor { name: by.name.clone(), now, acting }
}
