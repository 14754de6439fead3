//! Opening the system that a configuration describes, as the account that owns its database.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use twolatch_core::crypto::SystemEntropy;
use twolatch_core::crypto::keyring::KeyRing;
use twolatch_core::crypto::password::Hasher;
use twolatch_core::login::Logins;
use twolatch_core::store::{Location, Store};
use twolatch_core::time::SystemClock;

use super::CliError;
use crate::config::Config;
use crate::figures::Counted;
use crate::oidc::sign::Keys;
use crate::state::App;
use crate::trail::check::Checks;

/// Opens everything. Run by root, it becomes the owner of an SQLite database first: what it leaves beside the file must
/// be readable by the server.
pub(super) async fn open(path: &Path) -> Result<App, CliError> {
    let config = Config::load(path)?;
    refuse_environment(&config.database)?;
    if let Location::Sqlite(file) = &config.database
        && !file.exists()
    {
        // Opening would make an empty one, which knows nobody.
        let text = format!(
            "store_io: there is no database at {}; restore it from your backup, or make a new system with `twolatch init`",
            file.display()
        );
        return Err(CliError { message: text, status: 74 });
    }
    let keys = KeyRing::load(&config.keys)?;
    become_owner(&config.database)?;
    assemble(config, keys).await
}

/// The server's parts, from a configuration and its keys.
pub(super) async fn assemble(config: Config, keys: KeyRing) -> Result<App, CliError> {
    let entropy = Arc::new(SystemEntropy::new());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let hasher =
        Hasher::new(config.password, cores, entropy.as_ref()).map_err(|error| CliError::failed(error.to_string()))?;
    let store = Store::open(config.database.clone(), keys, entropy).await?;
    let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok()).unwrap_or_default();
    let logins = Logins {
        store: store.clone(),
        hasher,
        locked: config.locked,
        mail: config.mail.is_some(),
        approval: config.approval,
        organisation: config.organisation.as_str().into(),
        host: host.into(),
    };
    let app = App {
        store,
        logins,
        config: Arc::new(config),
        keys: Keys::default(),
        figures: Counted::default(),
        checks: Checks::default(),
        clock: Arc::new(SystemClock),
    };
    app.store.keep_time(app.clock.as_ref()).await?;
    Ok(app)
}

/// Ends a command: its audit records are linked, and the connections closed.
pub(super) async fn close(app: &App) -> Result<(), CliError> {
    while let Some(head) = app.store.link_audit(app.now()).await? {
        journal(&head);
    }
    app.store.close().await;
    Ok(())
}

/// Writes a head of the audit's chain to the system's log, where the database's writer cannot change it. A system without
/// one has none.
fn journal(head: &str) {
    if let Ok(socket) = std::os::unix::net::UnixDatagram::unbound() {
        // Facility authpriv, level info.
        drop(socket.send_to(format!("<86>twolatch: audit head={head}").as_bytes(), "/dev/log"));
    }
}

/// The database library would take from these what the configuration leaves open.
const MEDDLING: [&str; 8] =
    ["PGHOST", "PGHOSTADDR", "PGPASSWORD", "PGPASSFILE", "PGOPTIONS", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY"];

#[expect(clippy::disallowed_methods, reason = "looked at only to be refused")]
fn refuse_environment(database: &Location) -> Result<(), CliError> {
    match MEDDLING.into_iter().find(|name| std::env::var_os(name).is_some()) {
        Some(name) if !database.is_sqlite() => {
            let text =
                format!("the environment has {name}; everything about the database belongs into the configuration");
            Err(CliError { message: text, status: 78 })
        }
        _ => Ok(()),
    }
}

fn become_owner(database: &Location) -> Result<(), CliError> {
    let Location::Sqlite(path) = database else { return Ok(()) };
    let Ok(about) = std::fs::metadata(path) else { return Ok(()) };
    if !nix::unistd::geteuid().is_root() || about.uid() == 0 {
        return Ok(());
    }
    let refused = |error| CliError::failed(format!("cannot become the owner of {}: {error}", path.display()));
    nix::unistd::setgroups(&[]).map_err(refused)?;
    nix::unistd::setgid(nix::unistd::Gid::from_raw(about.gid())).map_err(refused)?;
    nix::unistd::setuid(nix::unistd::Uid::from_raw(about.uid())).map_err(refused)
}
