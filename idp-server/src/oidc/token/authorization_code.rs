//! The authorization code grant (RFC 6749, 4.1.3; RFC 7636, 4.5; OpenID Connect Core, 3.1.3): a code for tokens, once.

use std::net::IpAddr;

use twolatch_core::client::Client;
use twolatch_core::crypto::{random_text, token_hash};
use twolatch_core::grant::{ACCESS_TOKEN_LIFE, Redeemed, Redemption};
use twolatch_core::policy::Where;
use twolatch_core::store::{Session, StoreError};
use twolatch_core::time::Timestamp;

use super::Tokens;
use crate::oidc::authorize::may_issue;
use crate::oidc::error::{Code, OauthError};
use crate::oidc::params::Params;
use crate::oidc::{id_token, pkce, sign};
use crate::state::App;

/// Redeems a code.
pub(super) async fn redeem(app: &App, client: &Client, params: &Params) -> Result<Tokens, OauthError> {
    let now = app.now();
    let code = value(params, "code")?;
    // PostgreSQL takes no NUL; with one it is nobody's address, and the try counts all the same.
    let redirect_uri = value(params, "redirect_uri")?.replace('\0', " ");
    let code = token_hash(code);
    let user_name = holder(app, &code, now).await?;
    // Everything that can fail without the code being at fault comes before the code is spent.
    let key = sign::current(app, client.alg).await?;
    let access = random_text::<32>(app.entropy())?;
    let redemption = Redemption {
        code,
        client: client.id.clone(),
        redirect_uri,
        challenge: params.value("code_verifier").map(pkce::challenge_of),
        token: token_hash(&access),
        user_name,
        now,
    };
    let refuse = |detail: String| Err(OauthError::new(Code::InvalidGrant, detail));
    match app.store.redeem_code(redemption).await? {
        Redeemed::Granted(code) => {
            let id = id_token::mint(&app.config.issuer, &code, &access, &key, now)?;
            Ok(Tokens { access, expires_in: ACCESS_TOKEN_LIFE, scope: code.scope, id })
        }
        Redeemed::Unknown => refuse(format!("client {} sent a code that was never issued", client.id)),
        Redeemed::Dead => {
            refuse(format!("client {} sent a code that is too old or whose session or person has changed", client.id))
        }
        Redeemed::Mismatch(left) => refuse(format!(
            "client {} sent a code that is not its own, or with another redirect_uri or verifier; {left} tries are left",
            client.id
        )),
        Redeemed::Reused => {
            refuse(format!("client {} sent a code a second time: what was issued from it is revoked", client.id))
        }
    }
}

fn value<'a>(params: &'a Params, name: &'static str) -> Result<&'a str, OauthError> {
    params.value(name).ok_or_else(|| OauthError::new(Code::InvalidRequest, format!("there is no {name}")))
}

/// The name of the person that a code is for, once it is certain that they may still get something. For a code that
/// nobody issued nothing is written.
async fn holder(app: &App, code: &str, now: Timestamp) -> Result<String, OauthError> {
    let refuse = |detail: &'static str| OauthError::new(Code::InvalidGrant, detail);
    let Some(code) = app.store.code(code).await? else { return Err(refuse("a code that was never issued")) };
    let Some(person) = app.store.person(&code.user).await? else {
        return Err(refuse("the person that the code is for is gone"));
    };
    let user_name = person.user.name.to_string();
    let session = Session {
        id_hash: code.session,
        user: person.user,
        proofs: code.proofs,
        confirmed_at: None,
        console_at: None,
        created_at: code.created_at,
    };
    let mut at = Where::web(Some(&code.client));
    if may_issue(app, &session, at, now).await?.is_none() {
        // It is the client that asks, from an address of its own. The person's is the one that they signed in from: from
        // where the code was sent to them, nothing was missing.
        at.address = began_at(app, &session, now).await?;
    }
    if may_issue(app, &session, at, now).await?.is_none() {
        return Err(refuse("policy asks for more than the person has shown, or the account is disabled"));
    }
    Ok(user_name)
}

/// The address that somebody's session began at, if it is alive.
async fn began_at(app: &App, session: &Session, now: Timestamp) -> Result<Option<IpAddr>, StoreError> {
    let all = app.store.sessions_of(&session.user, now).await?;
    Ok(all.into_iter().find(|one| one.id_hash == session.id_hash).and_then(|one| one.place.parse().ok()))
}
