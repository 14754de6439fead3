//! Signing keys: made, used and published here (RFC 7517, RFC 7518, RFC 8037). Every private operation is aws-lc-rs's,
//! in constant time; the types around it are openidconnect's. It must not know what is signed.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
    UnparsedPublicKey,
};
use axum::body::Bytes;
use data_encoding::BASE64URL_NOPAD;
use openidconnect::core::{CoreJsonCurveType, CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKeyId, PrivateSigningKey, SigningError};
use serde_json::{Map, Value, json};
use tokio::task::spawn_blocking;
use twolatch_core::audit::Event;
use twolatch_core::client::SigningAlg;
use twolatch_core::crypto::{Entropy, random_text};
use twolatch_core::login::actor::Actor;
use twolatch_core::store::{Store, StoreError, StoredKey};
use twolatch_core::time::Timestamp;
use zeroize::Zeroizing;

use crate::state::App;

#[cfg(test)]
mod tests;

/// How long a retired key stays published: far longer than a token lives and a client keeps the key set.
pub const OVERLAP: i64 = 86_400;

/// How long a new key is published before it signs: longer than a client keeps the key set.
const LEAD: i64 = 3600;

/// No token of ours is longer.
const MAX_TOKEN: usize = 8192;

/// The keys of the database as they were read in this second. Reading an RSA key takes longer than signing with it.
#[derive(Clone, Default)]
pub struct Keys(Arc<Mutex<Read>>);

#[derive(Clone, Default)]
struct Read {
    at: Option<Timestamp>,
    keys: Arc<Vec<SigningKey>>,
    /// What clients read of them.
    set: Arc<OnceLock<Bytes>>,
}

/// A key that can sign.
#[derive(Clone)]
pub struct SigningKey {
    kid: String,
    alg: SigningAlg,
    signs_at: Timestamp,
    retired_at: Option<Timestamp>,
    pair: Arc<Pair>,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// Makes one key for each algorithm that has none that signs. Answers how many were made.
///
/// # Errors
/// Where a key cannot be made or stored.
pub async fn create_missing(store: &Store, now: Timestamp) -> Result<usize, StoreError> {
    let present = store.signing_keys().await?;
    let mut made = 0;
    for alg in SigningAlg::ALL {
        if present.iter().all(|key| key.alg != alg || key.retired_at.is_some()) {
            store.add_signing_key(generate(alg, store.entropy(), now)?).await?;
            made += 1;
        }
    }
    Ok(made)
}

/// Makes a new key for each algorithm, published from now on. It signs once every client has seen it; with `leaked` at
/// once, and nothing that former keys have signed is good any more. Answers from when on it signs; nothing where keys wait
/// already.
///
/// # Errors
/// Where a key cannot be made or stored.
pub async fn rotate(store: &Store, leaked: bool, actor: &Actor) -> Result<Option<Timestamp>, StoreError> {
    let now = actor.now;
    let from = if leaked { now } else { now.plus(LEAD) };
    let retired_at = if leaked { now.plus(-OVERLAP) } else { from };
    let maker = store.clone();
    let make = move || {
        let keys = SigningAlg::ALL.into_iter().map(|alg| generate(alg, maker.entropy(), now));
        keys.map(|key| Ok(StoredKey { signs_at: from, ..key? })).collect::<Result<Vec<_>, StoreError>>()
    };
    let keys = spawn_blocking(make).await.map_err(|fault| StoreError::Keys(fault.to_string()))??;
    let detail = format!("signing keys, from {}{}", from.unix(), if leaked { "; the former have leaked" } else { "" });
    let about = actor.record(Event::KeyAdded).saying(detail);
    let done =
        store.replace_signing_keys(keys, (!leaked).then_some(now), retired_at, now.plus(-OVERLAP), about).await?;
    Ok(done.then_some(from))
}

/// Does that, where the keys have signed for as long as the configuration says.
///
/// # Errors
/// Where a key cannot be read, made or stored.
pub async fn rotate_by_schedule(app: &App) -> Result<(), StoreError> {
    let Some(days) = app.config.clients.signing_key_days else { return Ok(()) };
    let now = app.now();
    let newest = app.keys.read(&app.store, now).await?.keys.iter().map(|key| key.signs_at).max();
    if newest.is_none_or(|at| now.since(at) < i64::from(days) * 86_400) {
        return Ok(());
    }
    let by_itself = Actor::command_line("twolatch serve".to_owned(), now);
    if let Some(from) = rotate(&app.store, false, &by_itself).await? {
        tracing::info!(from = from.unix(), "there are new keys for tokens");
    }
    Ok(())
}

/// What a key is doing now, in a word.
#[must_use]
pub fn state(key: &StoredKey, now: Timestamp) -> &'static str {
    match key.retired_at {
        Some(at) if now.since(at) >= OVERLAP => "over",
        Some(at) if at <= now => "served",
        _ if key.signs_at > now => "waits",
        _ => "signs",
    }
}

