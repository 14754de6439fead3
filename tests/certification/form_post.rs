//! Plan Form Post: the page that carries an answer. Its modules are those of the plan Basic, which run in this mode, too
//! (`basic`, `basic_request`); here is what they read the answer with, and what a browser needs to send it.

use std::collections::BTreeMap;

use axum::http::{StatusCode, header};

use super::basic_client::{Basic, Mode};
use crate::support::core::{Core, on_both};
use crate::support::provider::{Answer, CALLBACK, with};

on_both!(oidcc_formpost_server_sends_itself, oidcc_formpost_errors_go_the_same_way);

/// The fields of the page that sends an answer to this address.
#[track_caller]
pub(super) fn sent(answer: &Answer, to: &str) -> BTreeMap<String, String> {
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert!(!answer.headers.contains_key(header::LOCATION), "{answer:?}");
    assert!(answer.header(header::CONTENT_TYPE).starts_with("text/html"), "{answer:?}");
    assert!(answer.body.contains(&format!("<form method=\"post\" action=\"{to}\"")), "{answer:?}");
    let fields = answer.body.split("<input type=\"hidden\" name=\"").skip(1).map(|rest| {
        let (name, rest) = rest.split_once("\" value=\"").unwrap();
        (name.to_owned(), plain(rest.split_once('"').unwrap().0))
    });
    fields.collect()
}

/// A text of a page as a browser reads it.
fn plain(text: &str) -> String {
    let text = text.replace("&#60;", "<").replace("&#62;", ">").replace("&#34;", "\"").replace("&#39;", "'");
    text.replace("&#38;", "&")
}

async fn oidcc_formpost_server_sends_itself(core: Core) {
    let basic = Basic::over(core, Mode::FormPost).await;
    let answer = basic.ask(&basic.request()).await;
    let policy = answer.header(header::CONTENT_SECURITY_POLICY);
    assert!(policy.contains("form-action 'self' https://app.example.com;"), "the form may go there: {policy}");
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe-inline"), "{policy}");
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    assert!(answer.body.contains("data-send") && answer.body.contains("<button type=\"submit\">"));
    // The script that sends it is ours, and there.
    let (_, rest) = answer.body.split_once("<script").expect("a script");
    let (_, rest) = rest.split_once("src=\"").unwrap();
    let script = basic.provider.visit(None, rest.split_once('"').unwrap().0).await;
    assert!(script.status == StatusCode::OK && script.body.contains("[data-send]"), "{}", script.status);
    assert!(!basic.code_in(&answer).is_empty());
}

async fn oidcc_formpost_errors_go_the_same_way(core: Core) {
    let basic = Basic::over(core, Mode::FormPost).await;
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("scope", "profile", "invalid_scope"),
        ("prompt", "none login", "invalid_request"),
        ("request_uri", "https://suite.example/x", "request_uri_not_supported"),
        ("request", "a.b.c", "request_not_supported"),
    ] {
        let answer = basic.ask(&basic.but(name, value)).await;
        basic.is_error(&answer, &[error]);
    }
    let state = "\"><script>alert(1)</script>&amp;'\u{e9}";
    let answer = basic.ask(&with(&basic.but("state", state), "prompt", "none login")).await;
    assert_eq!(sent(&answer, CALLBACK)["state"], state);
    // Whom nobody knows is sent nothing.
    basic.ask(&basic.but("client_id", "nobody")).await.is_page();
    basic.ask(&basic.but("redirect_uri", "https://evil.example/")).await.is_page();
}
