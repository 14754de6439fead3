//! Applications that sign people in: listed, registered, changed, tried, removed. A secret leaves once, when it is made.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use twolatch_core::api_token::Scope as Reads;
use twolatch_core::client::{AuthMethod, Client};
use twolatch_core::crypto::random_text;
use twolatch_core::login::clients::{Change, RENEWED};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::details::Details;
use super::admit::Asking;
use super::asked::{Asked, IfMatch};
use super::shape::{Outdated, Refused, Unread, tagged};
use crate::api::body::Sent;
use crate::api::refusal::Refusal;
use crate::oidc::foresee::foresee;
use crate::oidc::scope::Scope;
use crate::presets::{self, Preset, Told};
use crate::state::App;
use crate::view::client::{Delivery, Learnt, Registered, Row, Used};
use crate::web::path::host;

mod details;

/// Applications on a page.
const PAGE: i64 = 100;

/// The longest that a secret is good beside a newer one, in hours.
const MOST_KEPT: u16 = 720;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(presets))
        .routes(routes!(read, change, remove))
        .routes(routes!(renew))
        .routes(routes!(deliveries))
        .routes(routes!(test))
        .routes(routes!(act))
}

/// Which page.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Pages {
    /// From 1; each has 100.
    page: Option<u32>,
}

/// A page of applications.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClientPage)]
struct Found {
    /// How many there are.
    total: i64,
    /// Each as `twolatch client list --json` has it.
    clients: Vec<Row>,
    /// Whose rows were changed by hand: no more is known of them, and nobody signs in there.
    unreadable: Vec<String>,
}

/// List applications
#[utoipa::path(get, operation_id = "list_clients", path = "/clients", tag = "clients", params(Pages), responses((status = OK, body = Found), Refused),
    security(("token" = ["clients:read"])))]
async fn list(State(app): State<App>, _: Asking, Asked(Pages { page }): Asked<Pages>) -> Result<Json<Found>, Refusal> {
    let page = page.unwrap_or(1);
    if page == 0 {
        return Err(Refusal::invalid("page: from 1"));
    }
    let total = app.store.count_clients().await?;
    let (mut clients, mut unreadable) = (Vec::new(), Vec::new());
    for found in app.store.find_clients((i64::from(page) - 1) * PAGE, PAGE).await? {
        match found {
            Ok(client) => clients.push(Row::of(&client)),
            Err(id) => unreadable.push(id),
        }
    }
    Ok(Json(Found { total, clients, unreadable }))
}

/// What an application can be.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Preset)]
struct Kind {
    /// The word for it, to register one.
    preset: &'static str,
    title: String,
    hint: String,
}

/// List presets
#[utoipa::path(get, operation_id = "list_presets", path = "/client-presets", tag = "clients", responses((status = OK, body = Vec<Kind>), Refused),
    security(("token" = ["clients:read"])))]
async fn presets(_: Asking) -> Json<Vec<Kind>> {
    let kind =
        |preset: Preset| Kind { preset: preset.word, title: preset.title().plain(), hint: preset.hint().plain() };
    Json(Preset::all().map(kind).collect())
}

/// An application to be registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewClient)]
struct Added {
    /// A random one, if nothing is said.
    client_id: Option<String>,
    /// What it is: `server`, `spa`, `native`, `machine`, `reverse-proxy`, or an application by name.
    preset: Option<String>,
    /// Where people open it, for an application by name.
    url: Option<String>,
    /// How it proves itself: `client_secret_basic` if nothing is said.
    #[schema(value_type = Option<String>)]
    auth_method: Option<AuthMethod>,
    /// It cannot do PKCE.
    #[serde(default)]
    no_pkce: bool,
    #[serde(flatten)]
    details: Details,
}

/// Register an application
///
/// The answer is as `twolatch client add --json` has it: it holds `client_secret`, which is told once.
#[utoipa::path(post, operation_id = "add_client", path = "/clients", tag = "clients", request_body = Added,
    responses((status = CREATED, body = Registered, headers(("ETag" = String))), Refused, Unread),
    security(("token" = ["clients:write"])))]
