//! Exemptions: who is asked for less, where, and until when. Only they lower what rules ask. It must not know how a login
//! goes on, nor who has told what is known of it.
//!
//! Each limit of an exemption needs a fact of the login. One that nobody has told, or that is not certain, is not met: then
//! the exemption does not hold there.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use super::{Fingerprint, Level, Network, Where};
use crate::client::ClientId;
use crate::door::Door;
use crate::id::Id;
use crate::time::Timestamp;
use crate::user::{GroupName, Role, User};

#[cfg(test)]
mod tests;

/// A dated exception for somebody, somewhere.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DatedExemption)]
pub struct Exemption {
    /// Its id.
    #[schema(value_type = String)]
    pub id: Id<Self>,
    /// For whom.
    #[schema(schema_with = crate::described::subject)]
    pub subject: Subject,
    /// Where.
    #[serde(flatten)]
    pub within: Within,
    /// To what the level is lowered.
    pub level: Level,
    /// Until when.
    #[schema(value_type = i64)]
    pub until: Timestamp,
    /// Why.
    pub reason: String,
    /// Who made it.
    pub author: String,
    /// When.
    #[schema(value_type = i64)]
    pub at: Timestamp,
}

/// Whom an exemption is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum Subject {
    /// One person, by id.
    User(Id<User>),
    /// Everybody in a group.
    Group(GroupName),
    /// Everybody of a role.
    Role(Role),
}

/// Where an exemption holds: where all of these are so. One that is `None` is no limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Within {
    /// At this door.
    pub door: Option<Door>,
    /// On the way to this web application.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub client: Option<ClientId>,
    /// For this PAM service.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub service: Option<ServiceName>,
    /// On this host.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub host: Option<HostName>,
    /// From an address in this network: of ssh and in a browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub network: Option<Network>,
    /// Behind this key, which sshd has accepted in the same login.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub key: Option<Fingerprint>,
}

impl From<Door> for Within {
    fn from(door: Door) -> Self {
        Self { door: Some(door), ..Self::default() }
    }
}

impl Exemption {
    /// Whether it holds for somebody's login.
    pub(super) fn covers(&self, user: &User, at: Where<'_>, now: Timestamp) -> bool {
        self.is_for(user, now) && self.within.holds(at)
    }

    /// Whether it is in force for somebody at all.
    pub(super) fn is_for(&self, user: &User, now: Timestamp) -> bool {
        let whom = match &self.subject {
            Subject::User(id) => *id == user.id,
            Subject::Group(group) => user.groups.contains(group),
            Subject::Role(role) => *role == user.role,
        };
        whom && now < self.until
    }
}

impl Within {
    /// Whether all limits are met.
    fn holds(&self, at: Where<'_>) -> bool {
        met(self.door, Some(at.door), |door, here| door == here)
            && met(self.client.as_ref(), at.client, |client, here| client == here)
            && met(self.service.as_ref(), at.service, |service, here| service.0 == here)
            && met(self.host.as_ref(), at.host, |host, here| host.0.eq_ignore_ascii_case(here))
            && met(self.network, at.address, Network::contains)
            && met(self.key.as_ref(), at.key, |key, here| key == here)
    }

    /// The doors at which it can hold; none, where the limits shut each other out.
    #[must_use]
    pub fn doors(&self) -> Vec<Door> {
        let host_only = self.service.is_some() || self.host.is_some();
        let of_service = |service: &ServiceName, door| {
            [Some("tty"), None].into_iter().any(|tty| Door::of_service(&service.0, tty, None) == door)
        };
        let can = |door: &Door| {
            self.door.is_none_or(|only| only == *door)
                && (self.client.is_none() || *door == Door::Web)
                && (!host_only || *door != Door::Web)
                && (self.network.is_none() || matches!(door, Door::Web | Door::Ssh))
                && (self.key.is_none() || *door == Door::Ssh)
                && self.service.as_ref().is_none_or(|service| of_service(service, *door))
        };
        Door::ALL.into_iter().filter(can).collect()
    }

    /// Whether door and application are all that it looks at.
    #[must_use]
    pub const fn is_plain(&self) -> bool {
        self.service.is_none() && self.host.is_none() && self.network.is_none() && self.key.is_none()
    }
}

/// Whether there is no limit, or a fact that meets it.
fn met<L, F>(limit: Option<L>, fact: Option<F>, is: impl FnOnce(L, F) -> bool) -> bool {
    match (limit, fact) {
        (None, _) => true,
        (Some(limit), Some(fact)) => is(limit, fact),
        (Some(_), None) => false,
    }
}

/// The name of a PAM service: that of its file in `/etc/pam.d`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct ServiceName(String);

/// The name of a host, in small letters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct HostName(String);

/// Not a name of a service or a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PlaceError {
    /// Not a service.
    #[error("a service is named as its file in /etc/pam.d: letters, digits, `.`, `_` and `-`, at most 64")]
    Service,
    /// Not a host.
    #[error("a host is named as `hostname` prints it there: letters, digits, `.`, `_` and `-`, at most 253")]
    Host,
}

fn is_plain_name(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

impl ServiceName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServiceName {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        if is_plain_name(text, 64) { Ok(Self(text.to_owned())) } else { Err(PlaceError::Service) }
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HostName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        if is_plain_name(text, 253) { Ok(Self(text.to_ascii_lowercase())) } else { Err(PlaceError::Host) }
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
