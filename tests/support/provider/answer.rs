//! What the provider answered, and the few shapes that an answer can have.

use axum::http::{HeaderMap, StatusCode, header};
use data_encoding::BASE64URL_NOPAD;
use openidconnect::url::form_urlencoded;
use serde_json::Value;

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub(crate) fn location(&self) -> &str {
        self.header(header::LOCATION)
    }

    /// A parameter of the address that the browser is sent to.
    pub(crate) fn param(&self, name: &str) -> Option<String> {
        let query = self.location().split_once('?').map_or("", |(_, query)| query);
        form_urlencoded::parse(query.as_bytes()).find(|(other, _)| other == name).map(|(_, value)| value.into_owned())
    }

    /// Asserts an answer to the client's address that is from us and carries this error.
    #[track_caller]
    pub(crate) fn is_error(&self, to: &str, error: &str, state: Option<&str>) {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{self:?}");
        assert!(self.location().starts_with(&format!("{to}?")), "{self:?}");
        assert_eq!(self.param("error").as_deref(), Some(error), "{self:?}");
        assert_eq!(self.param("iss").as_deref(), Some(super::ISSUER), "{self:?}");
        assert_eq!(self.param("state").as_deref(), state, "{self:?}");
        assert_eq!(self.param("code"), None);
    }

    /// Asserts a page for the person that sends nothing anywhere.
    #[track_caller]
    pub(crate) fn is_page(&self) {
        assert_eq!(self.status, StatusCode::BAD_REQUEST, "{self:?}");
        assert!(!self.headers.contains_key(header::LOCATION), "{self:?}");
        assert!(self.header(header::CONTENT_TYPE).starts_with("text/html"), "{self:?}");
        assert!(self.header(header::CONTENT_SECURITY_POLICY).contains("frame-ancestors 'none'"), "{self:?}");
        assert!(self.body.contains("<h1>"), "{self:?}");
    }

    /// Asserts an error of the token endpoint.
    #[track_caller]
    pub(crate) fn is_refused(&self, error: &str) {
        let status = if error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.json()["error"], error, "{self:?}");
        assert_eq!(self.header(header::CACHE_CONTROL), "no-store");
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A text of a JSON answer.
    #[track_caller]
    pub(crate) fn text(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned()
    }
}

/// What a token of ours says, read by who does not check it.
pub(crate) fn payload(token: &str) -> Value {
    serde_json::from_slice(&BASE64URL_NOPAD.decode(token.split('.').nth(1).unwrap().as_bytes()).unwrap()).unwrap()
}
