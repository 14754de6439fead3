//! What has happened, how things stand, and how the server is set up: read, and never changed.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use twolatch_core::store::audit::{Position, Stored, Verified};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::admit::Asking;
use super::asked::Asked;
use super::shape::Refused;
use crate::api::refusal::Refusal;
use crate::config::shown::Setting;
use crate::exports;
use crate::state::App;
use crate::trail::{self, Format};
use crate::view::overview::Overview;
use crate::web::stream;

/// Records on a page.
const PAGE: i64 = 100;

/// Most trails are checked within this time; others go on.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(export))
        .routes(routes!(verify))
        .routes(routes!(overview))
        .routes(routes!(configuration))
}

/// Which records are meant.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Whom they concern, or who did it.
    person: String,
    /// What happened, as `code` or `factors_reset`.
    event: String,
    /// `ok`, `refused`, or the code of a reason.
    result: String,
    /// Where.
    door: String,
    /// For which application.
    client: String,
    /// From a day or moment on (UTC), as `2026-03-03` or `2026-03-03T14:05`.
    since: String,
    /// Until a day or moment, which is included.
    until: String,
    /// Where to go on: `next` of the page before.
    from: String,
    /// Of an export: `csv` or `json`, an object to a line.
    format: String,
}

impl Which {
    /// What is meant, and what the rest is.
    fn asked(self) -> (trail::Asked, String, String) {
        let Self { person, event, result, door, client, since, until, from, format } = self;
        (trail::Asked { person, event, result, door, client, since, until }, from, format)
    }
}

fn not_understood(field: trail::Field) -> Refusal {
    Refusal::invalid(format!("{}: no such value", format!("{field:?}").to_lowercase()))
}

/// A page of records.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditPage)]
struct Found {
    /// The newest first, as `twolatch audit list --json` has them.
    records: Vec<Stored>,
    /// Where to go on; absent where nothing older is meant. A page can be empty and yet not be the last.
    next: Option<String>,
}

/// List what has happened
#[utoipa::path(get, operation_id = "list_audit", path = "/audit", tag = "audit", params(Which), responses((status = OK, body = Found), Refused),
    security(("token" = ["audit:read"])))]
async fn list(State(app): State<App>, _: Asking, Asked(which): Asked<Which>) -> Result<Json<Found>, Refusal> {
    let (asked, from, format) = which.asked();
    if !format.is_empty() {
        return Err(Refusal::invalid("format: belongs to /audit/export"));
    }
    let filter = asked.filter().map_err(not_understood)?;
    let from: Option<Position> = match from.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|error| Refusal::invalid(format!("from: {error}")))?),
    };
    let found = app.store.search_audit(&filter, from.as_ref(), PAGE).await?;
    Ok(Json(Found { records: found.records, next: found.next.map(|next| next.to_string()) }))
}

/// Write records as a file
#[utoipa::path(get, operation_id = "export_audit", path = "/audit/export", tag = "audit", params(Which),
    responses((status = OK, content_type = "text/csv", body = String), Refused), security(("token" = ["audit:read"])))]
async fn export(State(app): State<App>, _: Asking, Asked(which): Asked<Which>) -> Result<Response, Refusal> {
    let (asked, from, format) = which.asked();
    if !from.is_empty() {
        return Err(Refusal::invalid("from: an export is whole"));
    }
    let format: Format = match format.as_str() {
        "" => Format::Csv,
        word => word.parse().map_err(|error| Refusal::invalid(format!("format: {error}")))?,
    };
    let filter = asked.filter().map_err(not_understood)?;
    let (out, body) = stream::body();
    let store = app.store.clone();
    tokio::spawn(async move {
        if let Err(error) = exports::records(&store, &filter, format, &out).await {
            out.fail(error).await;
        }
    });
    Ok(([(header::CONTENT_TYPE, format.media_type())], body).into_response())
}

/// How the check of the trail stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditCheck)]
struct Checked {
    /// Records that the run under way has read; ask again.
    running: Option<i64>,
    /// When the last run began.
    at: Option<i64>,
    /// What that has found, as `twolatch audit verify --json` has it; nothing where the database failed.
    found: Option<Verified>,
}

/// Check that no record was changed, removed or added
///
/// A run begins, unless one is under way or has ended within a minute.
#[utoipa::path(post, operation_id = "verify_audit", path = "/audit/verify", tag = "audit", responses((status = OK, body = Checked), Refused),
    security(("token" = ["audit:read"])))]
async fn verify(State(app): State<App>, asking: Asking) -> Json<Checked> {
    let mut standing = app.checks.ask(&app.store, asking.now);
    let waited = standing.wait_for(|standing| standing.running.is_none());
    drop(tokio::time::timeout(PATIENCE, waited).await);
    let standing = standing.borrow().clone();
    Json(Checked {
        running: standing.running,
        at: standing.last.as_ref().map(|last| last.at.unix()),
        found: standing.last.and_then(|last| last.found),
    })
}

/// Read how things stand
#[utoipa::path(get, operation_id = "read_overview", path = "/overview", tag = "overview", responses((status = OK, body = Overview), Refused),
    security(("token" = ["audit:read"])))]
async fn overview(State(app): State<App>, asking: Asking) -> Result<Json<Overview>, Refusal> {
    Ok(Json(Overview::read(&app, asking.now).await?))
}

/// Read how the server is set up
///
/// Every value with where it comes from, as `twolatch config show --json` has it; secrets as `set`.
#[utoipa::path(get, operation_id = "read_configuration", path = "/configuration", tag = "configuration",
    responses((status = OK, body = Vec<Setting>), Refused), security(("token" = ["configuration:read"])))]
async fn configuration(State(app): State<App>, _: Asking) -> Response {
    Json(&app.config.settings).into_response()
}
