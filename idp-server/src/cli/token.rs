//! `twolatch token`: what programs show at the admin API, to act there in somebody's name.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

use clap::Subcommand;
use twolatch_core::api_token::{DAYS, MOST_DAYS, Scope};
use twolatch_core::id::Id;
use twolatch_core::login::api_tokens::{TokenError, Wanted};
use twolatch_core::login::manage::Actor;
use twolatch_core::user::UserName;

use super::open::{close, open};
use super::{CliError, actor};
use crate::date::minute;
use crate::state::App;
use crate::text::Language;
use crate::view::token::{self, MOST};

/// What can be done with such tokens.
#[derive(Debug, Subcommand)]
pub(super) enum Tokens {
    /// Make one, which is shown once. It may no more than its person may, and ends with any change of their account.
    Add {
        /// In whose name it acts: an administrator or a supervisor.
        #[arg(long)]
        user: UserName,
        /// What it may, one or several: users:read, users:write, requests:read, requests:write, clients:read,
        /// clients:write, policy:read, policy:write, audit:read, configuration:read.
        #[arg(long, required = true, num_args = 1..)]
        scope: Vec<Scope>,
        /// For how many days.
        #[arg(long, default_value_t = DAYS, value_parser = clap::value_parser!(u16).range(1..=i64::from(MOST_DAYS)))]
        days: u16,
        /// What it is for.
        #[arg(long)]
        note: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// List those that have not ended.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take one back.
    Delete {
        /// What `list` calls it.
        id: String,
    },
}

impl From<TokenError> for CliError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Not(error) => error.into(),
            other => Self::data(other.to_string()),
        }
    }
}

impl Tokens {
    pub(super) async fn run(self, config: &Path) -> Result<(), CliError> {
        let app = open(config).await?;
        let done = self.apply(&app, &actor(app.now()), &mut io::stdout()).await;
        close(&app).await?;
        done
    }

    /// Does it, as `actor` in the audit, and reports to `out`.
    async fn apply(self, app: &App, actor: &Actor, out: &mut (dyn Write + Send)) -> Result<(), CliError> {
        match self {
            Self::Add { user, scope, days, note, json } => {
                let wanted = Wanted { note, scopes: BTreeSet::from_iter(scope), days };
                let (made, secret) = app.logins.add_api_token(&user, wanted, actor).await?;
                let until = minute(made.expires_at, Language::En);
                if json {
                    let made = token::Made::of(made, user.to_string(), &secret);
                    let text =
                        serde_json::to_string_pretty(&made).map_err(|error| CliError::failed(error.to_string()))?;
                    return Ok(writeln!(out, "{text}")?);
                }
                writeln!(out, "token  {}\n\nThe token is not shown again. It ends on {until}.", secret.expose())?;
                Ok(writeln!(out, "What it opens is described at {}/api/v1/openapi.json.", app.config.issuer)?)
            }
            Self::List { json } => {
                let all = token::all(app).await?;
                if json {
                    let text =
                        serde_json::to_string_pretty(&all).map_err(|error| CliError::failed(error.to_string()))?;
                    return Ok(writeln!(out, "{text}")?);
                }
                for one in &all {
                    let (until, scopes) = (minute(one.expires_at, Language::En), one.scopes.as_slice());
                    let scopes = scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
                    writeln!(out, "{}\t{}\t{scopes}\tuntil {until}\t{}", one.id, one.user, one.note)?;
                }
                if i64::try_from(all.len()).is_ok_and(|shown| shown >= MOST) {
                    writeln!(out, "There are more than {MOST}; these are the first.")?;
                }
                Ok(())
            }
            Self::Delete { id } => {
                app.logins.delete_api_token(Id::from_stored(id), actor).await?;
                Ok(writeln!(out, "No program acts with it any more.")?)
            }
        }
    }
}
