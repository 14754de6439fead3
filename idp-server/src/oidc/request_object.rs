//! Request objects by value (RFC 9101; OpenID Connect Core, 6.1): an authorization request that its client has signed. What
//! it says counts alone; what stands beside it in the address counts for nothing.

use serde_json::Value;
use twolatch_core::client::{Client, Demand, SigningAlg};
use twolatch_core::time::Timestamp;

use super::error::{Code, OauthError};
use super::jose::{Flaw, LONGEST, LONGEST_FAPI, Signed};
use super::params::Params;

/// Claims about the object itself.
const OWN: [&str; 6] = ["iss", "aud", "exp", "nbf", "iat", "jti"];

/// What no request object may hold: another one, or a name that would make it a proof of who the client is.
const NEVER: [&str; 3] = ["request", "request_uri", "sub"];

/// The parameters of a request: those that its client has signed, or where it has signed none all of them.
///
/// # Errors
/// `request_not_supported` of a client without keys, `invalid_request_object` where the object is no good,
/// `invalid_request` where there has to be one.
pub fn unwrap(issuer: &str, client: &Client, params: &Params, now: Timestamp) -> Result<Params, OauthError> {
    let Some(object) = params.value("request") else {
        if client.must(Demand::SignedRequest) {
            let detail = format!("client {} has to sign its requests", client.id);
            return Err(OauthError::new(Code::InvalidRequest, detail));
        }
        return Ok(params.clone());
    };
    if params.is_repeated("request") {
        return Err(OauthError::new(Code::InvalidRequest, "the parameter \"request\" is repeated"));
    }
    if client.settings.keys.is_empty() {
        let detail = format!("client {} has no keys registered, and sent a request object", client.id);
        return Err(OauthError::new(Code::RequestNotSupported, detail));
    }
    if params.value("request_uri").is_some() {
        return Err(OauthError::new(Code::InvalidRequest, "there are a request and a request_uri"));
    }
    read(issuer, client, object, now).map_err(|flaw| {
        let detail = format!("client {} sent a request object that is no good: {flaw}", client.id);
        OauthError::new(Code::InvalidRequestObject, detail)
    })
}

fn read(issuer: &str, client: &Client, object: &str, now: Timestamp) -> Result<Params, Flaw> {
    let signed = Signed::read(object)?;
    let fapi = client.must(Demand::Fapi);
    if fapi && signed.alg() == SigningAlg::Rs256 {
        return Err(Flaw("it is signed with RS256, which FAPI does not take"));
    }
    if !signed.is_of_type(&[None, Some("jwt"), Some("oauth-authz-req+jwt")]) {
        return Err(Flaw("its type is that of something else"));
    }
    signed.by_one_of(&client.settings.keys)?;
    let own = Some(client.id.as_str());
    if signed.text("iss")? != own || signed.text("client_id")? != own {
        return Err(Flaw("its iss and client_id are not the client's id"));
    }
    if !signed.audience()?.contains(&issuer) {
        return Err(Flaw("it is for somebody else"));
    }
    signed.times(now, if fapi { LONGEST_FAPI } else { LONGEST })?;
    if NEVER.iter().any(|name| signed.claims.contains_key(*name)) {
        return Err(Flaw("it holds another request, or a sub"));
    }
    let mut params = Params::default();
    for (name, value) in signed.claims.iter().filter(|(name, _)| !OWN.contains(&name.as_str())) {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Null => continue,
            other => other.to_string(),
        };
        params = params.with(name, &value);
    }
    Ok(params)
}
