//! Signing out: what web apps may ask for, and what they are told of it.

use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};
use twolatch_core::store::logouts::{LIFE, Logout};

use crate::support::core::{Core, actor, on_both};
use crate::support::provider::{Answer, BOTH, Browser, CALLBACK, Provider, Registered, cut, form, good, payload, with};
use crate::support::rounds;

on_both!(
    o30_without_a_hint_the_person_is_asked,
    o31_another_hint_is_no_reason_to_end_a_session,
    o32_no_browser_goes_where_the_client_has_not_registered,
    o33_a_form_of_another_site_is_asked_again_and_states_are_encoded,
    a_client_with_a_hint_of_the_session_ends_it_at_once,
    who_is_asked_goes_on_to_where_the_client_wants,
    every_client_of_a_session_is_told_once_that_it_has_ended,
    whatever_ends_a_session_tells_its_clients,
    a_client_is_told_until_it_listens_or_for_an_hour,
    a_session_that_has_grown_old_is_ended_all_the_same,
    no_code_comes_of_a_session_that_ends_meanwhile,
    what_a_client_is_slow_to_hear_keeps_no_other_waiting,
    o20_form_post_brings_everything_back_as_it_was,
);

const AFTER: &str = "https://app.example.com/bye?x=1";
const TOLD: &str = "https://app.example.com/told";

async fn app(provider: &Provider) -> Registered {
    let client = provider.client(|client| {
        client.settings.post_logout_redirect_uris = vec![AFTER.parse().unwrap()];
        client.logout_uri = Some(TOLD.parse().unwrap());
    });
    client.await
}

async fn hint(provider: &Provider, browser: &Browser, client: &Registered) -> String {
    provider.redeem(client, &provider.code(browser, client).await).await.text("id_token")
}

async fn logout(provider: &Provider, browser: &Browser, params: &[(&str, &str)]) -> Answer {
    provider.visit(Some(browser), &format!("/logout?{}", form(params))).await
}

