//! Sign-in for applications behind a proxy: what a proxy is answered, and how a browser gets in.

use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use idp_server::forward::identity::Identity;
use twolatch_core::factor::Kind;
use twolatch_core::policy::{Level, Within};
use twolatch_core::user::User;

use crate::exempting::exempt;
use crate::support::core::{Core, on_both};
use crate::support::front::{Front, HOST, HTML, kept, proxied};
use crate::support::provider::{BOTH, ISSUER, Provider, cut, good};

on_both!(
    a_browser_signs_in_and_comes_back_to_its_page,
    nginx_gets_the_address_in_a_401,
    what_is_no_visit_is_never_sent_elsewhere,
    sec4_w04_what_cannot_be_read_is_refused,
    a_ticket_is_good_once_at_its_host_in_its_browser_for_30_seconds,
    two_servers_change_a_ticket_once,
    tabs_come_back_each_to_its_page,
    o04_a_browser_comes_back_to_nowhere_else,
    what_an_application_is_told_of_somebody,
    who_is_in_no_group_of_it_is_told,
    a_host_of_two_applications_is_nobodys,
    policy_is_asked_for_the_address_of_each_request,
    who_shows_too_little_there_is_not_sent_round_and_round,
);

async fn a_browser_signs_in_and_comes_back_to_its_page(core: Core) {
    let provider = Provider::over(core).await;
    proxied(&provider, |_| {}).await;
    let front = Front::new(HOST);
    let page = "/wiki/Main%20Page?action=edit&x={a|b}";
    let (nonce, enter) = front.begin(&provider, page).await;
    assert!(nonce.starts_with("__Host-twolatch_begun="), "{nonce}");
    assert!(enter.starts_with("/auth/forward/enter?request="), "{enter}");

    let answer = provider.visit(None, &enter).await;
    assert!(answer.location().starts_with("/login?continue="), "{answer:?}");
    let login = provider.visit(None, answer.location()).await;
    assert!(login.body.contains("An &#60;application&#62;"), "{login:?}");
    assert!(
        login.header(header::CONTENT_SECURITY_POLICY).contains(&format!("form-action 'self' https://{HOST};")),
        "{login:?}"
    );

    let browser = provider.browser("alice", &BOTH).await;
    let answer = provider.visit(Some(&browser), &enter).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    assert!(answer.location().starts_with(&format!("https://{HOST}/.twolatch/callback?ticket=")), "{answer:?}");
    assert_eq!(answer.header(header::REFERRER_POLICY), "no-referrer");
    let answer = front.come(&provider, &answer.param("ticket").unwrap(), &nonce).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, &*format!("https://{HOST}{page}")));
    let cookie = kept(&answer);
    let issued = "SELECT COUNT(*) FROM audit WHERE event = 'ticket_issued' AND user_name = 'alice'";
    assert_eq!(provider.number(issued).await, 1);

    for method in ["GET", "POST", "DELETE", "M-SEARCH"] {
        let headers = [&front.says(method, "/x")[..], &[("cookie", cookie.as_str())]].concat();
        let answer = front.send(&provider, "/auth/forward", &headers).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""), "{method}");
        assert!(!answer.headers.contains_key(header::SET_COOKIE) && !answer.headers.contains_key(header::LOCATION));
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    }
    // What is stored opens nothing.
    for text in [
        "SELECT COUNT(*) FROM visits WHERE nonce_hash IS NULL",
        "SELECT COUNT(*) FROM visits WHERE length(token_hash) = 43",
    ] {
        assert_eq!(provider.number(text).await, 1, "{text}");
    }
    // A session that is used there is in use.
    for _ in 0..4 {
        provider.advance(3000);
        assert_eq!(front.status(&provider, &cookie).await, StatusCode::OK);
    }
}

async fn nginx_gets_the_address_in_a_401(core: Core) {
    let provider = Provider::over(core).await;
    proxied(&provider, |_| {}).await;
    let front = Front::new(HOST);
    let headers = [&front.says("GET", "/x")[..], &[HTML]].concat();
    let answer = front.send(&provider, "/auth/forward/nginx", &headers).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.location().starts_with(&format!("{ISSUER}/auth/forward/enter?request=")), "{answer:?}");
    kept(&answer);
    // Caddy adds the query of the request that it asks about: whoever has made that decides nothing by it.
    for query in ["?", "?x", "?lang=id", "?lang=id&lang=en", "?request=x", "?ticket=x", "?%ff"] {
        let answer = front.send(&provider, &format!("/auth/forward{query}"), &headers).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{query}");
        kept(&answer);
        let answer = front.send(&provider, &format!("/auth/forward/nginx{query}"), &headers).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{query}");
    }
}

