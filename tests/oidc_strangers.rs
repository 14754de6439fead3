//! Applications that nobody of the organisation has looked at: what they learn, and where people are sent by them.

use axum::http::StatusCode;
use twolatch_core::client::Trust;

use crate::oidc_consent::{allow, asked, says, third};
use crate::support::core::{Core, on_both};
use crate::support::provider::tab::{Tab, field};
use crate::support::provider::{BOTH, Provider, good, with};

on_both!(
    t5_nobody_is_sent_to_a_client_that_nobody_knows_before_they_say_so,
    introspection_tells_no_name_that_nobody_has_let_it,
    t5_a_client_that_has_registered_itself_learns_little,
);

/// RFC 9700, 4.11.2: whoever registers a client could send people to a page of theirs with an address of ours.
async fn t5_nobody_is_sent_to_a_client_that_nobody_knows_before_they_say_so(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let client = provider
        .client(|client| {
            client.settings.trust = Trust::Unverified;
            client.settings.post_logout_redirect_uris = vec!["https://app.example.com/out".parse().unwrap()];
        })
        .await;
    for (name, value) in [("response_type", "x"), ("prompt", "none"), ("scope", "x"), ("response_mode", "x")] {
        for browser in [Some(&browser), None] {
            provider.authorize(browser, &with(&good(&client), name, value)).await.is_page();
        }
    }
    let mut tab = Tab::new(&provider, Some(&browser));
    let page = asked(&provider, &mut tab, &good(&client)).await;
    provider.visit(None, &format!("/authorize/cancel?request={}", field(&page, "request"))).await.is_page();
    // The name that it has chosen stands on no page but the one that says what it is worth.
    let login = provider.authorize(None, &good(&client)).await;
    let login = provider.visit(None, login.location()).await;
    assert!(login.body.contains("app.example.com") && !login.body.contains("An &#60;application"), "{}", login.body);
    let code = says(&provider, &tab, &page, "allow").await.param("code").unwrap();
    let hint = provider.redeem(&client, &code).await.text("id_token");
    let leave = format!("/logout?id_token_hint={hint}&post_logout_redirect_uri=https%3A%2F%2Fapp.example.com%2Fout");
    let asks = provider.visit(Some(&browser), &leave).await;
    assert!(asks.status == StatusCode::OK && asks.body.contains("/logout/confirm"), "{asks:?}");
    assert_eq!(provider.visit(None, &leave).await.location(), "/login");
    let list = tab.get("/account/apps").await;
    assert!(list.body.contains("<strong>app.example.com</strong>"), "{}", list.body);
}

async fn introspection_tells_no_name_that_nobody_has_let_it(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let (client, ours) = (third(&provider).await, provider.client(|_| {}).await);
    for (client, scope, name) in
        [(&client, "openid", None), (&client, "openid profile", Some("alice")), (&ours, "openid", Some("alice"))]
    {
        let params = with(&good(client), "scope", scope);
        let code = match provider.authorize(Some(&browser), &params).await.param("code") {
            Some(code) => code,
            None => allow(&provider, &browser, &params).await,
        };
        let token = provider.redeem(client, &code).await.text("access_token");
        let told = provider.ask("/introspect", client, &[("token", &token)]).await.json();
        assert_eq!((&told["active"], told["username"].as_str()), (&true.into(), name), "{scope}");
    }
}

async fn t5_a_client_that_has_registered_itself_learns_little(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let client = provider.client(|client| client.settings.trust = Trust::Unverified).await;
    let wide = with(&good(&client), "scope", "openid profile email address phone groups offline_access");
    let wide = with(&wide, "claims", "{\"userinfo\":{\"phone_number\":null,\"groups\":null,\"name\":null}}");
    let mut tab = Tab::new(&provider, Some(&browser));
    let page = asked(&provider, &mut tab, &wide).await;
    assert!(page.body.contains("Not verified"), "{}", page.body);
    let code = says(&provider, &tab, &page, "allow").await.param("code").unwrap();
    let tokens = provider.redeem(&client, &code).await;
    assert_eq!(tokens.text("scope"), "openid profile email offline_access");
    let told = provider.userinfo(&tokens.text("access_token")).await.json();
    assert!(told.get("name").is_some() && told.get("groups").is_none() && told.get("phone_number").is_none(), "{told}");
}
