//! Opening the system that a configuration describes, as the account that owns its database.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use nix::unistd::{Gid, Uid, geteuid, seteuid, setgid, setgroups, setresuid, setuid};
use twolatch_core::crypto::SystemEntropy;
use twolatch_core::crypto::keyring::KeyRing;
use twolatch_core::crypto::password::Hasher;
use twolatch_core::login::Logins;
use twolatch_core::store::{Location, Store};
use twolatch_core::time::SystemClock;

use super::CliError;
use crate::config::Config;
use crate::counts::Counts;
use crate::fetch::Fetcher;
use crate::figures::Counted;
use crate::happenings::Happenings;
use crate::logos::Logos;
use crate::oidc::sign::Keys;
use crate::recent::Recent;
use crate::state::{App, Parts};
use crate::trail::check::Checks;

/// Opens everything.
pub(super) async fn open(path: &Path) -> Result<App, CliError> {
    open_with(Config::load(path)?).await
}

/// The same, with a configuration that was read already. Run by root, it becomes the owner of an SQLite database first:
/// what it leaves beside the file must be readable by the server.
pub(super) async fn open_with(config: Config) -> Result<App, CliError> {
    refuse_environment(&config.database)?;
    must_exist(&config.database)?;
    let keys = KeyRing::load(&config.keys)?;
    become_owner(&config.database, false)?;
    assemble(config, keys).await
}

/// Opens everything for a command that also writes what is root's.
pub(super) async fn open_beside(config: Config) -> Result<(App, Rights), CliError> {
    must_exist(&config.database)?;
    open_or_make(config).await
}

/// The same, with an empty database where there is none.
pub(super) async fn open_or_make(config: Config) -> Result<(App, Rights), CliError> {
    let keys = KeyRing::load(&config.keys)?;
    refuse_environment(&config.database)?;
    let rights = become_owner(&config.database, true)?;
    Ok((assemble(config, keys).await?, rights))
}

fn must_exist(database: &Location) -> Result<(), CliError> {
    let Location::Sqlite(file) = database else { return Ok(()) };
    if file.exists() {
        return Ok(());
    }
    // Opening would make an empty one, which knows nobody.
    let text = format!(
        "store_io: there is no database at {}; put it back with `twolatch restore FILE`, or make a new system with \
         `twolatch init`",
        file.display()
    );
    Err(CliError { message: text, status: 74 })
}

/// What a command that has become the owner of the database can still do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rights(Option<Uid>);

impl Rights {
    /// Does something as root again, where root has run the command.
    pub(super) fn as_before<T>(self, work: impl FnOnce() -> T) -> Result<T, CliError> {
        let Self(Some(owner)) = self else { return Ok(work()) };
        let refused = |error| CliError::failed(format!("cannot become root again: {error}"));
        seteuid(Uid::from_raw(0)).map_err(refused)?;
        let done = work();
        seteuid(owner).map_err(refused)?;
        Ok(done)
    }
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
    let (fetcher, logos) = (Fetcher::new(&config.clients), Logos::new(Fetcher::new(&config.clients)));
    let app = App::from(Parts {
        store,
        logins,
        config: Arc::new(config),
        keys: Keys::default(),
        figures: Counted::default(),
        counts: Counts::default(),
        fetcher,
        happenings: Happenings::default(),
        recent: Recent::default(),
        checks: Checks::default(),
        logos,
        clock: Arc::new(SystemClock),
    });
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

/// Who a file or folder belongs to, if this is root and that is somebody else.
pub(super) fn owner(path: &Path) -> Option<(Uid, Gid)> {
    let about = std::fs::metadata(path).ok().filter(|about| about.uid() != 0 && geteuid().is_root())?;
    Some((Uid::from_raw(about.uid()), Gid::from_raw(about.gid())))
}

/// Becomes the owner of the database, or of the folder that it will be in, so that root opens nothing in a folder of
/// somebody else; `keeps` leaves a way back.
pub(super) fn become_owner(database: &Location, keeps: bool) -> Result<Rights, CliError> {
    let Location::Sqlite(path) = database else { return Ok(Rights(None)) };
    let place = if path.exists() { path } else { path.parent().unwrap_or(path) };
    let Some((uid, gid)) = owner(place) else { return Ok(Rights(None)) };
    let refused = |error| CliError::failed(format!("cannot become the owner of {}: {error}", path.display()));
    setgroups(&[]).and_then(|()| setgid(gid)).map_err(refused)?;
    if keeps {
        setresuid(uid, uid, Uid::from_raw(0)).map_err(refused)?;
        return Ok(Rights(Some(uid)));
    }
    setuid(uid).map_err(refused)?;
    Ok(Rights(None))
}
