//! Exemptions in browsers: they look at the application and at the address of each request, where that is certain.

use std::net::IpAddr;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use idp_server::listen::web::Remote;
use openidconnect::url::form_urlencoded;
use twolatch_core::door::Door;
use twolatch_core::factor::Kind;
use twolatch_core::login::manage::ManageError;
use twolatch_core::login::web::{Fault, Goal};
use twolatch_core::policy::{Exemption, Subject, Within};
use twolatch_core::secret::Secret;
use twolatch_core::step::{Assurance, Step};
use twolatch_core::user::{Role, User};

use crate::exempting::exempt;
use crate::support::core::{Core, NOW, actor, on_both, parsed};
use crate::support::provider::{Browser as Signed, Provider, good};
use crate::support::site::{Browser, PASSWORD, Page, Site};

on_both!(
    a_sign_in_is_asked_as_where_each_request_comes_from,
    an_application_that_is_exempt_is_so_alone,
    a_limited_exemption_locks_no_administrator_out,
    who_may_be_let_in_with_a_password_alone_has_a_long_one,
    an_application_of_somebody_exempt_by_network_gets_its_tokens,
);

const NEAR: &str = "192.0.2.7";
const FAR: &str = "198.51.100.7";

/// Of the site's `trusted_proxies`.
const PROXY: &str = "192.0.2.250";

fn near() -> Within {
    Within { network: "192.0.2.0/28".parse().ok(), ..Within::default() }
}

fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

async fn a_sign_in_is_asked_as_where_each_request_comes_from(core: Core) {
    core.enrolled("alice").await;
    core.give_password("alice").await;
    exempt(&core.logins, "alice", near(), NOW).await.unwrap();
    let now = NOW.plus(2);
    let token = core.logins.enter("alice", Secret::new(PASSWORD.to_owned()), NEAR, Goal::default(), now).await.unwrap();
    let step = async |from| core.logins.current_at(&token, from, now).await.unwrap().step;
    let asked = Step::SecondFactor { methods: vec![Kind::Totp], recovery: false };
    assert_eq!(step(address(NEAR)).await, Step::Granted(Assurance::Password));
    assert_eq!(step(address("::ffff:192.0.2.7")).await, Step::Granted(Assurance::Password));
    assert_eq!(step(address(FAR)).await, asked, "somebody else has the cookie, or alice has moved");
    assert_eq!(step(None).await, asked, "an address that is not certain");
    let current = core.logins.current_at(&token, address(FAR), now).await.unwrap();
    assert!(matches!(core.logins.finish(current, FAR, now).await, Err(Fault::Over)));
    let program = core.logins.enter_by_program("alice", Secret::new(PASSWORD.to_owned()), NEAR, now).await.unwrap();
    let of_program = core.logins.current_of_program(&program, now).await.unwrap();
    assert_eq!(of_program.step, asked, "where a program runs says nothing of its person");
}

async fn an_application_that_is_exempt_is_so_alone(core: Core) {
    core.enrolled("alice").await;
    core.give_password("alice").await;
    exempt(&core.logins, "alice", Within { client: "wiki".parse().ok(), ..Within::default() }, NOW).await.unwrap();
    let now = NOW.plus(2);
    for (client, granted) in [(Some("wiki"), true), (Some("blog"), false), (None, false)] {
        let goal = Goal { client: client.map(|client| client.parse().unwrap()), ..Goal::default() };
        let token = core.logins.enter("alice", Secret::new(PASSWORD.to_owned()), NEAR, goal, now).await.unwrap();
        let step = core.logins.current_at(&token, address(NEAR), now).await.unwrap().step;
        assert_eq!(matches!(step, Step::Granted(_)), granted, "{client:?}: {step:?}");
    }
    let policy = core.logins.policy(now).await.unwrap();
    let named = policy.places().into_iter().filter_map(|at| at.client).any(|client| client.as_str() == "wiki");
    assert!(named, "what is exempt is explained");
}

async fn a_limited_exemption_locks_no_administrator_out(core: Core) {
    core.member("root-admin").await;
    core.give_password("root-admin").await;
    let admin = |user: &mut User| user.role = Role::Admin;
    core.logins.change_user(&parsed("root-admin"), String::new(), &actor(NOW), admin).await.unwrap();
    let of = |id: &str, within| Exemption {
        id: twolatch_core::id::Id::from_stored(id.to_owned()),
        subject: Subject::Role(Role::Admin),
        within,
        level: twolatch_core::policy::Level::Off,
        until: NOW.plus(30 * 86_400),
        reason: "no phone".to_owned(),
        author: "root".to_owned(),
        at: NOW,
    };
    for within in [near(), Within { client: "wiki".parse().ok(), ..Within::default() }] {
        let refused = core.logins.exempt(of("limited", within), &actor(NOW)).await;
        assert!(matches!(refused, Err(ManageError::LocksOut)), "set up by then? {refused:?}");
    }
    core.logins.exempt(of("hosts", Door::Ssh.into()), &actor(NOW)).await.unwrap();
    // Where the network has become the only way in, its exemption is not ended.
    core.give_totp("root-admin").await;
    core.logins.exempt(of("near", near()), &actor(NOW.plus(2))).await.unwrap();
    core.logins.reset_factors(&parsed("root-admin"), &actor(NOW.plus(4))).await.unwrap();
    let late = NOW.plus(8 * 86_400);
    let refused = core.logins.end_exemption("near", &actor(late)).await;
    assert!(matches!(refused, Err(ManageError::LocksOut)), "{refused:?}");
    core.give_totp("root-admin").await;
    core.logins.end_exemption("near", &actor(late.plus(2))).await.unwrap();
}

