//! ID tokens (OpenID Connect Core, 2): what was really shown and when, for one client, for a few minutes.

use chrono::{DateTime, Utc};
use openidconnect::core::{CoreIdToken, CoreIdTokenClaims};
use openidconnect::{
    AccessToken, Audience, AuthenticationContextClass, AuthenticationMethodReference, EmptyAdditionalClaims, IssuerUrl,
    Nonce, StandardClaims, SubjectIdentifier,
};
use twolatch_core::factor::Proof;
use twolatch_core::grant::Code as Grant;
use twolatch_core::step::Assurance;
use twolatch_core::time::Timestamp;

use super::error::{Code, OauthError};
use super::sign::SigningKey;

/// How long a client has to look at it, in seconds.
const LIFE: i64 = 600;

/// The `auth_time`: that of the oldest proof, so that adding one later never makes the others look fresh.
#[must_use]
pub fn auth_time(proofs: &[Proof]) -> Option<Timestamp> {
    proofs.iter().map(|proof| proof.at).min()
}

/// Makes and signs the ID token of a redeemed code.
///
/// # Errors
/// `server_error` where it cannot be signed.
pub fn mint(
    issuer: &str,
    code: &Grant,
    access_token: &str,
    key: &SigningKey,
    now: Timestamp,
) -> Result<String, OauthError> {
    let fault = |what: String| OauthError::new(Code::ServerError, what);
    let assurance = Assurance::of(&code.proofs);
    let issuer = IssuerUrl::new(issuer.to_owned()).map_err(|error| fault(error.to_string()))?;
    let subject = SubjectIdentifier::new(code.user.as_str().to_owned());
    let claims = CoreIdTokenClaims::new(
        issuer,
        vec![Audience::new(code.client.as_str().to_owned())],
        date(now.plus(LIFE))?,
        date(now)?,
        StandardClaims::new(subject),
        EmptyAdditionalClaims {},
    )
    .set_auth_time(auth_time(&code.proofs).map(date).transpose()?)
    .set_nonce(code.nonce.clone().map(Nonce::new))
    .set_auth_context_ref(Some(AuthenticationContextClass::new(assurance.acr().to_owned())))
    .set_auth_method_refs(Some(
        assurance.amr().iter().map(|method| AuthenticationMethodReference::new((*method).to_owned())).collect(),
    ));
    let access_token = AccessToken::new(access_token.to_owned());
    let token = CoreIdToken::new(claims, key, key.alg(), Some(&access_token), None);
    token.map(|token| token.to_string()).map_err(|error| fault(error.to_string()))
}

fn date(at: Timestamp) -> Result<DateTime<Utc>, OauthError> {
    DateTime::from_timestamp(at.unix(), 0).ok_or_else(|| OauthError::new(Code::ServerError, "the clock is far off"))
}
