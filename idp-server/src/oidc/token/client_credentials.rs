//! The client credentials grant (RFC 6749, 4.4): a client's own token, for what it is registered for. No person is involved.

use std::sync::Arc;

use twolatch_core::client::{AuthMethod, Client, ScopeName};
use twolatch_core::store::StoreError;

use super::{Tokens, access_token, key};
use crate::oidc::dpop::Proof;
use crate::oidc::error::{Code, OauthError};
use crate::oidc::params::Params;
use crate::state::App;

/// Issues a token.
pub(super) async fn issue(
    app: &App,
    client: &Arc<Client>,
    params: &Params,
    proof: Option<Proof>,
) -> Result<Tokens, OauthError> {
    if client.auth_method == AuthMethod::None {
        let detail = format!("client {} proves itself by nothing, and asks in its own name", client.id);
        return Err(OauthError::new(Code::UnauthorizedClient, detail));
    }
    let scope = scopes(client, params.value("scope"))?;
    let access = access_token::mint(app, client, None, &scope, key(app, proof).await?).await?;
    let added = app.store.add_token(Arc::clone(client), scope.clone(), access.stored.clone(), app.now()).await;
    added.map_err(|error| match error {
        StoreError::Conflict => {
            let detail = format!("client {} has been changed within this second", client.id);
            OauthError::new(Code::TemporarilyUnavailable, detail)
        }
        other => other.into(),
    })?;
    Ok(Tokens { access, scope, refresh: None, id: None })
}

/// What the client names of that which it may ask for; all of it where it names nothing.
fn scopes(client: &Client, asked: Option<&str>) -> Result<String, OauthError> {
    let may = || client.settings.scopes.iter().map(ScopeName::as_str);
    let Some(asked) = asked else { return Ok(may().collect::<Vec<_>>().join(" ")) };
    if let Some(word) = asked.split(' ').find(|word| may().all(|scope| scope != *word)) {
        let shown: String = word.chars().take(64).collect();
        let detail = format!("client {} is not registered for the scope {shown:?}", client.id);
        return Err(OauthError::new(Code::InvalidScope, detail));
    }
    Ok(may().filter(|scope| asked.split(' ').any(|word| word == *scope)).collect::<Vec<_>>().join(" "))
}