/// The key that new tokens of an algorithm are signed with.
///
/// # Errors
/// Where there is none or the database fails.
pub async fn current(app: &App, alg: SigningAlg) -> Result<SigningKey, StoreError> {
    let now = app.now();
    let keys = app.keys.read(&app.store, now).await?.keys;
    // The newest first.
    let usable = || keys.iter().filter(|key| key.alg == alg && key.retired_at.is_none_or(|at| at > now));
    // After a clock that was set back there may be none whose time has come.
    let key = usable().find(|key| key.signs_at <= now).or_else(|| usable().next_back()).cloned();
    key.ok_or_else(|| StoreError::Keys(format!("there is no signing key for {alg}; `twolatch init` makes them")))
}

/// The keys that clients check tokens with, those that sign and those that lately did, as they read them (RFC 7517, 5).
///
/// # Errors
/// Where the database fails.
pub async fn key_set(app: &App) -> Result<Bytes, StoreError> {
    let now = app.now();
    let read = app.keys.read(&app.store, now).await?;
    let write = || {
        let keys: Vec<Value> = fresh(&read.keys, now).map(SigningKey::public).collect();
        Bytes::from(json!({ "keys": keys }).to_string())
    };
    Ok(read.set.get_or_init(write).clone())
}

/// The same, as somebody has read it within this second.
pub fn known_set(app: &App) -> Option<Bytes> {
    let last = app.keys.0.lock().unwrap_or_else(PoisonError::into_inner);
    last.set.get().filter(|_| last.at == Some(app.now())).cloned()
}

/// Those of them.
fn fresh(keys: &[SigningKey], now: Timestamp) -> impl Iterator<Item = &SigningKey> {
    keys.iter().filter(move |key| key.retired_at.is_none_or(|at| now.since(at) < OVERLAP))
}

/// The claims of a token that one of our keys has signed; `None` for anything else. Its times are not looked at: a hint
/// may be old.
///
/// # Errors
/// Where the database fails.
pub async fn verify(app: &App, token: &str) -> Result<Option<Map<String, Value>>, StoreError> {
    let now = app.now();
    let keys = app.keys.read(&app.store, now).await?.keys;
    Ok(fresh(&keys, now).find_map(|key| key.verify(token)))
}

impl Keys {
    async fn read(&self, store: &Store, now: Timestamp) -> Result<Read, StoreError> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if last.at == Some(now) {
            return Ok(last);
        }
        let stored = store.signing_keys().await?;
        // An id is never given to another key, so what was parsed under it can be used on.
        let known = |kid: &str| last.keys.iter().find(|key| key.kid == kid).map(|key| Arc::clone(&key.pair));
        let keys = stored.iter().map(|stored| {
            let pair = known(&stored.kid).map_or_else(|| Pair::parse(stored).map(Arc::new), Ok)?;
            let (signs_at, retired_at) = (stored.signs_at, stored.retired_at);
            Ok(SigningKey { kid: stored.kid.clone(), alg: stored.alg, signs_at, retired_at, pair })
        });
        let keys = Arc::new(keys.collect::<Result<Vec<_>, StoreError>>()?);
        let read = Read { at: Some(now), keys, set: Arc::default() };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = read.clone();
        Ok(read)
    }
}

impl Pair {
    fn parse(stored: &StoredKey) -> Result<Self, StoreError> {
        let der = &stored.private;
        let pair = match stored.alg {
            SigningAlg::Rs256 | SigningAlg::Ps256 => RsaKeyPair::from_pkcs8(der).map(Self::Rsa),
            SigningAlg::Es256 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map(Self::Ecdsa),
            SigningAlg::EdDsa => Ed25519KeyPair::from_pkcs8(der).map(Self::Ed25519),
        };
        pair.map_err(|_| StoreError::Value { table: "signing_keys", row: stored.kid.clone() })
    }
}

impl SigningKey {
    /// The algorithm, as openidconnect names it.
    #[must_use]
    pub fn alg(&self) -> CoreJwsSigningAlgorithm {
        match self.alg {
            SigningAlg::Rs256 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
            SigningAlg::Ps256 => CoreJwsSigningAlgorithm::RsaSsaPssSha256,
            SigningAlg::Es256 => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
            SigningAlg::EdDsa => CoreJwsSigningAlgorithm::EdDsa,
        }
    }

    /// The public half as the key set shows it, with the one algorithm it is for.
    #[must_use]
    pub fn public(&self) -> Value {
        let mut key = serde_json::to_value(self.as_verification_key()).unwrap_or_default();
        if let Some(members) = key.as_object_mut() {
            members.insert("alg".to_owned(), self.alg.as_str().into());
        }
        key
    }

