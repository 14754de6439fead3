//! Why a request got no answer of its own. A handler returns one; a layer further out makes the page of it, under an id
//! that is in the log too.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use twolatch_core::crypto::NoEntropy;
use twolatch_core::login::web::Fault;
use twolatch_core::reason::Reason;
use twolatch_core::store::StoreError;

use super::error;
use super::language::Wish;
use crate::state::App;
use crate::text::{Text, t};

/// What was asked for may have been done, or not.
pub(crate) const UNKNOWN: &str = "outcome_unknown";

/// What the person is told, and for the log what exactly happened.
#[derive(Debug, Clone)]
pub struct Failure(Box<Told>);

#[derive(Debug, Clone)]
struct Told {
    status: StatusCode,
    title: Text,
    text: Text,
    retry_after: Option<&'static str>,
    detail: String,
}

/// Each has a status and a text for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Not a form of ours, or a field is missing, unknown or there twice.
    BadForm,
    /// The form is not from a page of ours that this browser was shown just now.
    Stale,
    /// The person may look here, and change nothing.
    LookOnly,
    /// The administrator is none any more, or must leave this to others for now.
    NotAllowed,
    /// There is no such page.
    NoPage,
    /// The page cannot be asked for in this way.
    NoMethod,
    /// The body took too long.
    Slow,
    /// The one-time link is used up.
    LinkOver,
    /// The one-time link belongs to another browser, or to a sign-in that is over.
    OtherBrowser,
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
        let (title, text) = self.words();
        let mut failure = Failure::new(self.status(), title, text, detail);
        failure.0.retry_after = self.retry_after();
        failure
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::BadForm => StatusCode::BAD_REQUEST,
            Self::Stale | Self::OtherBrowser | Self::LookOnly | Self::NotAllowed => StatusCode::FORBIDDEN,
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
    const fn words(self) -> (Text, Text) {
        match self {
            Self::BadForm | Self::NotAForm => (t("no-form"), t("no-form-text")),
            Self::Stale => (t("stale"), t("stale-text")),
            Self::LookOnly => (t("look-only"), t("look-only-text")),
            Self::NotAllowed => (t("not-allowed"), t("not-allowed-text")),
            Self::NoPage => (t("no-page"), t("no-page-text")),
            Self::NoMethod => (t("no-method"), t("no-method-text")),
            Self::Slow => (t("slow"), t("slow-text")),
            Self::LinkOver => (t("link-over"), t("link-over-text")),
            Self::OtherBrowser => (t("other-browser"), t("other-browser-text")),
            Self::Large => (t("large"), t("large-text")),
            Self::Misdirected => (t("misdirected"), t("misdirected-text")),
            Self::Busy => (t("busy"), t("busy-text")),
            Self::Unavailable => (t("unavailable"), t("unavailable-text")),
            Self::Internal => (t("internal"), t("internal-text")),
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
    /// A failure of no common kind.
    #[must_use]
    pub fn new(status: StatusCode, title: Text, text: Text, detail: impl Into<String>) -> Self {
        Self(Box::new(Told { status, title, text, retry_after: None, detail: detail.into() }))
    }

    /// Its status, and what exactly happened.
    pub(crate) fn into_parts(self) -> (StatusCode, String) {
        (self.0.status, self.0.detail)
    }

    /// The page for it, in the language that a browser wants.
    #[must_use]
    pub fn page(self, app: &App, wish: &Wish) -> Response {
        let Told { status, title, text, retry_after, detail } = *self.0;
        let mut response = error::page(app, wish, status, title, text, &detail);
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
        }
        response
    }
}

/// The status, and the failure itself for the layer that makes the page.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let kind = match error.reason() {
            _ if matches!(error, StoreError::NotAllowed) => Kind::NotAllowed,
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
            Fault::Unconfirmed => Kind::Stale.because("the session has not shown a second factor lately"),
            Fault::Weak(weak) => Kind::BadForm.because(weak.to_string()),
            Fault::Refused(reason) => Kind::BadForm.because(reason.to_string()),
        }
    }
}
