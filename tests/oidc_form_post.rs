//! Answers in forms.

use axum::http::{StatusCode, header};
use serde_json::{Value, json};

use crate::support::core::{Core, on_both};
use crate::support::provider::{Answer, BOTH, Provider, good, with};

on_both!(o20_form_post_brings_everything_back_as_it_was);

async fn o20_form_post_brings_everything_back_as_it_was(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = (provider.browser("alice", &BOTH).await, provider.client(|_| {}).await);
    let state = "\"><script>alert(1)</script>&amp;\u{e9}";
    let request = with(&with(&good(&client), "response_mode", "form_post"), "state", state);
    let answer = provider.authorize(Some(&browser), &request).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert!(!answer.headers.contains_key(header::LOCATION) && !answer.body.contains("<script>alert"));
    assert!(answer.header(header::CONTENT_SECURITY_POLICY).contains("form-action 'self' https://app.example.com;"));
    assert!(answer.body.contains("action=\"https://app.example.com/callback\""));
    let fields = fields(&answer.body);
    assert_eq!((&fields["state"], &fields["iss"]), (&json!(state), &json!("https://id.example.org")));
    let code = fields["code"].as_str().unwrap();
    assert_eq!(provider.redeem(&client, code).await.status, StatusCode::OK);
    // Errors go the same way, also those of a request that cannot be read to its end.
    for (name, value) in [("prompt", "none"), ("response_type", "token"), ("scope", "profile")] {
        let browser = if name == "prompt" { None } else { Some(&browser) };
        let answer = provider.authorize(browser, &with(&request, name, value)).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}: {answer:?}");
        assert!(fields_of(&answer)["error"].is_string(), "{name}");
    }
    let other = provider.authorize(Some(&browser), &with(&request, "response_mode", "fragment")).await;
    assert_eq!(other.param("error").as_deref(), Some("invalid_request"), "{other:?}");
}

fn fields_of(answer: &Answer) -> Value {
    fields(&answer.body)
}

/// The hidden fields of a page, as a browser reads them.
fn fields(body: &str) -> Value {
    let unescaped = |text: &str| {
        let text = text.replace("&#60;", "<").replace("&#62;", ">").replace("&#34;", "\"").replace("&#39;", "'");
        text.replace("&#38;", "&")
    };
    let fields = body.split("<input type=\"hidden\" name=\"").skip(1).map(|rest| {
        let (name, rest) = rest.split_once("\" value=\"").unwrap();
        (name.to_owned(), Value::from(unescaped(rest.split_once('"').unwrap().0)))
    });
    Value::Object(fields.collect())
}
