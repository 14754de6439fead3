//! Applications, as they are told. Never a secret, nor what is stored of one.

use serde_json::{Value, json};
use twolatch_core::client::Client;
use twolatch_core::store::happenings::Counted;
use twolatch_core::store::logouts::Logout;

use crate::oidc::foresee::Foreseen;

/// An application.
#[must_use]
pub fn view(client: &Client) -> Value {
    json!({
        "client_id": client.id,
        "name": client.name,
        "redirect_uris": client.redirect_uris,
        "trust": client.settings.trust,
        "auth_method": client.auth_method,
        "alg": client.alg,
        "grants": client.settings.grants,
        "scopes": client.settings.scopes,
        "introspects": client.settings.introspects,
        "groups": client.settings.groups,
        "post_logout_redirect_uris": client.settings.post_logout_redirect_uris,
        "backchannel_logout_uri": client.logout_uri,
        "former_secret_until": client.former.as_ref().map(|(_, until)| until),
        "require": client.settings.demands,
        "forward_hosts": client.settings.hosts,
        "require_pkce": client.requires_pkce(),
        "jwks_uri": client.settings.jwks_uri,
        "initiate_login_uri": client.settings.initiate_login_uri,
        "logo_uri": client.settings.logo_uri,
        "registered_with": client.settings.registration.as_ref().map(|own| own.by.as_str()),
        "jwks": { "keys": client.settings.keys },
        "access_token": client.settings.access_tokens,
        "audiences": client.settings.audiences,
        "claims": client.settings.claims,
        "userinfo_alg": client.settings.userinfo_alg,
        "disabled_at": client.disabled_at,
        "created_at": client.created_at,
    })
}

/// The same with how it is used and what went wrong with it.
#[must_use]
pub fn used(mut view: Value, counted: &[Counted]) -> Value {
    let all: Vec<Value> = counted
        .iter()
        .map(|one| {
            json!({
                "what": one.what.as_str(), "is_trouble": one.what.is_trouble(), "last_24_hours": one.day,
                "last_30_days": one.month, "last_at": one.last,
            })
        })
        .collect();
    if let Some(members) = view.as_object_mut() {
        members.insert("happened".to_owned(), all.into());
    }
    view
}

/// What it was told of a session that has ended.
#[must_use]
pub fn logout(one: &Logout) -> Value {
    json!({
        "user_id": one.user, "sid": one.sid, "ended_at": one.at, "told_at": one.told_at,
        "next_try": one.next_at, "tries": one.tries, "trouble": one.trouble,
    })
}

/// What it would learn of a sign-in.
#[must_use]
pub fn foreseen(foreseen: &Foreseen) -> Value {
    let gets_in = foreseen.userinfo.is_some() || !foreseen.headers.is_empty();
    let headers: serde_json::Map<_, _> =
        foreseen.headers.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    json!({
        "end": foreseen.end.as_str(), "asked": foreseen.explained, "acr": gets_in.then(|| foreseen.assurance.acr()),
        "id_token": foreseen.id_token, "userinfo": foreseen.userinfo, "access_token": foreseen.access_token,
        "headers": headers,
    })
}
