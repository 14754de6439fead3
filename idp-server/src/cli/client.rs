//! `twolatch client`: the applications that sign people in. Whatever could send an answer to the wrong place is refused
//! here, where somebody reads why.

use std::io::{self, Write};
use std::path::Path;

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::{Value, json};
use twolatch_core::client::{AuthMethod, Client, ClientId, Trust};
use twolatch_core::crypto::random_text;
use twolatch_core::login::actor::Actor;
use twolatch_core::login::clients::{Change, RENEWED};
use twolatch_core::secret::Secret;

use super::open::{close, open};
use super::{CliError, actor};
use crate::presets::{self, Preset, Told};
use crate::state::App;
use crate::view::client::Row;
use crate::web::path::host;

use self::details::{Clear, Details};
pub(super) use self::fault::ClientFault;
use self::initial_token::InitialTokens;
use self::test::Test;
use self::view::{logouts, show, show_use};

mod details;
mod fault;
mod initial_token;
mod test;
#[cfg(test)]
mod tests;
mod view;

/// What can be done with clients.
#[derive(Debug, Subcommand)]
pub(super) enum Clients {
    /// Register an application; its secret is shown once.
    Add(Box<Add>),
    /// List all applications.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show an application.
    Show {
        /// Its client id.
        id: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Change an application: what is named, and nothing else.
    Set(Box<Set>),
    /// Give an application another secret, which is shown once.
    RotateSecret(RotateSecret),
    /// Show what an application would learn if somebody signed in to it now: nobody does, and no token is made.
    Test(Test),
    /// List what an application was told of sign-outs lately, or could not be told.
    Logouts {
        /// Its client id.
        id: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Tokens with which others register applications: add, list, delete.
    #[command(subcommand)]
    InitialToken(InitialTokens),
    /// Let nobody sign in to an application until it is enabled again; what it holds is worth nothing meanwhile.
    Disable {
        /// Its client id.
        id: String,
    },
    /// Let people sign in to an application again.
    Enable {
        /// Its client id.
        id: String,
    },
    /// Remove an application: whatever it holds is worth nothing from then on.
    Delete {
        /// Its client id.
        id: String,
    },
}

/// An application to register.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// What people are told they sign in to.
    #[arg(long, required_unless_present = "preset")]
    name: Option<String>,
    #[arg(
        long,
        value_parser = preset,
        help = "What it is: server, spa, native, machine or reverse-proxy; or grafana, gitea, nextcloud, gitlab, jenkins, \
                mod_auth_openidc or oauth2-proxy, and with --url all is set as these need it, and what to type into them is \
                printed"
    )]
    preset: Option<Preset>,
    /// Where people open it, for a preset by name.
    #[arg(long, requires = "preset")]
    url: Option<String>,
    /// The client id; a random one if absent.
    #[arg(long)]
    id: Option<String>,
    /// It can keep no secret: it runs in a browser or on people's own machines.
    #[arg(long, conflicts_with = "auth_method")]
    public: bool,
    #[arg(
        long,
        value_name = "METHOD",
        help = "How it proves itself: client_secret_basic (the default), client_secret_post, private_key_jwt or none"
    )]
    auth_method: Option<String>,
    #[command(flatten)]
    details: Details,
    /// It cannot do PKCE. Never for a public application.
    #[arg(long)]
    no_pkce: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Changes of an application.
