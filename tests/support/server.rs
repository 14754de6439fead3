//! The real server, with a configuration, a database and a data folder of its own.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use idp_server::config::Config;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;
use twolatch_core::crypto::SystemEntropy;
use twolatch_core::crypto::keyring::KeyRing;
use twolatch_core::letter::Letter;
use twolatch_core::store::Store;
use twolatch_core::store::budgets::{Budget, Charge};
use twolatch_core::store::mails::LEASE;
use twolatch_core::time::Timestamp;

use super::database::{Database, Engine};
use super::wait::{PATIENCE, try_until, until};
use super::{free_port, new_id, setting};

/// Debian's libfaketime.
pub(crate) const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/// The program: of this build, or the one of a package.
pub(crate) fn program() -> String {
    setting("TWOLATCH_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_twolatch").to_owned())
}

/// `twolatch init` has run; `twolatch serve` runs between [`Server::start`] and [`Server::stop`].
#[derive(Debug)]
pub(crate) struct Server {
    // Fields are dropped in this order: the process before its database and its files.
    process: Option<Process>,
    database: Database,
    folder: TempDir,
    port: u16,
    socket: PathBuf,
    shift: Option<String>,
}

impl Server {
    /// Sets up a server whose socket is in `sockets`. Nothing where the engine is missing.
    pub(crate) fn init(engine: Engine, sockets: &Path) -> Option<Self> {
        Some(Self::init_on(Database::new(engine)?, sockets, |_| {}))
    }

    /// The same on this database; `prepare` gets the data folder before anything is in it.
    pub(crate) fn init_on(database: Database, sockets: &Path, prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::Builder::new().prefix("twolatch-server.").tempdir().unwrap();
        let socket = sockets.join(format!("verify-{}.sock", new_id()));
        let server = Self { process: None, database, folder, port: free_port(), socket, shift: None };
        let data = server.data_path();
        prepare(&data);
        let (listen, issuer) = (format!("127.0.0.1:{}", server.port), server.issuer());
        let mut arguments = vec!["init", "--data-dir", path(&data), "--listen", &listen];
        arguments.extend(["--socket", path(&server.socket), "--issuer", &issuer]);
        if let Some(url) = server.database.url() {
            arguments.extend(["--database-url", url]);
        }
        server.run(&arguments, "");
        server
    }

    /// Another server on the same database, with a socket and a port of its own.
    pub(crate) fn beside(&self, sockets: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("twolatch-server.").tempdir().unwrap();
        let (port, socket) = (free_port(), sockets.join(format!("verify-{}.sock", new_id())));
        let config = fs::read_to_string(self.config_path()).unwrap();
        let config = config
            .replace(&format!("127.0.0.1:{}", self.port), &format!("127.0.0.1:{port}"))
            .replace(path(&self.socket), path(&socket));
        fs::write(folder.path().join("twolatch.toml"), config).unwrap();
        Self { process: None, database: Database::Sqlite, folder, port, socket, shift: None }
    }

    /// The name of its database on PostgreSQL.
    pub(crate) fn database_name(&self) -> Option<&str> {
        match &self.database {
            Database::Sqlite => None,
            Database::Postgres { name, .. } => Some(name),
        }
    }

    /// The socket that hosts ask at.
    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    /// The address that web apps know it by.
    pub(crate) fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Puts a line into a section of its configuration.
    pub(crate) fn configure(&self, section: &str, line: &str) {
        let (text, head) = (fs::read_to_string(self.config_path()).unwrap(), format!("[{section}]\n"));
        assert!(text.contains(&head), "{text}");
        fs::write(self.config_path(), text.replace(&head, &format!("{head}{line}\n"))).unwrap();
    }

    /// Its configuration file.
    pub(crate) fn config_path(&self) -> PathBuf {
        self.folder.path().join("twolatch.toml")
    }

    /// Its data folder.
    pub(crate) fn data_path(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Its key ring.
    pub(crate) fn keys_path(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    /// A command of `twolatch` with this server's configuration.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(arguments).arg("--config").arg(self.config_path());
        command
    }

    /// Runs a command that may fail.
    pub(crate) fn try_run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that reads nothing has closed its end.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Runs a command that must succeed, and gives what it printed.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> String {
        let output = self.try_run(arguments, input);
        let printed = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "twolatch {arguments:?}: {}\n{printed}{errors}", output.status);
        printed
    }