    /// Claims as a token of a type of its own, which nothing of ours takes for an ID token (RFC 8725, 3.11).
    ///
    /// # Errors
    /// Where the library does not sign.
    pub fn jwt(&self, kind: &str, claims: &Value) -> Result<String, StoreError> {
        let header = json!({ "alg": self.alg.as_str(), "kid": self.kid, "typ": kind });
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature =
            self.signature(signed.as_bytes()).map_err(|_| StoreError::Keys("a token was not signed".to_owned()))?;
        Ok(format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature)))
    }

    /// The claims of a token that this key has signed: three parts, our algorithm and key by name, nothing that we did
    /// not put into the header.
    fn verify(&self, token: &str) -> Option<Map<String, Value>> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let header: Map<String, Value> =
            serde_json::from_slice(&BASE64URL_NOPAD.decode(header.as_bytes()).ok()?).ok()?;
        let named = |name: &str, value: &str| header.get(name).and_then(Value::as_str) == Some(value);
        if header.len() != 2 || !named("alg", self.alg.as_str()) || !named("kid", &self.kid) {
            return None;
        }
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?;
        self.check(signed.as_bytes(), &signature).ok()?;
        serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes()).ok()?).ok()
    }

    fn check(&self, message: &[u8], signature: &[u8]) -> Result<(), Unspecified> {
        match &*self.pair {
            Pair::Rsa(pair) => {
                let pss = self.alg == SigningAlg::Ps256;
                let scheme = if pss { &RSA_PSS_2048_8192_SHA256 } else { &RSA_PKCS1_2048_8192_SHA256 };
                UnparsedPublicKey::new(scheme, pair.public_key().as_ref()).verify(message, signature)
            }
            Pair::Ecdsa(pair) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref()).verify(message, signature)
            }
            Pair::Ed25519(pair) => {
                UnparsedPublicKey::new(&ED25519, pair.public_key().as_ref()).verify(message, signature)
            }
        }
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        match &*self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let scheme: &dyn RsaEncoding =
                    if self.alg == SigningAlg::Ps256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                pair.sign(scheme, &SystemRandom::new(), message, &mut signature)?;
                Ok(signature)
            }
            Pair::Ecdsa(pair) => Ok(pair.sign(&SystemRandom::new(), message)?.as_ref().to_vec()),
            Pair::Ed25519(pair) => Ok(pair.try_sign(message)?.as_ref().to_vec()),
        }
    }
}

impl PrivateSigningKey for SigningKey {
    type VerificationKey = CoreJsonWebKey;

    fn sign(&self, alg: &CoreJwsSigningAlgorithm, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        if *alg != self.alg() {
            return Err(SigningError::UnsupportedAlg(format!("{alg:?}")));
        }
        self.signature(message).map_err(|_| SigningError::CryptoError)
    }

    fn as_verification_key(&self) -> CoreJsonWebKey {
        let kid = Some(JsonWebKeyId::new(self.kid.clone()));
        match &*self.pair {
            Pair::Rsa(pair) => {
                let key = pair.public_key();
                let part = |part: aws_lc_rs::io::Positive<'_>| part.big_endian_without_leading_zero().to_vec();
                CoreJsonWebKey::new_rsa(part(key.modulus()), part(key.exponent()), kid)
            }
            Pair::Ecdsa(pair) => {
                // An uncompressed point: 4, then both coordinates.
                let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
                let (x, y) = point.split_at_checked(32).unwrap_or_default();
                CoreJsonWebKey::new_ec(x.to_vec(), y.to_vec(), CoreJsonCurveType::P256, kid)
            }
            Pair::Ed25519(pair) => {
                CoreJsonWebKey::new_okp(pair.public_key().as_ref().to_vec(), CoreJsonCurveType::Ed25519, kid)
            }
        }
    }
}

/// A new key. Making an RSA key takes a tenth of a second of one core; it happens at set-up and rotation only.
///
/// # Errors
/// Where the library makes none or the kernel gives no randomness.
pub fn generate(alg: SigningAlg, entropy: &dyn Entropy, now: Timestamp) -> Result<StoredKey, StoreError> {
    let private = pkcs8(alg).map_err(|_| StoreError::Keys(format!("a signing key for {alg} could not be made")))?;
    let kid = random_text::<10>(entropy)?;
    Ok(StoredKey { kid, alg, private, created_at: now, signs_at: now, retired_at: None })
}

fn pkcs8(alg: SigningAlg) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    Ok(Zeroizing::new(match alg {
        SigningAlg::Rs256 | SigningAlg::Ps256 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
            AsDer::<Pkcs8V1Der<'_>>::as_der(&pair)?.as_ref().to_vec()
        }
        SigningAlg::Es256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?.to_pkcs8v1()?.as_ref().to_vec(),
        SigningAlg::EdDsa => Ed25519KeyPair::generate()?.to_pkcs8v1()?.as_ref().to_vec(),
    }))
}
