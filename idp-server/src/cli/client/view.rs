//! An application as it is shown, to people and to programs. Never a secret, nor what is stored of one.

use std::io::Write;

use serde_json::{Value, json};
use twolatch_core::client::{AppHost, Client, ScopeName, TokenFormat};
use twolatch_core::store::happenings::Counted;
use twolatch_core::store::logouts::Logout;
use twolatch_core::user::GroupName;
use twolatch_core::user::profile::ClaimName;

use super::ClientFault;
use crate::date::minute;
use crate::happenings::{advice, said};
use crate::text::Language;

pub(super) fn view(client: &Client) -> Value {
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

pub(super) fn show(client: &Client, out: &mut dyn Write) -> Result<(), ClientFault> {
    writeln!(out, "client_id      {}", client.id)?;
    writeln!(out, "name           {}", client.name)?;
    for uri in &client.redirect_uris {
        writeln!(out, "redirect_uri   {uri}")?;
    }
    for uri in client.settings.hosts.iter().map(AppHost::origin) {
        writeln!(out, "behind a proxy {uri}")?;
    }
    writeln!(out, "trust          {}", client.settings.trust)?;
    writeln!(out, "auth_method    {}", client.auth_method)?;
    writeln!(out, "alg            {}", client.alg)?;
    let words = |words: Vec<&str>| words.join(" ");
    writeln!(out, "grants         {}", words(client.settings.grants.iter().map(|grant| grant.as_str()).collect()))?;
    if !client.settings.scopes.is_empty() {
        writeln!(out, "scopes         {}", words(client.settings.scopes.iter().map(ScopeName::as_str).collect()))?;
    }
    if !client.settings.introspects.is_empty() {
        writeln!(out, "asks about     {}", words(client.settings.introspects.iter().map(ScopeName::as_str).collect()))?;
    }
    if !client.settings.claims.is_empty() {
        writeln!(out, "is told        {}", words(client.settings.claims.iter().map(ClaimName::as_str).collect()))?;
    }
    if !client.settings.groups.is_empty() {
        writeln!(out, "groups         {}", words(client.settings.groups.iter().map(GroupName::as_str).collect()))?;
    }
    for uri in &client.settings.post_logout_redirect_uris {
        writeln!(out, "after logout   {uri}")?;
    }
    if let Some(uri) = &client.logout_uri {
        writeln!(out, "told of logout {uri}")?;
    }
    writeln!(out, "PKCE           {}", if client.requires_pkce() { "required" } else { "not required" })?;
    if !client.settings.demands.is_empty() {
        let demands = client.settings.demands.iter().map(|demand| demand.as_str()).collect();
        writeln!(out, "held to        {}", words(demands))?;
    }
    if let Some(own) = &client.settings.registration {
        writeln!(out, "registered     by itself, with the initial access token {}", own.by)?;
    }
    if let Some(uri) = &client.settings.initiate_login_uri {
        writeln!(out, "sign-in starts {uri}")?;
    }
    if let Some(uri) = &client.settings.jwks_uri {
        writeln!(out, "keys from      {uri}")?;
    }
    for key in &client.settings.keys {
        writeln!(out, "key            {} {}", key.kind(), key.kid.as_deref().unwrap_or("(without a name)"))?;
    }
    if client.settings.access_tokens == TokenFormat::Jwt {
        writeln!(out, "access tokens  JWT {}", words(client.settings.audiences.iter().map(String::as_str).collect()))?;
    }
    if let Some(alg) = client.settings.userinfo_alg {
        writeln!(out, "userinfo       {alg}")?;
    }
    if client.disabled_at.is_some() {
        writeln!(out, "disabled")?;
    }
    Ok(())
}

/// The same with how it is used and what went wrong with it.
pub(super) fn used(mut view: Value, counted: &[Counted]) -> Value {
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

/// How it is used, what went wrong with it, and what to do.
pub(super) fn show_use(counted: &[Counted], out: &mut dyn Write) -> Result<(), ClientFault> {
    for one in counted {
        let last = minute(one.last, Language::En);
        let what = said(one.what).plain();
        writeln!(out, "\n{what}: {} in 24 hours, {} in 30 days, last {last}", one.day, one.month)?;
        if let Some(advice) = advice(one.what) {
            writeln!(out, "  {}", advice.plain())?;
        }
    }
    Ok(())
}

/// What a client was told of sessions that have ended, the newest first.
pub(super) fn logouts(all: &[Logout], json: bool, out: &mut dyn Write) -> Result<(), ClientFault> {
    if json {
        let all: Vec<Value> = all
            .iter()
            .map(|one| {
                json!({
                    "user_id": one.user, "sid": one.sid, "ended_at": one.at, "told_at": one.told_at,
                    "next_try": one.next_at, "tries": one.tries, "trouble": one.trouble,
                })
            })
            .collect();
        return Ok(writeln!(out, "{:#}", Value::from(all))?);
    }
    for one in all {
        let became = match (one.told_at, one.next_at) {
            (Some(_), _) => "told",
            (None, Some(_)) => "waits",
            (None, None) => "given up",
        };
        let (at, trouble) = (minute(one.at, Language::En), one.trouble.as_deref().unwrap_or_default());
        writeln!(out, "{at}\t{}\t{became}\t{} tries\t{trouble}", one.user, one.tries)?;
    }
    Ok(())
}
