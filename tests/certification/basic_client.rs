//! The clients that the plans Basic and Form Post come with: a secret, no PKCE, and one way or the other for the answer. Each
//! module runs in both ways, from one body.

use std::collections::BTreeMap;

use axum::http::{HeaderName, StatusCode, header};
use data_encoding::BASE64URL_NOPAD;
use idp_server::web::path::Links;
use openidconnect::core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey, url::form_urlencoded};
use serde_json::{Value, json};
use twolatch_core::client::Client;
use twolatch_core::store::profiles::{Given, Owner, changed};
use twolatch_core::user::profile::Profile;

use super::form_post;
use crate::support::core::Core;
use crate::support::provider::{Answer, BOTH, Browser, CALLBACK, ISSUER, Provider, Registered, payload, with};

/// How the answer of an authorization request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Query,
    FormPost,
}

/// Runs modules in both modes, on both engines.
macro_rules! in_both_modes {
    ($($module:ident),* $(,)?) => {
        mod query {
            $(async fn $module(core: crate::support::core::Core) {
                super::$module(super::Basic::over(core, super::Mode::Query).await).await;
            })*
            crate::support::core::on_both!($($module),*);
        }
        mod form_post {
            $(async fn $module(core: crate::support::core::Core) {
                super::$module(super::Basic::over(core, super::Mode::FormPost).await).await;
            })*
            crate::support::core::on_both!($($module),*);
        }
    };
}
pub(super) use in_both_modes;

/// A client of the suite, and a person about whom there is everything to tell.
pub(super) struct Basic {
    pub(super) provider: Provider,
    pub(super) client: Registered,
    pub(super) browser: Browser,
    pub(super) mode: Mode,
}

impl Basic {
    pub(super) async fn over(core: Core, mode: Mode) -> Self {
        let provider = Provider::over(core).await;
        let browser = provider.browser("alice", &BOTH).await;
        tell_all(&provider, &browser).await;
        let client = registered(&provider, |_| {}).await;
        Self { provider, client, browser, mode }
    }

    /// The same with another client: of which the test decides more.
    pub(super) async fn with(&self, edit: impl FnOnce(&mut Client)) -> Self {
        let client = registered(&self.provider, edit).await;
        Self { provider: self.provider.clone(), client, browser: self.browser.clone(), mode: self.mode }
    }

    /// The parameters that every module starts from.
    pub(super) fn request(&self) -> Vec<(&str, &str)> {
        let mut params = vec![
            ("client_id", self.client.id.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", "a state"),
            ("nonce", "a nonce"),
        ];
        if self.mode == Mode::FormPost {
            params.push(("response_mode", "form_post"));
        }
        params
    }

    /// The same with one replaced, added, or taken away by an empty value.
    pub(super) fn but<'a>(&'a self, name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
        with(&self.request(), name, value)
    }

    /// A request from the browser in which the person is signed in.
    pub(super) async fn ask(&self, params: &[(&str, &str)]) -> Answer {
        self.provider.authorize(Some(&self.browser), params).await
    }

    /// What the client is sent, one way or the other.
    #[track_caller]
    pub(super) fn sent(&self, answer: &Answer) -> BTreeMap<String, String> {
        match self.mode {
            Mode::Query => {
                assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
                let (to, query) = answer.location().split_once('?').unwrap_or_else(|| panic!("{answer:?}"));
                assert_eq!(to, CALLBACK, "{answer:?}");
                form_urlencoded::parse(query.as_bytes()).into_owned().collect()
            }
            Mode::FormPost => form_post::sent(answer, CALLBACK),
        }
    }

    /// The code of a good answer.
    #[track_caller]
    pub(super) fn code_in(&self, answer: &Answer) -> String {
        let mut sent = self.sent(answer);
        assert_eq!(sent.get("state").map(String::as_str), Some("a state"), "{sent:?}");
        assert_eq!(sent.get("iss").map(String::as_str), Some(ISSUER), "{sent:?}");
        sent.remove("code").unwrap_or_else(|| panic!("{sent:?}"))
    }

    /// Asserts an answer with one of these errors.
    #[track_caller]
    pub(super) fn is_error(&self, answer: &Answer, errors: &[&str]) {
        let sent = self.sent(answer);
        assert!(sent.get("error").is_some_and(|error| errors.contains(&error.as_str())), "{sent:?}");
        assert_eq!((sent.get("state").map(String::as_str), sent.get("code")), (Some("a state"), None));
    }

