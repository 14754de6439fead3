//! What applications may be told of a person beside name, address and groups: the claims of OpenID Connect Core, 5.1, and
//! whatever else an organisation calls its own. It must not know who asks.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

#[cfg(test)]
mod tests;

/// The most that is kept of one person or group.
const MOST: usize = 50;

/// The longest value, in bytes.
const MAX_VALUE: usize = 512;

/// Claims that hold text of any kind.
const TEXTS: [&str; 15] = [
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "address.formatted",
    "address.street_address",
    "address.locality",
    "address.region",
    "address.postal_code",
    "address.country",
];

/// Claims that hold the address of a page.
const PAGES: [&str; 3] = ["profile", "picture", "website"];

/// Claims about a telephone: its number, and whether that is known to be theirs.
const PHONE: [&str; 2] = ["phone_number", "phone_number_verified"];

/// Names that mean something else in tokens, or that are told from elsewhere.
const TAKEN: [&str; 33] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "at_hash",
    "c_hash",
    "s_hash",
    "sid",
    "events",
    "cnf",
    "act",
    "may_act",
    "scope",
    "client_id",
    "token_type",
    "active",
    "username",
    "email",
    "email_verified",
    "groups",
    "preferred_username",
    "updated_at",
    "address",
    "client_secret",
    "_claim_names",
];

/// The name of a claim that a person or a group can be given.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClaimName(String);

impl ClaimName {
    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is an organisation's own, and no standard's.
    #[must_use]
    pub fn is_own(&self) -> bool {
        let name = self.as_str();
        !TEXTS.contains(&name) && !PAGES.contains(&name) && !PHONE.contains(&name)
    }
}

impl FromStr for ClaimName {
    type Err = ClaimError;

    fn from_str(text: &str) -> Result<Self, ClaimError> {
        let name = Self(text.to_owned());
        let fits = (1..=64).contains(&text.len())
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !name.is_own() || fits && !TAKEN.contains(&text) { Ok(name) } else { Err(ClaimError::Name) }
    }
}

impl TryFrom<String> for ClaimName {
    type Error = ClaimError;

    fn try_from(text: String) -> Result<Self, ClaimError> {
        text.parse()
    }
}

impl From<ClaimName> for String {
    fn from(name: ClaimName) -> Self {
        name.0
    }
}

impl fmt::Display for ClaimName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The claims that a person or a group was given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Profile(BTreeMap<ClaimName, String>);

impl Profile {
    /// Gives a claim another value.
    ///
    /// # Errors
    /// Where the value is none of that claim, or there are too many.
    pub fn set(&mut self, name: ClaimName, value: String) -> Result<(), ClaimError> {
        check(name.as_str(), &value)?;
        if self.0.len() >= MOST && !self.0.contains_key(&name) {
            return Err(ClaimError::Many);
        }
        self.0.insert(name, value);
        Ok(())
    }

    /// Takes a claim away; answers whether it was there.
    pub fn remove(&mut self, name: &ClaimName) -> bool {
        self.0.remove(name).is_some()
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&ClaimName, &str)> {
        self.0.iter().map(|(name, value)| (name, value.as_str()))
    }

    /// These, and what another has beside them of an organisation's own: what a group is given holds for its members
    /// where they were given nothing else.
    pub fn adopt(&mut self, group: Self) {
        for (name, value) in group.0.into_iter().filter(|(name, _)| name.is_own()) {
            self.0.entry(name).or_insert(value);
        }
    }

    /// A claim as it is told, by the name that it has in tokens. What was written by somebody else's hand is checked once
    /// more.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<Value> {
        if name == "address" {
            let part = |(name, value): (&ClaimName, &str)| {
                let part = name.as_str().strip_prefix("address.")?;
                Some((part.to_owned(), Value::from(value)))
            };
            let parts: Map<String, Value> = self.iter().filter_map(part).collect();
            return (!parts.is_empty()).then(|| parts.into());
        }
        let (_, value) = self.iter().find(|(other, _)| other.as_str() == name && !name.contains('.'))?;
        check(name, value).ok()?;
        // Nothing is verified that is not there.
        match name {
            "phone_number_verified" => self.claim("phone_number").map(|_| (value == "true").into()),
            _ => Some(value.into()),
        }
    }
}

fn check(name: &str, value: &str) -> Result<(), ClaimError> {
    if value.is_empty() || value.len() > MAX_VALUE || value.contains(|c: char| c.is_control() && c != '\n') {
        return Err(ClaimError::Value);
    }
    let is_page = |text: &str| {
        ["https://", "http://"].iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
            && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte))
    };
    let fits = match name {
        _ if PAGES.contains(&name) => is_page(value),
        "phone_number_verified" => ["true", "false"].contains(&value),
        "birthdate" => is_date(value),
        _ => true,
    };
    if fits { Ok(()) } else { Err(ClaimError::Value) }
}

/// `YYYY`, or `YYYY-MM-DD` with `0000` for a year that is not told (OpenID Connect Core, 5.1).
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |part: &str, length: usize, most: u16| {
        part.len() == length && part.parse::<u16>().is_ok_and(|number| number <= most)
    };
    match parts.as_slice() {
        [year] => number(year, 4, 9999),
        [year, month, day] => number(year, 4, 9999) && number(month, 2, 12) && number(day, 2, 31),
        _ => false,
    }
}

/// What is wrong with a claim, for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ClaimError {
    /// Not a name that can be given.
    #[error(
        "a claim is one of OpenID Connect's (given_name, phone_number, address.locality and so on), or 1 to 64 of a-z, 0-9 \
         and `_` that no token has a meaning for yet"
    )]
    Name,
    /// Not a value of that claim.
    #[error(
        "a value has 1 to 512 bytes without control characters; profile, picture and website begin with https:// or http://, \
         birthdate is YYYY-MM-DD, phone_number_verified true or false"
    )]
    Value,
    /// Too many.
    #[error("nobody has more than {MOST} claims")]
    Many,
}
