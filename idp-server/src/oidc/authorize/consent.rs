//! Whether somebody lets a client learn what it asks for. It must not know how they are asked.

use std::net::IpAddr;

use twolatch_core::client::{Client, Trust};
use twolatch_core::consent::Consent;
use twolatch_core::policy::Where;
use twolatch_core::store::{Session, StoreError};
use twolatch_core::time::Timestamp;

use super::{AuthorizationRequest, Missing, Prompt, missing};
use crate::oidc::gate::may_issue;
use crate::state::App;

/// How somebody stands to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consented {
    /// Nobody is asked.
    Needless,
    /// They let it.
    Given,
    /// They have to be asked.
    Missing,
}

/// How a session's person stands to a request. What they have said in answer to it is worth nothing once it is taken back.
///
/// # Errors
/// Where the database fails, or the row is not as it was written.
pub(super) async fn standing(
    app: &App,
    request: &AuthorizationRequest,
    client: &Client,
    session: &Session,
    now: Timestamp,
) -> Result<Consented, StoreError> {
    // For what is the organisation's own an administrator has consented, whatever it asks for.
    if client.settings.trust == Trust::FirstParty {
        return Ok(Consented::Needless);
    }
    let consent = app.store.consent(&session.user.id, &client.id, now).await?;
    let covers = consent.is_some_and(|consent| consent.disclosure.covers(&request.disclosure()));
    let just_now = request.consented.as_ref() == Some(&session.id_hash);
    let is_remembered = client.is_remembered(&request.redirect_uri) && !request.asks(Prompt::Consent);
    Ok(if covers && (just_now || is_remembered) { Consented::Given } else { Consented::Missing })
}

/// Whether consent is all that a request can still lack: whoever has to sign in first, or may not, is not asked.
///
/// # Errors
/// Where policy cannot be read.
pub async fn is_due(
    app: &App,
    request: &AuthorizationRequest,
    client: &Client,
    session: &Session,
    address: Option<IpAddr>,
) -> Result<bool, StoreError> {
    let now = app.now();
    let at = Where { address, ..Where::web(Some(&client.id)) };
    let assurance = may_issue(app, &session.user, &session.proofs, at, now).await?;
    Ok(missing(request, Some(session), assurance, now) == Missing::Nothing && client.admits(&session.user))
}

/// Notes that a session's person lets a client have what it asks for; answers the request with that.
///
/// # Errors
/// Why it could not be stored.
pub async fn give(
    app: &App,
    request: AuthorizationRequest,
    client: &Client,
    session: &Session,
) -> Result<AuthorizationRequest, StoreError> {
    let consent = Consent::new(session.user.id.clone(), client.id.clone(), request.disclosure(), app.now());
    let consent = if client.settings.trust == Trust::Unverified { consent.passing() } else { consent };
    app.store.give_consent(consent, session.user.name.to_string()).await?;
    Ok(AuthorizationRequest { consented: Some(session.id_hash.clone()), ..request })
}
