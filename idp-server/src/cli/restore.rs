//! `twolatch restore`: a backup in place of the database.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use clap::Args;
use twolatch_core::crypto::keyring::KeyRing;
use twolatch_core::login::restore::{RestoreError, Restored};
use twolatch_core::store::backup::Backup;
use twolatch_core::time::Timestamp;

use super::backup::progress;
use super::open::{close, open_or_make};
use super::{CliError, actor, say, say_json};
use crate::config::Config;
use crate::date;

/// Codes, sessions, tokens, links and remembered devices from before end with it; recovery codes that nobody knows to be
/// unused count as used. The key ring must be the one of the backup.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// A file that `twolatch backup` has written.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Put it in place of a database that is in use.
    #[arg(long)]
    replace: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Restore {
    pub(super) async fn run(self, config: &Path) -> Result<(), CliError> {
        let config = Config::load(config)?;
        let unreadable = |error| CliError::data(format!("{}: {error}", self.file.display()));
        let file = File::open(&self.file).map_err(unreadable)?;
        let backup = Backup::open(file, &KeyRing::load(&config.keys)?)
            .map_err(|error| CliError::data(format!("{}: {error}", self.file.display())))?;
        let (app, _) = open_or_make(config).await?;
        let actor = actor(app.now());
        let done = app.logins.restore(backup, self.replace, &actor, Arc::new(Mutex::new(progress))).await;
        close(&app).await?;
        let done = done.map_err(|error| match error {
            RestoreError::Backup(error) => CliError::from(error),
            other @ RestoreError::InUse => CliError::data(other.to_string()),
        })?;
        if self.json {
            return say_json(&done);
        }
        report(&done);
        Ok(())
    }
}

fn report(done: &Restored) {
    let day = |moment| date::machine(Timestamp::from_unix(moment));
    say(format_args!("Restored the backup of {}: {} people, {} rows.", day(done.made_at), done.people, done.rows));
    say(format_args!(
        "All sessions, sign-ins, tokens, links and remembered devices have ended; codes count from {} on.",
        day(done.floor)
    ));
    if done.codes_spent > 0 {
        say(format_args!(
            "{} recovery codes and keys count as used; their owners are asked to make new ones.",
            done.codes_spent
        ));
    }
    if !done.compared {
        say(
            "What has changed since the backup is not known here: look through `twolatch user list` and disable who must not be back.",
        );
        return;
    }
    if done.changes.is_empty() {
        say("Nothing else has changed since the backup.");
        return;
    }
    say("\nDifferent from the database before:");
    for change in &done.changes {
        let held = if change.held { "DISABLED  " } else { "          " };
        say(format_args!("  {held}{:<10} {:<20} {}", change.what, change.name, change.change));
    }
    if done.held > 0 {
        say(format_args!("\n{} stay disabled until you have looked: `twolatch user enable NAME…`.", done.held));
    }
}
