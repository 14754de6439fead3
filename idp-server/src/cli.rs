//! The command line: what there is, and how commands speak. Each noun is a file of its own.

use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::OnceLock;

use clap::{CommandFactory, Parser, Subcommand};
use rustls::crypto::CryptoProvider;
use serde::Serialize;
use twolatch_core::login::manage::{Actor, ManageError};
use twolatch_core::store::StoreError;
use twolatch_core::store::backup::BackupError;
use twolatch_core::store::people::damaged;

use crate::config::{ConfigError, DEFAULT_PATH};

mod audit;
mod backup;
mod break_glass;
mod claim;
mod client;
mod clock;
mod config;
mod conformance;
mod doctor;
mod enable;
mod factor;
mod import;
mod init;
mod key;
mod open;
mod policy;
mod recovery;
mod restore;
mod serve;
mod token;
mod user;

/// One second factor for every door of an organisation.
#[derive(Debug, Parser)]
#[command(name = "twolatch", version, max_term_width = 100)]
pub struct Cli {
    /// The configuration file.
    #[arg(long, global = true, default_value = DEFAULT_PATH, value_name = "FILE")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a new system: configuration, key ring, database; print the link for the first administrator.
    Init(init::Init),
    /// Run the server.
    Serve(serve::Serve),
    /// Users: add, list, show, change, invite, remove.
    #[command(subcommand)]
    User(user::User),
    /// Authenticators: list, reset, provision.
    #[command(subcommand)]
    Factor(factor::Factor),
    /// Move over: take over people's authenticators from google-authenticator, `pam_oath`, URIs or a table.
    #[command(subcommand)]
    Import(import::Import),
    /// What is asked of whom: show, set, explain, exempt.
    #[command(subcommand)]
    Policy(policy::Policy),
    /// People who have lost their second factor: list, approve, dismiss.
    #[command(subcommand)]
    Recovery(recovery::Recovery),
    /// Applications that sign people in: add, list, show, delete.
    #[command(subcommand)]
    Client(client::Clients),
    /// Tokens with which programs act at the admin API in somebody's name: add, list, delete.
    #[command(subcommand)]
    Token(token::Tokens),
    /// What applications may be told of people beside name, address and groups: set, remove, list.
    #[command(subcommand)]
    Claim(claim::Claim),
    /// The OpenID Foundation's conformance suite: register what it needs, print its configuration.
    #[command(subcommand)]
    Conformance(conformance::Conformance),
    /// What was decided: list, export, verify.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// The configuration in force: show.
    #[command(subcommand)]
    Config(config::Config),
    /// The clock, after it was wrong.
    #[command(subcommand)]
    Clock(clock::Clock),
    /// The keys that seal the database and sign tokens: list, rotate, retire.
    #[command(subcommand)]
    Key(key::Key),
    /// Write the database into a file, while the server serves. The keys are not in it.
    Backup(backup::Backup),
    /// Put a backup in place of the database.
    Restore(restore::Restore),
    /// The console of this machine while no server answers: issue one-time codes, list who has some.
    #[command(subcommand)]
    BreakGlass(break_glass::BreakGlass),
    /// Check configuration, keys, database, clock and socket, and who can log in here.
    Doctor(doctor::Doctor),
    Enable(enable::Enable),
    Disable(enable::Disable),
    /// Print a completion script for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Write a manual page for every command into a folder, as packages have them.
    #[command(hide = true)]
    Manual {
        /// The folder.
        folder: PathBuf,
    },
}

/// Runs the command that the arguments name; errors go to standard error, the exit status is one of sysexits(3).
#[must_use]
pub fn main() -> ExitCode {
    // Nothing that is made is for others, unless it is said where it is made.
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    // Keys and codes pass through here: no core file is written, and nothing else of this user reads the memory (T-14).
    let _ = nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_CORE, 0, 0);
    let _ = nix::sys::prctl::set_dumpable(false);
    // The one cryptographic provider of everything that speaks TLS; nothing else has installed one before.
    drop(cryptography().install_default());
    drop(OPERATOR.set(operator()));
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(std::io::stderr(), "twolatch: {}", tame(&error)));
            ExitCode::from(error.status)
        }
    }
}

/// What TLS is made of: of TLS 1.2 what RFC 9325 (4.2) recommends, which is all that FAPI takes.
fn cryptography() -> CryptoProvider {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.cipher_suites.retain(|suite| {
        let of_old = suite.version().version == rustls::ProtocolVersion::TLSv1_2;
        !of_old || !format!("{:?}", suite.suite()).contains("CHACHA20")
    });
    provider
}

