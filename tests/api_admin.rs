//! The admin API: who may ask for what, by role, scope and operation, as its description says; and when a token ends.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use axum::body::Body;
use axum::http::{HeaderMap, Method, StatusCode, header};
use idp_server::api::admin::operation::{self, Operation};
use idp_server::api::admin::{API, DESCRIPTION, document};
use serde_json::{Value, json};
use twolatch_core::api_token::{PREFIX, Scope, TOKENS_EACH};
use twolatch_core::login::api_tokens::{TokenError, Wanted};
use twolatch_core::login::manage::{Acting, Actor, ManageError};
use twolatch_core::secret::Secret;
use twolatch_core::user::{Role, User};

use crate::admin::of_role;
use crate::support::core::{Core, NOW, actor, on_both, parsed};
use crate::support::site::{Browser, ISSUER, Page, Site};

mod clients;
mod console;
mod ended;
mod mapping;
mod others;
mod policy;
mod scopes;
mod users;

on_both!(tokens_are_kept_found_and_swept,);

/// An answer.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) json: Value,
    pub(super) text: String,
}

impl Told {
    /// The word for why nothing was done.
    pub(super) fn error(&self) -> &str {
        self.json["error"].as_str().unwrap_or_default()
    }

    /// What a change is made from.
    pub(super) fn tag(&self) -> String {
        self.headers[header::ETAG].to_str().unwrap().to_owned()
    }
}

/// A program with a token.
#[derive(Debug, Clone)]
pub(super) struct Program(pub(super) String);

impl Program {
    pub(super) async fn get(&self, site: &Site, to: &str) -> Told {
        self.ask(site, Method::GET, to, None, None).await
    }

    pub(super) async fn post(&self, site: &Site, to: &str, body: Value) -> Told {
        self.ask(site, Method::POST, to, None, Some(body)).await
    }

    pub(super) async fn ask(
        &self,
        site: &Site,
        method: Method,
        to: &str,
        tag: Option<&str>,
        body: Option<Value>,
    ) -> Told {
        let body_text = body.as_ref().map(Value::to_string).unwrap_or_default();
        let mut request = Browser::default().request(method, &format!("{API}{to}"), Body::from(body_text));
        let headers = request.headers_mut();
        headers.insert(header::AUTHORIZATION, format!("Bearer {}", self.0).parse().unwrap());
        if body.is_some() {
            headers.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        }
        if let Some(tag) = tag {
            headers.insert(header::IF_MATCH, tag.parse().unwrap());
        }
        told(site.send(request).await)
    }
}

fn told(page: Page) -> Told {
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store", "{page:?}");
    assert!(page.headers.get(header::SET_COOKIE).is_none(), "{page:?}");
    let json = serde_json::from_str(&page.body).unwrap_or_default();
    Told { status: page.status.as_u16(), headers: page.headers, json, text: page.body }
}

/// A token in somebody's name.
pub(super) async fn program(site: &Site, name: &str, scopes: &[Scope]) -> Program {
    let wanted = Wanted { note: "a script".to_owned(), scopes: scopes.iter().copied().collect(), days: 90 };
    let (_, shown) = site.app.logins.add_api_token(&parsed(name), wanted, &actor(site.now())).await.unwrap();
    Program(shown.expose().to_owned())
}

/// Somebody of a role, without a password.
pub(super) async fn person(site: &Site, name: &str, role: Role) {
    site.core.member(name).await;
    change(site, name, |user| user.role = role).await;
}

pub(super) async fn change(site: &Site, name: &str, edit: impl FnOnce(&mut User) + Send) {
    site.app.logins.change_user(&parsed(name), String::new(), &actor(site.now()), edit).await.unwrap();
}

/// A site with an administrator, and a program that may all that they may.
pub(super) async fn with_admin() -> (Site, Program) {
    let site = Site::mailing().await;
    person(&site, "root", Role::Admin).await;
    person(&site, "boss", Role::Admin).await;
    let program = program(&site, "boss", &Scope::ALL).await;
    (site, program)
}

/// The latest record of something: who, whom, from where, and what else.
pub(super) async fn record(site: &Site, event: &str) -> (String, String, String, String) {
    let filter = twolatch_core::store::audit::Filter { event: Some(event.parse().unwrap()), ..Default::default() };
    let found = site.app.store.search_audit(&filter, None, 1).await.unwrap().records.remove(0);
    let text = |text: Option<String>| text.unwrap_or_default();
    (text(found.actor), text(found.user_name), text(found.source), text(found.detail))
}

