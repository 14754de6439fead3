//! What the provider refuses, and where it says so: a page until client and address are proven, the client's address
//! after that, JSON at the endpoints that clients call themselves.

use axum::http::{Method, StatusCode, header};
use data_encoding::BASE64;
use twolatch_core::client::AuthMethod;

use crate::support::core::{Core, on_both};
use crate::support::provider::{
    BOTH, Browser, CALLBACK, CHALLENGE, Provider, Registered, VERIFIER, cut, form, good, redemption, with,
};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

on_both!(
    o01_to_o07_an_address_that_is_not_registered_gets_nothing,
    o08_a_client_that_is_none_gets_a_page,
    o09_o10_o29_what_is_not_supported_is_told_to_the_client,
    o11_a_challenge_is_s256_or_an_error,
    o14_clients_prove_themselves_one_way_and_their_own,
    o14_token_requests_are_forms_and_nothing_else,
    o20_the_state_comes_back_byte_for_byte,
    oau21_a_repeated_parameter_is_refused,
    w_27_what_an_error_page_is_asked_with_stands_on_it_as_text_or_not_at_all,
    o35_userinfo_takes_a_live_access_token_and_nothing_else,
);

async fn start(provider: &Provider) -> (Browser, Registered) {
    (provider.browser("alice", &BOTH).await, provider.client(|_| {}).await)
}

async fn o01_to_o07_an_address_that_is_not_registered_gets_nothing(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = start(&provider).await;
    provider.client(|other| other.redirect_uris = vec!["https://other.example/cb".parse().unwrap()]).await;
    let loopback = provider.client(|client| client.redirect_uris = vec!["http://127.0.0.1/cb".parse().unwrap()]).await;
    let hostile = [
        "https://app.example.com/callback/",
        "https://APP.example.com/callback",
        "https://app.example.com/Callback",
        "https://app.example.com:443/callback",
        "https://app.example.com/%63allback",
        "https://app.example.com/callback?x=1",
        "https://app.example.com/callback#x",
        "https://app.example.com/x/../callback",
        "https://app.example.com/..;/callback",
        "https://app.example.com//callback",
        "https://äpp.example.com/callback",
        "https://app.example.com.evil/callback",
        "https://app.example.comevil/callback",
        "https://evil/?https://app.example.com/callback",
        "https://app.example.com@evil/callback",
        "https://app.example.com%40evil/callback",
        "https://app.example.com\\@evil/callback",
        "https://app.example.com/call\tback",
        "https://app.example.com/callback\r\nX: y",
        "https://app.example.com/callback\0",
        "http://app.example.com/callback",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "myapp:/callback",
        "https://other.example/cb",
        "", // absent
    ];
    for uri in hostile {
        let request = with(&good(&client), "redirect_uri", uri);
        for prompt in ["", "none", "login", "nonsense"] {
            provider.authorize(Some(&browser), &with(&request, "prompt", prompt)).await.is_page();
        }
        provider.authorize(None, &request).await.is_page();
        provider.authorize(None, &with(&request, "response_type", "token")).await.is_page();
    }
    for (uri, fits) in [
        ("http://127.0.0.1:49152/cb", true),
        ("http://127.0.0.1/cb", true),
        ("http://localhost:49152/cb", false),
        ("http://127.1:49152/cb", false),
        ("http://0x7f.1/cb", false),
        ("http://127.0.0.1.nip.io/cb", false),
        ("http://[::ffff:127.0.0.1]/cb", false),
        ("http://[::1]:49152/cb", false),
        ("http://0.0.0.0/cb", false),
        ("http://127.0.0.1:49152/other", false),
        ("http://127.0.0.1:49152@evil/cb", false),
    ] {
        let request = with(&good(&loopback), "redirect_uri", uri);
        let answer = provider.authorize(Some(&browser), &request).await;
        if fits {
            assert!(answer.location().starts_with(&format!("{uri}?code=")), "{answer:?}");
        } else {
            answer.is_page();
        }
    }
    let several = provider
        .client(|client| client.redirect_uris = vec![CALLBACK.parse().unwrap(), "https://b.example/".parse().unwrap()])
        .await;
    provider.authorize(Some(&browser), &with(&good(&several), "redirect_uri", "")).await.is_page();
}

