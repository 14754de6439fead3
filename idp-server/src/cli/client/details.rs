//! What is said of an application when it is registered and when it is changed: checked here, one by one.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use twolatch_core::client::{
    AppHost, Client, ClientError, Demand, GrantType, PublicKey, RedirectUri, ScopeName, SigningAlg, TokenFormat, Trust,
};
use twolatch_core::user::GroupName;
use twolatch_core::user::profile::ClaimName;

use super::ClientFault;

/// What is typed.
#[derive(Debug, Args)]
pub(super) struct Details {
    /// Where answers go, exactly as the application sends it; several are possible.
    #[arg(long, value_name = "URI", num_args = 1..)]
    redirect_uri: Vec<String>,
    #[arg(
        long,
        value_name = "ALG",
        help = "What its ID tokens are signed with: RS256 (the default), PS256, ES256 or EdDSA"
    )]
    alg: Option<String>,
    /// Where its public keys are, if they change there: https. Instead of --jwks.
    #[arg(long, value_name = "URI", conflicts_with = "jwks")]
    jwks_uri: Option<String>,
    /// Where others send people who shall sign in to it; they find it at /account/apps. https.
    #[arg(long, value_name = "URI")]
    initiate_login_uri: Option<String>,
    /// Where its picture is, which people are shown beside its name: https; PNG, JPEG, WebP or GIF of at most 64 KiB.
    #[arg(long, value_name = "URI")]
    logo_uri: Option<String>,
    #[arg(
        long,
        value_name = "WHOSE",
        help = "Whose it is: first_party, of your own (the default), or third_party: people are asked what it may know"
    )]
    trust: Option<String>,
    /// How it may ask for tokens: `authorization_code` and `refresh_token` (the default),
    /// `client_credentials`, `device_code`.
    #[arg(long, value_name = "GRANT", num_args = 1..)]
    grant: Vec<String>,
    /// What it may ask for in its own name; several are possible.
    #[arg(long, value_name = "SCOPE", num_args = 1..)]
    scope: Vec<String>,
    /// It is an API: of other applications' own tokens with these scopes it may ask what they are worth (/introspect).
    #[arg(long, value_name = "SCOPE", num_args = 1..)]
    introspect: Vec<String>,
    /// Claims of your own that it is told of whoever signs in (`twolatch claim`).
    #[arg(long, value_name = "NAME", num_args = 1..)]
    claim: Vec<ClaimName>,
    /// Only members of these groups may sign in to it.
    #[arg(long, value_name = "GROUP", num_args = 1..)]
    group: Vec<String>,
    /// Where a browser may go after a sign-out that the application asked for.
    #[arg(long, value_name = "URI", num_args = 1..)]
    post_logout_redirect_uri: Vec<String>,
    /// Where the application is told that somebody has signed out (back-channel logout).
    #[arg(long, value_name = "URI")]
    backchannel_logout_uri: Option<String>,
    /// What it is held to: `par` (RFC 9126), `signed_request` (RFC 9101), `dpop` (RFC 9449), or `fapi`, the FAPI 2.0 Security
    /// Profile as a whole.
    #[arg(long, value_name = "WHAT", num_args = 1..)]
    require: Vec<String>,
    /// A file with its public keys, a JSON Web Key Set, for `private_key_jwt` and signed requests.
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
    /// What its access tokens are: `opaque` (the default), or `jwt` (RFC 9068), which its APIs read by themselves.
    #[arg(long, value_name = "FORMAT")]
    access_token: Option<Format>,
    /// The APIs that its `jwt` access tokens are for; this server if none is named.
    #[arg(long, value_name = "AUDIENCE", num_args = 1..)]
    audience: Vec<String>,
    /// Sign what it gets at /userinfo with this algorithm.
    #[arg(long, value_name = "ALG")]
    userinfo_alg: Option<String>,
    /// A host at which the application answers behind a proxy that asks here whom to let in (/auth/forward), as browsers
    /// send it; several are possible.
    #[arg(long, value_name = "HOST", num_args = 1..)]
    forward_host: Vec<String>,
}

