//! Tokens that clients sign (RFC 7515, compact), read strictly: who they are from and what they are for is the reader's to
//! ask (RFC 8725). It must not know what any of them means.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use data_encoding::BASE64URL_NOPAD;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use thiserror::Error as ThisError;
use twolatch_core::client::{Numbers, PublicKey, SigningAlg};
use twolatch_core::time::Timestamp;

#[cfg(test)]
mod tests;

/// The longest token that is read.
const MOST: usize = 16_384;

/// How far another clock may be ahead of ours, in seconds.
const AHEAD: i64 = 30;

/// How far it may be behind.
const BEHIND: i64 = 10;

/// How long before its end a token can have been made: whoever gets hold of one can use it so long. Libraries say an hour.
pub const LONGEST: i64 = 3600;

/// The same under FAPI.
pub const LONGEST_FAPI: i64 = 300;

/// Members of a header that say which key to take, or that something else has to be understood.
const LEADING: [&str; 7] = ["jku", "x5u", "x5c", "crit", "b64", "zip", "enc"];

/// A signed token whose signature nobody has looked at.
#[derive(Debug, Clone)]
pub struct Signed<'a> {
    message: &'a str,
    signature: Vec<u8>,
    header: Map<String, Value>,
    alg: SigningAlg,
    /// What it says.
    pub claims: Map<String, Value>,
}

/// Why a token is not taken, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ThisError)]
#[error("{0}")]
pub struct Flaw(pub &'static str);

impl<'a> Signed<'a> {
    /// Reads a token: three parts, two of them objects whose members are there once, and an algorithm that we have.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(token: &'a str) -> Result<Self, Flaw> {
        if token.len() > MOST {
            return Err(Flaw("it is longer than 16384 bytes"));
        }
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else { return Err(Flaw("it has not three parts")) };
        let decode = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| Flaw("a part is not base64url"));
        let object = |part: &str| {
            let object: Object = serde_json::from_slice(&decode(part)?)
                .map_err(|_| Flaw("a part is not an object whose members are there once"))?;
            Ok(object.0)
        };
        let header = object(header)?;
        if LEADING.iter().any(|name| header.contains_key(*name)) {
            return Err(Flaw("its header names a key elsewhere, or something that has to be understood"));
        }
        let alg = header.get("alg").and_then(Value::as_str).and_then(|alg| alg.parse().ok());
        let alg = alg.ok_or(Flaw("its algorithm is none that there is"))?;
        let message = token.rsplit_once('.').map_or("", |(message, _)| message);
        Ok(Self { message, signature: decode(signature)?, alg, claims: object(claims)?, header })
    }

    /// The algorithm that it names.
    #[must_use]
    pub fn alg(&self) -> SigningAlg {
        self.alg
    }

    /// A member of its header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&Value> {
        self.header.get(name)
    }

    /// Whether its type is one of these; `None` stands for a token that names none.
    #[must_use]
    pub fn is_of_type(&self, types: &[Option<&str>]) -> bool {
        let named = self.header.get("typ");
        let bare = |name: &str| name.to_ascii_lowercase().trim_start_matches("application/").to_owned();
        types.iter().any(|one| match (one, named) {
            (None, None) => true,
            (Some(one), Some(Value::String(named))) => bare(named) == *one,
            _ => false,
        })
    }

    /// Checks the signature with the key of a client that the header names, or where it names none with each.
    ///
    /// # Errors
    /// Where none of the keys has made it.
    pub fn by_one_of(&self, keys: &[PublicKey]) -> Result<(), Flaw> {
        let kid = match self.header.get("kid") {
            None => None,
            Some(kid) => Some(kid.as_str().ok_or(Flaw("its kid is not text"))?),
        };
        let named = |key: &&PublicKey| kid.is_none() || key.kid.as_deref().is_none_or(|name| Some(name) == kid);
        if keys.iter().filter(named).any(|key| self.is_by(key)) {
            Ok(())
        } else {
            Err(Flaw("none of the client's keys has signed it"))
        }
    }

    /// Whether a key has signed it.
    #[must_use]
    pub fn is_by(&self, key: &PublicKey) -> bool {
        key.is_for(self.alg) && verify(key, self.alg, self.message.as_bytes(), &self.signature)
    }

    /// A claim that is text and not empty.
    ///
    /// # Errors
    /// Where it is there and anything else.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, Flaw> {
        let text = |value: &'_ Value| value.as_str().is_some_and(|text| !text.is_empty());
        match self.claims.get(name) {
            None => Ok(None),
            Some(value) if text(value) => Ok(value.as_str()),
            Some(_) => Err(Flaw("a claim that is a name is not text")),
        }
    }

    /// A claim that is a time, in whole seconds.
    ///
    /// # Errors
    /// Where it is there and anything else.
    pub fn time(&self, name: &'static str) -> Result<Option<Timestamp>, Flaw> {
        let time = |value: &Value| {
            value.as_i64().filter(|seconds| (0..=253_402_300_799).contains(seconds)).map(Timestamp::from_unix)
        };
        self.claims.get(name).map(|value| time(value).ok_or(Flaw("a claim that is a time is none"))).transpose()
    }

    /// Whom it is for.
    ///
    /// # Errors
    /// Where it is for nobody that has a name.
    pub fn audience(&self) -> Result<Vec<&str>, Flaw> {
        let named = match self.claims.get("aud") {
            Some(Value::String(one)) => Some(vec![one.as_str()]),
            Some(Value::Array(all)) => all.iter().map(Value::as_str).collect(),
            _ => None,
        };
        named.filter(|named| !named.is_empty()).ok_or(Flaw("it does not say whom it is for"))
    }

    /// Whether it is good at this moment: it has an end, within so many seconds, and was not made later.
    ///
    /// # Errors
    /// Where it is not; else until when it is taken.
    pub fn times(&self, now: Timestamp, longest: i64) -> Result<Timestamp, Flaw> {
        let until = self.time("exp")?.ok_or(Flaw("it has no end"))?.plus(BEHIND);
        if until <= now {
            return Err(Flaw("it is too old"));
        }
        if until.since(now) > longest + BEHIND {
            return Err(Flaw("it would be good for too long"));
        }
        for name in ["nbf", "iat"] {
            if self.time(name)?.is_some_and(|at| at.since(now) > AHEAD) {
                return Err(Flaw("it comes from the future"));
            }
        }
        Ok(until)
    }
}

/// Whether a signature is a key's.
fn verify(key: &PublicKey, alg: SigningAlg, message: &[u8], signature: &[u8]) -> bool {
    let rsa = if alg == SigningAlg::Ps256 { &RSA_PSS_2048_8192_SHA256 } else { &RSA_PKCS1_2048_8192_SHA256 };
    match &key.numbers {
        Numbers::Rsa(n, e) => RsaPublicKeyComponents { n, e }.verify(rsa, message, signature).is_ok(),
        Numbers::P256(x, y) => {
            let point = [&[4], x.as_slice(), y].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
        }
        Numbers::Ed25519(x) => UnparsedPublicKey::new(&ED25519, x).verify(message, signature).is_ok(),
    }
}

/// An object in which no member is there twice: readers that take the first and readers that take the last would see two.
struct Object(Map<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Once).map(Self)
    }
}

struct Once;

impl<'de> Visitor<'de> for Once {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, value)) = access.next_entry()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member is there twice"));
            }
        }
        Ok(members)
    }
}