async fn lives(provider: &Provider, browser: &Browser) -> bool {
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
async fn queued(provider: &Provider, client: &Registered) -> Vec<(String, String)> {
    let all = provider.app.store.logouts_of(&client.id.parse().unwrap()).await.unwrap();
    all.into_iter().map(|logout| (logout.user, logout.sid)).collect()
}

async fn every_client_of_a_session_is_told_once_that_it_has_ended(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let (one, two, unused) = (app(&provider).await, app(&provider).await, app(&provider).await);
    let deaf = provider.client(|_| {}).await;
    let mut sids = Vec::new();
    for client in [&one, &one, &two, &deaf] {
        sids.push(payload(&hint(&provider, &browser, client).await)["sid"].as_str().unwrap().to_owned());
    }
    sids.dedup();
    assert_eq!(sids.len(), 1, "a session has one name: {sids:?}");
    provider.code(&browser, &unused).await;
    let elsewhere = provider.sign_in(browser.user.clone(), &BOTH).await;
    hint(&provider, &elsewhere, &one).await;
    provider.sign_out(&browser).await;
    let told = vec![(browser.user.id.to_string(), sids[0].clone())];
    assert_eq!((queued(&provider, &one).await, queued(&provider, &two).await), (told.clone(), told));
    assert!(queued(&provider, &deaf).await.is_empty() && queued(&provider, &unused).await.is_empty());
    assert!(lives(&provider, &elsewhere).await);
}

async fn whatever_ends_a_session_tells_its_clients(core: Core) {
    let provider = Provider::over(core).await;
    let client = app(&provider).await;
    for what in ["disabled", "deleted", "ended", "others"] {
        let browser = provider.browser(what, &BOTH).await;
        hint(&provider, &browser, &client).await;
        let (logins, now, name) = (&provider.app.logins, provider.now(), browser.user.name.clone());
        match what {
            "disabled" => provider.change(&browser.user, |user| user.disabled_at = Some(user.created_at)).await,
            "deleted" => logins.delete_user(&name, &actor(now)).await.unwrap(),
            "ended" => logins.end_sessions_of(&name, &actor(now)).await.unwrap(),
            _ => {
                let own = provider.sign_in(browser.user.clone(), &BOTH).await;
                let own = provider.app.store.session(&own.token, now).await.unwrap().unwrap();
                logins.end_other_sessions(&own, now).await.unwrap();
            }
        }
        let all = queued(&provider, &client).await;
        assert_eq!(all.iter().filter(|(user, _)| *user == browser.user.id.as_str()).count(), 1, "{what}: {all:?}");
    }
}

async fn a_client_is_told_until_it_listens_or_for_an_hour(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = (provider.browser("alice", &BOTH).await, app(&provider).await);
    hint(&provider, &browser, &client).await;
    provider.sign_out(&browser).await;
    let (store, second) = (&provider.app.store, provider.second_server().await.app.store);
    let taken = store.claim_logout(&[], provider.now()).await.unwrap().unwrap();
    assert!(second.claim_logout(&[], provider.now()).await.unwrap().is_none(), "one server has it");
    provider.advance(30);
    let late = second.claim_logout(&[], provider.now()).await.unwrap().unwrap();
    assert_eq!((taken.tries, late.tries), (1, 2));
    // Whoever was too slow settles nothing any more.
    store.settle_logout(Logout { next_at: None, ..taken }).await.unwrap();
    let next = provider.now().plus(5);
    let deferred = Logout { next_at: Some(next), trouble: Some("no connection".to_owned()), ..late };
    second.settle_logout(deferred).await.unwrap();
    assert!(store.claim_logout(&[], provider.now()).await.unwrap().is_none());
    provider.advance(5);
    let again = store.claim_logout(&[], provider.now()).await.unwrap().unwrap();
    assert_eq!(again.trouble.as_deref(), Some("no connection"));
    let done = Logout { next_at: None, told_at: Some(provider.now()), trouble: None, ..again.clone() };
    store.settle_logout(done.clone()).await.unwrap();
    provider.advance(LIFE);
    assert!(store.claim_logout(&[], provider.now()).await.unwrap().is_none());
    assert_eq!(store.logouts_of(&again.client).await.unwrap(), [done]);
    provider.advance(7 * 86_400);
    let now = provider.now();
    assert_eq!((store.sweep_logouts(now).await.unwrap(), store.sweep_logouts(now).await.unwrap()), (1, 0));
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

async fn what_a_client_is_slow_to_hear_keeps_no_other_waiting(core: Core) {
    let provider = Provider::over(core).await;
    let (slow, other) = (app(&provider).await, app(&provider).await);
    for (name, client) in [("alice", &slow), ("bob", &slow), ("carol", &other)] {
        let browser = provider.browser(name, &BOTH).await;
        hint(&provider, &browser, client).await;
        provider.sign_out(&browser).await;
    }
    let store = &provider.app.store;
    let busy = [slow.id.clone()];
    let taken = store.claim_logout(&busy, provider.now()).await.unwrap().unwrap();
    assert_eq!(taken.client.as_str(), other.id);
    assert!(store.claim_logout(&busy, provider.now()).await.unwrap().is_none());
    let taken = store.claim_logout(&[], provider.now()).await.unwrap().unwrap();
    assert_eq!(taken.client.as_str(), slow.id);
}

async fn o20_form_post_brings_everything_back_as_it_was(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = (provider.browser("alice", &BOTH).await, provider.client(|_| {}).await);
    let state = "\"><script>alert(1)</script>&amp;\u{e9}";
    let request = with(&with(&good(&client), "response_mode", "form_post"), "state", state);
    let answer = provider.authorize(Some(&browser), &request).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert!(!answer.headers.contains_key(header::LOCATION) && !answer.body.contains("<script>alert"));
    assert!(answer.header(header::CONTENT_SECURITY_POLICY).contains("form-action 'self' https://app.example.com;"));
    assert!(answer.body.contains("action=\"https://app.example.com/callback\""));
    let fields = fields(&answer.body);
    assert_eq!((&fields["state"], &fields["iss"]), (&json!(state), &json!("https://id.example.org")));
    let code = fields["code"].as_str().unwrap();
    assert_eq!(provider.redeem(&client, code).await.status, StatusCode::OK);
    // Errors go the same way, also those of a request that cannot be read to its end.
    for (name, value) in [("prompt", "none"), ("response_type", "token"), ("scope", "profile")] {
        let browser = if name == "prompt" { None } else { Some(&browser) };
        let answer = provider.authorize(browser, &with(&request, name, value)).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}: {answer:?}");
        assert!(fields_of(&answer)["error"].is_string(), "{name}");
    }
    let other = provider.authorize(Some(&browser), &with(&request, "response_mode", "fragment")).await;
    assert_eq!(other.param("error").as_deref(), Some("invalid_request"), "{other:?}");
}

fn fields_of(answer: &Answer) -> Value {
    fields(&answer.body)
}

/// The hidden fields of a page, as a browser reads them.
fn fields(body: &str) -> Value {
    let unescaped = |text: &str| {
        let text = text.replace("&#60;", "<").replace("&#62;", ">").replace("&#34;", "\"").replace("&#39;", "'");
        text.replace("&#38;", "&")
    };
    let fields = body.split("<input type=\"hidden\" name=\"").skip(1).map(|rest| {
        let (name, rest) = rest.split_once("\" value=\"").unwrap();
        (name.to_owned(), Value::from(unescaped(rest.split_once('"').unwrap().0)))
    });
    Value::Object(fields.collect())
}
