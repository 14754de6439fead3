//! The refresh token grant (RFC 6749, 6; RFC 9700, 4.14): a refresh token for the next tokens, once. With it goes what policy
//! asks now, of the person as they are now.

use twolatch_core::client::{Client, Demand, Happening};
use twolatch_core::crypto::{random_text, token_hash};
use twolatch_core::grant::{Grant, Refreshed, Refreshing};

use super::{Tokens, access_token, key, refresh_key, value};
use crate::oidc::dpop::Proof;
use crate::oidc::error::{Code, OauthError};
use crate::oidc::gate::person_of;
use crate::oidc::params::Params;
use crate::oidc::scope::Scope;
use crate::oidc::{id_token, sign, told};
use crate::state::App;

/// Redeems a refresh token.
pub(super) async fn redeem(
    app: &App,
    client: &Client,
    params: &Params,
    proof: Option<Proof>,
) -> Result<Tokens, OauthError> {
    let now = app.now();
    let refuse = |detail: String| OauthError::new(Code::InvalidGrant, detail).counted(Happening::RefreshToken);
    let sent = value(params, "refresh_token")?;
    let unknown = || refuse(format!("client {} sent a refresh token that is none, or not its own", client.id));
    // PostgreSQL takes no NUL.
    let id = Grant::of_refresh_token(sent).filter(|id| !id.as_str().contains('\0')).ok_or_else(unknown)?;
    let grant = app.store.grant(&id).await?.filter(|grant| grant.client == client.id).ok_or_else(unknown)?;
    let scope = narrowed(params.value("scope"), &grant)?;
    let user = person_of(app, client, &grant, now).await?;
    // Everything that can fail without the token being at fault comes before the token is spent.
    let signing_key = sign::current(app, client.alg).await?;
    let told = told::in_id_token(app, &user, &grant, client, now).await?;
    let jkt = key(app, proof).await?;
    let refresh_key = refresh_key(client, jkt.as_ref());
    let access = access_token::mint(app, client, Some(&grant), &scope, jkt).await?;
    // FAPI has clients keep theirs: whoever stole it lacks the key (FAPI 2.0 Security Profile, 5.3.2.1).
    let next = if client.must(Demand::Fapi) {
        sent.to_owned()
    } else {
        Grant::refresh_token(&grant.id, &random_text::<32>(app.entropy())?)
    };
    let refreshing = Refreshing {
        grant: id,
        client: client.id.clone(),
        refresh: token_hash(sent),
        next: token_hash(&next),
        token: access.stored.clone(),
        scope: scope.clone(),
        jkt: refresh_key,
        user_name: user.name.to_string(),
        now,
    };
    match app.store.refresh(refreshing).await? {
        Refreshed::Granted(grant) => {
            // It answers no request that had one (OpenID Connect Core, 12.2).
            let grant = Grant { nonce: None, ..*grant };
            let id = id_token::mint(&app.config.issuer, &grant, &access.text, told, &signing_key, now)?;
            Ok(Tokens { access, scope, refresh: Some(next), id: Some(id) })
        }
        Refreshed::Dead => Err(refuse(format!(
            "client {} sent a refresh token that is too old or bound to another key, or whose session or person has changed",
            client.id
        ))),
        Refreshed::Reused => Err(refuse(format!(
            "client {} sent a refresh token that is not the last: what was issued from its grant is revoked",
            client.id
        ))),
    }
}

/// The scopes of the next access token: all of the grant's, or those of them that the client names (RFC 6749, 6).
fn narrowed(asked: Option<&str>, grant: &Grant) -> Result<String, OauthError> {
    let Some(asked) = asked else { return Ok(grant.scope.clone()) };
    let (granted, asked) = (Scope::parse(&grant.scope), Scope::parse(asked));
    if asked.iter().any(|scope| !granted.contains(scope)) || !asked.contains(&Scope::Openid) {
        return Err(OauthError::new(Code::InvalidScope, "a scope was not granted, or `openid` is missing"));
    }
    Ok(Scope::join(&asked))
}
