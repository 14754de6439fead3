//! `twolatch user import` and `twolatch user export`: people as a table (CSV).

use std::io::{Read, Write};
use std::path::PathBuf;

use clap::Args;
use twolatch_core::login::manage::Actor;

use super::invite;
use crate::cli::{CliError, say};
use crate::people_file::{self, Entry};
use crate::state::App;

/// No file is larger: a hundred thousand people take some ten megabytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Debug, Args)]
pub(in crate::cli) struct Import {
    /// The file: its first line names the columns, of name, email, role, groups (with ; between them) and level. - is
    /// standard input.
    file: PathBuf,
    /// Say what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
    /// Mail each of them a one-time link that sets password and second factor.
    #[arg(long)]
    invite: bool,
}

impl Import {
    pub(super) async fn on(self, app: &App, actor: &Actor) -> Result<(), CliError> {
        let text = self.text()?;
        let entries = match people_file::read(app, &text, true, actor.now).await? {
            Ok(entries) => entries,
            Err(faults) => {
                let file = self.file.display();
                let lines = faults.iter().map(|fault| format!("{file}:{}: {}", fault.line, fault.text.plain()));
                let lines = lines.collect::<Vec<_>>().join("\n");
                return Err(CliError::data(format!("nobody is added:\n{lines}")));
            }
        };
        if self.invite {
            let unreachable = entries.iter().find(|entry| entry.user.email.is_none());
            if let Some(Entry { line, user }) = unreachable {
                let file = self.file.display();
                return Err(CliError::data(format!("{file}:{line}: {} has no address to mail a link to", user.name)));
            }
        }
        if self.dry_run {
            for Entry { line, user } in &entries {
                say(format_args!("line {line}: {} would be added as {}.", user.name, user.role));
            }
            say(format_args!("{} would be added; nothing is changed.", entries.len()));
            return Ok(());
        }
        let names = entries.iter().map(|entry| entry.user.name.clone()).collect::<Vec<_>>();
        app.logins.add_users(entries.into_iter().map(|entry| entry.user).collect(), actor).await?;
        say(format_args!("{} added.", names.len()));
        if self.invite { invite::mail(app, names, actor).await } else { Ok(()) }
    }

    fn text(&self) -> Result<String, CliError> {
        let unreadable = |error: std::io::Error| CliError::data(format!("{}: {error}", self.file.display()));
        let mut bytes = Vec::new();
        if self.file.as_os_str() == "-" {
            std::io::stdin().take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        } else {
            let file = std::fs::File::open(&self.file).map_err(unreadable)?;
            file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        }
        if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_BYTES) {
            return Err(CliError::data(format!(
                "{}: larger than 64 MiB; is this the right file?",
                self.file.display()
            )));
        }
        String::from_utf8(bytes).map_err(|_| CliError::data(format!("{}: not UTF-8 text", self.file.display())))
    }
}

/// Prints all people.
pub(super) async fn export(app: &App) -> Result<(), CliError> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let (mut unreadable, mut next) = (Vec::new(), Some(String::new()));
    out.write_all(people_file::head().as_bytes())?;
    while let Some(behind) = next {
        let part = people_file::part(app, &behind).await?;
        out.write_all(part.text.as_bytes())?;
        unreadable.extend(part.unreadable);
        next = part.next;
    }
    out.flush()?;
    CliError::unless_sound(&unreadable)
}
