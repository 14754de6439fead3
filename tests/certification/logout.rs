//! Plan RP-initiated logout: what ends a session, what asks first, and where the browser goes then.

use axum::http::{Method, StatusCode, header};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use twolatch_core::client::SigningAlg;

use super::basic_client::{Basic, Mode};
use super::fapi::FORM;
use crate::support::core::{Core, on_both};
use crate::support::provider::{Answer, ISSUER, form, payload};
use crate::support::signer::Signer;

on_both!(
    oidcc_rp_initiated_logout_discovery_endpoint_verification,
    oidcc_rp_initiated_logout,
    oidcc_rp_initiated_logout_bad_post_logout_redirect_uri,
    oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri,
    oidcc_rp_initiated_logout_modified_id_token_hint,
    oidcc_rp_initiated_logout_bad_id_token_hint,
    oidcc_rp_initiated_logout_no_id_token_hint,
    oidcc_rp_initiated_logout_no_params,
    oidcc_rp_initiated_logout_only_state,
    oidcc_rp_initiated_logout_no_post_logout_redirect_uri,
    oidcc_rp_initiated_logout_no_state,
);

const AFTER: &str = "https://app.example.com/post_logout_redirect";

/// A client with an ID token of the session that it wants to end, and the browser with all its cookies.
struct Leaving {
    basic: Basic,
    hint: String,
    /// What the login page has left in the browser beside the session.
    flow: String,
}

impl Leaving {
    async fn over(core: Core) -> Self {
        let basic = Basic::over(core, Mode::Query).await;
        let after = vec![AFTER.parse().unwrap()];
        let basic = basic.with(|client| client.settings.post_logout_redirect_uris = after).await;
        let hint = basic.tokens(&basic.request()).await.text("id_token");
        let login = basic.provider.visit(None, "/login").await;
        let flow = login.header(header::SET_COOKIE).split(';').next().unwrap().to_owned();
        Self { basic, hint, flow }
    }

    async fn send(&self, method: Method, path: &str, cookie: &str, body: &str) -> Answer {
        let cookies = format!("{cookie}; {}", self.flow);
        let head = [FORM, ("origin", ISSUER), ("cookie", cookies.as_str())];
        self.basic.provider.raw(method, path, &head, body).await
    }

    fn session(&self) -> String {
        self.basic.provider.cookie(&self.basic.browser.token)
    }

    async fn leave(&self, params: &[(&str, &str)]) -> Answer {
        self.send(Method::GET, &format!("/logout?{}", form(params)), &self.session(), "").await
    }

    /// Whether the person would be asked now.
    async fn is_out(&self) -> bool {
        let answer = self.basic.ask(&self.basic.but("prompt", "none")).await;
        answer.param("error").is_some_and(|error| error == "login_required")
    }

    /// Asserts a page that sends nobody anywhere and has ended nothing.
    async fn is_refused(&self, params: &[(&str, &str)]) {
        self.leave(params).await.is_page();
        assert!(!self.is_out().await);
    }

    /// Asserts that the person is asked, and, once they have said yes, is signed out and told so here.
    async fn asks_first(&self, params: &[(&str, &str)]) {
        let page = self.leave(params).await;
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        assert!(!page.headers.contains_key(header::LOCATION) && !page.body.contains("app.example.com"), "{page:?}");
        assert!(!self.is_out().await, "nothing has happened yet");
        let (_, rest) = page.body.split_once("name=\"form\" value=\"").expect("a question");
        let body = form(&[("form", rest.split_once('"').unwrap().0)]);
        let answer = self.send(Method::POST, "/logout/confirm", &self.session(), &body).await;
        self.is_told(&answer).await;
    }

