//! Why a program does not get what it asks for: one shape for all of them.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use twolatch_core::crypto::NoEntropy;
use twolatch_core::login::clients::NotChanged;
use twolatch_core::login::manage::ManageError;
use twolatch_core::reason::Reason;
use twolatch_core::store::StoreError;

use crate::state::App;
use crate::web::error::{clip, reference};
use crate::web::failure::{Failure, UNKNOWN};

/// A refusal.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// For programs.
    pub(super) error: &'static str,
    /// After how many seconds it is worth trying again.
    pub(super) retry_after: Option<i64>,
    /// For people.
    pub(super) detail: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, error: &'static str, detail: impl Into<String>) -> Self {
        Self { status, error, retry_after: None, detail: detail.into() }
    }

    pub(super) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", detail)
    }

    pub(super) fn unauthorized(error: &'static str, reason: Reason) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, error, reason.to_string())
    }

    pub(super) fn missing(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    pub(super) fn conflict(error: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, error, detail)
    }

    pub(super) fn not_allowed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "not_allowed", detail)
    }

    pub(super) fn after(self, seconds: i64) -> Self {
        Self { retry_after: Some(seconds.max(1)), ..self }
    }

    /// The same where a change was to be made from a version that was named: that one is not the last any more.
    pub(super) fn stale(self) -> Self {
        if self.error == MEANWHILE { Self { status: StatusCode::PRECONDITION_FAILED, ..self } } else { self }
    }

    /// What the program is told; the rest is in the log. What went wrong in here is not told word for word.
    pub(super) fn told(&self, app: &App, source: &str) -> Response {
        let (id, status) = (reference(app), self.status.as_u16());
        // Strangers write parts of it; what answers is theirs.
        let detail = clip(&self.detail);
        let body = if self.status.is_server_error() {
            tracing::error!(%id, status, source, error = self.error, detail, "a program was refused");
            json!({ "error": self.error, "detail": format!("try again later; the server's log says more under {id}") })
        } else {
            tracing::info!(%id, status, source, error = self.error, detail, "a program was refused");
            json!({ "error": self.error, "detail": self.detail })
        };
        let kind = [(header::CONTENT_TYPE, "application/json")];
        let mut response = (self.status, kind, body.to_string()).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED || self.error == SCOPE {
            let challenge = format!("Bearer error=\"{}\"", self.error);
            if let Ok(challenge) = HeaderValue::from_str(&challenge) {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
        }
        response
    }
}

/// Somebody else has changed the same.
pub(super) const MEANWHILE: &str = "changed_meanwhile";

/// The token is not for that.
pub(super) const SCOPE: &str = "insufficient_scope";

/// The layer around the admin API says what is to be said.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        let (status, detail) = failure.into_parts();
        let error = match status {
            StatusCode::BAD_REQUEST => "invalid_request",
            StatusCode::NOT_FOUND => "not_found",
            StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
            StatusCode::MISDIRECTED_REQUEST => "misdirected",
            StatusCode::SERVICE_UNAVAILABLE if detail.starts_with(UNKNOWN) => UNKNOWN,
            StatusCode::SERVICE_UNAVAILABLE => "unavailable",
            _ if status.is_server_error() => "internal",
            _ => "not_allowed",
        };
        Self::new(status, error, detail)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let detail = error.to_string();
        match error {
            StoreError::Conflict => Self::conflict(MEANWHILE, "somebody else has changed it meanwhile: read it again"),
            StoreError::Duplicate => Self::conflict("taken", detail),
            StoreError::LastAdmin => Self::conflict("last_admin", detail),
            StoreError::NotAllowed => Self::not_allowed(detail),
            StoreError::MailFull => Self::new(StatusCode::SERVICE_UNAVAILABLE, "mail_full", detail).after(60),
            error => of_store(error),
        }
    }
}

impl From<NoEntropy> for Refusal {
    fn from(error: NoEntropy) -> Self {
        StoreError::from(error).into()
    }
}

impl From<NotChanged> for Refusal {
    fn from(error: NotChanged) -> Self {
        let detail = error.to_string();
        match error {
            NotChanged::Unfit(_) => Self::invalid(detail),
            NotChanged::Taken(_) => Self::conflict("taken", detail),
            NotChanged::Missing(_) => Self::missing(detail),
            NotChanged::Public(_) => Self::conflict("no_secret", detail),
            NotChanged::Store(error) => error.into(),
            NotChanged::Entropy(error) => error.into(),
        }
    }
}

impl From<ManageError> for Refusal {
    fn from(error: ManageError) -> Self {
        let detail = error.to_string();
        match error {
            ManageError::Store(error) => error.into(),
            ManageError::NoUser(_)
            | ManageError::NoVersion(_)
            | ManageError::NoExemption(_)
            | ManageError::NoRequest(_)
            | ManageError::NoJob => Self::missing(detail),
            ManageError::Taken(_) | ManageError::TakenMeanwhile => Self::conflict("taken", detail),
            ManageError::NoAddress(_) => Self::conflict("no_address", detail),
            ManageError::Held(..) => Self::conflict("address_held", detail),
            ManageError::NotHeld(_) => Self::conflict("not_held", detail),
            ManageError::OwnAddress(_) | ManageError::AdminsAddress(_) | ManageError::OwnRequest => {
                Self::not_allowed(detail)
            }
            ManageError::NoMail => Self::conflict("no_mail", detail),
            ManageError::Weak(_) | ManageError::NeverHolds => Self::invalid(detail),
            ManageError::Locked => Self::conflict("locked", detail),
            ManageError::Unverified(_) => Self::conflict("unverified_client", detail),
            ManageError::LocksOut => Self::conflict("locks_out", detail),
            ManageError::TooEarly(_) => Self::conflict("too_early", detail),
            ManageError::Agreed(_) => Self::conflict("second_administrator", detail),
            ManageError::NeedsRequest(_) => Self::conflict("needs_request", detail),
            ManageError::Nobody => Self::conflict("nobody", detail),
            ManageError::Busy(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).after(3),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "errors are handed over")]
pub(super) fn of_store(error: StoreError) -> Refusal {
    let detail = error.to_string();
    match error.reason() {
        Reason::Busy | Reason::StoreBusy => Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).after(3),
        Reason::StoreFull | Reason::StoreIo | Reason::StoreDown | Reason::StoreSlow | Reason::OutcomeUnknown => {
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).after(10)
        }
        _ => Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail),
    }
}
