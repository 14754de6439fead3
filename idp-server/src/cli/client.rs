//! `twolatch client`: the applications that sign people in. Whatever could send an answer to the wrong place is refused
//! here, where somebody reads why.

use std::io::{self, Write};
use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use twolatch_core::client::{AuthMethod, Client, Demand, GrantType, Settings, SigningAlg, Trust};
use twolatch_core::crypto::random_text;
use twolatch_core::store::StoreError;

use super::open::{close, open};
use super::{CliError, actor};
use crate::oidc::client_auth::mark_of;
use crate::state::App;
use crate::web::path::authority;

use self::details::{Clear, Details};
pub(super) use self::fault::ClientFault;
use self::initial_token::InitialTokens;
use self::view::{logouts, show, view};

mod details;
mod fault;
mod initial_token;
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
    #[arg(long)]
    name: String,
    /// The client id; a random one if absent.
    #[arg(long)]
    id: Option<String>,
    /// It can keep no secret: it runs in a browser or on people's own machines.
    #[arg(long, conflicts_with = "auth_method")]
    public: bool,
    #[arg(
        long,
        value_name = "METHOD",
        default_value = "client_secret_basic",
        help = "How it proves itself: client_secret_basic, client_secret_post, private_key_jwt or none"
    )]
    auth_method: String,
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
        let done = self.apply(&app, &actor(app.now()).name, &mut io::stdout()).await;
        close(&app).await?;
        Ok(done?)
    }

    /// Does it, as `actor` in the audit, and reports to `out`.
    async fn apply(self, app: &App, actor: &str, out: &mut (dyn Write + Send)) -> Result<(), ClientFault> {
        match self {
            Self::Add(add) => add.apply(app, actor, out).await,
            Self::List { json: true } => {
                let clients: Vec<Value> = app.store.clients().await?.iter().map(view).collect();
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
                let known = id.parse().map_err(|_| ClientFault::Missing(id.clone()))?;
                let client = app.store.client(&known).await?.ok_or(ClientFault::Missing(id))?;
                if json { Ok(writeln!(out, "{:#}", view(&client))?) } else { show(&client, out) }
            }
            Self::Set(set) => set.apply(app, actor, out).await,
            Self::RotateSecret(rotate) => rotate.apply(app, actor, out).await,
            Self::Logouts { id, json } => {
                let known = id.parse().map_err(|_| ClientFault::Missing(id.clone()))?;
                app.store.client(&known).await?.ok_or(ClientFault::Missing(id))?;
                logouts(&app.store.logouts_of(&known).await?, json, out)
            }
            Self::InitialToken(tokens) => tokens.apply(app, actor, out).await,
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
                let known = id.parse().map_err(|_| ClientFault::Missing(id.clone()))?;
                if !app.store.delete_client(known, actor.to_owned(), app.now()).await? {
                    return Err(ClientFault::Missing(id));
                }
                Ok(writeln!(out, "Removed {id}. Nobody signs in to it any more.")?)
            }
        }
    }
}

async fn change(
    app: &App,
    id: &str,
    said: &str,
    actor: &str,
    edit: impl FnOnce(&mut Client) + Send + 'static,
) -> Result<Client, ClientFault> {
    let missing = || ClientFault::Missing(id.to_owned());
    let known = id.parse().map_err(|_| missing())?;
    let changed = app.store.change_client(known, said.to_owned(), actor.to_owned(), app.now(), edit).await?;
    changed.ok_or_else(missing)
}

impl Add {
    async fn apply(self, app: &App, actor: &str, out: &mut (dyn Write + Send)) -> Result<(), ClientFault> {
        let json = self.json;
        let mut client = self.check(app)?;
        check_hosts(app, &client).await?;
        let secret = client.auth_method.has_secret().then(|| random_text::<32>(app.entropy())).transpose()?;
        client.secret = secret.as_deref().map(|secret| mark_of(&app.store, client.id.as_str(), secret));
        let added = app.store.add_client(client.clone(), actor.to_owned()).await;
        added.map_err(|error| match error {
            StoreError::Duplicate => ClientFault::Taken(client.id.clone()),
            other => other.into(),
        })?;
        if json {
            let mut view = view(&client);
            if let Some(members) = view.as_object_mut() {
                members.insert("client_secret".to_owned(), secret.into());
            }
            return Ok(writeln!(out, "{view:#}")?);
        }
        show(&client, out)?;
        match secret {
            Some(secret) => writeln!(out, "client_secret  {secret}\n\nThe secret is not shown again.")?,
            None => writeln!(out)?,
        }
        Ok(writeln!(out, "Discovery: {}/.well-known/openid-configuration", app.config.issuer)?)
    }

