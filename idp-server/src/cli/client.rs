//! `twolatch client`: the applications that sign people in. Whatever could send an answer to the wrong place is refused
//! here, where somebody reads why.

use std::io::{self, Write};
use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use thiserror::Error;
use twolatch_core::client::{AuthMethod, Client, ClientError, ClientId, RedirectError, RedirectUri, SigningAlg};
use twolatch_core::crypto::{NoEntropy, random_text};
use twolatch_core::store::StoreError;
use twolatch_core::time::Timestamp;

use super::open::{close, open};
use super::{CliError, actor};
use crate::oidc::client_auth::mark_of;
use crate::state::App;

#[cfg(test)]
mod tests;

/// What can be done with clients.
#[derive(Debug, Subcommand)]
pub(super) enum Clients {
    /// Register an application; its secret is shown once.
    Add(Add),
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
    /// Where answers go, exactly as the application sends it; several are possible.
    #[arg(long, value_name = "URI", required = true, num_args = 1..)]
    redirect_uri: Vec<String>,
    /// It can keep no secret: it runs in a browser or on people's own machines.
    #[arg(long, conflicts_with = "auth_method")]
    public: bool,
    #[arg(
        long,
        value_name = "METHOD",
        default_value = "client_secret_basic",
        help = "How it proves itself: client_secret_basic, client_secret_post or none"
    )]
    auth_method: String,
    #[arg(
        long,
        value_name = "ALG",
        default_value = "RS256",
        help = "What its ID tokens are signed with: RS256, ES256 or EdDSA"
    )]
    alg: String,
    /// It cannot do PKCE. Never for a public application.
    #[arg(long)]
    no_pkce: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Why a command did nothing, for the person who typed it.
#[derive(Debug, Error)]
pub(super) enum ClientFault {
    /// A redirect URI cannot be registered.
    #[error("--redirect-uri {uri}: {error}")]
    Redirect {
        /// As typed.
        uri: String,
        /// What is wrong with it.
        error: RedirectError,
    },
    /// An address that only an installed application can receive.
    #[error("--redirect-uri {0}: a scheme of its own is for public applications; add --public or use https")]
    PrivateUse(RedirectUri),
    /// Another value is wrong.
    #[error("{0}")]
    Value(#[from] ClientError),
    /// The name cannot be shown.
    #[error("--name: a name has 1 to 64 characters, none of them a control character")]
    Name,
    /// PKCE is all that a public client has.
    #[error("--no-pkce: a public application has no other protection than PKCE")]
    Unprotected,
    /// The id is taken.
    #[error("there is a client `{0}` already; `twolatch client show {0}` shows it")]
    Taken(ClientId),
    /// There is no such client.
    #[error("there is no client `{0}`; `twolatch client list` shows all")]
    Missing(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The kernel gives no randomness.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    /// It was done, and the report could not be written.
    #[error("done, but the report could not be written: {0}")]
    Output(#[from] io::Error),
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
                    writeln!(out, "{}\t{}\t{}", client.id, client.auth_method, client.name)?;
                }
                Ok(())
            }
            Self::Show { id, json } => {
                let known = id.parse().map_err(|_| ClientFault::Missing(id.clone()))?;
                let client = app.store.client(&known).await?.ok_or(ClientFault::Missing(id))?;
                if json { Ok(writeln!(out, "{:#}", view(&client))?) } else { show(&client, out) }
            }
            Self::Disable { id } => {
                let since = Some(app.now());
                switch(app, &id, since, actor).await?;
                Ok(writeln!(out, "Nobody signs in to {id} until `twolatch client enable {id}`.")?)
            }
            Self::Enable { id } => {
                switch(app, &id, None, actor).await?;
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

async fn switch(app: &App, id: &str, disabled_since: Option<Timestamp>, actor: &str) -> Result<(), ClientFault> {
    let known = id.parse().map_err(|_| ClientFault::Missing(id.to_owned()))?;
    let done = app.store.disable_client(known, disabled_since, actor.to_owned(), app.now()).await?;
    if done { Ok(()) } else { Err(ClientFault::Missing(id.to_owned())) }
}

impl Add {
    async fn apply(self, app: &App, actor: &str, out: &mut (dyn Write + Send)) -> Result<(), ClientFault> {
        let json = self.json;
        let mut client = self.check(app)?;
        let secret = match client.auth_method {
            AuthMethod::None => None,
            AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost => Some(random_text::<32>(app.entropy())?),
        };
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
        let public = auth_method == AuthMethod::None;
        if public && self.no_pkce {
            return Err(ClientFault::Unprotected);
        }
        if !(1..=64).contains(&self.name.chars().count()) || self.name.contains(char::is_control) {
            return Err(ClientFault::Name);
        }
        let mut redirect_uris = Vec::with_capacity(self.redirect_uri.len());
        for text in self.redirect_uri {
            let uri: RedirectUri = match text.parse() {
                Ok(uri) => uri,
                Err(error) => return Err(ClientFault::Redirect { uri: text, error }),
            };
            if uri.is_private_use() && !public {
                return Err(ClientFault::PrivateUse(uri));
            }
            redirect_uris.push(uri);
        }
        let id = match self.id {
            Some(id) => id,
            None => random_text::<10>(app.entropy())?,
        };
        let now = app.now();
        Ok(Client {
            id: id.parse()?,
            name: self.name,
            secret: None,
            redirect_uris,
            auth_method,
            alg: self.alg.parse::<SigningAlg>()?,
            pkce_waived_at: self.no_pkce.then_some(now),
            disabled_at: None,
            created_at: now,
        })
    }
}

fn view(client: &Client) -> Value {
    json!({
        "client_id": client.id,
        "name": client.name,
        "redirect_uris": client.redirect_uris,
        "auth_method": client.auth_method,
        "alg": client.alg,
        "require_pkce": client.requires_pkce(),
        "disabled_at": client.disabled_at,
        "created_at": client.created_at,
    })
}

fn show(client: &Client, out: &mut dyn Write) -> Result<(), ClientFault> {
    writeln!(out, "client_id      {}", client.id)?;
    writeln!(out, "name           {}", client.name)?;
    for uri in &client.redirect_uris {
        writeln!(out, "redirect_uri   {uri}")?;
    }
    writeln!(out, "auth_method    {}", client.auth_method)?;
    writeln!(out, "alg            {}", client.alg)?;
    writeln!(out, "PKCE           {}", if client.requires_pkce() { "required" } else { "not required" })?;
    if client.disabled_at.is_some() {
        writeln!(out, "disabled")?;
    }
    Ok(())
}
