//! `GET /auth/forward/enter`: a browser comes from an application behind a proxy, or from the login page, and goes back with a
//! ticket as soon as nothing is missing.

use std::net::IpAddr;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use twolatch_core::client::{Client, Happening};
use twolatch_core::crypto::{random_text, token_hash};
use twolatch_core::policy::Where;
use twolatch_core::store::{Session, StoreError};
use twolatch_core::time::Timestamp;
use twolatch_core::visit::{Arrival, TICKET_LIFE, Visit};

use super::leaving::Leaving;
use crate::oidc::gate::may_issue;
use crate::oidc::params::encode;
use crate::oidc::redirect::see_other;
use crate::state::App;
use crate::text::{Text, t};
use crate::web;
use crate::web::failure::Failure;
use crate::web::parcel::Parcel;
use crate::web::path::{CALLBACK, Links};
use crate::web::request::Origin;

/// Answers the browser.
pub async fn get(State(app): State<App>, uri: Uri, origin: Origin, headers: HeaderMap) -> Response {
    go_on(&app, &uri, &headers, origin.address).await.unwrap_or_else(IntoResponse::into_response)
}

/// Answers a browser whose ticket was worth nothing.
pub async fn over() -> Failure {
    stale("the ticket is over, or was not for this browser")
}

async fn go_on(app: &App, uri: &Uri, headers: &HeaderMap, address: Option<IpAddr>) -> Result<Response, Failure> {
    let now = app.now();
    let sealed = uri.query().and_then(|query| query.strip_prefix("request="));
    let leaving = sealed.and_then(|sealed| Some((sealed, Leaving::open(app, sealed, now)?)));
    let (sealed, leaving) = leaving.ok_or_else(|| stale("the sealed request is damaged or older than an hour"))?;
    let client = leaving.client(app).await?;
    let client = client.ok_or_else(|| {
        refuse(StatusCode::BAD_REQUEST, t("request-unknown"), format!("no application is at {}", leaving.host))
    })?;
    let at = Where { address, ..Where::web(Some(&client.id)) };
    let session = web::session::unjudged(app, headers).await?;
    let session = match session {
        Some(session) if may_issue(app, &session.user, &session.proofs, at, now).await?.is_some() => session,
        _ => return Ok(see_other(&Links::of(&app.config).login_continuing(sealed))),
    };
    if !client.admits(&session.user) {
        app.happenings.note(&client.id, Happening::Groups, now);
        let who = format!("{} is in none of the groups that may sign in to {}", session.user.name, client.id);
        return Err(refuse(StatusCode::FORBIDDEN, t("forward-not-yours").with("app", client.name), who));
    }
    let origin = leaving.host.origin();
    let ticket = issue(app, &client, leaving, &session, now).await?;
    app.happenings.note(&client.id, Happening::SignedIn, now);
    Ok(see_other(&format!("{origin}{CALLBACK}?{}", encode([("ticket", ticket.as_str())]))))
}

/// Issues a ticket: 256 random bits, stored as a hash.
async fn issue(
    app: &App,
    client: &Client,
    leaving: Leaving,
    session: &Session,
    now: Timestamp,
) -> Result<String, Failure> {
    let ticket = random_text::<32>(app.entropy())?;
    let visit = Visit {
        token: token_hash(&ticket),
        client: client.id.clone(),
        host: leaving.host,
        user: session.user.id.clone(),
        sid: session.sid.clone(),
        policy: app.logins.policy(now).await?.version,
        arrival: Some(Arrival { nonce: leaving.nonce, return_to: leaving.return_to }),
        created_at: now,
        expires_at: now.plus(TICKET_LIFE),
    };
    let added = app.store.add_ticket(visit, session.user.name.to_string()).await;
    added.map_err(|error| match error {
        StoreError::Conflict => stale("the session has ended in this moment"),
        other => other.into(),
    })?;
    Ok(ticket)
}

fn stale(detail: &'static str) -> Failure {
    refuse(StatusCode::BAD_REQUEST, t("request-stale"), detail)
}

fn refuse(status: StatusCode, text: Text, detail: impl Into<String>) -> Failure {
    Failure::new(status, t("not-possible"), text, detail)
}
