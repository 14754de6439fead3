//! `twolatch user bulk`: one thing done to many users, as the console does it; a server takes over what is cut short here.

use std::io::{IsTerminal, Write};

use clap::Args;
use twolatch_core::login::bulk::{Choice, Started};
use twolatch_core::login::manage::Actor;
use twolatch_core::store::jobs::{Action, Job, Stage, Stop};
use twolatch_core::store::people::Search;
use twolatch_core::user::UserName;

use super::own::{Methods, Own};
use super::who::Who;
use crate::cli::{CliError, say, say_json};
use crate::state::App;
use crate::view::job::{Listed, Row, lately};

/// So many of those whom it could not be done to are named.
const NAMED: i64 = 1000;

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(in crate::cli) struct Bulk {
    /// What is done: request-registration (set-up comes at the next login), disable, enable, unlock, end-sessions,
    /// set-methods, invite (a link by mail for who has no password).
    action: Action,
    /// To these users.
    names: Vec<UserName>,
    /// To everybody.
    #[arg(long, conflicts_with = "names")]
    all: bool,
    #[command(flatten)]
    who: Who,
    /// With request-registration: those too who have something set up. It is removed.
    #[arg(long)]
    include_activated: bool,
    /// With set-methods: nothing else may they set up; `none` takes their own rule away.
    #[arg(long, value_name = "METHODS")]
    methods: Option<Own<Methods>>,
    /// Say to how many it would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Bulk {
    pub(super) async fn on(self, app: &App, actor: &Actor) -> Result<(), CliError> {
        if self.methods.is_some() != (self.action == Action::SetMethods) {
            return Err(CliError::data("--methods belongs to set-methods, and set-methods needs it"));
        }
        let methods = self.methods.clone().and_then(|own| own.0).map(|methods| methods.0);
        let choice = Choice { asks: true, resets: self.include_activated, methods };
        let whom = self.whom(app).await?;
        let job = app.logins.preview_job(self.action, whom, actor).await?;
        if !self.json {
            self.say_preview(&job);
        }
        if self.dry_run {
            return if self.json { self.say_row(app, &job).await } else { Ok(()) };
        }
        let started = app.logins.start_job(job.id.as_str(), choice, true, actor).await?;
        let Started::Yes(mut job) = started else {
            return Err(CliError::data("there are more of them by now; look again with --dry-run"));
        };
        while job.work.stage == Stage::Running {
            job = app.logins.go_on(job, app.now()).await?;
            progress(&job);
        }
        if self.json {
            self.say_row(app, &job).await?;
        } else {
            say(format_args!("{} done.", job.work.done));
            for (name, why) in app.store.job_failures(&job.id, NAMED).await? {
                say(format_args!("{name}: {why}"));
            }
        }
        match (job.work.stage, job.work.failed) {
            (Stage::Stopped(why), _) => Err(CliError::data(stopped(why))),
            (_, 0) => Ok(()),
            (_, failed) => Err(CliError::data(format!("it could not be done to {failed} of them"))),
        }
    }

    async fn whom(&self, app: &App) -> Result<Search, CliError> {
        let filtered = self.who != Who::default();
        if filtered && !self.names.is_empty() {
            return Err(CliError::data("name the users, or say which ones are meant; not both"));
        }
        if !filtered && !self.all && self.names.is_empty() {
            return Err(CliError::data("nobody is meant: name users, say which ones, or --all"));
        }
        if self.names.is_empty() {
            return Ok(self.who.search());
        }
        let mut ids = Vec::with_capacity(self.names.len());
        for name in &self.names {
            ids.push(app.logins.named(name).await?.user.id);
        }
        Ok(Search { ids: Some(ids), ..Search::default() })
    }

    fn say_preview(&self, job: &Job) {
        let counts = job.work.counts;
        if self.action == Action::RequestRegistration {
            let kept = if self.include_activated { "" } else { " (left alone without --include-activated)" };
            say(format_args!("will be asked to set up:          {}", counts.plain));
            say(format_args!("already set up, would be RESET:   {}{kept}", counts.reset));
        } else {
            say(format_args!("{}: {} of {}", self.action.as_str(), counts.plain, counts.chosen));
        }
    }

    async fn say_row(&self, app: &App, job: &Job) -> Result<(), CliError> {
        say_json(&Row::read(app, job).await?)
    }
}

/// Lists the jobs that run and those of the last days.
pub(super) async fn list(app: &App, json: bool) -> Result<(), CliError> {
    let jobs = lately(app).await?;
    if json {
        return say_json(&jobs);
    }
    for Listed { at, by, action, stage, done, failed, .. } in &jobs {
        let end = match stage {
            Stage::Preview | Stage::Done => "done",
            Stage::Running => "under way",
            Stage::Stopped(why) => stopped(*why),
        };
        say(format_args!("{at}  {}  by {by}: {end}; {done} done, {failed} could not be", action.as_str()));
    }
    if jobs.is_empty() {
        say("Nothing was done to many users lately.");
    }
    Ok(())
}

/// How far it is, on a terminal, in one line.
fn progress(job: &Job) {
    let mut to = std::io::stderr();
    if to.is_terminal() {
        let end = if job.work.stage == Stage::Running { "" } else { "\n" };
        drop(write!(to, "\r{} of {}{end}", job.work.done + job.work.failed, job.total()));
        drop(to.flush());
    }
}

const fn stopped(why: Stop) -> &'static str {
    match why {
        Stop::Asked => "an administrator has stopped it",
        Stop::NotAllowed => "it has ended: who began it is no administrator any more",
        Stop::Late => "it has ended: it was begun too long ago",
    }
}
