//! `POST /token` (RFC 6749, 3.2): who asks, then for which grant. One grant, one file below.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use twolatch_core::client::{AuthMethod, Client, Demand, GrantType, Happening};

use self::access_token::Access;
use super::error::{Code, OauthError};
use super::params::Params;
use super::{client_auth, dpop};
use crate::state::App;
use crate::web::path;

pub(super) mod access_token;
mod authorization_code;
mod client_credentials;
mod device_code;
mod refresh_token;

/// What a successful answer carries (RFC 6749, 5.1; OpenID Connect Core, 3.1.3.3).
struct Tokens {
    access: Access,
    scope: String,
    refresh: Option<String>,
    id: Option<String>,
}

/// Answers a token request.
pub async fn post(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap, body: Bytes) -> Response {
    let answer = match tokens(&app, query.as_deref(), &headers, &body).await {
        Ok(tokens) => {
            let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
            (StatusCode::OK, headers, tokens.json().to_string()).into_response()
        }
        Err(error) => error.json(&app),
    };
    dpop::with_nonce(&app, &headers, answer)
}

async fn tokens(app: &App, query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Result<Tokens, OauthError> {
    let params = asked(query, headers, body)?;
    // Before anything is spent: whoever lacks a nonce alone asks again with all the rest.
    let proof = dpop::read(app, headers, &Method::POST, path::TOKEN, None)?;
    let client = match params.value("grant_type").and_then(|grant| grant.parse().ok()) {
        Some(GrantType::ClientCredentials) => client_auth::authenticate_lately(app, headers, &params).await?,
        _ => client_auth::authenticate(app, headers, &params).await?,
    };
    let (tokens, used) = granted(app, &client, &params, proof).await.map_err(|error| error.of(&client.id))?;
    if let Some(used) = used {
        app.happenings.note(&client.id, used, app.now());
    }
    Ok(tokens)
}

/// What a client gets for the grant that it names, and what is counted of that.
async fn granted(
    app: &App,
    client: &Arc<Client>,
    params: &Params,
    proof: Option<dpop::Proof>,
) -> Result<(Tokens, Option<Happening>), OauthError> {
    let grant = params.value("grant_type");
    let grant = grant.ok_or_else(|| OauthError::new(Code::InvalidRequest, "there is no grant_type"))?;
    let Ok(grant) = grant.parse() else {
        return Err(OauthError::new(Code::UnsupportedGrantType, "the grant_type is none that there is"));
    };
    if !client.may(grant) {
        let detail = format!("client {} is not registered for {grant}", client.id);
        return Err(OauthError::new(Code::UnauthorizedClient, detail));
    }
    if proof.is_none() && client.must(Demand::Dpop) {
        let detail = format!("client {} has to send a DPoP proof", client.id);
        return Err(OauthError::new(Code::InvalidDpopProof, detail));
    }
    let tokens = match grant {
        GrantType::AuthorizationCode => authorization_code::redeem(app, client, params, proof).await?,
        GrantType::RefreshToken => refresh_token::redeem(app, client, params, proof).await?,
        GrantType::DeviceCode => device_code::redeem(app, client, params, proof).await?,
        GrantType::ClientCredentials => client_credentials::issue(app, client, params, proof).await?,
    };
    let used = match grant {
        GrantType::AuthorizationCode | GrantType::DeviceCode => Some(Happening::SignedIn),
        GrantType::ClientCredentials => Some(Happening::OwnToken),
        GrantType::RefreshToken => None,
    };
    Ok((tokens, used))
}

/// Spends the proof of a request that is good for something; answers the key that its tokens are bound to, if they are.
async fn key(app: &App, proof: Option<dpop::Proof>) -> Result<Option<String>, OauthError> {
    match proof {
        Some(proof) => Ok(Some(proof.spend(app).await?)),
        None => Ok(None),
    }
}

/// The same, where the refresh token rests on it: whoever proves itself does so at each refresh (RFC 9449, 5).
fn refresh_key(client: &Client, jkt: Option<&String>) -> Option<String> {
    jkt.filter(|_| client.auth_method == AuthMethod::None).cloned()
}

/// The value of a parameter that has to be there.
fn value<'a>(params: &'a Params, name: &'static str) -> Result<&'a str, OauthError> {
    params.value(name).ok_or_else(|| OauthError::new(Code::InvalidRequest, format!("there is no {name}")))
}

/// What a client asks at an endpoint that only clients call: a form, each parameter once, and nothing in the address.
///
/// # Errors
/// `invalid_request`
pub(super) fn asked(query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Result<Params, OauthError> {
    let invalid = |detail: &'static str| OauthError::new(Code::InvalidRequest, detail);
    if query.is_some_and(|query| !query.is_empty()) {
        return Err(invalid("this endpoint takes nothing from the query: it ends up in logs"));
    }
    if !is_form(headers) {
        return Err(invalid("the body is not application/x-www-form-urlencoded"));
    }
    let params = Params::parse(body).map_err(|_| invalid("a parameter is not UTF-8 text"))?;
    if let Some(name) = params.repeated() {
        return Err(OauthError::new(Code::InvalidRequest, format!("the parameter {name:?} is repeated")));
    }
    Ok(params)
}

/// Whether a body is a form.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

impl Tokens {
    fn json(self) -> Value {
        let mut answer = json!({
            "access_token": self.access.text,
            "token_type": if self.access.stored.jkt.is_some() { "DPoP" } else { "Bearer" },
            "expires_in": self.access.life,
            "scope": self.scope,
        });
        for (name, token) in [("refresh_token", self.refresh), ("id_token", self.id)] {
            if let (Some(token), Some(members)) = (token, answer.as_object_mut()) {
                members.insert(name.to_owned(), token.into());
            }
        }
        answer
    }
}
