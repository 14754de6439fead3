//! `POST /api/v1/auth`: programs that sign their person in.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use idp_server::config::Config;
use serde_json::{Value, json};
use twolatch_core::factor::totp::Totp;
use twolatch_core::letter::Letter;
use twolatch_core::login::Logins;
use twolatch_core::policy::{Level, Rules};

use crate::support::core::{actor, code_at, parsed, wrong_code};
use crate::support::site::{Browser, PASSWORD, Page, Site};
use crate::support::wait::Stopwatch;

const AUTH: &str = "/api/v1/auth";

async fn send(site: &Site, body: impl Into<Vec<u8>>) -> Page {
    let mut request = Browser::default().request(Method::POST, AUTH, Body::from(body.into()));
    request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    site.send(request).await
}

async fn ask(site: &Site, body: Value) -> (u16, Value) {
    let page = send(site, body.to_string()).await;
    assert!(page.headers.get(header::SET_COOKIE).is_none(), "{page:?}");
    (page.status.as_u16(), serde_json::from_str(&page.body).unwrap())
}

async fn enter(site: &Site, name: &str, password: &str) -> (u16, Value) {
    ask(site, json!({ "username": name, "password": password })).await
}

/// The flow of somebody whose password was right.
async fn flow(site: &Site, name: &str) -> String {
    let (status, answer) = enter(site, name, PASSWORD).await;
    assert_eq!((status, &answer["authentication_token"]), (200, &Value::Null), "{answer}");
    answer["next"]["flow"].as_str().unwrap().to_owned()
}

async fn userinfo(site: &Site, token: &Value) -> Page {
    let mut request = Browser::default().request(Method::GET, "/userinfo", Body::empty());
    let bearer = format!("Bearer {}", token.as_str().unwrap());
    request.headers_mut().insert(header::AUTHORIZATION, bearer.parse().unwrap());
    site.send(request).await
}

fn refused(error: &str) -> Value {
    json!({ "authentication_token": null, "error": error })
}

/// Somebody with mailed codes on a site that can mail.
async fn with_mail(name: &str) -> Site {
    let site = Site::mailing().await;
    site.member(name, true).await;
    let (address, now) = (format!("{name}@example.org"), site.now());
    site.app
        .logins
        .change_user(&parsed(name), String::new(), &actor(now), |user| {
            user.email = Some(address.parse().unwrap());
            user.email_verified_at = Some(now);
            user.email_codes_at = Some(now);
        })
        .await
        .unwrap();
    site
}

