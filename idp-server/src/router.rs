//! Every route of the web listener, as one table.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};

use crate::oidc::{authorize, discovery, jwks, token, userinfo};
use crate::state::App;

/// The web server's routes.
pub fn routes(app: App) -> Router {
    Router::new()
        // OpenID Connect.
        .route("/.well-known/openid-configuration", get(discovery::get))
        .route("/.well-known/oauth-authorization-server", get(discovery::get))
        .route("/jwks", get(jwks::get))
        .route("/authorize", get(authorize::get).post(authorize::post))
        .route("/authorize/resume", get(authorize::resume::get))
        .route("/token", post(token::post))
        .route("/userinfo", get(userinfo::get).post(userinfo::post))
        // Operations.
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .with_state(app)
}

/// Whether logins can be judged now.
async fn ready(State(app): State<App>) -> (StatusCode, String) {
    match app.store.ping().await {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", error.reason())),
    }
}