async fn o08_a_client_that_is_none_gets_a_page(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = start(&provider).await;
    let disabled = provider.client(|client| client.disabled_at = Some(client.created_at)).await;
    let long = "a".repeat(10_240);
    let person = browser.user.id.to_string();
    for id in ["", "unknown", &disabled.id, "app\0", &long, &client.id.to_uppercase(), &person, "' OR 1=1 --"] {
        provider.authorize(Some(&browser), &with(&good(&client), "client_id", id)).await.is_page();
    }
    provider.token(&disabled, &redemption("x")).await.is_refused("invalid_client");
    provider.visit(Some(&browser), "/authorize").await.is_page();
    provider.visit(Some(&browser), "/authorize?client_id=%ff").await.is_page();
    provider.raw(Method::POST, "/authorize", &[("content-type", "application/json")], "{}").await.is_page();
    let answer = provider.raw(Method::POST, "/authorize", &[FORM], &format!("a={}", "x".repeat(8192))).await;
    answer.is_page();
}

async fn o09_o10_o29_what_is_not_supported_is_told_to_the_client(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = start(&provider).await;
    let object = "eyJhbGciOiJub25lIn0.e30.";
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "id_token", "unsupported_response_type"),
        ("response_type", "code id_token", "unsupported_response_type"),
        ("response_type", "none", "unsupported_response_type"),
        ("response_type", "code code", "unsupported_response_type"),
        ("response_type", "CODE", "unsupported_response_type"),
        ("response_type", " code", "unsupported_response_type"),
        ("response_type", "", "unsupported_response_type"),
        ("response_mode", "fragment", "invalid_request"),
        ("response_mode", "web_message", "invalid_request"),
        ("response_mode", "form_post.jwt", "invalid_request"),
        ("response_mode", "unknown", "invalid_request"),
        ("request", object, "request_not_supported"),
        ("request_uri", "http://169.254.169.254/", "request_uri_not_supported"),
        ("request_uri", "urn:example:x", "request_uri_not_supported"),
    ] {
        for browser in [Some(&browser), None] {
            let answer = provider.authorize(browser, &with(&good(&client), name, value)).await;
            answer.is_error(CALLBACK, error, Some("a state"));
            let quiet = with(&with(&good(&client), name, value), "prompt", "none");
            provider.authorize(browser, &quiet).await.is_error(CALLBACK, error, Some("a state"));
        }
    }
    let answer = provider.authorize(Some(&browser), &with(&good(&client), "response_mode", "query")).await;
    assert!(answer.param("code").is_some());
}

async fn o11_a_challenge_is_s256_or_an_error(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = start(&provider).await;
    let waived = provider.client(|client| client.pkce_waived_at = Some(client.created_at)).await;
    let (short, long, hostile) = (cut(CHALLENGE, 1), format!("{CHALLENGE}A"), format!("+{}", cut(CHALLENGE, 1)));
    for (challenge, method) in [
        (CHALLENGE, "plain"),
        (CHALLENGE, ""),
        (CHALLENGE, "s256"),
        (CHALLENGE, "S512"),
        (VERIFIER, "plain"),
        ("", "S256"),
        ("", "plain"),
        (short, "S256"),
        (&long, "S256"),
        (&hostile, "S256"),
        (&"a".repeat(129), "S256"),
    ] {
        for client in [&client, &waived] {
            let request = with(&good(client), "code_challenge", challenge);
            let answer = provider.authorize(Some(&browser), &with(&request, "code_challenge_method", method)).await;
            answer.is_error(CALLBACK, "invalid_request", Some("a state"));
        }
    }
    let none = with(&with(&good(&client), "code_challenge", ""), "code_challenge_method", "");
    provider.authorize(Some(&browser), &none).await.is_error(CALLBACK, "invalid_request", Some("a state"));
    let none = with(&none, "client_id", &waived.id);
    assert!(provider.authorize(Some(&browser), &none).await.param("code").is_some());
}

