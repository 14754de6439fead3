//! Apps that run in browsers ask from other origins (Fetch, 3.2): whatever is public everybody may read, and what is theirs
//! those may whose addresses are registered for an app that keeps no secret. Cookies never come along.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use twolatch_core::client::{AuthMethod, RedirectUri};
use twolatch_core::store::StoreError;

use crate::state::App;
use crate::web::path;

/// What everybody may read.
const PUBLIC: [&str; 3] = [path::DISCOVERY, path::METADATA, path::JWKS];

/// Where apps ask.
const OF_APPS: [&str; 4] = [path::TOKEN, path::USERINFO, path::REVOKE, path::PAR];

/// What they may send, and see of the answer.
const SENT: &str = "authorization, content-type, dpop";
const SEEN: &str = "www-authenticate, dpop-nonce";

/// How long a browser need not ask again, in seconds.
const KEPT: &str = "600";

/// An answer that says who may read it.
pub async fn answered(app: App, request: Request, next: Next) -> Response {
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else { return next.run(request).await };
    let Some(allowed) = allowed(&app, request.uri().path(), &origin).await else { return next.run(request).await };
    let asks = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if request.method() == Method::OPTIONS && asks {
        let headers = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, SENT),
            (header::ACCESS_CONTROL_MAX_AGE, KEPT),
        ];
        (StatusCode::NO_CONTENT, headers).into_response()
    } else {
        next.run(request).await
    };
    allow(response.headers_mut(), allowed);
    response
}

pub(super) fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(SEEN));
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
}

/// Who may read the answer at a path, as the header says it.
async fn allowed(app: &App, path: &str, origin: &HeaderValue) -> Option<HeaderValue> {
    let path = path.strip_prefix(path::prefix(&app.config))?;
    if PUBLIC.contains(&path) {
        return Some(HeaderValue::from_static("*"));
    }
    if !OF_APPS.contains(&path) {
        return None;
    }
    let asked = origin.to_str().ok()?;
    let read = async { Ok(is_registered(app, asked).await?.then_some(())) };
    // Where the database fails nobody may.
    app.recent.origins.or::<StoreError>(app, asked, read).await.ok()?.map(|_| origin.clone())
}

/// Whether an application that runs in browsers comes from an origin.
async fn is_registered(app: &App, asked: &str) -> Result<bool, StoreError> {
    let clients = app.store.clients().await?;
    let apps = clients.iter().filter(|client| client.auth_method == AuthMethod::None && client.disabled_at.is_none());
    Ok(apps.flat_map(|client| &client.redirect_uris).any(|uri| {
        let own = RedirectUri::origin(uri.as_str()).parse::<RedirectUri>();
        !uri.is_private_use() && own.is_ok_and(|own| own.accepts(asked))
    }))
}
