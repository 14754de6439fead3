//! An application as it is printed for people. Never a secret, nor what is stored of one.

use std::io::Write;

use serde_json::Value;
use twolatch_core::client::{AppHost, Client, ScopeName, TokenFormat};
use twolatch_core::store::happenings::Counted;
use twolatch_core::store::logouts::Logout;
use twolatch_core::user::GroupName;
use twolatch_core::user::profile::ClaimName;

use super::{ClientFault, as_json};
use crate::date::minute;
use crate::happenings::{advice, said};
use crate::text::Language;
use crate::view::client::Delivery;

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
    if let Some(uri) = &client.settings.logo_uri {
        writeln!(out, "logo           {uri}")?;
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
        let all: Vec<Value> = all.iter().map(|one| as_json(&Delivery::from(one))).collect::<Result<_, _>>()?;
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
