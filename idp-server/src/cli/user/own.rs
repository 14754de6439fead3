//! A rule of somebody's own as it is typed: `none` takes it away.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use twolatch_core::factor::Kind;

/// A rule of somebody's own, or `none`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own<T>(pub(super) Option<T>);

impl<T: FromStr> FromStr for Own<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        if text == "none" { Ok(Self(None)) } else { text.parse().map(|own| Self(Some(own))) }
    }
}

impl<T: fmt::Display> fmt::Display for Own<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(own) => own.fmt(f),
            None => f.write_str("none"),
        }
    }
}

/// What somebody may set up: one word or several, separated by commas.
#[derive(Debug, Clone)]
pub(super) struct Methods(pub(super) BTreeSet<Kind>);

impl FromStr for Methods {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = |word: &str| Kind::METHODS.into_iter().find(|kind| kind.as_str() == word);
        let methods: Option<BTreeSet<Kind>> = text.split(',').map(named).collect();
        methods.map(Self).ok_or("methods are totp, email_code or both, separated by a comma, or none")
    }
}

impl fmt::Display for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.0.iter().map(|kind| kind.as_str()).collect();
        f.write_str(&words.join(","))
    }
}
