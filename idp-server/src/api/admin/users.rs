//! People: looked for, read, added, changed, removed.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use twolatch_core::api_token::Scope;
use twolatch_core::factor::Kind;
use twolatch_core::policy::Level;
use twolatch_core::store::Person;
use twolatch_core::store::people::Damaged;
use twolatch_core::user::{Email, GroupName, Role, UserName};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::admit::Asking;
use super::asked::{Asked, Given, IfMatch, there};
use super::shape::{Outdated, Refused, Unread, tagged};
use crate::api::body::Sent;
use crate::api::refusal::Refusal;
use crate::pages::admin::users::filter::Filter;
use crate::person::{self, Changes, New};
use crate::state::App;
use crate::view::user::{Row, Whole};
use crate::view::words;
use crate::web::path::person::Act;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(read, change, remove)).routes(routes!(act))
}

/// Which people are meant.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is checked and described here; the console's own reader reads it")]
struct Search {
    /// How name or address begin.
    q: Option<String>,
    /// How the second factor stands.
    #[param(value_type = Option<String>, example = "pending")]
    status: Option<String>,
    /// The role.
    #[param(value_type = Option<String>, example = "member")]
    role: Option<String>,
    /// In this group.
    group: Option<String>,
    /// With this method set up.
    #[param(example = "totp")]
    method: Option<String>,
    /// `yes`: only those who have to wait, or are held.
    #[param(example = "yes")]
    locked: Option<String>,
    /// `name`, `status`, `methods`, `role`, `group`, `login`, `locked` or `added`; with `-` before it the other way round.
    sort: Option<String>,
    /// Which page, from 1; each has 50.
    page: Option<u32>,
}

/// A page of people.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserPage)]
struct Found {
    /// How many match.
    total: i64,
    /// Which page this is.
    page: i64,
    /// Who is on it.
    users: Vec<Row>,
    /// Whose rows were changed by hand: no more is known of them.
    unreadable: Vec<String>,
}

/// List people
#[utoipa::path(get, operation_id = "list_users", path = "/users", tag = "users", params(Search), responses((status = OK, body = Found), Refused),
    security(("token" = ["users:read"])))]
async fn list(
    State(app): State<App>,
    asking: Asking,
    Asked(_): Asked<Search>,
    RawQuery(query): RawQuery,
) -> Result<Json<Found>, Refusal> {
    let filter =
        Filter::read(&query.unwrap_or_default()).map_err(|_| Refusal::invalid("no such filter, order or page"))?;
    let (search, now) = (filter.search(), asking.now);
    let policy = app.logins.policy(now).await?;
    let total = app.store.count_people(&search, &policy, now).await?;
    let (mut users, mut unreadable) = (Vec::new(), Vec::new());
    for found in app.store.find_people(&search, &policy, filter.part(), now).await? {
        match found {
            Ok(found) => users.push(Row::of(&found, &policy, now)),
            Err(Damaged { name, .. }) => unreadable.push(name),
        }
    }
    Ok(Json(Found { total, page: filter.page, users, unreadable }))
}

/// Somebody to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUser)]
struct Added {
    /// The user name, as Linux knows it.
    name: String,
    /// Not known to be theirs until they have read mail there.
    email: Option<String>,
    /// `member`, if nothing is said.
    #[schema(schema_with = words::role)]
    role: Option<Role>,
    #[serde(default)]
    groups: Vec<String>,
    /// Whether a link is mailed to them that sets a password.
    #[serde(default)]
    invite: bool,
}

/// Add somebody
#[utoipa::path(post, operation_id = "add_user", path = "/users", tag = "users", request_body = Added,
    responses((status = CREATED, body = Whole, headers(("ETag" = String))), Refused, Unread),
    security(("token" = ["users:write"])))]
