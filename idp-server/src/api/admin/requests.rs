//! People who ask for recovery, and what is answered. Nobody answers to their own request.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use twolatch_core::login::answers::Approved;
use twolatch_core::store::requests::State as Standing;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::admit::Asking;
use super::shape::{Refused, Unread};
use crate::api::body::Sent;
use crate::api::refusal::Refusal;
use crate::state::App;
use crate::view::request::Row;

/// Requests that are listed at most.
const LIMIT: i64 = 1000;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(answer))
}

/// List recovery requests that wait
///
/// The oldest first.
#[utoipa::path(get, operation_id = "list_requests", path = "/requests", tag = "requests", responses((status = OK, body = Vec<Row>), Refused),
    security(("token" = ["requests:read"])))]
async fn list(State(app): State<App>, asking: Asking) -> Result<Json<Vec<Row>>, Refusal> {
    let requests = app.logins.requests(LIMIT, asking.now).await?;
    Ok(Json(requests.into_iter().map(|(request, user)| Row::of(&app, request, &user)).collect()))
}

/// What can be answered.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    /// All that they have set up goes, all that was begun ends, and set-up is open.
    Approve,
    /// Everything stays as it is, and they are told.
    Dismiss,
}

/// An answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Answer)]
struct Answered {
    /// The `id` of the request: a later one is not answered by mistake.
    request: String,
    /// What they are told besides.
    #[serde(default)]
    #[schema(max_length = 500)]
    note: String,
}

/// What has come of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AnswerOutcome)]
struct Outcome {
    /// Whether the request is settled; if not, a second administrator has to approve, too.
    settled: bool,
}

/// Answer a recovery request
#[utoipa::path(post, operation_id = "answer_request", path = "/requests/{name}/{action}", tag = "requests", request_body = Answered,
    params(("name" = String, Path), ("action" = inline(Answer), Path)),
    responses((status = OK, body = Outcome), Refused, Unread), security(("token" = ["requests:write"])))]
async fn answer(
    State(app): State<App>,
    asking: Asking,
    Path((name, action)): Path<(String, String)>,
    Sent(Answered { request, note }): Sent<Answered>,
) -> Result<Json<Outcome>, Refusal> {
    let action = serde_json::from_value::<Answer>(action.into());
    let action = action.map_err(|_| Refusal::missing("a request is approved or dismissed: nothing else"))?;
    let person = super::users::others(&app, &name, &asking).await?;
    let waiting = app.logins.request_of(&person.user, asking.now).await?;
    let same = waiting.is_some_and(|(one, state)| state == Standing::Waiting && one.id.as_str() == request);
    if !same {
        return Err(Refusal::missing("that request does not wait; GET /requests lists those that do"));
    }
    let (actor, name) = (asking.actor(), &person.user.name);
    let settled = match action {
        Answer::Approve => app.logins.approve_request(name, &note, &actor).await? == Approved::Done,
        Answer::Dismiss => {
            app.logins.dismiss_request(name, &note, &actor).await?;
            true
        }
    };
    Ok(Json(Outcome { settled }))
}
