//! What cannot be registered although each part of it can: the rules that only the whole of an application shows. They hold
//! whoever registers it, on the command line and in the console.

use thiserror::Error;

use super::{AppHost, AuthMethod, Client, ClientId, Demand, GrantType, RedirectUri, SigningAlg, Trust};

/// The longest name, in characters.
const MAX_NAME: usize = 64;

/// The longest name of an API, in bytes.
const MAX_AUDIENCE: usize = 256;

/// Why an application cannot be registered like this, for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unfit {
    /// The name cannot be shown.
    #[error("--name: a name has 1 to {MAX_NAME} characters, none of them a control character")]
    Name,
    /// An address that only an installed application can receive.
    #[error("--redirect-uri {0}: a scheme of its own is for public applications; add --public or use https")]
    PrivateUse(RedirectUri),
    /// A scheme of its own is for browsers to follow; nobody can call it.
    #[error("--backchannel-logout-uri {0}: a scheme of its own cannot be called; use https")]
    Uncallable(RedirectUri),
    /// It signs, and nothing could be checked.
    #[error("--jwks is missing: what the application signs is checked with its public keys")]
    NoKeys,
    /// Whoever stands in between could put something else there.
    #[error("{0} {1}: only https, so that nobody in between puts something else there")]
    PlainHttp(&'static str, RedirectUri),
    /// An API has no such name.
    #[error(
        "--audience: an API is named by a URI, such as https://api.example.org, of at most {MAX_AUDIENCE} ASCII characters"
    )]
    Audience,
    /// FAPI asks for more.
    #[error(
        "--require fapi: an application under FAPI 2.0 has --auth-method private_key_jwt, and none of its algorithms is RS256"
    )]
    Fapi,
    /// People sign in to it, and nowhere could they be sent back.
    #[error("--redirect-uri is missing: with the grant authorization_code people are sent back to one")]
    NoRedirect,
    /// A public client proves itself by nothing.
    #[error("a public application cannot ask in its own name: client_credentials needs a secret")]
    NoSecret,
    /// PKCE is all that a public client has.
    #[error("--no-pkce: a public application has no other protection than PKCE")]
    Unprotected,
    /// Whose rules count there could not be told.
    #[error("--forward-host {0}: the client `{1}` has this host")]
    HostTaken(AppHost, ClientId),
    /// Nobody is asked there what it may know.
    #[error("--forward-host: what is behind your proxy is told who comes without asking them, and is first_party")]
    Stranger,
    /// Its cookies would be ours.
    #[error("--forward-host {0}: this is Twolatch's own host")]
    OwnHost(AppHost),
}

impl Client {
    /// Whether it can be registered beside these others, by a server at the host `ours`.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check<'a>(&self, ours: &str, others: impl IntoIterator<Item = &'a Self>) -> Result<(), Unfit> {
        self.check_alone()?;
        if let Some(host) = self.settings.hosts.iter().find(|host| host.name() == ours) {
            return Err(Unfit::OwnHost(host.clone()));
        }
        for other in others.into_iter().filter(|other| other.id != self.id) {
            if let Some(host) = self.settings.hosts.iter().find(|host| other.settings.is_at(host)) {
                return Err(Unfit::HostTaken(host.clone(), other.id.clone()));
            }
        }
        Ok(())
    }

    fn check_alone(&self) -> Result<(), Unfit> {
        let public = self.auth_method == AuthMethod::None;
        if !(1..=MAX_NAME).contains(&self.name.chars().count()) || self.name.contains(char::is_control) {
            return Err(Unfit::Name);
        }
        if let Some(uri) = self.redirect_uris.iter().find(|uri| uri.is_private_use() && !public) {
            return Err(Unfit::PrivateUse(uri.clone()));
        }
        if let Some(uri) = self.logout_uri.iter().find(|uri| uri.is_private_use()) {
            return Err(Unfit::Uncallable(uri.clone()));
        }
        let settings = &self.settings;
        let fetched = [
            ("--jwks-uri", &settings.jwks_uri),
            ("--logo-uri", &settings.logo_uri),
            ("--initiate-login-uri", &settings.initiate_login_uri),
        ];
        for (option, uri) in fetched {
            if let Some(uri) = uri.as_ref().filter(|uri| !uri.is_https()) {
                return Err(Unfit::PlainHttp(option, uri.clone()));
            }
        }
        if self.may(GrantType::AuthorizationCode) && self.redirect_uris.is_empty() {
            return Err(Unfit::NoRedirect);
        }
        if self.settings.trust != Trust::FirstParty && !self.settings.hosts.is_empty() {
            return Err(Unfit::Stranger);
        }
        if self.may(GrantType::ClientCredentials) && public {
            return Err(Unfit::NoSecret);
        }
        if public && self.pkce_waived_at.is_some() {
            return Err(Unfit::Unprotected);
        }
        if !self.settings.audiences.iter().all(|audience| is_audience(audience)) {
            return Err(Unfit::Audience);
        }
        let signs = self.auth_method == AuthMethod::PrivateKeyJwt || self.must(Demand::SignedRequest);
        if signs && self.settings.keys.is_empty() && self.settings.jwks_uri.is_none() {
            return Err(Unfit::NoKeys);
        }
        // FAPI 2.0 Security Profile, 5.3.2.1 and 5.4.1
        let algs = [Some(self.alg), self.settings.userinfo_alg];
        let is_strict = self.auth_method == AuthMethod::PrivateKeyJwt && !algs.contains(&Some(SigningAlg::Rs256));
        if self.must(Demand::Fapi) && !is_strict { Err(Unfit::Fapi) } else { Ok(()) }
    }
}

/// The name of an API: it is compared as text, by the API. No client has such a name, which would take the token for an ID
/// token.
fn is_audience(text: &str) -> bool {
    text.len() <= MAX_AUDIENCE && text.contains(':') && text.bytes().all(|byte| byte.is_ascii_graphic())
}