async fn add(State(app): State<App>, asking: Asking, Sent(added): Sent<Added>) -> Result<Response, Refusal> {
    let Added { name, email, role, groups, invite } = added;
    let new = New {
        name: name.parse().map_err(|error| Refusal::invalid(format!("name: {error}")))?,
        email: email.map(|email| address(&email)).transpose()?,
        role: role.unwrap_or(Role::Member),
        groups: group_names(groups)?,
        invite,
    };
    if new.role == Role::Admin {
        asking.needs(Scope::AdminsWrite)?;
    }
    let actor = asking.actor();
    let user = person::add(&app, new, &actor).await?;
    if invite {
        person::act(&app, Act::Invite, &user.name, &actor).await?;
    }
    let whole = whole(&app, Person::bare(user), &asking).await?;
    Ok(tagged(StatusCode::CREATED, whole.version(), whole))
}

/// Read somebody
#[utoipa::path(get, operation_id = "read_user", path = "/users/{name}", tag = "users", params(("name" = String, Path)),
    responses((status = OK, body = Whole, headers(("ETag" = String))), Refused), security(("token" = ["users:read"])))]
async fn read(State(app): State<App>, asking: Asking, Path(name): Path<String>) -> Result<Response, Refusal> {
    let person = named(&app, &name).await?;
    let whole = whole(&app, person, &asking).await?;
    Ok(tagged(StatusCode::OK, whole.version(), whole))
}

/// Values that take the place of others. What is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserChange)]
struct Changed {
    #[schema(schema_with = words::role)]
    role: Option<Role>,
    /// All groups, not those that are added.
    groups: Option<Vec<String>>,
    /// The rule for this person alone; `null` takes it away.
    #[serde(default, deserialize_with = "there")]
    #[schema(schema_with = words::level_or_none)]
    level: Option<Given<Level>>,
    /// Nothing else may they set up; `null` takes that away.
    #[serde(default, deserialize_with = "there")]
    #[schema(schema_with = words::methods_or_none)]
    methods: Option<Given<BTreeSet<Kind>>>,
    /// A new address. It takes the other one's place once its reader has opened a link that is mailed there, and comes
    /// alone in a request.
    email: Option<String>,
}

/// Change somebody
///
/// All of it or nothing. It ends their sessions.
#[utoipa::path(patch, operation_id = "change_user", path = "/users/{name}", tag = "users", request_body = Changed,
    params(("name" = String, Path), ("If-Match" = String, Header)),
    responses((status = OK, body = Whole, headers(("ETag" = String))), Refused, Unread, Outdated),
    security(("token" = ["users:write"])))]
async fn change(
    State(app): State<App>,
    asking: Asking,
    Path(name): Path<String>,
    from: IfMatch,
    Sent(changed): Sent<Changed>,
) -> Result<Response, Refusal> {
    let (person, seen) = (others(&app, &name, &asking).await?, from.number()?);
    let Changed { role, groups, level, methods, email } = changed;
    if role == Some(Role::Admin) {
        asking.needs(Scope::AdminsWrite)?;
    }
    let (level, methods) = (level.map(|Given(own)| own), methods.map(|Given(own)| own));
    if methods.iter().flatten().flatten().any(|kind| !Kind::METHODS.contains(kind))
        || methods.iter().flatten().any(BTreeSet::is_empty)
    {
        return Err(Refusal::invalid("methods: totp, email_code or both, or null"));
    }
    let changes = Changes { role, groups: groups.map(group_names).transpose()?, level, methods };
    let (actor, name) = (asking.actor(), &person.user.name);
    let stale = |error| Refusal::from(error).stale();
    match (email, changes.is_empty()) {
        (Some(email), true) => {
            app.logins.offer_address_seen(name, seen, address(&email)?, &actor).await.map_err(stale)?;
        }
        (None, false) => drop(person::change(&app, (name, seen), changes, &actor).await.map_err(stale)?),
        (Some(_), false) => return Err(Refusal::invalid("email: an address is offered in a request of its own")),
        (None, true) => return Err(Refusal::invalid("nothing to change: name role, groups, level, methods or email")),
    }
    let whole = whole(&app, app.logins.named(name).await?, &asking).await?;
    Ok(tagged(StatusCode::OK, whole.version(), whole))
}

