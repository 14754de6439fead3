//! Posting an alert: one request to the one address of the configuration, signed, over TLS. No redirect is followed, no
//! proxy asked, nothing of the answer read but its status.

use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use hyper::client::conn::http1;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use twolatch_core::alert::Alert;
use twolatch_core::time::Timestamp;
use url::Position;

use crate::config::alerts::Webhook;

/// For how long the receiver may take, connecting included. Less than the lease of an alert.
const PATIENCE: Duration = Duration::from_secs(10);

/// The moment of the request, seconds since 1970. It is signed too: who checks it cannot be sent an old request again.
pub const TIMESTAMP: &str = "twolatch-timestamp";

/// `v1=` and HMAC-SHA256 over the timestamp, a dot and the body, in hexadecimal.
pub const SIGNATURE: &str = "twolatch-signature";

/// Why an alert was not taken. None names the address: there may be a token in it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Trouble {
    /// There is no connection.
    #[error("alerts.webhook: no connection: {0}")]
    Connection(String),
    /// It broke.
    #[error("alerts.webhook: the connection broke: {0}")]
    Broken(String),
    /// It was refused. A redirect is no consent either.
    #[error("alerts.webhook: answers {0}; expected 200 to 299")]
    Refused(u16),
    /// No end in sight.
    #[error("alerts.webhook: no answer for {0} seconds")]
    Slow(u64),
}

/// Why alerts cannot be posted at all.
#[derive(Debug, Error)]
#[error("alerts.webhook_ca: {path}: {fault}; expected a file of certificates, PEM")]
pub struct CaError {
    path: String,
    fault: String,
}

/// Who takes alerts.
pub struct Receiver {
    webhook: Webhook,
    key: hmac::Key,
    tls: Option<TlsConnector>,
}

impl Receiver {
    /// Prepares to post; connects to nothing yet.
    ///
    /// # Errors
    /// Where the file with its certificate authorities cannot be used.
    pub fn new(webhook: &Webhook) -> Result<Self, CaError> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, webhook.secret.expose().as_bytes());
        let tls = if webhook.url.scheme() == "https" {
            let config = ClientConfig::builder().with_root_certificates(authorities(webhook)?).with_no_client_auth();
            Some(TlsConnector::from(Arc::new(config)))
        } else {
            None
        };
        Ok(Self { webhook: webhook.clone(), key, tls })
    }

    /// Posts an alert.
    ///
    /// # Errors
    /// Why it was not taken; after [`Trouble::Broken`] and [`Trouble::Slow`] nobody knows.
    pub async fn post(&self, alert: &Alert, now: Timestamp) -> Result<(), Trouble> {
        tokio::time::timeout(PATIENCE, self.try_post(alert, now))
            .await
            .unwrap_or(Err(Trouble::Slow(PATIENCE.as_secs())))
    }

    async fn try_post(&self, alert: &Alert, now: Timestamp) -> Result<(), Trouble> {
        let request = self.request(alert, now).map_err(|error| broken(&error))?;
        let unreachable = |error: &dyn Display| Trouble::Connection(error.to_string());
        let url = &self.webhook.url;
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443));
        let host = host.trim_matches(['[', ']']);
        let Some(tls) = &self.tls else {
            // A name must not lead to another machine.
            let address = host.parse::<IpAddr>().unwrap_or(Ipv4Addr::LOCALHOST.into());
            let stream = TcpStream::connect((address, port)).await.map_err(|error| unreachable(&error))?;
            return send(stream, request).await;
        };
        let name = ServerName::try_from(host.to_owned()).map_err(|error| unreachable(&error))?;
        let stream = TcpStream::connect((host, port)).await.map_err(|error| unreachable(&error))?;
        let stream = tls.connect(name, stream).await.map_err(|error| unreachable(&error))?;
        send(stream, request).await
    }

    fn request(&self, alert: &Alert, now: Timestamp) -> Result<Request<String>, axum::Error> {
        let body = serde_json::to_string(alert).map_err(axum::Error::new)?;
        let timestamp = now.unix().to_string();
        let signed = hmac::sign(&self.key, format!("{timestamp}.{body}").as_bytes());
        let url = &self.webhook.url;
        Request::post(&url[Position::BeforePath..Position::AfterQuery])
            .header(header::HOST, &url[Position::BeforeHost..Position::AfterPort])
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, "twolatch")
            .header(header::CONNECTION, "close")
            .header(TIMESTAMP, timestamp)
            .header(SIGNATURE, format!("v1={}", HEXLOWER.encode(signed.as_ref())))
            .body(body)
            .map_err(axum::Error::new)
    }
}

async fn send<S>(stream: S, request: Request<String>) -> Result<(), Trouble>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    // Dropped with the answer: nothing of its body is waited for.
    let mut driven = tokio::task::JoinSet::new();
    driven.spawn(connection);
    let answer = sender.send_request(request).await.map_err(|error| broken(&error))?;
    if answer.status().is_success() { Ok(()) } else { Err(Trouble::Refused(answer.status().as_u16())) }
}

fn broken(error: &dyn Display) -> Trouble {
    Trouble::Broken(error.to_string())
}

fn authorities(webhook: &Webhook) -> Result<RootCertStore, CaError> {
    let Some(path) = &webhook.ca else {
        return Ok(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() });
    };
    let fail = |fault: String| CaError { path: path.display().to_string(), fault };
    let mut store = RootCertStore::empty();
    let text = std::fs::read(path).map_err(|error| fail(error.to_string()))?;
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| fail(error.to_string()))?;
        store.add(certificate).map_err(|error| fail(error.to_string()))?;
    }
    if store.is_empty() {
        return Err(fail("no certificate in it".to_owned()));
    }
    Ok(store)
}
