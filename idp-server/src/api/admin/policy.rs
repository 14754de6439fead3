//! What is asked of whom: the rules as one document, their versions, exemptions, and what comes of them for somebody.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use twolatch_core::api_token::Scope;
use twolatch_core::client::ClientId;
use twolatch_core::door::Door;
use twolatch_core::login::explain::Explained;
use twolatch_core::login::manage::ManageError;
use twolatch_core::login::preview::Preview;
use twolatch_core::policy::{Level, Rules, Subject, Where};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::admit::Asking;
use super::asked::{Asked, DryRun, IfMatch};
use super::shape::{Outdated, Refused, Unread, tagged};
use crate::api::body::Sent;
use crate::api::refusal::Refusal;
use crate::pages::admin::security::limits::Limits;
use crate::rules::{self, MOST_DAYS, MOST_REASON, NewExemption};
use crate::state::App;
use crate::view::policy::{DescribedRules, Exempted, Kept, Whole};
use crate::view::words;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(read, replace))
        .routes(routes!(versions))
        .routes(routes!(restore))
        .routes(routes!(exemptions, exempt))
        .routes(routes!(end))
        .routes(routes!(explain))
}

/// Read the rules and exemptions in force
#[utoipa::path(get, operation_id = "read_policy", path = "/policy", tag = "policy",
    responses((status = OK, body = Whole, headers(("ETag" = String))), Refused), security(("token" = ["policy:read"])))]
async fn read(State(app): State<App>, asking: Asking) -> Result<Response, Refusal> {
    whole(&app, &asking).await
}

async fn whole(app: &App, asking: &Asking) -> Result<Response, Refusal> {
    let policy = app.logins.policy(asking.now).await?;
    Ok(tagged(StatusCode::OK, policy.version, Whole::of(app, &policy).await?))
}

/// What comes of rules that are sent: the policy, or with `dry_run` whose state would change.
#[derive(ToSchema)]
#[schema(as = PolicyPut)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is only described")]
enum Put {
    InForce(Whole),
    Foreseen(Preview),
}

/// Put rules in force
///
/// The whole document takes the place of the one before; exemptions stay. Another `organisation` needs `policy:switch`, too. With `dry_run`
/// it is told whose state would change.
#[utoipa::path(put, operation_id = "replace_policy", path = "/policy", tag = "policy", params(DryRun, ("If-Match" = String, Header)),
    request_body = DescribedRules, responses((status = OK, body = Put, headers(("ETag" = String))), Refused, Unread, Outdated),
    security(("token" = ["policy:write"])))]
async fn replace(
    State(app): State<App>,
    asking: Asking,
    Asked(DryRun { dry_run }): Asked<DryRun>,
    from: IfMatch,
    Sent(rules): Sent<Rules>,
) -> Result<Response, Refusal> {
    if let Some(fault) = rules::fault(&rules) {
        return Err(Refusal::invalid(fault));
    }
    let (seen, actor) = (from.number()?, asking.actor());
    let policy = app.logins.policy(asking.now).await?;
    if policy.version != seen {
        return Err(Refusal::from(ManageError::Store(twolatch_core::store::StoreError::Conflict)).stale());
    }
    if rules.organisation != policy.rules.organisation {
        asking.needs(Scope::PolicySwitch)?;
    }
    if dry_run {
        return Ok(Json(app.logins.preview(&rules, asking.now).await?).into_response());
    }
    let said = rules::difference(&policy.rules, &rules).join("; ");
    let put = app.logins.set_rules(rules, seen, said, &actor).await;
    put.map_err(|error| Refusal::from(error).stale())?;
    whole(&app, &asking).await
}

/// How many.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Limit {
    /// At the most, up to 100; 20 if nothing is said.
    limit: Option<u16>,
}

/// List the versions of the rules
///
/// The one in force comes first.
#[utoipa::path(get, operation_id = "list_policy_versions", path = "/policy/versions", tag = "policy", params(Limit),
    responses((status = OK, body = Vec<Kept>), Refused), security(("token" = ["policy:read"])))]
async fn versions(
    State(app): State<App>,
    _: Asking,
    Asked(Limit { limit }): Asked<Limit>,
) -> Result<Json<Vec<Kept>>, Refusal> {
    let limit = limit.unwrap_or(20);
    if !(1..=100).contains(&limit) {
        return Err(Refusal::invalid("limit: 1 to 100"));
    }
    Ok(Json(app.store.policy_versions(limit.into()).await?.into_iter().map(Kept::from).collect()))
}

/// Put earlier rules in force again
///
/// Exemptions stay as they are, and so does the switch for the whole organisation.
#[utoipa::path(post, operation_id = "restore_policy", path = "/policy/versions/{version}/restore", tag = "policy",
    params(("version" = i64, Path), ("If-Match" = String, Header)),
    responses((status = OK, body = Whole, headers(("ETag" = String))), Refused, Outdated),
    security(("token" = ["policy:write"])))]
async fn restore(
    State(app): State<App>,
    asking: Asking,
    Path(version): Path<String>,
    from: IfMatch,
) -> Result<Response, Refusal> {
    let version = version.parse().map_err(|_| Refusal::missing("a version is a number"))?;
    let restored = app.logins.restore_rules(version, from.number()?, &asking.actor()).await;
    restored.map_err(|error| Refusal::from(error).stale())?;
    whole(&app, &asking).await
}

/// List exemptions
#[utoipa::path(get, operation_id = "list_exemptions", path = "/policy/exemptions", tag = "policy", responses((status = OK, body = Vec<Exempted>), Refused),
    security(("token" = ["policy:read"])))]
