//! People as a table (CSV): taken in and given out, as in the console.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use twolatch_core::api_token::Scope;
use twolatch_core::user::{Role, User};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::admit::Asking;
use super::asked::{Asked, DryRun};
use super::shape::{Refused, Unread};
use crate::api::body;
use crate::api::refusal::Refusal;
use crate::exports;
use crate::people_file;
use crate::state::App;
use crate::web::form::MAX_BODY;
use crate::web::stream;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(export, import))
}

/// Write everybody as a table
#[utoipa::path(get, operation_id = "export_users", path = "/users.csv", tag = "users",
    responses((status = OK, content_type = "text/csv", body = String), Refused), security(("token" = ["users:read"])))]
async fn export(State(app): State<App>, _: Asking) -> Response {
    let (out, body) = stream::body();
    tokio::spawn(async move {
        if let Err(error) = exports::people(&app, &out).await {
            out.fail(error).await;
        }
    });
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], body).into_response()
}

/// What has come of a table.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportedUsers)]
struct Imported {
    /// Who was added, or would be.
    users: Vec<String>,
    dry_run: bool,
}

/// Add the people of a table
///
/// Its first line names the columns, of `name`, `email`, `role`, `groups` (with `;` between them) and `level`. All of them
/// are added or nobody; the error says what is wrong in which line.
#[utoipa::path(post, operation_id = "import_users", path = "/users.csv", tag = "users", params(DryRun),
    request_body(content = String, content_type = "text/csv"),
    responses((status = OK, body = Imported), Refused, Unread), security(("token" = ["users:write"])))]
async fn import(
    State(app): State<App>,
    asking: Asking,
    Asked(DryRun { dry_run }): Asked<DryRun>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Imported>, Refusal> {
    body::is(&headers, "text/csv", "not_csv")?;
    let body = body::read(body, MAX_BODY).await?;
    let text = std::str::from_utf8(&body).map_err(|_| Refusal::invalid("the table is not UTF-8"))?;
    let entries = people_file::read(&app, text, false, asking.now).await?.map_err(|faults| {
        let lines = faults.iter().map(|fault| format!("line {}: {}", fault.line, fault.text.plain()));
        Refusal::new(StatusCode::BAD_REQUEST, "invalid_table", lines.collect::<Vec<_>>().join("; "))
    })?;
    let users: Vec<_> = entries.into_iter().map(|entry| entry.user).collect();
    if users.iter().any(|user: &User| user.role == Role::Admin) {
        asking.needs(Scope::AdminsWrite)?;
    }
    let names = users.iter().map(|user| user.name.to_string()).collect();
    if !dry_run {
        app.logins.add_users(users, &asking.actor()).await?;
    }
    Ok(Json(Imported { users: names, dry_run }))
}
