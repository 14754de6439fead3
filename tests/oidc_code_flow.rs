//! The authorization code flow as a client sees it: with the library that clients use, and by hand where a library
//! would not do it.

use std::future::Future;
use std::pin::Pin;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use chrono::DateTime;
use idp_server::oidc::authorize::continuation;
use idp_server::web::path::Links;
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, RedirectUrl, Scope, TokenResponse,
};
use twolatch_core::client::{AuthMethod, SigningAlg};
use twolatch_core::factor::Kind;
use twolatch_core::policy::Level;
use twolatch_core::step::Assurance;

use crate::support::core::{Core, on_both};
use crate::support::provider::{
    BOTH, Browser, CALLBACK, ISSUER, Provider, Registered, VERIFIER, cut, form, good, redemption, with,
};

on_both!(
    a_client_library_signs_somebody_in_with_each_algorithm,
    a_public_client_on_a_loopback_port_is_held_by_pkce_alone,
    somebody_who_is_not_signed_in_comes_back_from_the_login_page,
    o13_of_64_redemptions_at_two_servers_one_wins_and_its_token_dies,
    o13_a_second_use_is_refused_also_later_and_revokes,
    o12_o13_a_wrong_redemption_burns_the_code_only_at_the_fifth,
    what_ends_a_session_or_account_ends_codes_and_tokens,
    a_policy_that_asks_for_more_stops_what_is_under_way,
    what_has_expired_is_swept,
);

/// Answers the library's requests from the router.
fn http(provider: &Provider) -> impl Fn(HttpRequest) -> Answering {
    let provider = provider.clone();
    move |request: HttpRequest| {
        let provider = provider.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let answer = provider.send(axum::http::Request::from_parts(parts, Body::from(body))).await;
            let mut response = HttpResponse::new(answer.body.into_bytes());
            (*response.status_mut(), *response.headers_mut()) = (answer.status, answer.headers);
            Ok(response)
        })
    }
}

type Answering = Pin<Box<dyn Future<Output = Result<HttpResponse, std::io::Error>> + Send>>;

async fn a_client_library_signs_somebody_in_with_each_algorithm(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    for (alg, method) in [
        (SigningAlg::Rs256, AuthMethod::ClientSecretBasic),
        (SigningAlg::Es256, AuthMethod::ClientSecretPost),
        (SigningAlg::EdDsa, AuthMethod::ClientSecretBasic),
    ] {
        let registered = provider
            .client(|client| {
                client.alg = alg;
                client.auth_method = method;
            })
            .await;
        let http = http(&provider);
        let metadata =
            CoreProviderMetadata::discover_async(IssuerUrl::new(ISSUER.to_owned()).unwrap(), &http).await.unwrap();
        let client = CoreClient::from_provider_metadata(
            metadata,
            ClientId::new(registered.id.clone()),
            Some(ClientSecret::new(registered.secret.clone())),
        )
        .set_auth_type(match method {
            AuthMethod::ClientSecretPost => openidconnect::AuthType::RequestBody,
            _ => openidconnect::AuthType::BasicAuth,
        })
        .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).unwrap());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
            .add_scope(Scope::new("profile".to_owned()))
            .add_scope(Scope::new("email".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        assert!(url.as_str().starts_with(&format!("{ISSUER}/authorize?")), "{url}");
        provider.advance(7);
        let answer = provider.visit(Some(&browser), &format!("/authorize?{}", url.query().unwrap())).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
        assert_eq!(answer.param("state").as_deref(), Some(state.secret().as_str()));
        assert_eq!(answer.param("iss").as_deref(), Some(ISSUER));

        let code = AuthorizationCode::new(answer.param("code").unwrap());
        let exchange = client.exchange_code(code).unwrap().set_pkce_verifier(verifier);
        let tokens = exchange.request_async(&http).await.unwrap();
        let now = provider.now();
        let id_token_verifier = client
            .id_token_verifier()
            .set_allowed_algs([
                openidconnect::core::CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
                openidconnect::core::CoreJwsSigningAlgorithm::EcdsaP256Sha256,
                openidconnect::core::CoreJwsSigningAlgorithm::EdDsa,
            ])
            .set_time_fn(move || DateTime::from_timestamp(now.unix(), 0).unwrap());
        let id_token = tokens.id_token().unwrap();
        let claims = id_token.claims(&id_token_verifier, &nonce).unwrap();
        assert_eq!(claims.subject().as_str(), browser.user.id.as_str());
        assert_eq!(claims.audiences().len(), 1);
        assert_eq!((claims.expiration() - claims.issue_time()).num_seconds(), 600);
        assert!(now.unix() - claims.auth_time().unwrap().timestamp() >= 7, "auth_time is when it happened");
        assert_eq!(claims.auth_context_ref().unwrap().as_str(), "urn:twolatch:acr:3");
        let amr: Vec<&str> = claims.auth_method_refs().unwrap().iter().map(|method| method.as_str()).collect();
        assert_eq!(amr, ["pwd", "otp", "mfa"]);
        let hash = AccessTokenHash::from_token(
            tokens.access_token(),
            id_token.signing_alg().unwrap(),
            id_token.signing_key(&id_token_verifier).unwrap(),
        );
        assert_eq!(claims.access_token_hash(), Some(&hash.unwrap()));

        let info = client.user_info(tokens.access_token().clone(), Some(claims.subject().clone())).unwrap();
        let info: CoreUserInfoClaims = info.request_async(&http).await.unwrap();
        assert_eq!(info.preferred_username().unwrap().as_str(), "alice");
        assert_eq!(info.email().unwrap().as_str(), "alice@example.org");
        assert_eq!(info.email_verified(), Some(true));
    }
}

