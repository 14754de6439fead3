//! Signing out: what web apps may ask for, and what they are told of it.

use axum::http::{Method, StatusCode, header};

use crate::support::core::{Core, on_both};
use crate::support::provider::{Answer, BOTH, Browser, CALLBACK, Provider, Registered, cut, form, good, with};
use crate::support::rounds;

on_both!(
    o30_without_a_hint_the_person_is_asked,
    o31_another_hint_is_no_reason_to_end_a_session,
    o32_no_browser_goes_where_the_client_has_not_registered,
    o33_a_form_of_another_site_is_asked_again_and_states_are_encoded,
    a_client_with_a_hint_of_the_session_ends_it_at_once,
    who_is_asked_goes_on_to_where_the_client_wants,
    a_session_that_has_grown_old_is_ended_all_the_same,
    no_code_comes_of_a_session_that_ends_meanwhile,
);

const AFTER: &str = "https://app.example.com/bye?x=1";
const TOLD: &str = "https://app.example.com/told";

pub(crate) async fn app(provider: &Provider) -> Registered {
    let client = provider.client(|client| {
        client.settings.post_logout_redirect_uris = vec![AFTER.parse().unwrap()];
        client.logout_uri = Some(TOLD.parse().unwrap());
    });
    client.await
}

pub(crate) async fn hint(provider: &Provider, browser: &Browser, client: &Registered) -> String {
    provider.redeem(client, &provider.code(browser, client).await).await.text("id_token")
}

async fn logout(provider: &Provider, browser: &Browser, params: &[(&str, &str)]) -> Answer {
    provider.visit(Some(browser), &format!("/logout?{}", form(params))).await
}

pub(crate) async fn lives(provider: &Provider, browser: &Browser) -> bool {
    provider.app.store.session(&browser.token, provider.now()).await.unwrap().is_some()
}

/// Asserts that the person is asked, and nothing has happened.
async fn asks(provider: &Provider, browser: &Browser, answer: &Answer) {
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert!(answer.body.contains("action=\"/logout/confirm\"") && !answer.headers.contains_key(header::LOCATION));
    assert!(lives(provider, browser).await);
}

async fn o30_without_a_hint_the_person_is_asked(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = (provider.browser("alice", &BOTH).await, app(&provider).await);
    for params in [
        vec![],
        vec![("state", "x")],
        vec![("client_id", client.id.as_str())],
        vec![("client_id", client.id.as_str()), ("post_logout_redirect_uri", AFTER), ("state", "x")],
        vec![("post_logout_redirect_uri", AFTER)],
        vec![("client_id", "nobody"), ("post_logout_redirect_uri", AFTER)],
        vec![("id_token_hint", "nonsense"), ("post_logout_redirect_uri", AFTER)],
    ] {
        let answer = logout(&provider, &browser, &params).await;
        asks(&provider, &browser, &answer).await;
        assert!(!answer.body.contains("name=\"to\"") && !answer.body.contains("app.example.com"), "{params:?}");
        let policy = answer.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.contains("form-action 'self';"), "nowhere else: {policy}");
    }
    // Whoever is signed in nowhere is told so.
    let answer = provider.visit(None, "/logout").await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/login"));
}

async fn o31_another_hint_is_no_reason_to_end_a_session(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = (provider.browser("alice", &BOTH).await, app(&provider).await);
    let own = hint(&provider, &browser, &client).await;
    let bob = provider.browser("bob", &BOTH).await;
    let of_another = hint(&provider, &bob, &client).await;
    let elsewhere = provider.sign_in(browser.user.clone(), &BOTH).await;
    let of_another_session = hint(&provider, &elsewhere, &client).await;
    let (head, rest) = own.split_once('.').unwrap();
    let none = data_encoding::BASE64URL_NOPAD.encode(br#"{"alg":"none"}"#);
    let unsigned = format!("{none}.{}.", rest.split_once('.').unwrap().0);
    let changed = format!("{head}x.{rest}");
    for hint in [&of_another, &of_another_session, &unsigned, &changed, cut(&own, 1), cut(&own, own.len() - 5)] {
        let answer = logout(&provider, &browser, &[("id_token_hint", hint)]).await;
        asks(&provider, &browser, &answer).await;
    }
    let another = app(&provider).await;
    let answer = logout(&provider, &browser, &[("id_token_hint", &own), ("client_id", &another.id)]).await;
    answer.is_page();
    let twice = provider.visit(Some(&browser), &format!("/logout?id_token_hint={own}&id_token_hint={own}")).await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST);
    assert!(lives(&provider, &browser).await);
}