/// Remove somebody
#[utoipa::path(delete, operation_id = "remove_user", path = "/users/{name}", tag = "users", params(("name" = String, Path)),
    responses((status = NO_CONTENT, description = "They are removed."), Refused), security(("token" = ["users:write"])))]
async fn remove(State(app): State<App>, asking: Asking, Path(name): Path<String>) -> Result<StatusCode, Refusal> {
    let person = others(&app, &name, &asking).await?;
    person::act(&app, Act::Remove, &person.user.name, &asking.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is done to somebody without a value.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Action {
    /// The address that another administrator has given is right.
    ConfirmAddress,
    /// A mailed link that sets a password.
    Invite,
    /// More time to set up.
    ReopenSetup,
    /// All second factors go; sessions and remembered devices end.
    ResetFactors,
    /// Holds and delays are lifted.
    Unlock,
    /// All sessions and API tokens end.
    EndSessions,
    /// All remembered devices are forgotten.
    ForgetDevices,
    /// Nobody logs in with the account.
    Disable,
    /// They do again.
    Enable,
}

impl From<Action> for Act {
    fn from(action: Action) -> Self {
        match action {
            Action::ConfirmAddress => Self::ConfirmAddress,
            Action::Invite => Self::Invite,
            Action::ReopenSetup => Self::ReopenSetup,
            Action::ResetFactors => Self::Reset,
            Action::Unlock => Self::Unlock,
            Action::EndSessions => Self::EndSessions,
            Action::ForgetDevices => Self::ForgetDevices,
            Action::Disable => Self::Disable,
            Action::Enable => Self::Enable,
        }
    }
}

/// Do something to somebody
#[utoipa::path(post, operation_id = "act_on_user", path = "/users/{name}/{action}", tag = "users",
    params(("name" = String, Path), ("action" = inline(Action), Path)),
    responses((status = NO_CONTENT, description = "It is done."), Refused), security(("token" = ["users:write"])))]
async fn act(
    State(app): State<App>,
    asking: Asking,
    Path((name, action)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let known = serde_json::from_value::<Action>(action.into());
    let action = known.map_err(|_| Refusal::missing("there is no such action; openapi.json lists them"))?;
    let person = others(&app, &name, &asking).await?;
    person::act(&app, action.into(), &person.user.name, &asking.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn named(app: &App, name: &str) -> Result<Person, Refusal> {
    let missing = || Refusal::missing("there is nobody of that name; GET /users lists all");
    let name: UserName = name.parse().map_err(|_| missing())?;
    app.store.person_by_name(&name).await?.ok_or_else(missing)
}

/// Somebody who is not the token's own person: nobody does anything to the own account here. An administrator only where the
/// token is for that.
pub(super) async fn others(app: &App, name: &str, asking: &Asking) -> Result<Person, Refusal> {
    let person = named(app, name).await?;
    if asking.is(&person.user) {
        return Err(Refusal::not_allowed("this is the token's own person: they change the own account in a browser"));
    }
    if person.user.role == Role::Admin {
        asking.needs(Scope::AdminsWrite)?;
    }
    Ok(person)
}

async fn whole(app: &App, person: Person, asking: &Asking) -> Result<Whole, Refusal> {
    let policy = app.logins.policy(asking.now).await?;
    Ok(Whole::read(app, person, &policy, asking.now).await?)
}

fn address(text: &str) -> Result<Email, Refusal> {
    text.parse().map_err(|_| Refusal::invalid("email: not a mail address"))
}

/// Sorted, each once.
fn group_names(all: Vec<String>) -> Result<Vec<GroupName>, Refusal> {
    let names = all.into_iter().map(|name| name.parse());
    let names: Result<BTreeSet<GroupName>, _> = names.collect();
    Ok(names.map_err(|error| Refusal::invalid(format!("groups: {error}")))?.into_iter().collect())
}