async fn what_is_no_visit_is_never_sent_elsewhere(core: Core) {
    let provider = Provider::over(core).await;
    proxied(&provider, |_| {}).await;
    let front = Front::new(HOST);
    let refused = async |method: &str, more: &[(&str, &str)]| {
        for uri in ["/auth/forward", "/auth/forward/nginx"] {
            let answer = front.send(&provider, uri, &[&front.says(method, "/x")[..], more].concat()).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {more:?}");
            assert!(!answer.headers.contains_key(header::LOCATION), "{method} {more:?}");
            assert!(!answer.headers.contains_key(header::SET_COOKIE), "{method} {more:?}");
        }
    };
    for method in ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"] {
        refused(method, &[HTML]).await;
    }
    refused("GET", &[]).await;
    refused("GET", &[("accept", "application/json")]).await;
    refused("GET", &[HTML, ("x-requested-with", "XMLHttpRequest")]).await;
    refused("GET", &[HTML, ("sec-fetch-mode", "cors")]).await;
    refused("GET", &[HTML, ("sec-fetch-dest", "iframe")]).await;
    // A cookie that is none changes nothing.
    refused("POST", &[HTML, ("cookie", "__Host-twolatch_app=aaaa")]).await;
}

async fn sec4_w04_what_cannot_be_read_is_refused(core: Core) {
    let provider = Provider::over(core).await;
    proxied(&provider, |_| {}).await;
    let (front, browser) = (Front::new(HOST), provider.browser("alice", &BOTH).await);
    let cookie = front.enter(&provider, &browser).await;
    let good = [&front.says("GET", "/x")[..], &[HTML, ("cookie", cookie.as_str())]].concat();
    let forbidden = async |front: &Front, headers: &[(&str, &str)], what: &str| {
        for uri in ["/auth/forward", "/auth/forward/nginx"] {
            let answer = front.send(&provider, uri, headers).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{what} {headers:?}");
            assert!(!answer.headers.contains_key("remote-user") && !answer.headers.contains_key(header::LOCATION));
            assert!(!answer.headers.contains_key(header::SET_COOKIE));
        }
    };
    assert_eq!(front.send(&provider, "/auth/forward", &good).await.status, StatusCode::OK);
    // Anybody can write such headers.
    for peer in ["192.0.2.249", "127.0.0.1", "::1", "198.51.100.7"] {
        forbidden(&Front { peer: peer.parse().unwrap(), ..front.clone() }, &good, peer).await;
        let stranger = Front { peer: peer.parse().unwrap(), ..front.clone() };
        let (nonce, ticket) = front.ticket(&provider, &browser, "/").await;
        assert_eq!(stranger.come(&provider, &ticket, &nonce).await.status, StatusCode::FORBIDDEN);
    }
    for name in ["x-forwarded-method", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-uri"] {
        let mut without = good.clone();
        without.retain(|(other, _)| *other != name);
        forbidden(&front, &without, "without").await;
        let twice = good.iter().find(|(other, _)| *other == name).copied().unwrap();
        forbidden(&front, &[&good[..], &[twice]].concat(), "twice").await;
        forbidden(&front, &[&without[..], &[(name, "")]].concat(), "empty").await;
        forbidden(&front, &[&without[..], &[(name, "\u{e4}")]].concat(), "no ASCII").await;
    }
    for (name, value) in [
        ("x-forwarded-method", "get"),
        ("x-forwarded-method", "GET, POST"),
        ("x-forwarded-method", "GET /"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-proto", "HTTPS"),
        ("x-forwarded-proto", "https,http"),
        ("x-forwarded-host", "app.example.com:443"),
        ("x-forwarded-host", "APP.example.com"),
        ("x-forwarded-host", "app.example.com."),
        ("x-forwarded-host", "app.example.com, evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-host", "id.example.org"),
        ("x-forwarded-host", "_pp.example.com"),
        ("x-forwarded-host", "%.example.com"),
        ("x-forwarded-uri", "//evil.example"),
        ("x-forwarded-uri", "https://app.example.com/"),
        ("x-forwarded-uri", "/%2e%2e/x"),
        ("x-forwarded-uri", "/%zz"),
        ("x-forwarded-uri", "/a b"),
    ] {
        let mut headers = good.clone();
        headers.retain(|(other, _)| *other != name);
        headers.push((name, value));
        forbidden(&front, &headers, "read in two ways").await;
    }
    // Two cookies of the name are none.
    let twice = [&front.says("POST", "/x")[..], &[("cookie", cookie.as_str()), ("cookie", cookie.as_str())]].concat();
    assert_eq!(front.send(&provider, "/auth/forward", &twice).await.status, StatusCode::UNAUTHORIZED);
}

async fn a_ticket_is_good_once_at_its_host_in_its_browser_for_30_seconds(core: Core) {
    let provider = Provider::over(core).await;
    let other = "other.example.com";
    proxied(&provider, |client| client.settings.hosts.push(other.parse().unwrap())).await;
    let (front, elsewhere) = (Front::new(HOST), Front::new(other));
    let browser = provider.browser("alice", &BOTH).await;
    let over = format!("{ISSUER}/auth/forward/over");
    let worthless = async |front: &Front, ticket: &str, cookies: &str| {
        let answer = front.come(&provider, ticket, cookies).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, over.as_str()), "{answer:?}");
        assert!(!answer.headers.contains_key(header::SET_COOKIE), "{answer:?}");
    };
    let (nonce, ticket) = front.ticket(&provider, &browser, "/").await;
    let (another, _) = front.begin(&provider, "/").await;
    worthless(&elsewhere, &ticket, &nonce).await;
    worthless(&front, &ticket, "").await;
    worthless(&front, &format!("{ticket}a"), &nonce).await;
    worthless(&front, &format!("{ticket}&ticket={ticket}"), &nonce).await;
    worthless(&front, "", &nonce).await;
    let cookie = kept(&front.come(&provider, &ticket, &nonce).await);
    worthless(&front, &ticket, &nonce).await;
    // In another browser it is worth nothing, and in its own neither then.
    let (nonce, ticket) = front.ticket(&provider, &browser, "/").await;
    worthless(&front, &ticket, &another).await;
    worthless(&front, &ticket, &nonce).await;
    // Nor is one a cookie, or a cookie one.
    let (nonce, ticket) = front.ticket(&provider, &browser, "/").await;
    assert_eq!(front.status(&provider, &format!("__Host-twolatch_app={ticket}")).await, StatusCode::SEE_OTHER);
    worthless(&front, cookie.split_once('=').unwrap().1, &nonce).await;
    // The cookie is for that host alone.
    assert_eq!(elsewhere.status(&provider, &cookie).await, StatusCode::SEE_OTHER);
    let (nonce, ticket) = front.ticket(&provider, &browser, "/").await;
    provider.advance(29);
    kept(&front.come(&provider, &ticket, &nonce).await);
    let (nonce, ticket) = front.ticket(&provider, &browser, "/").await;
    provider.advance(30);
    worthless(&front, &ticket, &nonce).await;
    // Who has signed out meanwhile comes to nothing.
    let (nonce, ticket) = front.ticket(&provider, &browser, "/").await;
    provider.sign_out(&browser).await;
    worthless(&front, &ticket, &nonce).await;
    let page = provider.visit(None, "/auth/forward/over").await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.body.contains("taken too long"), "{page:?}");
    assert_eq!(provider.number("SELECT COUNT(*) FROM visits").await, 0);
}

