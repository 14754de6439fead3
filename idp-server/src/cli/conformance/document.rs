//! What the suite is given: a configuration for each set of plans that can share one, with the steps that its browser takes
//! at our pages.

use serde_json::{Map, Value, json};

use super::person::TestPerson;
use super::registered::{Kind, Registered};
use crate::state::App;
use crate::text::t;

/// A configuration, and what it is for.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) name: &'static str,
    /// The plans, with their variants, as the suite's own runner takes them.
    pub(super) plans: &'static [&'static str],
    pub(super) json: Value,
}

/// What there is a configuration for.
struct Set {
    name: &'static str,
    plans: &'static [&'static str],
    /// Its clients, by the keys that the suite has for them.
    clients: &'static [(&'static str, Kind)],
}

const SETS: [Set; 3] = [
    Set {
        name: "oidcc",
        plans: &[
            "oidcc-basic-certification-test-plan[server_metadata=discovery][client_registration=static_client]",
            "oidcc-config-certification-test-plan",
            "oidcc-formpost-basic-certification-test-plan[server_metadata=discovery][client_registration=static_client]",
            "oidcc-rp-initiated-logout-certification-test-plan[response_type=code][client_registration=static_client]",
        ],
        clients: &[("client", Kind::First), ("client2", Kind::Second), ("client_secret_post", Kind::SecretPost)],
    },
    Set {
        name: "backchannel",
        plans: &["oidcc-backchannel-rp-initiated-logout-certification-test-plan[response_type=code]\
            [client_registration=static_client]"],
        clients: &[("client", Kind::Backchannel)],
    },
    Set {
        name: "fapi2",
        plans: &["fapi2-security-profile-final-test-plan[openid=openid_connect][client_auth_type=private_key_jwt]\
            [sender_constrain=dpop][fapi_profile=plain_fapi]"],
        clients: &[("client", Kind::FapiFirst), ("client2", Kind::FapiSecond)],
    },
];

/// All of them.
pub(super) fn documents(app: &App, alias: &str, base: &str, person: &TestPerson, made: &[Registered]) -> Vec<Document> {
    let pages = Pages { issuer: &app.config.issuer, base, person };
    let document = |Set { name, plans, clients }: Set| {
        let mut json = json!({
            "alias": alias,
            "description": format!("{} ({name})", app.config.issuer),
            "server": {
                "discoveryUrl": format!("{}/.well-known/openid-configuration", app.config.issuer),
                "login_hint": person.user.name,
            },
            "browser": pages.usual(),
            "override": pages.overrides(),
        });
        if let Some(members) = json.as_object_mut() {
            for (key, kind) in clients {
                let told = made.iter().find(|one| one.kind == *kind).map(|one| one.told.clone());
                members.insert((*key).to_owned(), told.unwrap_or_default());
            }
            if name == "fapi2" {
                // Ours is the only resource that there is.
                let resource = json!({ "resourceUrl": format!("{}/userinfo", app.config.issuer) });
                members.insert("resource".to_owned(), resource);
            }
        }
        Document { name, plans, json }
    };
    SETS.into_iter().map(document).collect()
}

/// The steps of a browser without a person, as the suite writes them down.
struct Pages<'a> {
    issuer: &'a str,
    base: &'a str,
    person: &'a TestPerson,
}

impl Pages<'_> {
    /// What most modules do.
    fn usual(&self) -> Value {
        json!([
            self.at("/authorize", &[self.login(&[]), self.back("callback")]),
            self.at("/logout", &[self.confirm(), self.back("post_logout_redirect")]),
        ])
    }

    /// What some modules do instead: most want a picture of a page.
    fn overrides(&self) -> Value {
        let sign_in = || self.at("/authorize", &[self.login(&[]), self.back("callback")]);
        let again = [seen(&t("login").plain(), "update-image-placeholder-optional")];
        let again = self.at("/authorize", &[self.login(&again), self.back("callback")]);
        let refused = |path: &str| self.at(path, &[self.shows(path, &t("not-possible").plain())]);
        let asked = || self.at("/logout", &[self.shows("/logout", &t("logout").plain())]);
        let told = self.shows("/login", &t("said-signed-out").plain());
        let left = || self.at("/logout", &[self.confirm(), told.clone()]);
        let modules = [
            ("oidcc-prompt-login", json!([again])),
            ("oidcc-max-age-1", json!([again])),
            ("oidcc-ensure-registered-redirect-uri", json!([refused("/authorize")])),
            ("oidcc-rp-initiated-logout-bad-post-logout-redirect-uri", json!([sign_in(), refused("/logout")])),
            (
                "oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri",
                json!([sign_in(), refused("/logout")]),
            ),
            ("oidcc-rp-initiated-logout-modified-id-token-hint", json!([sign_in(), asked()])),
            ("oidcc-rp-initiated-logout-bad-id-token-hint", json!([sign_in(), asked()])),
            ("oidcc-rp-initiated-logout-no-id-token-hint", json!([sign_in(), asked()])),
            ("oidcc-rp-initiated-logout-no-params", json!([sign_in(), left()])),
            ("oidcc-rp-initiated-logout-only-state", json!([sign_in(), left()])),
            ("oidcc-rp-initiated-logout-no-post-logout-redirect-uri", json!([sign_in(), left()])),
            (
                "fapi2-security-profile-final-user-rejects-authentication",
                json!([self.at("/authorize", &[self.cancel(), self.back("callback")])]),
            ),
        ];
        let modules = modules.into_iter().map(|(module, browser)| (module.to_owned(), json!({ "browser": browser })));
        Value::from(modules.collect::<Map<_, _>>())
    }

    /// What is done when the suite opens one of our addresses.
    fn at(&self, path: &str, tasks: &[Value]) -> Value {
        json!({ "match": format!("{}{path}*", self.issuer), "tasks": tasks })
    }

    /// Signs the person in, where that is asked.
    fn login(&self, before: &[Value]) -> Value {
        let steps = [
            json!(["text", "id", "username", self.person.user.name]),
            json!(["text", "id", "current-password", self.person.password.expose()]),
            json!(["click", "css", "button[type=submit]"]),
        ];
        let commands: Vec<&Value> = before.iter().chain(&steps).collect();
        json!({ "task": "Login", "optional": true, "match": format!("{}/login*", self.issuer), "commands": commands })
    }

    /// Leaves the sign-in page by its other way out.
    fn cancel(&self) -> Value {
        let commands = json!([["click", "css", "p.aside a"]]);
        json!({ "task": "Cancel", "match": format!("{}/login*", self.issuer), "commands": commands })
    }

    /// Says yes to the question before a sign-out, where it is put.
    fn confirm(&self) -> Value {
        let commands = json!([["click", "css", "button[type=submit]"]]);
        json!({
            "task": "Confirm", "optional": true, "match": format!("{}/logout*", self.issuer), "commands": commands,
        })
    }

    /// Is back at the suite.
    fn back(&self, place: &str) -> Value {
        let commands = json!([["wait", "id", "submission_complete", 10]]);
        let commands = if place == "callback" { commands } else { json!([]) };
        json!({ "task": "Verify Complete", "match": format!("{}/{place}*", self.base), "commands": commands })
    }

    /// Takes a picture of a page of ours.
    fn shows(&self, path: &str, text: &str) -> Value {
        let commands = json!([seen(text, "update-image-placeholder")]);
        json!({ "task": "Expect the page", "match": format!("{}{path}*", self.issuer), "commands": commands })
    }
}

fn seen(text: &str, then: &str) -> Value {
    json!(["wait", "xpath", "//*", 10, text, then])
}