async fn add(State(app): State<App>, asking: Asking, Sent(added): Sent<Added>) -> Result<Response, Refusal> {
    let Added { client_id, preset, url, auth_method, no_pkce, details } = added;
    let id = client_id.map_or_else(|| random_text::<10>(app.entropy()), Ok)?;
    let id = id.parse().map_err(|error| Refusal::invalid(format!("client_id: {error}")))?;
    let preset =
        preset.map(|word| Preset::find(&word).ok_or_else(|| Refusal::invalid("preset: there is none like that")));
    let preset = preset.transpose()?;
    let mut client = Client::new(id, preset.map(|preset| preset.name().to_owned()).unwrap_or_default(), asking.now);
    if let Some(preset) = preset {
        let shaped = preset.shape(&mut client, url.as_deref());
        shaped.map_err(|error| Refusal::invalid(format!("url: {error}")))?;
    }
    client.auth_method = auth_method.unwrap_or(client.auth_method);
    client.pkce_waived_at = no_pkce.then_some(asking.now);
    details.put(&mut client)?;
    let (client, secret) = app.logins.add_client(client, host(&app.config), &asking.actor()).await?;
    let secret = secret.as_ref().map(twolatch_core::secret::Secret::expose);
    let random = random_text::<20>(app.entropy())?;
    let address = presets::address(url.as_deref().unwrap_or_default()).unwrap_or_default();
    let told = Told { issuer: &app.config.issuer, id: client.id.as_str(), secret, address, random: &random };
    let lines = preset.and_then(|preset| preset.lines(told));
    let told = Row::of(&client).registered(secret, lines.map(|lines| (lines.place, lines.text)));
    Ok(tagged(StatusCode::CREATED, app.store.client_version(&client)?, told))
}

/// Read an application
///
/// As `twolatch client show --json` has it, with how it is used and what went wrong lately.
#[utoipa::path(get, operation_id = "read_client", path = "/clients/{id}", tag = "clients", params(("id" = String, Path)),
    responses((status = OK, body = Used, headers(("ETag" = String))), Refused),
    security(("token" = ["clients:read"])))]
async fn read(State(app): State<App>, asking: Asking, Path(id): Path<String>) -> Result<Response, Refusal> {
    let client = known(&app, &id).await?;
    let counted = app.store.happenings_of(&client.id, asking.now).await?;
    Ok(tagged(StatusCode::OK, app.store.client_version(&client)?, Row::of(&client).used(&counted)))
}

/// A change of an application.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Changed {
    #[serde(flatten)]
    details: Details,
}

/// Change an application
///
/// What is named takes the place of what there was; `null` takes an address away.
#[utoipa::path(patch, operation_id = "change_client", path = "/clients/{id}", tag = "clients", request_body = Details,
    params(("id" = String, Path), ("If-Match" = String, Header)),
    responses((status = OK, body = Row, headers(("ETag" = String))), Refused, Unread, Outdated),
    security(("token" = ["clients:write"])))]
async fn change(
    State(app): State<App>,
    asking: Asking,
    Path(id): Path<String>,
    from: IfMatch,
    Sent(Changed { details }): Sent<Changed>,
) -> Result<Response, Refusal> {
    let client = known(&app, &id).await?;
    let mut after = client.clone();
    // Whether it can be put there is told before anything is done.
    let named = details.named();
    details.clone().put(&mut after)?;
    if after == client {
        return Err(Refusal::invalid("nothing to change: name what is to be other"));
    }
    let change = Change {
        id: client.id,
        seen: Some(from.text().to_owned()),
        said: format!("has another {}", named.join(", ")).into(),
    };
    let edit = move |client: &mut Client| drop(details.put(client));
    let changed = app.logins.change_client(change, host(&app.config), &asking.actor(), edit).await;
    let client = changed.map_err(|error| Refusal::from(error).stale())?;
    Ok(tagged(StatusCode::OK, app.store.client_version(&client)?, Row::of(&client)))
}

/// Remove an application
#[utoipa::path(delete, operation_id = "remove_client", path = "/clients/{id}", tag = "clients", params(("id" = String, Path)),
    responses((status = NO_CONTENT, description = "It is removed."), Refused), security(("token" = ["clients:write"])))]
async fn remove(State(app): State<App>, asking: Asking, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    let client = known(&app, &id).await?;
    app.logins.delete_client(client.id, &asking.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How a secret is renewed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SecretRenewal)]
struct Renewal {
    /// For how many hours the one before is good, too; 0 where it has leaked.
    #[schema(maximum = 720)]
    keep_hours: u16,
}

/// A new secret, told once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewSecret)]
struct Renewed {
    client_id: String,
    client_secret: String,
    /// Until when the one before is good.
    former_secret_until: Option<i64>,
}

/// Give an application another secret
#[utoipa::path(post, operation_id = "renew_client_secret", path = "/clients/{id}/secret", tag = "clients", request_body = Renewal,
    params(("id" = String, Path), ("If-Match" = String, Header)),
    responses((status = OK, body = Renewed, headers(("ETag" = String))), Refused, Unread, Outdated),
    security(("token" = ["clients:write"])))]
