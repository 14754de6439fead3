//! What policy asks of whom: a pure decision over rules that only raise and exemptions that only lower. It must not
//! know how a login goes on.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::client::ClientId;
use crate::door::Door;
use crate::id::Id;
use crate::time::Timestamp;
use crate::user::{GroupName, Role, User};

pub use self::admin_link::{AdminLink, UnknownAdminLink};
pub use self::exemption::{Exemption, HostName, PlaceError, ServiceName, Subject, Within};
pub use self::fingerprint::{Fingerprint, FingerprintError};
pub use self::network::{Network, NetworkError};
pub use self::rules::{RecoveryKept, Rule, Rules};
pub use self::status::{Status, StatusWord, Unasked, UnknownStatus};
pub use self::terms::Terms;

mod admin_link;
mod exemption;
mod fingerprint;
mod network;
mod rules;
mod status;
mod terms;
#[cfg(test)]
mod tests;

/// How much is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nobody is asked.
    Off,
    /// Whoever has set something up is asked.
    Optional,
    /// All are asked, and who has nothing must set up.
    Required,
}

impl Level {
    /// All of them, lowest first.
    pub const ALL: [Self; 3] = [Self::Off, Self::Optional, Self::Required];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or(UnknownLevel)
    }
}

/// Not the name of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a level is one of off, optional, required")]
pub struct UnknownLevel;

/// The rules in force, with all exemptions.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Raised by every change of a rule or exemption.
    pub version: i64,
    /// The rules.
    pub rules: Rules,
    /// The exemptions, expired ones too.
    pub exemptions: Vec<Exemption>,
    /// The configuration does not let anybody below `required`.
    pub locked: bool,
}

/// Where somebody logs in: a door, behind the web the application that they sign in to, and what else is known for certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Where<'w> {
    /// The door.
    pub door: Door,
    /// The application; none for the own account, and at all other doors.
    pub client: Option<&'w ClientId>,
    /// The PAM service, where root has named it.
    pub service: Option<&'w str>,
    /// The host, as its server knows it.
    pub host: Option<&'w str>,
    /// The address that sshd or the web server has accepted the connection from.
    pub address: Option<IpAddr>,
    /// The key that sshd has accepted in this login.
    pub key: Option<&'w Fingerprint>,
}

impl<'w> Where<'w> {
    /// The web, on the way to an application or to the own account; from where is not known.
    #[must_use]
    pub const fn web(client: Option<&'w ClientId>) -> Self {
        Self { door: Door::Web, client, service: None, host: None, address: None, key: None }
    }
}

impl From<Door> for Where<'_> {
    fn from(door: Door) -> Self {
        Self { door, ..Self::web(None) }
    }
}

/// What is asked of one person at one door, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[must_use]
pub struct Decision {
    /// The effective level.
    pub level: Level,
    /// What decided.
    #[schema(schema_with = crate::described::because)]
    pub because: Because,
}

/// The rule or exemption that decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "rule", content = "of", rename_all = "snake_case")]
pub enum Because {
    /// The configuration: `[policy] lock = "required"`.
    Lock,
    /// The rule for everybody.
    Organisation,
    /// A rule for the role.
    Role(Role),
    /// A rule for a group.
    Group(GroupName),
    /// A rule for this person.
    Person,
    /// A rule for the door.
    Door(Door),
    /// A rule for the application.
    Client(ClientId),
    /// An exemption, by id.
    Exemption(Id<Exemption>),
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lock => f.write_str("`lock = \"required\"` in the configuration"),
            Self::Organisation => f.write_str("the rule for the whole organisation"),
            Self::Role(role) => write!(f, "the rule for the role {role}"),
            Self::Group(group) => write!(f, "the rule for the group {group}"),
            Self::Person => f.write_str("the rule for this person"),
            Self::Door(door) => write!(f, "the rule for the door {door}"),
            Self::Client(client) => write!(f, "the rule for the application {client}"),
            Self::Exemption(id) => write!(f, "the exemption {id}"),
        }
    }
}

impl Policy {
    /// What is asked of a person somewhere. The highest rule that matches wins; then the lowest exemption that is in
    /// force; the configuration's lock stands above both.
    pub fn decide<'w>(&self, user: &User, at: impl Into<Where<'w>>, now: Timestamp) -> Decision {
        if self.locked {
            return Decision { level: Level::Required, because: Because::Lock };
        }
        let at = at.into();
        let mut decision = Decision { level: self.rules.organisation, because: Because::Organisation };
        let mut raise = |level: Option<Level>, because: Because| {
            if let Some(level) = level.filter(|level| *level > decision.level) {
                decision = Decision { level, because };
            }
        };
        for (because, rule) in self.rules.of_person(user) {
            raise(rule.level, because);
        }
        raise(user.level, Because::Person);
        for (because, rule) in self.rules.of_place(at) {
            raise(rule.level, because);
        }
        for exemption in self.exemptions.iter().filter(|exemption| exemption.covers(user, at, now)) {
            if exemption.level < decision.level {
                decision = Decision { level: exemption.level, because: Because::Exemption(exemption.id.clone()) };
            }
        }
        decision
    }

    /// The least that is asked of a person at a door: as if every exemption held that can hold there.
    #[must_use]
    pub fn least(&self, user: &User, door: Door, now: Timestamp) -> Level {
        let level = self.decide(user, door, now).level;
        let can = |one: &&Exemption| !self.locked && one.is_for(user, now) && one.within.doors().contains(&door);
        self.exemptions.iter().filter(can).map(|one| one.level).fold(level, Level::min)
    }

    /// The most that is asked of a person anywhere.
    pub fn most(&self, user: &User, now: Timestamp) -> Decision {
        let decisions = self.places().into_iter().map(|at| self.decide(user, at, now));
        let first = self.decide(user, Door::Web, now);
        decisions.fold(first, |most, next| if next.level > most.level { next } else { most })
    }

    /// Everywhere that may differ: all doors, and the applications that have a rule or an exemption of their own.
    #[must_use]
    pub fn places(&self) -> Vec<Where<'_>> {
        let exempt = self.exemptions.iter().filter_map(|one| one.within.client.as_ref());
        let clients: BTreeSet<&ClientId> = self.rules.clients.keys().chain(exempt).collect();
        let clients = clients.into_iter().map(|client| Where::web(Some(client)));
        Door::ALL.into_iter().map(Where::from).chain(clients).collect()
    }
}
