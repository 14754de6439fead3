//! `twolatch init`: a new system, everything under one folder if wanted, so that nobody needs root to try it.

use std::fs::Permissions;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use twolatch_core::crypto::SystemEntropy;
use twolatch_core::crypto::keyring::KeyRing;
use twolatch_core::policy::Rules;

use super::open::{assemble, become_owner, close, open, owner};
use super::{CliError, actor, say, say_json};
use crate::config::clients::RawClients;
use crate::config::login::RawLogin;
use crate::config::pages::RawPages;
use crate::config::recovery::RawRecovery;
use crate::config::{Config, DEFAULT_PATH, Raw, RawApi, RawPassword, RawPolicy};
use crate::oidc::sign::create_missing;
use crate::state::App;

/// Where the database is, unless the command line says otherwise.
const DATA: &str = "/var/lib/twolatch";

#[derive(Debug, Args)]
pub(super) struct Init {
    /// Put configuration, keys, database and socket into this folder.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Where the web server listens.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// Where the verify service listens.
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// The URL under which browsers reach the server: https, or http on loopback.
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// <sqlite:///path> or <postgres://user@host/database>; an SQLite file in the data folder if absent.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Only make a new link for the first administrator.
    #[arg(long)]
    new_link: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Made {
    config: PathBuf,
    setup_link: Option<String>,
}

impl Init {
    pub(super) async fn run(self, config: &Path) -> Result<(), CliError> {
        let path = match &self.data_dir {
            Some(folder) if config == Path::new(DEFAULT_PATH) => absolute(folder)?.join("twolatch.toml"),
            _ => config.to_owned(),
        };
        // Packages give this folder to the account that their unit runs as.
        let packaged = self.data_dir.is_none() && owner(Path::new(DATA)).is_some();
        let app = if self.new_link { open(&path).await? } else { self.make(&path).await? };
        let actor = actor(app.now());
        let token = app.logins.first_admin_link(&actor).await?;
        let link = token.map(|token| format!("{}/setup/{token}", app.config.issuer));
        close(&app).await?;
        if self.json {
            return say_json(&Made { config: path, setup_link: link });
        }
        if !self.new_link {
            say(format_args!("Made {}.", path.display()));
            if packaged {
                say("Start the server:  systemctl start twolatch");
            } else {
                say(format_args!("Start the server:  twolatch serve --config {}", path.display()));
            }
        }
        match link {
            Some(link) => say(format_args!("Make the first administrator, once and within an hour:\n\n    {link}\n")),
            None => say("There is an administrator already; no link was made."),
        }
        Ok(())
    }

    async fn make(&self, path: &Path) -> Result<App, CliError> {
        if path.exists() {
            let name = path.display();
            return Err(CliError::cannot_create(format!(
                "{name} is there already; `init --new-link` makes a new link for it, and a new system needs another folder"
            )));
        }
        let home = match &self.data_dir {
            Some(folder) => absolute(folder)?,
            None => PathBuf::from(DATA),
        };
        let settings = path.parent().unwrap_or(Path::new("/")).to_owned();
        for folder in [&home, &settings] {
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o755)
                .create(folder)
                .map_err(|error| CliError::cannot_create(format!("{}: {error}", folder.display())))?;
        }
        let socket = match (&self.socket, &self.data_dir) {
            (Some(socket), _) => absolute(socket)?,
            (None, Some(_)) => home.join("verify.sock"),
            (None, None) => PathBuf::from("/run/twolatch/verify.sock"),
        };
        let issuer = self.issuer.clone().unwrap_or_else(|| format!("http://localhost:{}", self.listen.port()));
        // Until the configuration says otherwise, a proxy on this machine ends TLS.
        let behind = if issuer.starts_with("https://") { vec!["127.0.0.1", "::1"] } else { Vec::new() };
        let raw = Raw {
            organisation: "Twolatch".to_owned(),
            issuer,
            listen: self.listen,
            socket,
            database_url: Some(
                self.database_url.clone().unwrap_or_else(|| format!("sqlite://{}", home.join("twolatch.db").display())),
            ),
            database_url_file: None,
            keys: settings.join("keys"),
            tls: None,
            mail: None,
            alerts: None,
            metrics: None,
            trusted_proxies: behind.into_iter().filter_map(|address| address.parse().ok()).collect(),
            password: RawPassword::default(),
            policy: RawPolicy::default(),
            login: RawLogin::default(),
            recovery: RawRecovery::default(),
            pages: RawPages::default(),
            api: RawApi::default(),
            clients: RawClients::default(),
        };
        write_config(path, &raw, owner(&home).map(|(_, group)| group.as_raw()))?;
        self.fill(path).await.inspect_err(|_| {
            // What could not be completed must not stand in the way of the next try. The key ring stays: it may be in use.
            drop(std::fs::remove_file(path));
        })
    }

    async fn fill(&self, path: &Path) -> Result<App, CliError> {
        let config = Config::load(path)?;
        let keys = if config.keys.exists() {
            KeyRing::load(&config.keys)?
        } else {
            KeyRing::create(&config.keys, &SystemEntropy::new())?
        };
        let rights = become_owner(&config.database, true)?;
        let made = with_first_rules(config, keys).await;
        if made.is_err() {
            rights.as_before(|| drop(std::fs::remove_file(path)))?; // which only root can
        }
        made
    }
}

/// Makes the database, and gives it the rules that a new system begins with.
async fn with_first_rules(config: Config, keys: KeyRing) -> Result<App, CliError> {
    let initial = config.initial;
    let app = assemble(config, keys).await?;
    create_missing(&app.store, app.now()).await?;
    if !app.logins.store.has_policy().await? {
        app.logins.set_rules(Rules::initial(initial), 0, "initial".to_owned(), &actor(app.now())).await?;
    }
    Ok(app)
}

/// Writes what may hold a password, for this account, and for the group that the server runs as where that is another.
fn write_config(path: &Path, raw: &Raw, group: Option<u32>) -> Result<(), CliError> {
    let text = toml::to_string(raw).map_err(|error| CliError::failed(error.to_string()))?;
    let fail = |error| CliError::cannot_create(format!("{}: {error}", path.display()));
    let mut file = std::fs::File::options().write(true).create_new(true).mode(0o600).open(path).map_err(fail)?;
    if group.is_some() {
        std::os::unix::fs::fchown(&file, None, group).map_err(fail)?;
        file.set_permissions(Permissions::from_mode(0o640)).map_err(fail)?;
    }
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(fail)
}

fn absolute(path: &Path) -> Result<PathBuf, CliError> {
    Ok(std::path::absolute(path)?)
}
