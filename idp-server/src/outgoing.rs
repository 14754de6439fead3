//! Requests that we make ourselves: one to one address, over TLS. No redirect is followed, no proxy asked, nothing of the
//! answer read but its status. It must not know what for.

use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hyper::client::conn::http1;
use hyper::http::request::Builder;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::{Position, Url};

/// How long all of it may take, connecting included.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Why a request was not taken. None names the address: there may be a token in it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Trouble {
    /// There is no connection.
    #[error("no connection: {0}")]
    Connection(String),
    /// It broke.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// It was refused. A redirect is no consent either.
    #[error("answers {0}; expected 200 to 299")]
    Refused(u16),
    /// No end in sight.
    #[error("no answer for {} seconds", PATIENCE.as_secs())]
    Slow,
}

/// Certificate authorities that cannot be used.
#[derive(Debug, Error)]
#[error("{path}: {fault}; expected a file of certificates, PEM")]
pub struct CaError {
    path: String,
    fault: String,
}

/// Who makes requests.
pub struct Caller {
    authorities: Option<(PathBuf, RootCertStore)>,
    /// Made at the first use: most systems never call anybody.
    tls: OnceLock<TlsConnector>,
}

impl Caller {
    /// Prepares for requests, to servers that have a certificate of these authorities, or of those that browsers know;
    /// connects to nothing yet.
    ///
    /// # Errors
    /// Where the file with the authorities cannot be used.
    pub fn new(ca: Option<&Path>) -> Result<Self, CaError> {
        let authorities = ca.map(|path| Ok((path.to_owned(), authorities(path)?))).transpose()?;
        Ok(Self { authorities, tls: OnceLock::new() })
    }

    /// Posts a body. Without TLS it goes to this machine only.
    ///
    /// # Errors
    /// Why it was not taken; after [`Trouble::Broken`] and [`Trouble::Slow`] nobody knows.
    pub async fn post(&self, url: &Url, head: Builder, body: String) -> Result<(), Trouble> {
        let posted = tokio::time::timeout(PATIENCE, self.try_post(url, head, body)).await;
        posted.unwrap_or(Err(Trouble::Slow))
    }

    async fn try_post(&self, url: &Url, head: Builder, body: String) -> Result<(), Trouble> {
        let unreachable = |error: &dyn Display| Trouble::Connection(error.to_string());
        let request = head
            .method("POST")
            .uri(&url[Position::BeforePath..Position::AfterQuery])
            .header(header::HOST, &url[Position::BeforeHost..Position::AfterPort])
            .header(header::USER_AGENT, "twolatch")
            .header(header::CONNECTION, "close")
            .body(body)
            .map_err(|error| broken(&error))?;
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443));
        let host = host.trim_matches(['[', ']']);
        if url.scheme() != "https" {
            // A name must not lead to another machine.
            let address = host.parse::<IpAddr>().unwrap_or(Ipv4Addr::LOCALHOST.into());
            if !address.is_loopback() {
                return Err(Trouble::Connection("without TLS only this machine is called".to_owned()));
            }
            let stream = TcpStream::connect((address, port)).await.map_err(|error| unreachable(&error))?;
            return send(stream, request).await;
        }
        let stream = TcpStream::connect((host, port)).await.map_err(|error| unreachable(&error))?;
        send(self.secured(host, stream).await?, request).await
    }

    /// Begins TLS with a host on a connection to it.
    ///
    /// # Errors
    /// Where that is not the host.
    pub(crate) async fn secured(&self, host: &str, stream: TcpStream) -> Result<TlsStream<TcpStream>, Trouble> {
        let unreachable = |error: &dyn Display| Trouble::Connection(error.to_string());
        let name = ServerName::try_from(host.to_owned()).map_err(|error| unreachable(&error))?;
        self.tls().connect(name, stream).await.map_err(|error| unreachable(&error))
    }

    fn tls(&self) -> &TlsConnector {
        self.tls.get_or_init(|| {
            let known = || RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
            let roots = self.authorities.as_ref().map_or_else(known, |(_, roots)| roots.clone());
            TlsConnector::from(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
        })
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

fn authorities(path: &Path) -> Result<RootCertStore, CaError> {
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
