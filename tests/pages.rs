//! Every page: what it looks like in its source, that anybody can use it, and what every answer says in its headers.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use idp_server::config::Config;
use idp_server::listen::web::Remote;
use idp_server::pages::samples;
use idp_server::router;
use idp_server::state::App;
use idp_server::text::Language;
use idp_server::web::frame::Frame;
use tower::ServiceExt;
use twolatch_core::user::Role;

use crate::admin::{confirm, of_role};
use crate::support::core::actor;
use crate::support::site::{Browser, PASSWORD, Page, Site, encode};

#[test]
fn every_page_is_as_it_was() {
    for language in Language::ALL {
        for (name, page) in samples(&Frame::sample(language)) {
            // The version in the addresses of style and script changes with them, and says nothing here.
            let mut settings = insta::Settings::clone_current();
            settings.add_filter(r"\?v=[\w-]{16}", "?v=VERSION");
            if language != Language::En {
                settings.set_snapshot_suffix(language.tag());
            }
            settings.bind(|| insta::assert_snapshot!(name, page.unwrap()));
        }
    }
    let (_, branded) = samples(&Frame::sample(Language::En).branded()).remove(0);
    let head: Vec<_> = branded.as_ref().unwrap().lines().skip(6).take(10).collect();
    insta::with_settings!({ filters => vec![(r"\?v=[\w-]{16}", "?v=VERSION")] }, {
        insta::assert_snapshot!("branded", head.join("\n"));
    });
}

#[test]
fn every_page_can_be_used_by_everybody() {
    for (language, name, page) in every_sample() {
        let count = |text: &str| page.matches(text).count();
        assert!(page.contains(&format!("<html lang=\"{}\">", language.tag())), "{name}");
        // A value that is not given shows as its name.
        assert!(!page.contains("{$"), "{name}: a text without its value");
        let keeps_a_draft = page.contains("name=\"draft\"");
        // What is on its way to an app cannot be asked for again.
        let stays = keeps_a_draft || page.contains("data-send");
        assert_eq!(count("hreflang="), if stays { 0 } else { Language::ALL.len() - 1 }, "{name}");
        assert_eq!((count("<h1>"), count("<main"), count("<title>")), (1, 1, 1), "{name}");
        let is_error = count("role=\"alert\"") == 1 || name == "error";
        let says_error = page.contains("<title>Error: ") || page.contains("<title>Kesalahan: ");
        assert_eq!(says_error, is_error, "{name}: the title says an error first");
        assert_eq!(count("id=\"problem\""), count("role=\"alert\""), "{name}");
        for input in page.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap()) {
            if input.starts_with("type=\"hidden\"") || input.ends_with("readonly hidden") {
                continue;
            }
            let part = |key: &str| input.split(&format!("{key}=\"")).nth(1).map(|rest| rest.split('"').next().unwrap());
            let id = part("id").unwrap();
            assert_eq!(count(&format!("<label for=\"{id}\">")), 1, "{name} {id}");
            if !matches!(part("type"), Some("checkbox" | "radio")) {
                let autocomplete = part("autocomplete").unwrap();
                let known = ["username", "current-password", "new-password", "one-time-code", "email", "off"];
                assert!(known.contains(&autocomplete), "{name} {id}");
                assert_eq!(autocomplete == "one-time-code", part("inputmode") == Some("numeric"), "{name} {id}");
            }
            if let Some(hints) = part("aria-describedby") {
                for hint in hints.split(' ') {
                    assert_eq!(count(&format!("id=\"{hint}\"")), 1, "{name} {id}");
                }
            }
            assert_eq!(part("aria-invalid").is_some(), hints_at_problem(input), "{name} {id}");
        }
        let marked = count("aria-invalid=\"true\"") > 0;
        // That no mail is sent just now is not the fault of what was typed.
        let is_about_mail = name.starts_with("login_email") && !page.contains("aria-invalid");
        assert_eq!(
            marked || is_about_mail && is_error,
            is_error && name != "error",
            "{name}: an error marks its field"
        );
        for inline in ["style=", "onclick=", "javascript:", "<style"] {
            assert!(!page.contains(inline), "{name}: {inline}");
        }
        for elsewhere in ["src=\"http", "href=\"http", "action=\"http"] {
            // An answer goes where its app is.
            let is_answer = page.contains("data-send") && elsewhere.starts_with("action");
            assert!(is_answer || !page.contains(elsewhere), "{name}: {elsewhere}");
        }
    }
}

