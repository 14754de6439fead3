//! What a client says of itself (RFC 7591, 2; OpenID Connect Dynamic Client Registration 1.0, 2): what is listed here counts,
//! checked one by one, and all else is left out.

use axum::http::{HeaderMap, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use twolatch_core::client::{AuthMethod, Client, Demand, GrantType, PublicKey, RedirectUri, SigningAlg};
use twolatch_core::secret::Secret;

use crate::oidc::client_keys;
use crate::oidc::error::{Code, OauthError};
use crate::oidc::scope::Scope;
use crate::state::App;
use crate::web::path::origin;

#[cfg(test)]
mod tests;

/// The most addresses, keys and other things of a kind.
const MOST: usize = 10;

/// The longest name, in characters.
const MAX_NAME: usize = 64;

/// What is read; a member that is there twice is a fault. `null` is the same as absent.
#[derive(Debug, Default, Deserialize)]
struct Sent {
    client_id: Option<String>,
    client_secret: Option<Secret>,
    client_name: Option<String>,
    redirect_uris: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    grant_types: Option<Vec<String>>,
    token_endpoint_auth_method: Option<String>,
    id_token_signed_response_alg: Option<String>,
    userinfo_signed_response_alg: Option<String>,
    scope: Option<String>,
    jwks: Option<Value>,
    jwks_uri: Option<String>,
    post_logout_redirect_uris: Option<Vec<String>>,
    initiate_login_uri: Option<String>,
    logo_uri: Option<String>,
    subject_type: Option<String>,
    dpop_bound_access_tokens: Option<bool>,
    require_pushed_authorization_requests: Option<bool>,
    require_signed_request_object: Option<bool>,
}

/// The same, checked.
#[derive(Debug)]
pub struct Metadata {
    id: Option<String>,
    secret: Option<Secret>,
    name: String,
    redirect_uris: Vec<RedirectUri>,
    grants: Vec<GrantType>,
    auth_method: AuthMethod,
    alg: SigningAlg,
    userinfo_alg: Option<SigningAlg>,
    keys: Vec<PublicKey>,
    jwks_uri: Option<RedirectUri>,
    post_logout_redirect_uris: Vec<RedirectUri>,
    initiate_login_uri: Option<RedirectUri>,
    logo_uri: Option<RedirectUri>,
    demands: Vec<Demand>,
}

impl Metadata {
    /// Reads and checks the body of a request.
    ///
    /// # Errors
    /// `invalid_redirect_uri` or `invalid_client_metadata`, with what is wrong.
    pub fn read(app: &App, headers: &HeaderMap, body: &[u8]) -> Result<Self, OauthError> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.split(';').next().unwrap_or_default().trim() != "application/json" {
            return Err(wrong("the body is not application/json"));
        }
        let metadata = Self::parse(body)?;
        let all = metadata.redirect_uris.iter().chain(&metadata.post_logout_redirect_uris);
        if all.map(|uri| RedirectUri::origin(uri.as_str())).any(|theirs| theirs == origin(&app.config)) {
            return Err(bad_redirect("an address of this server"));
        }
        Ok(metadata)
    }

    /// The same with its keys, where those are elsewhere.
    ///
    /// # Errors
    /// `invalid_client_metadata` where they cannot be had.
    pub async fn with_keys(mut self, app: &App) -> Result<Self, OauthError> {
        if let Some(uri) = &self.jwks_uri {
            let keys = client_keys::fetch(app, uri.as_str()).await;
            self.keys = keys.map_err(|why| wrong(format!("jwks_uri: {why}")))?;
        }
        Ok(self)
    }

    /// Reads and checks a body; keys that are elsewhere are not looked at.
    ///
    /// # Errors
    /// As above.
    pub fn parse(body: &[u8]) -> Result<Self, OauthError> {
        let sent: Sent = serde_json::from_slice(body)
            .map_err(|error| wrong(format!("the body is not a JSON object of such metadata: {error}")))?;
        let redirect_uris = addresses(sent.redirect_uris.as_ref(), redirect)?;
        let Some(first) = redirect_uris.first() else { return Err(bad_redirect("there is no redirect URI")) };
        let name = sent.client_name.unwrap_or_else(|| RedirectUri::origin(first.as_str()).to_owned());
        if !is_name(&name) {
            return Err(wrong("client_name: 1 to 64 characters, none of them invisible"));
        }
        if sent.response_types.is_some_and(|types| types != ["code"]) {
            return Err(wrong("response_types: `code` alone"));
        }
        if sent.subject_type.is_some_and(|kind| kind != "public") {
            return Err(wrong("subject_type: `public` alone"));
        }
        let known = |text: &str| text.split(' ').all(|word| Scope::ALL.iter().any(|scope| scope.as_str() == word));
        if sent.scope.is_some_and(|scope| !scope.is_empty() && !known(&scope)) {
            return Err(wrong("scope: names one that there is not"));
        }
        let auth_method = match sent.token_endpoint_auth_method.as_deref() {
            None => AuthMethod::ClientSecretBasic,
            Some(method) => method.parse().map_err(|error| wrong(format!("token_endpoint_auth_method: {error}")))?,
        };
        let demands = [
            (sent.dpop_bound_access_tokens, Demand::Dpop),
            (sent.require_pushed_authorization_requests, Demand::Par),
            (sent.require_signed_request_object, Demand::SignedRequest),
        ];
        let demands: Vec<Demand> =
            demands.into_iter().filter(|(asked, _)| *asked == Some(true)).map(|(_, demand)| demand).collect();
        let keys = sent.jwks.as_ref().map(keys).transpose()?.unwrap_or_default();
        if sent.jwks.is_some() && sent.jwks_uri.is_some() {
            return Err(wrong("jwks and jwks_uri: one of them, not both"));
        }
        let jwks_uri = sent.jwks_uri.map(|uri| https("jwks_uri", &uri)).transpose()?;
        let signs = auth_method == AuthMethod::PrivateKeyJwt || demands.contains(&Demand::SignedRequest);
        if signs && keys.is_empty() && jwks_uri.is_none() {
            return Err(wrong("jwks: what the client signs is checked with its keys, and there are none"));
        }
        Ok(Self {
            id: sent.client_id,
            secret: sent.client_secret,
            name,
            redirect_uris,
            grants: grants(sent.grant_types)?,
            auth_method,
            alg: sent.id_token_signed_response_alg.map(|text| alg(&text)).transpose()?.unwrap_or(SigningAlg::Rs256),
            userinfo_alg: sent.userinfo_signed_response_alg.map(|text| alg(&text)).transpose()?,
            keys,
            jwks_uri,
            post_logout_redirect_uris: addresses(sent.post_logout_redirect_uris.as_ref(), redirect)?,
            initiate_login_uri: sent.initiate_login_uri.map(|uri| https("initiate_login_uri", &uri)).transpose()?,
            logo_uri: sent.logo_uri.map(|uri| https("logo_uri", &uri)).transpose()?,
            demands,
        })
    }

    /// How the client proves itself.
    #[must_use]
    pub const fn auth_method(&self) -> AuthMethod {
        self.auth_method
    }

    /// Whether what it says of id and secret is the client's (RFC 7592, 2.2).
    #[must_use]
    pub fn is_of(&self, app: &App, client: &Client) -> bool {
        let has = |secret: &Secret| {
            let is = |mark: &String| app.store.is_client_secret(client.id.as_str(), secret.expose(), mark);
            client.secret.as_ref().is_some_and(is)
        };
        self.id.as_deref() == Some(client.id.as_str()) && self.secret.as_ref().is_none_or(has)
    }

    /// Puts it in the place of what the client was registered as; what it does not name is as if it were new.
    pub fn put(self, client: &mut Client) {
        client.name = self.name;
        client.redirect_uris = self.redirect_uris;
        client.auth_method = self.auth_method;
        client.alg = self.alg;
        let settings = &mut client.settings;
        settings.grants = self.grants;
        settings.userinfo_alg = self.userinfo_alg;
        settings.keys = self.keys;
        settings.jwks_uri = self.jwks_uri;
        settings.post_logout_redirect_uris = self.post_logout_redirect_uris;
        settings.initiate_login_uri = self.initiate_login_uri;
        settings.logo_uri = self.logo_uri;
        settings.demands = self.demands;
    }
}