async fn a_public_client_on_a_loopback_port_is_held_by_pkce_alone(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let client = provider
        .client(|client| {
            client.auth_method = AuthMethod::None;
            client.secret = None;
            client.pkce_waived_at = Some(client.created_at);
            client.redirect_uris = vec!["http://127.0.0.1/cb".parse().unwrap()];
        })
        .await;
    let request = with(&good(&client), "redirect_uri", "http://127.0.0.1:49152/cb");
    provider
        .authorize(Some(&browser), &with(&with(&request, "code_challenge", ""), "code_challenge_method", ""))
        .await
        .is_error("http://127.0.0.1:49152/cb", "invalid_request", Some("a state"));
    let answer = provider.authorize(Some(&browser), &request).await;
    let code = answer.param("code").unwrap();
    let other_port = with(&redemption(&code), "redirect_uri", "http://127.0.0.1:49153/cb");
    provider.token(&client, &other_port).await.is_refused("invalid_grant");
    let same = with(&redemption(&code), "redirect_uri", "http://127.0.0.1:49152/cb");
    provider.token(&client, &with(&same, "code_verifier", "")).await.is_refused("invalid_grant");
    assert_eq!(provider.token(&client, &same).await.status, StatusCode::OK);
}

async fn somebody_who_is_not_signed_in_comes_back_from_the_login_page(core: Core) {
    let provider = Provider::over(core).await;
    let client = provider.client(|_| {}).await;
    let user = provider.person("alice").await;
    let mut request = good(&client);
    request.push(("login_hint", "alice@example.org"));
    let answer = provider.authorize(None, &request).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(answer.location().starts_with("/login?continue="), "{answer:?}");
    assert!(answer.location().len() < 2048, "{}", answer.location().len());
    let sealed = answer.param("continue").unwrap();
    let shown = continuation(&provider.app, &sealed).await.unwrap().unwrap();
    assert_eq!(shown.client_name, "An <application>");
    assert_eq!(shown.login_hint.as_deref(), Some("alice@example.org"));
    assert_eq!(shown.origin, "https://app.example.com");
    assert!(!shown.again && shown.acr.is_none());

    provider.advance(40);
    let answer = provider.visit(None, &Links::default().resume(&sealed)).await;
    assert!(answer.location().starts_with("/login?continue="), "still nobody: {answer:?}");
    let browser = provider.sign_in(user, &BOTH).await;
    let answer = provider.visit(Some(&browser), &Links::default().resume(&sealed)).await;
    assert_eq!(answer.param("state").as_deref(), Some("a state"));
    let code = answer.param("code").unwrap();
    assert_eq!(provider.redeem(&client, &code).await.status, StatusCode::OK);

    // A form from another site comes without the session, and is sent here again with it.
    let answer = provider
        .raw(
            Method::POST,
            "/authorize",
            &[("content-type", "application/x-www-form-urlencoded")],
            &form(&good(&client)),
        )
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let again = provider.visit(Some(&browser), answer.location()).await;
    assert!(again.param("code").is_some(), "{again:?}");

    for damaged in [sealed.replacen('.', ".A", 1), cut(&sealed, 4).to_owned(), String::new()] {
        provider.visit(Some(&browser), &Links::default().resume(&damaged)).await.is_page();
        assert!(continuation(&provider.app, &damaged).await.unwrap().is_none());
    }
    provider.advance(3600);
    provider.visit(Some(&browser), &Links::default().resume(&sealed)).await.is_page();
}

