//! `twolatch conformance`: what the OpenID Foundation's conformance suite needs of a running system: clients, a person, an
//! exemption, and the configuration that the suite is given. It touches nothing that it has not made itself.

use std::io::{self, Write};
use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::{Map, Value};
use twolatch_core::client::{Client, ClientId};
use twolatch_core::login::manage::{Actor, ManageError};
use twolatch_core::user::UserName;

use self::document::{Document, documents};
use self::registered::{Kind, Registered};
use super::open::{close, open};
use super::{CliError, actor};
use crate::state::App;

mod document;
mod person;
mod registered;

#[derive(Debug, Subcommand)]
pub(super) enum Conformance {
    /// Register the suite's clients and its person, and print what the suite is given. What an earlier run has made is
    /// replaced.
    Config(Config),
}

/// Where the suite is, and what it is told of itself.
#[derive(Debug, Args)]
pub(super) struct Config {
    /// Where the suite answers.
    #[arg(long, value_name = "URL", default_value = "https://localhost.emobix.co.uk:8443")]
    suite: String,
    /// The name under which it runs: a part of its addresses and of the clients' ids.
    #[arg(long, default_value = "twolatch", value_parser = alias)]
    alias: String,
    /// The person who signs in.
    #[arg(long, value_name = "NAME", default_value = "conformance")]
    user: UserName,
    /// For how many days the person is asked for the password alone.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=366))]
    days: u16,
    /// Print one JSON object, with a configuration under each of its names.
    #[arg(long)]
    json: bool,
}

/// A word that can stand in an address and in a client id as it is.
fn alias(text: &str) -> Result<String, &'static str> {
    let fits = (1..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    fits.then(|| text.to_owned()).ok_or("an alias has 1 to 32 lower-case letters, digits or `-`")
}

impl Conformance {
    pub(super) async fn run(self, config: &Path) -> Result<(), CliError> {
        let Self::Config(asked) = self;
        let app = open(config).await?;
        let done = asked.apply(&app, &actor(app.now()), &mut io::stdout(), &mut io::stderr()).await;
        close(&app).await?;
        done
    }
}

impl Config {
    /// Does it: the configurations go to `out`, and what to do with them to `hints`.
    async fn apply(
        self,
        app: &App,
        actor: &Actor,
        out: &mut (dyn Write + Send),
        hints: &mut (dyn Write + Send),
    ) -> Result<(), CliError> {
        // Before anything is made: without its exemption the person could not sign in.
        if app.logins.locked {
            return Err(ManageError::Locked.into());
        }
        let base = format!("{}/test/a/{}", self.suite.trim_end_matches('/'), self.alias);
        let made = Kind::ALL.into_iter().map(|kind| Registered::make(app, kind, &self.alias, &base));
        let made = made.collect::<Result<Vec<_>, _>>()?;
        for one in &made {
            may_replace(app, &one.client).await?;
        }
        let person = person::provide(app, &self.user, &self.alias, actor).await?;
        for one in &made {
            register(app, &one.client, actor).await?;
        }
        let clients: Vec<ClientId> = made.iter().map(|one| one.client.id.clone()).collect();
        person.exempt(app, &clients, self.days, actor).await?;
        let documents = documents(app, &self.alias, &base, &person, &made);
        if self.json {
            let all: Map<String, Value> = documents.iter().map(|one| (one.name.to_owned(), one.json.clone())).collect();
            writeln!(out, "{:#}", Value::from(all))?;
        } else {
            for Document { name, json, .. } in &documents {
                writeln!(out, "{name}:\n\n{json:#}\n")?;
            }
        }
        self.say_what_next(&documents, hints)
    }

    fn say_what_next(&self, documents: &[Document], hints: &mut (dyn Write + Send)) -> Result<(), CliError> {
        writeln!(hints, "Plans to run, each with the configuration of its name:")?;
        for Document { name, plans, .. } in documents {
            for plan in *plans {
                writeln!(hints, "  {name}\t{plan}")?;
            }
        }
        let (user, days) = (&self.user, self.days);
        writeln!(
            hints,
            "{user} is asked for the password alone at these clients, for {days} days. Whoever has what is printed can sign in \
             as {user}: keep it like a password, and afterwards run `twolatch user delete {user}` and `twolatch client delete \
             ID` for each client."
        )?;
        Ok(())
    }
}

/// Whether a client is not there yet, or is one that this command has made.
async fn may_replace(app: &App, client: &Client) -> Result<(), CliError> {
    match app.store.client(&client.id).await? {
        Some(present) if !registered::is_ours(&present) => {
            let id = &client.id;
            Err(CliError::data(format!("there is a client `{id}` that is no part of this; take another --alias")))
        }
        _ => Ok(()),
    }
}

/// Registers a client, or puts it in the place of the one before: whatever that holds is worth nothing from then on.
async fn register(app: &App, client: &Client, actor: &Actor) -> Result<(), CliError> {
    app.store.delete_client(client.id.clone(), actor.name.clone(), actor.now).await?;
    Ok(app.store.add_client(client.clone(), actor.name.clone()).await?)
}
