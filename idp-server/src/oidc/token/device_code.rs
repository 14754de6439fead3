//! The device grant (RFC 8628, 3.4): a device asks until a person has answered, and then gets its tokens, once.

use twolatch_core::client::Client;
use twolatch_core::crypto::token_hash;
use twolatch_core::device_grant::{NO_REDIRECT, Polled};

use super::authorization_code::{Shown, exchange};
use super::{Tokens, value};
use crate::oidc::dpop::Proof;
use crate::oidc::error::{Code, OauthError};
use crate::oidc::params::Params;
use crate::state::App;

/// Redeems a device's code, or tells it to wait.
pub(super) async fn redeem(
    app: &App,
    client: &Client,
    params: &Params,
    proof: Option<Proof>,
) -> Result<Tokens, OauthError> {
    let code = token_hash(value(params, "device_code")?);
    if let Some(grant) = app.store.grant_of_code(&code).await?.filter(|grant| grant.redirect_uri == NO_REDIRECT) {
        let shown = Shown { code, redirect_uri: NO_REDIRECT.to_owned(), challenge: None };
        return exchange(app, client, grant, shown, proof).await;
    }
    let (code, what) = match app.store.poll_device(code, client.id.clone(), app.now()).await? {
        Polled::Pending => (Code::AuthorizationPending, "nobody has answered yet"),
        Polled::TooOften => (Code::SlowDown, "it asks too often"),
        Polled::Denied => (Code::AccessDenied, "the person has said no"),
        Polled::Over => (Code::ExpiredToken, "nobody has answered in time"),
        Polled::Unknown => (Code::InvalidGrant, "its code was never issued to it, or is used up"),
    };
    Err(OauthError::new(code, format!("a device of client {} waits: {what}", client.id)))
}