/// What a client is told that it is registered as, with its own token (RFC 7591, 3.2.1; RFC 7592, 3).
#[must_use]
pub fn told(issuer: &str, client: &Client, access: &str) -> Value {
    let settings = &client.settings;
    let goes_on = client.may(GrantType::RefreshToken);
    let scopes = Scope::ALL.into_iter().filter(|scope| scope.is_for(settings.trust));
    let scopes: Vec<Scope> = scopes.filter(|scope| *scope != Scope::OfflineAccess || goes_on).collect();
    let mut told = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            told.insert(name.to_owned(), value);
        }
    };
    put("client_id", client.id.as_str().into());
    put("client_id_issued_at", client.created_at.unix().into());
    put("registration_access_token", access.into());
    put("registration_client_uri", format!("{issuer}/register/{}", client.id).into());
    put("client_name", client.name.as_str().into());
    put("redirect_uris", json!(client.redirect_uris));
    put("response_types", json!(["code"]));
    put("grant_types", json!(settings.grants));
    put("token_endpoint_auth_method", client.auth_method.as_str().into());
    put("id_token_signed_response_alg", client.alg.as_str().into());
    put("userinfo_signed_response_alg", settings.userinfo_alg.map(SigningAlg::as_str).into());
    put("scope", Scope::join(&scopes).into());
    put("subject_type", "public".into());
    if settings.jwks_uri.is_none() && !settings.keys.is_empty() {
        put("jwks", json!({ "keys": settings.keys }));
    }
    put("jwks_uri", json!(settings.jwks_uri));
    if !settings.post_logout_redirect_uris.is_empty() {
        put("post_logout_redirect_uris", json!(settings.post_logout_redirect_uris));
    }
    put("initiate_login_uri", json!(settings.initiate_login_uri));
    put("logo_uri", json!(settings.logo_uri));
    for (name, demand) in [
        ("dpop_bound_access_tokens", Demand::Dpop),
        ("require_pushed_authorization_requests", Demand::Par),
        ("require_signed_request_object", Demand::SignedRequest),
    ] {
        put(name, client.must(demand).into());
    }
    told.into()
}

