//! What rude browsers, other sites and scanners send to the pages.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use idp_server::config::Config;
use idp_server::router;

use crate::support::core::actor;
use crate::support::site::{Browser, ISSUER, PASSWORD, Page, Site, encode};

const CONTENTS: &str = "SELECT (SELECT COUNT(*) FROM users) + 1000 * (SELECT COUNT(*) FROM sessions) \
     + 1000000 * (SELECT COUNT(*) FROM attempts) + 1000000000 * (SELECT COUNT(*) FROM audit) \
     + (SELECT COUNT(*) FROM budgets) + (SELECT COUNT(*) FROM links WHERE used_at IS NOT NULL)";

/// Somebody signed in, the addresses of all pages, and a form token that is right.
async fn signed_in() -> (Site, Browser, Vec<String>, String) {
    let site = Site::new().await;
    let token = site.app.logins.first_admin_link(&actor(site.now())).await.unwrap().unwrap();
    let totp = site.enrolled("alice").await;
    let mut browser = Browser::default();
    let account = site.sign_in(&mut browser, "alice", &totp).await;
    // Signing out comes last.
    let paths = router::console()
        .into_iter()
        .chain(router::people())
        .map(|(path, _)| path.replace("{token}", &token))
        .collect();
    let (_, hidden) = account.form();
    (site, browser, paths, hidden[0].1.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn w_01_ses_9_no_form_is_taken_that_is_not_from_our_page_in_this_browser() {
    let (site, browser, paths, token) = signed_in().await;
    let before = site.number(CONTENTS).await;
    let of_another = {
        let mut other = Browser::default();
        let page = site.get(&mut other, "/login").await;
        page.form().1[0].1.clone()
    };
    let from_before = {
        let mut fresh = Browser {
            cookies: [("__Host-twolatch_flow".to_owned(), browser.cookies["__Host-twolatch_flow"].clone())].into(),
        };
        site.get(&mut fresh, "/login").await.form().1[0].1.clone()
    };
    let good = encode([("form", token.as_str())]);
    let bad_token = [
        String::new(),
        encode([("form", "")]),
        encode([("form", "x")]),
        encode([("form", token.split_at(token.len() - 2).0)]),
        encode([("form", of_another.as_str())]),
        encode([("form", from_before.as_str())]),
    ];
    let bad_origin: [&[(&str, &str)]; 6] = [
        &[("origin", "null")],
        &[("origin", "https://evil.example")],
        &[("origin", "https://id.example.org.evil.example")],
        &[("origin", "http://id.example.org")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
    ];
    let mut taken = Vec::new();
    for path in &paths {
        let posted = async |body: &str, changed: &[(&str, &str)]| {
            let mut request = browser.form(path, body);
            for (name, value) in changed {
                let name: HeaderName = name.parse().unwrap();
                request.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
            }
            site.send(request).await
        };
        for body in &bad_token {
            let page = posted(body, &[]).await;
            assert!(is_refused(&page), "{path} {body}: {page:?}");
        }
        for changed in bad_origin {
            let page = posted(&good, changed).await;
            assert!(is_refused(&page), "{path} {changed:?}: {page:?}");
        }
        if posted(&good, &[]).await.status != StatusCode::METHOD_NOT_ALLOWED {
            taken.push(path.as_str());
        }
    }
    // The rightful form was read: by the last of these, signing out, it was even obeyed.
    assert_eq!(taken.len(), 82, "{taken:?}");
    assert_eq!(taken.last(), Some(&"/logout/confirm"));
    let change = site.number(CONTENTS).await - before;
    assert_eq!(change, 1_000_000_000 - 1000, "one record more, one session less, and nothing else");
}

fn is_refused(page: &Page) -> bool {
    [StatusCode::FORBIDDEN, StatusCode::METHOD_NOT_ALLOWED].contains(&page.status)
        && page.headers.get(header::SET_COOKIE).is_none()
}

#[tokio::test(flavor = "multi_thread")]
async fn w_01_programs_that_are_no_browsers_need_the_token_only() {
    let (site, mut browser, _, token) = signed_in().await;
    let mut request = browser.form("/logout/confirm", &encode([("form", token.as_str())]));
    request.headers_mut().remove(header::ORIGIN);
    request.headers_mut().remove("sec-fetch-site");
    let page = site.send(request).await;
    browser.keep(&page);
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert!(!browser.cookies.contains_key("__Host-twolatch_session"));
}

#[tokio::test(flavor = "multi_thread")]
async fn w_02_ses_9_looking_changes_nothing() {
    let (site, mut browser, paths, _) = signed_in().await;
    let before = site.number(CONTENTS).await;
    for path in &paths {
        for method in [Method::GET, Method::HEAD] {
            for query in ["", "?_method=POST", "?username=alice&password=x"] {
                let to = format!("{path}{query}");
                let mut request = browser.request(method.clone(), &to, Body::empty());
                request.headers_mut().insert("x-http-method-override", HeaderValue::from_static("POST"));
                let page = site.send(request).await;
                assert!(page.status.as_u16() < 500, "{to}");
            }
        }
    }
    assert_eq!(site.number(CONTENTS).await, before);
    assert_eq!(site.open(&mut browser, "/account").await.title(), "Your account");
}

#[tokio::test(flavor = "multi_thread")]
async fn w_04_another_name_for_us_gets_no_page_and_changes_no_link() {
    let site = Site::new().await;
    let with = |changed: &[(&'static str, &str)], to: &str| {
        let mut request = Browser::default().request(Method::GET, to, Body::empty());
        for (name, value) in changed {
            request.headers_mut().append(*name, HeaderValue::from_str(value).unwrap());
        }
        request
    };
    let plain = site.send(with(&[], "/login")).await;
    for host in ["evil.example", "id.example.org.", "id.example.org:8443", "id.example.org.evil.example", "127.0.0.1"] {
        let mut request = with(&[], "/login");
        request.headers_mut().insert(header::HOST, HeaderValue::from_str(host).unwrap());
        assert_eq!(site.send(request).await.status, StatusCode::MISDIRECTED_REQUEST, "{host}");
    }
    assert_eq!(site.send(with(&[("host", "evil.example")], "/login")).await.status, StatusCode::BAD_REQUEST);
    let absolute = site.send(with(&[], "https://evil.example/login")).await;
    assert_eq!(absolute.status, StatusCode::MISDIRECTED_REQUEST);
    let forged = [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-for", "203.0.113.1"),
        ("forwarded", "for=203.0.113.1;host=evil.example;proto=http"),
    ];
    let page = site.send(with(&forged, "/login")).await;
    assert_eq!(page.status, StatusCode::OK);
    let masked = |page: &Page| page.body.split("name=\"form\" value=\"").next().unwrap().to_owned();
    assert_eq!(masked(&page), masked(&plain));
    assert!(page.headers[header::SET_COOKIE].to_str().unwrap().starts_with("__Host-twolatch_flow="));
    let discovery = "/.well-known/openid-configuration";
    let (forged, plain) = (site.send(with(&forged, discovery)).await, site.send(with(&[], discovery)).await);
    assert!(plain.status == StatusCode::OK && plain.body.contains(&format!("\"issuer\":\"{ISSUER}\"")), "{plain:?}");
    assert_eq!((forged.status, forged.body), (plain.status, plain.body));
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_4_w_21_a_forged_source_earns_no_further_tries() {
    let site = Site::new().await;
    site.enrolled("alice").await;
    let tried = async |index: u8, password: &str| {
        let mut browser = Browser::default();
        let page = site.open(&mut browser, "/login").await;
        let (to, hidden) = page.form();
        let body = encode([("form", hidden[0].1.as_str()), ("username", "alice"), ("password", password)]);
        let mut request = browser.form(&to, &body);
        request.headers_mut().insert("x-forwarded-for", format!("203.0.113.{index}").parse().unwrap());
        site.send(request).await.location().unwrap()
    };
    for index in 0..5 {
        tried(index, "wrong").await;
    }
    assert_eq!(tried(77, PASSWORD).await, "/login", "not judged: the budget of the real source is spent");
    assert_eq!(site.number("SELECT COUNT(DISTINCT source) FROM audit WHERE event = 'password'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn w_11_a_repeated_parameter_is_refused_on_every_page() {
    let (site, mut browser, _, _) = signed_in().await;
    for to in [
        "/login?continue=a&continue=a",
        "/login?continue=a&lang=en&continue=b",
        "/account/confirm?for=email&for=email",
        "/account/confirm?for=security&for=//evil",
        "/account?lang=en&lang=id",
        "/account?x&x=1",
        "/login/code?x=1&&x=2",
    ] {
        let page = site.get(&mut browser, to).await;
        assert_eq!((page.status, page.location()), (StatusCode::BAD_REQUEST, None), "{to}: {page:?}");
    }
    let page = site.get(&mut browser, "/account/confirm?for=email&lang=id").await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn w_05_w_11_w_12_w_18_what_our_forms_never_send_is_refused_as_a_whole() {
    let site = Site::new().await;
    let mut browser = Browser::default();
    let page = site.open(&mut browser, "/login").await;
    let (to, hidden) = page.form();
    let rest = format!("{}&username=alice&password=x", encode([("form", hidden[0].1.as_str())]));
    let before = site.number(CONTENTS).await;
    for (addition, status) in [
        ("&username=alice", 400),
        ("&username=bob", 400),
        ("&role=admin", 400),
        ("&mfa_required=false", 400),
        ("&email_verified=true", 400),
        ("&last_step=0", 400),
        ("&next=https%3A%2F%2Fevil.example", 400),
        ("&a=%FF", 400),
        ("&a=%C0%AF", 400),
        ("&a=%00", 400),
        ("&a=%ED%A0%80", 400),
        ("&a=%zz", 400),
        ("&a", 400),
    ] {
        let page = site.send(browser.form(&to, &format!("{rest}{addition}"))).await;
        assert_eq!(page.status.as_u16(), status, "{addition}: {page:?}");
    }
    let many: String = (0..100_000).flat_map(|index| ["&f".to_owned(), index.to_string(), "=".to_owned()]).collect();
    assert_eq!(site.send(browser.form(&to, &many)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let large = "a".repeat(11 << 20);
    assert_eq!(site.send(browser.form(&to, &large)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(site.send(browser.form("/login?username=alice", &rest)).await.status, StatusCode::BAD_REQUEST);
    for (name, value) in [
        ("content-type", "multipart/form-data; boundary=x"),
        ("content-type", "application/json"),
        ("content-type", "text/plain"),
        ("content-encoding", "gzip"),
    ] {
        let mut request = browser.form(&to, &rest);
        request.headers_mut().insert(name, HeaderValue::from_static(value));
        assert_eq!(site.send(request).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{value}");
    }
    assert_eq!(site.number(CONTENTS).await, before, "none of it was judged");
}

#[tokio::test(flavor = "multi_thread")]
async fn w_09_w_12_w_14_whatever_is_typed_comes_back_as_text() {
    let site = Site::new().await;
    for name in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "</title><b>",
        "{{7*7}}${7*7}<%= 1 %>",
        "a\r\nSet-Cookie: evil=1",
        "\u{202e}evil\u{feff}",
        &"e\u{301}".repeat(200),
        "' OR 1=1 --",
        "%s%n",
    ] {
        let mut browser = Browser::default();
        let page = site.open(&mut browser, "/login").await;
        let answer = site.post(&mut browser, &page, &[("username", name), ("password", "x")]).await;
        assert_eq!((answer.status, answer.location().as_deref()), (StatusCode::SEE_OTHER, Some("/login")));
        assert!(answer.headers.get("evil").is_none() && !browser.cookies.contains_key("evil"));
        let page = site.get(&mut browser, "/login").await;
        for tag in ["<script>alert", "<img src=x", "</title><b>"] {
            assert!(!page.body.contains(tag), "{name}");
        }
        assert!(page.said().is_some(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w_10_no_address_from_outside_is_followed() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    for evil in [
        "//evil.example",
        "/%5Cevil",
        "https:evil",
        "%2f%2fevil",
        "/%09/evil",
        "javascript:1",
        "data:text/html,evil",
        "http://good@evil",
        &"a".repeat(10_240),
    ] {
        let mut browser = Browser::default();
        for name in ["next", "continue", "return_to", "redirect_uri"] {
            let page = site.get(&mut browser, &format!("/login?{name}={evil}")).await;
            assert_eq!(page.status, StatusCode::OK, "{name}={evil}");
            assert!(!page.body.contains("evil") && !page.body.contains("name=\"continue\""), "{page:?}");
        }
        let page = site.open(&mut browser, &format!("/login?continue={evil}")).await;
        let page =
            site.post(&mut browser, &page, &[("username", "alice"), ("password", PASSWORD), ("continue", evil)]).await;
        assert_eq!(page.location().as_deref(), Some("/login/code"));
        let page = site.open(&mut browser, "/login/code").await;
        site.advance(30);
        let page = site.post(&mut browser, &page, &[("code", &site.code(&totp))]).await;
        assert_eq!(page.location().as_deref(), Some("/account"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w_22_a_cookie_that_cannot_be_ours_is_none() {
    let (site, browser, _, _) = signed_in().await;
    let real = browser.cookies["__Host-twolatch_session"].clone();
    let seen = async |line: String| {
        let mut request = Browser::default().request(Method::GET, "/account", Body::empty());
        request.headers_mut().insert(header::COOKIE, line.parse().unwrap());
        site.send(request).await.status
    };
    assert_eq!(seen(format!("__Host-twolatch_session={real}")).await, StatusCode::OK);
    for line in [
        format!("twolatch_session={real}"),
        format!("__host-twolatch_session={real}"),
        format!("__Host-twolatch_session={real}; __Host-twolatch_session={real}"),
        format!("__Host-twolatch_session=evil; __Host-twolatch_session={real}"),
        format!("__Host-twolatch_session={real}x"),
        format!("__Host-twolatch_session={}", real.split_at(1).1),
        format!("__Host-twolatch_session={}", real.to_uppercase()),
        format!("__Host-twolatch_session=\"{real}\""),
        format!("__Host-twolatch_session={}", "a".repeat(8192)),
        "__Host-twolatch_session".to_owned(),
    ] {
        assert_eq!(seen(line.clone()).await, StatusCode::SEE_OTHER, "{line}");
    }
    site.advance(3601);
    assert_eq!(seen(format!("__Host-twolatch_session={real}")).await, StatusCode::SEE_OTHER, "unused for an hour");
}

#[tokio::test(flavor = "multi_thread")]
async fn ses_2_every_cookie_is_bound_to_us_and_hidden_from_scripts() {
    for (issuer, ends) in [
        (ISSUER, "; Path=/; HttpOnly; SameSite=Lax; Secure"),
        ("http://localhost:8443", "; Path=/; HttpOnly; SameSite=Lax"),
    ] {
        let site = Site::with(|config: &mut Config| config.issuer = issuer.to_owned()).await;
        let mut request = Browser::default().request(Method::GET, "/login", Body::empty());
        request.headers_mut().remove(header::HOST);
        let page = site.send(request).await;
        let line = page.headers[header::SET_COOKIE].to_str().unwrap();
        assert!(line.ends_with(ends), "{line}");
        assert_eq!(line.starts_with("__Host-"), issuer == ISSUER);
        assert_eq!(page.headers.contains_key(header::STRICT_TRANSPORT_SECURITY), issuer == ISSUER);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w_30_methods_that_nothing_has_do_nothing() {
    let (site, browser, paths, _) = signed_in().await;
    let before = site.number(CONTENTS).await;
    for path in &paths {
        for method in ["TRACE", "CONNECT", "PUT", "DELETE", "PATCH", "FOO", "OPTIONS"] {
            let request = browser.request(method.parse().unwrap(), path, Body::empty());
            let page = site.send(request).await;
            assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert!(!page.body.contains("TRACE"), "nothing is echoed");
        }
    }
    let everything = browser.request(Method::OPTIONS, "*", Body::empty());
    assert_eq!(site.send(everything).await.status, StatusCode::BAD_REQUEST);
    let mut upgrade = browser.request(Method::GET, "/logout/confirm", Body::empty());
    let headers: HeaderMap = [("connection", "upgrade"), ("upgrade", "websocket")]
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .into_iter()
        .collect();
    upgrade.headers_mut().extend(headers);
    assert_eq!(site.send(upgrade).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(site.number(CONTENTS).await, before);
}
