//! Something done to many people: looked at first, then begun; and how far it is.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use twolatch_core::api_token::Scope;
use twolatch_core::factor::Kind;
use twolatch_core::login::bulk::{Choice, Started};
use twolatch_core::policy::StatusWord;
use twolatch_core::store::jobs::{Action, Job};
use twolatch_core::store::people::Search;
use twolatch_core::user::Role;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::admit::Asking;
use super::shape::{Refused, Unread};
use crate::api::body::Sent;
use crate::api::refusal::{Refusal, SCOPE};
use crate::state::App;
use crate::view::job::{Listed, Row, lately};
use crate::view::words;

/// People who are named in one request at most.
const MOST: usize = 1000;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, preview))
        .routes(routes!(read))
        .routes(routes!(start))
        .routes(routes!(stop))
}

/// List what is done to many people, and what was lately
#[utoipa::path(get, operation_id = "list_jobs", path = "/jobs", tag = "jobs", responses((status = OK, body = Vec<Listed>), Refused),
    security(("token" = ["users:read"])))]
async fn list(State(app): State<App>, _: Asking) -> Result<Json<Vec<Listed>>, Refusal> {
    Ok(Json(lately(&app).await?))
}

/// What is to be done, and to whom: to those who are named, to all for whom the rest is so, or to `all`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewJob)]
struct Wanted {
    #[schema(schema_with = words::action)]
    action: Action,
    /// Names.
    #[serde(default)]
    users: Vec<String>,
    /// To everybody.
    #[serde(default)]
    all: bool,
    /// How name or address begin.
    q: Option<String>,
    #[schema(schema_with = words::status_asked)]
    status: Option<StatusWord>,
    #[schema(schema_with = words::role)]
    role: Option<Role>,
    group: Option<String>,
    #[schema(value_type = Option<String>)]
    method: Option<Kind>,
    /// Only those who have to wait, or are held.
    #[serde(default)]
    locked: bool,
}

/// Look at what would be done to many people
///
/// Nothing is done until it is begun. The token's own person is never among them.
#[utoipa::path(post, operation_id = "preview_job", path = "/jobs", tag = "jobs", request_body = Wanted,
    responses((status = CREATED, body = Row), Refused, Unread), security(("token" = ["users:write"])))]
async fn preview(
    State(app): State<App>,
    asking: Asking,
    Sent(wanted): Sent<Wanted>,
) -> Result<(StatusCode, Json<Row>), Refusal> {
    let action = wanted.action;
    let whom = whom(&app, wanted).await?;
    spares_administrators(&app, &asking, &whom).await?;
    let job = app.logins.preview_job(action, whom, &asking.actor()).await?;
    Ok((StatusCode::CREATED, Json(Row::read(&app, &job).await?)))
}

/// Makes sure that no administrator is concerned, unless the token is for that.
async fn spares_administrators(app: &App, asking: &Asking, whom: &Search) -> Result<(), Refusal> {
    let mut spares = asking.may(Scope::AdminsWrite) || whom.role.is_some_and(|role| role != Role::Admin);
    if let Some(ids) = whom.ids.as_ref().filter(|_| !spares) {
        spares = true;
        for id in ids {
            spares &= app.store.person(id).await?.is_none_or(|person| person.user.role != Role::Admin);
        }
    }
    if spares {
        return Ok(());
    }
    let detail = "administrators are among those: name a role, or make a token that is for `admins:write`";
    Err(Refusal::new(StatusCode::FORBIDDEN, SCOPE, detail))
}

async fn whom(app: &App, wanted: Wanted) -> Result<Search, Refusal> {
    let Wanted { action: _, users, all, q, status, role, group, method, locked } = wanted;
    let group = group.map(|name| name.parse()).transpose().map_err(|_| Refusal::invalid("group: no group name"))?;
    let search = Search { text: q, status, role, group, method, locked, ..Search::default() };
    match (users.is_empty(), search == Search::default(), all) {
        (true, false, false) | (true, true, true) => Ok(search),
        (false, true, false) if users.len() <= MOST => {
            let mut ids = Vec::with_capacity(users.len());
            for name in users {
                let known = Refusal::invalid(format!("users: there is nobody called {name:?}"));
                let name = name.parse().map_err(|_| known.clone())?;
                ids.push(app.store.person_by_name(&name).await?.ok_or(known)?.user.id);
            }
            Ok(Search { ids: Some(ids), ..Search::default() })
        }
        (false, true, false) => Err(Refusal::invalid("users: 1000 names at the most")),
        _ => Err(Refusal::invalid("name the users, or say which ones are meant, or all: one of these")),
    }
}

/// Read how far a job is
#[utoipa::path(get, operation_id = "read_job", path = "/jobs/{id}", tag = "jobs", params(("id" = String, Path)),
    responses((status = OK, body = Row), Refused), security(("token" = ["users:read"])))]
async fn read(State(app): State<App>, _: Asking, Path(id): Path<String>) -> Result<Json<Row>, Refusal> {
    Ok(Json(Row::read(&app, &known(&app, &id).await?).await?))
}

/// What is chosen when it begins.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = JobStart)]
struct Begin {
    /// With `request-registration`: those too who have something set up. It is removed.
    include_activated: bool,
    /// With `set-methods`: nothing else may they set up; absent takes their own rule away.
    #[schema(schema_with = words::methods_or_none)]
    methods: Option<BTreeSet<Kind>>,
}

/// Begin a job
///
/// `look_again` where it would concern more people than when it was looked at.
#[utoipa::path(post, operation_id = "start_job", path = "/jobs/{id}/start", tag = "jobs", request_body = Begin, params(("id" = String, Path)),
    responses((status = OK, body = Row), Refused, Unread), security(("token" = ["users:write"])))]
async fn start(
    State(app): State<App>,
    asking: Asking,
    Path(id): Path<String>,
    Sent(begin): Sent<Begin>,
) -> Result<Json<Row>, Refusal> {
    let Begin { include_activated, methods } = begin;
    let job = known(&app, &id).await?;
    spares_administrators(&app, &asking, &job.work.whom).await?;
    let sets = job.work.action == Action::SetMethods;
    if methods.is_some() && !sets || include_activated && job.work.action != Action::RequestRegistration {
        return Err(Refusal::invalid("methods belong to set-methods, include_activated to request-registration"));
    }
    if methods.iter().any(|own| own.is_empty() || own.iter().any(|kind| !Kind::METHODS.contains(kind))) {
        return Err(Refusal::invalid("methods: totp, email_code or both"));
    }
    let choice = Choice { asks: true, resets: include_activated, methods };
    match app.logins.start_job(&id, choice, false, &asking.actor()).await? {
        Started::Yes(job) => Ok(Json(Row::read(&app, &job).await?)),
        Started::LookAgain(_) => {
            Err(Refusal::conflict("look_again", "it would concern more people by now: read it again, then begin it"))
        }
    }
}

/// Stop a job
///
/// What was done stays done.
#[utoipa::path(post, operation_id = "stop_job", path = "/jobs/{id}/stop", tag = "jobs", params(("id" = String, Path)),
    responses((status = OK, body = Row), Refused), security(("token" = ["users:write"])))]
async fn stop(State(app): State<App>, asking: Asking, Path(id): Path<String>) -> Result<Json<Row>, Refusal> {
    app.logins.stop_job(&id, &asking.actor()).await?;
    Ok(Json(Row::read(&app, &known(&app, &id).await?).await?))
}

async fn known(app: &App, id: &str) -> Result<Job, Refusal> {
    app.store.job(id).await?.ok_or_else(|| Refusal::missing("there is no such job; GET /jobs lists what there is"))
}
