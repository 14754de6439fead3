//! The mail server: connections to it, kept between mails. It must not know what is sent.
//!
//! The library's own pool puts a connection back whose mail was given up in the middle; the next mail would read the
//! answers to the last one. Here a connection comes back only after the server has taken its mail.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::extension::ClientId;
use thiserror::Error;
use tokio::net::TcpStream;

use super::lines::Lines;
use crate::config::mail::{Mail, MailServer, Security};

/// How many mails are handed over at once.
pub const AT_ONCE: usize = 2;

/// For how long a mail server may take for one mail, connecting included. Less than the queue's lease.
const PATIENCE: Duration = Duration::from_mins(1);

/// For how long `twolatch doctor` waits.
const CHECK_PATIENCE: Duration = Duration::from_secs(10);

/// How each certificate in a PEM file begins.
const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// For how long an unused connection is taken leave of.
const FAREWELL: Duration = Duration::from_secs(2);

/// Why there is no mail server to be spoken to.
#[derive(Debug, Error)]
#[error("mail.ca: {path}: {fault}; expected a file of certificates, PEM")]
pub struct CaError {
    path: String,
    fault: String,
}

/// Why mail was not taken. None names an address: a mail server's own words may, so only its number is told.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Trouble {
    /// There is no connection on which it could be offered.
    #[error("{0}")]
    Connection(String),
    /// The mail server wants it later.
    #[error("the mail server wants it later ({0})")]
    Later(u16),
    /// The mail server will not have it.
    #[error("the mail server refuses it ({0})")]
    Refused(u16),
    /// The connection was lost, or the answer was none.
    #[error("the connection broke before the mail server had taken it")]
    Broken,
    /// No end in sight.
    #[error("the mail server has not answered for {0} seconds")]
    Slow(u64),
    /// The mail cannot be written.
    #[error("it cannot be written: {0}")]
    Unwritable(String),
}

impl Trouble {
    /// Whether trying again is of no use.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Unwritable(_))
    }
}

/// The mail server of a configuration.
pub struct Relay {
    server: MailServer,
    tls: Option<TlsParameters>,
    idle: Mutex<Vec<AsyncSmtpConnection>>,
}

impl Relay {
    /// Prepares to speak to it; connects to nothing yet.
    ///
    /// # Errors
    /// Where the file with its certificate authorities cannot be used.
    pub fn new(mail: &Mail) -> Result<Self, CaError> {
        let server = mail.server.clone();
        if server.security == Security::Plain {
            return Ok(Self { server, tls: None, idle: Mutex::default() });
        }
        let path = mail.ca.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
        let fail = |fault: String| CaError { path: path.clone(), fault };
        let mut builder = TlsParametersBuilder::new(server.host.clone());
        if let Some(file) = &mail.ca {
            let text = std::fs::read(file).map_err(|error| fail(error.to_string()))?;
            if !text.windows(CERTIFICATE.len()).any(|part| part == CERTIFICATE) {
                return Err(fail("no certificate in it".to_owned()));
            }
            let authorities = Certificate::from_pem(&text).map_err(|error| fail(error.to_string()))?;
            builder = builder.certificate_store(CertificateStore::None).add_root_certificate(authorities);
        }
        let tls = builder.build().map_err(|error| fail(error.to_string()))?;
        Ok(Self { server, tls: Some(tls), idle: Mutex::default() })
    }

    /// Hands a message over.
    ///
    /// # Errors
    /// Why it was not taken; after [`Trouble::Broken`] and [`Trouble::Slow`] nobody knows.
    pub async fn send(&self, envelope: &Envelope, message: &[u8]) -> Result<(), Trouble> {
        // Given up, the connection is closed with all that is half said on it.
        let handing_over = tokio::time::timeout(PATIENCE, self.hand_over(envelope, message));
        handing_over.await.unwrap_or(Err(Trouble::Slow(PATIENCE.as_secs())))
    }

    /// Connects as for sending, and sends nothing.
    ///
    /// # Errors
    /// Why nothing could be sent.
    pub async fn check(&self) -> Result<(), Trouble> {
        let checking = async {
            let mut connection = self.connect().await?;
            connection.quit().await.map(drop).map_err(|_| Trouble::Broken)
        };
        tokio::time::timeout(CHECK_PATIENCE, checking).await.unwrap_or(Err(Trouble::Slow(CHECK_PATIENCE.as_secs())))
    }

    /// Closes the connections that wait for the next mail.
    pub async fn hang_up(&self) {
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for mut connection in idle {
            drop(tokio::time::timeout(FAREWELL, connection.quit()).await);
        }
    }

    async fn hand_over(&self, envelope: &Envelope, message: &[u8]) -> Result<(), Trouble> {
        let mut connection = match self.waiting().await {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        connection.send(envelope, message).await.map_err(|error| match error.status() {
            Some(code) if error.is_permanent() => Trouble::Refused(code.into()),
            Some(code) => Trouble::Later(code.into()),
            None => Trouble::Broken,
        })?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < AT_ONCE {
            idle.push(connection);
        }
        Ok(())
    }

    /// A connection that has waited and still answers.
    async fn waiting(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let mut connection = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if connection.test_connected().await {
                return Some(connection);
            }
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Trouble> {
        let MailServer { host, port, security, credentials } = &self.server;
        let hello = ClientId::default();
        let unreachable = |error: &dyn std::fmt::Display| {
            Trouble::Connection(format!("{host} port {port}: {error}; check `[mail]` and that the mail server runs"))
        };
        let tcp = |error: std::io::Error| unreachable(&error);
        let smtp = |error: SmtpError| unreachable(&error);
        let mut connection = match (security, &self.tls) {
            (Security::Tls, tls) => {
                let server = (host.as_str(), *port);
                AsyncSmtpConnection::connect_tokio1(server, None, &hello, tls.clone(), None).await.map_err(smtp)?
            }
            (Security::StartTls, Some(tls)) => {
                let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(tcp)?;
                let lines = Box::new(Lines::new(stream));
                let mut connection = AsyncSmtpConnection::connect_with_transport(lines, &hello).await.map_err(smtp)?;
                if !connection.can_starttls() {
                    return Err(unreachable(&"it offers no STARTTLS, so nothing was sent"));
                }
                connection.starttls(tls.clone(), &hello).await.map_err(smtp)?;
                connection
            }
            _ => {
                // A name must not lead to another machine.
                let address = host.parse::<IpAddr>().unwrap_or(Ipv4Addr::LOCALHOST.into());
                let stream = TcpStream::connect((address, *port)).await.map_err(tcp)?;
                AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello).await.map_err(smtp)?
            }
        };
        if *security != Security::Plain && !connection.is_encrypted() {
            return Err(unreachable(&"there is no TLS, so nothing was sent"));
        }
        if let Some((user, password)) = credentials {
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            connection.auth(DEFAULT_MECHANISMS, &credentials).await.map_err(|error| match error.status() {
                Some(code) => unreachable(&format!("user and password are not accepted ({code})")),
                None => smtp(error),
            })?;
        }
        Ok(connection)
    }
}
