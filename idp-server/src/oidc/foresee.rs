//! What somebody would get who signed in to a client now: what policy says, and the claims of each token. It comes from what
//! judges and what mints; but nothing is signed or stored here, and no token is made.

use serde_json::Value;
use twolatch_core::client::{Client, GrantType, TokenFormat};
use twolatch_core::factor::{Kind, Proof};
use twolatch_core::grant::{AccessToken, Grant, Wanted};
use twolatch_core::id::Id;
use twolatch_core::login::explain::{Asked, Explained};
use twolatch_core::policy::Where;
use twolatch_core::step::Assurance;
use twolatch_core::store::Person;
use twolatch_core::time::Timestamp;

use super::error::OauthError;
use super::gate::may_issue;
use super::scope::Scope;
use super::token::access_token;
use super::{id_token, told};
use crate::forward::identity::Identity;
use crate::state::App;

/// What stands where a real token has something random.
const RANDOM: &str = "…";

/// What would happen.
#[derive(Debug, Clone)]
pub struct Foreseen {
    /// What policy says.
    pub explained: Explained,
    /// How it would end.
    pub end: End,
    /// How sure the client could be of the person.
    pub assurance: Assurance,
    /// The claims of the ID token; nothing where there would be none.
    pub id_token: Option<Value>,
    /// What it would be told at the userinfo endpoint.
    pub userinfo: Option<Value>,
    /// The claims of the access token, where that is signed.
    pub access_token: Option<Value>,
    /// The headers that an application behind a proxy would see.
    pub headers: Vec<(String, String)>,
}

/// How a sign-in would end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// They get in.
    In,
    /// They get in, once they have set up a second factor.
    InAfterSetUp,
    /// Policy or their account does not let them in.
    Refused,
    /// They are in none of the client's groups.
    Groups,
    /// The client is disabled.
    Disabled,
    /// Nobody signs in to this client.
    NoSignIn,
}

impl End {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::InAfterSetUp => "in_after_set_up",
            Self::Refused => "refused",
            Self::Groups => "groups",
            Self::Disabled => "disabled",
            Self::NoSignIn => "no_sign_in",
        }
    }
}

/// What would happen if this person signed in to this client now, and it asked for these scopes beside `openid`.
///
/// # Errors
/// Where the database fails, or a row is not as it was written.
pub async fn foresee(
    app: &App,
    client: &Client,
    person: &Person,
    scopes: &[Scope],
    now: Timestamp,
) -> Result<Foreseen, OauthError> {
    let (user, at) = (&person.user, Where::web(Some(&client.id)));
    let policy = app.logins.policy(now).await?;
    let explained = app.logins.explain(&policy, person, at, now);
    let facts = app.logins.facts(&policy, user, person.last_method, at, now);
    let second: Option<Kind> = match explained.asked {
        Asked::Code => facts.methods.first().copied(),
        Asked::SetUp | Asked::MailThenSetUp | Asked::CodeThenSetUp => facts.settable.first().copied(),
        Asked::Nothing | Asked::Disabled | Asked::Late | Asked::Unable => None,
    };
    let proofs: Vec<Proof> =
        std::iter::once(Kind::Password).chain(second).map(|kind| Proof { kind, at: now }).collect();
    let asks_tokens = client.may(GrantType::AuthorizationCode) || client.may(GrantType::DeviceCode);
    let end = match explained.asked {
        _ if !asks_tokens && client.settings.hosts.is_empty() => End::NoSignIn,
        _ if client.disabled_at.is_some() => End::Disabled,
        asked if asked.is_refused() => End::Refused,
        _ if !client.admits(user) => End::Groups,
        Asked::SetUp | Asked::MailThenSetUp | Asked::CodeThenSetUp => End::InAfterSetUp,
        // Whatever was supposed above: the gate itself has the last word.
        _ if may_issue(app, user, &proofs, at, now).await?.is_none() => End::Refused,
        _ => End::In,
    };
    let assurance = Assurance::of(&proofs);
    let mut foreseen =
        Foreseen { explained, end, assurance, id_token: None, userinfo: None, access_token: None, headers: Vec::new() };
    if !matches!(end, End::In | End::InAfterSetUp) {
        return Ok(foreseen);
    }
    if !client.settings.hosts.is_empty() {
        foreseen.headers = Identity::of(user, now).map(|identity| identity.lines()).unwrap_or_default();
    }
    if asks_tokens {
        let grant = grant(client, person, scopes, proofs, now);
        let told = told::in_id_token(app, user, &grant, client, now).await?;
        foreseen.id_token = Some(id_token::shown(&app.config.issuer, &grant, told, now)?);
        let token = AccessToken {
            client: client.id.clone(),
            person: Some((user.id.clone(), user.security_version)),
            scope: grant.scope.clone(),
            claims: Vec::new(),
            jkt: None,
            created_at: now,
            expires_at: now,
        };
        foreseen.userinfo = Some(told::at_userinfo(app, user, &token, Some(client), now).await?.into());
        if client.settings.access_tokens == TokenFormat::Jwt {
            let issuer = &app.config.issuer;
            foreseen.access_token =
                Some(access_token::claims(issuer, client, Some(&grant), &grant.scope, RANDOM, None, now));
        }
    }
    Ok(foreseen)
}

/// The grant that there would be.
fn grant(client: &Client, person: &Person, scopes: &[Scope], proofs: Vec<Proof>, now: Timestamp) -> Grant {
    let asked = Scope::ALL.into_iter().filter(|scope| *scope == Scope::Openid || scopes.contains(scope));
    let asked = Scope::allowed(client, &asked.collect::<Vec<_>>());
    Grant {
        id: Id::from_stored(String::new()),
        client: client.id.clone(),
        user: person.user.id.clone(),
        sid: RANDOM.to_owned(),
        offline: asked.contains(&Scope::OfflineAccess),
        place: String::new(),
        redirect_uri: String::new(),
        challenge: None,
        nonce: None,
        scope: Scope::join(&asked),
        claims: Wanted::default(),
        proofs,
        security_version: person.user.security_version,
        created_at: now,
        code: String::new(),
        refresh: None,
        expires_at: now,
        used_at: None,
        jkt: None,
    }
}
