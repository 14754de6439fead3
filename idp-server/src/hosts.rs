//! The verify service: what a host asks about a login, over the Unix socket. It only translates; the login service
//! decides.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Json, Router};
use serde::de::DeserializeOwned;
use twolatch_core::login::host::Peer;
use twolatch_core::reason::Reason;
use twolatch_core::store::StoreError;
use twolatch_core::wire::{self, Account, Answer, Begin, Hello, Outcome, Reply};

use crate::state::App;

/// The routes of the socket. Nothing else is served there, and these nowhere else.
pub fn routes(app: App) -> Router {
    Router::new()
        .route(wire::BEGIN_PATH, post(begin))
        .route(wire::ANSWER_PATH, post(answer))
        .route(wire::ACCOUNT_PATH, post(account))
        .layer(DefaultBodyLimit::max(wire::MAX_REQUEST))
        .with_state(app)
}

async fn begin(State(app): State<App>, Extension(peer): Extension<Peer>, body: Bytes) -> Response {
    told(&app, &body, async |request: Begin| app.logins.begin(peer, &request, app.now()).await).await
}

async fn answer(State(app): State<App>, Extension(peer): Extension<Peer>, body: Bytes) -> Response {
    told(&app, &body, async |request: Answer| app.logins.answer(peer, &request, app.now()).await).await
}

async fn account(State(app): State<App>, Extension(peer): Extension<Peer>, body: Bytes) -> Response {
    told(&app, &body, async |request: Account| app.logins.account(peer, &request, app.now()).await).await
}

/// What a host is told. Its version is looked at first: what another one says besides may mean nothing here.
async fn told<T: DeserializeOwned>(
    app: &App,
    body: &Bytes,
    judge: impl AsyncFnOnce(T) -> Result<Outcome, StoreError>,
) -> Response {
    const UNREADABLE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
    let Ok(hello) = serde_json::from_slice::<Hello>(body) else { return UNREADABLE.into_response() };
    let result = if hello.version != wire::VERSION {
        Ok(refused(Reason::Version))
    } else if hello.nonce.len() != wire::NONCE_LENGTH {
        Ok(refused(Reason::BadAnswer))
    } else {
        match serde_json::from_slice(body) {
            Ok(request) => judge(request).await,
            Err(_) => return UNREADABLE.into_response(),
        }
    };
    let outcome = result.unwrap_or_else(|error| {
        tracing::error!(%error, "a login was refused because of the database");
        refused(error.reason())
    });
    log(&hello.user, &hello.service, &outcome);
    app.counts.answered(&outcome);
    Json(Reply { version: wire::VERSION, nonce: hello.nonce, user: hello.user, outcome }).into_response()
}

const fn refused(reason: Reason) -> Outcome {
    Outcome::Refused { reason, notice: None }
}

/// One line a verdict. A name that nobody has may be a password typed in the wrong place: it is left out.
fn log(user: &str, service: &str, outcome: &Outcome) {
    let unknown = matches!(
        outcome,
        Outcome::Ask { reason: Some(Reason::Unknown), .. } | Outcome::Refused { reason: Reason::Unknown, .. }
    );
    let user = if unknown { "(unknown)" } else { user };
    match outcome {
        Outcome::Ask { reason: None, .. } => {}
        Outcome::Ask { reason: Some(reason), .. } => tracing::info!(?user, ?service, %reason, "asked again"),
        Outcome::Granted => tracing::info!(?user, ?service, "granted"),
        Outcome::NotAsked => tracing::info!(?user, ?service, "not asked"),
        Outcome::Refused { reason, .. } => {
            tracing::info!(?user, ?service, %reason, next_step = reason.next_step(), "refused");
        }
    }
}
