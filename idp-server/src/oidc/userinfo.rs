//! `GET` and `POST /userinfo` (OpenID Connect Core, 5.3; RFC 6750; RFC 9449, 7): what the scopes of an access token tell about the
//! person, as of now.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde_json::Value;
use twolatch_core::client::{Demand, SigningAlg};

use super::error::{Code, OauthError};
use super::params::Params;
use super::token::is_form;
use super::{access, dpop, sign, told};
use crate::state::App;
use crate::web::path;

/// Answers a request with the token in the header.
pub async fn get(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    answer(&app, &Method::GET, query.as_deref(), &headers, b"").await
}

/// Answers a request with the token in the header or in the form.
pub async fn post(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap, body: Bytes) -> Response {
    answer(&app, &Method::POST, query.as_deref(), &headers, &body).await
}

async fn answer(app: &App, method: &Method, query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Response {
    let told = match shown(query, headers, body) {
        // Whoever shows nothing is told no more than what to show (RFC 6750, 3.1).
        Ok(None) => challenge(vec!["Bearer".to_owned(), format!("DPoP {}", algs())]),
        Ok(Some(shown)) => match told(app, method, &shown, headers).await {
            Ok((kind, told)) => {
                (StatusCode::OK, [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], told)
                    .into_response()
            }
            Err(error) => refusal(app, shown.scheme, &error),
        },
        Err(error) => refusal(app, Scheme::Bearer, &error),
    };
    dpop::with_nonce(app, headers, told)
}

/// What somebody is told who has shown nothing good (RFC 6750, 3; RFC 9449, 7.1).
fn refusal(app: &App, scheme: Scheme, error: &OauthError) -> Response {
    match error.code {
        Code::InvalidToken | Code::InvalidDpopProof | Code::UseDpopNonce => {
            let fault = format!("error=\"{}\", error_description=\"{}\"", error.code.as_str(), error.logged(app));
            challenge(match scheme {
                Scheme::Bearer => vec![format!("Bearer {fault}")],
                Scheme::Dpop => vec![format!("DPoP {fault}, {}", algs())],
            })
        }
        _ => error.json(app),
    }
}

fn challenge(schemes: Vec<String>) -> Response {
    let schemes = schemes.into_iter().map(|scheme| (header::WWW_AUTHENTICATE, scheme));
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    (StatusCode::UNAUTHORIZED, AppendHeaders(schemes), no_store).into_response()
}

fn algs() -> String {
    format!("algs=\"{}\"", dpop::ALGS.map(SigningAlg::as_str).join(" "))
}

/// What is told, and what it is: JSON, or for a client that wants it signed a JWT.
async fn told(
    app: &App,
    method: &Method,
    shown: &Shown,
    headers: &HeaderMap,
) -> Result<(&'static str, String), OauthError> {
    let now = app.now();
    let invalid = |detail: String| OauthError::new(Code::InvalidToken, detail);
    let proof = match shown.scheme {
        Scheme::Dpop => {
            let proof = dpop::read(app, headers, method, path::USERINFO, Some(&shown.token))?;
            let missing = || OauthError::new(Code::InvalidDpopProof, "the scheme is DPoP, and there is no proof");
            Some(proof.ok_or_else(missing)?)
        }
        Scheme::Bearer => None,
    };
    let worth = access::judge(app, &shown.token, now).await?;
    let worth = worth.map_err(|why| invalid(why.to_string()))?;
    if worth.token.jkt.as_ref() != proof.as_ref().map(|proof| &proof.jkt) {
        return Err(invalid(
            "the token is bound to a key that was not shown, or was shown with a key and is bound to none".to_owned(),
        ));
    }
    if worth.token.jkt.is_none() && worth.client.as_ref().is_some_and(|client| client.must(Demand::Dpop)) {
        return Err(invalid("the client's tokens have to be bound to a key, and this one is not".to_owned()));
    }
    let user = worth.user.as_ref().ok_or_else(|| invalid("the token is a client's own: it is nobody's".to_owned()))?;
    if let Some(proof) = proof {
        proof.spend(app).await?;
    }
    let client = worth.client.as_deref();
    let claims = told::at_userinfo(app, user, &worth.token, client, now).await?;
    let Some(alg) = client.and_then(|client| client.settings.userinfo_alg) else {
        return Ok(("application/json", Value::from(claims).to_string()));
    };
    Ok(("application/jwt", sign::current(app, alg).await?.jwt("JWT", &claims.into())?))
}

/// An access token as it came.
struct Shown {
    scheme: Scheme,
    token: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Bearer,
    Dpop,
}

/// The token of a request, if there is one; it is there exactly once and never in its address (RFC 6750, 2). Whatever else is there
/// is answered like a token that is worth nothing.
fn shown(query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Result<Option<Shown>, OauthError> {
    let refuse = |detail: &'static str| OauthError::new(Code::InvalidToken, detail);
    let parse = |text: &[u8]| Params::parse(text).map_err(|_| refuse("a parameter is not UTF-8 text"));
    if parse(query.unwrap_or_default().as_bytes())?.value("access_token").is_some() {
        return Err(refuse("an access token in the query is not taken: it ends up in logs"));
    }
    let form = if is_form(headers) { parse(body)? } else { Params::default() };
    if form.is_repeated("access_token") || headers.get_all(header::AUTHORIZATION).iter().count() > 1 {
        return Err(refuse("the access token is there more than once"));
    }
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        let scheme = [("bearer", Scheme::Bearer), ("dpop", Scheme::Dpop)]
            .into_iter()
            .find_map(|(name, known)| scheme.eq_ignore_ascii_case(name).then_some(known))?;
        Some(Shown { scheme, token: token.to_owned() })
    });
    match (sent, form.value("access_token")) {
        (Some(shown), None) => Ok(Some(shown)),
        (None, Some(token)) => Ok(Some(Shown { scheme: Scheme::Bearer, token: token.to_owned() })),
        (Some(_), Some(_)) => Err(refuse("the access token is there more than once")),
        (None, None) => Ok(None),
    }
}
