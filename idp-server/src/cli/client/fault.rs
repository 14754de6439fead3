//! Why a command about applications did nothing, for the person who typed it.

use std::io;

use thiserror::Error;
use twolatch_core::client::{AppHost, ClientError, ClientId, RedirectError, RedirectUri};
use twolatch_core::crypto::NoEntropy;
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
    /// An address that only an installed application can receive.
    #[error("--redirect-uri {0}: a scheme of its own is for public applications; add --public or use https")]
    PrivateUse(RedirectUri),
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
    /// It signs, and nothing could be checked.
    #[error("--jwks is missing: what the application signs is checked with its public keys")]
    NoKeys,
    /// A note that cannot be shown.
    #[error("--note: a note has 1 to 128 bytes, none of them a control character")]
    Note,
    /// There is no such token.
    #[error("there is no initial access token `{0}`; `twolatch client initial-token list` shows all")]
    NoToken(String),
    /// An API has no such name.
    #[error("--audience: an API is named by a URI, such as https://api.example.org, of at most 256 ASCII characters")]
    Audience,
    /// FAPI asks for more.
    #[error(
        "--require fapi: an application under FAPI 2.0 has --auth-method private_key_jwt, and none of its algorithms is RS256"
    )]
    Fapi,
    /// People sign in to it, and nowhere could they be sent back.
    #[error("--redirect-uri is missing: with the grant authorization_code people are sent back to one")]
    NoRedirect,
    /// A public client proves itself by nothing.
    #[error("a public application cannot ask in its own name: client_credentials needs a secret")]
    NoSecret,
    /// There is no secret to rotate.
    #[error("{0} has no secret: it is public, or has keys of its own")]
    Public(ClientId),
    /// Whose rules count there could not be told.
    #[error("--forward-host {0}: the client `{1}` has this host")]
    HostTaken(AppHost, ClientId),
    /// Its cookies would be ours.
    #[error("--forward-host {0}: this is Twolatch's own host")]
    OwnHost(AppHost),
    /// Nobody is asked there what it may know.
    #[error("--forward-host: what is behind your proxy is told who comes without asking them, and is first_party")]
    Stranger,
    /// The name cannot be shown.
    #[error("--name: a name has 1 to 64 characters, none of them a control character")]
    Name,
    /// PKCE is all that a public client has.
    #[error("--no-pkce: a public application has no other protection than PKCE")]
    Unprotected,
    /// The id is taken.
    #[error("there is a client `{0}` already; `twolatch client show {0}` shows it")]
    Taken(ClientId),
    /// There is no such client.
    #[error("there is no client `{0}`; `twolatch client list` shows all")]
    Missing(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The kernel gives no randomness.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    /// It was done, and the report could not be written.
    #[error("done, but the report could not be written: {0}")]
    Output(#[from] io::Error),
}