async fn who_may_be_let_in_with_a_password_alone_has_a_long_one(core: Core) {
    core.enrolled("alice").await;
    let choose = async |now| {
        let short = Secret::new("kx7!pfqz0w".to_owned());
        core.logins.reset_password(&parsed("alice"), short, true, &actor(now)).await
    };
    choose(NOW).await.unwrap();
    exempt(&core.logins, "alice", near(), NOW).await.unwrap();
    let refused = choose(NOW.plus(2)).await;
    assert!(matches!(refused, Err(ManageError::Weak(_))), "{refused:?}");
}

/// Follows a link from an address.
async fn visit(provider: &Provider, browser: &Signed, path: &str, from: &str) -> crate::support::provider::Answer {
    let request = Request::get(path).header(header::COOKIE, provider.cookie(&browser.token));
    let request = request.extension(Remote(from.parse().unwrap())).body(Body::empty()).unwrap();
    provider.send(request).await
}

async fn an_application_of_somebody_exempt_by_network_gets_its_tokens(core: Core) {
    let provider = Provider::over(core).await;
    let client = provider.client(|_| ()).await;
    // A session that began at 192.0.2.1, with a password.
    let browser = provider.browser("alice", &[Kind::Password]).await;
    exempt(&provider.app.logins, "alice", near(), provider.now()).await.unwrap();
    provider.advance(2);
    let path =
        format!("/authorize?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(good(&client)).finish());
    let far = visit(&provider, &browser, &path, FAR).await;
    assert_eq!(far.param("code"), None, "{far:?}");
    let near = visit(&provider, &browser, &path, NEAR).await;
    let code = near.param("code").unwrap_or_else(|| panic!("{near:?}"));
    let tokens = provider.redeem(&client, &code).await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
    // What is issued is still decided when it is fetched.
    let late = visit(&provider, &browser, &path, NEAR).await.param("code").unwrap();
    let policy = provider.app.logins.policy(provider.now()).await.unwrap();
    let id = policy.exemptions[0].id.to_string();
    provider.app.logins.end_exemption(&id, &actor(provider.now())).await.unwrap();
    provider.advance(2);
    assert_eq!(provider.redeem(&client, &late).await.status, StatusCode::BAD_REQUEST);
}

/// Opens the account page with a browser's cookies, from an address and with what a proxy may have written.
async fn account(site: &Site, browser: &Browser, from: &str, forwarded: Option<&str>) -> Page {
    let mut request = browser.request(Method::GET, "/account", Body::empty());
    request.extensions_mut().insert(Remote(from.parse().unwrap()));
    if let Some(forwarded) = forwarded {
        request.headers_mut().insert("x-forwarded-for", forwarded.parse().unwrap());
    }
    site.send(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_from_an_exempt_network_is_none_elsewhere() {
    let site = Site::new().await;
    site.enrolled("alice").await;
    exempt(&site.app.logins, "alice", near(), site.now()).await.unwrap();
    site.advance(2);
    let mut browser = Browser::default();
    let page = site.enter(&mut browser, "alice").await;
    assert_eq!(page.title(), "Your account", "{page:?}");
    let is_in = async |from, forwarded| account(&site, &browser, from, forwarded).await.status == StatusCode::OK;
    assert!(is_in(NEAR, None).await);
    assert!(!is_in(FAR, None).await, "whoever has the cookie elsewhere is asked");
    assert!(!is_in(FAR, Some(NEAR)).await, "anybody can write a header");
    assert!(!is_in(NEAR, Some(NEAR)).await, "a proxy of which nobody has told us: whose address is it?");
    assert!(is_in(PROXY, Some(NEAR)).await);
    assert!(is_in(PROXY, Some("203.0.113.1, 192.0.2.7")).await, "the nearest entry is our proxy's");
    assert!(!is_in(PROXY, Some("192.0.2.7, 203.0.113.1")).await);
    assert!(!is_in(PROXY, None).await && !is_in(PROXY, Some("unknown")).await, "it does not say for whom it asks");
    assert!(is_in(NEAR, None).await, "and back");
}
