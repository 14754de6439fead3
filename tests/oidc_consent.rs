//! What people let applications learn that are not the organisation's own: asked before anything is issued, remembered where
//! the application can prove who it is, and taken back at once.

use axum::http::StatusCode;
use twolatch_core::client::{AuthMethod, GrantType, Trust};
use twolatch_core::consent::{CONSENT_LIFE, Consent, Disclosure};
use twolatch_core::factor::Kind;

use crate::support::core::{Core, on_both};
use crate::support::provider::tab::{Tab, field};
use crate::support::provider::{Answer, BOTH, Browser, CALLBACK, Provider, Registered, good, payload, with};

on_both!(
    oau18_nothing_is_issued_before_somebody_has_let_it,
    oau18_a_consent_is_remembered_for_what_was_said_and_as_long_as_that,
    oau18_a_client_that_proves_itself_by_nothing_is_never_let_in_silently,
    oau18_a_small_yes_makes_no_large_one_last_longer,
    oau18_who_takes_it_back_takes_back_all_that_came_of_it,
    oau18_a_consent_in_one_session_is_none_in_another,
    oau18_a_consent_that_somebody_else_wrote_is_none,
    o23_consent_is_asked_where_a_client_asks_for_that,
    t5_who_turns_back_leaves_nothing_behind,
    devices_of_others_are_let_in_by_consent,
    consents_go_with_whom_and_what_they_are_of,
);

const THIRD: Trust = Trust::ThirdParty;

pub(crate) async fn third(provider: &Provider) -> Registered {
    provider.client(|client| client.settings.trust = THIRD).await
}

/// Where a request leads; the page that asks, where it does.
pub(crate) async fn asked(provider: &Provider, tab: &mut Tab<'_>, params: &[(&str, &str)]) -> Answer {
    let answer = provider.authorize(tab.browser, params).await;
    assert!(answer.location().starts_with("/authorize/consent?request="), "{answer:?}");
    let to = answer.location().to_owned();
    let page = tab.get(&to).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    page
}

/// Answers the page, and goes on to where that leads.
pub(crate) async fn says(provider: &Provider, tab: &Tab<'_>, page: &Answer, answer: &str) -> Answer {
    let sealed = field(page, "request");
    let left = tab.post(page, "/authorize/consent", &[("request", &sealed), ("answer", answer)]).await;
    assert_eq!(left.status, StatusCode::SEE_OTHER, "{left:?}");
    if left.location().starts_with(CALLBACK) { left } else { provider.visit(tab.browser, left.location()).await }
}

/// Lets the client have what it asks for.
pub(crate) async fn allow(provider: &Provider, browser: &Browser, params: &[(&str, &str)]) -> String {
    let mut tab = Tab::new(provider, Some(browser));
    let page = asked(provider, &mut tab, params).await;
    says(provider, &tab, &page, "allow").await.param("code").unwrap()
}

fn disclosed(scopes: &[&str]) -> Disclosure {
    Disclosure { scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(), claims: Vec::new() }
}