#[derive(Debug, Args)]
pub(super) struct Set {
    /// Its client id.
    id: String,
    /// What people are told they sign in to.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    details: Details,
    /// Empty a list, or take an address away.
    #[arg(long, value_name = "WHAT", num_args = 1..)]
    clear: Vec<Clear>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Another secret for an application.
#[derive(Debug, Args)]
pub(super) struct RotateSecret {
    /// Its client id.
    id: String,
    /// How long the one before is good too; 0 where it has leaked.
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u16).range(0..=720))]
    keep_hours: u16,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Clients {
    pub(super) async fn run(self, config: &Path) -> Result<(), CliError> {
        let app = open(config).await?;
        let done = self.apply(&app, &actor(app.now()), &mut io::stdout()).await;
        close(&app).await?;
        Ok(done?)
    }

    /// Does it, as `actor` in the audit, and reports to `out`.
    async fn apply(self, app: &App, actor: &Actor, out: &mut (dyn Write + Send)) -> Result<(), ClientFault> {
        match self {
            Self::Add(add) => add.apply(app, actor, out).await,
            Self::List { json: true } => {
                let clients: Vec<Value> = app
                    .store
                    .clients()
                    .await?
                    .iter()
                    .map(|client| as_json(&Row::of(client)))
                    .collect::<Result<_, _>>()?;
                Ok(writeln!(out, "{:#}", Value::from(clients))?)
            }
            Self::List { json: false } => {
                for client in app.store.clients().await? {
                    let said = if client.settings.trust == Trust::Unverified { "\tnot verified" } else { "" };
                    writeln!(out, "{}\t{}\t{}{said}", client.id, client.auth_method, client.name)?;
                }
                Ok(())
            }
            Self::Show { id, json } => {
                let client = app.store.client(&known(&id)?).await?.ok_or(ClientFault::Missing(id))?;
                let counted = app.store.happenings_of(&client.id, app.now()).await?;
                if json {
                    return Ok(writeln!(out, "{:#}", as_json(&Row::of(&client).used(&counted))?)?);
                }
                show(&client, out)?;
                show_use(&counted, out)
            }
            Self::Set(set) => set.apply(app, actor, out).await,
            Self::RotateSecret(rotate) => rotate.apply(app, actor, out).await,
            Self::Test(test) => test.apply(app, out).await,
            Self::Logouts { id, json } => {
                let known = known(&id)?;
                app.store.client(&known).await?.ok_or(ClientFault::Missing(id))?;
                logouts(&app.store.logouts_of(&known).await?, json, out)
            }
            Self::InitialToken(tokens) => tokens.apply(app, &actor.name, out).await,
            Self::Disable { id } => {
                let since = Some(app.now());
                change(app, &id, "is disabled", actor, move |client| client.disabled_at = since).await?;
                Ok(writeln!(out, "Nobody signs in to {id} until `twolatch client enable {id}`.")?)
            }
            Self::Enable { id } => {
                change(app, &id, "is enabled", actor, |client| client.disabled_at = None).await?;
                Ok(writeln!(out, "People sign in to {id} again.")?)
            }
            Self::Delete { id } => {
                app.logins.delete_client(known(&id)?, actor).await?;
                Ok(writeln!(out, "Removed {id}. Nobody signs in to it any more.")?)
            }
        }
    }
}

/// Changes a client, whatever it was before.
async fn change(
    app: &App,
    id: &str,
    said: &'static str,
    actor: &Actor,
    edit: impl FnOnce(&mut Client) + Send + 'static,
) -> Result<Client, ClientFault> {
    let change = Change::of(known(id)?, said);
    Ok(app.logins.change_client(change, host(&app.config), actor, edit).await?)
}

/// Something as JSON, its members in order.
fn as_json(what: &impl Serialize) -> Result<Value, ClientFault> {
    Ok(serde_json::to_value(what).map_err(io::Error::from)?)
}

fn known(id: &str) -> Result<ClientId, ClientFault> {
    id.parse().map_err(|_| ClientFault::Missing(id.to_owned()))
}

