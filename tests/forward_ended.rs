//! What ends a visit at an application behind a proxy: it is over at every server at once.

use axum::http::StatusCode;
use twolatch_core::factor::Kind;
use twolatch_core::policy::Level;
use twolatch_core::store::StoreError;

use crate::support::core::{Core, actor, on_both};
use crate::support::front::{Front, HOST, kept, proxied};
use crate::support::provider::{BOTH, Provider};

on_both!(
    whatever_ends_a_session_ends_its_visits_at_every_server,
    what_a_client_loses_ends_its_visits,
    another_policy_is_asked_anew,
    a_visit_lives_no_longer_than_its_session,
    t8_a_visit_changed_by_hand_lets_nobody_in,
    what_is_over_is_swept,
);

async fn whatever_ends_a_session_ends_its_visits_at_every_server(core: Core) {
    let provider = Provider::over(core).await;
    proxied(&provider, |client| client.settings.groups = vec!["staff".parse().unwrap()]).await;
    let (front, second) = (Front::new(HOST), provider.second_server().await);
    let bystander = provider.browser("bystander", &BOTH).await;
    let bystander = front.enter(&provider, &bystander).await;
    for what in ["out", "disabled", "reset", "groups", "deleted", "ended", "others", "password"] {
        let browser = provider.browser(what, &BOTH).await;
        let cookie = front.enter(&provider, &browser).await;
        assert_eq!(front.status(&second, &cookie).await, StatusCode::OK);
        let (logins, now, name) = (&provider.app.logins, provider.now(), browser.user.name.clone());
        match what {
            "out" => provider.sign_out(&browser).await,
            "disabled" => provider.change(&browser.user, |user| user.disabled_at = Some(user.created_at)).await,
            "reset" => drop(logins.reset_factors(&name, &actor(now)).await.unwrap()),
            "groups" => provider.change(&browser.user, |user| user.groups = vec!["wheel".parse().unwrap()]).await,
            "deleted" => logins.delete_user(&name, &actor(now)).await.unwrap(),
            "ended" => logins.end_sessions_of(&name, &actor(now)).await.unwrap(),
            "password" => {
                let password = twolatch_core::secret::Secret::new("copper lantern drifts".to_owned());
                logins.reset_password(&name, password, false, &actor(now)).await.unwrap();
            }
            _ => {
                let own = provider.sign_in(browser.user.clone(), &BOTH).await;
                let own = provider.app.store.session(&own.token, now).await.unwrap().unwrap();
                logins.end_other_sessions(&own, now).await.unwrap();
            }
        }
        for server in [&provider, &second] {
            assert_eq!(front.status(server, &cookie).await, StatusCode::SEE_OTHER, "{what}");
            let post = [&front.says("POST", "/")[..], &[("cookie", cookie.as_str())]].concat();
            assert_eq!(front.send(server, "/auth/forward", &post).await.status, StatusCode::UNAUTHORIZED, "{what}");
        }
        assert_eq!(front.status(&second, &bystander).await, StatusCode::OK, "{what}");
    }
    assert_eq!(provider.number("SELECT COUNT(*) FROM visits").await, 1, "what is taken back is deleted");
}

async fn what_a_client_loses_ends_its_visits(core: Core) {
    let provider = Provider::over(core).await;
    let client = proxied(&provider, |_| {}).await;
    let (front, second) = (Front::new(HOST), provider.second_server().await);
    let browser = provider.browser("alice", &BOTH).await;
    let cookie = front.enter(&provider, &browser).await;
    // What changes at one server is known there at once, and at another within a second.
    let is_everywhere = async |cookie: &str, status: StatusCode| {
        assert_eq!(front.status(&provider, cookie).await, status);
        provider.advance(1);
        assert_eq!(front.status(&second, cookie).await, status);
    };
    provider.edit(&client, |client| client.disabled_at = Some(client.created_at)).await;
    is_everywhere(&cookie, StatusCode::FORBIDDEN).await;
    provider.edit(&client, |client| client.disabled_at = None).await;
    is_everywhere(&cookie, StatusCode::OK).await;
    provider.edit(&client, |client| client.settings.groups = vec!["directors".parse().unwrap()]).await;
    is_everywhere(&cookie, StatusCode::SEE_OTHER).await;
    provider.edit(&client, |client| client.settings.groups.clear()).await;
    provider.edit(&client, |client| client.settings.hosts.clear()).await;
    is_everywhere(&cookie, StatusCode::FORBIDDEN).await;
    provider.edit(&client, |client| client.settings.hosts = vec![HOST.parse().unwrap()]).await;
    assert!(provider.app.store.delete_client(client.id.parse().unwrap(), String::new(), provider.now()).await.unwrap());
    is_everywhere(&cookie, StatusCode::FORBIDDEN).await;
    // Whoever is at that host next has nothing of it.
    let id = client.id.clone();
    proxied(&provider, |client| client.id = id.parse().unwrap()).await;
    is_everywhere(&cookie, StatusCode::SEE_OTHER).await;
    let cookie = front.enter(&provider, &browser).await;
    let id = client.id.parse().unwrap();
    assert!(provider.app.store.delete_client(id, String::new(), provider.now()).await.unwrap());
    proxied(&provider, |_| {}).await;
    // Another application is at that host.
    is_everywhere(&cookie, StatusCode::SEE_OTHER).await;
}