async fn codes_mailed(logins: &Logins, site: &Site) -> Vec<String> {
    let mut codes = Vec::new();
    for mail in logins.store.claim_mails(100, site.now()).await.unwrap() {
        if let Letter::Code { code, .. } = &mail.mail.letter {
            codes.push(code.expose().to_owned());
        }
        logins.store.mail_done(&mail).await.unwrap();
    }
    codes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_and_a_code_give_a_token_that_ends_with_the_sessions() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    let (status, answer) = enter(&site, "alice", PASSWORD).await;
    let flow = answer["next"]["flow"].as_str().unwrap();
    let next = json!({ "flow": flow, "methods": ["totp"], "recovery": false });
    assert_eq!((status, &answer), (200, &json!({ "authentication_token": null, "next": next })));
    let (status, answer) = ask(&site, json!({ "flow": flow, "code": site.code(&totp) })).await;
    assert_eq!((status, answer.as_object().unwrap().len()), (200, 1), "{answer}");
    let token = &answer["authentication_token"];
    let about: Value = serde_json::from_str(&userinfo(&site, token).await.body).unwrap();
    assert_eq!(about["preferred_username"], "alice");
    assert!(about.get("email").is_none() && about.get("groups").is_none(), "no more than openid and profile: {about}");
    assert_eq!(ask(&site, json!({ "flow": flow, "code": site.code(&totp) })).await, (401, refused("flow_over")));
    assert_eq!(site.number("SELECT COUNT(*) FROM sessions").await, 1);
    site.advance(3599);
    assert_eq!(userinfo(&site, token).await.status, StatusCode::OK);
    // All sessions of the person end; so does this.
    site.app.logins.reset_factors(&parsed("alice"), &actor(site.now())).await.unwrap();
    assert_eq!(userinfo(&site, token).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(site.number("SELECT COUNT(*) FROM access_tokens").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_lives_an_hour_and_a_password_change_ends_it() {
    let site = Site::new().await;
    let rules = Rules::initial(Level::Off);
    site.app.logins.set_rules(rules, 1, "test".to_owned(), &actor(site.now())).await.unwrap();
    site.advance(2);
    site.member("bob", true).await;
    let (_, answer) = enter(&site, " BOB ", PASSWORD).await;
    let token = &answer["authentication_token"];
    assert_eq!(userinfo(&site, token).await.status, StatusCode::OK, "no second factor is due: {answer}");
    site.advance(3600);
    assert_eq!(userinfo(&site, token).await.status, StatusCode::UNAUTHORIZED);
    let (_, answer) = enter(&site, "bob", PASSWORD).await;
    let token = &answer["authentication_token"];
    site.member("carol", true).await;
    let other = twolatch_core::secret::Secret::new("seven violet harbours".to_owned());
    site.app.logins.reset_password(&parsed("bob"), other, true, &actor(site.now())).await.unwrap();
    assert_eq!(userinfo(&site, token).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_besides_a_code_is_named() {
    let site = Site::new().await;
    site.member("bob", false).await;
    let url = "https://id.example.org/login";
    let due = |next: Value| (200, json!({ "authentication_token": null, "next": next }));
    assert_eq!(enter(&site, "bob", PASSWORD).await, due(json!({ "set_up": ["totp"], "url": url })));
    site.advance(8 * 86_400);
    assert_eq!(enter(&site, "bob", PASSWORD).await, (403, refused("setup_closed")));
    let rules = Rules::initial(Level::Off);
    site.app.logins.set_rules(rules, 1, "test".to_owned(), &actor(site.now())).await.unwrap();
    site.advance(2);
    assert_eq!(enter(&site, "bob", PASSWORD).await, due(json!({ "change_password": true, "url": url })));
}

#[tokio::test(flavor = "multi_thread")]
async fn w_25_pw_7_same_all_who_get_no_token_are_told_the_same() {
    let site = Site::new().await;
    site.enrolled("alice").await;
    site.enrolled("carol").await;
    let (now, gone) = (site.now(), parsed("carol"));
    site.app.logins.change_user(&gone, String::new(), &actor(now), |user| user.disabled_at = Some(now)).await.unwrap();
    for (name, password) in [
        ("alice", "wrong"),
        ("nobody", PASSWORD),
        ("carol", PASSWORD),
        ("x@example.org", PASSWORD),
        ("", ""),
        ("a b", "c"),
    ] {
        assert_eq!(enter(&site, name, password).await, (401, refused("not_right")), "{name}");
    }
    for _ in 0..6 {
        let page = send(&site, json!({ "username": "alice", "password": "wrong" }).to_string()).await;
        assert_eq!((page.status.as_u16(), page.headers.get(header::RETRY_AFTER)), (401, None));
    }
    assert_eq!(enter(&site, "alice", PASSWORD).await, (401, refused("not_right")), "waiting sounds the same");
    site.advance(3600);
    assert_eq!(enter(&site, "alice", PASSWORD).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn t3_of_sixty_four_wrong_passwords_at_once_five_are_judged() {
    let site = Arc::new(Site::new().await);
    site.enrolled("alice").await;
    let tries: Vec<_> = (0..64)
        .map(|number| {
            let site = Arc::clone(&site);
            tokio::spawn(async move { enter(&site, "alice", &format!("wrong {number}")).await })
        })
        .collect();
    for one in tries {
        assert_eq!(one.await.unwrap(), (401, refused("not_right")));
    }
    let judged = "SELECT COUNT(*) FROM audit WHERE event = 'password' AND result = 'password'";
    assert_eq!(site.number(judged).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn t3_of_sixty_four_wrong_codes_at_once_five_are_judged_and_the_rest_waits() {
    let site = Arc::new(Site::new().await);
    let totp = site.enrolled("alice").await;
    let flow = flow(&site, "alice").await;
    let wrong = wrong_code(&totp, site.now());
    let tries: Vec<_> = (0..64)
        .map(|_| {
            let (site, body) = (Arc::clone(&site), json!({ "flow": flow, "code": wrong }).to_string());
            tokio::spawn(async move { send(&site, body).await })
        })
        .collect();
    let (mut wrong, mut waits) = (0, 0);
    for one in tries {
        let page = one.await.unwrap();
        let answer: Value = serde_json::from_str(&page.body).unwrap();
        match page.status.as_u16() {
            401 => {
                assert_eq!(answer, refused("wrong_code"));
                wrong += 1;
            }
            429 => {
                assert_eq!(answer, refused("wait"));
                assert_eq!(page.headers[header::RETRY_AFTER], "30");
                waits += 1;
            }
            other => panic!("{other} {answer}"),
        }
    }
    assert_eq!((wrong, waits), (5, 59));
    let judged = "SELECT COUNT(*) FROM audit WHERE event = 'code' AND result = 'wrong'";
    assert_eq!(site.number(judged).await, 5);
    assert_eq!(ask(&site, json!({ "flow": flow, "code": site.code(&totp) })).await, (429, refused("wait")));
    site.advance(30);
    assert_eq!(ask(&site, json!({ "flow": flow, "code": site.code(&totp) })).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_refused_by_name() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    let code = |site: &Site, totp: &Totp| code_at(totp, site.now(), 0);
    let first = flow(&site, "alice").await;
    let used = code(&site, &totp);
    assert_eq!(ask(&site, json!({ "flow": first, "code": used })).await.0, 200);
    let second = flow(&site, "alice").await;
    assert_eq!(ask(&site, json!({ "flow": second, "code": used })).await, (401, refused("used_code")));
    for typed in ["", "12345", "abcdef", "１２３４５６", PASSWORD] {
        assert_eq!(ask(&site, json!({ "flow": second, "code": typed })).await, (400, refused("no_code")), "{typed}");
        assert_eq!(ask(&site, json!({ "flow": second, "recovery_code": typed })).await, (400, refused("no_code")));
    }
    assert_eq!(ask(&site, json!({ "flow": second, "send": "email_code" })).await, (401, refused("flow_over")));
    assert_eq!(ask(&site, json!({ "flow": "x".repeat(32), "code": used })).await, (401, refused("flow_over")));
}

#[tokio::test(flavor = "multi_thread")]
async fn eml_a_code_is_mailed_when_it_is_asked_for() {
    let site = with_mail("bob").await;
    let logins = site.app.logins.clone();
    let flow = flow(&site, "bob").await;
    assert!(codes_mailed(&logins, &site).await.is_empty(), "not before");
    let (status, answer) = ask(&site, json!({ "flow": flow, "send": "email_code" })).await;
    assert_eq!((status, &answer["next"]["sent_to"]), (200, &json!("b…@example.org")));
    let code = codes_mailed(&logins, &site).await.remove(0);
    let page = send(&site, json!({ "flow": flow, "send": "email_code" }).to_string()).await;
    assert_eq!((page.status.as_u16(), page.headers[header::RETRY_AFTER].to_str().unwrap()), (429, "60"));
    site.advance(60);
    assert_eq!(ask(&site, json!({ "flow": flow, "send": "email_code" })).await.0, 200);
    assert_eq!(codes_mailed(&logins, &site).await, std::slice::from_ref(&code), "the same one");
    let (status, answer) = ask(&site, json!({ "flow": flow, "code": code })).await;
    assert_eq!((status, answer["authentication_token"].is_string()), (200, true), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn w_20_no_flow_of_a_browser_and_no_browser_with_a_flow() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    let mut browser = Browser::default();
    let page = site.open(&mut browser, "/login").await;
    let page = site.submit(&mut browser, &page, &[("username", "alice"), ("password", PASSWORD)]).await;
    assert_eq!(page.title(), "Enter your code");
    let browsers = browser.cookies["__Host-twolatch_attempt"].clone();
    let answer = ask(&site, json!({ "flow": browsers, "code": site.code(&totp) })).await;
    assert_eq!(answer, (401, refused("flow_over")));
    // A cookie is no proof here.
    let mut request = browser.request(Method::POST, AUTH, Body::from("{\"flow\":\"x\",\"code\":\"123456\"}"));
    request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    assert_eq!(site.send(request).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn w_11_w_12_w_18_what_is_not_exactly_a_request_is_refused() {
    let site = Site::new().await;
    site.enrolled("alice").await;
    let right = format!("\"username\":\"alice\",\"password\":\"{PASSWORD}\"");
    let bodies: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"null".to_vec(),
        format!("[\"alice\",\"{PASSWORD}\"]").into_bytes(),
        format!("{{{right},\"password\":\"{PASSWORD}\"}}").into_bytes(),
        format!("{{\"username\":\"bob\",{right}}}").into_bytes(),
        format!("{{{right},\"role\":\"admin\"}}").into_bytes(),
        format!("{{{right},\"mfa_required\":false}}").into_bytes(),
        format!("{{{right},\"flow\":null}}").into_bytes(),
        format!("{{{right},\"flow\":\"x\"}}").into_bytes(),
        format!("{{{right}}} {{}}").into_bytes(),
        format!("{{{right}").into_bytes(),
        format!("\u{feff}{{{right}}}").into_bytes(),
        b"{\"username\":\"a\xff\",\"password\":\"x\"}".to_vec(),
        b"{\"username\":\"\\ud800\",\"password\":\"x\"}".to_vec(),
        b"{\"username\":\"a\\u0000\",\"password\":\"x\"}".to_vec(),
        b"{\"username\":[\"alice\"],\"password\":\"x\"}".to_vec(),
        b"{\"username\":\"alice\"}".to_vec(),
        b"{\"flow\":\"x\"}".to_vec(),
        b"{\"flow\":\"x\",\"send\":\"totp\"}".to_vec(),
        b"{\"flow\":\"x\",\"send\":\"email_code\",\"code\":\"123456\"}".to_vec(),
    ];
    for body in bodies {
        let page = send(&site, body.clone()).await;
        let answer: Value = serde_json::from_str(&page.body).unwrap();
        let what = String::from_utf8_lossy(&body);
        assert_eq!((page.status.as_u16(), answer), (400, refused("invalid_request")), "{what}");
    }
    let page = send(&site, format!("{{{right}{}}}", " ".repeat(8192))).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    let strange = json!({ "username": "\u{202e}ecila".to_owned() + &"\u{301}".repeat(1000), "password": "x" });
    assert_eq!(ask(&site, strange).await, (401, refused("not_right")), "text that is nobody's name");
    for kind in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let mut request = Browser::default().request(Method::POST, AUTH, Body::from(format!("{{{right}}}")));
        request.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
        assert_eq!(site.send(request).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    let mut request = Browser::default().request(Method::POST, "/api/v1/auth?x=1", Body::from(format!("{{{right}}}")));
    request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    assert_eq!(site.send(request).await.status, StatusCode::BAD_REQUEST);
    let seen = site.number("SELECT COUNT(*) FROM attempts").await;
    assert_eq!(seen, 0, "none of these was a sign-in");
}

#[tokio::test(flavor = "multi_thread")]
async fn w_05_numbers_beyond_all_bounds_and_deep_nesting_are_refused_at_once() {
    let site = Site::new().await;
    site.enrolled("alice").await;
    let nested = |depth: usize| format!("{{\"username\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    let watch = Stopwatch::start();
    for (body, status) in [
        (format!("{{\"username\":1e400,\"password\":\"{PASSWORD}\"}}"), 400),
        (format!("{{\"username\":\"alice\",\"password\":{}}}", "9".repeat(4000)), 400),
        (nested(1000), 400),
        (nested(4000), 400),
        ("[".repeat(4000), 400),
        (nested(10_000), 413),
        ("[".repeat(10_000), 413),
    ] {
        let page = send(&site, body.clone()).await;
        let what: String = body.chars().take(40).collect();
        assert!([400, status].contains(&page.status.as_u16()), "{what}: {page:?}");
    }
    assert!(watch.elapsed() < Duration::from_secs(1), "{:?}", watch.elapsed());
    assert_eq!(site.number("SELECT COUNT(*) FROM attempts").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_switched_off() {
    let site = Site::with(|config: &mut Config| config.password_login = false).await;
    site.enrolled("alice").await;
    let body = json!({ "username": "alice", "password": PASSWORD }).to_string();
    assert_eq!(send(&site, body).await.status, StatusCode::NOT_FOUND);
    assert_eq!(site.number("SELECT COUNT(*) FROM attempts").await, 0);
}