async fn o13_of_64_redemptions_at_two_servers_one_wins_and_its_token_dies(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let client = provider.client(|client| client.alg = SigningAlg::Es256).await;
    let code = provider.code(&browser, &client).await;
    let servers = [provider.clone(), provider.second_server().await];
    let tasks: Vec<_> = (0..64)
        .map(|turn| {
            let (provider, client, code) = (servers[turn % 2].clone(), client.clone(), code.clone());
            tokio::spawn(async move { provider.redeem(&client, &code).await })
        })
        .collect();
    let mut won = Vec::new();
    for task in tasks {
        let answer = task.await.unwrap();
        if answer.status == StatusCode::OK {
            won.push(answer.text("access_token"));
        } else {
            answer.is_refused("invalid_grant");
        }
    }
    let [token] = won.as_slice() else { panic!("{} won", won.len()) };
    assert_eq!(provider.userinfo(token).await.status, StatusCode::UNAUTHORIZED, "reuse revokes");
}

async fn o13_a_second_use_is_refused_also_later_and_revokes(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let (client, other) = (provider.client(|_| {}).await, provider.client(|_| {}).await);
    for (wait, again) in [(0, &client), (30, &client), (1800, &client), (0, &other)] {
        let code = provider.code(&browser, &client).await;
        let answer = provider.redeem(&client, &code).await;
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
        assert_eq!(answer.json()["token_type"], "Bearer");
        assert_eq!(answer.json()["scope"], "openid profile email groups");
        let token = answer.text("access_token");
        assert_eq!(provider.userinfo(&token).await.status, StatusCode::OK);
        provider.advance(wait);
        provider.app.store.sweep_grants(provider.now()).await.unwrap();
        provider.redeem(again, &code).await.is_refused("invalid_grant");
        assert_eq!(provider.userinfo(&token).await.status, StatusCode::UNAUTHORIZED);
    }
    let events = provider.app.store.latest_audit(50).await.unwrap();
    let count = |event: &str| events.iter().filter(|record| record.event == event).count();
    assert_eq!((count("code_issued"), count("token_issued"), count("code_reused")), (4, 4, 4));
    assert!(events.iter().any(|record| record.event == "code_reused" && record.user_name.as_deref() == Some("alice")));
}

async fn o12_o13_a_wrong_redemption_burns_the_code_only_at_the_fifth(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let (client, other) = (provider.client(|_| {}).await, provider.client(|_| {}).await);
    let wrong = async |code: &str, turn: usize| {
        let good = redemption(code);
        let short = "x".repeat(42);
        let answer = match turn {
            0 => provider.token(&other, &good).await,
            1 => provider.token(&client, &with(&good, "code_verifier", "")).await,
            2 => provider.token(&client, &with(&good, "redirect_uri", "https://app.example.com/callback\0")).await,
            3 => provider.token(&client, &with(&good, "code_verifier", &short)).await,
            _ => provider.token(&client, &with(&good, "code_verifier", crate::support::provider::CHALLENGE)).await,
        };
        answer.is_refused("invalid_grant");
    };
    let code = provider.code(&browser, &client).await;
    for turn in 0..4 {
        wrong(&code, turn).await;
    }
    assert_eq!(provider.redeem(&client, &code).await.status, StatusCode::OK, "four do not burn it");
    let code = provider.code(&browser, &client).await;
    for turn in 0..5 {
        wrong(&code, turn).await;
    }
    provider.redeem(&client, &code).await.is_refused("invalid_grant");

    let code = provider.code(&browser, &client).await;
    let encoded = code.replace('a', "%61");
    for bad in [cut(&code, 1), "x", &format!("{code} "), &format!("{encoded}%")] {
        provider.redeem(&client, bad).await.is_refused("invalid_grant");
    }
    provider.advance(60);
    provider.redeem(&client, &code).await.is_refused("invalid_grant");

    let waived = provider.client(|client| client.pkce_waived_at = Some(client.created_at)).await;
    let request = with(&with(&good(&waived), "code_challenge", ""), "code_challenge_method", "");
    let code = provider.authorize(Some(&browser), &request).await.param("code").unwrap();
    provider.token(&waived, &with(&redemption(&code), "code_verifier", VERIFIER)).await.is_refused("invalid_grant");
    let answer = provider.token(&waived, &with(&redemption(&code), "code_verifier", "")).await;
    assert_eq!(answer.status, StatusCode::OK);
}

