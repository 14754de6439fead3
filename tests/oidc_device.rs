//! Devices without a browser: a person types their code elsewhere, and says yes or no.

use axum::http::StatusCode;
use serde_json::json;
use twolatch_core::client::{AuthMethod, GrantType};
use twolatch_core::factor::Kind;
use twolatch_core::policy::Level;
use twolatch_core::qr;
use twolatch_core::secret::Secret;

use crate::support::core::{Core, on_both};
use crate::support::provider::tab::{Tab, field};
use crate::support::provider::{Answer, BOTH, ISSUER, Provider, Registered, payload};

on_both!(
    a_device_signs_in_once_a_person_has_said_yes,
    o42_a_device_is_told_why_it_waits_no_longer,
    o42_who_answers_has_shown_a_second_factor_since,
    o42_policy_is_asked_again_when_the_device_comes,
    o42_codes_are_not_guessed,
    o42_of_fifty_devices_with_one_code_one_gets_in,
);

const GRANT: (&str, &str) = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");

async fn device(provider: &Provider) -> Registered {
    provider
        .client(|client| {
            (client.auth_method, client.secret) = (AuthMethod::None, None);
            client.redirect_uris.clear();
            client.settings.grants = vec![GrantType::DeviceCode, GrantType::RefreshToken];
        })
        .await
}

async fn begin(provider: &Provider, client: &Registered) -> (String, String) {
    let answer = provider.ask("/device_authorization", client, &[("scope", "openid profile offline_access")]).await;
    (answer.text("device_code"), answer.text("user_code"))
}

async fn poll(provider: &Provider, client: &Registered, code: &str) -> Answer {
    provider.token(client, &[GRANT, ("device_code", code)]).await
}

impl Tab<'_> {
    /// Where the browser is sent that has typed a code.
    async fn types(&mut self, code: &str) -> String {
        let page = self.get("/device").await;
        self.post(&page, "/device", &[("user_code", code)]).await.location().to_owned()
    }

    /// Types a code and answers.
    async fn answers(&mut self, code: &str, answer: &str) -> Answer {
        let to = self.types(code).await;
        let page = self.get(&to).await;
        assert_eq!(page.status, StatusCode::OK, "{to} {page:?}");
        self.post(&page, "/device/confirm", &[("request", &field(&page, "request")), ("answer", answer)]).await
    }
}

