//! Why a command about applications did nothing, for the person who typed it.

use std::io;

use thiserror::Error;
use twolatch_core::client::{ClientError, RedirectError};
use twolatch_core::crypto::NoEntropy;
use twolatch_core::login::clients::NotChanged;
use twolatch_core::store::StoreError;
use twolatch_core::user::NameError;

/// Why a command did nothing, for the person who typed it.
#[derive(Debug, Error)]
pub(in crate::cli) enum ClientFault {
    /// A redirect URI cannot be registered.
    #[error("--redirect-uri {uri}: {error}")]
    Redirect {
        /// As typed.
        uri: String,
        /// What is wrong with it.
        error: RedirectError,
    },
    /// Another value is wrong.
    #[error("{0}")]
    Value(#[from] ClientError),
    /// Another address cannot be registered.
    #[error("{option} {uri}: {error}")]
    Address {
        /// Of the command line.
        option: &'static str,
        /// As typed.
        uri: String,
        /// What is wrong with it.
        error: RedirectError,
    },
    /// A group has no such name.
    #[error("--group: {0}")]
    Group(NameError),
    /// Its keys cannot be taken.
    #[error("--jwks {path}: {fault}")]
    Keys {
        /// As typed.
        path: String,
        /// What is wrong.
        fault: String,
    },
    /// A note that cannot be shown.
    #[error("--note: a note has 1 to 128 bytes, none of them a control character")]
    Note,
    /// There is no such token.
    #[error("there is no initial access token `{0}`; `twolatch client initial-token list` shows all")]
    NoToken(String),
    /// There is no such client.
    #[error("there is no client `{0}`; `twolatch client list` shows all")]
    Missing(String),
    /// Nobody has that name.
    #[error("there is no user `{0}`; `twolatch user list` shows all")]
    NoUser(String),
    /// It could not be told what would happen.
    #[error("{0}")]
    Unforeseen(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It may not be, or there is none.
    #[error(transparent)]
    Not(#[from] NotChanged),
    /// The kernel gives no randomness.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    /// It was done, and the report could not be written.
    #[error("done, but the report could not be written: {0}")]
    Output(#[from] io::Error),
}