async fn renew(
    State(app): State<App>,
    asking: Asking,
    Path(id): Path<String>,
    from: IfMatch,
    Sent(Renewal { keep_hours }): Sent<Renewal>,
) -> Result<Response, Refusal> {
    if keep_hours > MOST_KEPT {
        return Err(Refusal::invalid("keep_hours: 0 to 720"));
    }
    let client = known(&app, &id).await?;
    let change = Change { id: client.id, seen: Some(from.text().to_owned()), said: RENEWED.into() };
    let keep = i64::from(keep_hours) * 3600;
    let renewed = app.logins.renew_client_secret(change, keep, host(&app.config), &asking.actor()).await;
    let (client, secret) = renewed.map_err(|error| Refusal::from(error).stale())?;
    let told = Renewed {
        client_id: client.id.to_string(),
        client_secret: secret.expose().to_owned(),
        former_secret_until: client.former.as_ref().map(|(_, until)| until.unix()),
    };
    Ok(tagged(StatusCode::OK, app.store.client_version(&client)?, told))
}

/// List what an application was told of sign-outs
///
/// The latest first, as `twolatch client logouts --json` has it.
#[utoipa::path(get, operation_id = "list_deliveries", path = "/clients/{id}/deliveries", tag = "clients", params(("id" = String, Path)),
    responses((status = OK, body = Vec<Delivery>), Refused), security(("token" = ["clients:read"])))]
async fn deliveries(State(app): State<App>, _: Asking, Path(id): Path<String>) -> Result<Json<Vec<Delivery>>, Refusal> {
    let client = known(&app, &id).await?;
    Ok(Json(app.store.logouts_of(&client.id).await?.iter().map(Delivery::from).collect()))
}

/// A sign-in that is supposed.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Supposed {
    /// Whose.
    user: String,
    /// What it asks for beside `openid`, with spaces between; `profile email groups` if nothing is said.
    scope: Option<String>,
}

/// Say what an application would learn if somebody signed in to it now
///
/// Nobody does, and no token is made. As in the console, administrators alone may know. It needs `users:read`, too.
#[utoipa::path(get, operation_id = "test_client", path = "/clients/{id}/test", tag = "clients", params(("id" = String, Path), Supposed),
    responses((status = OK, body = Learnt), Refused), security(("token" = ["clients:write"])))]
async fn test(
    State(app): State<App>,
    asking: Asking,
    Path(id): Path<String>,
    Asked(Supposed { user, scope }): Asked<Supposed>,
) -> Result<Json<Learnt>, Refusal> {
    asking.needs(Reads::UsersRead)?;
    let client = known(&app, &id).await?;
    let nobody = || Refusal::invalid("user: there is nobody of that name");
    let person = app.store.person_by_name(&user.parse().map_err(|_| nobody())?).await?.ok_or_else(nobody)?;
    let scopes = Scope::parse(scope.as_deref().unwrap_or("profile email groups"));
    let foreseen = foresee(&app, &client, &person, &scopes, asking.now).await;
    let foreseen = foreseen
        .map_err(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", error.detail().to_owned()))?;
    Ok(Json(foreseen.into()))
}

/// What is done to an application without a value.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Action {
    /// Nobody signs in to it; what it holds is worth nothing meanwhile.
    Disable,
    /// People sign in to it again.
    Enable,
}

/// Disable or enable an application
#[utoipa::path(post, operation_id = "act_on_client", path = "/clients/{id}/{action}", tag = "clients",
    params(("id" = String, Path), ("action" = inline(Action), Path)),
    responses((status = NO_CONTENT, description = "It is done."), Refused), security(("token" = ["clients:write"])))]
async fn act(
    State(app): State<App>,
    asking: Asking,
    Path((id, action)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let action = serde_json::from_value::<Action>(action.into());
    let action = action.map_err(|_| Refusal::missing("there is no such action; openapi.json lists them"))?;
    let (client, now) = (known(&app, &id).await?, asking.now);
    let (said, since) = match action {
        Action::Disable => ("is disabled", Some(now)),
        Action::Enable => ("is enabled", None),
    };
    let edit = move |client: &mut Client| client.disabled_at = since.map(|since| client.disabled_at.unwrap_or(since));
    app.logins.change_client(Change::of(client.id, said), host(&app.config), &asking.actor(), edit).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn known(app: &App, id: &str) -> Result<Client, Refusal> {
    let missing = || Refusal::missing("there is no such application; GET /clients lists all");
    let id = id.parse().map_err(|_| missing())?;
    app.store.client(&id).await?.ok_or_else(missing)
}
