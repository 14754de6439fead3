//! Who somebody is, in headers for an application. It must not say anything that an application could read otherwise: what
//! has other characters than these is left out.

use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use twolatch_core::time::Timestamp;
use twolatch_core::user::{GroupName, User};

/// The headers. All of them are in every answer, so that none that a stranger has sent stays in its place.
const NAMES: [HeaderName; 4] = [
    HeaderName::from_static("remote-user"),
    HeaderName::from_static("remote-groups"),
    HeaderName::from_static("remote-email"),
    HeaderName::from_static("remote-name"),
];

/// What an application is told of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity([HeaderValue; 4]);

impl Identity {
    /// Of a person; nothing where not even the name can be told.
    #[must_use]
    pub fn of(user: &User, now: Timestamp) -> Option<Self> {
        let name = safe(user.name.as_str())?;
        let groups = user.groups.iter().map(GroupName::as_str).filter(|group| safe(group).is_some());
        let groups = HeaderValue::try_from(groups.collect::<Vec<_>>().join(",")).ok()?;
        // An address that somebody else has given may be somebody else's.
        let email = user.verified_email().filter(|_| user.email_held(now).is_none());
        let email = email.and_then(|email| safe(email.as_str()));
        Some(Self([name.clone(), groups, email.unwrap_or(HeaderValue::from_static("")), name]))
    }
}

impl Identity {
    /// The same to be read, header by header.
    #[must_use]
    pub fn lines(&self) -> Vec<(String, String)> {
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        NAMES.iter().zip(&self.0).map(|(name, value)| (name.to_string(), text(value))).collect()
    }
}

/// The value of a header, if nothing could take it for more than a word.
fn safe(text: &str) -> Option<HeaderValue> {
    let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+@-".contains(&byte));
    HeaderValue::try_from(text).ok().filter(|_| fits)
}

impl IntoResponse for Identity {
    fn into_response(self) -> Response {
        let mut response = StatusCode::OK.into_response();
        response.headers_mut().extend(NAMES.into_iter().zip(self.0));
        response
    }
}
