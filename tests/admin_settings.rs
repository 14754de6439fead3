//! The configuration as the console and the command line show it.

use axum::http::StatusCode;
use twolatch_core::user::Role;

use crate::admin::of_role;
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