/// What access tokens can be.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Opaque,
    Jwt,
}

/// The same, checked.
#[derive(Debug, Clone)]
pub(super) struct Checked {
    trust: Option<Trust>,
    jwks_uri: Option<RedirectUri>,
    initiate_login_uri: Option<RedirectUri>,
    logo_uri: Option<RedirectUri>,
    redirect_uris: Vec<RedirectUri>,
    alg: Option<SigningAlg>,
    grants: Vec<GrantType>,
    scopes: Vec<ScopeName>,
    introspects: Vec<ScopeName>,
    groups: Vec<GroupName>,
    post_logout_redirect_uris: Vec<RedirectUri>,
    logout_uri: Option<RedirectUri>,
    demands: Vec<Demand>,
    keys: Vec<PublicKey>,
    access_tokens: Option<TokenFormat>,
    audiences: Vec<String>,
    userinfo_alg: Option<SigningAlg>,
    claims: Vec<ClaimName>,
    hosts: Vec<AppHost>,
}

/// What can be emptied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Clear {
    /// What it may ask for in its own name.
    Scope,
    /// It may ask about its own tokens only.
    Introspect,
    /// Everybody may sign in then.
    Group,
    /// No browser goes on after a sign-out.
    PostLogoutRedirectUri,
    /// It is told of no sign-out.
    BackchannelLogoutUri,
    /// It is held to nothing beyond what everybody is.
    Require,
    /// It has no keys.
    Jwks,
    /// Its tokens are for this server.
    Audience,
    /// It gets JSON at /userinfo.
    UserinfoAlg,
    /// It is told nothing of your own.
    Claim,
    /// What has registered itself can read and change that no more.
    Registration,
    /// Nobody is sent to it from here.
    InitiateLoginUri,
    /// It is shown by its name alone.
    LogoUri,
    /// It is behind no proxy that asks here.
    ForwardHost,
}

impl Details {
    pub(super) fn check(self) -> Result<Checked, ClientFault> {
        let mut redirect_uris = Vec::with_capacity(self.redirect_uri.len());
        for uri in self.redirect_uri {
            redirect_uris.push(uri.parse().map_err(|error| ClientFault::Redirect { uri, error })?);
        }
        let address = |option: &'static str, uri: String| {
            let parsed: Result<RedirectUri, _> = uri.parse();
            parsed.map_err(|error| ClientFault::Address { option, uri, error })
        };
        let after = self.post_logout_redirect_uri.into_iter();
        let told = self.backchannel_logout_uri.map(|uri| address("--backchannel-logout-uri", uri)).transpose()?;
        Ok(Checked {
            jwks_uri: self.jwks_uri.map(|uri| address("--jwks-uri", uri)).transpose()?,
            initiate_login_uri: self.initiate_login_uri.map(|uri| address("--initiate-login-uri", uri)).transpose()?,
            logo_uri: self.logo_uri.map(|uri| address("--logo-uri", uri)).transpose()?,
            trust: self.trust.map(|trust| ours(&trust)).transpose()?,
            redirect_uris,
            alg: self.alg.map(|alg| alg.parse()).transpose()?,
            grants: self.grant.iter().map(|grant| grant.parse()).collect::<Result<_, _>>()?,
            scopes: self.scope.iter().map(|scope| scope.parse()).collect::<Result<_, _>>()?,
            introspects: self.introspect.iter().map(|scope| scope.parse()).collect::<Result<_, _>>()?,
            groups: self
                .group
                .iter()
                .map(|group| group.parse())
                .collect::<Result<_, _>>()
                .map_err(ClientFault::Group)?,
            post_logout_redirect_uris: after
                .map(|uri| address("--post-logout-redirect-uri", uri))
                .collect::<Result<_, _>>()?,
            logout_uri: told,
            demands: self.require.iter().map(|demand| demand.parse()).collect::<Result<_, _>>()?,
            keys: self.jwks.as_deref().map(keys).transpose()?.unwrap_or_default(),
            access_tokens: self.access_token.map(|format| match format {
                Format::Opaque => TokenFormat::Opaque,
                Format::Jwt => TokenFormat::Jwt,
            }),
            claims: self.claim,
            audiences: self.audience,
            userinfo_alg: self.userinfo_alg.map(|alg| alg.parse()).transpose()?,
            hosts: self.forward_host.iter().map(|host| host.parse()).collect::<Result<_, _>>()?,
        })
    }
}