fn every_sample() -> impl Iterator<Item = (Language, String, String)> {
    Language::ALL.into_iter().flat_map(|language| {
        let samples = samples(&Frame::sample(language));
        samples.into_iter().map(move |(name, page)| (language, name, page.unwrap()))
    })
}

fn hints_at_problem(input: &str) -> bool {
    input.contains("aria-describedby=\"problem")
}

#[test]
fn w_13_w_14_names_are_shown_and_never_obeyed() {
    for (_, name, page) in every_sample() {
        assert!(page.contains("{{7*7}}"), "{name}: the organisation's name stands there as it is");
        for tag in ["<Org>", "<b>", "<script>"] {
            assert!(!page.contains(tag), "{name}: {tag}");
        }
    }
}

fn every_route() -> impl Iterator<Item = (&'static str, MethodRouter<App>)> {
    let (web, behind) = (router::openid_connect(), router::forward());
    [router::people(), router::console(), web, behind, router::programs(), router::files()].into_iter().flatten()
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_3_every_answer_has_the_headers_whoever_made_it() {
    let site = Site::new().await;
    let token = site.app.logins.first_admin_link(&actor(site.now())).await.unwrap().unwrap();
    let mut answers = Vec::new();
    for (path, _) in every_route().chain(router::documents()) {
        for method in [Method::GET, Method::HEAD, Method::POST, Method::DELETE, Method::OPTIONS] {
            let to = path.replace("{token}", &token);
            answers.push(site.send(Browser::default().request(method, &to, Body::empty())).await);
        }
    }
    for to in [
        "/healthz",
        "/readyz",
        "/.twolatch/callback",
        "/none",
        "/account/x.css",
        "/account;x.css",
        "/setup/",
        "/static/",
    ] {
        answers.push(site.get(&mut Browser::default(), to).await);
    }
    let huge = "a=".to_owned() + &"b".repeat(70 * 1024);
    answers.push(site.send(Browser::default().form("/login", &huge)).await);
    for page in &answers {
        let policy = header_of(page, "content-security-policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{page:?}");
        }
        assert!(!policy.contains("unsafe"), "{page:?}");
        assert_eq!(header_of(page, "x-content-type-options"), "nosniff");
        assert_eq!(header_of(page, "referrer-policy"), "no-referrer");
        assert_eq!(header_of(page, "cross-origin-opener-policy"), "same-origin");
        assert_eq!(header_of(page, "strict-transport-security"), "max-age=31536000");
        assert!(header_of(page, "permissions-policy").contains("camera=()"));
        assert!(!header_of(page, "cache-control").is_empty());
        assert_eq!(header_of(page, "access-control-allow-origin"), "");
        if header_of(page, "content-type").starts_with("text/html") {
            assert_eq!(header_of(page, "cache-control"), "no-store", "{page:?}");
        }
    }
    let statuses: std::collections::BTreeSet<u16> = answers.iter().map(|page| page.status.as_u16()).collect();
    assert!([200, 303, 400, 403, 404, 405, 413].iter().all(|status| statuses.contains(status)), "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_3_a_fault_of_ours_has_a_page_and_harms_nobody_else() {
    let site = Site::new().await;
    site.app.store.close().await;
    let token = "a".repeat(32);
    let page = site.get(&mut Browser::default(), &format!("/setup/{token}")).await;
    assert_eq!(
        (page.status, page.title().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "Sign-in is not available right now")
    );
    assert_eq!(header_of(&page, "retry-after"), "10");
    assert!(header_of(&page, "content-security-policy").contains("default-src 'none'"));
    assert!(page.body.contains("give them this reference: <code>"));
    let keys = site.get(&mut Browser::default(), "/jwks").await;
    assert_eq!((keys.status, header_of(&keys, "cache-control")), (StatusCode::SERVICE_UNAVAILABLE, "no-store"));
    assert!(header_of(&keys, "content-security-policy").contains("default-src 'none'"));
    assert_eq!(site.get(&mut Browser::default(), "/login").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_7_a_panic_ends_in_a_page_and_the_next_request_is_served() {
    let site = Site::new().await;
    let router = Router::new()
        .route("/panic", get(async || -> &'static str { panic!("unforeseen") }))
        .route("/fine", get(async || "fine"))
        .layer(from_fn_with_state(site.app.clone(), router::around));
    for (to, status) in [("/panic", 500), ("/fine", 200), ("/panic", 500)] {
        let answer = router.clone().oneshot(Browser::default().request(Method::GET, to, Body::empty())).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{to}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pw_5_too_many_passwords_at_once_are_turned_away_and_told_when_to_return() {
    let site = Arc::new(Site::new().await);
    let mut browser = Browser::default();
    let page = site.open(&mut browser, "/login").await;
    let tries: Vec<_> = (0..200)
        .map(|index| {
            let (site, mut browser, (to, hidden)) = (Arc::clone(&site), browser.clone(), page.form());
            tokio::spawn(async move {
                let name = format!("somebody{index}");
                let body = encode([("form", hidden[0].1.as_str()), ("username", &name), ("password", "wrong")]);
                let mut request = browser.form(&to, &body);
                let address: IpAddr = [198, 51, 100, index].into();
                request.extensions_mut().insert(Remote(address));
                let page = site.send(request).await;
                browser.keep(&page);
                page
            })
        })
        .collect();
    let mut turned_away = 0;
    for answer in tries {
        let page = answer.await.unwrap();
        if page.status == StatusCode::SERVICE_UNAVAILABLE {
            assert_eq!((page.title().as_str(), header_of(&page, "retry-after")), ("Too many people at once", "3"));
            turned_away += 1;
        } else {
            assert_eq!(page.status, StatusCode::SEE_OTHER, "{page:?}");
        }
    }
    assert!((1..200).contains(&turned_away), "{turned_away}");
    assert_eq!(site.get(&mut browser, "/healthz").await.body, "ok\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn w_21_of_two_hundred_passwords_at_once_no_more_are_judged_than_the_budget_has() {
    let site = Arc::new(Site::new().await);
    site.enrolled("alice").await;
    let tries: Vec<_> = (0..200_u8)
        .map(|index| {
            let site = Arc::clone(&site);
            tokio::spawn(async move {
                let mut browser = Browser::default();
                let page = site.open(&mut browser, "/login").await;
                let (to, hidden) = page.form();
                let password = if index == 77 { PASSWORD } else { "wrong" };
                let body = encode([("form", hidden[0].1.as_str()), ("username", "alice"), ("password", password)]);
                let mut request = browser.form(&to, &body);
                request.headers_mut().insert("x-forwarded-for", format!("203.0.113.{index}").parse().unwrap());
                let page = site.send(request).await;
                (page.status.as_u16(), page.location())
            })
        })
        .collect();
    let mut let_on = 0;
    for one in tries {
        match one.await.unwrap() {
            (503, None) => {}
            (303, Some(to)) if to == "/login" => {}
            (303, Some(to)) if to == "/login/code" => let_on += 1,
            other => panic!("{other:?}"),
        }
    }
    let judged = site.number("SELECT COUNT(*) FROM audit WHERE event = 'password' AND result <> 'wait'").await;
    let right = site.number("SELECT COUNT(*) FROM audit WHERE event = 'password' AND result = 'ok'").await;
    assert_eq!(right, let_on);
    // The right one, where it is judged, gives the tries back once.
    assert!(judged <= 5 + 6 * right && right <= 1, "{judged} judged, {right} right");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_with_a_path_has_all_links_below_it() {
    let site = Site::with(|config: &mut Config| config.issuer = "https://id.example.org/auth".to_owned()).await;
    let mut browser = Browser::default();
    assert_eq!(site.get(&mut browser, "/login").await.status, StatusCode::NOT_FOUND);
    assert_eq!(site.get(&mut browser, "/healthz").await.status, StatusCode::OK);
    let page = site.open(&mut browser, "/auth/").await;
    assert_eq!(page.title(), "Sign in", "{page:?}");
    for link in page.body.split(['"']).filter(|text| text.starts_with('/')) {
        assert!(link.starts_with("/auth/"), "{link}");
    }
    let style = page.body.split('"').find(|text| text.starts_with("/auth/static/style.css")).unwrap();
    assert_eq!(site.get(&mut browser, style).await.status, StatusCode::OK);
    let page = site.submit(&mut browser, &page, &[("username", "nobody"), ("password", "wrong")]).await;
    assert!(page.said().unwrap().starts_with("User name or password"), "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn w_16_there_is_nothing_behind_the_static_files() {
    let site = Site::new().await;
    let mut browser = Browser::default();
    let style = site.get(&mut browser, "/static/style.css").await;
    assert_eq!((style.status, header_of(&style, "content-type")), (StatusCode::OK, "text/css; charset=utf-8"));
    assert!(header_of(&style, "cache-control").contains("immutable"));
    let mut again = browser.request(Method::GET, "/static/style.css", Body::empty());
    again.headers_mut().insert(header::IF_NONE_MATCH, style.headers[header::ETAG].clone());
    let again = site.send(again).await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    for path in [
        "/static/..%2fCargo.toml",
        "/static/..%5c..%5cCargo.toml",
        "/static/%2e%2e/Cargo.toml",
        "/static/%252e%252e/Cargo.toml",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/style.css%00.png",
        "/static",
        "/static/",
        "/.git/config",
        &format!("/static/{}", "a".repeat(10 * 1024)),
    ] {
        assert_eq!(site.get(&mut browser, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w_28_no_page_is_kept_and_none_has_a_second_name() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    let mut browser = Browser::default();
    let account = site.sign_in(&mut browser, "alice", &totp).await;
    assert_eq!(header_of(&account, "cache-control"), "no-store");
    for path in ["/account/x.css", "/account;x.css", "/account/", "/account%2Fpassword", "/ACCOUNT", "//account"] {
        assert_eq!(site.get(&mut browser, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

async fn breaks(_: Request, _: Next) -> Response {
    panic!("unforeseen")
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_7_sec_3_a_panic_behind_any_route_is_a_page_and_the_next_request_is_served() {
    let site = Site::new().await;
    let (mut broken, mut paths) = (Router::new(), Vec::new());
    for (path, methods) in every_route() {
        broken = broken.route(path, methods.layer(from_fn(breaks)));
        paths.push(path.replace(['{', '}'], ""));
    }
    let broken = broken.layer(from_fn_with_state(site.app.clone(), router::around)).with_state(site.app.clone());
    for path in &paths {
        for method in [Method::GET, Method::POST] {
            let request = Browser::default().request(method, path, Body::empty());
            let answer = broken.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "{path}");
            let headers = answer.headers();
            assert!(headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"), "{path}");
            assert_eq!(headers["cross-origin-opener-policy"], "same-origin");
            assert_eq!(
                (&headers["cache-control"], &headers["x-content-type-options"]),
                (&"no-store".parse().unwrap(), &"nosniff".parse().unwrap())
            );
            let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
            assert!(!String::from_utf8_lossy(&body).contains("unforeseen"), "{path}: nothing of it is told");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_3_no_page_behind_a_sign_in_is_kept() {
    let site = Site::new().await;
    let (mut browser, totp) = of_role(&site, "admin", Role::Admin).await;
    site.core.member("anna").await;
    let page = site.open(&mut browser, "/admin/add").await;
    confirm(&site, &mut browser, &totp, &page).await;
    let mut seen = 0;
    for (path, _) in router::people().into_iter().chain(router::console()) {
        let mut to =
            path.replace("{name}", "anna").replace("{version}", "1").replace("{id}", "x").replace("{token}", "x");
        if to.ends_with("/audit/export") {
            to += "?format=csv";
        }
        let page = site.get(&mut browser, &to).await;
        assert_eq!(header_of(&page, "cache-control"), "no-store", "{to}");
        assert_eq!(header_of(&page, "cross-origin-opener-policy"), "same-origin", "{to}");
        assert!(!header_of(&page, "content-security-policy").contains("unsafe"), "{to}");
        seen += usize::from(page.status == StatusCode::OK);
    }
    assert!(seen > 30, "{seen} pages were really seen");
}

pub(crate) fn header_of<'p>(page: &'p Page, name: &str) -> &'p str {
    page.headers.get(name).map_or("", |value| value.to_str().unwrap())
}
