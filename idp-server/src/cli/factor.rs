//! `twolatch factor`: authenticators.

use std::path::Path;

use clap::{Args, Subcommand};
use serde::Serialize;
use twolatch_core::factor::totp::{Algorithm, Totp};
use twolatch_core::login::manage::Actor;
use twolatch_core::login::setup::{Pending, Progress};
use twolatch_core::qr;
use twolatch_core::store::people::{Part, Search, next};
use twolatch_core::time::Timestamp;
use twolatch_core::typed::{Typed, parse};
use twolatch_core::user::{GroupName, UserName};
use twolatch_core::wire::Qr;

use super::open::{close, open};
use super::{CliError, actor, read_secret, say, say_json};
use crate::state::App;

#[derive(Debug, Subcommand)]
pub(super) enum Factor {
    /// List a user's authenticators.
    List {
        /// The user.
        name: UserName,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Request registration: remove what is set up, and open set-up at the next login.
    Reset(Reset),
    /// Add an authenticator app: with a secret from standard input, or by a QR code and its codes.
    AddTotp(AddTotp),
}

#[derive(Debug, Args)]
pub(super) struct Reset {
    /// The users.
    #[arg(required_unless_present_any = ["group", "all"])]
    names: Vec<UserName>,
    /// Everybody in this group.
    #[arg(long, conflicts_with = "names")]
    group: Option<GroupName>,
    /// Everybody.
    #[arg(long, conflicts_with_all = ["names", "group"])]
    all: bool,
    /// With --group or --all: those too who have something set up.
    #[arg(long)]
    include_activated: bool,
}

#[derive(Debug, Args)]
pub(super) struct AddTotp {
    /// The user.
    name: UserName,
    /// Read the secret (base32) from standard input; the authenticator is active at once.
    #[arg(long)]
    secret_stdin: bool,
    /// What to call the authenticator.
    #[arg(long)]
    label: Option<String>,
    /// SHA1, SHA256 or SHA512.
    #[arg(long, default_value = "SHA1", value_parser = |name: &str| Algorithm::named(name).ok_or("one of SHA1, SHA256, SHA512"))]
    algorithm: Algorithm,
    /// 6 or 8.
    #[arg(long, default_value_t = 6)]
    digits: u8,
    /// 30 or 60 seconds.
    #[arg(long, default_value_t = 30)]
    period: u32,
}

#[derive(Debug, Serialize)]
struct Row {
    id: String,
    kind: &'static str,
    name: String,
    algorithm: &'static str,
    digits: u8,
    period: u32,
    /// Its secret is shorter than any that is taken without insisting.
    weak: bool,
    created_at: i64,
    last_used_at: Option<i64>,
}

impl Factor {
    pub(super) async fn run(self, config: &Path) -> Result<(), CliError> {
        let app = open(config).await?;
        let actor = actor(app.now());
        let result = match self {
            Self::List { name, json } => list(&app, &name, json).await,
            Self::Reset(reset) => reset.on(&app, &actor).await,
            Self::AddTotp(add) => add.on(&app, &actor).await,
        };
        close(&app).await?;
        result
    }
}

async fn list(app: &App, name: &UserName, json: bool) -> Result<(), CliError> {
    let person = app.logins.named(name).await?;
    let rows: Vec<Row> = person
        .factors
        .iter()
        .map(|factor| Row {
            id: factor.id.to_string(),
            kind: "totp",
            name: factor.name.clone(),
            algorithm: factor.totp.algorithm.as_str(),
            digits: factor.totp.digits,
            period: factor.totp.period,
            weak: factor.totp.is_weak(),
            created_at: factor.created_at.unix(),
            last_used_at: factor.last_used_at.map(Timestamp::unix),
        })
        .collect();
    if json {
        return say_json(&rows);
    }
    if rows.is_empty() {
        say(format_args!("{name} has nothing set up."));
    }
    for row in rows {
        let weak = if row.weak { ", weak secret" } else { "" };
        say(format_args!("{}  {}  {}, {} digits, {} s{weak}", row.id, row.name, row.algorithm, row.digits, row.period));
    }
    Ok(())
}

impl Reset {
    async fn on(self, app: &App, actor: &Actor) -> Result<(), CliError> {
        let many = self.all || self.group.is_some();
        let (mut names, mut unreadable) = (self.names, Vec::new());
        if many {
            let policy = app.logins.policy(actor.now).await?;
            let set_up = (!self.include_activated).then_some(false);
            let search = Search { group: self.group, set_up, ..Search::default() };
            let mut after = Some(String::new());
            while let Some(behind) = after {
                let found = app.store.find_people(&search, &policy, Part::after(&behind, 500), actor.now).await?;
                after = next(&found, 500);
                for found in found {
                    match found {
                        // Found by an index that is under no mark.
                        Ok(found) if !search.is_of(&found.person.user, &policy, actor.now) => {}
                        Ok(found) => names.push(found.person.user.name),
                        Err(damaged) => unreadable.push(damaged.name),
                    }
                }
            }
            if names.is_empty() && unreadable.is_empty() {
                return Err(CliError::data(
                    "nobody to reset: all of them have something set up; --include-activated resets those too",
                ));
            }
        }
        for name in names {
            app.logins.reset_factors(&name, actor).await?;
            say(format_args!("{name} sets up at the next login."));
        }
        CliError::unless_sound(&unreadable)
    }
}

impl AddTotp {
    async fn on(self, app: &App, actor: &Actor) -> Result<(), CliError> {
        if self.secret_stdin {
            let totp = Totp::from_base32(&read_secret()?, self.algorithm, self.digits, self.period)
                .map_err(|error| CliError::data(error.to_string()))?;
            app.logins.provision_totp(&self.name, totp, self.label, actor).await?;
            say(format_args!("{} has a new authenticator.", self.name));
            return Ok(());
        }
        let user = app.logins.named(&self.name).await?.user;
        let no_entropy = |error: twolatch_core::crypto::NoEntropy| CliError::failed(error.to_string());
        let mut pending = Pending::new(app.entropy(), actor.now).map_err(no_entropy)?;
        let uri = pending.uri(&app.config.organisation, &user);
        say(qr::for_terminal(&uri, Qr::Utf8).unwrap_or_default());
        say(format_args!("Key: {}\n{}\n", pending.key().expose(), uri.expose()));
        let codes = app.logins.policy(actor.now).await?.rules.enrol_codes;
        loop {
            say(if pending.has_first() { "The next code that the app shows:" } else { "The code that the app shows:" });
            let Typed::Code(code) = parse(read_secret()?.expose().as_bytes()) else {
                say("A code is made of six digits.");
                continue;
            };
            let now = app.now();
            if pending.is_over(now) {
                return Err(CliError::data("this took too long; start again"));
            }
            match pending.clone().take(&code, codes, now) {
                Progress::Wrong => say("This code is not right."),
                Progress::Next(next) => pending = next,
                Progress::Confirmed(confirmed) => {
                    let actor = Actor { now, ..actor.clone() };
                    app.logins.add_confirmed(&self.name, confirmed, self.label, &actor).await?;
                    say(format_args!("{} has a new authenticator.", self.name));
                    return Ok(());
                }
            }
        }
    }
}
