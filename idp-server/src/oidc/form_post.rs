//! The page that sends an answer to a client in a form (OAuth 2.0 Form Post Response Mode 1.0): at once where scripts run,
//! else with a button.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use twolatch_core::client::RedirectUri;

use crate::web::failure::Kind;
use crate::web::frame::Frame;
use crate::web::headers::policy_continuing_to;

/// The page.
#[derive(Debug, Template)]
#[template(path = "form_post.html")]
pub struct FormPostPage {
    /// Its frame.
    pub frame: Frame,
    /// Where the form goes.
    pub uri: String,
    /// What is in it.
    pub fields: Vec<(String, String)>,
}

impl FormPostPage {
    /// Examples, for tests: what a client sends may be anything.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let fields =
            vec![field("code", "abc"), field("state", "\"><svg onload=alert(1)>"), field("iss", "https://a.b")];
        vec![Self { frame: frame.clone(), uri: "https://wiki.example.org/cb?a=1&b='2'".to_owned(), fields }]
    }
}

/// Shows it.
pub(super) fn page<'a>(frame: &Frame, uri: &str, fields: impl Iterator<Item = (&'a str, &'a str)>) -> Response {
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let page = FormPostPage { frame: frame.clone(), uri: uri.to_owned(), fields };
    let body = match page.render() {
        Ok(body) => body,
        Err(error) => return Kind::Internal.because(error.to_string()).into_response(),
    };
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let mut response = (StatusCode::OK, [(header::CONTENT_TYPE, kind)], body).into_response();
    if let Some(policy) = policy_continuing_to(RedirectUri::origin(uri)) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
