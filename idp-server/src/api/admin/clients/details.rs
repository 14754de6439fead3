//! What is said of an application when it is registered and when it is changed. Whether the whole of it may be like that is
//! checked with the change, as for everybody else.

use serde::Deserialize;
use serde_json::Value;
use twolatch_core::client::{
    AppHost, Client, Demand, GrantType, PublicKey, RedirectUri, ScopeName, SigningAlg, TokenFormat, Trust,
};
use twolatch_core::user::GroupName;
use twolatch_core::user::profile::ClaimName;
use utoipa::ToSchema;

use crate::api::admin::asked::{Given, there};
use crate::api::refusal::Refusal;

/// What takes the place of what there is. What is absent stays. Whoever reads it as a part refuses what is unknown.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = ClientDetails)]
pub(super) struct Details {
    /// What people are told they sign in to.
    name: Option<String>,
    /// Where answers go, exactly as the application sends it.
    #[schema(value_type = Option<Vec<String>>)]
    redirect_uris: Option<Vec<RedirectUri>>,
    /// `first_party` or `third_party`: people are asked what one of others may know.
    #[schema(value_type = Option<String>)]
    trust: Option<Trust>,
    /// What its ID tokens are signed with.
    #[schema(value_type = Option<String>)]
    alg: Option<SigningAlg>,
    /// How it may ask for tokens.
    #[schema(value_type = Option<Vec<String>>)]
    grants: Option<Vec<GrantType>>,
    /// What it may ask for in its own name.
    #[schema(value_type = Option<Vec<String>>)]
    scopes: Option<Vec<ScopeName>>,
    /// Of other applications' own tokens with these scopes it may ask what they are worth.
    #[schema(value_type = Option<Vec<String>>)]
    introspects: Option<Vec<ScopeName>>,
    /// Only members of these may sign in to it; empty for everybody.
    #[schema(value_type = Option<Vec<String>>)]
    groups: Option<Vec<GroupName>>,
    /// Where a browser may go after a sign-out that it asked for.
    #[schema(value_type = Option<Vec<String>>)]
    post_logout_redirect_uris: Option<Vec<RedirectUri>>,
    /// Where it is told that somebody has signed out.
    #[serde(default, deserialize_with = "there")]
    #[schema(value_type = Option<String>)]
    backchannel_logout_uri: Option<Given<RedirectUri>>,
    /// What it is held to: `par`, `signed_request`, `dpop`, `fapi`.
    #[schema(value_type = Option<Vec<String>>)]
    require: Option<Vec<Demand>>,
    /// Hosts at which it answers behind a proxy that asks here whom to let in.
    #[schema(value_type = Option<Vec<String>>)]
    forward_hosts: Option<Vec<AppHost>>,
    /// Its public keys, a JSON Web Key Set.
    #[schema(value_type = Option<Object>)]
    jwks: Option<Value>,
    /// Where they are, if they change there: https.
    #[serde(default, deserialize_with = "there")]
    #[schema(value_type = Option<String>)]
    jwks_uri: Option<Given<RedirectUri>>,
    /// Where others send people who shall sign in to it: https.
    #[serde(default, deserialize_with = "there")]
    #[schema(value_type = Option<String>)]
    initiate_login_uri: Option<Given<RedirectUri>>,
    /// Where its picture is, which people are shown beside its name: https; PNG, JPEG, WebP or GIF of at most 64 KiB.
    #[serde(default, deserialize_with = "there")]
    #[schema(value_type = Option<String>)]
    logo_uri: Option<Given<RedirectUri>>,
    /// What its access tokens are: `opaque` or `jwt`.
    #[schema(value_type = Option<String>)]
    access_token: Option<TokenFormat>,
    /// The APIs that its `jwt` access tokens are for.
    audiences: Option<Vec<String>>,
    /// Claims of your own that it is told.
    #[schema(value_type = Option<Vec<String>>)]
    claims: Option<Vec<ClaimName>>,
    /// What it gets at /userinfo is signed with.
    #[serde(default, deserialize_with = "there")]
    #[schema(value_type = Option<String>)]
    userinfo_alg: Option<Given<SigningAlg>>,
}

impl Details {
    /// The names of what is named.
    pub(super) fn named(&self) -> Vec<&'static str> {
        let all = [
            ("name", self.name.is_some()),
            ("redirect_uris", self.redirect_uris.is_some()),
            ("trust", self.trust.is_some()),
            ("alg", self.alg.is_some()),
            ("grants", self.grants.is_some()),
            ("scopes", self.scopes.is_some()),
            ("introspects", self.introspects.is_some()),
            ("groups", self.groups.is_some()),
            ("post_logout_redirect_uris", self.post_logout_redirect_uris.is_some()),
            ("backchannel_logout_uri", self.backchannel_logout_uri.is_some()),
            ("require", self.require.is_some()),
            ("forward_hosts", self.forward_hosts.is_some()),
            ("jwks", self.jwks.is_some()),
            ("jwks_uri", self.jwks_uri.is_some()),
            ("initiate_login_uri", self.initiate_login_uri.is_some()),
            ("logo_uri", self.logo_uri.is_some()),
            ("access_token", self.access_token.is_some()),
            ("audiences", self.audiences.is_some()),
            ("claims", self.claims.is_some()),
            ("userinfo_alg", self.userinfo_alg.is_some()),
        ];
        all.into_iter().filter_map(|(name, is_there)| is_there.then_some(name)).collect()
    }

    /// Puts what is named in the place of what there is.
    pub(super) fn put(self, client: &mut Client) -> Result<(), Refusal> {
        fn given<T>(new: Option<T>, place: &mut T) {
            if let Some(new) = new {
                *place = new;
            }
        }
        if self.trust == Some(Trust::Unverified) {
            return Err(Refusal::invalid("trust: first_party or third_party; the others have registered themselves"));
        }
        if let Some(jwks) = self.jwks {
            let keys = PublicKey::set(&jwks).map_err(|error| Refusal::invalid(format!("jwks: {error}")))?;
            (client.settings.keys, client.settings.jwks_uri) = (keys, None);
        }
        if self.jwks_uri.is_some() {
            client.settings.keys.clear();
        }
        let settings = &mut client.settings;
        given(self.name, &mut client.name);
        given(self.redirect_uris, &mut client.redirect_uris);
        given(self.alg, &mut client.alg);
        given(self.backchannel_logout_uri.map(|Given(own)| own), &mut client.logout_uri);
        settings.trust_as(self.trust.unwrap_or(settings.trust));
        given(self.grants, &mut settings.grants);
        given(self.scopes, &mut settings.scopes);
        given(self.introspects, &mut settings.introspects);
        given(self.groups, &mut settings.groups);
        given(self.post_logout_redirect_uris, &mut settings.post_logout_redirect_uris);
        given(self.require, &mut settings.demands);
        given(self.forward_hosts, &mut settings.hosts);
        given(self.jwks_uri.map(|Given(own)| own), &mut settings.jwks_uri);
        given(self.initiate_login_uri.map(|Given(own)| own), &mut settings.initiate_login_uri);
        given(self.logo_uri.map(|Given(own)| own), &mut settings.logo_uri);
        given(self.access_token, &mut settings.access_tokens);
        given(self.audiences, &mut settings.audiences);
        given(self.claims, &mut settings.claims);
        given(self.userinfo_alg.map(|Given(own)| own), &mut settings.userinfo_alg);
        Ok(())
    }
}
