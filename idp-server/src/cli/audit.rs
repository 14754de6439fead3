//! `twolatch audit`: what was decided, and whether the trail is whole.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use twolatch_core::audit::Event;
use twolatch_core::client::ClientId;
use twolatch_core::door::Door;
use twolatch_core::store::audit::{Ending, Filter, Position, Stored};
use twolatch_core::time::Timestamp;

use super::open::{close, open};
use super::{CliError, say, say_json};
use crate::date;
use crate::state::App;
use crate::trail::{Format, Since, Until};

/// Records read at a time.
const PAGE: i64 = 1000;

#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// The latest records, newest first.
    List {
        #[command(flatten)]
        which: Which,
        /// How many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        limit: i64,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write all records out, newest first: however many there are, few are in memory.
    Export {
        #[command(flatten)]
        which: Which,
        /// `csv`, which a spreadsheet opens without running any of it, or `json`: an object to a line.
        #[arg(long, default_value = "csv")]
        format: Format,
    },
    /// Check that no record was changed, removed, added or cut off.
    Verify {
        /// A file with the links that the journal has kept (`audit head=…`), one to a line, or `-` for standard input:
        /// only with it a trail that was cut off at its end is found.
        #[arg(long, value_name = "FILE")]
        heads: Option<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Which records are meant.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Only those about this person.
    #[arg(long, value_name = "NAME")]
    person: Option<String>,
    /// Only those of this event, as records have it: `code`, `factors_reset`.
    #[arg(long)]
    event: Option<Event>,
    /// Only those that ended so: `ok`, `refused` or the code of a reason, as `wrong`.
    #[arg(long)]
    result: Option<Ending>,
    /// Only those at this door.
    #[arg(long)]
    door: Option<Door>,
    /// Only those for this client, by its id.
    #[arg(long, value_name = "ID")]
    client: Option<ClientId>,
    /// Only those from this day or moment on, in UTC: `2026-03-03` or `2026-03-03T14:05`.
    #[arg(long, value_name = "WHEN")]
    since: Option<Since>,
    /// Only those until this day or moment, which is included.
    #[arg(long, value_name = "WHEN")]
    until: Option<Until>,
}

impl Which {
    fn filter(self) -> Filter {
        Filter {
            person: self.person,
            event: self.event,
            ending: self.result,
            door: self.door,
            client: self.client,
            since: self.since.map(|Since(moment)| moment),
            until: self.until.map(|Until(moment)| moment),
        }
    }
}

impl Audit {
    pub(super) async fn run(self, config: &Path) -> Result<(), CliError> {
        let app = open(config).await?;
        let result = match self {
            Self::List { which, limit, json } => list(&app, &which.filter(), limit, json).await,
            Self::Export { which, format } => export(&app, &which.filter(), format).await,
            Self::Verify { heads, json } => verify(&app, heads.as_deref(), json).await,
        };
        close(&app).await?;
        result
    }
}

async fn list(app: &App, filter: &Filter, limit: i64, json: bool) -> Result<(), CliError> {
    let mut records = Vec::new();
    let mut from: Option<Position> = None;
    loop {
        let left = limit - i64::try_from(records.len()).unwrap_or(limit);
        let found = app.store.search_audit(filter, from.as_ref(), left).await?;
        records.extend(found.records);
        match found.next {
            Some(next) if i64::try_from(records.len()).is_ok_and(|count| count < limit) => from = Some(next),
            _ => break,
        }
    }
    if json {
        return say_json(&records);
    }
    if records.is_empty() {
        say("No record is like that.");
    }
    records.iter().for_each(row);
    Ok(())
}

fn row(record: &Stored) {
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

async fn export(app: &App, filter: &Filter, format: Format) -> Result<(), CliError> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    out.write_all(format.head().as_bytes())?;
    let mut from: Option<Position> = None;
    loop {
        let found = app.store.search_audit(filter, from.as_ref(), PAGE).await?;
        for record in &found.records {
            out.write_all(format.record(record).as_bytes())?;
        }
        from = found.next;
        if from.is_none() {
            break;
        }
    }
    // What is not written whole is told: a full disk, a reader that has gone.
    Ok(out.flush()?)
}

async fn verify(app: &App, heads: Option<&Path>, json: bool) -> Result<(), CliError> {
    let heads = match heads {
        Some(path) => {
            let text = if path == Path::new("-") {
                std::io::read_to_string(std::io::stdin())
            } else {
                std::fs::read_to_string(path)
            };
            let text = text.map_err(|error| CliError::data(format!("{}: {error}", path.display())))?;
            let heads: Vec<String> = text.lines().filter_map(head_in).collect();
            if heads.is_empty() {
                let what =
                    "has no line with `audit head=`; write one with `journalctl -u twolatch | grep 'audit head='`";
                return Err(CliError::data(format!("{}: {what}", path.display())));
            }
            heads
        }
        None => Vec::new(),
    };
    let terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let mut progress = |records: i64| {
        if terminal {
            drop(Write::write_fmt(&mut std::io::stderr(), format_args!("\r{records} records")));
        }
    };
    let found = app.store.verify_audit(&heads, &mut progress).await?;
    if terminal {
        drop(Write::write_all(&mut std::io::stderr(), b"\r"));
    }
    if json {
        say_json(&found)?;
    } else {
        say(format_args!("{} records, {} links, {} not yet linked.", found.records, found.links, found.unlinked));
        found.faults.iter().for_each(|fault| say(format_args!("FAULT  {fault}")));
        if found.more_faults > 0 {
            say(format_args!("       and {} more", found.more_faults));
        }
    }
    match found.faults.first() {
        None => Ok(()),
        Some(first) => Err(CliError::failed(format!("the trail is not as it was written; the first fault: {first}"))),
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