fn grants(sent: Option<Vec<String>>) -> Result<Vec<GrantType>, OauthError> {
    let Some(sent) = sent else { return Ok(vec![GrantType::AuthorizationCode]) };
    let mut grants = Vec::new();
    for word in sent {
        let grant = match word.as_str() {
            "authorization_code" => GrantType::AuthorizationCode,
            "refresh_token" => GrantType::RefreshToken,
            _ => return Err(wrong("grant_types: `authorization_code`, and `refresh_token` beside it")),
        };
        if !grants.contains(&grant) {
            grants.push(grant);
        }
    }
    if grants.contains(&GrantType::AuthorizationCode) {
        Ok(grants)
    } else {
        Err(wrong("grant_types: `authorization_code` is missing"))
    }
}

fn keys(value: &Value) -> Result<Vec<PublicKey>, OauthError> {
    let keys = PublicKey::set(value).map_err(|error| wrong(format!("jwks: {error}")))?;
    if keys.is_empty() || keys.len() > MOST { Err(wrong("jwks: 1 to 10 keys")) } else { Ok(keys) }
}

fn alg(text: &str) -> Result<SigningAlg, OauthError> {
    text.parse().map_err(|error| wrong(format!("{error}")))
}

fn addresses(
    sent: Option<&Vec<String>>,
    check: fn(&str) -> Result<RedirectUri, OauthError>,
) -> Result<Vec<RedirectUri>, OauthError> {
    let sent = sent.map(Vec::as_slice).unwrap_or_default();
    if sent.len() > MOST {
        return Err(bad_redirect("more than 10 addresses"));
    }
    sent.iter().map(|uri| check(uri)).collect()
}

/// Where somebody's browser may be sent by a client that nobody knows: over TLS, or to the person's own machine by its number.
/// A scheme of its own anybody else's program could take.
fn redirect(text: &str) -> Result<RedirectUri, OauthError> {
    let uri: RedirectUri = text.parse().map_err(|error| bad_redirect(format!("{text:?}: {error}")))?;
    let is_own_machine = ["http://127.0.0.1", "http://[::1]"].contains(&host_of(uri.as_str()));
    if uri.is_https() || is_own_machine {
        return Ok(uri);
    }
    Err(bad_redirect(format!("{text:?}: https, or http to 127.0.0.1 or [::1]")))
}

/// Scheme and host, without a port.
fn host_of(uri: &str) -> &str {
    let origin = RedirectUri::origin(uri);
    match origin.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => origin,
    }
}

fn https(name: &str, text: &str) -> Result<RedirectUri, OauthError> {
    let uri: RedirectUri = text.parse().map_err(|error| wrong(format!("{name}: {error}")))?;
    if uri.as_str().starts_with("https://") { Ok(uri) } else { Err(wrong(format!("{name}: https alone"))) }
}

/// A name that looks like what it is: nothing invisible in it, and nothing that turns the direction of what stands beside it.
fn is_name(name: &str) -> bool {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{2800}' | '\u{fe00}'..='\u{fe0f}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
    };
    let fits = (1..=MAX_NAME).contains(&name.chars().count()) && name.trim() == name;
    fits && name.contains(char::is_alphanumeric) && !name.contains(is_hidden)
}

fn wrong(detail: impl Into<std::borrow::Cow<'static, str>>) -> OauthError {
    OauthError::new(Code::InvalidClientMetadata, detail)
}

fn bad_redirect(detail: impl Into<std::borrow::Cow<'static, str>>) -> OauthError {
    OauthError::new(Code::InvalidRedirectUri, detail)
}