async fn o32_no_browser_goes_where_the_client_has_not_registered(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = (provider.browser("alice", &BOTH).await, app(&provider).await);
    let own = hint(&provider, &browser, &client).await;
    let other = provider.client(|client| {
        client.settings.post_logout_redirect_uris = vec!["https://other.example.com/bye".parse().unwrap()];
    });
    other.await;
    for uri in [
        "https://app.example.com/bye",
        "https://app.example.com/bye?x=1&y=2",
        "https://app.example.com/bye?x=1#",
        "https://app.example.com/callback",
        "https://other.example.com/bye",
        "https://evil.example/",
        "//evil.example/",
        "javascript:alert(1)",
        "https://app.example.com\\@evil.example/bye?x=1",
    ] {
        let answer = logout(&provider, &browser, &[("id_token_hint", &own), ("post_logout_redirect_uri", uri)]).await;
        answer.is_page();
        assert!(lives(&provider, &browser).await, "{uri}");
    }
}

async fn o33_a_form_of_another_site_is_asked_again_and_states_are_encoded(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = (provider.browser("alice", &BOTH).await, app(&provider).await);
    let own = hint(&provider, &browser, &client).await;
    let body = form(&[("id_token_hint", &own), ("post_logout_redirect_uri", AFTER), ("state", "a\r\nb")]);
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", "https://app.example.com"),
        ("cookie", &provider.cookie(&browser.token)),
    ];
    let answer = provider.raw(Method::POST, "/logout", &headers, &body).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(lives(&provider, &browser).await, "a form of another site does nothing");
    let answer = provider.visit(Some(&browser), answer.location()).await;
    assert_eq!(answer.location(), format!("{AFTER}&state=a%0D%0Ab"));
    // Our own form is taken from nobody else either.
    let other = provider.sign_in(browser.user.clone(), &BOTH).await;
    let headers = [headers[0], headers[1], ("cookie", &provider.cookie(&other.token))];
    let answer = provider.raw(Method::POST, "/logout/confirm", &headers, "form=x").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(lives(&provider, &other).await);
}

async fn a_client_with_a_hint_of_the_session_ends_it_at_once(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = (provider.browser("alice", &BOTH).await, app(&provider).await);
    let answer = provider.redeem(&client, &provider.code(&browser, &client).await).await;
    let (own, access) = (answer.text("id_token"), answer.text("access_token"));
    // It has expired by far, and is a hint all the same.
    provider.advance(3000);
    let answer =
        logout(&provider, &browser, &[("id_token_hint", &own), ("post_logout_redirect_uri", AFTER), ("state", "s")])
            .await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, format!("{AFTER}&state=s").as_str()));
    assert!(answer.header(header::SET_COOKIE).contains("Max-Age=0"), "{answer:?}");
    assert!(!lives(&provider, &browser).await);
    assert_eq!(provider.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
    let answer = provider.authorize(Some(&browser), &with(&good(&client), "prompt", "none")).await;
    answer.is_error(CALLBACK, "login_required", Some("a state"));
    // Once more, and without a state: it is over, and the browser goes on.
    let answer = logout(&provider, &browser, &[("id_token_hint", &own), ("post_logout_redirect_uri", AFTER)]).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, AFTER));
    let browser = provider.sign_in(browser.user.clone(), &BOTH).await;
    let own = hint(&provider, &browser, &client).await;
    let answer = logout(&provider, &browser, &[("id_token_hint", &own)]).await;
    assert_eq!(answer.location(), "/login", "nowhere is wanted: our own page");
    assert!(!lives(&provider, &browser).await);
}

