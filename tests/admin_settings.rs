//! The configuration as the console and the command line show it.

use axum::http::StatusCode;
use twolatch_core::user::Role;

use crate::admin::{confirm, of_role};
use crate::support::database::Engine;
use crate::support::server::Server;
use crate::support::site::{Site, config_with};

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_sees_the_configuration_and_no_secret() {
    let site = Site::with(|config| {
        *config = config_with(
            "[mail]\nfrom = \"id@example.org\"\nurl = \"smtps://user:hidden@mail.example.org\"\n\
             [alerts]\nwebhook = \"https://hooks.example.org/hidden\"\nwebhook_secret = \"hidden hidden hidden\"\n",
        );
    })
    .await;
    let (mut browser, _) = of_role(&site, "sees", Role::Supervisor).await;
    let page = site.open(&mut browser, "/admin/settings/configuration").await;
    assert_eq!((page.status, page.title().as_str()), (StatusCode::OK, "Configuration"));
    assert!(
        page.body.contains("<code>issuer</code></th><td class=\"long\">https://id.example.org</td><td>Line 2</td>")
    );
    assert!(page.body.contains("<code>alerts.webhook_secret</code></th><td class=\"long\">set, and not shown</td>"));
    assert!(page.body.contains("<code>socket</code>") && page.body.contains("<td>Default</td>"), "{page:?}");
    assert!(!page.body.contains("hidden"), "{page:?}");
}

fn at_the_command_line(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = Server::init(engine, folder.path()) else { return };
    let settings = server.json(&["config", "show"]);
    let of = |key: &str| settings.as_array().unwrap().iter().find(|one| one["key"] == key).unwrap().clone();
    assert_eq!((&of("issuer")["value"], &of("issuer")["from"]), (&server.issuer().into(), &"line 2".into()));
    assert_eq!(of("policy.lock")["value"], serde_json::Value::Null);
    let said = server.run(&["config", "show"], "");
    assert!(said.contains("api.password_login"), "{said}");
}

#[test]
fn the_command_line_shows_the_same_sqlite() {
    at_the_command_line(Engine::Sqlite);
}

#[test]
fn the_command_line_shows_the_same_postgres() {
    at_the_command_line(Engine::Postgres);
}

/// Where a form stands, where it goes, and its fields but the hidden ones.
type Sent<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

#[tokio::test(flavor = "multi_thread")]
async fn w_18_rec12_no_form_of_the_console_takes_a_field_that_it_has_not() {
    let site = Site::mailing().await;
    let (mut browser, totp) = of_role(&site, "admin", Role::Admin).await;
    site.core.member("anna").await;
    let page = site.open(&mut browser, "/admin/add").await;
    confirm(&site, &mut browser, &totp, &page).await;
    let rule = [
        ("app", "yes"),
        ("skips", "3"),
        ("skip_until", ""),
        ("device_days", "14"),
        ("recovery", "codes"),
        ("enrol_codes", "2"),
        ("setup_days", "7"),
        ("admin_link", "on"),
    ];
    let forms: [Sent<'_>; 7] = [
        ("/admin/settings/rule?scope=all&of=", "/admin/settings/rule", &rule),
        ("/admin/add", "/admin/add", &[("name", "ben"), ("email", ""), ("role", "member"), ("groups", "")]),
        ("/admin/import", "/admin/import", &[("table", "name\nben\n")]),
        ("/admin/users", "/admin/bulk", &[("scope", "all"), ("action", "unlock")]),
        ("/admin/settings/switch?to=optional", "/admin/settings/switch", &[("current-password", "wrong")]),
        (
            "/admin/settings/exemption",
            "/admin/settings/exemption",
            &[
                ("kind", "person"),
                ("of", "anna"),
                ("door", "ssh"),
                ("client", ""),
                ("service", ""),
                ("host", ""),
                ("network", ""),
                ("key", ""),
                ("level", "off"),
                ("days", "3"),
                ("reason", "x"),
            ],
        ),
        ("/admin/settings/version/1", "/admin/settings/version/1", &[]),
    ];
    let state = "SELECT 1000000 * (SELECT COUNT(*) FROM audit) + 1000 * (SELECT COUNT(*) FROM jobs) + (SELECT SUM(security_version) FROM users)";
    let before = site.number(state).await;
    for (from, to, fields) in forms {
        for extra in ["mfa_required", "email_verified", "id", "last_step", "password", "secret", "user"] {
            let page = site.open(&mut browser, from).await;
            let typed = [fields, &[(extra, "1")]].concat();
            let answer = site.post_to(&mut browser, &page, to, &typed).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{to} {extra}: {answer:?}");
        }
    }
    assert_eq!(site.number(state).await, before);
    for (from, to, fields) in forms {
        let page = site.open(&mut browser, from).await;
        let answer = site.post_to(&mut browser, &page, to, fields).await;
        assert_ne!(answer.status, StatusCode::BAD_REQUEST, "{to}: without it the form is right: {answer:?}");
    }
}