async fn two_servers_change_a_ticket_once(core: Core) {
    let provider = Provider::over(core).await;
    proxied(&provider, |_| {}).await;
    let second = provider.second_server().await;
    let (front, browser) = (Front::new(HOST), provider.browser("alice", &BOTH).await);
    for _ in 0..5 {
        let (nonce, ticket) = front.ticket(&provider, &browser, "/").await;
        let (one, other) = tokio::join!(front.come(&provider, &ticket, &nonce), front.come(&second, &ticket, &nonce));
        let won = [one, other].iter().filter(|answer| answer.headers.contains_key(header::SET_COOKIE)).count();
        assert_eq!(won, 1);
    }
}

async fn tabs_come_back_each_to_its_page(core: Core) {
    let provider = Provider::over(core).await;
    proxied(&provider, |_| {}).await;
    let (front, browser) = (Front::new(HOST), provider.browser("alice", &BOTH).await);
    let (nonce, first) = front.begin(&provider, "/one").await;
    let answer = front.open(&provider, "/two", &nonce).await;
    assert_eq!(kept(&answer), nonce, "the browser keeps what it has");
    for (enter, page) in [(first.as_str(), "/one"), (answer.location().strip_prefix(ISSUER).unwrap(), "/two")] {
        let ticket = provider.visit(Some(&browser), enter).await.param("ticket").unwrap();
        let answer = front.come(&provider, &ticket, &nonce).await;
        assert_eq!(answer.location(), format!("https://{HOST}{page}"));
    }
}

