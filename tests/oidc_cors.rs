//! Apps that run in browsers: who may read what is answered.

use axum::http::{Method, StatusCode, header};
use twolatch_core::client::AuthMethod;

use crate::support::core::{Core, on_both};
use crate::support::provider::{BOTH, Provider, Registered, form, redemption};

on_both!(o37_only_the_origins_of_apps_without_a_secret_read_what_is_theirs,);

/// An app that runs in browsers.
async fn app(provider: &Provider) -> Registered {
    let uris = ["https://app.example.com/callback", "http://127.0.0.1/callback", "org.example.app:/callback"];
    provider
        .client(|client| {
            (client.auth_method, client.secret) = (AuthMethod::None, None);
            client.redirect_uris = uris.map(|uri| uri.parse().unwrap()).to_vec();
        })
        .await
}

async fn o37_only_the_origins_of_apps_without_a_secret_read_what_is_theirs(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let confidential =
        provider.client(|client| client.redirect_uris = vec!["https://wiki.example/cb".parse().unwrap()]).await;
    let client = app(&provider).await;
    let preflight = async |path: &str, origin: &str| {
        let headers = [("origin", origin), ("access-control-request-method", "POST")];
        let answer = provider.raw(Method::OPTIONS, path, &headers, "").await;
        answer.headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).map(|value| value.to_str().unwrap().to_owned())
    };
    for path in ["/token", "/userinfo", "/revoke", "/par"] {
        for origin in ["https://app.example.com", "http://127.0.0.1", "http://127.0.0.1:4711"] {
            assert_eq!(preflight(path, origin).await.as_deref(), Some(origin), "{path}");
        }
        for origin in [
            "https://evil.example",
            "https://app.example.com.evil.example",
            "https://app.example.com:8443",
            "http://app.example.com",
            "https://APP.example.com",
            "https://wiki.example",
            "http://127.0.0.2",
            "org.example.app:",
            "null",
            "",
            "*",
        ] {
            assert_eq!(preflight(path, origin).await, None, "{path} {origin}");
        }
    }
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks"] {
        assert_eq!(preflight(path, "https://evil.example").await.as_deref(), Some("*"));
        let answer = provider.raw(Method::GET, path, &[("origin", "https://evil.example")], "").await;
        assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    }
    for path in ["/introspect", "/authorize", "/login", "/account", "/api/v1/auth", "/logout", "/healthz"] {
        assert_eq!(preflight(path, "https://app.example.com").await, None, "{path}");
    }

    // The app redeems its code and asks who that was; it reads errors as well. Nobody's cookie counts for anything.
    let code = provider.code(&browser, &client).await;
    let mut params = redemption(&code);
    params.push(("client_id", &client.id));
    let origin = ("origin", "https://app.example.com");
    let headers = [origin, ("content-type", "application/x-www-form-urlencoded")];
    let tokens = provider.raw(Method::POST, "/token", &headers, &form(&params)).await;
    assert_eq!(tokens.status, StatusCode::OK);
    assert!(!tokens.headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
    let bearer = format!("Bearer {}", tokens.text("access_token"));
    let told = provider.raw(Method::GET, "/userinfo", &[origin, ("authorization", &bearer)], "").await;
    assert_eq!(told.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "https://app.example.com");
    let spent = provider.raw(Method::POST, "/token", &headers, &form(&params)).await;
    assert_eq!(spent.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "https://app.example.com");
    spent.is_refused("invalid_grant");
    let cookie = provider.cookie(&browser.token);
    let with = provider.raw(Method::GET, "/userinfo", &[origin, ("cookie", &cookie)], "").await;
    assert_eq!(with.status, StatusCode::UNAUTHORIZED);

    // An app that is disabled, or has become another, reads nothing more.
    provider.edit(&client, |client| client.disabled_at = Some(client.created_at)).await;
    assert_eq!(preflight("/token", "https://app.example.com").await, None);
    assert_eq!(provider.redeem(&confidential, "x").await.status, StatusCode::BAD_REQUEST);
}
