//! Whatever the console does, programs can do: each of its routes has its operation, or a reason for having none.

use std::collections::BTreeSet;

use idp_server::api::admin::{document, operation};
use idp_server::router;
use serde::Serialize;
use twolatch_core::api_token::Scope;
use twolatch_core::door::Door;
use twolatch_core::factor::Kind;
use twolatch_core::policy::{Level, RecoveryKept};
use twolatch_core::store::jobs::Action;
use twolatch_core::user::Role;

use crate::support::site::ISSUER;

/// Below `/admin`: the route, and what does the same.
const SAME: [(&str, &[&str]); 54] = [
    ("", &["GET /overview"]),
    ("/users", &["GET /users"]),
    ("/bulk", &["POST /jobs"]),
    ("/bulk/{id}", &["GET /jobs/{id}", "POST /jobs/{id}/start", "GET /jobs"]),
    ("/bulk/{id}/stop", &["POST /jobs/{id}/stop"]),
    ("/settings/security", &["GET /policy", "GET /policy/versions", "GET /policy/exemptions"]),
    ("/settings/switch", &["PUT /policy"]),
    ("/settings/rule", &["PUT /policy"]),
    ("/settings/exemption", &["POST /policy/exemptions"]),
    ("/settings/exemption/end", &["DELETE /policy/exemptions/{id}"]),
    ("/settings/version/{version}", &["POST /policy/versions/{version}/restore"]),
    ("/audit", &["GET /audit"]),
    ("/audit/export", &["GET /audit/export"]),
    ("/audit/verify", &["POST /audit/verify"]),
    ("/settings/configuration", &["GET /configuration"]),
    ("/settings/why", &["GET /policy/explain"]),
    ("/requests", &["GET /requests"]),
    ("/requests/{name}/reset", &["POST /requests/{name}/{action}"]),
    ("/requests/{name}/dismiss", &["POST /requests/{name}/{action}"]),
    ("/add", &["POST /users"]),
    ("/import", &["POST /users.csv"]),
    ("/export", &["GET /users.csv"]),
    ("/user/{name}", &["GET /users/{name}"]),
    ("/user/{name}/role", &["PATCH /users/{name}"]),
    ("/user/{name}/groups", &["PATCH /users/{name}"]),
    ("/user/{name}/level", &["PATCH /users/{name}"]),
    ("/user/{name}/methods", &["PATCH /users/{name}"]),
    ("/user/{name}/address", &["PATCH /users/{name}"]),
    ("/user/{name}/confirm-address", &["POST /users/{name}/{action}"]),
    ("/user/{name}/invite", &["POST /users/{name}/{action}"]),
    ("/user/{name}/reopen-setup", &["POST /users/{name}/{action}"]),
    ("/user/{name}/reset", &["POST /users/{name}/{action}"]),
    ("/user/{name}/unlock", &["POST /users/{name}/{action}"]),
    ("/user/{name}/end-sessions", &["POST /users/{name}/{action}"]),
    ("/user/{name}/forget-devices", &["POST /users/{name}/{action}"]),
    ("/user/{name}/disable", &["POST /users/{name}/{action}"]),
    ("/user/{name}/enable", &["POST /users/{name}/{action}"]),
    ("/user/{name}/remove", &["DELETE /users/{name}"]),
    ("/clients", &["GET /clients"]),
    ("/clients/new", &["POST /clients", "GET /client-presets"]),
    ("/client/{id}", &["GET /clients/{id}", "GET /clients/{id}/deliveries"]),
    ("/client/{id}/test", &["GET /clients/{id}/test"]),
    ("/client/{id}/name", &["PATCH /clients/{id}"]),
    ("/client/{id}/trust", &["PATCH /clients/{id}"]),
    ("/client/{id}/groups", &["PATCH /clients/{id}"]),
    ("/client/{id}/hosts", &["PATCH /clients/{id}"]),
    ("/client/{id}/redirect-uris", &["PATCH /clients/{id}"]),
    ("/client/{id}/after-logout", &["PATCH /clients/{id}"]),
    ("/client/{id}/logout-uri", &["PATCH /clients/{id}"]),
    ("/client/{id}/logo-uri", &["PATCH /clients/{id}"]),
    ("/client/{id}/secret", &["POST /clients/{id}/secret"]),
    ("/client/{id}/disable", &["POST /clients/{id}/{action}"]),
    ("/client/{id}/enable", &["POST /clients/{id}/{action}"]),
    ("/client/{id}/delete", &["DELETE /clients/{id}"]),
];

/// Routes without an operation, and why.
const NONE: [(&str, &str); 3] = [
    ("/tokens", "a program does not learn which others there are"),
    ("/tokens/new", "a token makes no other one: it would outlive its own end"),
    ("/tokens/delete", "a token takes back no other one"),
];

#[test]
fn whatever_the_console_does_programs_can_do() {
    let operations: BTreeSet<String> = operation::all(&document(ISSUER))
        .into_iter()
        .filter(|operation| !operation.is_open)
        .map(|operation| format!("{} {}", operation.method, operation.path))
        .collect();
    let routes: BTreeSet<&str> =
        router::console().into_iter().map(|(path, _)| path.strip_prefix("/admin").unwrap()).collect();
    let known: BTreeSet<&str> = SAME.iter().map(|(path, _)| *path).chain(NONE.iter().map(|(path, _)| *path)).collect();
    assert_eq!(routes, known, "a page of the console that no program can do without, or one that is gone");
    let used: BTreeSet<String> = SAME.iter().flat_map(|(_, all)| all.iter().map(|one| (*one).to_owned())).collect();
    assert_eq!(operations, used, "an operation that does what the console does not, or that is gone");
}

/// What is described as a word is what is read and written.
#[test]
fn every_word_of_the_description_is_the_one_that_is_read() {
    fn assert_same<T: Serialize>(all: impl IntoIterator<Item = (T, &'static str)>) {
        for (value, word) in all {
            assert_eq!(serde_json::to_value(value).unwrap(), word);
        }
    }
    assert_same(Action::ALL.map(|one| (one, one.as_str())));
    assert_same(Role::ALL.map(|one| (one, one.as_str())));
    assert_same(Level::ALL.map(|one| (one, one.as_str())));
    assert_same(Door::ALL.map(|one| (one, one.as_str())));
    assert_same(Scope::ALL.map(|one| (one, one.as_str())));
    assert_same(Kind::METHODS.map(|one| (one, one.as_str())));
    assert_same(RecoveryKept::ALL.map(|one| (one, one.as_str())));
}