async fn o04_a_browser_comes_back_to_nowhere_else(core: Core) {
    let provider = Provider::over(core).await;
    let client = proxied(&provider, |_| {}).await;
    let (front, browser) = (Front::new(HOST), provider.browser("alice", &BOTH).await);
    let (_, enter) = front.begin(&provider, "/x").await;
    for damaged in [
        "/auth/forward/enter".to_owned(),
        "/auth/forward/enter?request=".to_owned(),
        "/auth/forward/enter?request=https://evil.example/".to_owned(),
        format!("{enter}a"),
        format!("{enter}&request=x"),
        format!("{enter}&rd=https://evil.example/"),
        cut(&enter, 4).to_owned(),
    ] {
        provider.visit(Some(&browser), &damaged).await.is_page();
    }
    // What was sealed for something else is none of these.
    let web = provider.client(|_| {}).await;
    let login = provider.authorize(None, &good(&web)).await;
    let sealed = login.location().split_once("continue=").unwrap().1.to_owned();
    provider.visit(Some(&browser), &format!("/auth/forward/enter?request={sealed}")).await.is_page();
    let ours = enter.split_once("request=").unwrap().1;
    provider.visit(Some(&browser), &format!("/authorize/resume?request={ours}")).await.is_page();
    // A page with a long address is left for the first one.
    let long = format!("/x?{}", "a".repeat(4000));
    let (nonce, ticket) = front.ticket(&provider, &browser, &long).await;
    assert_eq!(front.come(&provider, &ticket, &nonce).await.location(), format!("https://{HOST}/"));
    // A host that is not its own any more is nobody's.
    provider.edit(&client, |client| client.settings.hosts = vec!["new.example.com".parse().unwrap()]).await;
    provider.visit(Some(&browser), &enter).await.is_page();
    provider.advance(3600);
    provider.visit(Some(&browser), &enter).await.is_page();
}

async fn what_an_application_is_told_of_somebody(core: Core) {
    let provider = Provider::over(core).await;
    proxied(&provider, |_| {}).await;
    let (front, browser) = (Front::new(HOST), provider.browser("alice", &BOTH).await);
    let cookie = front.enter(&provider, &browser).await;
    let told = async || {
        // What a stranger has sent is not looked at.
        let more = [HTML, ("cookie", cookie.as_str()), ("remote-user", "root"), ("remote-groups", "wheel")];
        let answer = front.send(&provider, "/auth/forward", &[&front.says("GET", "/")[..], &more].concat()).await;
        ["remote-user", "remote-groups", "remote-email", "remote-name"].map(|name| {
            assert_eq!(answer.headers.get_all(name).iter().count(), 1, "{name}: {answer:?}");
            answer.headers[name].to_str().unwrap().to_owned()
        })
    };
    assert_eq!(told().await, ["alice", "staff,wheel", "alice@example.org", "alice"]);
    // An address that could be read in another way, or that is perhaps not theirs, is not told.
    let (mut odd, now) = (browser.user, provider.now());
    let email = |user: &User| {
        let identity = Identity::of(user, now).unwrap().into_response();
        identity.headers()["remote-email"].to_str().unwrap().to_owned()
    };
    assert_eq!(email(&odd), "alice@example.org");
    for address in ["o'brien@example.org", "a{b}@example.org", "a=b@example.org", "a,b@example.org"] {
        let Ok(address) = address.parse() else { continue };
        odd.email = Some(address);
        assert_eq!(email(&odd), "");
    }
    odd.email = Some("alice@example.org".parse().unwrap());
    odd.email_held_until = Some(now.plus(60));
    assert_eq!(email(&odd), "");
    (odd.email_held_until, odd.email_verified_at) = (None, None);
    assert_eq!(email(&odd), "");
}

