//! What every page is set in: the organisation's name, the links, and the form token. It must not know the page.

use super::path::Links;

/// The frame of a page.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// Whose system this is.
    pub organisation: String,
    /// Addresses.
    pub links: Links,
    /// The token for its forms.
    pub token: String,
}

impl Frame {
    /// An example, for tests: a name that would do harm if it were not escaped.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            organisation: "Example <Org> & 'Co' {{7*7}}".to_owned(),
            links: Links::default(),
            token: "k.token".to_owned(),
        }
    }
}
