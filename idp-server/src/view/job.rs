//! What is done to many people, as it is told.

use serde::Serialize;
use twolatch_core::store::StoreError;
use twolatch_core::store::jobs::{Action, Job, Stage, Trouble};
use utoipa::ToSchema;

use super::words;
use crate::date;
use crate::state::App;

/// So many of those whom it could not be done to are named.
const NAMED: i64 = 1000;

/// Jobs are listed for so many seconds, and no more than these.
const LATELY: i64 = 7 * 86_400;
const LISTED: usize = 100;

/// How far a job is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job)]
pub struct Row {
    job: String,
    #[schema(schema_with = words::action)]
    action: Action,
    /// Who were chosen, whether it concerns them or not.
    chosen: i64,
    will_change: i64,
    /// Who lose what they have set up by it.
    will_reset: i64,
    /// `preview`, `running`, `done`, or `stopped` with the reason.
    stage: Stage,
    done: i64,
    failed: Vec<Failed>,
}

/// Somebody whom it could not be done to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobFailure)]
struct Failed {
    name: String,
    #[schema(value_type = String)]
    why: Trouble,
}

impl Row {
    /// A job as it stands.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn read(app: &App, job: &Job) -> Result<Self, StoreError> {
        let failed = app.store.job_failures(&job.id, NAMED).await?;
        Ok(Self {
            job: job.id.to_string(),
            action: job.work.action,
            chosen: job.work.counts.chosen,
            will_change: job.work.counts.plain,
            will_reset: job.work.counts.reset,
            stage: job.work.stage,
            done: job.work.done,
            failed: failed.into_iter().map(|(name, why)| Failed { name, why }).collect(),
        })
    }
}

/// A job in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobListed)]
pub struct Listed {
    /// What it is called.
    pub job: String,
    /// When it was looked at first.
    pub at: String,
    /// Who has decided it.
    pub by: String,
    /// What is done.
    #[schema(schema_with = words::action)]
    pub action: Action,
    /// How far it is.
    pub stage: Stage,
    /// To how many it was done.
    pub done: i64,
    /// To how many it could not be done.
    pub failed: i64,
}

/// The jobs that run, and those of the last days.
///
/// # Errors
/// Where the database fails, or a row is not as it was written.
pub async fn lately(app: &App) -> Result<Vec<Listed>, StoreError> {
    let mut jobs = app.store.running_jobs().await?;
    jobs.extend(app.store.ended_jobs(app.now().plus(-LATELY), LISTED).await?);
    let listed = jobs.into_iter().map(|Job { id, work, created_at, .. }| Listed {
        job: id.to_string(),
        at: date::machine(created_at),
        by: work.by.name,
        action: work.action,
        stage: work.stage,
        done: work.done,
        failed: work.failed,
    });
    Ok(listed.collect())
}
