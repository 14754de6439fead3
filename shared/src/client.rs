//! Applications that sign people in through Twolatch, and where they may be answered. It must know neither HTTP nor how
//! they are stored.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use self::registration::Registration;
use crate::time::Timestamp;
use crate::user::profile::ClaimName;
use crate::user::{GroupName, User};

pub use self::alg::SigningAlg;
pub use self::auth_method::AuthMethod;
pub use self::demand::Demand;
pub use self::grant_type::GrantType;
pub use self::happening::Happening;
pub use self::host::AppHost;
pub use self::key::{KeyError, Numbers, PublicKey};
pub use self::redirect::{RedirectError, RedirectUri};
pub use self::scope::ScopeName;
pub use self::trust::Trust;
pub use self::unfit::Unfit;

mod alg;
mod auth_method;
mod demand;
mod grant_type;
mod happening;
mod host;
mod key;
mod redirect;
pub mod registration;
mod scope;
#[cfg(test)]
mod tests;
mod trust;
mod unfit;

/// A registered application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its `client_id`.
    pub id: ClientId,
    /// What people are told they sign in to.
    pub name: String,
    /// The keyed hash of its secret; `None` for one that can keep none.
    pub secret: Option<String>,
    /// The keyed hash of the one before, and until when that is good too.
    pub former: Option<(String, Timestamp)>,
    /// Where answers may go.
    pub redirect_uris: Vec<RedirectUri>,
    /// How it proves itself at the token endpoint.
    pub auth_method: AuthMethod,
    /// What its ID tokens are signed with.
    pub alg: SigningAlg,
    /// Where it is told that a session has ended (OpenID Connect Back-Channel Logout 1.0).
    pub logout_uri: Option<RedirectUri>,
    /// What else there is to say of it.
    pub settings: Settings,
    /// Since when it may leave out PKCE; never for a public client.
    pub pkce_waived_at: Option<Timestamp>,
    /// Since when nobody can sign in to it.
    pub disabled_at: Option<Timestamp>,
    /// Since when it is registered.
    pub created_at: Timestamp,
}

impl Client {
    /// One that keeps a secret, which it has not been given yet.
    #[must_use]
    pub fn new(id: ClientId, name: String, now: Timestamp) -> Self {
        Self {
            id,
            name,
            secret: None,
            former: None,
            redirect_uris: Vec::new(),
            auth_method: AuthMethod::ClientSecretBasic,
            alg: SigningAlg::Rs256,
            logout_uri: None,
            settings: Settings::default(),
            pkce_waived_at: None,
            disabled_at: None,
            created_at: now,
        }
    }

    /// Whether it may ask for tokens by a grant.
    #[must_use]
    pub fn may(&self, grant: GrantType) -> bool {
        self.settings.grants.contains(&grant)
    }

    /// Whether somebody may sign in to it at all.
    #[must_use]
    pub fn admits(&self, user: &User) -> bool {
        self.settings.groups.is_empty() || self.settings.groups.iter().any(|group| user.groups.contains(group))
    }

    /// The registered address for after a logout that the given text is, if any: byte for byte.
    #[must_use]
    pub fn post_logout_redirect_uri(&self, text: &str) -> Option<&RedirectUri> {
        self.settings.post_logout_redirect_uris.iter().find(|registered| registered.accepts(text))
    }

    /// Whether every request needs a PKCE challenge (RFC 9700, 2.1.1).
    #[must_use]
    pub fn requires_pkce(&self) -> bool {
        self.pkce_waived_at.is_none() || self.auth_method == AuthMethod::None || self.must(Demand::Fapi)
    }

    /// Whether somebody who has let it learn something is not asked again when it wants its answer there. Anybody can say that
    /// they are a client that proves itself by nothing, or that has its secret on people's machines (RFC 8252, 8.6).
    #[must_use]
    pub fn is_remembered(&self, redirect_uri: &str) -> bool {
        let is_its_own = self.auth_method != AuthMethod::None && redirect_uri.starts_with("https://");
        self.settings.trust == Trust::ThirdParty && is_its_own
    }

    /// What people are shown where nothing says how far it is trusted: its name, or what it cannot choose.
    #[must_use]
    pub fn shown(&self) -> &str {
        match (self.settings.trust, self.redirect_uris.first()) {
            (Trust::Unverified, Some(uri)) => {
                let origin = RedirectUri::origin(uri.as_str());
                origin.split_once("://").map_or(origin, |(_, host)| host)
            }
            _ => &self.name,
        }
    }

    /// Whether it is held to something, by name or as a part of FAPI.
    #[must_use]
    pub fn must(&self, demand: Demand) -> bool {
        self.settings.demands.iter().any(|held| *held == demand || *held == Demand::Fapi && demand.is_of_fapi())
    }

    /// The registered redirect URI that the given text is, if any.
    #[must_use]
    pub fn redirect_uri(&self, text: &str) -> Option<&RedirectUri> {
        self.redirect_uris.iter().find(|registered| registered.accepts(text))
    }
}

