//! Proofs of possession (RFC 9449): that whoever sends a request holds a key. Each is good once, for one request, and only
//! with a number that we have given out lately, so that nobody can make them ahead.

use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::Response;
use twolatch_core::client::{PublicKey, SigningAlg};
use twolatch_core::crypto::{frame, token_hash, token_hash_of};
use twolatch_core::store::Store;
use twolatch_core::time::Timestamp;
use url::Url;

use super::error::{Code, OauthError};
use super::jose::{Flaw, Signed};
use crate::state::App;

/// Where a proof is.
const HEADER: &str = "dpop";

/// Where a client gets its next number.
const NONCE_HEADER: &str = "dpop-nonce";

/// What the mark of a number is made for.
const PURPOSE: &str = "dpop_nonce";

/// A new number each minute.
const EVERY: i64 = 60;

/// How many minutes one is good for, beside the one that it is from.
const MINUTES: i64 = 4;

/// How far the client's clock may be behind, in seconds: the number says when the proof was made.
const SKEW: i64 = 300;

/// How far it may be ahead (FAPI 2.0 Security Profile, 5.3.2.1).
const AHEAD: i64 = 60;

/// The longest `jti`.
const MAX_JTI: usize = 256;

/// The algorithms that proofs are signed with.
pub const ALGS: [SigningAlg; 3] = [SigningAlg::Es256, SigningAlg::EdDsa, SigningAlg::Ps256];

/// A proof that is good, if it was not sent before.
#[derive(Debug)]
pub struct Proof {
    /// The thumbprint of the key that its sender holds.
    pub jkt: String,
    hash: String,
    until: Timestamp,
}

/// Reads the proof of a request; `None` where there is none. Where it shows an access token, the proof has to be made for
/// that.
///
/// # Errors
/// `invalid_dpop_proof`, or `use_dpop_nonce` where the proof lacks nothing but a number of ours.
pub fn read(
    app: &App,
    headers: &HeaderMap,
    method: &Method,
    path: &str,
    access_token: Option<&str>,
) -> Result<Option<Proof>, OauthError> {
    let now = app.now();
    let mut sent = headers.get_all(HEADER).iter();
    let Some(proof) = sent.next() else { return Ok(None) };
    if sent.next().is_some() {
        return Err(no_good(Flaw("there are two")));
    }
    let proof = proof.to_str().map_err(|_| no_good(Flaw("it is not ASCII")))?;
    let signed = Signed::read(proof).map_err(no_good)?;
    let key = own_key(&signed).map_err(no_good)?;
    let url = format!("{}{path}", app.config.issuer);
    let jti = of_this_request(&signed, method, &url, access_token, now).map_err(no_good)?;
    let nonce = signed.text("nonce").map_err(no_good)?;
    if !nonce.is_some_and(|nonce| is_good(&app.store, nonce, now)) {
        return Err(OauthError::new(Code::UseDpopNonce, "a DPoP proof has no nonce of ours, or an old one"));
    }
    let jkt = key.thumbprint();
    let hash = token_hash_of(&frame(&[Some(b"dpop"), Some(jkt.as_bytes()), Some(jti.as_bytes())]));
    Ok(Some(Proof { jkt, hash, until: now.plus(2 * SKEW) }))
}

impl Proof {
    /// Takes it, once it is known that whoever has sent it may ask at all.
    ///
    /// # Errors
    /// `invalid_dpop_proof` where it was sent before.
    pub async fn spend(self, app: &App) -> Result<String, OauthError> {
        if app.store.spend_jti(self.hash, self.until).await? {
            Ok(self.jkt)
        } else {
            Err(no_good(Flaw("it was sent before")))
        }
    }
}

fn no_good(flaw: Flaw) -> OauthError {
    OauthError::new(Code::InvalidDpopProof, format!("a DPoP proof is no good: {flaw}"))
}

/// The key that a proof brings along, if it has signed it.
fn own_key(signed: &Signed<'_>) -> Result<PublicKey, Flaw> {
    if !signed.is_of_type(&[Some("dpop+jwt")]) {
        return Err(Flaw("its type is not dpop+jwt"));
    }
    if !ALGS.contains(&signed.alg()) {
        return Err(Flaw("its algorithm is none of ES256, EdDSA and PS256"));
    }
    let key = signed.header("jwk").ok_or(Flaw("it has no jwk"))?;
    let key = PublicKey::read(key).map_err(|_| Flaw("its jwk is no public key that we take"))?;
    if signed.is_by(&key) { Ok(key) } else { Err(Flaw("its key has not signed it")) }
}

/// Whether a proof is for a request; answers what it is called.
fn of_this_request<'a>(
    signed: &'a Signed<'_>,
    method: &Method,
    url: &str,
    access_token: Option<&str>,
    now: Timestamp,
) -> Result<&'a str, Flaw> {
    let missing = Flaw("one of jti, htm, htu and iat is missing");
    if signed.text("htm")?.ok_or(missing)? != method.as_str() {
        return Err(Flaw("it is for another method"));
    }
    if !is_same(signed.text("htu")?.ok_or(missing)?, url) {
        return Err(Flaw("it is for another address"));
    }
    let iat = signed.time("iat")?.ok_or(missing)?;
    if !(-AHEAD..=SKEW).contains(&now.since(iat)) {
        return Err(Flaw("its iat is more than five minutes ago, or more than one ahead"));
    }
    if signed.time("nbf")?.is_some_and(|nbf| nbf.since(now) > AHEAD) {
        return Err(Flaw("its nbf is ahead"));
    }
    let jti = signed.text("jti")?.filter(|jti| jti.len() <= MAX_JTI).ok_or(missing)?;
    match (access_token.map(token_hash), signed.text("ath")?) {
        (Some(token), Some(ath)) if token == ath => {}
        (None, _) => {}
        _ => return Err(Flaw("it is not for this access token")),
    }
    Ok(jti)
}

/// Whether two addresses are the same but for query and fragment (RFC 9449, 4.3).
fn is_same(sent: &str, ours: &str) -> bool {
    let bare = |text: &str| {
        let mut url = Url::parse(text).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    bare(sent).is_some_and(|sent| Some(sent) == bare(ours))
}

/// The number that proofs have to hold from now on.
#[must_use]
pub fn nonce(store: &Store, now: Timestamp) -> String {
    let minute = (now.unix() / EVERY).to_string();
    let mark = store.keys().mark_token(PURPOSE, &[Some(&minute)]);
    format!("{minute}.{mark}")
}

fn is_good(store: &Store, nonce: &str, now: Timestamp) -> bool {
    let Some((minute, mark)) = nonce.split_once('.') else { return false };
    let age = minute.parse::<u32>().map(|minute| now.unix() / EVERY - i64::from(minute));
    // Another server's clock may be a little ahead.
    age.is_ok_and(|age| (-1..=MINUTES).contains(&age))
        && store.keys().check_token(PURPOSE, &[Some(minute)], mark).is_ok()
}

/// The answer with the next number, where the request had a proof.
#[must_use]
pub fn with_nonce(app: &App, headers: &HeaderMap, mut response: Response) -> Response {
    if headers.contains_key(HEADER)
        && let Ok(nonce) = HeaderValue::try_from(nonce(&app.store, app.now()))
    {
        response.headers_mut().insert(NONCE_HEADER, nonce);
    }
    response
}
