//! Who is at an application behind a proxy: first a ticket, good once and in one browser, then the cookie that it is changed
//! for. It must know neither HTTP nor SQL.

use crate::client::{AppHost, ClientId};
use crate::id::Id;
use crate::time::Timestamp;
use crate::user::User;

/// How long a ticket can be changed for a cookie, in seconds.
pub const TICKET_LIFE: i64 = 30;

/// Somebody at an application, or on the way to it.
#[derive(Debug, Clone)]
pub struct Visit {
    /// What is stored of the ticket, then of the cookie.
    pub token: String,
    /// At which application.
    pub client: ClientId,
    /// At which of its hosts.
    pub host: AppHost,
    /// Who.
    pub user: Id<User>,
    /// The session that it hangs on, as web apps know it.
    pub sid: String,
    /// The version of the policy that let them in: another may ask for more.
    pub policy: i64,
    /// What a ticket is bound to and leads to; nothing for a cookie.
    pub arrival: Option<Arrival>,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when at the most.
    pub expires_at: Timestamp,
}

/// How somebody gets there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// What is stored of what the browser was given when it was sent to sign in.
    pub nonce: String,
    /// Path and query of the page that it asked for.
    pub return_to: String,
}

/// What a browser shows in exchange for its cookie.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// The hash of the ticket.
    pub token: String,
    /// The host at which it is shown.
    pub host: AppHost,
    /// The hash of what the browser was given.
    pub nonce: String,
    /// The hash of the cookie that it gets.
    pub cookie: String,
    /// When.
    pub now: Timestamp,
}
