//! `twolatch backup`: the database as a file, never beside its keys.

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use twolatch_core::audit::Event;

use super::open::{close, open_beside};
use super::{CliError, actor, say, say_json};
use crate::config::Config;
use crate::state::App;

/// The file can be read with the key ring of this system only, and not changed without it; people's names and addresses
/// stand in it as they are.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// Where to: a file that is not there yet, in another folder than the keys.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Made {
    file: PathBuf,
    rows: u64,
}

impl Backup {
    pub(super) async fn run(self, config: &Path) -> Result<(), CliError> {
        let config = Config::load(config)?;
        let mut target = Target::begin(&self.file, &config.keys)?;
        let (app, rights) = match open_beside(config).await {
            Ok(opened) => opened,
            Err(error) => {
                drop(std::fs::remove_file(&target.part));
                return Err(error);
            }
        };
        let written = write(&app, &mut target).await;
        let finished = rights.as_before(|| match &written {
            Ok(_) => target.finish(),
            Err(_) => std::fs::remove_file(&target.part),
        })?;
        let rows = written?;
        finished.map_err(|error| CliError::cannot_create(format!("{}: {error}", target.file.display())))?;
        close(&app).await?;
        let made = Made { file: target.file, rows };
        if self.json {
            return say_json(&made);
        }
        say(format_args!("{}: {} rows. The key ring is not in it: keep both, apart.", made.file.display(), made.rows));
        Ok(())
    }
}

async fn write(app: &App, target: &mut Target) -> Result<u64, CliError> {
    let actor = actor(app.now());
    let rows = app.store.write_backup(&mut target.to, actor.now, &mut |rows| progress(rows)).await?;
    target.to.get_ref().sync_all()?;
    let (store, about) = (app.store.clone(), actor.record(Event::BackedUp).saying(format!("{rows} rows")));
    app.store
        .write(move |connection| {
            Box::pin(async move { twolatch_core::store::audit::record(connection, &store, about).await })
        })
        .await?;
    Ok(rows)
}

/// How far it is, on a terminal.
pub(super) fn progress(rows: u64) {
    let mut to = std::io::stderr();
    if to.is_terminal() {
        drop(write!(to, "\r{rows} rows\r"));
        drop(to.flush());
    }
}

/// A file that has its name only once it is whole.
struct Target {
    file: PathBuf,
    part: PathBuf,
    folder: PathBuf,
    to: BufWriter<File>,
}

impl Target {
    fn begin(file: &Path, keys: &Path) -> Result<Self, CliError> {
        let refused = |error: std::io::Error| CliError::cannot_create(format!("{}: {error}", file.display()));
        let file = std::path::absolute(file).map_err(refused)?;
        let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
            return Err(CliError::cannot_create(format!("{} is no name of a file", file.display())));
        };
        let folder = folder.canonicalize().map_err(refused)?;
        if keys.canonicalize().ok().and_then(|keys| keys.parent().map(|home| folder.starts_with(home))) != Some(false) {
            return Err(CliError::cannot_create(format!(
                "{}: the keys are in {}: who finds both opens everything; name a folder that is not saved with them",
                file.display(),
                keys.parent().unwrap_or(keys).display()
            )));
        }
        let file = folder.join(name);
        if file.symlink_metadata().is_ok() {
            let text = format!("{} is there already; no backup is written over another", file.display());
            return Err(CliError::cannot_create(text));
        }
        let mut part = name.to_owned();
        part.push(".part");
        let part = folder.join(part);
        // One that was killed has left its own; links are not followed.
        drop(std::fs::remove_file(&part));
        let to = File::options().write(true).create_new(true).mode(0o600).open(&part);
        let to = to.map_err(|error| CliError::cannot_create(format!("{}: {error}", part.display())))?;
        Ok(Self { file, part, folder, to: BufWriter::new(to) })
    }

    fn finish(&self) -> std::io::Result<()> {
        std::fs::rename(&self.part, &self.file)?;
        File::open(&self.folder)?.sync_all()
    }
}
