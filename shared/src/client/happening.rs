//! What happens with an application, in few words: how often it is used, and what goes wrong with it that its operator can
//! mend. A closed list, so that nobody outside makes a new one.

use std::fmt;
use std::str::FromStr;

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Happening {
    /// It has signed somebody in.
    SignedIn,
    /// It has got a token in its own name.
    OwnToken,
    /// It has asked for an answer to an address that it is not registered for.
    RedirectUri,
    /// It did not prove itself as it is registered: a wrong secret, another method, a bad signature.
    Proof,
    /// There was no PKCE challenge, or the verifier was not right.
    Pkce,
    /// Its code was too old, used before, or not its own.
    Code,
    /// Its refresh token was too old, used before, or not its own.
    RefreshToken,
    /// It has asked for a scope that it is not registered for, or without `openid`.
    Scope,
    /// It has asked by a grant that it is not registered for.
    Grant,
    /// What it has signed or pushed was not good, or had to be and was not.
    RequestObject,
    /// Its `DPoP` proof was missing or not good.
    Dpop,
    /// The request was none that the standards know.
    Malformed,
    /// The person is in none of its groups.
    Groups,
    /// The person is gone, disabled, or would have to show more by now.
    Person,
    /// It was used while it is disabled.
    Disabled,
}

impl Happening {
    /// All of them: first how it is used, then what goes wrong.
    pub const ALL: [Self; 15] = [
        Self::SignedIn,
        Self::OwnToken,
        Self::RedirectUri,
        Self::Proof,
        Self::Pkce,
        Self::Code,
        Self::RefreshToken,
        Self::Scope,
        Self::Grant,
        Self::RequestObject,
        Self::Dpop,
        Self::Malformed,
        Self::Groups,
        Self::Person,
        Self::Disabled,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::OwnToken => "own_token",
            Self::RedirectUri => "redirect_uri",
            Self::Proof => "authentication",
            Self::Pkce => "pkce",
            Self::Code => "code",
            Self::RefreshToken => "refresh_token",
            Self::Scope => "scope",
            Self::Grant => "grant",
            Self::RequestObject => "request_object",
            Self::Dpop => "dpop",
            Self::Malformed => "malformed",
            Self::Groups => "groups",
            Self::Person => "person",
            Self::Disabled => "disabled",
        }
    }

    /// Whether something went wrong.
    #[must_use]
    pub const fn is_trouble(self) -> bool {
        !matches!(self, Self::SignedIn | Self::OwnToken)
    }
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Happening {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|one| one.as_str() == text).ok_or(())
    }
}
