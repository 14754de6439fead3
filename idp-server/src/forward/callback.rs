//! `GET https://APP/.twolatch/callback`, which the proxy serves from here at the application's own host: a ticket becomes a
//! cookie there, in the browser that it is for, and the browser goes on to the page that it had asked for.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use twolatch_core::crypto::{random_text, token_hash};
use twolatch_core::visit::Ticket;

use super::asked::host_of;
use super::said;
use crate::oidc::params::Params;
use crate::oidc::redirect::see_other;
use crate::state::App;
use crate::text::t;
use crate::web::cookie::Cookie;
use crate::web::failure::Failure;
use crate::web::path::Links;

/// The longest ticket.
const MAX_TICKET: usize = 128;

/// Answers the browser.
pub async fn get(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    change(&app, &parts).await.unwrap_or_else(IntoResponse::into_response)
}

async fn change(app: &App, parts: &Parts) -> Result<Response, Failure> {
    let host = match host_of(app, parts) {
        Ok(host) => host,
        Err(error) => {
            tracing::info!(detail = %error, "forward: refused");
            return Ok(said(app, &parts.headers, StatusCode::FORBIDDEN, t("forward-refused")));
        }
    };
    let over = || see_other(&format!("{}{}", app.config.issuer, Links::default().forward_over()));
    let (Some(ticket), Some(nonce)) = (ticket_in(parts), Cookie::Begun.read(&parts.headers, true)) else {
        return Ok(over());
    };
    let (origin, cookie) = (host.origin(), random_text::<32>(app.entropy())?);
    let ticket = Ticket {
        token: token_hash(&ticket),
        nonce: token_hash(&nonce),
        cookie: token_hash(&cookie),
        host,
        now: app.now(),
    };
    let Some(return_to) = app.store.change_ticket(ticket).await? else { return Ok(over()) };
    let mut response = see_other(&format!("{origin}{return_to}"));
    Cookie::App.set(response.headers_mut(), true, &cookie);
    Ok(response)
}

fn ticket_in(parts: &Parts) -> Option<String> {
    let params = Params::parse(parts.uri.query()?.as_bytes()).ok().filter(|params| params.repeated().is_none())?;
    params.value("ticket").filter(|ticket| ticket.len() <= MAX_TICKET).map(str::to_owned)
}