async fn who_is_asked_goes_on_to_where_the_client_wants(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = (provider.browser("alice", &BOTH).await, app(&provider).await);
    let before = provider.sign_in(browser.user.clone(), &BOTH).await;
    let of_before = hint(&provider, &before, &client).await;
    let params = [("id_token_hint", of_before.as_str()), ("post_logout_redirect_uri", AFTER), ("state", "s")];
    let page = logout(&provider, &browser, &params).await;
    asks(&provider, &browser, &page).await;
    assert!(page.body.contains("An &#60;application&#62;"), "who asks: {}", page.body);
    assert!(page.header(header::CONTENT_SECURITY_POLICY).contains("form-action 'self' https://app.example.com;"));
    let field = |name: &str| {
        let rest = page.body.split_once(&format!("name=\"{name}\" value=\"")).unwrap().1;
        rest.split_once('"').unwrap().0.to_owned()
    };
    let flow = page.header(header::SET_COOKIE).split(';').next().unwrap().to_owned();
    let send = async |browser: &Browser, to: &str| {
        let cookies = format!("{}; {flow}", provider.cookie(&browser.token));
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("origin", "https://id.example.org"),
            ("cookie", cookies.as_str()),
        ];
        let body = form(&[("form", &field("form")), ("to", to)]);
        provider.raw(Method::POST, "/logout/confirm", &headers, &body).await
    };
    let answer = send(&browser, &field("to")).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, format!("{AFTER}&state=s").as_str()));
    assert!(!lives(&provider, &browser).await && lives(&provider, &before).await);
}

/// What a client is to be told.
pub(crate) async fn queued(provider: &Provider, client: &Registered) -> Vec<(String, String)> {
    let all = provider.app.store.logouts_of(&client.id.parse().unwrap()).await.unwrap();
    all.into_iter().map(|logout| (logout.user, logout.sid)).collect()
}

async fn a_session_that_has_grown_old_is_ended_all_the_same(core: Core) {
    let provider = Provider::over(core).await;
    let client = app(&provider).await;
    for (name, age) in [("idle", 3700), ("over", 13 * 3600)] {
        let browser = provider.browser(name, &BOTH).await;
        let request = with(&good(&client), "scope", "openid offline_access");
        let code = provider.authorize(Some(&browser), &request).await.param("code").unwrap();
        let answer = provider.redeem(&client, &code).await;
        let (own, refresh) = (answer.text("id_token"), answer.text("refresh_token"));
        provider.advance(age);
        provider.app.store.sweep(provider.now()).await.unwrap();
        let params = [("id_token_hint", own.as_str()), ("post_logout_redirect_uri", AFTER)];
        assert_eq!(logout(&provider, &browser, &params).await.location(), AFTER, "{name}");
        let params = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        provider.token(&client, &params).await.is_refused("invalid_grant");
        let told = queued(&provider, &client).await;
        assert!(told.iter().any(|(user, _)| user == browser.user.id.as_str()), "{name}: the client is told");
    }
}

async fn no_code_comes_of_a_session_that_ends_meanwhile(core: Core) {
    let provider = Provider::over(core).await;
    let second = provider.second_server().await;
    let client = app(&provider).await;
    for round in 0..rounds() {
        let browser = provider.browser(&format!("user{round}"), &BOTH).await;
        let asks = (0..8).map(|number| {
            let server = if number % 2 == 0 { &provider } else { &second }.clone();
            let (browser, client) = (browser.clone(), client.clone());
            tokio::spawn(async move {
                let request = with(&good(&client), "scope", "openid offline_access");
                let code = server.authorize(Some(&browser), &request).await.param("code")?;
                Some(server.redeem(&client, &code).await)
            })
        });
        let asks: Vec<_> = asks.collect();
        provider.sign_out(&browser).await;
        for ask in asks {
            let Some(answer) = ask.await.unwrap() else { continue };
            if answer.status == StatusCode::OK {
                let access = answer.text("access_token");
                assert_eq!(second.userinfo(&access).await.status, StatusCode::UNAUTHORIZED, "round {round}");
                let params = [("grant_type", "refresh_token"), ("refresh_token", &answer.text("refresh_token"))];
                provider.token(&client, &params).await.is_refused("invalid_grant");
            }
        }
        assert_eq!(provider.number("SELECT COUNT(*) FROM grants").await, 0, "round {round}: nothing outlives it");
    }
}