async fn exemptions(State(app): State<App>, asking: Asking) -> Result<Json<Vec<Exempted>>, Refusal> {
    let policy = app.logins.policy(asking.now).await?;
    let mut all = Vec::with_capacity(policy.exemptions.len());
    for exemption in &policy.exemptions {
        all.push(Exempted::of(&app, exemption.clone()).await?);
    }
    Ok(Json(all))
}

/// For whom an exemption is.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Whom {
    Person,
    Group,
    Role,
}

/// A dated exception: where all that is named is so.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewExemption)]
struct Wanted {
    whom: Whom,
    /// The name of the person, group or role.
    name: String,
    #[schema(schema_with = words::door)]
    door: Option<Door>,
    /// On the web, to this application only.
    client: Option<String>,
    /// A PAM service.
    service: Option<String>,
    host: Option<String>,
    /// Like 10.0.0.0/8.
    network: Option<String>,
    /// An SSH key: SHA256:… or the line of a .pub file.
    key: Option<String>,
    /// To what it is lowered.
    #[schema(schema_with = words::level)]
    level: Level,
    /// For how many days.
    #[schema(minimum = 1, maximum = 366)]
    days: u16,
    /// Why.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// Exempt somebody
#[utoipa::path(post, operation_id = "add_exemption", path = "/policy/exemptions", tag = "policy", request_body = Wanted,
    responses((status = CREATED, body = Exempted), Refused, Unread), security(("token" = ["policy:write"])))]
async fn exempt(State(app): State<App>, asking: Asking, Sent(wanted): Sent<Wanted>) -> Result<Response, Refusal> {
    let Wanted { whom, name, door, client, service, host, network, key, level, days, reason } = wanted;
    let nobody = || Refusal::invalid("name: no such person, group or role");
    let subject = match whom {
        Whom::Person => {
            let name = name.parse().map_err(|_| nobody())?;
            let person = app.store.person_by_name(&name).await?.ok_or_else(nobody)?;
            Subject::User(person.user.id)
        }
        Whom::Group => Subject::Group(name.parse().map_err(|_| nobody())?),
        Whom::Role => Subject::Role(name.parse().map_err(|_| nobody())?),
    };
    let [client, service, host, network, key] = [client, service, host, network, key].map(Option::unwrap_or_default);
    let limits = Limits { client, service, host, network, key };
    let within = limits.within(door.map_or("", Door::as_str));
    let within = within.map_err(|(field, text)| Refusal::invalid(format!("{field}: {}", text.plain())))?;
    let actor = asking.actor();
    let new = NewExemption { subject, within, level, days, reason: reason.trim().to_owned() };
    let exemption = new
        .exemption(&app, &actor)?
        .ok_or_else(|| Refusal::invalid(format!("days: 1 to {MOST_DAYS}; reason: 1 to {MOST_REASON} characters")))?;
    app.logins.exempt(exemption.clone(), &actor).await?;
    Ok((StatusCode::CREATED, Json(Exempted::of(&app, exemption).await?)).into_response())
}

/// End an exemption
#[utoipa::path(delete, operation_id = "end_exemption", path = "/policy/exemptions/{id}", tag = "policy", params(("id" = String, Path)),
    responses((status = NO_CONTENT, description = "It has ended."), Refused), security(("token" = ["policy:write"])))]
async fn end(State(app): State<App>, asking: Asking, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    app.logins.end_exemption(&id, &asking.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A login to suppose.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Supposed {
    /// Whose.
    person: String,
    /// At this door only.
    #[param(value_type = Option<String>, example = "ssh")]
    door: Option<Door>,
    /// On the web, to this application.
    client: Option<String>,
    /// By this PAM service.
    service: Option<String>,
    /// On this host.
    host: Option<String>,
    /// From this address.
    address: Option<String>,
    /// Behind this SSH key.
    key: Option<String>,
}

/// Say what would be asked of somebody, and which rule decides
///
/// For each place where they can come in.
#[utoipa::path(get, operation_id = "explain_policy", path = "/policy/explain", tag = "policy", params(Supposed),
    responses((status = OK, body = Vec<Explained>), Refused), security(("token" = ["policy:read"])))]
async fn explain(
    State(app): State<App>,
    asking: Asking,
    Asked(supposed): Asked<Supposed>,
) -> Result<Json<Vec<Explained>>, Refusal> {
    let Supposed { person, door, client, service, host, address, key } = supposed;
    let nobody = || Refusal::invalid("person: there is nobody of that name");
    let name = person.parse().map_err(|_| nobody())?;
    let person = app.store.person_by_name(&name).await?.ok_or_else(nobody)?;
    let client: Option<ClientId> =
        client.map(|id| id.parse()).transpose().map_err(|_| Refusal::invalid("client: no client id"))?;
    let [service, host, network, key] = [service, host, address, key].map(Option::unwrap_or_default);
    let limits = Limits { client: String::new(), service, host, network, key };
    let told = limits.told().map_err(|(field, text)| Refusal::invalid(format!("{field}: {}", text.plain())))?;
    let policy = app.logins.policy(asking.now).await?;
    let places = match (&client, door) {
        (Some(client), None | Some(Door::Web)) => vec![Where::web(Some(client))],
        (Some(_), Some(_)) => return Err(Refusal::invalid("client: applications are on the web")),
        (None, Some(door)) => vec![door.into()],
        (None, None) => policy.places(),
    };
    let explain = |at| app.logins.explain(&policy, &person, app.logins.told(&told, at), asking.now);
    Ok(Json(places.into_iter().map(explain).collect()))
}