fn run(cli: Cli) -> Result<(), CliError> {
    if let Command::Completions { shell } = cli.command {
        clap_complete::generate(shell, &mut Cli::command(), "twolatch", &mut std::io::stdout());
        return Ok(());
    }
    if let Command::Manual { folder } = cli.command {
        return Ok(clap_mangen::generate_to(Cli::command(), folder)?);
    }
    if let Command::Serve(serve) = cli.command {
        return serve.run(&cli.config);
    }
    if let Command::Config(config) = cli.command {
        return config.run(&cli.config);
    }
    if let Command::Disable(disable) = cli.command {
        return disable.run();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Init(init) => init.run(&cli.config).await,
            Command::User(user) => user.run(&cli.config).await,
            Command::Factor(factor) => factor.run(&cli.config).await,
            Command::Import(import) => import.run(&cli.config).await,
            Command::Policy(policy) => policy.run(&cli.config).await,
            Command::Recovery(recovery) => recovery.run(&cli.config).await,
            Command::Claim(claim) => claim.run(&cli.config).await,
            Command::Client(clients) => clients.run(&cli.config).await,
            Command::Conformance(conformance) => conformance.run(&cli.config).await,
            Command::Token(tokens) => tokens.run(&cli.config).await,
            Command::Audit(audit) => audit.run(&cli.config).await,
            Command::Clock(clock) => clock.run(&cli.config).await,
            Command::Key(key) => key.run(&cli.config).await,
            Command::Backup(backup) => backup.run(&cli.config).await,
            Command::Restore(restore) => restore.run(&cli.config).await,
            Command::BreakGlass(codes) => codes.run(&cli.config).await,
            Command::Doctor(doctor) => doctor.run(&cli.config).await,
            Command::Enable(enable) => enable.run(&cli.config).await,
            Command::Serve(_)
            | Command::Config(_)
            | Command::Disable(_)
            | Command::Completions { .. }
            | Command::Manual { .. } => Ok(()),
        }
    })
}

/// What went wrong, and the exit status for it.
#[derive(Debug)]
pub struct CliError {
    message: String,
    status: u8,
}

impl CliError {
    /// What was asked cannot be done as asked (`EX_DATAERR`).
    fn data(message: impl Into<String>) -> Self {
        Self { message: message.into(), status: 65 }
    }

    /// Something is there that must not, or is not there (`EX_CANTCREAT`).
    fn cannot_create(message: impl Into<String>) -> Self {
        Self { message: message.into(), status: 73 }
    }

    /// What a list that goes on without damaged rows ends in, if there were any (`EX_SOFTWARE`, as for one of them).
    fn unless_sound(unreadable: &[String]) -> Result<(), Self> {
        if unreadable.is_empty() { Ok(()) } else { Err(Self { message: damaged(unreadable), status: 70 }) }
    }

    /// Checks have failed.
    const fn failed(message: String) -> Self {
        Self { message, status: 1 }
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        Self { message: error.to_string(), status: 78 }
    }
}

impl From<twolatch_core::crypto::keyring::KeyError> for CliError {
    fn from(error: twolatch_core::crypto::keyring::KeyError) -> Self {
        Self { message: error.to_string(), status: 78 }
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        let status = match error {
            StoreError::Busy(_)
            | StoreError::Slow
            | StoreError::Overloaded
            | StoreError::MailFull
            | StoreError::OutcomeUnknown => 75,
            StoreError::Down(_) => 69,
            StoreError::Full | StoreError::Io(_) => 74,
            StoreError::Keys(_) | StoreError::Schema(_) => 78,
            StoreError::LastAdmin | StoreError::NotAllowed | StoreError::Conflict | StoreError::Duplicate => 65,
            _ => 70,
        };
        Self { message: error.to_string(), status }
    }
}

impl From<BackupError> for CliError {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Store(error) => error.into(),
            BackupError::File(error) => error.into(),
            other => Self::data(other.to_string()),
        }
    }
}

impl From<ManageError> for CliError {
    fn from(error: ManageError) -> Self {
        match error {
            ManageError::Store(error) => error.into(),
            ManageError::NoUser(_) => Self { message: error.to_string(), status: 67 },
            other => Self::data(other.to_string()),
        }
    }
}

impl From<client::ClientFault> for CliError {
    fn from(fault: client::ClientFault) -> Self {
        match fault {
            client::ClientFault::Store(error) => error.into(),
            client::ClientFault::Output(error) => error.into(),
            other => Self::data(other.to_string()),
        }
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        Self { message: error.to_string(), status: 74 }
    }
}

/// Prints a line; a reader that has gone away is no error of ours.
fn say(line: impl fmt::Display) {
    drop(writeln!(std::io::stdout(), "{}", tame(&line)));
}

/// What people have called themselves and their things must not steer a terminal.
fn tame(text: &impl fmt::Display) -> String {
    text.to_string().replace(|c: char| c.is_control() && c != '\n', "\u{fffd}")
}

/// Prints a value as JSON.
fn say_json(value: &impl Serialize) -> Result<(), CliError> {
    say(serde_json::to_string_pretty(value).map_err(|error| CliError::failed(error.to_string()))?);
    Ok(())
}

/// Reads one line of standard input: a password or a secret, which must not stand among the arguments.
fn read_secret() -> Result<twolatch_core::secret::Secret, CliError> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let line = twolatch_core::secret::Secret::new(line);
    let text = line.expose().trim_end_matches(['\n', '\r']);
    if text.is_empty() {
        return Err(CliError::data("standard input is empty; one line with the secret is expected there"));
    }
    Ok(twolatch_core::secret::Secret::new(text.to_owned()))
}

/// Who runs this command line, found out before it becomes the owner of the database.
static OPERATOR: OnceLock<String> = OnceLock::new();

fn operator() -> String {
    let uid = nix::unistd::getuid();
    let name = nix::unistd::User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name);
    format!("{name} (command line)")
}

/// Who a change is recorded as.
fn actor(now: twolatch_core::time::Timestamp) -> Actor {
    Actor::command_line(OPERATOR.get_or_init(operator).clone(), now)
}
