//! The authorization code grant (RFC 6749, 4.1.3; RFC 7636, 4.5; OpenID Connect Core, 3.1.3): a code for tokens, once.

use twolatch_core::client::{Client, Happening};
use twolatch_core::crypto::{random_text, token_hash};
use twolatch_core::grant::{Grant, Redeemed, Redemption};

use super::{Tokens, access_token, key, refresh_key, value};
use crate::oidc::dpop::Proof;
use crate::oidc::error::{Code, OauthError};
use crate::oidc::gate::person_of;
use crate::oidc::params::Params;
use crate::oidc::{id_token, pkce, sign, told};
use crate::state::App;

/// Redeems a code.
pub(super) async fn redeem(
    app: &App,
    client: &Client,
    params: &Params,
    proof: Option<Proof>,
) -> Result<Tokens, OauthError> {
    let code = token_hash(value(params, "code")?);
    // PostgreSQL takes no NUL; with one it is nobody's address, and the try counts all the same.
    let redirect_uri = value(params, "redirect_uri")?.replace('\0', " ");
    // For a code that nobody issued nothing is written.
    let Some(grant) = app.store.grant_of_code(&code).await? else {
        let detail = format!("client {} sent a code that was never issued, or whose session has ended", client.id);
        return Err(OauthError::new(Code::InvalidGrant, detail));
    };
    let challenge = params.value("code_verifier").map(pkce::challenge_of);
    exchange(app, client, grant, Shown { code, redirect_uri, challenge }, proof).await
}

/// What a client shows beside itself.
pub(super) struct Shown {
    pub(super) code: String,
    pub(super) redirect_uri: String,
    pub(super) challenge: Option<String>,
}

/// Gives tokens for what a person has let a client have, if what it shows is right.
pub(super) async fn exchange(
    app: &App,
    client: &Client,
    grant: Grant,
    shown: Shown,
    proof: Option<Proof>,
) -> Result<Tokens, OauthError> {
    let (now, wrong) = (app.now(), wrong(&grant, &shown));
    let refuse = |detail: String| Err(OauthError::new(Code::InvalidGrant, detail));
    let user = person_of(app, client, &grant, now).await?;
    // Everything that can fail without the code being at fault comes before the code is spent.
    let signing_key = sign::current(app, client.alg).await?;
    let told = told::in_id_token(app, &user, &grant, client, now).await?;
    let jkt = key(app, proof).await?;
    let refresh_key = refresh_key(client, jkt.as_ref());
    let access = access_token::mint(app, client, Some(&grant), &grant.scope, jkt).await?;
    let refresh = Grant::refresh_token(&grant.id, &random_text::<32>(app.entropy())?);
    let redemption = Redemption {
        code: shown.code,
        client: client.id.clone(),
        redirect_uri: shown.redirect_uri,
        challenge: shown.challenge,
        token: access.stored.clone(),
        refresh: token_hash(&refresh),
        jkt: refresh_key,
        user_name: user.name.to_string(),
        now,
    };
    match app.store.redeem_code(redemption).await? {
        Redeemed::Granted(grant) => {
            let id = id_token::mint(&app.config.issuer, &grant, &access.text, told, &signing_key, now)?;
            let refresh = grant.offline.then_some(refresh);
            Ok(Tokens { access, scope: grant.scope, refresh, id: Some(id) })
        }
        Redeemed::Unknown => refuse(format!("client {} sent a code whose session has ended just now", client.id)),
        Redeemed::Dead => {
            refuse(format!("client {} sent a code that is too old or whose session or person has changed", client.id))
        }
        Redeemed::Mismatch(left) => {
            let detail = format!(
                "client {} sent a code that is not its own, or with another redirect_uri, verifier or key; {left} tries are left",
                client.id
            );
            Err(OauthError::new(Code::InvalidGrant, detail).counted(wrong))
        }
        Redeemed::Reused => {
            refuse(format!("client {} sent a code a second time: what was issued from it is revoked", client.id))
        }
    }
}

/// Which part of what a client has shown is not that of the grant.
fn wrong(grant: &Grant, shown: &Shown) -> Happening {
    if grant.challenge != shown.challenge {
        Happening::Pkce
    } else if grant.redirect_uri != shown.redirect_uri {
        Happening::RedirectUri
    } else {
        Happening::Code
    }
}
