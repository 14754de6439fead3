//! Plan third-party initiated login: where a client that registers itself wants people sent who shall sign in to it.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use twolatch_core::client::Trust;

use crate::oidc_registration::{initial, open, send};
use crate::support::core::{Core, on_both};
use crate::support::provider::tab::Tab;
use crate::support::provider::{BOTH, CALLBACK, Registered};

on_both!(oidcc_3rd_party_init_login, oidcc_3rd_party_init_login_nohttps);

const LOGIN: &str = "https://app.example.com/begin?at=1";

async fn oidcc_3rd_party_init_login(core: Core) {
    let provider = open(core).await;
    let asked = json!({ "redirect_uris": [CALLBACK], "initiate_login_uri": LOGIN });
    let told = send(&provider, Method::POST, "/register", &initial(&provider).await, &asked).await;
    assert_eq!((told.status, told.text("initiate_login_uri")), (StatusCode::CREATED, LOGIN.to_owned()));
    let (uri, access) = (told.text("registration_client_uri"), told.text("registration_access_token"));
    let read = send(&provider, Method::GET, &uri, &access, &Value::Null).await;
    assert_eq!((read.status, read.text("initiate_login_uri")), (StatusCode::OK, LOGIN.to_owned()));

    // People are sent there from their account, once an administrator knows whose it is, and nobody who may not sign in.
    let browser = provider.browser("alice", &BOTH).await;
    let mut tab = Tab::new(&provider, Some(&browser));
    let id = told.text("client_id");
    let open = format!("/account/apps/{id}/open");
    assert!(!tab.get("/account/apps").await.body.contains(&open));
    let client = Registered { id, secret: String::new(), method: twolatch_core::client::AuthMethod::None };
    provider.edit(&client, |client| client.settings.trust = Trust::ThirdParty).await;
    assert!(tab.get("/account/apps").await.body.contains(&open));
    let click = async |site: &str| {
        let cookie = provider.cookie(&browser.token);
        provider.raw(Method::GET, &open, &[("cookie", &cookie), ("sec-fetch-site", site)], "").await
    };
    let sent = click("same-origin").await;
    let to = "https://app.example.com/begin?at=1&iss=https%3A%2F%2Fid.example.org";
    assert_eq!((sent.status, sent.location()), (StatusCode::SEE_OTHER, to));
    // From elsewhere nobody learns who is here.
    for site in ["cross-site", "same-site", "none", ""] {
        assert_eq!(click(site).await.location(), "/account/apps", "{site}");
    }
    provider.edit(&client, |client| client.settings.trust = Trust::FirstParty).await;
    assert_eq!(click("same-origin").await.location(), format!("{to}&login_hint=alice"));
    assert_eq!(Tab::new(&provider, None).get(&open).await.location(), "/login");
    provider.edit(&client, |client| client.settings.groups = vec!["others".parse().unwrap()]).await;
    assert!(!tab.get("/account/apps").await.body.contains(&open));
    assert_eq!(click("same-origin").await.status, StatusCode::NOT_FOUND);
}

async fn oidcc_3rd_party_init_login_nohttps(core: Core) {
    let provider = open(core).await;
    let initial = initial(&provider).await;
    for uri in ["http://app.example.com/begin", "http://127.0.0.1/begin", "javascript:alert(1)", "org.example.app:/x"] {
        let asked = json!({ "redirect_uris": [CALLBACK], "initiate_login_uri": uri });
        let refused = send(&provider, Method::POST, "/register", &initial, &asked).await;
        assert_eq!(
            (refused.status, refused.text("error")),
            (StatusCode::BAD_REQUEST, "invalid_client_metadata".to_owned())
        );
    }
}
