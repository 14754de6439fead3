//! Public keys of clients that keep them at an address: fetched when something is signed with a key that is not known yet.

use std::sync::Arc;

use serde_json::Value;
use thiserror::Error;
use twolatch_core::client::{Client, KeyError, PublicKey};

use super::error::OauthError;
use super::jose::Signed;
use crate::fetch::{OLD, PAUSE, Unfetched};
use crate::state::App;

/// The most keys of a client.
const MOST: usize = 10;

/// Why there are no keys.
#[derive(Debug, Error)]
pub enum NoKeys {
    /// Nothing was fetched.
    #[error(transparent)]
    Unfetched(#[from] Unfetched),
    /// What was, is no key set.
    #[error("what is there is no JSON")]
    Json,
    /// One of the keys is no good.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// None that could be used, or too many.
    #[error("1 to {MOST} keys for signatures are expected there")]
    Number,
}

/// The keys at an address.
///
/// # Errors
/// Why there are none.
pub async fn fetch(app: &App, uri: &str) -> Result<Vec<PublicKey>, NoKeys> {
    read(&app.fetcher.fetch(uri).await?)
}

/// The client of something signed, with the keys that it has at its address now, if none of those that are known has signed it,
/// or nobody has looked there for an hour: one that is gone counts no more. Where they cannot be had, with those that are known.
///
/// # Errors
/// Where the database fails.
pub async fn known(app: &App, client: Arc<Client>, signed: &str) -> Result<Arc<Client>, OauthError> {
    let Some(uri) = client.settings.jwks_uri.clone() else { return Ok(client) };
    // What cannot be read is no reason to call anybody.
    let Ok(token) = Signed::read(signed) else { return Ok(client) };
    let age = if token.by_one_of(&client.settings.keys).is_ok() { OLD } else { PAUSE };
    let fetched = match app.fetcher.fetch_again(uri.as_str(), age, app.now()).await {
        Ok(Some(document)) => read(&document),
        Ok(None) => return Ok(client),
        Err(error) => Err(error.into()),
    };
    let keys = match fetched {
        Ok(keys) if keys != client.settings.keys => keys,
        Ok(_) => return Ok(client),
        Err(why) => {
            tracing::warn!(client = %client.id, %why, "the client's keys cannot be fetched; those from before are used");
            return Ok(client);
        }
    };
    let edit = move |changed: &mut Client| {
        if changed.settings.jwks_uri.as_ref() == Some(&uri) {
            changed.settings.keys = keys;
        }
    };
    let (id, said) = (client.id.clone(), "has other keys at its jwks_uri".to_owned());
    let changed = app.store.change_client(id, said, "the client itself".to_owned(), app.now(), edit).await?;
    Ok(changed.map_or(client, Arc::new))
}

/// Keys that are for something else, or of a kind that nothing here is signed with, may stand beside the others.
fn read(document: &[u8]) -> Result<Vec<PublicKey>, NoKeys> {
    let value: Value = serde_json::from_slice(document).map_err(|_| NoKeys::Json)?;
    let all = value.get("keys").and_then(Value::as_array).ok_or(NoKeys::Json)?;
    let mut keys = Vec::new();
    for key in all {
        match PublicKey::read(key) {
            Ok(key) => keys.push(key),
            Err(KeyError::Use | KeyError::Kind) => {}
            Err(error) => return Err(error.into()),
        }
    }
    if (1..=MOST).contains(&keys.len()) { Ok(keys) } else { Err(NoKeys::Number) }
}
