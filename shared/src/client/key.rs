//! Public keys of clients (RFC 7517, RFC 7518, RFC 8037): checked when they are read, and never a private one. It must not
//! know what is signed with them.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::SigningAlg;
use crate::crypto::token_hash;

#[cfg(test)]
mod tests;

/// The fewest and the most bytes of an RSA modulus.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=512;

/// The longest key id.
const MAX_KID: usize = 256;

/// Members that only a private or a shared key has.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct PublicKey {
    /// What it is called.
    pub kid: Option<String>,
    /// The only algorithm that it is for, where it says so.
    pub alg: Option<SigningAlg>,
    /// Its numbers.
    pub numbers: Numbers,
}

/// What a key is made of, big-endian.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Numbers {
    /// RSA: modulus and exponent.
    Rsa(Vec<u8>, Vec<u8>),
    /// A point on P-256.
    P256([u8; 32], [u8; 32]),
    /// A point on Ed25519.
    Ed25519([u8; 32]),
}

impl PublicKey {
    /// All keys of a key set, or the one that there is.
    ///
    /// # Errors
    /// What is wrong with the first that is no good.
    pub fn set(value: &Value) -> Result<Vec<Self>, KeyError> {
        match value.get("keys") {
            None => Ok(vec![Self::read(value)?]),
            Some(keys) => keys.as_array().ok_or(KeyError::Shape)?.iter().map(Self::read).collect(),
        }
    }

    /// Reads a key.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(value: &Value) -> Result<Self, KeyError> {
        let members = value.as_object().ok_or(KeyError::Shape)?;
        if PRIVATE.iter().any(|name| members.contains_key(*name)) || text(members, "kty")? == Some("oct") {
            return Err(KeyError::Private);
        }
        let for_signatures = text(members, "use")?.is_none_or(|used| used == "sig")
            && members.get("key_ops").is_none_or(|ops| ops == &json!(["verify"]));
        if !for_signatures {
            return Err(KeyError::Use);
        }
        let kid = text(members, "kid")?;
        if kid.is_some_and(|kid| kid.len() > MAX_KID) {
            return Err(KeyError::Shape);
        }
        let alg = text(members, "alg")?.map(|alg| alg.parse().map_err(|_| KeyError::Kind)).transpose()?;
        let key = Self { kid: kid.map(str::to_owned), alg, numbers: numbers(members)? };
        if alg.is_some_and(|alg| !key.is_for(alg)) {
            return Err(KeyError::Kind);
        }
        Ok(key)
    }

    /// Whether signatures of an algorithm can be checked with it.
    #[must_use]
    pub fn is_for(&self, alg: SigningAlg) -> bool {
        let fits = match self.numbers {
            Numbers::Rsa(..) => matches!(alg, SigningAlg::Rs256 | SigningAlg::Ps256),
            Numbers::P256(..) => alg == SigningAlg::Es256,
            Numbers::Ed25519(_) => alg == SigningAlg::EdDsa,
        };
        fits && self.alg.is_none_or(|only| only == alg)
    }

    /// What kind of key it is, for people.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.numbers {
            Numbers::Rsa(..) => "RSA",
            Numbers::P256(..) => "P-256",
            Numbers::Ed25519(_) => "Ed25519",
        }
    }

    /// Its thumbprint (RFC 7638, 3).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        // The members that make the key, by name, without a space: as `serde_json` writes a map that is sorted.
        token_hash(&Value::from(self.members()).to_string())
    }

    fn members(&self) -> Map<String, Value> {
        let number = |bytes: &[u8]| Value::from(BASE64URL_NOPAD.encode(bytes));
        let members = match &self.numbers {
            Numbers::Rsa(n, e) => vec![("e", number(e)), ("kty", "RSA".into()), ("n", number(n))],
            Numbers::P256(x, y) => {
                vec![("crv", "P-256".into()), ("kty", "EC".into()), ("x", number(x)), ("y", number(y))]
            }
            Numbers::Ed25519(x) => vec![("crv", "Ed25519".into()), ("kty", "OKP".into()), ("x", number(x))],
        };
        members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

fn numbers(members: &Map<String, Value>) -> Result<Numbers, KeyError> {
    let number = |name: &str| {
        let text = text(members, name)?.ok_or(KeyError::Shape)?;
        BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| KeyError::Shape)
    };
    let point = |name: &str| number(name)?.try_into().map_err(|_| KeyError::Shape);
    match (text(members, "kty")?, text(members, "crv")?) {
        (Some("RSA"), None) => {
            let (n, e) = (number("n")?, number("e")?);
            if !MODULUS.contains(&n.len()) || n.first().is_none_or(|first| *first == 0) {
                return Err(KeyError::Size);
            }
            // 3 would do for signatures; nobody makes such keys any more.
            if e != [1, 0, 1] {
                return Err(KeyError::Size);
            }
            Ok(Numbers::Rsa(n, e))
        }
        (Some("EC"), Some("P-256")) => Ok(Numbers::P256(point("x")?, point("y")?)),
        (Some("OKP"), Some("Ed25519")) => Ok(Numbers::Ed25519(point("x")?)),
        _ => Err(KeyError::Kind),
    }
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, KeyError> {
    members.get(name).map(|value| value.as_str().ok_or(KeyError::Shape)).transpose()
}

impl TryFrom<Value> for PublicKey {
    type Error = KeyError;

    fn try_from(value: Value) -> Result<Self, KeyError> {
        Self::read(&value)
    }
}

impl From<PublicKey> for Value {
    fn from(key: PublicKey) -> Self {
        let mut members = key.members();
        for (name, text) in [("kid", key.kid), ("alg", key.alg.map(|alg| alg.as_str().to_owned()))] {
            if let Some(text) = text {
                members.insert(name.to_owned(), text.into());
            }
        }
        members.into()
    }
}

/// Why a key is none of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Nothing that a public key looks like.
    #[error("this is no public key in the form of RFC 7517")]
    Shape,
    /// Everybody who reads it here could sign with it.
    #[error(
        "this is a private or a shared key: give the public one alone, and make a new pair, as this one has been shown"
    )]
    Private,
    /// It is for something else.
    #[error("the key is not for signatures: its `use` is not `sig`, or its `key_ops` not `verify`")]
    Use,
    /// Another kind of key.
    #[error("a key is RSA, EC on P-256 or OKP on Ed25519, for RS256, PS256, ES256 or EdDSA")]
    Kind,
    /// Too weak, or too slow.
    #[error("an RSA key has 2048 to 4096 bits and the exponent 65537")]
    Size,
}
