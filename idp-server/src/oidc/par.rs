//! `POST /par` (RFC 9126): a client pushes its authorization request and gets an address for it, so that nothing of it passes
//! through the browser. It is checked here as it would be there.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use twolatch_core::client::{AuthMethod, Client, Happening};
use twolatch_core::crypto::{random_text, token_hash};
use twolatch_core::store::pushed::{PUSHED_LIFE, Pushed};

use super::authorize::AuthorizationRequest;
use super::error::{Code, OauthError};
use super::params::Params;
use super::redirect::ReturnTo;
use super::token::asked;
use super::{client_auth, client_keys, dpop, request_object};
use crate::state::App;
use crate::web::path;

/// How the address of a pushed request begins.
pub const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// The longest request; what comes of it has to fit into an address, sealed.
const MAX_BYTES: usize = 4096;

/// Parameters that prove the client, and have no place in what is stored.
const OF_CLIENT: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// Answers a client.
pub async fn post(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap, body: Bytes) -> Response {
    let answer = match push(&app, query.as_deref(), &headers, &body).await {
        Ok(told) => {
            let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
            (StatusCode::CREATED, headers, told.to_string()).into_response()
        }
        Err(error) => error.json(&app),
    };
    dpop::with_nonce(&app, &headers, answer)
}

/// The hash of the secret part of such an address.
#[must_use]
pub fn hash_of(request_uri: &str) -> Option<String> {
    request_uri.strip_prefix(PREFIX).map(token_hash)
}

async fn push(app: &App, query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Result<Value, OauthError> {
    let params = asked(query, headers, body)?;
    let proof = dpop::read(app, headers, &Method::POST, path::PAR, None)?;
    let client = client_auth::authenticate(app, headers, &params).await?;
    taken(app, &client, &params, proof).await.map_err(|error| error.of(&client.id))
}

/// Takes what a client pushes; answers where it is.
async fn taken(
    app: &App,
    client: &Arc<Client>,
    params: &Params,
    proof: Option<dpop::Proof>,
) -> Result<Value, OauthError> {
    let invalid = |detail: &'static str| OauthError::new(Code::InvalidRequest, detail);
    if params.value("request_uri").is_some() {
        return Err(invalid("a request_uri has no place in a request that is pushed"));
    }
    let now = app.now();
    let object = params.value("request").unwrap_or_default();
    let client = &client_keys::known(app, Arc::clone(client), object).await?;
    let params = request_object::unwrap(&app.config.issuer, client, params, now)?;
    let params = match &proof {
        Some(proof) => bound(&params, &proof.jkt)?,
        None => params,
    };
    let redirect_uri = params.value("redirect_uri").ok_or_else(|| invalid("there is no redirect_uri"))?;
    if ReturnTo::prove(client, redirect_uri).is_none() {
        return Err(invalid("the client has no such redirect_uri").counted(Happening::RedirectUri));
    }
    AuthorizationRequest::parse(&params, client, redirect_uri, now)?;
    let kept = params.without(&OF_CLIENT).encode();
    if kept.len() > MAX_BYTES {
        return Err(invalid("the request is longer than 4096 bytes"));
    }
    let secret = random_text::<32>(app.entropy())?;
    let expires_at = now.plus(PUSHED_LIFE);
    let is_public = client.auth_method == AuthMethod::None;
    let pushed = Pushed { hash: token_hash(&secret), client: client.id.clone(), params: kept, expires_at };
    app.store.push_request(pushed, is_public).await?;
    // Behind that: anybody can name a public client, and no more is written for it than it may push.
    if let Some(proof) = proof {
        proof.spend(app).await?;
    }
    Ok(json!({ "request_uri": format!("{PREFIX}{secret}"), "expires_in": PUSHED_LIFE }))
}

/// The request for which the code is bound to the key that it was pushed with (RFC 9449, 10.1).
fn bound(params: &Params, jkt: &str) -> Result<Params, OauthError> {
    match params.value("dpop_jkt") {
        Some(named) if named != jkt => Err(OauthError::new(
            Code::InvalidDpopProof,
            "the dpop_jkt is not that of the key that the request is pushed with",
        )),
        _ => Ok(params.with("dpop_jkt", jkt)),
    }
}

/// What a client has pushed under an address; `None` where there is nothing of its own, or nothing any more.
///
/// # Errors
/// Where the database fails, or the row is not as it was written.
pub(super) async fn pushed(app: &App, hash: &str, client: Option<&str>) -> Result<Option<Params>, OauthError> {
    let pushed = app.store.pushed_request(hash, app.now()).await?;
    let pushed = pushed.filter(|pushed| Some(pushed.client.as_str()) == client);
    let read = pushed.map(|pushed| Params::parse(pushed.params.as_bytes())).transpose();
    read.map_err(|error| OauthError::new(Code::ServerError, error.to_string()))
}