async fn o14_clients_prove_themselves_one_way_and_their_own(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let basic = provider.client(|_| {}).await;
    let post = provider.client(|client| client.auth_method = AuthMethod::ClientSecretPost).await;
    let public = provider
        .client(|client| {
            client.auth_method = AuthMethod::None;
            client.secret = None;
        })
        .await;
    let ways = [AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost, AuthMethod::None];
    for client in [&basic, &post, &public] {
        for method in ways {
            let code = provider.code(&browser, client).await;
            let answer = provider.redeem(&Registered { method, ..client.clone() }, &code).await;
            if method == client.method {
                assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
            } else {
                answer.is_refused("invalid_client");
                assert!(answer.header(header::WWW_AUTHENTICATE).starts_with("Basic "));
                assert_eq!(provider.redeem(client, &code).await.status, StatusCode::OK, "nothing is burnt by that");
            }
        }
    }
    let unknown = Registered { id: "unknown".to_owned(), ..basic.clone() };
    let wrong = Registered { secret: format!("{}x", basic.secret), ..basic.clone() };
    let other = Registered { secret: post.secret.clone(), ..basic.clone() };
    for client in [&unknown, &wrong, &other] {
        for method in ways {
            provider.redeem(&Registered { method, ..client.clone() }, "x").await.is_refused("invalid_client");
        }
    }
    let basic_header = |credentials: &str| format!("Basic {}", BASE64.encode(credentials.as_bytes()));
    let right = basic_header(&format!("{}:{}", basic.id, basic.secret));
    let body = form(&redemption("x"));
    let secret = form(&[("client_secret", &basic.secret)]);
    let id = form(&[("client_id", &post.id)]);
    for (authorization, body, error) in [
        (right.clone(), format!("{body}&{secret}"), "invalid_request"),
        (right.clone(), format!("{body}&{id}"), "invalid_request"),
        (right.clone(), body.clone(), "invalid_grant"),
        (right.replacen("Basic", "bAsIc", 1), body.clone(), "invalid_grant"),
        (basic_header(&format!("{}:{}:", basic.id, basic.secret)), body.clone(), "invalid_client"),
        (basic_header(&format!("{}:%zz", basic.id)), body.clone(), "invalid_client"),
        (basic_header(&format!("{}:%ff", basic.id)), body.clone(), "invalid_client"),
        (basic_header(&basic.id), body.clone(), "invalid_client"),
        (basic_header(":"), body.clone(), "invalid_client"),
        (format!("Bearer {}", basic.secret), body.clone(), "invalid_client"),
        ("Basic".to_owned(), body.clone(), "invalid_client"),
        ("Basic ü".to_owned(), body.clone(), "invalid_client"),
        (right.clone(), format!("{body}&client_assertion=x.y.z"), "invalid_request"),
    ] {
        let headers = [FORM, ("authorization", authorization.as_str())];
        provider.raw(Method::POST, "/token", &headers, &body).await.is_refused(error);
    }
    let encoded = basic.secret.replace('a', "%61");
    let headers = [FORM, ("authorization", &basic_header(&format!("{}:{encoded}", basic.id)))];
    provider.raw(Method::POST, "/token", &headers, &body).await.is_refused("invalid_grant");
    let twice = [FORM, ("authorization", right.as_str()), ("authorization", right.as_str())];
    provider.raw(Method::POST, "/token", &twice, &body).await.is_refused("invalid_request");
}

