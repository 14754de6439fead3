//! `POST /introspect` (RFC 7662): what an access token is worth at this moment, told to the client that it was issued to, and
//! of a client's own to the API that it is for. Of any other nothing is told but that it is worth nothing.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use twolatch_core::client::{AuthMethod, Client, Trust};
use twolatch_core::grant::AccessToken;

use super::access::Worth;
use super::error::{Code, OauthError};
use super::scope::Scope;
use super::token::asked;
use super::{access, client_auth};
use crate::state::App;

/// Answers a client.
pub async fn post(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap, body: Bytes) -> Response {
    match told(&app, query.as_deref(), &headers, &body).await {
        Ok(told) => {
            let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
            (StatusCode::OK, headers, told.to_string()).into_response()
        }
        Err(error) => error.json(&app),
    }
}

async fn told(app: &App, query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Result<Value, OauthError> {
    let params = asked(query, headers, body)?;
    let client = client_auth::authenticate_lately(app, headers, &params).await?;
    if client.auth_method == AuthMethod::None {
        // Whoever has no secret could be anybody who has found a token (RFC 7662, 2.1).
        return Err(OauthError::new(Code::InvalidClient, format!("client {} proves itself by nothing", client.id)));
    }
    let token = params.value("token").ok_or_else(|| OauthError::new(Code::InvalidRequest, "there is no token"))?;
    let now = app.now();
    let worth = access::judge(app, token, now).await?;
    let Ok(worth) = worth else { return Ok(json!({ "active": false })) };
    let Worth { token, user, client: of } = worth.as_ref();
    let scope = if token.client == client.id { Some(token.scope.clone()) } else { for_api(&client, token) };
    let Some(scope) = scope else { return Ok(json!({ "active": false })) };
    // Others learn the name if somebody has let them.
    let ours = of.as_ref().is_none_or(|of| of.settings.trust == Trust::FirstParty);
    let names = ours || Scope::parse(&scope).contains(&Scope::Profile);
    let mut told = json!({
        "active": true,
        "scope": scope,
        "client_id": token.client.as_str(),
        "token_type": if token.jkt.is_some() { "DPoP" } else { "Bearer" },
        "exp": token.expires_at.unix(),
        "iat": token.created_at.unix(),
        // A client that asks for itself is its own subject (RFC 9068, 2.2).
        "sub": user.as_ref().map_or(token.client.as_str(), |user| user.id.as_str()),
        "aud": of.as_ref().map(|of| access::audience(of, user.is_some(), &app.config.issuer)),
        "iss": app.config.issuer,
    });
    if let Some(members) = told.as_object_mut() {
        if let Some(user) = user.as_ref().filter(|_| names) {
            members.insert("username".to_owned(), user.name.as_str().into());
        }
        if let Some(jkt) = &token.jkt {
            members.insert("cnf".to_owned(), json!({ "jkt": jkt }));
        }
    }
    Ok(told)
}

/// What another client's own token allows at an API that is a client, too; `None` where that is nothing.
fn for_api(api: &Client, token: &AccessToken) -> Option<String> {
    let theirs = |scope: &&str| api.settings.introspects.iter().any(|known| known.as_str() == *scope);
    let scopes: Vec<&str> = token.scope.split(' ').filter(theirs).collect();
    (token.person.is_none() && !scopes.is_empty()).then(|| scopes.join(" "))
}
