//! Clients that have registered themselves (RFC 7591), and the tokens that let them.

use serde::{Deserialize, Serialize};

use crate::id::Id;
use crate::time::Timestamp;

/// How many clients come of one initial access token.
pub const CLIENTS_EACH: i64 = 10;

/// How a client came here, and how it proves that it may read and change that (RFC 7592).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The keyed hash of its registration access token.
    pub token: String,
    /// The initial access token that it was registered with.
    pub by: Id<InitialToken>,
    /// Whether an administrator has changed it since: then it changes nothing of that itself.
    pub settled: bool,
}

/// A token that lets whoever has it register clients, a few and for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitialToken {
    /// What it is called in lists and records.
    pub id: Id<Self>,
    /// What is stored of it.
    pub token: String,
    /// Whom it was given to.
    pub note: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it can be used.
    pub expires_at: Timestamp,
    /// How many clients have come of it.
    pub used: i64,
}