async fn o14_token_requests_are_forms_and_nothing_else(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = start(&provider).await;
    let post = provider.client(|client| client.auth_method = AuthMethod::ClientSecretPost).await;
    let code = provider.code(&browser, &post).await;
    let mut params = redemption(&code);
    params.extend([("client_id", post.id.as_str()), ("client_secret", post.secret.as_str())]);
    let body = form(&params);
    let json = format!("{{\"grant_type\":\"authorization_code\",\"code\":\"{code}\"}}");
    for (uri, headers, body) in [
        (format!("/token?{body}"), vec![FORM], String::new()),
        (format!("/token?client_secret={}", post.secret), vec![FORM], body.clone()),
        ("/token?x=1".to_owned(), vec![FORM], body.clone()),
        ("/token".to_owned(), vec![("content-type", "application/json")], json),
        ("/token".to_owned(), vec![("content-type", "text/plain")], body.clone()),
        ("/token".to_owned(), vec![], body.clone()),
        ("/token".to_owned(), vec![FORM], format!("{body}&code={code}")),
        ("/token".to_owned(), vec![FORM], format!("{body}&x=1&x=1")),
        ("/token".to_owned(), vec![FORM], format!("{body}&x=%ff")),
        ("/token".to_owned(), vec![FORM], body.replace("grant_type", "grant")),
        ("/token".to_owned(), vec![FORM], body.replace("redirect_uri", "uri")),
        ("/token".to_owned(), vec![FORM], body.replace("code=", "kode=")),
    ] {
        provider.raw(Method::POST, &uri, &headers, &body).await.is_refused("invalid_request");
    }
    for grant in ["password", "implicit", "AUTHORIZATION_CODE", "authorization_code "] {
        let answer = provider.token(&client, &with(&redemption(&code), "grant_type", grant)).await;
        answer.is_refused("unsupported_grant_type");
    }
    provider.raw(Method::POST, "/token", &[FORM], "").await.is_refused("invalid_client");
    let charset = [("content-type", "application/x-www-form-urlencoded; charset=UTF-8")];
    assert_eq!(provider.raw(Method::POST, "/token", &charset, &body).await.status, StatusCode::OK);
    assert_eq!(provider.raw(Method::GET, "/token", &[], "").await.status, StatusCode::METHOD_NOT_ALLOWED);
}

async fn o20_the_state_comes_back_byte_for_byte(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = start(&provider).await;
    let long = "s".repeat(1024);
    for state in ["a", "a b+c%20%", "\"><script>alert(1)</script>", "a\r\nSet-Cookie: x=y", "\u{1}\u{7f}", "ü🔒", &long]
    {
        let answer = provider.authorize(Some(&browser), &with(&good(&client), "state", state)).await;
        assert_eq!(answer.param("state").as_deref(), Some(state));
        assert!(answer.param("code").is_some() && answer.location().is_ascii());
        let request = with(&with(&good(&client), "state", state), "scope", "none");
        provider.authorize(Some(&browser), &request).await.is_error(CALLBACK, "invalid_scope", Some(state));
    }
    let answer = provider.authorize(Some(&browser), &with(&good(&client), "state", "")).await;
    assert!(answer.param("state").is_none() && answer.param("code").is_some());
    let (longer, longest) = ("s".repeat(1025), "s".repeat(10_240));
    for state in [&longer, &longest] {
        provider.authorize(Some(&browser), &with(&good(&client), "state", state)).await.is_page();
    }
    let query = form(&with(&good(&client), "state", ""));
    provider.visit(Some(&browser), &format!("/authorize?{query}&state=%ff")).await.is_page();
}

async fn oau21_a_repeated_parameter_is_refused(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = start(&provider).await;
    let query = form(&good(&client));
    for (name, value) in good(&client) {
        for second in [value, "other", ""] {
            let again = form(&[(name, second)]);
            let answer = provider.visit(Some(&browser), &format!("/authorize?{query}&{again}")).await;
            match name {
                "client_id" | "redirect_uri" => answer.is_page(),
                "state" => answer.is_error(CALLBACK, "invalid_request", None),
                _ => answer.is_error(CALLBACK, "invalid_request", Some("a state")),
            }
        }
    }
    let answer = provider.visit(Some(&browser), &format!("/authorize?{query}&extra=1&extra=1")).await;
    answer.is_error(CALLBACK, "invalid_request", Some("a state"));
    let answer = provider.visit(Some(&browser), &format!("/authorize?{query}&extra=foobar")).await;
    assert!(answer.param("code").is_some(), "an unknown parameter is ignored");
}

