//! ID tokens (OpenID Connect Core, 2): what was really shown and when, for one client, for a few minutes.

use chrono::{DateTime, Utc};
use openidconnect::core::{CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm};
use openidconnect::{
    AccessToken, AdditionalClaims, Audience, AuthenticationContextClass, AuthenticationMethodReference, IdToken,
    IdTokenClaims, IssuerUrl, Nonce, StandardClaims, SubjectIdentifier,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use twolatch_core::factor::Proof;
use twolatch_core::grant::Grant;
use twolatch_core::step::Assurance;
use twolatch_core::time::Timestamp;

use super::error::{Code, OauthError};
use super::sign::SigningKey;

/// How long a client has to look at it, in seconds.
const LIFE: i64 = 600;

/// What later standards added.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct More {
    /// OpenID Connect Back-Channel Logout 1.0, 2.1
    sid: String,
    /// OpenID Connect Core, 5.5
    #[serde(flatten)]
    told: Map<String, Value>,
}

impl AdditionalClaims for More {}

type Claims = IdTokenClaims<More, CoreGenderClaim>;
type Token = IdToken<More, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// The `auth_time`: that of the oldest proof, so that adding one later never makes the others look fresh.
#[must_use]
pub fn auth_time(proofs: &[Proof]) -> Option<Timestamp> {
    proofs.iter().map(|proof| proof.at).min()
}

/// Makes and signs the ID token of a grant, with what the client has asked to be told in it.
///
/// # Errors
/// `server_error` where it cannot be signed.
pub fn mint(
    issuer: &str,
    grant: &Grant,
    access_token: &str,
    told: Map<String, Value>,
    key: &SigningKey,
    now: Timestamp,
) -> Result<String, OauthError> {
    let claims = claims(issuer, grant, told, now)?;
    let access_token = AccessToken::new(access_token.to_owned());
    let token = Token::new(claims, key, key.alg(), Some(&access_token), None);
    token.map(|token| token.to_string()).map_err(|error| fault(error.to_string()))
}

/// What an ID token of this grant would say, but for what binds it to one answer.
///
/// # Errors
/// `server_error` where it cannot be said.
pub fn shown(issuer: &str, grant: &Grant, told: Map<String, Value>, now: Timestamp) -> Result<Value, OauthError> {
    serde_json::to_value(claims(issuer, grant, told, now)?).map_err(|error| fault(error.to_string()))
}

fn claims(issuer: &str, grant: &Grant, told: Map<String, Value>, now: Timestamp) -> Result<Claims, OauthError> {
    let assurance = Assurance::of(&grant.proofs);
    let issuer = IssuerUrl::new(issuer.to_owned()).map_err(|error| fault(error.to_string()))?;
    let subject = SubjectIdentifier::new(grant.user.as_str().to_owned());
    let claims = Claims::new(
        issuer,
        vec![Audience::new(grant.client.as_str().to_owned())],
        date(now.plus(LIFE))?,
        date(now)?,
        StandardClaims::new(subject),
        More { sid: grant.sid.clone(), told },
    )
    .set_auth_time(auth_time(&grant.proofs).map(date).transpose()?)
    .set_nonce(grant.nonce.clone().map(Nonce::new))
    .set_auth_context_ref(Some(AuthenticationContextClass::new(assurance.acr().to_owned())))
    .set_auth_method_refs(Some(
        assurance.amr().iter().map(|method| AuthenticationMethodReference::new((*method).to_owned())).collect(),
    ));
    Ok(claims)
}

fn fault(what: String) -> OauthError {
    OauthError::new(Code::ServerError, what)
}

fn date(at: Timestamp) -> Result<DateTime<Utc>, OauthError> {
    DateTime::from_timestamp(at.unix(), 0).ok_or_else(|| OauthError::new(Code::ServerError, "the clock is far off"))
}
