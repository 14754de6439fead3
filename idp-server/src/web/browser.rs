//! Who asks for a page: a browser, told by its cookies, at an address, at a moment. It must not know who the person is.

use std::collections::HashSet;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use twolatch_core::time::Timestamp;

use super::cookie::Cookie;
use super::failure::{Failure, Kind};
use super::language::Wish;
use super::notice::Notice;
use super::request::{self, Origin};
use super::{agent, path};
use crate::state::App;

/// The browser behind a request.
#[derive(Debug, Clone)]
pub struct Browser {
    /// When it asks: read once.
    pub now: Timestamp,
    /// From which address.
    pub source: String,
    /// The same for exemptions: only where it is certain.
    pub address: Option<IpAddr>,
    /// What tells it from others.
    pub flow: Option<String>,
    /// The token of its sign-in under way.
    pub attempt: Option<String>,
    /// The token of its session.
    pub session: Option<String>,
    /// What it is remembered by.
    pub device: Option<String>,
    /// What it calls itself, for people.
    pub name: String,
    /// What it says about languages.
    pub wish: Wish,
    notice: Option<String>,
    secure: bool,
}

impl FromRequestParts<App> for Browser {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        check_host(app, parts)?;
        check_query(parts)?;
        let secure = app.config.is_https();
        let read = |cookie: Cookie| cookie.read(&parts.headers, secure);
        let Origin { source, address } = Origin::of(&app.config, parts);
        Ok(Self {
            now: app.now(),
            source,
            address,
            flow: read(Cookie::Flow),
            attempt: read(Cookie::Attempt),
            session: read(Cookie::Session),
            device: read(Cookie::Device),
            name: agent::named(&parts.headers),
            wish: Wish::of(&app.config, &parts.method, &parts.uri, &parts.headers),
            notice: read(Cookie::Notice),
            secure,
        })
    }
}

impl Browser {
    /// What the page before wanted to be said here.
    #[must_use]
    pub fn notice(&self, app: &App) -> Option<Notice> {
        Notice::open(app, self.flow.as_deref()?, self.notice.as_deref()?)
    }

    /// The same browser, told from others in a new way from now on.
    #[must_use]
    pub fn renewed(&self, flow: &str) -> Self {
        Self { flow: Some(flow.to_owned()), ..self.clone() }
    }

    /// Whether there is something to be said, readable or not.
    #[must_use]
    pub const fn has_notice(&self) -> bool {
        self.notice.is_some()
    }

    /// Sends the browser on with a GET, whatever it came with.
    pub fn go(&self, to: &str) -> Leaving {
        let response = match HeaderValue::try_from(to) {
            Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
            Err(error) => Kind::Internal.because(error.to_string()).into_response(),
        };
        Leaving { response, secure: self.secure }
    }

    /// Sets a cookie with a page.
    pub fn set(&self, headers: &mut HeaderMap, cookie: Cookie, value: &str) {
        cookie.set(headers, self.secure, value);
    }

    /// Removes a cookie with a page.
    pub fn clear(&self, headers: &mut HeaderMap, cookie: Cookie) {
        cookie.clear(headers, self.secure);
    }
}

/// A browser that is being sent on.
#[derive(Debug)]
#[must_use]
pub struct Leaving {
    response: Response,
    secure: bool,
}

impl Leaving {
    /// With a cookie.
    pub fn with(mut self, cookie: Cookie, value: &str) -> Self {
        cookie.set(self.response.headers_mut(), self.secure, value);
        self
    }

    /// With a cookie that stays for so many seconds.
    pub fn with_for(mut self, cookie: Cookie, value: &str, seconds: i64) -> Self {
        cookie.set_for(self.response.headers_mut(), self.secure, value, seconds);
        self
    }

    /// Without a cookie.
    pub fn without(mut self, cookie: Cookie) -> Self {
        cookie.clear(self.response.headers_mut(), self.secure);
        self
    }

    /// With something that the next page says once. What cannot be sealed is not said: the page itself shows how far
    /// things are.
    pub fn saying(self, app: &App, browser: &Browser, notice: &Notice) -> Self {
        match browser.flow.as_deref().and_then(|flow| notice.seal(app, flow)) {
            Some(sealed) => self.with(Cookie::Notice, &sealed),
            None => self,
        }
    }
}

impl IntoResponse for Leaving {
    fn into_response(self) -> Response {
        self.response
    }
}

/// Nothing is ever made from `Host`. But a browser that was led here under another name would show our pages under it.
fn check_host(app: &App, parts: &Parts) -> Result<(), Failure> {
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(Kind::BadForm.because("two Host headers"));
    }
    if request::is_from_proxy(&app.config, parts) {
        return Ok(()); // it may name us as it likes
    }
    let ours = path::authority(&app.config);
    let is_ours = |name: &[u8]| name.eq_ignore_ascii_case(ours.as_bytes());
    let by_header = host.is_none_or(|host| is_ours(host.as_bytes()));
    let by_target = parts.uri.authority().is_none_or(|target| is_ours(target.as_str().as_bytes()));
    if by_header && by_target { Ok(()) } else { Err(Kind::Misdirected.because(format!("Host is not {ours}"))) }
}

/// A parameter that is there twice means two things, and whoever wrote the query would choose which. This is the query as
/// it stands: what is escaped in a name is none of ours.
fn check_query(parts: &Parts) -> Result<(), Failure> {
    let mut seen = HashSet::new();
    let names = parts.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let mut names = names.map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name));
    if names.all(|name| seen.insert(name)) { Ok(()) } else { Err(Kind::BadForm.because("a parameter is there twice")) }
}
