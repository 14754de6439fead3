//! The one place where access tokens are made: random ones, or signed ones that others can read (RFC 9068).

use serde_json::{Value, json};
use twolatch_core::client::{Client, TokenFormat};
use twolatch_core::grant::{ACCESS_TOKEN_LIFE, Grant, JWT_TOKEN_LIFE, NewToken};
use twolatch_core::step::Assurance;
use twolatch_core::store::tokens::texts::token_key;
use twolatch_core::time::Timestamp;

use crate::oidc::error::OauthError;
use crate::oidc::id_token::auth_time;
use crate::oidc::{access, sign};
use crate::state::App;

/// A new access token.
pub(super) struct Access {
    /// What its client gets.
    pub(super) text: String,
    /// What is stored of it.
    pub(super) stored: NewToken,
    /// How long it is good for, in seconds.
    pub(super) life: i64,
}

/// Makes one: for a person's grant, or for the client itself.
pub(super) async fn mint(
    app: &App,
    client: &Client,
    grant: Option<&Grant>,
    scope: &str,
    jkt: Option<String>,
) -> Result<Access, OauthError> {
    let (now, random) = (app.now(), app.store.token_text()?);
    let (text, life) = match client.settings.access_tokens {
        TokenFormat::Opaque => (random, ACCESS_TOKEN_LIFE),
        TokenFormat::Jwt => {
            let claims = claims(&app.config.issuer, client, grant, scope, &random, jkt.as_deref(), now);
            (sign::current(app, client.alg).await?.jwt("at+jwt", &claims)?, JWT_TOKEN_LIFE)
        }
    };
    let stored = NewToken { key: token_key(&text), jkt, expires_at: now.plus(life) };
    Ok(Access { text, stored, life })
}

/// What a signed one says (RFC 9068, 2.2); `jti` is what nobody can guess of it.
pub(in crate::oidc) fn claims(
    issuer: &str,
    client: &Client,
    grant: Option<&Grant>,
    scope: &str,
    jti: &str,
    jkt: Option<&str>,
    now: Timestamp,
) -> Value {
    let mut claims = json!({
        "iss": issuer,
        // A client that asks for itself is its own subject (RFC 9068, 2.2).
        "sub": grant.map_or(client.id.as_str(), |grant| grant.user.as_str()),
        "aud": access::audience(client, grant.is_some(), issuer),
        "client_id": client.id.as_str(),
        "iat": now.unix(),
        "exp": now.plus(JWT_TOKEN_LIFE).unix(),
        "jti": jti,
        "scope": scope,
    });
    let mut put = |name: &str, value: Value| {
        claims.as_object_mut().and_then(|claims| claims.insert(name.to_owned(), value));
    };
    if let Some(grant) = grant {
        let assurance = Assurance::of(&grant.proofs);
        put("auth_time", auth_time(&grant.proofs).map(Timestamp::unix).into());
        put("acr", assurance.acr().into());
        put("amr", assurance.amr().into());
    }
    if let Some(jkt) = jkt {
        put("cnf", json!({ "jkt": jkt }));
    }
    claims
}
