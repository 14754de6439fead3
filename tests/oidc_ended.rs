//! What ends with a session, and which clients are to be told of it.

use axum::http::StatusCode;
use twolatch_core::crypto::token_hash;
use twolatch_core::store::logouts::{LIFE, Logout};
use twolatch_core::store::sessions::{Renewal, renew_session};

use crate::oidc_logout::{app, hint, lives, queued};
use crate::support::core::{Core, actor, on_both};
use crate::support::provider::{BOTH, Browser, Provider, good, payload, redemption, with};

on_both!(
    every_client_of_a_session_is_told_once_that_it_has_ended,
    whatever_ends_a_session_tells_its_clients,
    a_client_is_told_until_it_listens_or_for_an_hour,
    what_a_client_is_slow_to_hear_keeps_no_other_waiting,
    what_voids_every_token_tells_every_client,
    ending_all_others_ends_what_was_given_in_those_that_are_over,
    who_signs_in_again_goes_on_as_before,
    o41_who_has_the_name_of_somebody_else_has_nothing_else_of_them,
);

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
    let (store, second) = (&provider.app.store, provider.second_server().await.app.store.clone());
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

async fn what_voids_every_token_tells_every_client(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = (provider.browser("alice", &BOTH).await, app(&provider).await);
    let elsewhere = provider.sign_in(browser.user.clone(), &BOTH).await;
    for one in [&browser, &elsewhere] {
        hint(&provider, one, &client).await;
    }
    let (store, now) = (provider.app.store.clone(), provider.now());
    let session = store.session(&browser.token, now).await.unwrap().unwrap();
    let renewal = |id_hash: String, token: &str| Renewal {
        id_hash,
        token: token.to_owned(),
        proof: None,
        confirmed_at: Some(now),
        at: now,
    };
    let renew = async |renewal: Renewal, version: i64| {
        let inside = store.clone();
        let write = store.write(move |connection| {
            Box::pin(async move { renew_session(connection, &inside, &renewal, version).await })
        });
        write.await.unwrap();
    };
    let version = browser.user.security_version;
    renew(renewal(session.id_hash, "another"), version).await;
    assert!(queued(&provider, &client).await.is_empty(), "another cookie is no other session");
    renew(renewal(token_hash("another"), "yet another"), version + 1).await;
    assert_eq!(queued(&provider, &client).await.len(), 2, "both sessions that the client knows are worth nothing now");
}

async fn ending_all_others_ends_what_was_given_in_those_that_are_over(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = (provider.browser("alice", &BOTH).await, app(&provider).await);
    let offline = async |browser: &Browser| {
        let request = with(&good(&client), "scope", "openid offline_access");
        let code = provider.authorize(Some(browser), &request).await.param("code").unwrap();
        provider.redeem(&client, &code).await.text("refresh_token")
    };
    let old = offline(&browser).await;
    provider.advance(13 * 3600);
    provider.app.store.sweep(provider.now()).await.unwrap();
    let own = provider.sign_in(browser.user.clone(), &BOTH).await;
    let kept = offline(&own).await;
    let session = provider.app.store.session(&own.token, provider.now()).await.unwrap().unwrap();
    provider.app.logins.end_other_sessions(&session, provider.now()).await.unwrap();
    let refresh =
        async |token: &str| provider.token(&client, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await;
    refresh(&old).await.is_refused("invalid_grant");
    assert_eq!(refresh(&kept).await.status, StatusCode::OK);
}

async fn who_signs_in_again_goes_on_as_before(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = (provider.browser("alice", &BOTH).await, app(&provider).await);
    let answer = provider.redeem(&client, &provider.code(&browser, &client).await).await;
    provider.advance(4000);
    let again = provider.sign_in(browser.user.clone(), &BOTH).await;
    let (store, now) = (&provider.app.store, provider.now());
    let old = store.session_to_end(&browser.token, now).await.unwrap().unwrap();
    provider.app.logins.go_on_as(old.clone(), again.token.clone()).await.unwrap();
    assert_eq!(store.session(&again.token, now).await.unwrap().unwrap().sid, old.sid);
    assert!(store.session_to_end(&browser.token, now).await.unwrap().is_none(), "the cookie before is worth nothing");
    assert!(queued(&provider, &client).await.is_empty(), "nothing has ended");
    let next = hint(&provider, &again, &client).await;
    assert_eq!(payload(&next)["sid"], payload(&answer.text("id_token"))["sid"]);
    // Once it is gone there is nothing to go on as.
    provider.sign_out(&again).await;
    let other = provider.sign_in(browser.user.clone(), &BOTH).await;
    provider.app.logins.go_on_as(old.clone(), other.token.clone()).await.unwrap();
    assert_ne!(store.session(&other.token, now).await.unwrap().unwrap().sid, old.sid);
    assert_eq!(queued(&provider, &client).await.len(), 1);
}

async fn o41_who_has_the_name_of_somebody_else_has_nothing_else_of_them(core: Core) {
    let provider = Provider::over(core).await;
    let second = provider.second_server().await;
    let client = provider.client(|_| {}).await;
    let gone = provider.browser("alice", &BOTH).await;
    let request = with(&good(&client), "scope", "openid offline_access");
    let code = provider.authorize(Some(&gone), &request).await.param("code").unwrap();
    let before = provider.redeem(&client, &code).await;
    let unused = provider.authorize(Some(&gone), &request).await.param("code").unwrap();
    provider.app.logins.delete_user(&gone.user.name, &actor(provider.now())).await.unwrap();
    let new = provider.browser("alice", &BOTH).await;
    let after = provider.redeem(&client, &provider.code(&new, &client).await).await;
    let whose = |id_token: &str| payload(id_token)["sub"].as_str().unwrap().to_owned();
    assert_ne!(whose(&before.text("id_token")), whose(&after.text("id_token")), "two people");
    for server in [&provider, &second] {
        assert_eq!(server.userinfo(&before.text("access_token")).await.status, StatusCode::UNAUTHORIZED);
        let old = [("grant_type", "refresh_token"), ("refresh_token", &before.text("refresh_token"))];
        server.token(&client, &old).await.is_refused("invalid_grant");
        server.token(&client, &redemption(&unused)).await.is_refused("invalid_grant");
        assert!(!lives(server, &gone).await);
        // What told of who is gone is nobody's here.
        let hinted = [("id_token_hint", before.text("id_token")), ("prompt", "none".to_owned())];
        let hinted: Vec<_> = hinted.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = server.authorize(Some(&new), &[good(&client), hinted].concat()).await;
        assert_eq!(answer.param("error").as_deref(), Some("login_required"), "{answer:?}");
    }
}
