//! `twolatch break-glass`: codes for the console of this machine, for when no server answers. They are made without one,
//! too.

use std::io::Write;
use std::path::Path;

use clap::Subcommand;
use serde::Serialize;
use twolatch_core::break_glass::{FOLDER, GROUP};
use twolatch_core::crypto::SystemEntropy;
use twolatch_core::factor::recovery::grouped;
use twolatch_core::time::Timestamp;

use super::open::{close, open};
use super::{CliError, actor, say, say_json};
use crate::break_glass::{BreakGlassError, holders, is_in_group, issue};
use crate::date;

#[derive(Debug, Subcommand)]
pub(super) enum BreakGlass {
    /// Make ten codes for an account of this machine, and print them, once; its earlier ones are void then.
    Issue {
        /// The account.
        name: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// List who has codes on this machine, and how many are left.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Serialize)]
struct Issued {
    name: String,
    codes: Vec<String>,
    in_group: bool,
}

impl BreakGlass {
    pub(super) async fn run(self, config: &Path) -> Result<(), CliError> {
        if !nix::unistd::geteuid().is_root() {
            let message = format!("only root reads and writes {FOLDER}; run this with sudo");
            return Err(CliError { message, status: 77 });
        }
        match self {
            Self::Issue { name, json } => {
                print_new(&name, json)?;
                // The codes hold whether it can be recorded or not: they are for when it cannot.
                if let Err(error) = record(config, &name).await {
                    let told = format!("twolatch: not recorded in the audit, but the codes hold: {error}");
                    drop(writeln!(std::io::stderr(), "{}", super::tame(&told)));
                }
                Ok(())
            }
            Self::List { json } => list(json),
        }
    }
}

fn print_new(name: &str, json: bool) -> Result<(), CliError> {
    let codes = issue(Path::new(FOLDER), name, &SystemEntropy::new())?;
    let codes = codes.iter().map(|code| grouped(code).expose().to_owned()).collect();
    let issued = Issued { name: name.to_owned(), codes, in_group: is_in_group(name) };
    // Unlike any other output this is lost for good where nobody gets it.
    let shown = if json {
        serde_json::to_string_pretty(&issued).map_err(|error| CliError::failed(error.to_string()))?
    } else {
        format!(
            "Break-glass codes of {name} on this machine. Each lets in once, while no server answers:\n\n    {}\n\n\
             They are not shown again: print them and lock them away. The earlier ones are void.",
            issued.codes.join("\n    ")
        )
    };
    let mut to = std::io::stdout();
    writeln!(to, "{shown}").and_then(|()| to.flush()).map_err(|error| CliError {
        message: format!("the codes could not be written, and the earlier ones are void: issue new ones ({error})"),
        status: 74,
    })?;
    if json {
        return Ok(());
    }
    if !issued.in_group {
        say(format_args!("Nobody asks {name} for them yet: {}", remedy(name)));
    }
    Ok(())
}

fn remedy(name: &str) -> String {
    format!("`groupadd --system --force {GROUP}; usermod --append --groups {GROUP} {name}`")
}

async fn record(config: &Path, name: &str) -> Result<(), CliError> {
    let app = open(config).await?;
    let result = app.logins.break_glass_issued(name, &actor(app.now())).await;
    close(&app).await?;
    Ok(result?)
}

fn list(json: bool) -> Result<(), CliError> {
    let holders = holders(Path::new(FOLDER))?;
    if json {
        return say_json(&holders);
    }
    if holders.is_empty() {
        say("Nobody has break-glass codes on this machine; `twolatch break-glass issue NAME` makes some.");
    }
    for holder in holders {
        let at = holder.issued_at.map(|at| date::machine(Timestamp::from_unix(at))).unwrap_or_default();
        let name = &holder.name;
        let more = if holder.in_group { String::new() } else { format!("  not asked: {}", remedy(name)) };
        say(format_args!("{name:<16}  {:>2} left  {at}{more}", holder.left));
    }
    Ok(())
}

impl From<BreakGlassError> for CliError {
    fn from(error: BreakGlassError) -> Self {
        let status = match error {
            BreakGlassError::NoAccount(_) => 67,
            BreakGlassError::Unsafe(_) => 77,
            BreakGlassError::File { .. } => 73,
            BreakGlassError::Entropy(_) => 70,
        };
        Self { message: format!("break-glass: {error}"), status }
    }
}