    /// Runs a command that prints JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let printed = self.run(&[arguments, &["--json"]].concat(), "");
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("twolatch {arguments:?}: {error}\n{printed}"))
    }

    /// How many wrong codes somebody's authenticator stands charged with, and what a try would have met at a moment: what
    /// the database says, whoever serves it.
    pub(crate) fn standing(&self, name: &str, at: Timestamp) -> (i64, Charge) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let config = Config::load(&self.config_path()).unwrap();
            let keys = KeyRing::load(&config.keys).unwrap();
            let store = Store::open(config.database, keys, Arc::new(SystemEntropy::new())).await.unwrap();
            let person = store.person_by_name(&name.parse().unwrap()).await.unwrap().unwrap();
            let standing = store.standing(&Budget::of_totp(person.user.id.as_str()), at).await.unwrap();
            store.close().await;
            standing
        })
    }

    /// The codes in the queue of mail, those that expire first in front: what the database says, whoever delivers it.
    pub(crate) fn mailed_codes(&self, now: Timestamp) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let config = Config::load(&self.config_path()).unwrap();
            let keys = KeyRing::load(&config.keys).unwrap();
            let store = Store::open(config.database, keys, Arc::new(SystemEntropy::new())).await.unwrap();
            // Whoever has taken mail to deliver it gives it back before that moment.
            let mails = store.claim_mails(100, now.plus(LEASE + 1)).await.unwrap();
            let mut codes = Vec::new();
            for outgoing in mails {
                store.mail_done(&outgoing).await.unwrap();
                if let Letter::Code { code, .. } | Letter::VerifyAddress { code, .. } = outgoing.mail.letter {
                    codes.push(code.expose().to_owned());
                }
            }
            store.close().await;
            codes
        })
    }

    /// From now on it is started with a clock that is shifted by this (as libfaketime takes it).
    pub(crate) fn shift_clock(&mut self, shift: Option<&str>) {
        self.shift = shift.map(str::to_owned);
    }

    /// Starts serving, and waits until it is ready.
    pub(crate) fn start(&mut self) {
        assert!(self.process.is_none(), "it runs already");
        let log = File::options().append(true).create(true).open(self.log_path()).unwrap();
        let mut command = self.command(&["serve"]);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        if let Some(shift) = &self.shift {
            // What the dynamic loader finds by itself, on every architecture; how much time passes is not shifted.
            command.env("LD_PRELOAD", FAKETIME).env("FAKETIME", shift).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        let mut process = Process(command.spawn().unwrap());
        let ready = try_until(PATIENCE, || {
            let ended = process.0.try_wait().unwrap();
            assert!(ended.is_none(), "twolatch serve ended ({ended:?}):\n{}", self.log());
            (self.status_of("/readyz") == Some(200)).then_some(())
        });
        assert!(ready.is_some(), "twolatch serve is not ready:\n{}", self.log());
        self.process = Some(process);
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.signal(Signal::SIGTERM);
        let status = until("the server to stop", || process.0.try_wait().unwrap());
        assert!(status.success(), "twolatch serve: {status}\n{}", self.log());
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        drop(self.process.take().expect("it runs"));
    }

    /// Makes it hang: connections are taken, nothing is answered.
    pub(crate) fn freeze(&self) {
        self.process.as_ref().expect("it runs").signal(Signal::SIGSTOP);
    }

    /// Undoes [`Server::freeze`].
    pub(crate) fn thaw(&self) {
        self.process.as_ref().expect("it runs").signal(Signal::SIGCONT);
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.process.as_ref().expect("it runs").0.id()
    }

    /// Everything it has printed.
    pub(crate) fn log(&self) -> String {
        fs::read(self.log_path()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    fn status_of(&self, page: &str) -> Option<u16> {
        let answer = reqwest::blocking::get(format!("{}{page}", self.issuer())).ok()?;
        Some(answer.status().as_u16())
    }
}

/// A child that does not outlive its test.
#[derive(Debug)]
pub(crate) struct Process(pub(crate) Child);

impl Process {
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.0.id().try_into().unwrap()), signal).unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
