//! Why a request got no answer of its own. A handler returns one; a layer further out makes the page of it, under an id
//! that is in the log too.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use twolatch_core::crypto::NoEntropy;
use twolatch_core::login::web::Fault;
use twolatch_core::reason::Reason;
use twolatch_core::store::StoreError;

use super::error;
use crate::state::App;

/// What kind of failure it is, and for the log what exactly happened.
#[derive(Debug, Clone)]
pub struct Failure {
    kind: Kind,
    detail: String,
}

/// Each has a status and a text for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Not a form of ours, or a field is missing, unknown or there twice.
    BadForm,
    /// The form is not from a page of ours that this browser was shown just now.
    Stale,
    /// There is no such page.
    NoPage,
    /// The page cannot be asked for in this way.
    NoMethod,
    /// The body took too long.
    Slow,
    /// The one-time link is used up.
    LinkOver,
    /// The body is too large.
    Large,
    /// The body is no form.
    NotAForm,
    /// The browser believes that we are somebody else.
    Misdirected,
    /// Too much to do just now.
    Busy,
    /// The database cannot be used just now.
    Unavailable,
    /// A fault of ours.
    Internal,
}

impl Kind {
    /// A failure of this kind; `detail` goes to the log only.
    #[must_use]
    pub fn because(self, detail: impl Into<String>) -> Failure {
        Failure { kind: self, detail: detail.into() }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::BadForm => StatusCode::BAD_REQUEST,
            Self::Stale => StatusCode::FORBIDDEN,
            Self::NoPage => StatusCode::NOT_FOUND,
            Self::NoMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::LinkOver => StatusCode::GONE,
            Self::Large => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotAForm => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::Busy | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Title and text.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::BadForm | Self::NotAForm => {
                ("That form could not be read", "Nothing was changed. Go back, reload the page and try again.")
            }
            Self::Stale => (
                "This page is out of date",
                "Nothing was changed. The form belongs to an earlier visit, or came from another site. Start again from here.",
            ),
            Self::NoPage => ("There is no such page", "The address may be incomplete, or the page has moved."),
            Self::NoMethod => ("That cannot be done here", "Open the page in the ordinary way and try again."),
            Self::Slow => ("That took too long", "Nothing was changed. Check your connection and try again."),
            Self::LinkOver => (
                "This link can no longer be used",
                "It was used before, has expired, or was replaced by a newer one. If you have set up your account already, sign in. Otherwise ask whoever sent you the link for a new one.",
            ),
            Self::Large => ("That was too much at once", "Nothing was changed. Go back and send less."),
            Self::Misdirected => {
                ("This is not the right address", "Use the address that you were given for signing in.")
            }
            Self::Busy => ("Too many people at once", "Nothing was changed. Wait a few seconds, then try again."),
            Self::Unavailable => (
                "Sign-in is not available right now",
                "This is not your fault, and nothing that you typed was wrong. Try again in a minute.",
            ),
            Self::Internal => (
                "Something went wrong on our side",
                "It was written down, and trying again may help. If it stays, tell whoever runs this system.",
            ),
        }
    }

    /// After how many seconds trying again makes sense.
    const fn retry_after(self) -> Option<&'static str> {
        match self {
            Self::Busy => Some("3"),
            Self::Unavailable => Some("10"),
            _ => None,
        }
    }
}

impl Failure {
    /// The page for it.
    #[must_use]
    pub fn page(&self, app: &App) -> Response {
        let (title, text) = self.kind.words();
        let mut response = error::page(app, self.kind.status(), title, text, &self.detail);
        if let Some(seconds) = self.kind.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
        }
        response
    }
}

/// The status, and the failure itself for the layer that makes the page.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let kind = match error.reason() {
            Reason::Busy | Reason::StoreBusy => Kind::Busy,
            Reason::StoreFull | Reason::StoreIo | Reason::StoreDown | Reason::OutcomeUnknown => Kind::Unavailable,
            _ => Kind::Internal,
        };
        kind.because(error.to_string())
    }
}

impl From<NoEntropy> for Failure {
    fn from(error: NoEntropy) -> Self {
        Kind::Internal.because(error.to_string())
    }
}

/// What a page could not tell the person itself.
impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Store(error) => error.into(),
            Fault::Busy => Kind::Busy.because("busy: too many passwords are being checked"),
            Fault::Over => Kind::Stale.because("the sign-in is over, or another request was faster"),
            Fault::Weak(weak) => Kind::BadForm.because(weak.to_string()),
            Fault::Refused(reason) => Kind::BadForm.because(reason.to_string()),
        }
    }
}
