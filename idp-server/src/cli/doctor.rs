//! `twolatch doctor`: what would keep people out, or let them in unasked.

use std::path::{Path, PathBuf};

use clap::Args;
use twolatch_core::crypto::keyring::KeyRing;
use twolatch_core::door::Door;
use twolatch_core::store::timekeeping::STEP_BACK;

use super::open::{close, open};
use super::user::{Local, local_accounts};
use super::{CliError, say, say_json};
use crate::config::Config;
use crate::doctor::{Finding, Verdict, host};
use crate::mail::relay::Relay;
use crate::state::App;

#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// What sshd is configured by.
    #[arg(long, value_name = "FILE", default_value = "/etc/ssh/sshd_config")]
    sshd_config: PathBuf,
}

impl Doctor {
    pub(super) async fn run(self, path: &Path) -> Result<(), CliError> {
        let findings = examine(path, &self.sshd_config).await;
        if self.json {
            say_json(&findings)?;
        } else {
            for finding in &findings {
                let place = finding.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
                say(format_args!("{:<7}  {:<10} {place}{}", finding.verdict.word(), finding.check, finding.found));
                if let Some(remedy) = &finding.remedy {
                    say(format_args!("                    -> {remedy}"));
                }
            }
        }
        let bad = findings.iter().filter(|finding| finding.verdict.is_bad()).count();
        if bad == 0 { Ok(()) } else { Err(CliError::failed(format!("{bad} of {} checks failed", findings.len()))) }
    }
}

async fn examine(path: &Path, sshd_config: &Path) -> Vec<Finding> {
    let accounts = local_accounts().into_iter().flatten().filter(Local::can_log_in);
    let names: Vec<String> = accounts.map(|account| account.name).collect();
    // Before the database is opened: that may take the right to read sshd's keys away.
    let of_host = host::examine(Path::new("/"), sshd_config, &names);
    let mut findings = of_server(path).await;
    findings.extend(of_host);
    findings
}

/// What the configuration leads to, where this machine has one.
async fn of_server(path: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let config = match Config::load(path) {
        Ok(config) => {
            findings.push(well("config", path.display().to_string()));
            config
        }
        Err(error) => {
            findings.push(bad(
                "config",
                error.to_string(),
                "correct the file, or make a new system with `twolatch init`",
            ));
            return findings;
        }
    };
    match KeyRing::load(&config.keys) {
        Ok(ring) => findings.push(well("keys", format!("{} in {}", ring.ids().count(), config.keys.display()))),
        Err(error) => findings.push(bad("keys", error.to_string(), "restore the key ring from its backup")),
    }
    findings.push(socket(&config));
    findings.extend(mail(&config).await);
    match open(path).await {
        Ok(app) => {
            findings.push(well("database", app.store.location().to_string()));
            findings.extend(of_system(&app).await);
            if let Err(error) = close(&app).await {
                findings.push(bad("audit", error.to_string(), "look at the message"));
            }
        }
        Err(error) => findings.push(bad("database", error.to_string(), "see the message")),
    }
    findings
}

fn socket(config: &Config) -> Finding {
    let name = config.socket.display();
    match std::os::unix::net::UnixStream::connect(&config.socket) {
        Ok(_) => well("socket", format!("{name} answers")),
        Err(error) => bad(
            "socket",
            format!("{name}: {error}"),
            "start the server: `systemctl start twolatch`, or `twolatch serve`",
        ),
    }
}

/// Whether mail could be sent; none is.
async fn mail(config: &Config) -> Option<Finding> {
    let settings = config.mail.as_ref()?;
    let remedy = "correct [mail] in the configuration, or start the mail server";
    Some(match Relay::new(settings) {
        Err(error) => bad("mail", error.to_string(), remedy),
        Ok(relay) => match relay.check().await {
            Ok(()) => well("mail", format!("{} answers", settings.server)),
            Err(trouble) => bad("mail", trouble.to_string(), remedy),
        },
    })
}

/// What the open system says: clock, administrators, and this machine's accounts that it does not know.
async fn of_system(app: &App) -> Vec<Finding> {
    let mut findings = Vec::new();
    match app.store.timekeeping().await {
        Ok(kept) if kept.time_high.since(app.now()) > STEP_BACK => {
            findings.push(bad(
                "clock",
                "this clock is behind what the database has seen".to_owned(),
                "correct the clock (chrony, systemd-timesyncd)",
            ));
        }
        Ok(_) => findings.push(well("clock", "not behind the database".to_owned())),
        Err(error) => findings.push(bad("clock", error.to_string(), "see the message")),
    }
    match app.store.count_admins().await {
        Ok(0) => findings.push(bad("admins", "nobody can administer".to_owned(), "`twolatch init --new-link`")),
        Ok(count) => findings.push(well("admins", format!("{count} can log in"))),
        Err(error) => findings.push(bad("admins", error.to_string(), "see the message")),
    }
    match accounts(app).await {
        Ok((unknown, refused)) => {
            if !unknown.is_empty() {
                findings.push(bad(
                    "accounts",
                    format!("can log in here but are unknown to Twolatch: {}", unknown.join(", ")),
                    "`twolatch user add NAME` (`--shared` for root and service accounts), or `twolatch user add --from-system`",
                ));
            }
            if !refused.is_empty() {
                let found = format!("can log in here today, and Twolatch would refuse them: {}", refused.join(", "));
                let remedy =
                    "`twolatch policy explain NAME` says why; `twolatch user reopen-setup NAME` gives time to set up";
                findings.push(Finding::new("accounts", Verdict::LockOut, found, remedy));
            }
            if unknown.is_empty() && refused.is_empty() {
                findings.push(well("accounts", "all that can log in here are known, and can".to_owned()));
            }
        }
        Err(error) => findings.push(bad("accounts", error.to_string(), "see the message")),
    }
    findings
}

/// This machine's accounts that are unknown, and those that are refused at a door of it.
async fn accounts(app: &App) -> Result<(Vec<String>, Vec<String>), CliError> {
    let (mut unknown, mut refused) = (Vec::new(), Vec::new());
    let policy = app.logins.policy(app.now()).await?;
    for account in local_accounts()?.into_iter().filter(Local::can_log_in) {
        let person = match account.name.parse() {
            Ok(name) => app.store.person_by_name(&name).await?.filter(|person| person.user.name == name),
            Err(_) => None,
        };
        let Some(person) = person else {
            unknown.push(account.name);
            continue;
        };
        // A shared account is not asked for a code of its own: whoever becomes it is.
        let refuses = |door| app.logins.explain(&policy, &person, door, app.now()).asked.is_refused();
        if person.user.shared_at.is_none() && refuses(Door::Ssh) {
            refused.push(account.name);
        }
    }
    Ok((unknown, refused))
}

fn well(check: &str, found: String) -> Finding {
    Finding::well(check, found)
}

fn bad(check: &str, found: String, remedy: &str) -> Finding {
    Finding::new(check, Verdict::Broken, found, remedy)
}