async fn who_is_in_no_group_of_it_is_told(core: Core) {
    let provider = Provider::over(core).await;
    proxied(&provider, |client| client.settings.groups = vec!["directors".parse().unwrap()]).await;
    let (front, browser) = (Front::new(HOST), provider.browser("alice", &BOTH).await);
    let (_, enter) = front.begin(&provider, "/").await;
    let answer = provider.visit(Some(&browser), &enter).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
    assert!(answer.body.contains("only for people in certain groups"), "{answer:?}");
    assert!(!answer.headers.contains_key(header::LOCATION));
    assert_eq!(provider.number("SELECT COUNT(*) FROM visits").await, 0);
}

async fn a_host_of_two_applications_is_nobodys(core: Core) {
    let provider = Provider::over(core).await;
    proxied(&provider, |_| {}).await;
    let (front, browser) = (Front::new(HOST), provider.browser("alice", &BOTH).await);
    let cookie = front.enter(&provider, &browser).await;
    let second = proxied(&provider, |_| {}).await;
    assert_eq!(front.status(&provider, &cookie).await, StatusCode::FORBIDDEN);
    provider.edit(&second, |client| client.settings.hosts.clear()).await;
    assert_eq!(front.status(&provider, &cookie).await, StatusCode::OK);
}

async fn policy_is_asked_for_the_address_of_each_request(core: Core) {
    const NEAR: &str = "198.51.100.7";
    let provider = Provider::over(core).await;
    let client = proxied(&provider, |_| {}).await;
    let (front, browser) = (Front::new(HOST), provider.browser("alice", &[Kind::Password]).await);
    let network = Within { network: "198.51.100.0/24".parse().ok(), ..Within::default() };
    exempt(&provider.app.logins, "alice", network, provider.now()).await.unwrap();
    provider.advance(2);
    let (nonce, enter) = front.begin(&provider, "/").await;
    let session = provider.cookie(&browser.token);
    let visit = async |from: &str| {
        let person = Front { peer: from.parse().unwrap(), ..front.clone() };
        person.send(&provider, &enter, &[("cookie", session.as_str())]).await
    };
    assert!(visit("203.0.113.9").await.location().starts_with("/login?continue="));
    let ticket = visit(NEAR).await.param("ticket").unwrap();
    let cookie = kept(&front.come(&provider, &ticket, &nonce).await);
    let from = async |address: &str| {
        let mut headers = [&front.says("GET", "/")[..], &[HTML, ("cookie", cookie.as_str())]].concat();
        headers.retain(|(name, _)| *name != "x-forwarded-for");
        headers.push(("x-forwarded-for", address));
        front.send(&provider, "/auth/forward", &headers).await.status
    };
    assert_eq!(from(NEAR).await, StatusCode::OK);
    // What a stranger has written before the proxy's own entry is not believed.
    for elsewhere in ["203.0.113.9", "198.51.100.7, 203.0.113.9", "192.0.2.250", "unknown", ""] {
        assert_eq!(from(elsewhere).await, StatusCode::FORBIDDEN, "{elsewhere}: not round and round");
    }
    provider.advance(10);
    assert_eq!(from("203.0.113.9").await, StatusCode::SEE_OTHER);
    assert_eq!(from(NEAR).await, StatusCode::OK);
    provider.edit(&client, |client| client.settings.groups = vec!["directors".parse().unwrap()]).await;
    assert_eq!(from(NEAR).await, StatusCode::SEE_OTHER);
}

async fn who_shows_too_little_there_is_not_sent_round_and_round(core: Core) {
    let provider = Provider::over(core).await;
    proxied(&provider, |_| {}).await;
    provider.set_level(Level::Required).await;
    // A machine's account has a name that no application could read in one way only.
    let (front, browser) = (Front::new(HOST), provider.browser("host$", &BOTH).await);
    let (nonce, ticket) = front.ticket(&provider, &browser, "/").await;
    let cookie = kept(&front.come(&provider, &ticket, &nonce).await);
    let answer = front.open(&provider, "/", &cookie).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
    assert!(!answer.headers.contains_key("remote-user"));
    provider.advance(10);
    assert_eq!(front.status(&provider, &cookie).await, StatusCode::SEE_OTHER);
}