async fn w_27_what_an_error_page_is_asked_with_stands_on_it_as_text_or_not_at_all(core: Core) {
    const SCRIPT: &str = "<script>alert(1)</script>";
    let provider = Provider::over(core).await;
    let (browser, client) = start(&provider).await;
    let request = good(&client);
    for name in ["state", "response_type", "scope", "prompt", "client_id", "nonce", "error_description"] {
        for redirect in ["https://evil.example/", SCRIPT] {
            let hostile = with(&with(&request, name, SCRIPT), "redirect_uri", redirect);
            for browser in [Some(&browser), None] {
                let answer = provider.authorize(browser, &hostile).await;
                answer.is_page();
                assert!(!answer.body.contains("<script>alert"), "{name}: {answer:?}");
            }
        }
    }
    let resume = form(&[("request", SCRIPT)]);
    let answer = provider.visit(Some(&browser), &format!("/authorize/resume?{resume}")).await;
    answer.is_page();
    assert!(!answer.body.contains("<script>alert"), "{answer:?}");
}

async fn o35_userinfo_takes_a_live_access_token_and_nothing_else(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = start(&provider).await;
    let tokens = provider.redeem(&client, &provider.code(&browser, &client).await).await;
    let (access, id_token) = (tokens.text("access_token"), tokens.text("id_token"));
    let bearer = format!("Bearer {access}");
    let in_form = form(&[("access_token", &access)]);

    for answer in [
        provider.userinfo(&access).await,
        provider.raw(Method::POST, "/userinfo", &[("authorization", &bearer)], "").await,
        provider.raw(Method::POST, "/userinfo", &[FORM], &in_form).await,
        provider.raw(Method::GET, "/userinfo", &[("authorization", &format!("bearer {access}"))], "").await,
    ] {
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
        let expected = serde_json::json!({
            "sub": browser.user.id.as_str(), "preferred_username": "alice", "name": "alice",
            "email": "alice@example.org", "email_verified": true, "groups": ["staff", "wheel"],
            "updated_at": browser.user.created_at.unix(),
        });
        assert_eq!(answer.json(), expected);
    }
    let in_query = format!("/userinfo?{in_form}");
    for answer in [
        provider.raw(Method::GET, &in_query, &[], "").await,
        provider.raw(Method::GET, &in_query, &[("authorization", &bearer)], "").await,
        provider.raw(Method::POST, "/userinfo", &[FORM, ("authorization", &bearer)], &in_form).await,
        provider.raw(Method::POST, "/userinfo", &[FORM], &format!("{in_form}&{in_form}")).await,
        provider.raw(Method::GET, "/userinfo", &[("authorization", &bearer), ("authorization", &bearer)], "").await,
        provider.raw(Method::GET, "/userinfo", &[FORM], &in_form).await,
        provider.raw(Method::POST, "/userinfo", &[("content-type", "application/json")], &in_form).await,
        provider.raw(Method::GET, "/userinfo", &[("authorization", &format!("Basic {access}"))], "").await,
        provider.userinfo(&id_token).await,
        provider.userinfo(cut(&access, 1)).await,
        provider.userinfo("").await,
        provider.raw(Method::GET, "/userinfo", &[], "").await,
    ] {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
        assert!(answer.header(header::WWW_AUTHENTICATE).starts_with("Bearer"), "{answer:?}");
        assert!(!answer.body.contains("alice"));
    }
    let scopes = with(&good(&client), "scope", "openid email");
    let code = provider.authorize(Some(&browser), &scopes).await.param("code").unwrap();
    let answer = provider.redeem(&client, &code).await;
    assert_eq!(answer.text("scope"), "openid email");
    let claims = provider.userinfo(&answer.text("access_token")).await.json();
    assert_eq!(claims.as_object().unwrap().keys().collect::<Vec<_>>(), ["email", "email_verified", "sub"]);
}