async fn another_policy_is_asked_anew(core: Core) {
    let provider = Provider::over(core).await;
    proxied(&provider, |_| {}).await;
    provider.set_level(Level::Off).await;
    let (front, second) = (Front::new(HOST), provider.second_server().await);
    let browser = provider.browser("alice", &[Kind::Password]).await;
    let sure = provider.browser("bob", &BOTH).await;
    let (cookie, sure_cookie) = (front.enter(&provider, &browser).await, front.enter(&provider, &sure).await);
    provider.set_level(Level::Required).await;
    for server in [&provider, &second] {
        for cookie in [&cookie, &sure_cookie] {
            assert_eq!(front.status(server, cookie).await, StatusCode::SEE_OTHER);
        }
    }
    // Who has shown enough comes through without being asked; who has not is asked.
    front.enter(&provider, &sure).await;
    let (_, enter) = front.begin(&provider, "/").await;
    let answer = provider.visit(Some(&browser), &enter).await;
    assert!(answer.location().starts_with("/login?continue="), "{answer:?}");
}

async fn a_visit_lives_no_longer_than_its_session(core: Core) {
    let provider = Provider::over(core).await;
    proxied(&provider, |_| {}).await;
    let (front, browser) = (Front::new(HOST), provider.browser("alice", &BOTH).await);
    let cookie = front.enter(&provider, &browser).await;
    provider.advance(3601);
    assert_eq!(front.status(&provider, &cookie).await, StatusCode::SEE_OTHER, "nobody was there for an hour");
    let browser = provider.sign_in(browser.user, &BOTH).await;
    provider.advance(3000);
    let cookie = front.enter(&provider, &browser).await;
    for _ in 0..13 {
        provider.advance(3000);
        assert_eq!(front.status(&provider, &cookie).await, StatusCode::OK);
    }
    provider.advance(1200);
    assert_eq!(front.status(&provider, &cookie).await, StatusCode::SEE_OTHER, "twelve hours are over");
}

async fn t8_a_visit_changed_by_hand_lets_nobody_in(core: Core) {
    let provider = Provider::over(core).await;
    proxied(&provider, |client| client.settings.hosts.push("other.example.com".parse().unwrap())).await;
    let (front, browser) = (Front::new(HOST), provider.browser("alice", &BOTH).await);
    provider.browser("mallory", &BOTH).await;
    for text in [
        "UPDATE visits SET user_id = (SELECT id FROM users WHERE name = 'mallory')",
        "UPDATE visits SET sid = (SELECT sid FROM sessions WHERE user_id = \
         (SELECT id FROM users WHERE name = 'mallory'))",
        "UPDATE visits SET expires_at = expires_at + 60",
        "UPDATE visits SET created_at = created_at + 1",
        "UPDATE visits SET policy = policy + 1",
        "UPDATE visits SET client_id = 'x'",
        "UPDATE visits SET return_to = '/y'",
        "UPDATE visits SET mac = ''",
    ] {
        let cookie = front.enter(&provider, &browser).await;
        assert!(provider.tamper(text).await > 0);
        let answer = front.open(&provider, "/", &cookie).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{text}: {answer:?}");
        assert!(!answer.headers.contains_key("remote-user"));
        provider.tamper("DELETE FROM visits").await;
    }
    // A host or a hash is what a row is found by.
    let cookie = front.enter(&provider, &browser).await;
    provider.tamper("UPDATE visits SET host = 'other.example.com'").await;
    let answer = Front::new("other.example.com").open(&provider, "/", &cookie).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    provider.tamper("DELETE FROM visits").await;
    // Nor does a ticket become a cookie by hand, or lead elsewhere.
    let (nonce, ticket) = front.ticket(&provider, &browser, "/").await;
    provider.tamper("UPDATE visits SET nonce_hash = NULL").await;
    let forged = format!("__Host-twolatch_app={ticket}");
    assert_eq!(front.open(&provider, "/", &forged).await.status, StatusCode::INTERNAL_SERVER_ERROR);
    provider.tamper("DELETE FROM visits").await;
    assert!(!front.come(&provider, &ticket, &nonce).await.headers.contains_key("set-cookie"));
    let (nonce, ticket) = front.ticket(&provider, &browser, "/").await;
    provider.tamper("UPDATE visits SET return_to = '@evil.example/'").await;
    let answer = front.come(&provider, &ticket, &nonce).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{answer:?}");
}

async fn what_is_over_is_swept(core: Core) {
    let provider = Provider::over(core).await;
    proxied(&provider, |_| {}).await;
    let (front, browser) = (Front::new(HOST), provider.browser("alice", &BOTH).await);
    front.ticket(&provider, &browser, "/").await;
    let (nonce, ticket) = front.ticket(&provider, &browser, "/").await;
    let cookie = kept(&front.come(&provider, &ticket, &nonce).await);
    let store = provider.app.store.clone();
    assert_eq!(store.sweep_visits(provider.now()).await.unwrap(), 0);
    provider.advance(30);
    let now = provider.now();
    assert_eq!((store.sweep_visits(now).await.unwrap(), store.sweep_visits(now).await.unwrap()), (1, 0));
    assert_eq!(front.status(&provider, &cookie).await, StatusCode::OK);
    provider.advance(12 * 3600);
    assert_eq!(store.sweep_visits(provider.now()).await.unwrap(), 1);
    // A session that is over gives no ticket.
    let host = HOST.parse().unwrap();
    let client = store.client_of_host(&host).await.unwrap().unwrap();
    let visit = twolatch_core::visit::Visit {
        token: "x".to_owned(),
        client: client.id,
        host,
        user: browser.user.id.clone(),
        sid: "none".to_owned(),
        policy: 1,
        arrival: None,
        created_at: provider.now(),
        expires_at: provider.now().plus(30),
    };
    assert!(matches!(store.add_ticket(visit, "alice".to_owned()).await, Err(StoreError::Conflict)));
}