#[tokio::test(flavor = "multi_thread")]
async fn t9_every_operation_asks_for_its_scope_and_for_who_may_use_it() {
    let site = Site::new().await;
    let (boss, _) = of_role(&site, "boss", Role::Admin).await;
    person(&site, "second", Role::Admin).await;
    person(&site, "looks", Role::Supervisor).await;
    let mut matrix = format!("{:<40} {:<7} {:<19} none cookie others supervisor admin", "", "", "");
    for operation in operation::all(&document(ISSUER)) {
        let Operation { path, method, scope, is_open, .. } = &operation;
        let Some(scope) = *scope else {
            assert!(*is_open && path == DESCRIPTION, "{path}: an operation without a scope that there is");
            continue;
        };
        let mut to = path.clone();
        for (name, value) in [("{name}", "nobody"), ("{id}", "none"), ("{action}", "unlock"), ("{version}", "7")] {
            to = to.replace(name, value);
        }
        let method: Method = method.parse().unwrap();
        let send = async |token: Option<&Program>, browser: &Browser| {
            let mut request = browser.request(method.clone(), &format!("{API}{to}"), Body::empty());
            if let Some(Program(token)) = token {
                request.headers_mut().insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
            }
            told(site.send(request).await)
        };
        let nobody = Browser::default();
        let others: Vec<Scope> = Scope::ALL.into_iter().filter(|other| *other != scope).collect();
        let others = send(Some(&program(&site, "second", &others).await), &nobody).await;
        assert_eq!((others.status, others.error()), (403, "insufficient_scope"), "{method} {path}");
        let looks = if scope.writes() {
            // Nobody makes such a token for them; this one is from when they might.
            change(&site, "looks", |user| user.role = Role::Admin).await;
            let before = program(&site, "looks", &[scope]).await;
            change(&site, "looks", |user| user.role = Role::Supervisor).await;
            send(Some(&before), &nobody).await
        } else {
            send(Some(&program(&site, "looks", &[scope]).await), &nobody).await
        };
        let admin = send(Some(&program(&site, "second", &[scope]).await), &nobody).await;
        let (none, cookie) = (send(None, &nobody).await, send(None, &boss).await);
        for told in [&none, &cookie] {
            assert_eq!((told.status, told.error()), (401, "invalid_token"), "{method} {path}: {told:?}");
            assert_eq!(told.headers[header::WWW_AUTHENTICATE], "Bearer error=\"invalid_token\"");
        }
        assert!(![401, 403, 405].contains(&admin.status), "{method} {path}: {admin:?}");
        assert_eq!(looks.status == 401, scope.writes(), "{method} {path}: {looks:?}");
        let scope = scope.as_str();
        let statuses = [&none, &cookie, &others, &looks, &admin].map(|told| told.status.to_string());
        let [none, cookie, others, looks, admin] = &statuses;
        write!(matrix, "\n{path:<40} {method:<7} {scope:<19} {none:<4} {cookie:<6} {others:<6} {looks:<10} {admin}")
            .unwrap();
        for name in ["second", "looks"] {
            site.app.logins.end_sessions_of(&parsed(name), &actor(site.now())).await.unwrap();
        }
    }
    insta::assert_snapshot!("role_and_scope", matrix);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_is_served_to_everybody_and_made_from_the_code() {
    let site = Site::new().await;
    let page = site.send(Browser::default().request(Method::GET, "/api/v1/openapi.json", Body::empty())).await;
    assert_eq!(page.status, StatusCode::OK);
    let served: Value = serde_json::from_str(&page.body).unwrap();
    assert_eq!(served, serde_json::to_value(document(ISSUER)).unwrap());
    assert_eq!(served["openapi"], "3.1.0");
    let ids: Vec<&str> = served["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    let each: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), each.len(), "an operation has a name of its own");
    insta::assert_snapshot!("openapi", serde_json::to_string_pretty(&served).unwrap());
}

/// Names of fields that hold what nobody is told.
const SECRET: [&str; 8] = ["password", "passwd", "seed", "code", "otp", "recovery_code", "totp", "secret"];

#[test]
fn rec_12_no_field_holds_a_password_a_seed_or_a_code() {
    fn walk(value: &Value, at: &str) {
        if let Some(properties) = value.get("properties").and_then(Value::as_object) {
            for name in properties.keys() {
                assert!(!SECRET.contains(&name.as_str()), "{at}: {name}");
            }
        }
        match value {
            Value::Object(members) => members.iter().for_each(|(name, value)| walk(value, &format!("{at}/{name}"))),
            Value::Array(all) => all.iter().for_each(|value| walk(value, at)),
            _ => {}
        }
    }
    walk(&serde_json::to_value(document(ISSUER)).unwrap(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_with_whatever_changes_its_person_and_with_time() {
    let (site, _) = with_admin().await;
    for name in ["keeper", "ann"] {
        site.enrolled(name).await;
    }
    change(&site, "keeper", |user| user.role = Role::Admin).await;
    let works = async |program: &Program| program.get(&site, "/users").await.status;
    let ended = async |what: &str, program: Program| assert_eq!(works(&program).await, 401, "{what}");
    let (name, by) = (parsed("ann"), actor(site.now()));
    let logins = &site.app.logins;
    change(&site, "ann", |user| user.role = Role::Admin).await;
    let make = async || {
        let made = program(&site, "ann", &[Scope::UsersRead]).await;
        assert_eq!(works(&made).await, 200);
        made
    };
    let one = make().await;
    change(&site, "ann", |user| user.role = Role::Supervisor).await;
    ended("another role", one).await;
    let one = make().await;
    logins.reset_password(&name, Secret::new("another copper lantern".to_owned()), true, &by).await.unwrap();
    ended("another password", one).await;
    let one = make().await;
    logins.reset_factors(&name, &by).await.unwrap();
    ended("reset", one).await;
    let one = make().await;
    logins.end_sessions_of(&name, &by).await.unwrap();
    ended("sessions are ended", one).await;
    let one = make().await;
    change(&site, "ann", |user| user.disabled_at = Some(NOW)).await;
    ended("disabled", one.clone()).await;
    change(&site, "ann", |user| user.disabled_at = None).await;
    ended("enabled again", one).await;
    let one = make().await;
    site.advance(90 * 86_400 - 1);
    assert_eq!(works(&one).await, 200);
    site.advance(1);
    ended("90 days", one).await;
    let one = make().await;
    logins.delete_user(&name, &actor(site.now())).await.unwrap();
    ended("removed", one).await;
    assert_eq!(site.number("SELECT COUNT(*) FROM api_tokens").await, 1, "the administrator's own");
}

#[tokio::test(flavor = "multi_thread")]
async fn t9_who_may_not_govern_now_changes_nothing_by_a_token() {
    let (site, program) = with_admin().await;
    change(&site, "root", |user| user.restricted_until = Some(NOW.plus(86_400))).await;
    let stuck = self::program(&site, "root", &[Scope::UsersRead, Scope::UsersWrite]).await;
    let told = stuck.post(&site, "/users", json!({ "name": "carol" })).await;
    assert_eq!((told.status, told.error()), (403, "not_allowed"), "{told:?}");
    assert_eq!(stuck.get(&site, "/users").await.status, 200);
    assert_eq!(program.post(&site, "/users", json!({ "name": "carol" })).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn rec_9_no_administrator_makes_a_token_of_another_one() {
    let (site, _) = with_admin().await;
    person(&site, "looks", Role::Supervisor).await;
    let root = site.app.store.person_by_name(&parsed("root")).await.unwrap().unwrap().user;
    let acting = Acting { id: root.id, security_version: root.security_version, source: String::new(), token: None };
    let by = Actor { name: "root".to_owned(), now: NOW, acting: Some(acting) };
    let wanted = || Wanted { note: "n".to_owned(), scopes: [Scope::UsersRead].into(), days: 1 };
    let refused = site.app.logins.add_api_token(&parsed("boss"), wanted(), &by).await;
    assert!(matches!(refused, Err(TokenError::NotTheirs(_))), "two have to agree where two have to");
    for name in ["root", "looks"] {
        let _ = site.app.logins.add_api_token(&parsed(name), wanted(), &by).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w_4_neither_other_sites_nor_addresses_carry_a_token() {
    let (site, Program(token)) = with_admin().await;
    let with = async |to: &str, headers: &[(header::HeaderName, &str)]| {
        let mut request = Browser::default().request(Method::GET, &format!("{API}{to}"), Body::empty());
        for (name, value) in headers {
            request.headers_mut().append(name.clone(), value.parse().unwrap());
        }
        told(site.send(request).await)
    };
    let bearer = format!("Bearer {token}");
    let good = (header::AUTHORIZATION, bearer.as_str());
    let own = std::slice::from_ref(&good);
    assert_eq!(with("/users", own).await.status, 200);
    let told = with("/users", &[good.clone(), (header::ORIGIN, "https://evil.example")]).await;
    assert_eq!((told.status, told.error()), (403, "not_allowed"));
    assert!(told.headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).is_none());
    assert_eq!(with("/users", &[good.clone(), good.clone()]).await.status, 401, "twice");
    assert_eq!(with("/users", &[(header::AUTHORIZATION, &token)]).await.status, 401, "no scheme");
    assert_eq!(with(&format!("/users?access_token={token}"), &[]).await.status, 401);
    assert_eq!(with(&format!("/users?access_token={token}"), own).await.status, 400);
    assert_eq!(with(&format!("/users/root?access_token={token}"), own).await.status, 400);
    assert_eq!(with("/nothing", own).await.error(), "not_found");
    let mut request = Browser::default().request(Method::POST, &format!("{API}/openapi.json"), Body::empty());
    request.headers_mut().insert(header::AUTHORIZATION, bearer.parse().unwrap());
    assert_eq!(told_of(&site, request).await.error(), "method_not_allowed");
}

async fn told_of(site: &Site, request: axum::http::Request<Body>) -> Told {
    told(site.send(request).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn t1_guesses_are_charged_to_where_they_come_from_and_keep_no_program_out() {
    let (site, good) = with_admin().await;
    let guess = Program(format!("{PREFIX}{}", "a".repeat(32)));
    for _ in 0..299 {
        assert_eq!(guess.get(&site, "/users").await.status, 401);
    }
    let mut last = guess.get(&site, "/users").await;
    for _ in 0..3 {
        last = guess.get(&site, "/users").await;
    }
    assert_eq!((last.status, last.error()), (429, "wait"), "{last:?}");
    assert!(last.headers.contains_key(header::RETRY_AFTER));
    assert_eq!(good.get(&site, "/users").await.status, 200);
}

async fn tokens_are_kept_found_and_swept(core: Core) {
    core.member("alice").await;
    let (logins, by, alice) = (&core.logins, actor(NOW), parsed("alice"));
    let wanted = |scope| Wanted { note: "n".to_owned(), scopes: [scope].into(), days: 1 };
    let refused = logins.add_api_token(&alice, wanted(Scope::UsersRead), &by).await.unwrap_err();
    assert!(matches!(refused, TokenError::NotForThem(_, Role::Member, _)), "{refused}");
    logins.change_user(&alice, String::new(), &by, |user| user.role = Role::Supervisor).await.unwrap();
    let refused = logins.add_api_token(&alice, wanted(Scope::UsersWrite), &by).await.unwrap_err();
    assert!(matches!(refused, TokenError::NotForThem(..)), "{refused}");
    for days in [0, 366] {
        let refused = logins.add_api_token(&alice, Wanted { days, ..wanted(Scope::UsersRead) }, &by).await;
        assert!(matches!(refused, Err(TokenError::Days)));
    }
    let none = Wanted { scopes: [].into(), ..wanted(Scope::UsersRead) };
    assert!(matches!(logins.add_api_token(&alice, none, &by).await, Err(TokenError::NoScope)));
    let note = Wanted { note: "a\nb".to_owned(), ..wanted(Scope::UsersRead) };
    assert!(matches!(logins.add_api_token(&alice, note, &by).await, Err(TokenError::Note)));
    let missing = logins.add_api_token(&parsed("bob"), wanted(Scope::UsersRead), &by).await;
    assert!(matches!(missing, Err(TokenError::Not(ManageError::NoUser(_)))));
    let (made, shown) = logins.add_api_token(&alice, wanted(Scope::UsersRead), &by).await.unwrap();
    assert!(shown.expose().starts_with(PREFIX) && shown.expose().len() == PREFIX.len() + 32);
    for _ in 1..TOKENS_EACH {
        let _ = logins.add_api_token(&alice, wanted(Scope::AuditRead), &by).await.unwrap();
    }
    let full = logins.add_api_token(&alice, wanted(Scope::UsersRead), &by).await;
    assert!(matches!(full, Err(TokenError::TooMany(_))));
    let store = core.store();
    let found = store.api_token(&made.hash, NOW).await.unwrap().unwrap();
    assert_eq!(found, made);
    assert_eq!(store.api_tokens(3, NOW).await.unwrap().len(), 3);
    store.note_api_token(made.id.clone(), NOW.plus(-600), NOW).await.unwrap();
    store.note_api_token(made.id.clone(), NOW.plus(-1), NOW.plus(9)).await.unwrap();
    assert_eq!(store.api_token(&made.hash, NOW).await.unwrap().unwrap().used_at, Some(NOW), "not again so soon");
    logins.delete_api_token(made.id.clone(), &by).await.unwrap();
    assert!(matches!(logins.delete_api_token(made.id, &by).await, Err(TokenError::Missing(_))));
    assert!(store.api_token(&made.hash, NOW).await.unwrap().is_none());
    assert_eq!(store.sweep_api_tokens(NOW.plus(86_399)).await.unwrap(), 0);
    let (last, _) = logins.add_api_token(&alice, wanted(Scope::UsersRead), &by).await.unwrap();
    core.tamper("UPDATE api_tokens SET scopes = 'users:write'").await;
    assert!(store.api_token(&last.hash, NOW).await.unwrap_err().is_of_a_row(), "somebody else wrote that");
    assert_eq!(store.sweep_api_tokens(NOW.plus(86_400)).await.unwrap(), 20);
}