async fn oau18_nothing_is_issued_before_somebody_has_let_it(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let client = third(&provider).await;
    let mut tab = Tab::new(&provider, Some(&browser));
    let page = asked(&provider, &mut tab, &good(&client)).await;
    for shown in ["An &#60;application&#62;", "app.example.com", "alice", "mail address", "groups"] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    assert!(!page.body.contains("Not verified") && !page.body.contains("telephone"), "{}", page.body);
    let to = page.body.split_once("href=\"?lang=id&#38;").unwrap().1.split_once('"').unwrap().0;
    let other = tab.get(&format!("/authorize/consent?lang=id&{to}")).await;
    assert!(other.body.contains("<html lang=\"id\">") && other.body.contains("Alamat surel"), "{}", other.body);
    let policy = page.header(axum::http::header::CONTENT_SECURITY_POLICY);
    assert!(policy.contains("form-action 'self' https://app.example.com;"), "{policy}");
    assert_eq!(provider.number("SELECT COUNT(*) FROM grants").await, 0);
    let none = with(&good(&client), "prompt", "none");
    let silent = provider.authorize(Some(&browser), &none).await;
    silent.is_error(CALLBACK, "consent_required", Some("a state"));
    // Neither without an answer nor with one that is none.
    let sealed = field(&page, "request");
    let resumed = provider.visit(Some(&browser), &format!("/authorize/resume?request={sealed}")).await;
    assert!(resumed.location().starts_with("/authorize/consent?"), "{resumed:?}");
    let answer = tab.post(&page, "/authorize/consent", &[("request", &sealed), ("answer", "perhaps")]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let damaged = format!("{sealed}x");
    let answer = tab.post(&page, "/authorize/consent", &[("request", &damaged), ("answer", "allow")]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(provider.number("SELECT COUNT(*) FROM consents").await, 0);

    let code = says(&provider, &tab, &page, "allow").await.param("code").unwrap();
    let tokens = provider.redeem(&client, &code).await;
    assert_eq!(payload(&tokens.text("id_token"))["sub"], browser.user.id.as_str());
    // One of the organisation's own asks nobody, whatever it asks for.
    let own = provider.client(|_| {}).await;
    let params = with(&good(&own), "prompt", "consent");
    assert!(provider.authorize(Some(&browser), &params).await.param("code").is_some());
}

async fn oau18_a_consent_is_remembered_for_what_was_said_and_as_long_as_that(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let client = provider
        .client(|client| {
            client.settings.trust = THIRD;
            client.settings.claims = vec!["department".parse().unwrap()];
        })
        .await;
    let small = with(&good(&client), "scope", "openid email");
    let mut tab = Tab::new(&provider, Some(&browser));
    let page = asked(&provider, &mut tab, &small).await;
    assert!(page.body.contains("department"), "what it is told without asking is shown, too: {}", page.body);
    assert!(says(&provider, &tab, &page, "allow").await.param("code").is_some());
    for fits in ["openid email", "openid"] {
        let params = with(&good(&client), "scope", fits);
        assert!(provider.authorize(Some(&browser), &params).await.param("code").is_some(), "{fits}");
        let silent = with(&params, "prompt", "none");
        assert!(provider.authorize(Some(&browser), &silent).await.param("code").is_some(), "{fits}");
    }
    let named = with(&small, "claims", "{\"userinfo\":{\"phone_number\":null}}");
    for more in [good(&client), with(&small, "scope", "openid email offline_access"), named] {
        asked(&provider, &mut tab, &more).await;
    }
    // What is allowed now comes on top of that.
    allow(&provider, &browser, &with(&good(&client), "scope", "openid groups")).await;
    let both = with(&good(&client), "scope", "openid email groups");
    assert!(provider.authorize(Some(&browser), &both).await.param("code").is_some());
    // An administrator who lets it have more does not consent for others.
    provider.edit(&client, |client| client.settings.claims.push("shoe_size".parse().unwrap())).await;
    asked(&provider, &mut tab, &small).await;
    provider.edit(&client, |client| drop(client.settings.claims.pop())).await;

    provider.advance(CONSENT_LIFE);
    let browser = provider.sign_in(browser.user.clone(), &BOTH).await;
    let mut tab = Tab::new(&provider, Some(&browser));
    asked(&provider, &mut tab, &small).await;
    assert_eq!(provider.app.store.sweep_consents(provider.now()).await.unwrap(), 1);
}

async fn oau18_a_client_that_proves_itself_by_nothing_is_never_let_in_silently(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let public = provider
        .client(|client| {
            client.settings.trust = THIRD;
            (client.auth_method, client.secret) = (AuthMethod::None, None);
        })
        .await;
    let unverified = provider.client(|client| client.settings.trust = Trust::Unverified).await;
    for client in [&public, &unverified] {
        for _ in 0..2 {
            let code = allow(&provider, &browser, &good(client)).await;
            assert_eq!(provider.redeem(client, &code).await.status, StatusCode::OK);
        }
    }
    let silent = provider.authorize(Some(&browser), &with(&good(&public), "prompt", "none")).await;
    silent.is_error(CALLBACK, "consent_required", Some("a state"));
    // One whose secret is on people's own machines, where anybody may have found it.
    let installed = third(&provider).await;
    provider.edit(&installed, |client| client.redirect_uris = vec!["http://127.0.0.1/cb".parse().unwrap()]).await;
    let params = with(&good(&installed), "redirect_uri", "http://127.0.0.1:5000/cb");
    for _ in 0..2 {
        allow(&provider, &browser, &params).await;
    }
}

async fn oau18_a_small_yes_makes_no_large_one_last_longer(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let client = third(&provider).await;
    allow(&provider, &browser, &good(&client)).await;
    let since = provider.now();
    provider.advance(CONSENT_LIFE / 2);
    let browser = provider.sign_in(browser.user.clone(), &BOTH).await;
    let small = with(&with(&good(&client), "scope", "openid"), "prompt", "consent");
    allow(&provider, &browser, &small).await;
    let id = client.id.parse().unwrap();
    let until =
        async || provider.app.store.consent(&browser.user.id, &id, provider.now()).await.unwrap().unwrap().expires_at;
    assert_eq!(until().await, since.plus(CONSENT_LIFE));
    allow(&provider, &browser, &with(&good(&client), "prompt", "consent")).await;
    assert_eq!(until().await, provider.now().plus(CONSENT_LIFE));
}

async fn oau18_who_takes_it_back_takes_back_all_that_came_of_it(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let (client, other) = (third(&provider).await, third(&provider).await);
    let offline = with(&good(&client), "scope", "openid profile offline_access");
    let code = allow(&provider, &browser, &offline).await;
    let tokens = provider.redeem(&client, &code).await;
    let kept = provider.redeem(&other, &allow(&provider, &browser, &good(&other)).await).await;
    let unspent = provider.authorize(Some(&browser), &offline).await.param("code").unwrap();
    let bob = provider.browser("bob", &BOTH).await;
    let bobs = provider.redeem(&client, &allow(&provider, &bob, &good(&client)).await).await;

    let mut tab = Tab::new(&provider, Some(&browser));
    let page = tab.get("/account/apps").await;
    assert_eq!(page.body.matches("<li>\n<strong>An &#60;application&#62;</strong>").count(), 2, "{}", page.body);
    let nobodys = tab.post(&page, "/account/apps/end", &[("id", "app-none")]).await;
    assert_eq!(nobodys.status, StatusCode::NOT_FOUND);
    let left = tab.post(&page, "/account/apps/end", &[("id", &client.id)]).await;
    assert_eq!((left.status, left.location()), (StatusCode::SEE_OTHER, "/account/apps"));
    let again = tab.post(&page, "/account/apps/end", &[("id", &client.id)]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND, "w19: as if it had never been");

    assert_eq!(provider.userinfo(&tokens.text("access_token")).await.status, StatusCode::UNAUTHORIZED);
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", &*tokens.text("refresh_token"))];
    provider.token(&client, &refresh).await.is_refused("invalid_grant");
    provider.redeem(&client, &unspent).await.is_refused("invalid_grant");
    asked(&provider, &mut tab, &offline).await;
    for others in [kept, bobs] {
        assert_eq!(provider.userinfo(&others.text("access_token")).await.status, StatusCode::OK);
    }
    // What was said in answer to a request does not outlive that either.
    let page = asked(&provider, &mut tab, &good(&client)).await;
    let sealed = field(&page, "request");
    let left = tab.post(&page, "/authorize/consent", &[("request", &sealed), ("answer", "allow")]).await;
    tab.post(&page, "/account/apps/end", &[("id", &client.id)]).await;
    let resumed = provider.visit(Some(&browser), left.location()).await;
    assert!(resumed.location().starts_with("/authorize/consent?"), "{resumed:?}");
}

async fn oau18_a_consent_in_one_session_is_none_in_another(core: Core) {
    let provider = Provider::over(core).await;
    let (alice, bob) = (provider.browser("alice", &BOTH).await, provider.browser("bob", &BOTH).await);
    let client = provider.client(|client| client.settings.trust = Trust::Unverified).await;
    allow(&provider, &bob, &good(&client)).await;
    let mut tab = Tab::new(&provider, Some(&alice));
    let page = asked(&provider, &mut tab, &good(&client)).await;
    let sealed = field(&page, "request");
    let left = tab.post(&page, "/authorize/consent", &[("request", &sealed), ("answer", "allow")]).await;
    // What alice has said, in bob's browser: an attacker could send him there.
    let led = provider.visit(Some(&bob), left.location()).await;
    assert!(led.param("code").is_none() && !led.location().starts_with(CALLBACK), "{led:?}");
    assert!(provider.visit(Some(&alice), left.location()).await.param("code").is_some());
}

async fn oau18_a_consent_that_somebody_else_wrote_is_none(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let client = third(&provider).await;
    allow(&provider, &browser, &with(&good(&client), "scope", "openid")).await;
    let text =
        "UPDATE consents SET disclosure = '{\"scopes\":[\"openid\",\"profile\",\"email\",\"groups\"],\"claims\":[]}'";
    assert_eq!(provider.tamper(text).await, 1);
    let answer = provider.authorize(Some(&browser), &good(&client)).await;
    answer.is_error(CALLBACK, "server_error", Some("a state"));
}

async fn o23_consent_is_asked_where_a_client_asks_for_that(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let client = third(&provider).await;
    allow(&provider, &browser, &good(&client)).await;
    assert!(provider.authorize(Some(&browser), &good(&client)).await.param("code").is_some());
    let params = with(&good(&client), "prompt", "consent");
    for _ in 0..2 {
        allow(&provider, &browser, &params).await;
    }
    // Whoever has to sign in is asked for that first.
    for browser in [None, Some(&provider.browser("bob", &[Kind::Password]).await)] {
        let answer = provider.authorize(browser, &with(&good(&client), "acr_values", "urn:twolatch:acr:3")).await;
        assert!(answer.location().starts_with("/login?continue="), "{answer:?}");
        let sealed = answer.location().strip_prefix("/login?continue=").unwrap();
        let mut tab = Tab::new(&provider, browser);
        let page = tab.get(&format!("/authorize/consent?request={sealed}")).await;
        assert!(page.location().starts_with("/authorize/resume?request="), "{page:?}");
    }
}

async fn t5_who_turns_back_leaves_nothing_behind(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let client = third(&provider).await;
    let mut tab = Tab::new(&provider, Some(&browser));
    let page = asked(&provider, &mut tab, &good(&client)).await;
    says(&provider, &tab, &page, "deny").await.is_error(CALLBACK, "access_denied", Some("a state"));
    asked(&provider, &mut tab, &good(&client)).await;
    for table in ["SELECT COUNT(*) FROM consents", "SELECT COUNT(*) FROM grants"] {
        assert_eq!(provider.number(table).await, 0);
    }
    // Nor does one who may not sign in there: they are asked nothing.
    provider.edit(&client, |client| client.settings.groups = vec!["nobody".parse().unwrap()]).await;
    let answer = provider.authorize(Some(&browser), &good(&client)).await;
    answer.is_error(CALLBACK, "access_denied", Some("a state"));
    let sealed = field(&page, "request");
    let left = tab.post(&page, "/authorize/consent", &[("request", &sealed), ("answer", "allow")]).await;
    assert!(left.location().starts_with("/authorize/resume?"), "{left:?}");
    assert_eq!(provider.number("SELECT COUNT(*) FROM consents").await, 0);
}

async fn devices_of_others_are_let_in_by_consent(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let client = provider
        .client(|client| {
            client.settings.trust = THIRD;
            client.settings.grants = vec![GrantType::DeviceCode, GrantType::RefreshToken];
        })
        .await;
    let begun = provider.ask("/device_authorization", &client, &[("scope", "openid email")]).await;
    let mut tab = Tab::new(&provider, Some(&browser));
    let page = tab.get("/device").await;
    let to = tab.post(&page, "/device", &[("user_code", &begun.text("user_code"))]).await.location().to_owned();
    let page = tab.get(&to).await;
    assert!(page.body.contains("Your mail address"), "{}", page.body);
    tab.post(&page, "/device/confirm", &[("request", &field(&page, "request")), ("answer", "allow")]).await;
    let now = provider.now();
    let (user, id) = (browser.user.id.clone(), client.id.parse().unwrap());
    let consent = provider.app.store.consent(&user, &id, now).await.unwrap();
    assert_eq!(consent, Some(Consent::new(user.clone(), id.clone(), disclosed(&["openid", "email"]), now)));
    let grant =
        [("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", &*begun.text("device_code"))];
    let tokens = provider.token(&client, &grant).await;
    assert!(provider.app.store.withdraw_consent(user.clone(), id.clone(), "alice".to_owned(), now).await.unwrap());
    assert!(!provider.app.store.withdraw_consent(user, id, "alice".to_owned(), now).await.unwrap());
    assert_eq!(provider.userinfo(&tokens.text("access_token")).await.status, StatusCode::UNAUTHORIZED);
}

async fn consents_go_with_whom_and_what_they_are_of(core: Core) {
    let provider = Provider::over(core).await;
    let (alice, bob) = (provider.browser("alice", &BOTH).await, provider.browser("bob", &BOTH).await);
    let (one, two) = (third(&provider).await, third(&provider).await);
    for browser in [&alice, &bob] {
        for client in [&one, &two] {
            allow(&provider, browser, &good(client)).await;
        }
    }
    let all = provider.app.store.access_to(&alice.user.id, provider.now()).await.unwrap();
    assert_eq!(all.iter().filter(|access| access.consent.is_some()).count(), 2);
    let actor = crate::support::core::actor(provider.now());
    provider.app.logins.delete_user(&bob.user.name, &actor).await.unwrap();
    assert_eq!(provider.number("SELECT COUNT(*) FROM consents").await, 2);
    let id = one.id.parse().unwrap();
    assert!(provider.app.store.delete_client(id, "test".to_owned(), provider.now()).await.unwrap());
    assert_eq!(provider.number("SELECT COUNT(*) FROM consents").await, 1);
    let given = provider.number("SELECT COUNT(*) FROM audit WHERE event = 'consent_given'").await;
    assert_eq!(given, 4);
}
