//! `twolatch doctor`: what would keep people out, or let them in unasked.

use std::path::Path;

use clap::Args;
use serde::Serialize;
use twolatch_core::crypto::keyring::KeyRing;
use twolatch_core::store::timekeeping::STEP_BACK;

use super::open::{close, open};
use super::user::local_accounts;
use super::{CliError, say, say_json};
use crate::config::Config;
use crate::mail::relay::Relay;
use crate::state::App;

#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    well: bool,
    found: String,
    remedy: Option<String>,
}

impl Doctor {
    pub(super) async fn run(self, path: &Path) -> Result<(), CliError> {
        let findings = examine(path).await;
        if self.json {
            say_json(&findings)?;
        } else {
            for finding in &findings {
                say(format_args!(
                    "{}  {:<10} {}",
                    if finding.well { "ok  " } else { "FAIL" },
                    finding.check,
                    finding.found
                ));
                if let Some(remedy) = &finding.remedy {
                    say(format_args!("                 -> {remedy}"));
                }
            }
        }
        let bad = findings.iter().filter(|finding| !finding.well).count();
        if bad == 0 { Ok(()) } else { Err(CliError::failed(format!("{bad} of {} checks failed", findings.len()))) }
    }
}

async fn examine(path: &Path) -> Vec<Finding> {
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
    match unknown_accounts(app).await {
        Ok(names) if names.is_empty() => {
            findings.push(well("accounts", "all that can log in here are known".to_owned()));
        }
        Ok(names) => findings.push(bad(
            "accounts",
            format!("can log in here but are unknown to Twolatch: {}", names.join(", ")),
            "`twolatch user add NAME` (`--shared` for root and service accounts), or `twolatch user add --from-system`",
        )),
        Err(error) => findings.push(bad("accounts", error.to_string(), "see the message")),
    }
    findings
}

async fn unknown_accounts(app: &App) -> Result<Vec<String>, CliError> {
    let mut unknown = Vec::new();
    for account in local_accounts()?.into_iter().filter(super::user::Local::can_log_in) {
        let known = match account.name.parse() {
            Ok(name) => app.store.person_by_name(&name).await?.is_some_and(|person| person.user.name == name),
            Err(_) => false,
        };
        if !known {
            unknown.push(account.name);
        }
    }
    Ok(unknown)
}

const fn well(check: &'static str, found: String) -> Finding {
    Finding { check, well: true, found, remedy: None }
}

fn bad(check: &'static str, found: String, remedy: &str) -> Finding {
    Finding { check, well: false, found, remedy: Some(remedy.to_owned()) }
}
