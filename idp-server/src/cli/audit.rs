//! `twolatch audit`: what was decided, and whether the trail is whole.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use twolatch_core::time::Timestamp;

use super::open::{close, open};
use super::{CliError, say, say_json};
use crate::date;
use crate::state::App;

#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// The latest records, newest first.
    List {
        /// How many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        limit: i64,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Check that no record was changed, removed, added or cut off.
    Verify {
        /// A file with the links that the journal has kept (`audit head=…`), one to a line: only with it a trail that
        /// was cut off at its end is found.
        #[arg(long, value_name = "FILE")]
        heads: Option<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

impl Audit {
    pub(super) async fn run(self, config: &Path) -> Result<(), CliError> {
        let app = open(config).await?;
        let result = match self {
            Self::List { limit, json } => list(&app, limit, json).await,
            Self::Verify { heads, json } => verify(&app, heads.as_deref(), json).await,
        };
        close(&app).await?;
        result
    }
}

async fn list(app: &App, limit: i64, json: bool) -> Result<(), CliError> {
    let records = app.store.latest_audit(limit).await?;
    if json {
        return say_json(&records);
    }
    for record in records {
        say(format_args!(
            "{}  {:<16} {:<14} {:<16} {:<8} {:<20} {}",
            date::machine(Timestamp::from_unix(record.at)),
            record.event,
            record.result,
            record.user_name.as_deref().unwrap_or("-"),
            record.door.as_deref().unwrap_or("-"),
            record.source.as_deref().or(record.actor.as_deref()).unwrap_or("-"),
            record.detail.as_deref().unwrap_or("")
        ));
    }
    Ok(())
}

async fn verify(app: &App, heads: Option<&Path>, json: bool) -> Result<(), CliError> {
    let heads = match heads {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| CliError::data(format!("{}: {error}", path.display())))?;
            text.lines().filter_map(head_in).collect()
        }
        None => Vec::new(),
    };
    let terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let mut progress = |records: i64| {
        if terminal {
            drop(std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("\r{records} records")));
        }
    };
    let found = app.store.verify_audit(&heads, &mut progress).await?;
    if terminal {
        drop(std::io::Write::write_all(&mut std::io::stderr(), b"\r"));
    }
    if json {
        say_json(&found)?;
    } else {
        say(format_args!("{} records, {} links, {} not yet linked.", found.records, found.links, found.unlinked));
        found.faults.iter().for_each(|fault| say(format_args!("FAULT  {fault}")));
    }
    if found.faults.is_empty() {
        Ok(())
    } else {
        Err(CliError::failed(format!("{} faults: the trail is not as it was written", found.faults.len())))
    }
}

/// The link in a line of the journal: `instance:number:mark`.
fn head_in(line: &str) -> Option<String> {
    // What people have typed is quoted in the journal: behind a quote there is no head of ours.
    let line = line.split('"').next()?;
    let start = line.find("audit head=").map_or(0, |position| position + "audit head=".len());
    let head = line.get(start..)?.split_whitespace().next()?;
    (head.splitn(3, ':').count() == 3).then(|| head.to_owned())
}
