//! Scopes, and the claims that each gives (OpenID Connect Core, 5.4).

use serde_json::{Map, Value};
use twolatch_core::time::Timestamp;
use twolatch_core::user::{GroupName, User};

/// What a client may learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// That somebody signed in; every request has it.
    Openid,
    /// The name.
    Profile,
    /// The mail address.
    Email,
    /// The groups.
    Groups,
    /// That the client may go on without the person; it tells nothing.
    OfflineAccess,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Openid, Self::Profile, Self::Email, Self::Groups, Self::OfflineAccess];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Openid => "openid",
            Self::Profile => "profile",
            Self::Email => "email",
            Self::Groups => "groups",
            Self::OfflineAccess => "offline_access",
        }
    }

    /// The scopes of a request, each once; unknown ones are left out (RFC 6749, 3.3).
    #[must_use]
    pub fn parse(text: &str) -> Vec<Self> {
        let words: Vec<&str> = text.split(' ').collect();
        Self::ALL.into_iter().filter(|scope| words.contains(&scope.as_str())).collect()
    }

    /// The scopes as one text.
    #[must_use]
    pub fn join(scopes: &[Self]) -> String {
        scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// Adds what the scope tells about a person.
    pub fn tell(self, user: &User, claims: &mut Map<String, Value>, now: Timestamp) {
        let mut put = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
        match self {
            Self::Openid => put("sub", user.id.as_str().into()),
            Self::Profile => {
                put("preferred_username", user.name.as_str().into());
                put("name", user.name.as_str().into());
            }
            Self::Email => {
                if let Some(email) = &user.email {
                    put("email", email.as_str().into());
                    put("email_verified", (user.verified_email().is_some() && user.email_held(now).is_none()).into());
                }
            }
            Self::Groups => put("groups", user.groups.iter().map(GroupName::as_str).collect()),
            Self::OfflineAccess => {}
        }
    }
}
