//! Answers through the browser. A [`ReturnTo`] is the proof that an address belongs to a client; without one nothing is
//! ever sent anywhere, an error neither.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use twolatch_core::client::{Client, Trust};

use super::error::OauthError;
use super::form_post;
use super::params::encode;
use crate::state::App;
use crate::text::t;
use crate::web::failure::Failure;
use crate::web::frame::Frame;

/// An address that the client has registered.
#[derive(Debug, Clone)]
pub struct ReturnTo {
    uri: String,
    state: Option<String>,
    mode: Mode,
    /// Nobody knows whose it is: the browser goes there when its person has said so, and not before.
    unverified: bool,
}

/// How an answer gets there (OAuth 2.0 Multiple Response Type Encoding Practices, 2.1).
#[derive(Debug, Clone)]
pub enum Mode {
    /// In the address.
    Query,
    /// In a form that the browser sends (OAuth 2.0 Form Post Response Mode), from a page in this frame.
    FormPost(Box<Frame>),
}

impl ReturnTo {
    /// Proves that a request's address is the client's own (RFC 9700, 2.1).
    #[must_use]
    pub fn prove(client: &Client, redirect_uri: &str) -> Option<Self> {
        client.redirect_uri(redirect_uri)?;
        let unverified = client.settings.trust == Trust::Unverified;
        Some(Self { uri: redirect_uri.to_owned(), state: None, mode: Mode::Query, unverified })
    }

    /// The same, with what the client wants back unchanged.
    #[must_use]
    pub fn with_state(self, state: Option<&str>) -> Self {
        Self { state: state.map(str::to_owned), ..self }
    }

    /// The same, answered in another way.
    #[must_use]
    pub fn by(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// The address.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Sends a code (RFC 6749, 4.1.2; RFC 9207, 2).
    #[must_use]
    pub fn code(&self, app: &App, code: &str) -> Response {
        self.send(app, &[("code", code)])
    }

    /// Sends an error, or shows it where whoever registers a client could send people anywhere by it (RFC 9700, 4.11.2).
    #[must_use]
    pub fn error(&self, app: &App, error: &OauthError) -> Response {
        if self.unverified {
            let failure =
                Failure::new(error.code.status(), t("not-possible"), t("request-unverified"), error.logged(app));
            return failure.into_response();
        }
        self.denied(app, error)
    }

    /// Sends an error after the person has said that the browser shall go there (RFC 6749, 4.1.2.1; RFC 9207, 2).
    #[must_use]
    pub fn denied(&self, app: &App, error: &OauthError) -> Response {
        let description = error.logged(app);
        self.send(app, &[("error", error.code.as_str()), ("error_description", &description)])
    }

    fn send(&self, app: &App, answer: &[(&str, &str)]) -> Response {
        let state = self.state.as_deref().map(|state| ("state", state));
        let iss = ("iss", app.config.issuer.as_str());
        let answer = answer.iter().copied().chain(state).chain([iss]);
        if let Mode::FormPost(frame) = &self.mode {
            return form_post::page(frame, &self.uri, answer);
        }
        let query = encode(answer);
        // The address is extended as text: what a URL parser makes of it is not what was registered.
        let separator = if self.uri.contains('?') { '&' } else { '?' };
        see_other(&format!("{}{separator}{query}", self.uri))
    }
}

/// Sends the browser on with a GET, whatever it came with (RFC 9700, 4.12). Nothing of it is kept or told to others.
#[must_use]
pub fn see_other(location: &str) -> Response {
    let Ok(location) = HeaderValue::try_from(location) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response(); // nothing that is encoded gets here
    };
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}
