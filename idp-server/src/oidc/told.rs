//! What a client is told of a person: by scopes, by the names that it has asked for, and what of an organisation's own it is
//! registered for. It must not know where that goes.

use std::sync::Arc;

use serde_json::{Map, Value};
use twolatch_core::client::{Client, Trust};
use twolatch_core::grant::{AccessToken, Grant};
use twolatch_core::store::StoreError;
use twolatch_core::store::profiles::Given;
use twolatch_core::time::Timestamp;
use twolatch_core::user::profile::ClaimName;
use twolatch_core::user::{GroupName, User};

use super::scope::Scope;
use crate::state::App;

/// Whether a client may ask for a claim by name.
#[must_use]
pub fn is_for(client: &Client, name: &str) -> bool {
    let trust = client.settings.trust;
    Scope::ALL.iter().any(|scope| scope.is_for(trust) && scope.claims().contains(&name)) || owns(client, name)
}

fn owns(client: &Client, name: &str) -> bool {
    client.settings.claims.iter().any(|own| own.as_str() == name)
}

/// What a client is told at the userinfo endpoint; a client that is built in knows scopes alone. One that wants it signed is
/// told by whom and for whom it is.
///
/// # Errors
/// Where the database fails, or a row is not as it was written.
pub async fn at_userinfo(
    app: &App,
    user: &User,
    token: &AccessToken,
    client: Option<&Client>,
    now: Timestamp,
) -> Result<Map<String, Value>, StoreError> {
    let scopes = Scope::parse(&token.scope);
    let of_scopes = scopes.iter().flat_map(|scope| scope.claims()).copied();
    // Others were told with the request, and people with them.
    let ours = client.filter(|client| client.settings.trust == Trust::FirstParty);
    let own = ours.iter().flat_map(|client| &client.settings.claims).map(ClaimName::as_str);
    let asked = client.iter().flat_map(|client| still(client, &token.claims));
    let names = of_scopes.chain(asked).chain(own).collect();
    let lately = async {
        let read = async { app.store.profile_of(user).await.map(Some) };
        let name = format!("{} {}", user.id.as_str(), user.security_version);
        let given = app.recent.profiles.or::<StoreError>(app, &name, read).await?;
        Ok(given.map(Arc::unwrap_or_clone).unwrap_or_default())
    };
    let mut claims = told(user, names, now, lately).await?;
    claims.insert("sub".to_owned(), user.id.as_str().into());
    if client.is_some_and(|client| client.settings.userinfo_alg.is_some()) {
        claims.insert("iss".to_owned(), app.config.issuer.as_str().into());
        claims.insert("aud".to_owned(), token.client.as_str().into());
    }
    Ok(claims)
}

/// What a client has asked to be told in ID tokens.
///
/// # Errors
/// Where the database fails, or a row is not as it was written.
pub async fn in_id_token(
    app: &App,
    user: &User,
    grant: &Grant,
    client: &Client,
    now: Timestamp,
) -> Result<Map<String, Value>, StoreError> {
    let names = still(client, &grant.claims.id_token).collect();
    // What is signed stays: it is read anew.
    told(user, names, now, async { app.store.profile_of(user).await }).await
}

/// What was taken from the client since it has asked is not told any more.
fn still<'a>(client: &Client, names: &'a [String]) -> impl Iterator<Item = &'a str> {
    names.iter().map(String::as_str).filter(|name| is_for(client, name))
}

async fn told(
    user: &User,
    names: Vec<&str>,
    now: Timestamp,
    profile: impl Future<Output = Result<Given, StoreError>>,
) -> Result<Map<String, Value>, StoreError> {
    let elsewhere = ["preferred_username", "email", "email_verified", "groups"];
    let of_profile = names.iter().any(|name| !elsewhere.contains(name));
    let given = if of_profile { profile.await? } else { Given::default() };
    Ok(names.into_iter().filter_map(|name| Some((name.to_owned(), claim(user, &given, name, now)?))).collect())
}

fn claim(user: &User, given: &Given, name: &str, now: Timestamp) -> Option<Value> {
    match name {
        "preferred_username" => Some(user.name.as_str().into()),
        // Whoever was given no other name goes by that.
        "name" => Some(given.profile.claim(name).unwrap_or_else(|| user.name.as_str().into())),
        "email" => user.email.as_ref().map(|email| email.as_str().into()),
        "email_verified" => {
            user.email.as_ref().map(|_| (user.verified_email().is_some() && user.email_held(now).is_none()).into())
        }
        "groups" => Some(user.groups.iter().map(GroupName::as_str).collect()),
        "updated_at" => Some(given.updated_at.unwrap_or(user.created_at).unix().into()),
        _ => given.profile.claim(name),
    }
}
