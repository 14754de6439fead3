//! Whether an access token is good for anything at this moment, for whoever asks: the person's own request, or the client
//! that it was issued to. It must not know how it was shown.

use std::sync::Arc;

use serde_json::Value;
use twolatch_core::client::Client;
use twolatch_core::grant::AccessToken;
use twolatch_core::store::StoreError;
use twolatch_core::store::tokens::texts::token_key;
use twolatch_core::time::Timestamp;
use twolatch_core::user::User;

use crate::state::App;

/// What an access token is worth.
#[derive(Debug)]
pub struct Worth {
    /// The token.
    pub token: AccessToken,
    /// Its person, if it has one.
    pub user: Option<User>,
    /// The client that it was issued to, if it is not the built-in one.
    pub client: Option<Arc<Client>>,
}

/// What a token is worth, or why it is worth nothing, as it was read within this second.
///
/// # Errors
/// Where the database fails: then nobody knows.
pub async fn judge(app: &App, token: &str, now: Timestamp) -> Result<Result<Arc<Worth>, Worthless>, StoreError> {
    let key = token_key(token);
    let mut why = Worthless::Token;
    let read = async {
        match read(app, &key, now).await? {
            Ok(worth) => Ok(Some(worth)),
            Err(worthless) => {
                why = worthless;
                Ok(None)
            }
        }
    };
    let worth = app.recent.tokens.or::<StoreError>(app, &key, read).await?;
    Ok(worth.ok_or(why))
}

async fn read(app: &App, key: &str, now: Timestamp) -> Result<Result<Worth, Worthless>, StoreError> {
    let Some(token) = app.store.access_token(key, now).await? else { return Ok(Err(Worthless::Token)) };
    let client = app.recent.clients.or(app, token.client.as_str(), app.store.client(&token.client)).await?;
    let Some((user, security_version)) = &token.person else {
        return Ok(Ok(Worth { token, user: None, client }));
    };
    let Some(person) = app.store.person(user).await? else { return Ok(Err(Worthless::Person)) };
    let user = person.user;
    if user.disabled_at.is_some() || user.security_version != *security_version {
        return Ok(Err(Worthless::Account));
    }
    if client.as_ref().is_some_and(|client| !client.admits(&user)) {
        return Ok(Err(Worthless::Groups));
    }
    Ok(Ok(Worth { token, user: Some(user), client }))
}

/// The APIs that a client's tokens are for; those of a person are for us, too, who tell about them.
#[must_use]
pub fn audience(client: &Client, of_person: bool, issuer: &str) -> Value {
    let named = client.settings.audiences.iter().map(String::as_str);
    let us = (of_person || client.settings.audiences.is_empty()).then_some(issuer);
    match named.chain(us).collect::<Vec<_>>().as_slice() {
        [one] => (*one).into(),
        all => all.into(),
    }
}

/// Why a token is worth nothing, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Worthless {
    /// It is none, or none any more.
    #[error("not an access token, or one that has expired or is revoked")]
    Token,
    /// Nobody has it.
    #[error("the person is gone")]
    Person,
    /// Its person has left the groups that its client is for.
    #[error("the person is in none of the groups that may sign in to the client")]
    Groups,
    /// Its person is not as they were.
    #[error("the account is disabled or has changed since the token was issued")]
    Account,
}
