//! `private_key_jwt` (RFC 7523, 3; OpenID Connect Core, 9): a client proves itself by a token that it has signed, once.

use twolatch_core::client::{Client, Demand, SigningAlg};
use twolatch_core::crypto::{frame, token_hash_of};

use crate::oidc::error::{Code, OauthError};
use crate::oidc::jose::{Flaw, LONGEST, LONGEST_FAPI, Signed};
use crate::oidc::params::Params;
use crate::state::App;

/// What a client says that it sends.
pub(super) const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The longest `jti`.
const MAX_JTI: usize = 256;

/// How much longer it is remembered than it is taken: the servers' clocks may differ.
const SLACK: i64 = 60;

/// Where clients call us themselves: one that is under no profile may name the address that it calls.
const ENDPOINTS: [&str; 5] = ["/token", "/par", "/introspect", "/revoke", "/device"];

/// The client that an assertion says it is from. Nothing proves it yet.
///
/// # Errors
/// `invalid_client` where it is none, or another than the form names.
pub(super) fn claimed(params: &Params, assertion: &str) -> Result<String, OauthError> {
    if params.value("client_assertion_type") != Some(KIND) {
        return Err(refuse("the client_assertion_type is none that there is".to_owned()));
    }
    let signed = Signed::read(assertion).map_err(|flaw| refuse(format!("the client assertion is no good: {flaw}")))?;
    let subject = signed.text("sub").ok().flatten();
    let subject = subject.ok_or_else(|| refuse("the client assertion names no client".to_owned()))?;
    if params.value("client_id").is_some_and(|id| id != subject) {
        return Err(OauthError::new(Code::InvalidRequest, "form and assertion name two clients"));
    }
    Ok(subject.to_owned())
}

/// Proves a client by its assertion, and spends that.
///
/// # Errors
/// `invalid_client` where it is not the client's own, for us, for now, and for the first time.
pub(super) async fn prove(app: &App, client: &Client, assertion: &str) -> Result<(), OauthError> {
    let now = app.now();
    let no_good = |flaw: Flaw| refuse(format!("client {} sent an assertion that is no good: {flaw}", client.id));
    let signed = Signed::read(assertion).map_err(no_good)?;
    let fapi = client.must(Demand::Fapi);
    if fapi && signed.alg() == SigningAlg::Rs256 {
        return Err(no_good(Flaw("it is signed with RS256, which FAPI does not take")));
    }
    if !signed.is_of_type(&[None, Some("jwt"), Some("client-authentication+jwt")]) {
        return Err(no_good(Flaw("its type is that of something else")));
    }
    if signed.header("jwk").is_some() {
        return Err(no_good(Flaw("it brings a key along")));
    }
    signed.by_one_of(&client.settings.keys).map_err(no_good)?;
    let own = Some(client.id.as_str());
    if signed.text("iss").map_err(no_good)? != own || signed.text("sub").map_err(no_good)? != own {
        return Err(no_good(Flaw("its iss and sub are not the client's id")));
    }
    if !is_for_us(app, &signed, fapi).map_err(no_good)? {
        return Err(no_good(Flaw("it is for somebody else")));
    }
    let until = signed.times(now, if fapi { LONGEST_FAPI } else { LONGEST }).map_err(no_good)?;
    let jti = signed.text("jti").map_err(no_good)?.filter(|jti| jti.len() <= MAX_JTI);
    let jti = jti.ok_or_else(|| no_good(Flaw("it has no jti of at most 256 bytes")))?;
    let hash = token_hash_of(&frame(&[Some(b"assertion"), Some(client.id.as_str().as_bytes()), Some(jti.as_bytes())]));
    if app.store.spend_jti(hash, until.plus(SLACK)).await? { Ok(()) } else { Err(no_good(Flaw("it was sent before"))) }
}

/// Whether we are named, and under FAPI alone and by nothing but our name (FAPI 2.0 Security Profile, 5.3.2.1).
fn is_for_us(app: &App, signed: &Signed<'_>, fapi: bool) -> Result<bool, Flaw> {
    let issuer = app.config.issuer.as_str();
    if fapi {
        return Ok(signed.claims.get("aud").and_then(|aud| aud.as_str()) == Some(issuer));
    }
    let is_ours = |name: &str| {
        name.strip_prefix(issuer).is_some_and(|path| path.is_empty() || path == "/" || ENDPOINTS.contains(&path))
    };
    Ok(signed.audience()?.into_iter().any(is_ours))
}

fn refuse(detail: String) -> OauthError {
    OauthError::new(Code::InvalidClient, detail)
}
