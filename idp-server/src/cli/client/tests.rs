use clap::Parser;

use twolatch_core::client::Happening;
use twolatch_core::id::Id;
use twolatch_core::policy::{Level, Rules};
use twolatch_core::store::logouts::Logout;
use twolatch_core::time::Timestamp;
use twolatch_core::user::User;

use super::*;
use crate::oidc::tests::app;

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    clients: Clients,
}

async fn run(app: &App, line: &str) -> Result<String, String> {
    let words = std::iter::once("client").chain(line.split(' '));
    let clients = Line::try_parse_from(words).map_err(|error| error.kind().to_string())?.clients;
    let mut out = Vec::new();
    let root = Actor::command_line("root".to_owned(), app.now());
    clients.apply(app, &root, &mut out).await.map_err(|error| error.to_string())?;
    Ok(String::from_utf8(out).unwrap())
}

#[tokio::test]
async fn a_client_is_added_shown_and_removed_and_its_secret_is_shown_once() {
    let (_folder, app) = app().await;
    let added = run(&app, "add --name Wiki --id wiki --redirect-uri https://wiki.example/cb --json").await.unwrap();
    let added: Value = serde_json::from_str(&added).unwrap();
    let secret = added["client_secret"].as_str().unwrap().to_owned();
    assert_eq!((added["client_id"].as_str(), secret.len()), (Some("wiki"), 52));
    let stored = app.store.client(&"wiki".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(stored.secret, Some(app.store.client_secret_mark("wiki", &secret)));
    for line in ["show wiki", "show wiki --json", "list", "list --json"] {
        let text = run(&app, line).await.unwrap();
        assert!(text.contains("wiki") && !text.contains(&secret), "{line}: {text}");
        assert!(!text.contains(stored.secret.as_deref().unwrap()), "{line}: {text}");
    }
    let again = run(&app, "add --name Wiki --id wiki --redirect-uri https://wiki.example/cb").await;
    assert_eq!(again, Err("there is a client `wiki` already; `twolatch client show wiki` shows it".to_owned()));
    assert!(run(&app, "delete wiki").await.is_ok());
    for line in ["delete wiki", "show wiki", "delete ../wiki"] {
        assert!(run(&app, line).await.unwrap_err().starts_with("there is no client"), "{line}");
    }
}

#[tokio::test]
async fn a_public_client_has_no_secret_and_always_pkce() {
    let (_folder, app) = app().await;
    for line in [
        "add --name App --public --redirect-uri org.example.app:/cb --json",
        "add --name App --auth-method none --redirect-uri http://127.0.0.1/cb http://[::1]/cb --alg ES256 --json",
    ] {
        let added: Value = serde_json::from_str(&run(&app, line).await.unwrap()).unwrap();
        assert!(added["client_secret"].is_null() && added["require_pkce"] == true, "{added}");
        assert_eq!(added["client_id"].as_str().unwrap().len(), 16);
    }
    let text = run(&app, "add --name App --redirect-uri https://a.example/cb --no-pkce").await.unwrap();
    assert!(text.contains("client_secret") && text.contains("not required"), "{text}");
}

#[tokio::test]
async fn o04_what_cannot_be_registered_is_refused_with_a_reason() {
    let (_folder, app) = app().await;
    for (line, reason) in [
        ("add --name A --redirect-uri http://a.example/cb", "use https"),
        ("add --name A --redirect-uri https://a.example/cb#x", "fragment"),
        ("add --name A --redirect-uri https://*.a.example/cb", "wildcards"),
        ("add --name A --redirect-uri https://u@a.example/cb", "user"),
        ("add --name A --redirect-uri javascript:alert(1)", "starts with https"),
        ("add --name A --redirect-uri data:text/html,x", "starts with https"),
        ("add --name A --redirect-uri org.example.app:/cb", "public applications"),
        ("add --name A --redirect-uri https://a.example/cb --alg HS256", "RS256, PS256, ES256, EdDSA"),
        ("add --name A --redirect-uri https://a.example/cb --auth-method tls_client_auth", "client_secret_post"),
        ("add --name A --redirect-uri https://a.example/cb --auth-method private_key_jwt", "--jwks is missing"),
        ("add --name A --redirect-uri https://a.example/cb --require signed_request", "--jwks is missing"),
        ("add --name A --redirect-uri https://a.example/cb --require fapi", "private_key_jwt"),
        (
            "add --name A --redirect-uri https://a.example/cb --require everything",
            "one of par, signed_request, dpop, fapi",
        ),
        ("add --name A --redirect-uri https://a.example/cb --jwks /nowhere", "--jwks /nowhere: No such file"),
        ("add --name A --redirect-uri https://a.example/cb --audience é", "--audience"),
        ("add --name A --redirect-uri https://a.example/cb --audience wiki", "--audience"),
        ("add --name A --redirect-uri https://a.example/cb --id a/b", "1 to 64"),
        ("add --name A --redirect-uri https://a.example/cb --id abcdefghijklmnopqrstuvwxyz", "people's ids"),
        ("add --name A --redirect-uri https://a.example/cb --public --no-pkce", "PKCE"),
        ("add --name  --redirect-uri https://a.example/cb", "--name"),
        ("add --name A", "--redirect-uri is missing"),
        ("add --name A --grant password --redirect-uri https://a.example/cb", "a grant is one of"),
        ("add --name A --public --grant client_credentials", "needs a secret"),
        ("add --name A --grant client_credentials --scope openid", "a scope is"),
        ("add --name A --redirect-uri https://a.example/cb --group a:b", "--group"),
        ("add --name A --redirect-uri https://a.example/cb --post-logout-redirect-uri http://b.example/", "use https"),
        ("add --name A --redirect-uri https://a.example/cb --backchannel-logout-uri http://b.example/", "use https"),
        ("add --name A --redirect-uri https://a.example/cb --backchannel-logout-uri org.example:/x", "--backchannel"),
    ] {
        let error = run(&app, line).await.unwrap_err();
        assert!(error.contains(reason), "{line}: {error}");
    }
    assert!(app.store.clients().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_client_is_changed_where_it_is_named_and_nowhere_else() {
    let (_folder, app) = app().await;
    run(&app, "add --name Jobs --id jobs --grant client_credentials --scope jobs:read jobs:write").await.unwrap();
    let show = async || -> Value { serde_json::from_str(&run(&app, "show jobs --json").await.unwrap()).unwrap() };
    let before = show().await;
    assert_eq!((&before["grants"], &before["redirect_uris"]), (&json!(["client_credentials"]), &json!([])));
    let lines = [
        ("set jobs --name Work", "name", json!("Work")),
        ("set jobs --scope jobs:read", "scopes", json!(["jobs:read"])),
        ("set jobs --introspect jobs:read", "introspects", json!(["jobs:read"])),
        ("set jobs --clear introspect", "introspects", json!([])),
        ("set jobs --group staff wheel", "groups", json!(["staff", "wheel"])),
        (
            "set jobs --post-logout-redirect-uri https://a.example/",
            "post_logout_redirect_uris",
            json!(["https://a.example/"]),
        ),
        ("set jobs --backchannel-logout-uri https://a.example/", "backchannel_logout_uri", json!("https://a.example/")),
        ("set jobs --alg ES256", "alg", json!("ES256")),
        ("set jobs --require par dpop", "require", json!(["par", "dpop"])),
        ("set jobs --clear require", "require", json!([])),
        ("set jobs --access-token jwt", "access_token", json!("jwt")),
        ("set jobs --audience https://api.example/ urn:x", "audiences", json!(["https://api.example/", "urn:x"])),
        ("set jobs --clear audience", "audiences", json!([])),
        ("set jobs --claim department", "claims", json!(["department"])),
        ("set jobs --clear claim", "claims", json!([])),
        ("set jobs --userinfo-alg PS256", "userinfo_alg", json!("PS256")),
        ("set jobs --clear userinfo-alg", "userinfo_alg", Value::Null),
        ("set jobs --clear group", "groups", json!([])),
        ("set jobs --clear scope post-logout-redirect-uri", "scopes", json!([])),
        ("set jobs --logo-uri https://a.example/logo.png", "logo_uri", json!("https://a.example/logo.png")),
        ("set jobs --clear logo-uri", "logo_uri", Value::Null),
        ("set jobs --clear backchannel-logout-uri", "backchannel_logout_uri", Value::Null),
    ];
    let mut expected = before;
    for (line, name, value) in lines {
        run(&app, line).await.unwrap();
        expected[name] = value;
        if line.contains("post-logout-redirect-uri") && line.contains("clear") {
            expected["post_logout_redirect_uris"] = json!([]);
        }
        assert_eq!(show().await, expected, "{line}");
    }
    for (line, reason) in [
        ("set jobs --grant authorization_code", "--redirect-uri is missing"),
        ("set jobs --redirect-uri org.example.app:/cb", "public applications"),
        ("set none --name X", "there is no client"),
    ] {
        let error = run(&app, line).await.unwrap_err();
        assert!(error.contains(reason), "{line}: {error}");
    }
    assert_eq!(show().await, expected);
}

#[tokio::test]
async fn a_secret_is_replaced_and_the_one_before_kept_as_long_as_is_said() {
    let (_folder, app) = app().await;
    let added = run(&app, "add --name A --id a --redirect-uri https://a.example/cb --json").await.unwrap();
    let first = serde_json::from_str::<Value>(&added).unwrap()["client_secret"].as_str().unwrap().to_owned();
    let stored = async || app.store.client(&"a".parse().unwrap()).await.unwrap().unwrap();
    let rotated: Value = serde_json::from_str(&run(&app, "rotate-secret a --json").await.unwrap()).unwrap();
    let second = rotated["client_secret"].as_str().unwrap();
    let until = app.now().plus(24 * 3600);
    assert_eq!(stored().await.former, Some((app.store.client_secret_mark("a", &first), until)));
    assert_eq!(stored().await.secret, Some(app.store.client_secret_mark("a", second)));
    let text = run(&app, "rotate-secret a --keep-hours 0").await.unwrap();
    assert!(text.contains("worth nothing any more") && stored().await.former.is_none(), "{text}");
    run(&app, "add --name P --id p --public --redirect-uri https://p.example/cb").await.unwrap();
    assert!(run(&app, "rotate-secret p").await.unwrap_err().contains("has no secret"));
    assert!(run(&app, "rotate-secret a --keep-hours 721").await.is_err());
}

#[tokio::test]
async fn what_a_client_was_told_is_listed() {
    let (_folder, app) = app().await;
    run(&app, "add --name A --id a --redirect-uri https://a.example/cb --backchannel-logout-uri https://a.example/x")
        .await
        .unwrap();
    assert_eq!(run(&app, "logouts a --json").await.unwrap(), "[]\n");
    assert_eq!(run(&app, "logouts a").await.unwrap(), "");
    assert!(run(&app, "logouts b").await.unwrap_err().contains("there is no client"));
    let logout = |tries, next_at, told_at, trouble: Option<&str>| Logout {
        id: format!("g{tries}"),
        client: "a".parse().unwrap(),
        user: "alice".to_owned(),
        sid: "s".to_owned(),
        at: Timestamp::from_unix(1_800_000_000),
        tries,
        next_at,
        told_at,
        trouble: trouble.map(str::to_owned),
    };
    let now = Some(Timestamp::from_unix(1_800_000_060));
    let all =
        [logout(1, None, now, None), logout(2, now, None, Some("answers 500")), logout(9, None, None, Some("gone"))];
    let (mut text, mut json) = (Vec::new(), Vec::new());
    logouts(&all, false, &mut text).unwrap();
    logouts(&all, true, &mut json).unwrap();
    let lines = "15 January 2027, 08:00 UTC\talice\ttold\t1 tries\t\n\
                 15 January 2027, 08:00 UTC\talice\twaits\t2 tries\tanswers 500\n\
                 15 January 2027, 08:00 UTC\talice\tgiven up\t9 tries\tgone\n";
    assert_eq!(String::from_utf8(text).unwrap(), lines);
    let json: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(
        json[1],
        json!({
            "user_id": "alice", "sid": "s", "ended_at": 1_800_000_000, "told_at": null, "next_try": 1_800_000_060,
            "tries": 2, "trouble": "answers 500",
        })
    );
}

#[tokio::test]
async fn an_application_behind_a_proxy_has_its_hosts_to_itself_and_no_secret() {
    let (_folder, app) = app().await;
    let line = "add --name Wiki --id wiki --forward-host wiki.example.org wiki.example.org:8443 --group staff --json";
    let added: Value = serde_json::from_str(&run(&app, line).await.unwrap()).unwrap();
    assert_eq!(added["forward_hosts"], json!(["wiki.example.org", "wiki.example.org:8443"]));
    assert_eq!(
        (&added["client_secret"], &added["auth_method"], &added["grants"]),
        (&Value::Null, &"none".into(), &json!([]))
    );
    let text = run(&app, "show wiki").await.unwrap();
    assert!(text.contains("behind a proxy https://wiki.example.org:8443\n"), "{text}");
    for (line, fault) in [
        ("add --name X --forward-host wiki.example.org", "the client `wiki` has this host"),
        ("add --name X --forward-host id.example.org", "Twolatch's own host"),
        ("add --name X --forward-host https://x.example.org", "a host is `app.example.org`"),
        ("add --name X --forward-host X.example.org", "a host is `app.example.org`"),
        ("set wiki --forward-host id.example.org", "Twolatch's own host"),
    ] {
        let said = run(&app, line).await.unwrap_err();
        assert!(said.contains(fault), "{line}: {said}");
    }
    let text = run(&app, "set wiki --forward-host wiki.example.org").await.unwrap();
    assert!(!text.contains("8443"), "{text}");
    // Beside tokens it has a secret, as others do.
    let line = "add --name X --id x --redirect-uri https://x.example/cb --forward-host x.example.org --json";
    let added: Value = serde_json::from_str(&run(&app, line).await.unwrap()).unwrap();
    assert!(added["client_secret"].is_string());
    assert!(run(&app, "set wiki --clear forward-host").await.is_ok());
    assert!(run(&app, "set x --forward-host wiki.example.org").await.is_ok());
}

#[tokio::test]
async fn a_preset_sets_what_an_application_needs_and_says_what_to_type_into_it() {
    let (_folder, app) = app().await;
    let text = run(&app, "add --preset grafana --url https://grafana.example.org/ --id grafana").await.unwrap();
    for line in [
        "redirect_uri   https://grafana.example.org/login/generic_oauth\n",
        "name           Grafana\n",
        "\nToken endpoint: https://id.example.org/token\n",
        "\n/etc/grafana/grafana.ini:\n\n[server]\nroot_url = https://grafana.example.org/\n",
        "\nclient_id = grafana\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let line = "add --preset nextcloud --url https://cloud.example.org --id cloud --name Cloud --group staff --json";
    let added: Value = serde_json::from_str(&run(&app, line).await.unwrap()).unwrap();
    assert_eq!((&added["name"], &added["groups"]), (&json!("Cloud"), &json!(["staff"])));
    let secret = added["client_secret"].as_str().unwrap();
    assert!(added["configuration"]["sh"].as_str().unwrap().contains(secret), "{added}");
    let line = "add --preset machine --name Jobs --scope jobs:read --json";
    let added: Value = serde_json::from_str(&run(&app, line).await.unwrap()).unwrap();
    assert_eq!((&added["grants"], &added["redirect_uris"]), (&json!(["client_credentials"]), &json!([])));
    for (line, reason) in [
        ("add --preset grafana", "--url"),
        ("add --preset grafana --url grafana", "--url grafana"),
        ("add --preset server --redirect-uri https://a.example/cb", "--name"),
        ("add --preset none --name A", "value"),
    ] {
        let error = run(&app, line).await.unwrap_err();
        assert!(error.contains(reason), "{line}: {error}");
    }
}

#[tokio::test]
async fn what_happened_is_shown_with_what_to_do_and_a_sign_in_can_be_tested() {
    let (_folder, app) = app().await;
    run(&app, "add --name A --id a --redirect-uri https://a.example/cb").await.unwrap();
    let id = "a".parse().unwrap();
    app.happenings.note(&id, Happening::SignedIn, app.now());
    app.happenings.note(&id, Happening::Pkce, app.now());
    app.happenings.keep(&app.store).await;
    let text = run(&app, "show a").await.unwrap();
    assert!(text.contains("\nSomebody signed in: 1 in 24 hours, 1 in 30 days, last "), "{text}");
    assert!(text.contains("\nPKCE was missing or wrong: 1 in 24 hours") && text.contains("\n  Turn on PKCE"), "{text}");
    let view: Value = serde_json::from_str(&run(&app, "show a --json").await.unwrap()).unwrap();
    assert_eq!(view["happened"][1]["what"], "pkce");
    assert!(run(&app, "test a --user nobody").await.unwrap_err().contains("there is no user `nobody`"));
    let until = app.now().plus(3600);
    let user = User::new(Id::random(app.entropy()).unwrap(), "anna".parse().unwrap(), until, app.now());
    let root = Actor::command_line("root".to_owned(), app.now());
    app.logins.set_rules(Rules::initial(Level::Optional), 0, String::new(), &root).await.unwrap();
    app.logins.add_user(user, None, false, &root).await.unwrap();
    let text = run(&app, "test a --user anna --scope profile").await.unwrap();
    assert!(text.starts_with("anna signs in to a: ") && text.contains("\"preferred_username\": \"anna\""), "{text}");
    let view: Value = serde_json::from_str(&run(&app, "test a --user anna --json").await.unwrap()).unwrap();
    assert_eq!((&view["userinfo"]["name"], &view["id_token"]["aud"]), (&json!("anna"), &json!(["a"])));
}
