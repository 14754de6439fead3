//! Scopes, and the claims that each gives (OpenID Connect Core, 5.4).

use twolatch_core::client::{Client, GrantType, Trust};

/// What a client may learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// That somebody signed in; every request has it.
    Openid,
    /// The name, and what else there is to say.
    Profile,
    /// The mail address.
    Email,
    /// Where they live or work.
    Address,
    /// The telephone.
    Phone,
    /// The groups.
    Groups,
    /// That the client may go on without the person; it tells nothing.
    OfflineAccess,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Openid, Self::Profile, Self::Email, Self::Address, Self::Phone, Self::Groups, Self::OfflineAccess];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Openid => "openid",
            Self::Profile => "profile",
            Self::Email => "email",
            Self::Address => "address",
            Self::Phone => "phone",
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

    /// Whether a client that is trusted so far may have it.
    #[must_use]
    pub const fn is_for(self, trust: Trust) -> bool {
        match trust {
            Trust::FirstParty | Trust::ThirdParty => true,
            Trust::Unverified => matches!(self, Self::Openid | Self::Profile | Self::Email | Self::OfflineAccess),
        }
    }

    /// Those of these that a client may have: what it cannot use it does not get (OpenID Connect Core, 11).
    #[must_use]
    pub fn allowed(client: &Client, scopes: &[Self]) -> Vec<Self> {
        let may_use = |scope: &Self| *scope != Self::OfflineAccess || client.may(GrantType::RefreshToken);
        let is_for = |scope: &Self| scope.is_for(client.settings.trust);
        scopes.iter().copied().filter(|scope| may_use(scope) && is_for(scope)).collect()
    }

    /// The claims that it gives.
    #[must_use]
    pub const fn claims(self) -> &'static [&'static str] {
        match self {
            Self::Openid | Self::OfflineAccess => &[],
            Self::Profile => &[
                "name",
                "family_name",
                "given_name",
                "middle_name",
                "nickname",
                "preferred_username",
                "profile",
                "picture",
                "website",
                "gender",
                "birthdate",
                "zoneinfo",
                "locale",
                "updated_at",
            ],
            Self::Email => &["email", "email_verified"],
            Self::Address => &["address"],
            Self::Phone => &["phone_number", "phone_number_verified"],
            Self::Groups => &["groups"],
        }
    }
}