/// Something that ends a session, an account or a client.
type End = for<'a> fn(&'a Provider, &'a Browser, &'a Registered) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

async fn what_ends_a_session_or_account_ends_codes_and_tokens(core: Core) {
    let provider = Provider::over(core).await;
    let ends: [(&str, End); 4] = [
        ("signing-out", |provider, browser, _| Box::pin(provider.sign_out(browser))),
        ("disabling", |provider, browser, _| {
            Box::pin(provider.change(&browser.user, |user| user.disabled_at = Some(user.created_at)))
        }),
        ("a-new-password", |provider, browser, _| Box::pin(provider.change(&browser.user, |_| {}))),
        ("deleting-the-client", |provider, _, client| {
            Box::pin(async {
                let id = client.id.parse().unwrap();
                assert!(provider.app.store.delete_client(id, "test".to_owned(), provider.now()).await.unwrap());
            })
        }),
    ];
    for (what, end) in ends {
        let browser = provider.browser(what, &BOTH).await;
        let client = provider.client(|_| {}).await;
        let token = provider.redeem(&client, &provider.code(&browser, &client).await).await.text("access_token");
        let code = provider.code(&browser, &client).await;
        assert_eq!(provider.userinfo(&token).await.status, StatusCode::OK, "{what}");
        end(&provider, &browser, &client).await;
        assert_eq!(provider.userinfo(&token).await.status, StatusCode::UNAUTHORIZED, "{what}");
        let deleted = what == "deleting-the-client";
        let error = if deleted { "invalid_client" } else { "invalid_grant" };
        provider.redeem(&client, &code).await.is_refused(error);
        let answer = provider.authorize(Some(&browser), &good(&client)).await;
        if deleted {
            answer.is_page();
        } else {
            assert!(answer.location().starts_with("/login?"), "{what}: {answer:?}");
        }
    }
}

async fn a_policy_that_asks_for_more_stops_what_is_under_way(core: Core) {
    let provider = Provider::over(core).await;
    provider.set_level(Level::Off).await;
    let browser = provider.browser("alice", &[Kind::Password]).await;
    let client = provider.client(|_| {}).await;
    let code = provider.code(&browser, &client).await;
    provider.set_level(Level::Required).await;
    provider.redeem(&client, &code).await.is_refused("invalid_grant");
    let answer = provider.authorize(Some(&browser), &good(&client)).await;
    assert!(answer.location().starts_with("/login?"), "{answer:?}");
    let prompt = with(&good(&client), "prompt", "none");
    provider.authorize(Some(&browser), &prompt).await.is_error(CALLBACK, "login_required", Some("a state"));
    let higher = provider.sign_in(browser.user.clone(), &BOTH).await;
    let answer = provider.redeem(&client, &provider.code(&higher, &client).await).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(Assurance::Authenticator.acr(), "urn:twolatch:acr:3");
}

async fn what_has_expired_is_swept(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let client = provider.client(|_| {}).await;
    let code = provider.code(&browser, &client).await;
    let token = provider.redeem(&client, &code).await.text("access_token");
    provider.advance(3599);
    assert_eq!(provider.userinfo(&token).await.status, StatusCode::OK);
    provider.advance(1);
    assert_eq!(provider.userinfo(&token).await.status, StatusCode::UNAUTHORIZED);
    let (store, now) = (&provider.app.store, provider.now());
    assert_eq!((store.sweep_tokens(now).await.unwrap(), store.sweep_tokens(now).await.unwrap()), (1, 0));
    assert_eq!(store.sweep_grants(now).await.unwrap(), 0, "a second use would still be noticed");
    let later = now.plus(12 * 3600);
    assert_eq!((store.sweep_grants(later).await.unwrap(), store.sweep_grants(later).await.unwrap()), (1, 0));
}
