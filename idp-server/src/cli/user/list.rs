//! `twolatch user list`: everybody, or those who match, page by page: however many there are, few are in memory.

use clap::Args;
use twolatch_core::store::people::{Part, next};
use twolatch_core::user::GroupName;

use super::who::Who;
use crate::cli::{CliError, say};
use crate::state::App;
use crate::view::user::Row;

/// People read at a time.
const PAGE: i64 = 500;

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    #[command(flatten)]
    who: Who,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) async fn on(self, app: &App) -> Result<(), CliError> {
        let policy = app.logins.policy(app.now()).await?;
        let search = self.who.search();
        let mut out = Out { json: self.json, printed: 0, waiting: None };
        let (mut after, mut unreadable) = (Some(String::new()), Vec::new());
        while let Some(behind) = after {
            let found = app.store.find_people(&search, &policy, Part::after(&behind, PAGE), app.now()).await?;
            for found in &found {
                match found {
                    Ok(found) => out.row(&Row::of(found, &policy, app.now()))?,
                    Err(damaged) => unreadable.push(damaged.name.clone()),
                }
            }
            after = next(&found, PAGE);
        }
        let nobody_at_all = out.printed == 0 && app.store.count_users().await? == 0;
        out.end(nobody_at_all, !unreadable.is_empty());
        CliError::unless_sound(&unreadable)
    }
}

/// What is printed, as it comes.
struct Out {
    json: bool,
    printed: usize,
    /// A row of JSON: whether a comma follows it, the next one tells.
    waiting: Option<String>,
}

impl Out {
    fn row(&mut self, row: &Row) -> Result<(), CliError> {
        self.printed += 1;
        if !self.json {
            if self.printed == 1 {
                say(format_args!("{:<20} {:<12} {:<10} {:<12} GROUPS", "NAME", "SECOND FACTOR", "ROLE", "METHODS"));
            }
            let groups: Vec<&str> = row.groups.iter().map(GroupName::as_str).collect();
            say(format_args!(
                "{:<20} {:<13} {:<10} {:<12} {}",
                row.name,
                row.second_factor,
                row.role,
                row.methods.join(","),
                groups.join(",")
            ));
            return Ok(());
        }
        let text = serde_json::to_string_pretty(row).map_err(|error| CliError::failed(error.to_string()))?;
        match self.waiting.replace(text.replace('\n', "\n  ")) {
            None => say("["),
            Some(before) => say(format_args!("  {before},")),
        }
        Ok(())
    }

    fn end(&self, nobody_at_all: bool, more: bool) {
        if let Some(last) = &self.waiting {
            say(format_args!("  {last}\n]"));
            return;
        }
        match (self.json, self.printed) {
            (true, _) => say("[]"),
            (false, 0) if nobody_at_all => say("No users yet; `twolatch user add NAME` adds one."),
            (false, 0) if !more => say("Nobody matches."),
            (false, _) => {}
        }
    }
}
