//! Applications, as they are told. Never a secret, nor what is stored of one, but where it is made.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use twolatch_core::client::{
    AppHost, AuthMethod, Client, ClientId, Demand, GrantType, PublicKey, RedirectUri, ScopeName, SigningAlg,
    TokenFormat, Trust,
};
use twolatch_core::login::explain::Explained;
use twolatch_core::store::happenings::Counted;
use twolatch_core::store::logouts::Logout;
use twolatch_core::time::Timestamp;
use twolatch_core::user::GroupName;
use twolatch_core::user::profile::ClaimName;
use utoipa::ToSchema;

use crate::oidc::foresee::Foreseen;

/// An application.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Client)]
pub struct Row {
    #[schema(value_type = String)]
    client_id: ClientId,
    /// What people are told they sign in to.
    name: String,
    /// Where answers go.
    #[schema(value_type = Vec<String>)]
    redirect_uris: Vec<RedirectUri>,
    /// Whose it is.
    trust: Trust,
    /// How it proves itself.
    auth_method: AuthMethod,
    /// What its ID tokens are signed with.
    alg: SigningAlg,
    /// How it may ask for tokens.
    grants: Vec<GrantType>,
    /// What it may ask for in its own name.
    #[schema(value_type = Vec<String>)]
    scopes: Vec<ScopeName>,
    /// Of other applications' own tokens with these scopes it may ask what they are worth.
    #[schema(value_type = Vec<String>)]
    introspects: Vec<ScopeName>,
    /// Only members of these may sign in to it; empty for everybody.
    #[schema(value_type = Vec<String>)]
    groups: Vec<GroupName>,
    /// Where a browser may go after a sign-out that it asked for.
    #[schema(value_type = Vec<String>)]
    post_logout_redirect_uris: Vec<RedirectUri>,
    /// Where it is told that somebody has signed out.
    #[schema(value_type = Option<String>)]
    backchannel_logout_uri: Option<RedirectUri>,
    /// Until when the secret before is good, too.
    #[schema(value_type = Option<i64>)]
    former_secret_until: Option<Timestamp>,
    /// What it is held to.
    require: Vec<Demand>,
    /// Hosts at which it answers behind a proxy that asks here whom to let in.
    #[schema(value_type = Vec<String>)]
    forward_hosts: Vec<AppHost>,
    /// Whether it cannot do without PKCE.
    require_pkce: bool,
    /// Where its public keys are, if they change there.
    #[schema(value_type = Option<String>)]
    jwks_uri: Option<RedirectUri>,
    /// Where others send people who shall sign in to it.
    #[schema(value_type = Option<String>)]
    initiate_login_uri: Option<RedirectUri>,
    /// Where its picture is.
    #[schema(value_type = Option<String>)]
    logo_uri: Option<RedirectUri>,
    /// The initial access token that it has registered itself with.
    registered_with: Option<String>,
    /// Its public keys, a JSON Web Key Set.
    jwks: Keys,
    /// What its access tokens are.
    access_token: TokenFormat,
    /// The APIs that its `jwt` access tokens are for.
    audiences: Vec<String>,
    /// Claims of your own that it is told.
    #[schema(value_type = Vec<String>)]
    claims: Vec<ClaimName>,
    /// What it gets at /userinfo is signed with.
    userinfo_alg: Option<SigningAlg>,
    /// Since when nobody can sign in to it.
    #[schema(value_type = Option<i64>)]
    disabled_at: Option<Timestamp>,
    /// Since when it is registered.
    #[schema(value_type = i64)]
    created_at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClientKeys, description = "A JSON Web Key Set.")]
struct Keys {
    #[schema(value_type = Vec<Object>)]
    keys: Vec<PublicKey>,
}

/// An application, with how it is used and what went wrong with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClientInUse)]
pub struct Used {
    #[serde(flatten)]
    row: Row,
    happened: Vec<Happened>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClientHappening, description = "Something that was counted.")]
struct Happened {
    what: &'static str,
    /// Whether somebody should look.
    is_trouble: bool,
    last_24_hours: i64,
    last_30_days: i64,
    #[schema(value_type = i64)]
    last_at: Timestamp,
}

/// An application that was registered just now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RegisteredClient)]
pub struct Registered {
    #[serde(flatten)]
    row: Row,
    /// Told once; nothing where it has none.
    client_secret: Option<String>,
    /// What to type into it, by where; of a preset by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration: Option<BTreeMap<String, String>>,
}

