//! Posting an alert: one request to the one address of the configuration, signed.

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use hyper::{Request, header};
use thiserror::Error;
use twolatch_core::alert::Alert;
use twolatch_core::time::Timestamp;

use crate::config::alerts::Webhook;
use crate::outgoing::{self, Caller};

/// The moment of the request, seconds since 1970. It is signed too: who checks it cannot be sent an old request again.
pub const TIMESTAMP: &str = "twolatch-timestamp";

/// `v1=` and HMAC-SHA256 over the timestamp, a dot and the body, in hexadecimal.
pub const SIGNATURE: &str = "twolatch-signature";

/// Why an alert was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("alerts.webhook: {0}")]
pub struct Trouble(pub outgoing::Trouble);

/// Why alerts cannot be posted at all.
#[derive(Debug, Error)]
#[error("alerts.webhook_ca: {0}")]
pub struct CaError(outgoing::CaError);

/// Who takes alerts.
pub struct Receiver {
    webhook: Webhook,
    key: hmac::Key,
    caller: Caller,
}

impl Receiver {
    /// Prepares to post; connects to nothing yet.
    ///
    /// # Errors
    /// Where the file with its certificate authorities cannot be used.
    pub fn new(webhook: &Webhook) -> Result<Self, CaError> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, webhook.secret.expose().as_bytes());
        let caller = Caller::new(webhook.ca.as_deref()).map_err(CaError)?;
        Ok(Self { webhook: webhook.clone(), key, caller })
    }

    /// Posts an alert. What it may take is less than the lease of an alert.
    ///
    /// # Errors
    /// Why it was not taken.
    pub async fn post(&self, alert: &Alert, now: Timestamp) -> Result<(), Trouble> {
        let body = serde_json::to_string(alert);
        let body = body.map_err(|error| Trouble(outgoing::Trouble::Broken(error.to_string())))?;
        let timestamp = now.unix().to_string();
        let signed = hmac::sign(&self.key, format!("{timestamp}.{body}").as_bytes());
        let head = Request::builder()
            .header(header::CONTENT_TYPE, "application/json")
            .header(TIMESTAMP, timestamp)
            .header(SIGNATURE, format!("v1={}", HEXLOWER.encode(signed.as_ref())));
        self.caller.post(&self.webhook.url, head, body).await.map_err(Trouble)
    }
}
