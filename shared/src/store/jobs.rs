//! What is done to many people at once, and how far it is. A job is one marked row; one guarded UPDATE hands it to one
//! server, and each step of it stands with what it did, or not at all. It must not know what the work is.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};
use utoipa::ToSchema;

pub use self::words::{Action, Trouble, UnknownAction};
use super::people::Search;
use super::row::{Column, Values, moment};
use super::{Store, StoreError, Written};
use crate::api_token::ApiToken;
use crate::factor::Kind;
use crate::id::Id;
use crate::time::Timestamp;
use crate::user::User;

use Column::{Number, Text};

mod words;

/// For how long a job belongs to who has taken it, in seconds. A server that died meanwhile loses it to another.
pub const LEASE: i64 = 15;

/// Jobs are forgotten after so many days.
const KEPT: i64 = 30;

const JOB: [Column; 4] = [Text, Text, Number, Number];

/// Who has decided it: the name for the record, and where it was not the command line, the administrator with the security
/// version that they then had, and the token of the program that acted in their name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Decider {
    /// As recorded.
    pub name: String,
    /// In the console.
    pub admin: Option<(Id<User>, i64, String)>,
    /// Through the API.
    pub token: Option<Id<ApiToken>>,
}

/// How many people a job is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Who were chosen, whether it concerns them or not.
    pub chosen: i64,
    /// To whom it is done, besides the next.
    pub plain: i64,
    /// Who lose what they have set up by it.
    pub reset: i64,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JobStage)]
pub enum Stage {
    /// It was looked at; nothing has been done.
    Preview,
    /// It goes on.
    Running,
    /// It is done.
    Done,
    /// It has ended before its end.
    Stopped(Stop),
}

/// Why a job has ended before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JobStop)]
pub enum Stop {
    /// An administrator has stopped it.
    Asked,
    /// Who began it may not any more.
    NotAllowed,
    /// It was begun too long ago.
    Late,
}

/// A job.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its id.
    pub id: Id<Self>,
    /// All else.
    pub work: Work,
    /// Which step it is at.
    pub turn: i64,
    /// When it was looked at first.
    pub created_at: Timestamp,
}

/// What a job is, and how far.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// What is done.
    pub action: Action,
    /// To whom.
    pub whom: Search,
    /// With [`Action::RequestRegistration`]: whether those are asked who have nothing set up.
    pub asks: bool,
    /// And whether those are reset who have.
    pub resets: bool,
    /// With [`Action::SetMethods`]: what they may set up; what the rules say, if nothing.
    pub methods: Option<BTreeSet<Kind>>,
    /// Who has decided it.
    pub by: Decider,
    /// How many there were when it was last looked at.
    pub counts: Counts,
    /// How far it is.
    pub stage: Stage,
    /// The name key of the last one that it was done to.
    pub after: String,
    /// To how many it was done.
    pub done: i64,
    /// To how many it could not be done.
    pub failed: i64,
}

impl Job {
    /// To how many it is to be done.
    #[must_use]
    pub const fn total(&self) -> i64 {
        let Work { counts, asks, resets, .. } = &self.work;
        (if *asks { counts.plain } else { 0 }) + if *resets { counts.reset } else { 0 }
    }
}

impl Store {
    /// A job.
    ///
    /// # Errors
    /// Where the database fails, or the row is not as it was written.
    pub async fn job(&self, id: &str) -> Result<Option<Job>, StoreError> {
        let text = "SELECT id, document, turn, created_at, mac FROM jobs WHERE id = $1";
        let row = sqlx::query(text).bind(id).fetch_optional(self.pool()).await?;
        row.map(|row| read(self, &row)).transpose()
    }

    /// The jobs that run.
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub async fn running_jobs(&self) -> Result<Vec<Job>, StoreError> {
        let text =
            "SELECT id, document, turn, created_at, mac FROM jobs WHERE next_at IS NOT NULL ORDER BY created_at, id";
        let rows = sqlx::query(text).fetch_all(self.pool()).await?;
        rows.iter().map(|row| read(self, row)).collect()
    }

    /// The latest jobs that have ended, no more than `limit` of those begun since then.
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub async fn ended_jobs(&self, since: Timestamp, limit: usize) -> Result<Vec<Job>, StoreError> {
        let text = "SELECT id, document, turn, created_at, mac FROM jobs WHERE created_at >= $1 AND next_at IS NULL \
                    ORDER BY created_at DESC, id LIMIT 100";
        let rows = sqlx::query(text).bind(since.unix()).fetch_all(self.pool()).await?;
        let jobs = rows.iter().map(|row| read(self, row)).collect::<Result<Vec<Job>, _>>()?;
        Ok(jobs.into_iter().filter(|job| job.work.stage != Stage::Preview).take(limit).collect())
    }

    /// Takes a job that is due, for [`LEASE`] seconds.
    ///
    /// # Errors
    /// Where the database fails, or the row is not as it was written.
    pub async fn claim_job(&self, now: Timestamp) -> Written<Option<Job>> {
        const DUE: &str = "SELECT id FROM jobs WHERE next_at <= $1 LIMIT 1";
        // Asked often: most answers must not cost a write.
        if sqlx::query(DUE).bind(now.unix()).fetch_optional(self.pool()).await?.is_none() {
            return Ok(None);
        }
        let row = self
            .write(move |connection| {
                Box::pin(async move {
                    // Asked again outside the subquery: on PostgreSQL that is what a second server's UPDATE waits for.
                    let row = sqlx::query(
                        "UPDATE jobs SET next_at = $2 WHERE id IN (SELECT id FROM jobs WHERE next_at <= $1 \
                         ORDER BY created_at, id LIMIT 1) AND next_at <= $1 \
                         RETURNING id, document, turn, created_at, mac",
                    )
                    .bind(now.unix())
                    .bind(now.plus(LEASE).unix())
                    .fetch_optional(connection)
                    .await?;
                    Ok(row)
                })
            })
            .await?;
        row.map(|row| read(self, &row)).transpose()
    }

