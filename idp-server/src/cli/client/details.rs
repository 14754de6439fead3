//! What is said of an application when it is registered and when it is changed: checked here, one by one.

use clap::{Args, ValueEnum};
use twolatch_core::client::{Client, GrantType, RedirectUri, ScopeName, SigningAlg};
use twolatch_core::user::GroupName;

use super::ClientFault;

/// What is typed.
#[derive(Debug, Args)]
pub(super) struct Details {
    /// Where answers go, exactly as the application sends it; several are possible.
    #[arg(long, value_name = "URI", num_args = 1..)]
    redirect_uri: Vec<String>,
    #[arg(long, value_name = "ALG", help = "What its ID tokens are signed with: RS256 (the default), ES256 or EdDSA")]
    alg: Option<String>,
    /// How it may ask for tokens: `authorization_code` and `refresh_token` (the default), `client_credentials`.
    #[arg(long, value_name = "GRANT", num_args = 1..)]
    grant: Vec<String>,
    /// What it may ask for in its own name; several are possible.
    #[arg(long, value_name = "SCOPE", num_args = 1..)]
    scope: Vec<String>,
    /// It is an API: of other applications' own tokens with these scopes it may ask what they are worth (/introspect).
    #[arg(long, value_name = "SCOPE", num_args = 1..)]
    introspect: Vec<String>,
    /// Only members of these groups may sign in to it.
    #[arg(long, value_name = "GROUP", num_args = 1..)]
    group: Vec<String>,
    /// Where a browser may go after a sign-out that the application asked for.
    #[arg(long, value_name = "URI", num_args = 1..)]
    post_logout_redirect_uri: Vec<String>,
    /// Where the application is told that somebody has signed out (back-channel logout).
    #[arg(long, value_name = "URI")]
    backchannel_logout_uri: Option<String>,
    /// Whether it has to push its authorization requests (RFC 9126): `true` or `false`.
    #[arg(long, value_name = "BOOL")]
    require_par: Option<bool>,
}

/// The same, checked.
#[derive(Debug, Clone)]
pub(super) struct Checked {
    redirect_uris: Vec<RedirectUri>,
    alg: Option<SigningAlg>,
    grants: Vec<GrantType>,
    scopes: Vec<ScopeName>,
    introspects: Vec<ScopeName>,
    groups: Vec<GroupName>,
    post_logout_redirect_uris: Vec<RedirectUri>,
    logout_uri: Option<RedirectUri>,
    pushes: Option<bool>,
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
            logout_uri: told.map(callable).transpose()?,
            pushes: self.require_par,
        })
    }
}

/// A scheme of its own is for browsers to follow; nobody can call it.
fn callable(uri: RedirectUri) -> Result<RedirectUri, ClientFault> {
    if uri.is_private_use() {
        let error = twolatch_core::client::RedirectError::Scheme;
        return Err(ClientFault::Address { option: "--backchannel-logout-uri", uri: uri.to_string(), error });
    }
    Ok(uri)
}

impl Checked {
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
        client.settings.pushes = self.pushes.unwrap_or(client.settings.pushes);
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
        }
    }
}
