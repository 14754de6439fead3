//! Cookies: how they are named, read and set. It must not know what is in them.

use axum::http::{HeaderMap, HeaderValue, header};

/// What a cookie is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    /// Tells one browser from another before anybody has signed in; form tokens are made from it.
    Flow,
    /// A sign-in under way.
    Attempt,
    /// A session.
    Session,
    /// What the next page says once.
    Notice,
    /// The language that the person has chosen.
    Language,
    /// What the browser is remembered by.
    Device,
    /// At an application's own host: somebody who is let in there.
    App,
    /// There, too: what a ticket to it is bound to.
    Begun,
}

impl Cookie {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Flow, Self::Attempt, Self::Session, Self::Notice, Self::Language, Self::Device, Self::App, Self::Begun];

    /// The name. Under https its prefix makes browsers refuse one that a neighbouring host or plain http has set.
    #[must_use]
    pub const fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Flow, true) => "__Host-twolatch_flow",
            (Self::Flow, false) => "twolatch_flow",
            (Self::Attempt, true) => "__Host-twolatch_attempt",
            (Self::Attempt, false) => "twolatch_attempt",
            (Self::Session, true) => "__Host-twolatch_session",
            (Self::Session, false) => "twolatch_session",
            (Self::Notice, true) => "__Host-twolatch_notice",
            (Self::Notice, false) => "twolatch_notice",
            (Self::Language, true) => "__Host-twolatch_language",
            (Self::Language, false) => "twolatch_language",
            (Self::Device, true) => "__Host-twolatch_device",
            (Self::Device, false) => "twolatch_device",
            (Self::App, true) => "__Host-twolatch_app",
            (Self::App, false) => "twolatch_app",
            (Self::Begun, true) => "__Host-twolatch_begun",
            (Self::Begun, false) => "twolatch_begun",
        }
    }

    /// The largest value that can be ours.
    const fn limit(self) -> usize {
        match self {
            Self::Flow | Self::Attempt | Self::Session | Self::Language | Self::App | Self::Begun => 64,
            Self::Device => 128,
            Self::Notice => 2048,
        }
    }

    /// The value that a browser sent. Two of one name, or one that cannot be ours, count as none: somebody else may
    /// have set them.
    #[must_use]
    pub fn read(self, headers: &HeaderMap, secure: bool) -> Option<String> {
        let name = self.name(secure);
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut values = lines
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim_matches(' ').split_once('='))
            .filter_map(|(other, value)| (other == name).then_some(value));
        let value = values.next()?;
        let is_ours = !value.is_empty()
            && value.len() <= self.limit()
            && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        (is_ours && values.next().is_none()).then(|| value.to_owned())
    }

    /// Sets it until the browser is closed; the server ends what it stands for long before. A language stays.
    pub fn set(self, headers: &mut HeaderMap, secure: bool, value: &str) {
        let end = if self == Self::Language { "; Max-Age=31536000" } else { "" };
        self.append(headers, secure, value, end);
    }

    /// Sets it for so many seconds, however often the browser is closed.
    pub fn set_for(self, headers: &mut HeaderMap, secure: bool, value: &str, seconds: i64) {
        self.append(headers, secure, value, &format!("; Max-Age={seconds}"));
    }

    /// Removes it.
    pub fn clear(self, headers: &mut HeaderMap, secure: bool) {
        self.append(headers, secure, "", "; Max-Age=0");
    }

    fn append(self, headers: &mut HeaderMap, secure: bool, value: &str, end: &str) {
        let name = self.name(secure);
        let secure = if secure { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{end}");
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.append(header::SET_COOKIE, value);
        }
    }
}

#[cfg(test)]
mod tests;
