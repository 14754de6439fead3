//! Sign-in for applications that know nothing of OpenID Connect, by the proxy before them (nginx, Caddy, Traefik).
//!
//! The proxy asks at [`check`] about each request, and lets through what is answered with 200. A browser that may not pass
//! is sent to [`enter`], here, where somebody signs in; from there, with a ticket, to [`callback`], which the proxy serves
//! from here at the application's own host, and which sets the cookie that [`check`] looks up each time. What a proxy says of
//! a request is read by [`asked`] alone. Whether somebody has shown enough is decided in `oidc::gate`, each time.

pub mod asked;
pub mod callback;
pub mod check;
pub mod enter;
pub mod identity;
pub mod leaving;

use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::state::App;
use crate::text::Text;
use crate::web::language::Wish;

/// An answer to a proxy, which may show it to a person: in words, as no style of ours is at the application's host.
fn said(app: &App, headers: &HeaderMap, status: StatusCode, text: Text) -> Response {
    let language = Wish::of(&app.config, &Method::GET, &Uri::default(), headers).language(None);
    let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (status, plain, format!("{}\n", text.in_language(language).plain())).into_response()
}
