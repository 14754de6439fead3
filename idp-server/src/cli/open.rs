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
use crate::oidc::sign::Keys;
use crate::state::App;

/// Opens everything. Run by root, it becomes the owner of an SQLite database first: what it leaves beside the file must
/// be readable by the server.
pub(super) async fn open(path: &Path) -> Result<App, CliError> {
    let config = Config::load(path)?;
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
        organisation: config.organisation.as_str().into(),
        host: host.into(),
    };
    let app = App { store, logins, config: Arc::new(config), keys: Keys::default(), clock: Arc::new(SystemClock) };
    app.store.keep_time(app.now()).await?;
    Ok(app)
}

/// Ends a command: its audit records are linked, and the connections closed.
pub(super) async fn close(app: &App) -> Result<(), CliError> {
    app.store.link_audit(app.clock.now()).await?;
    app.store.close().await;
    Ok(())
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
