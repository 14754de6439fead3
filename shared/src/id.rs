//! Typed random identifiers. They must not carry meaning: nothing can be read from one but its type.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use crate::crypto::{Entropy, NoEntropy, random_text};

/// The identifier of a `T`: 128 random bits as 26 lower-case base32 characters.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id<T> {
    text: String,
    #[serde(skip)]
    of: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// A new one.
    ///
    /// # Errors
    /// Where the kernel gives no randomness.
    pub fn random(entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
        random_text::<16>(entropy).map(Self::from_stored)
    }

    /// One that was read back from where it had been stored.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self { text, of: PhantomData }
    }

    /// Its text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        Self::from_stored(self.text.clone())
    }
}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<T> Eq for Id<T> {}

impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