    fn check(self, app: &App) -> Result<Client, ClientFault> {
        let auth_method = if self.public { AuthMethod::None } else { self.auth_method.parse()? };
        if auth_method == AuthMethod::None && self.no_pkce {
            return Err(ClientFault::Unprotected);
        }
        let id = match self.id {
            Some(id) => id,
            None => random_text::<10>(app.entropy())?,
        };
        let (now, details) = (app.now(), self.details.check()?);
        // Nobody has to keep a secret that opens nothing.
        let alone = details.is_behind_a_proxy_only();
        let auth_method = if alone { AuthMethod::None } else { auth_method };
        let mut client = Client {
            id: id.parse()?,
            name: named(self.name)?,
            secret: None,
            former: None,
            redirect_uris: Vec::new(),
            auth_method,
            alg: SigningAlg::Rs256,
            logout_uri: None,
            settings: Settings::default(),
            pkce_waived_at: self.no_pkce.then_some(now),
            disabled_at: None,
            created_at: now,
        };
        if alone {
            client.settings.grants = Vec::new();
        }
        details.put(&mut client);
        checked(client)
    }
}

impl Set {
    async fn apply(self, app: &App, actor: &str, out: &mut (dyn Write + Send)) -> Result<(), ClientFault> {
        let missing = || ClientFault::Missing(self.id.clone());
        let id = self.id.parse().map_err(|_| missing())?;
        let before = app.store.client(&id).await?.ok_or_else(missing)?;
        let (name, details) = (self.name.map(named).transpose()?, self.details.check()?);
        let (clear, seen) = (self.clear, before.clone());
        let edit = move |client: &mut Client| {
            // What is approved is what was looked at.
            if *client != seen {
                return;
            }
            for clear in &clear {
                clear.empty(client);
            }
            if let Some(name) = name {
                client.name = name;
            }
            details.put(client);
        };
        let mut after = before.clone();
        edit.clone()(&mut after);
        let after = checked(after)?;
        check_hosts(app, &after).await?;
        let client = change(app, &self.id, "is changed", actor, edit).await?;
        if client != after {
            return Err(StoreError::Conflict.into());
        }
        if self.json { Ok(writeln!(out, "{:#}", view(&client))?) } else { show(&client, out) }
    }
}

impl RotateSecret {
    async fn apply(self, app: &App, actor: &str, out: &mut (dyn Write + Send)) -> Result<(), ClientFault> {
        let missing = || ClientFault::Missing(self.id.clone());
        let id = self.id.parse().map_err(|_| missing())?;
        let client = app.store.client(&id).await?.ok_or_else(missing)?;
        if client.secret.is_none() {
            return Err(ClientFault::Public(id));
        }
        let secret = random_text::<32>(app.entropy())?;
        let mark = mark_of(&app.store, id.as_str(), &secret);
        let until = app.now().plus(i64::from(self.keep_hours) * 3600);
        let keep = self.keep_hours > 0;
        let edit = move |client: &mut Client| {
            let former = client.secret.replace(mark);
            client.former = former.filter(|_| keep).map(|former| (former, until));
        };
        change(app, &self.id, "has another secret", actor, edit).await?;
        if self.json {
            let until = keep.then_some(until);
            let view = json!({ "client_id": id, "client_secret": secret, "former_until": until });
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

/// Whether its hosts are nobody else's, and not ours.
async fn check_hosts(app: &App, client: &Client) -> Result<(), ClientFault> {
    let ours = authority(&app.config).split(':').next().unwrap_or_default();
    if let Some(host) = client.settings.hosts.iter().find(|host| host.name() == ours) {
        return Err(ClientFault::OwnHost(host.clone()));
    }
    if client.settings.hosts.is_empty() {
        return Ok(());
    }
    for other in app.store.clients().await?.into_iter().filter(|other| other.id != client.id) {
        if let Some(host) = client.settings.hosts.iter().find(|host| other.settings.is_at(host)) {
            return Err(ClientFault::HostTaken(host.clone(), other.id));
        }
    }
    Ok(())
}

fn named(name: String) -> Result<String, ClientFault> {
    let fits = (1..=64).contains(&name.chars().count()) && !name.contains(char::is_control);
    if fits { Ok(name) } else { Err(ClientFault::Name) }
}

/// What only the whole of it shows.
fn checked(client: Client) -> Result<Client, ClientFault> {
    let public = client.auth_method == AuthMethod::None;
    if let Some(uri) = client.redirect_uris.iter().find(|uri| uri.is_private_use() && !public) {
        return Err(ClientFault::PrivateUse(uri.clone()));
    }
    if client.may(GrantType::AuthorizationCode) && client.redirect_uris.is_empty() {
        return Err(ClientFault::NoRedirect);
    }
    if client.settings.trust != Trust::FirstParty && !client.settings.hosts.is_empty() {
        return Err(ClientFault::Stranger);
    }
    if client.may(GrantType::ClientCredentials) && public {
        return Err(ClientFault::NoSecret);
    }
    let signs = client.auth_method == AuthMethod::PrivateKeyJwt || client.must(Demand::SignedRequest);
    if signs && client.settings.keys.is_empty() && client.settings.jwks_uri.is_none() {
        return Err(ClientFault::NoKeys);
    }
    // FAPI 2.0 Security Profile, 5.3.2.1 and 5.4.1
    let algs = [Some(client.alg), client.settings.userinfo_alg];
    let is_strict = client.auth_method == AuthMethod::PrivateKeyJwt && !algs.contains(&Some(SigningAlg::Rs256));
    if client.must(Demand::Fapi) && !is_strict {
        return Err(ClientFault::Fapi);
    }
    Ok(client)
}
