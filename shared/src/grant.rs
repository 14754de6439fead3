//! What is issued to a client: grants with their codes and refresh tokens, access tokens, and how a redemption ends. It must
//! know neither HTTP nor SQL.

use serde::{Deserialize, Serialize};

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

/// How long one is that others read by themselves: they are told of no end that comes before.
pub const JWT_TOKEN_LIFE: i64 = 600;

/// How long a refresh token is good for that nobody uses, in seconds.
pub const REFRESH_IDLE: i64 = 14 * 86_400;

/// How long a client can go on without the person, in seconds.
pub const OFFLINE_LIFE: i64 = 90 * 86_400;

/// The client that programs get tokens of for a person's own password and code. It is built in: no application can have
/// this id.
pub const API_CLIENT: &str = "api";

/// What a person has let a client have. A code stands for it at first.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Everything that comes of it carries this.
    pub id: Id<Grant>,
    /// To which client.
    pub client: ClientId,
    /// Whose.
    pub user: Id<User>,
    /// The session that it was given in, as web apps know it.
    pub sid: String,
    /// Whether the client may go on when that session has grown old; it may not when somebody has ended it.
    pub offline: bool,
    /// The address that it was asked for from, where that is known.
    pub place: String,
    /// Where the code was sent, byte for byte.
    pub redirect_uri: String,
    /// The PKCE challenge (S256).
    pub challenge: Option<String>,
    /// What the client binds the ID token with.
    pub nonce: Option<String>,
    /// The scopes, as they were understood.
    pub scope: String,
    /// What the client has asked for by name beside that.
    pub claims: Wanted,
    /// What the person had shown.
    pub proofs: Vec<Proof>,
    /// The person's, when it was given.
    pub security_version: i64,
    /// When it was given.
    pub created_at: Timestamp,
    /// What is stored of the code. The code itself is known to the client alone.
    pub code: String,
    /// What is stored of the refresh token that is good.
    pub refresh: Option<String>,
    /// Until when anything can come of it.
    pub expires_at: Timestamp,
    /// When the code was redeemed.
    pub used_at: Option<Timestamp>,
    /// The thumbprint of the only key with which something can be had for it (RFC 9449), where there is one.
    pub jkt: Option<String>,
}

impl Grant {
    /// Until when its code can be redeemed.
    #[must_use]
    pub fn code_until(&self) -> Timestamp {
        self.created_at.plus(CODE_LIFE)
    }

    /// The refresh token with a random secret.
    #[must_use]
    pub fn refresh_token(id: &Id<Self>, secret: &str) -> String {
        format!("{id}.{secret}")
    }

    /// The grant that a refresh token names, rightly or not.
    #[must_use]
    pub fn of_refresh_token(token: &str) -> Option<Id<Self>> {
        // One dot: a signed access token has two.
        token.split_once('.').filter(|(_, secret)| !secret.contains('.')).map(|(id, _)| Id::from_stored(id.to_owned()))
    }

    /// The same once its refresh token was made or used.
    #[must_use]
    pub fn renewed(self, refresh: String, now: Timestamp) -> Self {
        let expires_at = now.plus(REFRESH_IDLE).min(self.created_at.plus(OFFLINE_LIFE));
        Self { refresh: Some(refresh), expires_at, ..self }
    }
}

/// Claims that a client has asked for by name (OpenID Connect Core, 5.5).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// At the userinfo endpoint.
    pub userinfo: Vec<String>,
    /// In the ID token.
    pub id_token: Vec<String>,
}

/// What a new grant answers: it is used up with that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answering {
    /// A request that came with the browser.
    Browser,
    /// One that the client has pushed, by its hash.
    Pushed(String),
    /// One of a device, whose code is the grant's.
    Device,
}

/// What an access token is issued for.
#[derive(Debug, Clone)]
pub struct Issue {
    /// To which client.
    pub client: ClientId,
    /// For whom, where it is not for the client itself.
    pub person: Option<For>,
    /// The scopes.
    pub scope: String,
    /// What it tells at the userinfo endpoint beside those, by name.
    pub claims: Vec<String>,
}

/// What is stored of a new access token, beside what it is for.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Under what it is stored.
    pub key: String,
    /// The thumbprint of the key that it is bound to (RFC 9449), if it is.
    pub jkt: Option<String>,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// The person that an access token is for.
#[derive(Debug, Clone)]
pub struct For {
    /// Who.
    pub user: Id<User>,
    /// Their version, when it was given.
    pub security_version: i64,
    /// What it comes of, and ends with.
    pub grant: Option<Id<Grant>>,
    /// The session that it lives no longer than.
    pub sid: Option<String>,
}

impl Issue {
    /// For what a person has let a client have.
    #[must_use]
    pub fn of(grant: &Grant) -> Self {
        let person = For {
            user: grant.user.clone(),
            security_version: grant.security_version,
            grant: Some(grant.id.clone()),
            sid: (!grant.offline).then(|| grant.sid.clone()),
        };
        Self {
            client: grant.client.clone(),
            person: Some(person),
            scope: grant.scope.clone(),
            claims: grant.claims.userinfo.clone(),
        }
    }
}

/// What a client shows in exchange for its first tokens.
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
    /// The access token that it gets. Its key has to be that of the grant, where that names one.
    pub token: NewToken,
    /// The hash of the refresh token that it gets if the grant is offline.
    pub refresh: String,
    /// The thumbprint of the only key that this is good with, if there is to be one.
    pub jkt: Option<String>,
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
    Granted(Box<Grant>),
    /// There is no such code.
    Unknown,
    /// It is too old, its session has ended, the person has changed, or it was tried too often.
    Dead,
    /// It is not for this client, address, verifier or key; so many tries are left.
    Mismatch(i64),
    /// It had been redeemed before: everything issued from it is gone.
    Reused,
}

/// What a client shows in exchange for its next tokens.
#[derive(Debug, Clone)]
pub struct Refreshing {
    /// What it was given.
    pub grant: Id<Grant>,
    /// Who asks.
    pub client: ClientId,
    /// The hash of the refresh token that it sent.
    pub refresh: String,
    /// The hash of the one that it gets, or of the same.
    pub next: String,
    /// The access token that it gets. Its key has to be that of the grant, where that names one.
    pub token: NewToken,
    /// The scopes of that: all, or fewer.
    pub scope: String,
    /// The thumbprint of the key that it is bound to from now on, where it is to none yet and should be.
    pub jkt: Option<String>,
    /// Whose grant it is, for the audit.
    pub user_name: String,
    /// When.
    pub now: Timestamp,
}

/// How a refresh ended.
#[derive(Debug, Clone)]
#[must_use]
pub enum Refreshed {
    /// The refresh token is spent and the access token is stored.
    Granted(Box<Grant>),
    /// There is no such grant, nothing comes of it any more, or it is bound to another key.
    Dead,
    /// It had been used before, or is none: everything issued from the grant is gone.
    Reused,
}

/// An access token that is good for something.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// To which client.
    pub client: ClientId,
    /// For whom, and their version when it was issued; absent where the client asked for itself.
    pub person: Option<(Id<User>, i64)>,
    /// The scopes.
    pub scope: String,
    /// What it tells at the userinfo endpoint beside those, by name.
    pub claims: Vec<String>,
    /// The thumbprint of the key without which it is worth nothing, if there is one.
    pub jkt: Option<String>,
    /// When it was issued.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
}
