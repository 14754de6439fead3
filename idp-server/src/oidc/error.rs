//! The registered error codes of OAuth and OpenID Connect. Status and text follow from the code; what exactly was wrong
//! goes to the log alone, under an id that the answer carries.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use twolatch_core::client::{ClientId, Happening};
use twolatch_core::crypto::NoEntropy;
use twolatch_core::reason::Reason;
use twolatch_core::store::StoreError;

use crate::state::App;
use crate::web::error::{clip, reference};

/// A registered code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// RFC 6749, 4.1.2.1 and 5.2
    InvalidRequest,
    /// RFC 6749, 5.2
    InvalidClient,
    /// RFC 6749, 5.2
    InvalidGrant,
    /// RFC 6749, 4.1.2.1
    InvalidScope,
    /// RFC 6749, 5.2
    UnsupportedGrantType,
    /// RFC 6749, 4.1.2.1 and 5.2
    UnauthorizedClient,
    /// RFC 6749, 4.1.2.1
    AccessDenied,
    /// RFC 6749, 4.1.2.1
    UnsupportedResponseType,
    /// RFC 6749, 4.1.2.1
    ServerError,
    /// RFC 6749, 4.1.2.1
    TemporarilyUnavailable,
    /// OpenID Connect Core, 3.1.2.6
    LoginRequired,
    /// OpenID Connect Core, 3.1.2.6
    ConsentRequired,
    /// OpenID Connect Core, 3.1.2.6
    RequestNotSupported,
    /// OpenID Connect Core, 3.1.2.6
    RequestUriNotSupported,
    /// OpenID Connect Core Error Code `unmet_authentication_requirements` 1.0
    UnmetAuthenticationRequirements,
    /// RFC 6750, 3.1
    InvalidToken,
    /// RFC 9101, 8
    InvalidRequestObject,
    /// RFC 7591, 3.2.2
    InvalidRedirectUri,
    /// RFC 7591, 3.2.2
    InvalidClientMetadata,
    /// RFC 9449, 5
    InvalidDpopProof,
    /// RFC 9449, 8
    UseDpopNonce,
    /// RFC 8628, 3.5
    AuthorizationPending,
    /// RFC 8628, 3.5
    SlowDown,
    /// RFC 8628, 3.5
    ExpiredToken,
}

impl Code {
    /// The code as clients read it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidScope => "invalid_scope",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::InvalidToken => "invalid_token",
            Self::InvalidRequestObject => "invalid_request_object",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredToken => "expired_token",
        }
    }

    /// What it means for whoever runs the client; nothing where there is nothing to mend.
    #[must_use]
    const fn happening(self) -> Option<Happening> {
        match self {
            Self::InvalidClient => Some(Happening::Proof),
            Self::InvalidGrant => Some(Happening::Code),
            Self::InvalidScope => Some(Happening::Scope),
            Self::UnsupportedGrantType | Self::UnauthorizedClient => Some(Happening::Grant),
            Self::InvalidRequestObject => Some(Happening::RequestObject),
            Self::InvalidDpopProof => Some(Happening::Dpop),
            Self::InvalidRequest
            | Self::UnsupportedResponseType
            | Self::RequestNotSupported
            | Self::RequestUriNotSupported => Some(Happening::Malformed),
            _ => None,
        }
    }

    /// The HTTP status where the client asks directly.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidClient | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// An error answer: the code for the client, the detail for the log.
#[derive(Debug, Clone)]
pub struct OauthError {
    /// What the client is told.
    pub code: Code,
    detail: Cow<'static, str>,
    /// The registered client that it is about.
    client: Option<ClientId>,
    /// What is counted of it, where the code does not say.
    what: Option<Happening>,
}

impl OauthError {
    /// An error with what the operator should know of it; never a secret.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), client: None, what: None }
    }

    /// The same, counted as a trouble of a registered client.
    #[must_use]
    pub fn of(self, client: &ClientId) -> Self {
        Self { client: Some(client.clone()), ..self }
    }

    /// The same, counted as this where its client is known.
    #[must_use]
    pub fn counted(self, what: Happening) -> Self {
        Self { what: Some(what), ..self }
    }

    /// The detail, for who runs the server.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Writes the detail to the log, and counts it; answers the text that leads there.
    #[must_use]
    pub fn logged(&self, app: &App) -> String {
        if let (Some(client), Some(what)) = (&self.client, self.what.or(self.code.happening())) {
            app.happenings.note(client, what, app.now());
        }
        let (id, detail) = (reference(app), clip(&self.detail));
        if self.code == Code::ServerError {
            tracing::error!(%id, error = self.code.as_str(), detail, "a request failed");
        } else {
            tracing::warn!(%id, error = self.code.as_str(), detail, "a request was refused");
        }
        format!("the server's log has the details under {id}")
    }

    /// The answer of the token endpoint (RFC 6749, 5.2).
    #[must_use]
    pub fn json(&self, app: &App) -> Response {
        let body = json!({ "error": self.code.as_str(), "error_description": self.logged(app) }).to_string();
        let no_store = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
        let mut response = (self.code.status(), no_store, body).into_response();
        if self.code == Code::InvalidClient {
            let challenge = HeaderValue::from_static("Basic realm=\"twolatch\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<StoreError> for OauthError {
    fn from(error: StoreError) -> Self {
        let code = match error.reason() {
            Reason::Busy | Reason::StoreBusy | Reason::StoreDown | Reason::StoreFull => Code::TemporarilyUnavailable,
            _ => Code::ServerError,
        };
        Self::new(code, error.to_string())
    }
}

impl From<NoEntropy> for OauthError {
    fn from(error: NoEntropy) -> Self {
        Self::new(Code::ServerError, error.to_string())
    }
}
