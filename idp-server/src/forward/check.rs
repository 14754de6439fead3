//! `GET /auth/forward`: whether a request may pass, for the proxy that holds it. 200 lets it through, with who it is; whoever
//! opens a page is sent to sign in; everything else is refused, and so is whatever fails.
//!
//! nginx passes no redirect on: `GET /auth/forward/nginx` answers 401 in its place, with the same `Location`. A query says
//! nothing: Caddy adds that of the request which it asks about.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use twolatch_core::client::Client;
use twolatch_core::crypto::{random_text, token_hash};
use twolatch_core::policy::Where;
use twolatch_core::store::StoreError;

use super::asked::Asked;
use super::identity::Identity;
use super::leaving::Leaving;
use super::said;
use crate::oidc::gate::may_issue;
use crate::state::App;
use crate::text::t;
use crate::web::cookie::Cookie;
use crate::web::failure::{Failure, Kind};
use crate::web::parcel::Parcel;
use crate::web::path::Links;
use crate::web::request::Origin;

/// How long a browser keeps what its tickets are bound to, in seconds: for as long as somebody may take to sign in.
const BEGUN_LIFE: i64 = 3600;

/// Whoever has come with a ticket within so many seconds is not sent for another.
const JUST_NOW: i64 = 10;

/// Answers a proxy.
pub async fn get(State(app): State<App>, request: Request) -> Response {
    answer(&app, &request.into_parts().0, StatusCode::SEE_OTHER).await
}

/// Answers nginx.
pub async fn nginx(State(app): State<App>, request: Request) -> Response {
    answer(&app, &request.into_parts().0, StatusCode::UNAUTHORIZED).await
}

/// Who has to sign in is sent there with this status.
async fn answer(app: &App, parts: &Parts, elsewhere: StatusCode) -> Response {
    let refuse = |detail: String| {
        tracing::info!(detail, "forward: refused");
        said(app, &parts.headers, StatusCode::FORBIDDEN, t("forward-refused"))
    };
    let asked = match Asked::read(app, parts) {
        Ok(asked) => asked,
        Err(error) => return refuse(error.to_string()),
    };
    let judged = judge(app, &asked, &parts.headers, Origin::of(&app.config, parts).address).await;
    match judged {
        Ok(Verdict::Pass(identity)) => identity.into_response(),
        Ok(Verdict::Unknown) => refuse(format!("no application is at {}", asked.host)),
        Ok(Verdict::Nobody(client)) if asked.is_visit => {
            send_to_sign_in(app, &client, asked, &parts.headers, elsewhere).unwrap_or_else(IntoResponse::into_response)
        }
        Ok(Verdict::TooLittle) => {
            tracing::info!(host = %asked.host, "forward: what policy asks for here is not what was shown at sign-in");
            said(app, &parts.headers, StatusCode::FORBIDDEN, t("forward-too-little"))
        }
        Ok(Verdict::Nobody(_)) => said(app, &parts.headers, StatusCode::UNAUTHORIZED, t("forward-sign-in")),
        Err(error) => Failure::from(error).into_response(),
    }
}

enum Verdict {
    /// By whom it is.
    Pass(Identity),
    /// Nobody is signed in who may pass.
    Nobody(Arc<Client>),
    /// Somebody has just signed in, and that is not enough: to send them again would never end.
    TooLittle,
    /// There is no such application, or nobody may use it.
    Unknown,
}

async fn judge(app: &App, asked: &Asked, headers: &HeaderMap, address: Option<IpAddr>) -> Result<Verdict, StoreError> {
    let now = app.now();
    let read = app.store.client_of_host(&asked.host);
    let Some(client) = app.recent.hosts.or(app, asked.host.as_str(), read).await? else { return Ok(Verdict::Unknown) };
    let Some(cookie) = Cookie::App.read(headers, true) else { return Ok(Verdict::Nobody(client)) };
    let Some((visit, session)) = app.store.visit(&token_hash(&cookie), &asked.host, now).await? else {
        return Ok(Verdict::Nobody(client));
    };
    // The cookie is bound to client and policy, too. Groups and policy are asked each time.
    let is_bound = visit.client == client.id && visit.policy == app.logins.policy(now).await?.version;
    if !is_bound || !client.admits(&session.user) {
        return Ok(Verdict::Nobody(client));
    }
    let at = Where { address, ..Where::web(Some(&client.id)) };
    let is_enough = may_issue(app, &session.user, &session.proofs, at, now).await?.is_some();
    Ok(match Identity::of(&session.user, now).filter(|_| is_enough) {
        Some(identity) => Verdict::Pass(identity),
        None if now.since(visit.created_at) < JUST_NOW => Verdict::TooLittle,
        None => Verdict::Nobody(client),
    })
}

/// Sends a browser to sign in, with something by which it is known when it comes back. A browser that has such a thing keeps
/// it: other pages may be on their way.
fn send_to_sign_in(
    app: &App,
    client: &Client,
    asked: Asked,
    headers: &HeaderMap,
    status: StatusCode,
) -> Result<Response, Failure> {
    let nonce = match Cookie::Begun.read(headers, true) {
        Some(nonce) => nonce,
        None => random_text::<32>(app.entropy())?,
    };
    let leaving = Leaving::new(client, asked.host, &asked.target, &nonce, app.now());
    let to = format!("{}{}", app.config.issuer, Links::default().forward_enter(&leaving.seal(app)?));
    let location = HeaderValue::try_from(to).map_err(|error| Kind::Internal.because(error.to_string()))?;
    let mut response = (status, [(header::LOCATION, location)]).into_response();
    Cookie::Begun.set_for(response.headers_mut(), true, &nonce, BEGUN_LIFE);
    Ok(response)
}
