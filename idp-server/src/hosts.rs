//! The verify service: what a host asks about a login, over the Unix socket. It only translates; the login service
//! decides.

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::post;
use axum::{Extension, Json, Router};
use twolatch_core::login::host::Peer;
use twolatch_core::reason::Reason;
use twolatch_core::store::StoreError;
use twolatch_core::wire::{self, Account, Answer, Begin, Outcome, Reply};

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

async fn begin(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    request: Result<Json<Begin>, JsonRejection>,
) -> Result<Json<Reply>, JsonRejection> {
    let Json(request) = request?;
    let result = match fault(request.version, &request.nonce) {
        Some(reason) => Ok(refused(reason)),
        None => app.logins.begin(peer, &request, app.now()).await,
    };
    Ok(reply(request.nonce, request.user, &request.service, result))
}

async fn answer(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    request: Result<Json<Answer>, JsonRejection>,
) -> Result<Json<Reply>, JsonRejection> {
    let Json(request) = request?;
    let result = match fault(request.version, &request.nonce) {
        Some(reason) => Ok(refused(reason)),
        None => app.logins.answer(peer, &request, app.now()).await,
    };
    Ok(reply(request.nonce, request.user, &request.service, result))
}

async fn account(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    request: Result<Json<Account>, JsonRejection>,
) -> Result<Json<Reply>, JsonRejection> {
    let Json(request) = request?;
    let result = match fault(request.version, &request.nonce) {
        Some(reason) => Ok(refused(reason)),
        None => app.logins.account(peer, &request, app.now()).await,
    };
    Ok(reply(request.nonce, request.user, &request.service, result))
}

fn fault(version: u32, nonce: &str) -> Option<Reason> {
    if version != wire::VERSION {
        Some(Reason::Version)
    } else if nonce.len() != wire::NONCE_LENGTH {
        Some(Reason::BadAnswer)
    } else {
        None
    }
}

fn reply(nonce: String, user: String, service: &str, result: Result<Outcome, StoreError>) -> Json<Reply> {
    let outcome = result.unwrap_or_else(|error| {
        tracing::error!(%error, "a login was refused because of the database");
        refused(error.reason())
    });
    log(&user, service, &outcome);
    Json(Reply { version: wire::VERSION, nonce, user, outcome })
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