async fn a_device_signs_in_once_a_person_has_said_yes(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let client = device(&provider).await;
    let asked = provider.ask("/device_authorization", &client, &[("scope", "openid profile offline_access")]).await;
    let (code, short) = (asked.text("device_code"), asked.text("user_code"));
    let told = json!({
        "device_code": code, "user_code": short, "verification_uri": format!("{ISSUER}/device"),
        "verification_uri_complete": format!("{ISSUER}/device?user_code={short}"), "expires_in": 600, "interval": 5,
    });
    assert_eq!((asked.status, asked.json(), code.len(), short.len()), (StatusCode::OK, told, 52, 9));
    assert_eq!(provider.number("SELECT COUNT(*) FROM device_requests").await, 1);

    poll(&provider, &client, &code).await.is_refused("authorization_pending");
    poll(&provider, &client, &code).await.is_refused("slow_down");
    provider.advance(9);
    poll(&provider, &client, &code).await.is_refused("slow_down");
    provider.advance(15);
    poll(&provider, &client, &code).await.is_refused("authorization_pending");

    let browser = provider.sign_in(browser.user.clone(), &BOTH).await;
    let mut tab = Tab::new(&provider, Some(&browser));
    let page = tab.get(&format!("/device?user_code={short}")).await;
    assert!(page.body.contains(&format!("value=\"{short}\"")), "{page:?}");
    // Whoever would rather go on with their phone finds the same link there; without a code there is nothing to go on with.
    let link = format!("{ISSUER}/device?user_code={short}");
    let qr = qr::for_page(&Secret::new(link.clone())).unwrap();
    assert!(page.body.contains(&qr) && page.body.contains(&format!("<code>{link}</code>")), "{}", page.body);
    for without in ["/device", "/device?user_code=", "/device?user_code=%3Cscript%3E", "/device?user_code=AEIOU"] {
        let page = tab.get(without).await;
        assert!(page.status == StatusCode::OK && !page.body.contains("class=\"qr\""), "{without}: {}", page.body);
    }
    let to = tab.types(&short.to_lowercase().replace('-', " ")).await;
    let page = tab.get(&to).await;
    for shown in ["An &#60;application&#62;", "alice", short.as_str()] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    let answer = tab.answers(&short, "allow").await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/device"));
    assert!(tab.get("/device").await.status == StatusCode::OK);

    let tokens = poll(&provider, &client, &code).await;
    assert_eq!((tokens.status, tokens.text("scope")), (StatusCode::OK, "openid profile offline_access".to_owned()));
    let id = payload(&tokens.text("id_token"));
    assert_eq!((&id["sub"], &id["acr"]), (&json!(browser.user.id.as_str()), &json!("urn:twolatch:acr:3")));
    let access = tokens.text("access_token");
    assert_eq!(provider.userinfo(&access).await.json()["preferred_username"], "alice");
    let refresh = tokens.text("refresh_token");
    let next = provider.token(&client, &[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
    assert_eq!(next.status, StatusCode::OK);
    // The code once more ends all that came of it, as any code does.
    poll(&provider, &client, &code).await.is_refused("invalid_grant");
    assert_eq!(provider.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(provider.number("SELECT COUNT(*) FROM device_requests").await, 0);
}

async fn o42_a_device_is_told_why_it_waits_no_longer(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let (client, other) = (device(&provider).await, device(&provider).await);
    let (code, short) = begin(&provider, &client).await;
    poll(&provider, &other, &code).await.is_refused("invalid_grant");
    poll(&provider, &client, "x").await.is_refused("invalid_grant");
    let mut tab = Tab::new(&provider, Some(&browser));
    assert_eq!(tab.answers(&short, "deny").await.location(), "/device");
    poll(&provider, &client, &code).await.is_refused("access_denied");
    assert_eq!(tab.types(&short).await, "/device", "it cannot be answered twice");
    let (code, short) = begin(&provider, &client).await;
    let to = tab.types(&short).await;
    provider.advance(600);
    poll(&provider, &client, &code).await.is_refused("expired_token");
    assert_eq!(tab.get(&to).await.location(), "/device");
    assert_eq!(provider.app.store.sweep_device_requests(provider.now()).await.unwrap(), 0);
    provider.advance(601);
    assert!(provider.app.store.sweep_device_requests(provider.now()).await.unwrap() > 0);
    poll(&provider, &client, &code).await.is_refused("invalid_grant");

    // What is asked has to be right from the start, and an answer is one of two.
    let web = provider.client(|_| {}).await;
    provider.ask("/device_authorization", &web, &[("scope", "openid")]).await.is_refused("unauthorized_client");
    provider.token(&web, &[GRANT, ("device_code", "x")]).await.is_refused("unauthorized_client");
    provider.ask("/device_authorization", &client, &[("scope", "profile")]).await.is_refused("invalid_scope");
    provider.token(&client, &[GRANT]).await.is_refused("invalid_request");
    let browser = provider.sign_in(browser.user.clone(), &BOTH).await;
    let mut tab = Tab::new(&provider, Some(&browser));
    let (code, short) = begin(&provider, &client).await;
    assert_eq!(tab.answers(&short, "perhaps").await.status, StatusCode::BAD_REQUEST);
    let page = tab.get("/device").await;
    for sealed in ["", "x", "k.sealed"] {
        let answer = tab.post(&page, "/device/confirm", &[("request", sealed), ("answer", "allow")]).await;
        assert_eq!(answer.location(), "/device", "{sealed}");
    }
    poll(&provider, &client, &code).await.is_refused("authorization_pending");
    // What a client that goes has begun goes with it.
    provider.app.store.delete_client(client.id.parse().unwrap(), "test".to_owned(), provider.now()).await.unwrap();
    assert_eq!(provider.number("SELECT COUNT(*) FROM device_requests").await, 0);
}

async fn o42_who_answers_has_shown_a_second_factor_since(core: Core) {
    let provider = Provider::over(core).await;
    let client = device(&provider).await;
    let (code, short) = begin(&provider, &client).await;
    // Nobody is signed in: that comes first, and the way back is kept.
    let mut stranger = Tab::new(&provider, None);
    let to = stranger.types(&short).await;
    assert!(to.starts_with("/device/confirm?request="), "{to}");
    let login = stranger.get(&to).await.location().to_owned();
    assert!(login.starts_with("/login?continue="), "{login}");
    let page = stranger.get(&login).await;
    assert!(page.body.contains("An &#60;application&#62;") && !page.body.contains("/authorize/cancel"), "{page:?}");
    // Somebody signed in before, or by a password alone, shows a second factor and comes back.
    let before = provider.browser("alice", &BOTH).await;
    let password = provider.browser("bob", &[Kind::Password]).await;
    provider.set_level(Level::Off).await;
    for browser in [&before, &password] {
        let mut tab = Tab::new(&provider, Some(browser));
        let to = tab.types(&short).await;
        let asked = tab.get(&to).await;
        assert!(asked.location().starts_with("/account/confirm?for=device%3A"), "{asked:?}");
        let page = tab.get("/device").await;
        let sealed = to.split_once("request=").unwrap().1;
        let answer = tab.post(&page, "/device/confirm", &[("request", sealed), ("answer", "allow")]).await;
        assert!(answer.location().starts_with("/account/confirm?for=device%3A"), "{answer:?}");
    }
    poll(&provider, &client, &code).await.is_refused("authorization_pending");
    // Whoever is in none of its groups is told; the device goes on waiting for somebody else.
    provider.edit(&client, |client| client.settings.groups = vec!["pilots".parse().unwrap()]).await;
    let now = provider.sign_in(before.user.clone(), &BOTH).await;
    let mut tab = Tab::new(&provider, Some(&now));
    let to = tab.types(&short).await;
    assert_eq!(tab.get(&to).await.status, StatusCode::FORBIDDEN);
}

async fn o42_policy_is_asked_again_when_the_device_comes(core: Core) {
    let provider = Provider::over(core).await;
    let client = device(&provider).await;
    for (name, end) in [("disabled", 0), ("signed-out", 1), ("regrouped", 2), ("client-disabled", 3)] {
        let browser = provider.browser(name, &BOTH).await;
        let (code, short) = begin(&provider, &client).await;
        assert_eq!(Tab::new(&provider, Some(&browser)).answers(&short, "allow").await.location(), "/device");
        let error = match end {
            0 => {
                let now = provider.now();
                provider.change(&browser.user, |user| user.disabled_at = Some(now)).await;
                "invalid_grant"
            }
            1 => {
                provider.sign_out(&browser).await;
                "invalid_grant"
            }
            2 => {
                provider.edit(&client, |client| client.settings.groups = vec!["pilots".parse().unwrap()]).await;
                "invalid_grant"
            }
            _ => {
                provider.edit(&client, |client| client.disabled_at = Some(client.created_at)).await;
                "invalid_client"
            }
        };
        poll(&provider, &client, &code).await.is_refused(error);
        provider.edit(&client, |client| client.settings.groups.clear()).await;
    }
}

async fn o42_codes_are_not_guessed(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let client = device(&provider).await;
    let (_, short) = begin(&provider, &client).await;
    let mut tab = Tab::new(&provider, Some(&browser));
    for guess in ["", "BCDF", "AEIO-UAEI", "' OR 1=1 --"] {
        assert_eq!(tab.types(guess).await, "/device", "what cannot be one is not counted");
    }
    for _ in 0..20 {
        assert_eq!(tab.types("BCDF-GHJK").await, "/device");
    }
    assert_eq!(tab.types(&short).await, "/device", "not even the right one");
    provider.advance(60);
    let browser = provider.sign_in(browser.user.clone(), &BOTH).await;
    assert!(Tab::new(&provider, Some(&browser)).types(&short).await.starts_with("/device/confirm"));
    let stored = provider.number("SELECT COUNT(*) FROM device_requests WHERE user_code LIKE '%.%'").await;
    assert_eq!(stored, 1, "what is stored of a short code is keyed");
}

async fn o42_of_fifty_devices_with_one_code_one_gets_in(core: Core) {
    let provider = Provider::over(core).await;
    let second = provider.second_server().await;
    let client = device(&provider).await;
    for round in 0..crate::support::rounds().min(5) {
        let browser = provider.browser(&format!("p{round}"), &BOTH).await;
        let (code, short) = begin(&provider, &client).await;
        assert_eq!(Tab::new(&provider, Some(&browser)).answers(&short, "allow").await.location(), "/device");
        let all = (0..50).map(|index| {
            let server = if index % 2 == 0 { provider.clone() } else { second.clone() };
            let (client, code) = (client.clone(), code.clone());
            tokio::spawn(async move { poll(&server, &client, &code).await.status })
        });
        let mut good = 0;
        for one in all.collect::<Vec<_>>() {
            good += usize::from(one.await.unwrap() == StatusCode::OK);
        }
        assert_eq!(good, 1, "round {round}");
    }
}