impl Row {
    /// An application.
    #[must_use]
    pub fn of(client: &Client) -> Self {
        let Client { settings, .. } = client;
        Self {
            client_id: client.id.clone(),
            name: client.name.clone(),
            redirect_uris: client.redirect_uris.clone(),
            trust: settings.trust,
            auth_method: client.auth_method,
            alg: client.alg,
            grants: settings.grants.clone(),
            scopes: settings.scopes.clone(),
            introspects: settings.introspects.clone(),
            groups: settings.groups.clone(),
            post_logout_redirect_uris: settings.post_logout_redirect_uris.clone(),
            backchannel_logout_uri: client.logout_uri.clone(),
            former_secret_until: client.former.as_ref().map(|(_, until)| *until),
            require: settings.demands.clone(),
            forward_hosts: settings.hosts.clone(),
            require_pkce: client.requires_pkce(),
            jwks_uri: settings.jwks_uri.clone(),
            initiate_login_uri: settings.initiate_login_uri.clone(),
            logo_uri: settings.logo_uri.clone(),
            registered_with: settings.registration.as_ref().map(|own| own.by.to_string()),
            jwks: Keys { keys: settings.keys.clone() },
            access_token: settings.access_tokens,
            audiences: settings.audiences.clone(),
            claims: settings.claims.clone(),
            userinfo_alg: settings.userinfo_alg,
            disabled_at: client.disabled_at,
            created_at: client.created_at,
        }
    }

    /// With how it is used.
    #[must_use]
    pub fn used(self, counted: &[Counted]) -> Used {
        let happened = counted.iter().map(|one| Happened {
            what: one.what.as_str(),
            is_trouble: one.what.is_trouble(),
            last_24_hours: one.day,
            last_30_days: one.month,
            last_at: one.last,
        });
        Used { row: self, happened: happened.collect() }
    }

    /// With what is told once: its secret, and what to type where.
    #[must_use]
    pub fn registered(self, secret: Option<&str>, typed: Option<(&str, String)>) -> Registered {
        let configuration = typed.map(|(place, text)| BTreeMap::from([(place.to_owned(), text)]));
        Registered { row: self, client_secret: secret.map(str::to_owned), configuration }
    }
}

/// What an application was told of a session that has ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct Delivery {
    user_id: String,
    sid: String,
    #[schema(value_type = i64)]
    ended_at: Timestamp,
    /// When it took the news.
    #[schema(value_type = Option<i64>)]
    told_at: Option<Timestamp>,
    /// When it is called next.
    #[schema(value_type = Option<i64>)]
    next_try: Option<Timestamp>,
    tries: i64,
    /// What hindered the last call.
    trouble: Option<String>,
}

impl From<&Logout> for Delivery {
    fn from(one: &Logout) -> Self {
        Self {
            user_id: one.user.clone(),
            sid: one.sid.clone(),
            ended_at: one.at,
            told_at: one.told_at,
            next_try: one.next_at,
            tries: one.tries,
            trouble: one.trouble.clone(),
        }
    }
}

/// What an application would learn of a sign-in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClientTest)]
pub struct Learnt {
    /// How it would end.
    end: &'static str,
    asked: Explained,
    /// How sure it could be of the person; nothing where nobody gets in.
    acr: Option<&'static str>,
    /// Claims.
    #[schema(value_type = Option<Object>)]
    id_token: Option<Value>,
    #[schema(value_type = Option<Object>)]
    userinfo: Option<Value>,
    /// Claims of one that is signed.
    #[schema(value_type = Option<Object>)]
    access_token: Option<Value>,
    /// What an application behind a proxy would see.
    headers: BTreeMap<String, String>,
}

impl From<Foreseen> for Learnt {
    fn from(foreseen: Foreseen) -> Self {
        let gets_in = foreseen.userinfo.is_some() || !foreseen.headers.is_empty();
        Self {
            end: foreseen.end.as_str(),
            asked: foreseen.explained,
            acr: gets_in.then(|| foreseen.assurance.acr()),
            id_token: foreseen.id_token,
            userinfo: foreseen.userinfo,
            access_token: foreseen.access_token,
            headers: foreseen.headers.into_iter().collect(),
        }
    }
}
