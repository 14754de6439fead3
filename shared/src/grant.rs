//! What is issued to a client for a person: codes and access tokens, and how a redemption ends. It must know neither HTTP
//! nor SQL.

use crate::client::ClientId;
use crate::factor::Proof;
use crate::id::Id;
use crate::time::Timestamp;
use crate::user::User;

/// How long a code can be redeemed, in seconds (RFC 6749, 4.1.2).
pub const CODE_LIFE: i64 = 60;

/// How many wrong redemptions end a code.
pub const CODE_FAILURES: i64 = 5;

/// How long an access token is good for, in seconds.
pub const ACCESS_TOKEN_LIFE: i64 = 3600;

/// The client that programs get tokens of for a person's own password and code. It is built in: no application can have
/// this id.
pub const API_CLIENT: &str = "api";

/// One authorization: the code and everything that comes of it.
#[derive(Debug)]
pub enum Grant {}

/// An authorization code. The code itself is known to the client alone.
#[derive(Debug, Clone)]
pub struct Code {
    /// What is stored of it.
    pub hash: String,
    /// The authorization that it stands for.
    pub grant: Id<Grant>,
    /// For which client.
    pub client: ClientId,
    /// For whom.
    pub user: Id<User>,
    /// The session that it was issued in; it dies with it.
    pub session: String,
    /// Where it was sent, byte for byte.
    pub redirect_uri: String,
    /// The PKCE challenge (S256).
    pub challenge: Option<String>,
    /// What the client binds the ID token with.
    pub nonce: Option<String>,
    /// The scopes, as they were understood.
    pub scope: String,
    /// What the person had shown.
    pub proofs: Vec<Proof>,
    /// The person's, when it was issued.
    pub security_version: i64,
    /// When it was issued.
    pub created_at: Timestamp,
    /// Until when it can be redeemed.
    pub expires_at: Timestamp,
}

/// What an access token is issued for.
#[derive(Debug, Clone)]
pub struct Issue {
    /// The authorization.
    pub grant: Id<Grant>,
    /// For which client.
    pub client: ClientId,
    /// For whom.
    pub user: Id<User>,
    /// The session that it dies with.
    pub session: String,
    /// The scopes.
    pub scope: String,
    /// The person's, when it was issued.
    pub security_version: i64,
}

impl From<&Code> for Issue {
    fn from(code: &Code) -> Self {
        Self {
            grant: code.grant.clone(),
            client: code.client.clone(),
            user: code.user.clone(),
            session: code.session.clone(),
            scope: code.scope.clone(),
            security_version: code.security_version,
        }
    }
}

/// What a client shows in exchange for tokens.
#[derive(Debug, Clone)]
pub struct Redemption {
    /// The code's hash.
    pub code: String,
    /// Who asks.
    pub client: ClientId,
    /// Where it says the code was sent.
    pub redirect_uri: String,
    /// What its verifier hashes to; `None` if it sent none.
    pub challenge: Option<String>,
    /// The hash of the access token that it gets.
    pub token: String,
    /// Whose code it is, for the audit.
    pub user_name: String,
    /// When.
    pub now: Timestamp,
}

/// How a redemption ended.
#[derive(Debug, Clone)]
#[must_use]
pub enum Redeemed {
    /// The code is spent and the access token is stored.
    Granted(Box<Code>),
    /// There is no such code.
    Unknown,
    /// It is too old, its session has ended, the person has changed, or it was tried too often.
    Dead,
    /// It is not for this client, address or verifier; so many tries are left.
    Mismatch(i64),
    /// It had been redeemed before: everything issued from it is revoked.
    Reused,
}

/// An access token that is good for something.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// For which client.
    pub client: ClientId,
    /// For whom.
    pub user: Id<User>,
    /// The scopes.
    pub scope: String,
    /// The person's, when it was issued.
    pub security_version: i64,
    /// When it was issued.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
}