impl Add {
    async fn apply(self, app: &App, actor: &Actor, out: &mut (dyn Write + Send)) -> Result<(), ClientFault> {
        let (json, preset, url) = (self.json, self.preset, self.url.clone().unwrap_or_default());
        let client = self.check(app)?;
        let (client, secret) = app.logins.add_client(client, host(&app.config), actor).await?;
        let secret = secret.as_ref().map(Secret::expose);
        let (issuer, random) = (app.config.issuer.as_str(), random_text::<20>(app.entropy())?);
        let address = presets::address(&url).unwrap_or_default();
        let told = Told { issuer, id: client.id.as_str(), secret, address, random: &random };
        let typed = preset.map(|preset| (preset.endpoints(issuer), preset.lines(told)));
        if json {
            let lines = typed.and_then(|(_, lines)| lines);
            let registered = Row::of(&client).registered(secret, lines.map(|lines| (lines.place, lines.text)));
            return Ok(writeln!(out, "{:#}", as_json(&registered)?)?);
        }
        show(&client, out)?;
        match secret {
            Some(secret) => writeln!(out, "client_secret  {secret}\n\nThe secret is not shown again.")?,
            None => writeln!(out)?,
        }
        let Some((endpoints, lines)) = typed else {
            return Ok(writeln!(out, "Discovery: {}/.well-known/openid-configuration", app.config.issuer)?);
        };
        for (label, address) in endpoints {
            writeln!(out, "{}: {address}", label.plain())?;
        }
        if let Some(lines) = lines {
            let place = if lines.place == presets::SHELL { "On its machine" } else { lines.place };
            write!(out, "\n{place}:\n\n{}", lines.text)?;
        }
        Ok(())
    }

    fn check(self, app: &App) -> Result<Client, ClientFault> {
        let id = match self.id {
            Some(id) => id,
            None => random_text::<10>(app.entropy())?,
        };
        let (now, details) = (app.now(), self.details.check()?);
        let name = self.name.or_else(|| self.preset.map(|preset| preset.name().to_owned()));
        let mut client = Client::new(id.parse()?, name.unwrap_or_default(), now);
        if let Some(preset) = self.preset {
            let url = self.url.unwrap_or_default();
            let shaped = preset.shape(&mut client, Some(&url));
            shaped.map_err(|error| ClientFault::Address { option: "--url", uri: url, error })?;
        }
        if let Some(method) = self.auth_method {
            client.auth_method = method.parse()?;
        }
        // Nobody has to keep a secret that opens nothing.
        if self.public || details.is_behind_a_proxy_only() {
            client.auth_method = AuthMethod::None;
        }
        if details.is_behind_a_proxy_only() {
            client.settings.grants = Vec::new();
        }
        if self.no_pkce {
            client.pkce_waived_at = Some(now);
        }
        details.put(&mut client);
        Ok(client)
    }
}

fn preset(word: &str) -> Result<Preset, String> {
    let words = || Preset::all().map(|preset| preset.word).collect::<Vec<_>>().join(", ");
    Preset::find(word).ok_or_else(|| format!("a preset is one of {}", words()))
}

impl Set {
    async fn apply(self, app: &App, actor: &Actor, out: &mut (dyn Write + Send)) -> Result<(), ClientFault> {
        let (name, clear, details) = (self.name, self.clear, self.details.check()?);
        let edit = move |client: &mut Client| {
            for clear in clear {
                clear.empty(client);
            }
            if let Some(name) = name {
                client.name = name;
            }
            details.put(client);
        };
        let client = change(app, &self.id, "is changed", actor, edit).await?;
        if self.json { Ok(writeln!(out, "{:#}", as_json(&Row::of(&client))?)?) } else { show(&client, out) }
    }
}

impl RotateSecret {
    async fn apply(self, app: &App, actor: &Actor, out: &mut (dyn Write + Send)) -> Result<(), ClientFault> {
        let (change, keep) = (Change::of(known(&self.id)?, RENEWED), i64::from(self.keep_hours) * 3600);
        let (client, secret) = app.logins.renew_client_secret(change, keep, host(&app.config), actor).await?;
        let secret = secret.expose();
        if self.json {
            let until = client.former.map(|(_, until)| until);
            let view = json!({ "client_id": client.id, "client_secret": secret, "former_until": until });
            return Ok(writeln!(out, "{view:#}")?);
        }
        writeln!(out, "client_secret  {secret}\n\nThe secret is not shown again.")?;
        match self.keep_hours {
            0 => writeln!(out, "The one before is worth nothing any more.")?,
            hours => writeln!(out, "The one before is good for {hours} hours more.")?,
        }
        Ok(())
    }
}