    /// Asserts that the person is signed out, and that our own page says so.
    async fn is_told(&self, answer: &Answer) {
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/login"), "{answer:?}");
        assert!(self.is_out().await);
        let kept = answer.headers.get_all(header::SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
        let kept: Vec<&str> = kept.filter_map(|cookie| cookie.split(';').next()).collect();
        let page = self.send(Method::GET, answer.location(), &kept.join("; "), "").await;
        assert!(page.body.contains("You are signed out."), "{}", page.body);
    }
}

async fn oidcc_rp_initiated_logout_discovery_endpoint_verification(core: Core) {
    let leaving = Leaving::over(core).await;
    let told = leaving.basic.provider.visit(None, "/.well-known/openid-configuration").await.json();
    assert_eq!(told["end_session_endpoint"], format!("{ISSUER}/logout"));
}

async fn oidcc_rp_initiated_logout(core: Core) {
    let leaving = Leaving::over(core).await;
    let hint = leaving.hint.as_str();
    let answer =
        leaving.leave(&[("id_token_hint", hint), ("post_logout_redirect_uri", AFTER), ("state", "a state&more")]).await;
    let to = format!("{AFTER}?state=a+state%26more");
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, to.as_str()));
    assert!(leaving.is_out().await);
}

async fn oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(core: Core) {
    let leaving = Leaving::over(core).await;
    let hint = leaving.hint.as_str();
    let bad = "https://app.example.com/post_logout_redirect/other";
    leaving.is_refused(&[("id_token_hint", hint), ("post_logout_redirect_uri", bad), ("state", "s")]).await;
}

async fn oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(core: Core) {
    let leaving = Leaving::over(core).await;
    let hint = leaving.hint.as_str();
    let added = format!("{AFTER}?foo=bar");
    leaving.is_refused(&[("id_token_hint", hint), ("post_logout_redirect_uri", &added), ("state", "s")]).await;
}

async fn oidcc_rp_initiated_logout_modified_id_token_hint(core: Core) {
    let leaving = Leaving::over(core).await;
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let unsigned = format!("{}.{}.", part(&json!({ "alg": "none" })), part(&payload(&leaving.hint)));
    leaving.asks_first(&[("id_token_hint", &unsigned), ("post_logout_redirect_uri", AFTER), ("state", "s")]).await;
}

async fn oidcc_rp_initiated_logout_bad_id_token_hint(core: Core) {
    let leaving = Leaving::over(core).await;
    let head = leaving.hint.split('.').next().unwrap();
    let head: Value = serde_json::from_slice(&BASE64URL_NOPAD.decode(head.as_bytes()).unwrap()).unwrap();
    let foreign = Signer::new(SigningAlg::Rs256).token(&head, &payload(&leaving.hint));
    leaving.asks_first(&[("id_token_hint", &foreign), ("post_logout_redirect_uri", AFTER), ("state", "s")]).await;
}

async fn oidcc_rp_initiated_logout_no_id_token_hint(core: Core) {
    let leaving = Leaving::over(core).await;
    leaving.asks_first(&[("post_logout_redirect_uri", AFTER), ("state", "s")]).await;
}

async fn oidcc_rp_initiated_logout_no_params(core: Core) {
    let leaving = Leaving::over(core).await;
    leaving.asks_first(&[]).await;
}

async fn oidcc_rp_initiated_logout_only_state(core: Core) {
    let leaving = Leaving::over(core).await;
    leaving.asks_first(&[("state", "s")]).await;
}

async fn oidcc_rp_initiated_logout_no_post_logout_redirect_uri(core: Core) {
    let leaving = Leaving::over(core).await;
    let answer = leaving.leave(&[("id_token_hint", &leaving.hint), ("state", "s")]).await;
    leaving.is_told(&answer).await;
}

async fn oidcc_rp_initiated_logout_no_state(core: Core) {
    let leaving = Leaving::over(core).await;
    let answer = leaving.leave(&[("id_token_hint", &leaving.hint), ("post_logout_redirect_uri", AFTER)]).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, AFTER));
    assert!(leaving.is_out().await);
}