    /// Whom a job could not be done to, by name: up to `limit`.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn job_failures(&self, job: &Id<Job>, limit: i64) -> Result<Vec<(String, Trouble)>, StoreError> {
        let text = "SELECT user_name, why FROM job_failures WHERE job_id = $1 ORDER BY user_name LIMIT $2";
        let rows = sqlx::query(text).bind(job.as_str()).bind(limit).fetch_all(self.pool()).await?;
        let read = |row: &AnyRow| {
            let (name, why): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let trouble = Trouble::ALL.into_iter().find(|trouble| trouble.as_str() == why);
            trouble.map(|trouble| (name, trouble)).ok_or_else(|| unreadable(job.as_str()))
        };
        rows.iter().map(read).collect()
    }

    /// Deletes jobs of long ago. Answers how many there were.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn sweep_jobs(&self, now: Timestamp) -> Written<u64> {
        self.write(move |connection| {
            Box::pin(async move {
                let done = sqlx::query(
                    "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE created_at <= $1 AND next_at IS NULL LIMIT 20)",
                )
                .bind(now.plus(-KEPT * 86_400).unix())
                .execute(connection)
                .await?;
                Ok(done.rows_affected())
            })
        })
        .await
    }
}

/// Writes a new job down.
///
/// # Errors
/// Where the database fails.
pub async fn insert_job(connection: &mut AnyConnection, store: &Store, job: &Job) -> Written<()> {
    let (document, mark) = written(store, job)?;
    let text = "INSERT INTO jobs (id, document, turn, created_at, mac, next_at, looked_at_by) \
                VALUES ($1, $2, $3, $4, $5, NULL, $6)";
    let looker = job.work.by.admin.as_ref().map(|(id, ..)| id.as_str());
    sqlx::query(text)
        .bind(job.id.as_str())
        .bind(document)
        .bind(job.turn)
        .bind(job.created_at.unix())
        .bind(mark)
        .bind(looker)
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes of what somebody has looked at, and nobody has begun, all but the latest.
///
/// # Errors
/// Where the database fails.
pub async fn keep_latest_previews(connection: &mut AnyConnection, looker: &Id<User>, kept: i64) -> Written<()> {
    let text = "DELETE FROM jobs WHERE looked_at_by = $1 AND id NOT IN \
                (SELECT id FROM jobs WHERE looked_at_by = $1 ORDER BY created_at DESC, id LIMIT $2)";
    sqlx::query(text).bind(looker.as_str()).bind(kept).execute(connection).await?;
    Ok(())
}

/// Writes down how far a job is, as the step after the one that `job` carries; it goes on at `next_at`, or not.
///
/// # Errors
/// [`StoreError::Conflict`] where somebody else has taken that step.
pub async fn update_job(
    connection: &mut AnyConnection,
    store: &Store,
    job: &mut Job,
    next_at: Option<Timestamp>,
) -> Written<()> {
    let before = job.turn;
    job.turn += 1;
    let (document, mark) = written(store, job)?;
    let done = sqlx::query(
        "UPDATE jobs SET document = $2, turn = $3, mac = $4, next_at = $5, \
             looked_at_by = CASE WHEN $7 = 1 THEN looked_at_by END WHERE id = $1 AND turn = $6",
    )
    .bind(job.id.as_str())
    .bind(document)
    .bind(job.turn)
    .bind(mark)
    .bind(next_at.map(Timestamp::unix))
    .bind(before)
    .bind(i64::from(job.work.stage == Stage::Preview))
    .execute(connection)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

/// Notes whom a job could not be done to.
///
/// # Errors
/// Where the database fails.
pub async fn insert_failure(connection: &mut AnyConnection, job: &Id<Job>, name: &str, why: Trouble) -> Written<()> {
    sqlx::query("INSERT INTO job_failures (job_id, user_name, why) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(job.as_str())
        .bind(name)
        .bind(why.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

fn written(store: &Store, job: &Job) -> Written<(String, String)> {
    let document = serde_json::to_string(&job.work).map_err(|_| unreadable(job.id.as_str()))?;
    let values = vec![
        Some(job.id.to_string()),
        Some(document.clone()),
        Some(job.turn.to_string()),
        moment(Some(job.created_at)),
    ];
    Ok((document, Values::of("jobs", values).mark(store)))
}

fn read(store: &Store, row: &AnyRow) -> Result<Job, StoreError> {
    let values = Values::read(store, "jobs", row, 0, &JOB)?;
    Ok(Job {
        id: Id::from_stored(values.text(0)?.to_owned()),
        work: values.parsed(1, |text| serde_json::from_str(text).ok())?,
        turn: values.number(2)?,
        created_at: values.time(3)?,
    })
}

fn unreadable(id: &str) -> StoreError {
    StoreError::Value { table: "jobs", row: id.to_owned() }
}
