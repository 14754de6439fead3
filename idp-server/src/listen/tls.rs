//! TLS, where this server ends it itself. Certificate and key are read again when their files change.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

/// The present certificate; cheap to clone.
#[derive(Clone)]
pub struct Tls {
    files: crate::config::Tls,
    present: Arc<RwLock<(Arc<ServerConfig>, Stamp)>>,
}

/// When both files were last changed.
type Stamp = (Option<SystemTime>, Option<SystemTime>);

/// Why there is no TLS.
#[derive(Debug, Error)]
#[error("tls: {path}: {fault}")]
pub struct TlsError {
    path: PathBuf,
    fault: String,
}

impl Tls {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn load(files: &crate::config::Tls) -> Result<Self, TlsError> {
        let present = (read(files)?, stamp(files));
        Ok(Self { files: files.clone(), present: Arc::new(RwLock::new(present)) })
    }

    /// Reads them again if they have changed. A pair that does not fit is reported and the present one kept.
    pub fn refresh(&self) {
        let stamp = stamp(&self.files);
        if self.present.read().unwrap_or_else(PoisonError::into_inner).1 == stamp {
            return;
        }
        match read(&self.files) {
            Ok(config) => {
                *self.present.write().unwrap_or_else(PoisonError::into_inner) = (config, stamp);
                tracing::info!("the certificate was read again");
            }
            Err(error) => {
                tracing::error!(%error, "the certificate has changed, but cannot be used; the old one is kept");
            }
        }
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.present.read().unwrap_or_else(PoisonError::into_inner).0))
    }
}

fn read(files: &crate::config::Tls) -> Result<Arc<ServerConfig>, TlsError> {
    let fail = |path: &Path, fault: String| TlsError { path: path.to_owned(), fault };
    let chain = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| fail(&files.cert, error.to_string()))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| fail(&files.key, error.to_string()))?;
    ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map(Arc::new)
        .map_err(|error| fail(&files.cert, error.to_string()))
}

fn stamp(files: &crate::config::Tls) -> Stamp {
    let changed = |path: &Path| std::fs::metadata(path).and_then(|about| about.modified()).ok();
    (changed(&files.cert), changed(&files.key))
}