/// What most clients leave as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Whose it is.
    pub trust: Trust,
    /// How it may ask for tokens.
    pub grants: Vec<GrantType>,
    /// Where a browser may go after a logout that it asked for.
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// The groups whose members may sign in to it; empty for everybody.
    pub groups: Vec<GroupName>,
    /// What it may ask for in its own name.
    pub scopes: Vec<ScopeName>,
    /// Of other clients' own tokens with these scopes it may ask what they are worth: it is the API that they are for.
    pub introspects: Vec<ScopeName>,
    /// What it is held to, beyond what everybody is.
    pub demands: Vec<Demand>,
    /// Its public keys: what it signs with them is its own.
    pub keys: Vec<PublicKey>,
    /// Claims of the organisation's own that it is told.
    pub claims: Vec<ClaimName>,
    /// What its access tokens are.
    pub access_tokens: TokenFormat,
    /// The APIs that signed ones are for.
    pub audiences: Vec<String>,
    /// What it gets at the userinfo endpoint is signed with; JSON where absent.
    pub userinfo_alg: Option<SigningAlg>,
    /// Where its public keys are, if they change there: those above are what was found last.
    pub jwks_uri: Option<RedirectUri>,
    /// Where others send people who shall sign in to it (OpenID Connect Core, 4).
    pub initiate_login_uri: Option<RedirectUri>,
    /// Where its picture is, which people are shown beside its name.
    pub logo_uri: Option<RedirectUri>,
    /// How it has registered itself.
    pub registration: Option<Registration>,
    /// Where it answers behind a proxy that asks us whom to let in.
    pub hosts: Vec<AppHost>,
}

/// What an access token is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenFormat {
    /// Random, and worth nothing but here.
    #[default]
    Opaque,
    /// Signed claims that an API can read by itself (RFC 9068).
    Jwt,
}

impl Settings {
    /// Says whose it is. The picture that one which has registered itself has named goes: it would be fetched anew each day,
    /// from where nobody looks again.
    pub fn trust_as(&mut self, trust: Trust) {
        if self.trust == Trust::Unverified && trust != Trust::Unverified {
            self.logo_uri = None;
        }
        self.trust = trust;
    }

    /// Whether it is behind a proxy at a host of this name.
    #[must_use]
    pub fn is_at(&self, host: &AppHost) -> bool {
        self.hosts.iter().any(|own| own.name() == host.name())
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            trust: Trust::FirstParty,
            grants: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            post_logout_redirect_uris: Vec::new(),
            groups: Vec::new(),
            scopes: Vec::new(),
            introspects: Vec::new(),
            demands: Vec::new(),
            keys: Vec::new(),
            claims: Vec::new(),
            access_tokens: TokenFormat::Opaque,
            audiences: Vec::new(),
            userinfo_alg: None,
            jwks_uri: None,
            initiate_login_uri: None,
            logo_uri: None,
            registration: None,
            hosts: Vec::new(),
        }
    }
}

/// A `client_id`: letters, digits, `.`, `_` and `-`, and never the shape of a person's `sub`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(String);

impl ClientId {
    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientId {
    type Err = ClientError;

    fn from_str(text: &str) -> Result<Self, ClientError> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        // People's ids are 26 characters of base32; the two are compared as strings by others (RFC 9700, 4.15).
        let like_a_person = text.len() == 26 && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
        if fits && !like_a_person { Ok(Self(text.to_owned())) } else { Err(ClientError::Id) }
    }
}

impl TryFrom<String> for ClientId {
    type Error = ClientError;

    fn try_from(text: String) -> Result<Self, ClientError> {
        text.parse()
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> Self {
        id.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is wrong with a client's registration, for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ClientError {
    /// Not a client id.
    #[error(
        "a client id has 1 to 64 letters, digits, `.`, `_` or `-`, and is not 26 characters of a-z and 2-7, which only people's ids are"
    )]
    Id,
    /// Not a method.
    #[error("an authentication method is one of client_secret_basic, client_secret_post, private_key_jwt, none")]
    AuthMethod,
    /// Not a grant.
    #[error("a grant is one of authorization_code, refresh_token, client_credentials, device_code")]
    Grant,
    /// Not a demand.
    #[error("what a client is held to is one of par, signed_request, dpop, fapi")]
    Demand,
    /// Not a scope.
    #[error("a scope is 1 to 64 letters, digits or `.`, `_`, `:`, `/` and `-`, and none of those about people")]
    Scope,
    /// Not known.
    #[error("whose a client is, is first_party or third_party")]
    Trust,
    /// Not a host.
    #[error("a host is `app.example.org` as browsers send it: in lower case, with a port only where that is not 443")]
    Host,
    /// Not an algorithm.
    #[error("an algorithm is one of RS256, PS256, ES256, EdDSA")]
    Alg,
}