    /// The tokens of a code.
    pub(super) async fn redeem(&self, code: &str) -> Answer {
        let params = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)];
        self.provider.token(&self.client, &params).await
    }

    /// The tokens of a request that nobody has to be asked for.
    pub(super) async fn tokens(&self, params: &[(&str, &str)]) -> Answer {
        let code = self.code_in(&self.ask(params).await);
        let tokens = self.redeem(&code).await;
        assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
        tokens
    }

    /// What the ID token of a good answer says.
    pub(super) async fn id(&self, answer: &Answer) -> Value {
        let code = self.code_in(answer);
        payload(&self.redeem(&code).await.text("id_token"))
    }

    /// The answer to a request at which the person signs in: at the login page, where the provider has to show it.
    pub(super) async fn sign_in_at(&self, asked: &Answer) -> Answer {
        assert!(asked.location().starts_with("/login?continue="), "a person has to be asked: {asked:?}");
        let page = self.provider.visit(None, asked.location()).await;
        assert!(page.body.contains("autocomplete=\"current-password\""), "{page:?}");
        let sealed = asked.param("continue").unwrap();
        let browser = self.provider.sign_in(self.browser.user.clone(), &BOTH).await;
        self.provider.visit(Some(&browser), &Links::default().resume(&sealed)).await
    }

    /// What the userinfo endpoint tells for an access token.
    pub(super) async fn told(&self, tokens: &Answer) -> Value {
        let answer = self.provider.userinfo(&tokens.text("access_token")).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()
    }

    /// Checks tokens as every module of the suite does.
    pub(super) async fn are_good(&self, tokens: &Answer, nonce: Option<&str>) {
        assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
        assert_eq!(tokens.header(header::CONTENT_TYPE), "application/json");
        assert_eq!(tokens.header(header::CACHE_CONTROL), "no-store");
        assert_eq!(tokens.text("token_type").to_ascii_lowercase(), "bearer");
        assert!(tokens.json()["expires_in"].as_i64().is_some_and(|seconds| seconds > 0), "{tokens:?}");
        let token = tokens.text("id_token");
        let head = self.verify(&token).await;
        assert_eq!(head["alg"], "RS256");
        let (id, now) = (payload(&token), self.provider.now().unix());
        assert_eq!(id["iss"], ISSUER);
        assert!(id["aud"] == json!(self.client.id) || id["aud"] == json!([self.client.id]), "{id}");
        assert!(id["exp"].as_i64().unwrap() > now && id["iat"].as_i64() == Some(now), "{id}");
        assert_eq!(id.get("nonce").and_then(Value::as_str), nonce);
        let sub = id["sub"].as_str().unwrap();
        assert!((1..=255).contains(&sub.len()) && sub.is_ascii());
        assert!(id["auth_time"].as_i64().unwrap() <= now);
    }

    /// Verifies a token with what the key set has, and answers its header.
    async fn verify(&self, token: &str) -> Value {
        let [head, _, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
        let head: Value = serde_json::from_slice(&BASE64URL_NOPAD.decode(head.as_bytes()).unwrap()).unwrap();
        let keys: CoreJsonWebKeySet = serde_json::from_value(self.provider.visit(None, "/jwks").await.json()).unwrap();
        let named = |kid: &str| head["kid"] == kid;
        let key = keys.keys().iter().find(|key| key.key_id().is_some_and(|kid| named(kid))).expect("the key is there");
        let signed = token.rsplit_once('.').unwrap().0;
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
        key.verify_signature(&CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, signed.as_bytes(), &signature).unwrap();
        head
    }

    /// A request to the userinfo endpoint as the test decides.
    pub(super) async fn userinfo(&self, method: axum::http::Method, head: &[(&str, &str)], body: &str) -> Answer {
        let answer = self.provider.raw(method, "/userinfo", head, body).await;
        assert!(!answer.headers.contains_key(HeaderName::from_static("location")), "{answer:?}");
        answer
    }
}

async fn registered(provider: &Provider, edit: impl FnOnce(&mut Client)) -> Registered {
    let now = provider.now();
    let client = provider.client(|client| {
        client.pkce_waived_at = Some(now); // the suite sends no challenge, but in one module
        edit(client);
    });
    client.await
}

/// Every standard claim that there can be of somebody.
async fn tell_all(provider: &Provider, browser: &Browser) {
    let owner = Owner::User(browser.user.id.clone());
    let mut profile = Profile::default();
    for (name, value) in [
        ("name", "Alice Example"),
        ("given_name", "Alice"),
        ("family_name", "Example"),
        ("middle_name", "M"),
        ("nickname", "al"),
        ("profile", "https://example.org/alice"),
        ("picture", "https://example.org/alice.png"),
        ("website", "https://alice.example/"),
        ("gender", "female"),
        ("birthdate", "2000-01-02"),
        ("zoneinfo", "Asia/Jakarta"),
        ("locale", "id-ID"),
        ("phone_number", "+62 21 555"),
        ("phone_number_verified", "true"),
        ("address.formatted", "Jalan 1\nJakarta"),
        ("address.country", "ID"),
    ] {
        profile.set(name.parse().unwrap(), value.to_owned()).unwrap();
    }
    let now = provider.now();
    let record = changed(&owner, "alice", "claims are given", "test", now);
    let given = Given { profile, updated_at: Some(now) };
    provider.app.store.give(owner, Given::default(), given, record).await.unwrap();
}