/// What an administrator can make of it: what is unverified has registered itself.
fn ours(text: &str) -> Result<Trust, ClientError> {
    text.parse().ok().filter(|trust| *trust != Trust::Unverified).ok_or(ClientError::Trust)
}

fn keys(path: &Path) -> Result<Vec<PublicKey>, ClientFault> {
    let fault = |fault: String| ClientFault::Keys { path: path.display().to_string(), fault };
    let text = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
    let value = serde_json::from_slice(&text).map_err(|error| fault(error.to_string()))?;
    let keys = PublicKey::set(&value).map_err(|error| fault(error.to_string()))?;
    if keys.is_empty() { Err(fault("there is no key in it".to_owned())) } else { Ok(keys) }
}

impl Checked {
    /// Whether it is behind a proxy and nothing else: it asks for no tokens, and needs no secret.
    pub(super) fn is_behind_a_proxy_only(&self) -> bool {
        !self.hosts.is_empty() && self.redirect_uris.is_empty() && self.grants.is_empty()
    }

    /// Puts what was named in the place of what there was.
    pub(super) fn put(self, client: &mut Client) {
        fn given<T>(new: Vec<T>, place: &mut Vec<T>) {
            if !new.is_empty() {
                *place = new;
            }
        }
        given(self.redirect_uris, &mut client.redirect_uris);
        given(self.grants, &mut client.settings.grants);
        given(self.scopes, &mut client.settings.scopes);
        given(self.introspects, &mut client.settings.introspects);
        given(self.groups, &mut client.settings.groups);
        given(self.post_logout_redirect_uris, &mut client.settings.post_logout_redirect_uris);
        given(self.demands, &mut client.settings.demands);
        given(self.keys, &mut client.settings.keys);
        given(self.claims, &mut client.settings.claims);
        given(self.audiences, &mut client.settings.audiences);
        given(self.hosts, &mut client.settings.hosts);
        if !client.settings.keys.is_empty() && self.jwks_uri.is_some() {
            client.settings.keys.clear();
        }
        client.settings.jwks_uri = self.jwks_uri.or(client.settings.jwks_uri.take());
        client.settings.initiate_login_uri = self.initiate_login_uri.or(client.settings.initiate_login_uri.take());
        client.settings.trust_as(self.trust.unwrap_or(client.settings.trust));
        client.settings.logo_uri = self.logo_uri.or(client.settings.logo_uri.take());
        client.settings.access_tokens = self.access_tokens.unwrap_or(client.settings.access_tokens);
        client.settings.userinfo_alg = self.userinfo_alg.or(client.settings.userinfo_alg);
        client.alg = self.alg.unwrap_or(client.alg);
        if self.logout_uri.is_some() {
            client.logout_uri = self.logout_uri;
        }
    }
}

impl Clear {
    pub(super) fn empty(self, client: &mut Client) {
        match self {
            Self::Scope => client.settings.scopes.clear(),
            Self::Introspect => client.settings.introspects.clear(),
            Self::Group => client.settings.groups.clear(),
            Self::PostLogoutRedirectUri => client.settings.post_logout_redirect_uris.clear(),
            Self::BackchannelLogoutUri => client.logout_uri = None,
            Self::Require => client.settings.demands.clear(),
            Self::Jwks => (client.settings.keys, client.settings.jwks_uri) = (Vec::new(), None),
            Self::Registration => client.settings.registration = None,
            Self::InitiateLoginUri => client.settings.initiate_login_uri = None,
            Self::LogoUri => client.settings.logo_uri = None,
            Self::Audience => client.settings.audiences.clear(),
            Self::Claim => client.settings.claims.clear(),
            Self::UserinfoAlg => client.settings.userinfo_alg = None,
            Self::ForwardHost => client.settings.hosts.clear(),
        }
    }
}
