//! `twolatch user list`: everybody, or those who match, page by page: however many there are, few are in memory.

use std::str::FromStr;

use clap::Args;
use twolatch_core::policy::Status;
use twolatch_core::user::{GroupName, Role};

use super::row::Row;
use crate::cli::{CliError, say};
use crate::state::App;

/// People read at a time.
const PAGE: i64 = 500;

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Only those whose second factor is pending, activated or disabled.
    #[arg(long, value_name = "STATUS")]
    second_factor: Option<Word>,
    /// Only those of this role.
    #[arg(long)]
    role: Option<Role>,
    /// Only those in this group.
    #[arg(long)]
    group: Option<GroupName>,
    /// Only those who have to wait, or are held, after wrong codes.
    #[arg(long)]
    locked: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A status, as people type it.
#[derive(Debug, Clone, Copy)]
struct Word(&'static str);

impl FromStr for Word {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = Status::WORDS.into_iter().find(|word| word.eq_ignore_ascii_case(text));
        word.map(Self).ok_or("a second factor is pending, activated or disabled")
    }
}

impl List {
    pub(super) async fn on(self, app: &App) -> Result<(), CliError> {
        let policy = app.logins.policy(app.now()).await?;
        let mut out = Out { json: self.json, printed: 0, waiting: None };
        let mut after = String::new();
        loop {
            let people = app.store.people_after(&after, PAGE).await?;
            let Some(last) = people.last() else { break };
            after = last.user.name.key();
            for person in &people {
                let user = &person.user;
                if self.role.is_some_and(|role| user.role != role)
                    || self.group.as_ref().is_some_and(|group| !user.groups.contains(group))
                {
                    continue;
                }
                let row = Row::under(app, &policy, person).await?;
                let is_meant = self.second_factor.is_none_or(|word| word.0 == row.second_factor);
                if is_meant && (!self.locked || row.is_locked()) {
                    out.row(&row)?;
                }
            }
        }
        out.end(after.is_empty());
        Ok(())
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

    fn end(&self, nobody_at_all: bool) {
        if let Some(last) = &self.waiting {
            say(format_args!("  {last}\n]"));
            return;
        }
        match (self.json, self.printed) {
            (true, _) => say("[]"),
            (false, 0) if nobody_at_all => say("No users yet; `twolatch user add NAME` adds one."),
            (false, 0) => say("Nobody matches."),
            (false, _) => {}
        }
    }
}
