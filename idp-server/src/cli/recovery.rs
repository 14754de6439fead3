//! `twolatch recovery`: people who have lost their second factor, and what is answered to them.

use std::path::Path;

use clap::Subcommand;
use twolatch_core::login::answers::Approved;
use twolatch_core::user::UserName;

use super::open::{close, open};
use super::{CliError, actor, say, say_json};
use crate::date;
use crate::state::App;
use crate::view::request::Row;

/// Requests shown at most.
const LIMIT: i64 = 1000;

#[derive(Debug, Subcommand)]
pub(super) enum Recovery {
    /// List the requests that wait, the oldest first.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Remove all that these users have set up and end their sessions; they set up at the next login.
    Approve {
        /// The users.
        #[arg(required = true)]
        names: Vec<UserName>,
        /// What they are told besides.
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
    },
    /// Leave everything as it is, and tell these users so.
    Dismiss {
        /// The users.
        #[arg(required = true)]
        names: Vec<UserName>,
        /// What they are told besides.
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
    },
}

impl Recovery {
    pub(super) async fn run(self, config: &Path) -> Result<(), CliError> {
        let app = open(config).await?;
        let result = self.on(&app).await;
        close(&app).await?;
        result
    }

    async fn on(self, app: &App) -> Result<(), CliError> {
        let actor = actor(app.now());
        match self {
            Self::List { json } => list(app, json).await,
            Self::Approve { names, note } => {
                for name in names {
                    match app.logins.approve_request(&name, &note, &actor).await? {
                        Approved::Done => say(format_args!("{name} sets up at the next login.")),
                        Approved::First => say(format_args!("{name} waits for a second administrator to approve.")),
                    }
                }
                Ok(())
            }
            Self::Dismiss { names, note } => {
                for name in names {
                    app.logins.dismiss_request(&name, &note, &actor).await?;
                    say(format_args!("{name} is told that nothing changes."));
                }
                Ok(())
            }
        }
    }
}

async fn list(app: &App, json: bool) -> Result<(), CliError> {
    let requests = app.logins.requests(LIMIT, app.now()).await?;
    if json {
        let rows = requests.into_iter().map(|(request, user)| Row::of(app, request, &user));
        return say_json(&rows.collect::<Vec<_>>());
    }
    if requests.is_empty() {
        say("Nobody waits.");
    }
    for (request, user) in requests {
        let (at, why) = (date::machine(request.created_at), request.why.as_str());
        say(format_args!("{at}  {:<16}  {why:<8}  {}  {}", user.name, request.door, request.source));
    }
    Ok(())
}
