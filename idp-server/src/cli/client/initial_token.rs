//! `twolatch client initial-token`: what lets somebody else register applications, ten with each.

use std::io::Write;

use clap::Subcommand;
use serde_json::{Value, json};
use twolatch_core::client::registration::{CLIENTS_EACH, InitialToken};
use twolatch_core::crypto::{random_text, token_hash};
use twolatch_core::id::Id;

use super::ClientFault;
use crate::date::minute;
use crate::state::App;
use crate::text::Language;

/// What can be done with such tokens.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum InitialTokens {
    /// Make one, which is shown once: whoever has it registers up to ten applications.
    Add {
        /// Whom it is for.
        #[arg(long)]
        note: String,
        /// How long it can be used.
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=90))]
        days: u16,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// List those that can still be used.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take one back. What was registered with it stays.
    Delete {
        /// What `list` calls it.
        id: String,
    },
}

impl InitialTokens {
    pub(super) async fn apply(self, app: &App, actor: &str, out: &mut (dyn Write + Send)) -> Result<(), ClientFault> {
        let now = app.now();
        match self {
            Self::Add { note, days, json } => {
                if note.is_empty() || note.len() > 128 || note.contains(char::is_control) {
                    return Err(ClientFault::Note);
                }
                let secret = random_text::<32>(app.entropy())?;
                let token = InitialToken {
                    id: Id::random(app.entropy())?,
                    token: token_hash(&secret),
                    note,
                    created_at: now,
                    expires_at: now.plus(i64::from(days) * 86_400),
                    used: 0,
                };
                app.store.add_initial_token(token.clone(), actor.to_owned()).await?;
                if json {
                    let mut view = view(&token);
                    if let Some(members) = view.as_object_mut() {
                        members.insert("initial_access_token".to_owned(), secret.into());
                    }
                    return Ok(writeln!(out, "{view:#}")?);
                }
                writeln!(out, "initial_access_token  {secret}\n\nThe token is not shown again.")?;
                writeln!(out, "Applications are registered with it at {}/register.", app.config.issuer)?;
                if !app.config.clients.registration {
                    writeln!(out, "That is turned off: `registration = true` below `[clients]` turns it on.")?;
                }
                Ok(())
            }
            Self::List { json } => {
                let all = app.store.initial_tokens(now).await?;
                if json {
                    return Ok(writeln!(out, "{:#}", all.iter().map(view).collect::<Value>())?);
                }
                for token in all {
                    let until = minute(token.expires_at, Language::En);
                    writeln!(out, "{}\t{} of {CLIENTS_EACH}\tuntil {until}\t{}", token.id, token.used, token.note)?;
                }
                Ok(())
            }
            Self::Delete { id } => {
                if !app.store.delete_initial_token(Id::from_stored(id.clone()), actor.to_owned(), now).await? {
                    return Err(ClientFault::NoToken(id));
                }
                Ok(writeln!(out, "Nobody registers applications with it any more.")?)
            }
        }
    }
}

fn view(token: &InitialToken) -> Value {
    json!({
        "id": token.id, "note": token.note, "created_at": token.created_at, "expires_at": token.expires_at,
        "used": token.used, "clients_each": CLIENTS_EACH,
    })
}
