//! What policy asks of whom: a pure decision over rules that only raise and exemptions that only lower. It must not
//! know how a login goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::door::Door;
use crate::factor::Kind;
use crate::id::Id;
use crate::time::Timestamp;
use crate::user::{GroupName, Role, User};

pub use self::admin_link::{AdminLink, UnknownAdminLink};

mod admin_link;
#[cfg(test)]
mod tests;

/// How much is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

/// The rules as they are stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// For everybody, everywhere.
    pub organisation: Level,
    /// For everybody of a role.
    #[serde(default)]
    pub roles: BTreeMap<Role, Level>,
    /// For everybody in a group.
    #[serde(default)]
    pub groups: BTreeMap<GroupName, Level>,
    /// For everybody at a door.
    #[serde(default)]
    pub doors: BTreeMap<Door, Level>,
    /// How many consecutive codes confirm a new authenticator: 1 or 2. With 1 no drift is learned.
    pub enrol_codes: u8,
    /// Days after adding, invitation or reset in which a first second factor can be set up.
    pub setup_days: u16,
    /// What may be set up and asked for: of [`Kind::METHODS`].
    #[serde(default = "all_methods")]
    pub methods: BTreeSet<Kind>,
    /// What is kept for the day on which those are lost.
    #[serde(default)]
    pub recovery: RecoveryKept,
    /// For how many days a browser can be remembered; administrators' never are.
    #[serde(default = "two_weeks")]
    pub device_days: u16,
    /// How often a person may put set-up off; with a deadline and 0 as often as before it.
    #[serde(default)]
    pub skips: u8,
    /// Until when set-up may be put off.
    #[serde(default)]
    pub skip_until: Option<Timestamp>,
    /// Whether an administrator who is stuck may have a link mailed.
    #[serde(default)]
    pub admin_link: AdminLink,
}

/// What is kept for the day on which authenticator and mailbox are lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecoveryKept {
    /// Ten codes.
    #[default]
    Codes,
    /// One long key.
    Key,
    /// Both.
    Both,
}

impl RecoveryKept {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Codes, Self::Key, Self::Both];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Codes => "codes",
            Self::Key => "key",
            Self::Both => "both",
        }
    }

    /// Whether ten codes are made.
    #[must_use]
    pub const fn has_codes(self) -> bool {
        matches!(self, Self::Codes | Self::Both)
    }

    /// Whether a key is made.
    #[must_use]
    pub const fn has_key(self) -> bool {
        matches!(self, Self::Key | Self::Both)
    }
}

fn all_methods() -> BTreeSet<Kind> {
    BTreeSet::from(Kind::METHODS)
}

const fn two_weeks() -> u16 {
    14
}

impl Rules {
    /// What a new system starts with.
    #[must_use]
    pub fn initial(organisation: Level) -> Self {
        Self {
            organisation,
            roles: BTreeMap::new(),
            groups: BTreeMap::new(),
            doors: BTreeMap::new(),
            enrol_codes: 2,
            setup_days: 7,
            methods: all_methods(),
            recovery: RecoveryKept::default(),
            device_days: two_weeks(),
            skips: 0,
            skip_until: None,
            admin_link: AdminLink::default(),
        }
    }

    /// Whether they let anybody be below `required`: what the configuration's lock does not allow.
    #[must_use]
    pub fn go_below_required(&self, now: Timestamp) -> bool {
        self.organisation < Level::Required || self.skips > 0 || self.skip_until.is_some_and(|until| now < until)
    }

    /// Until when somebody who is added, invited or reset now can set up.
    #[must_use]
    pub fn setup_until(&self, now: Timestamp) -> Timestamp {
        now.plus(i64::from(self.setup_days) * 86_400)
    }

    /// For how long a browser of somebody can be remembered, in seconds; 0 is not at all.
    #[must_use]
    pub fn device_life(&self, user: &User) -> i64 {
        if user.role == Role::Admin { 0 } else { i64::from(self.device_days) * 86_400 }
    }

    /// Whether somebody may put set-up off now.
    #[must_use]
    pub fn may_put_off(&self, user: &User, now: Timestamp) -> bool {
        self.later_counts(user, now) && (self.skips == 0 || user.skipped < i64::from(self.skips))
    }

    /// Whether somebody who has just put set-up off may go on without.
    #[must_use]
    pub fn later_counts(&self, user: &User, now: Timestamp) -> bool {
        let open = self.skip_until.map_or(self.skips > 0, |until| now < until);
        open && (self.skips == 0 || user.skipped <= i64::from(self.skips))
    }
}

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

/// A dated exception for somebody, somewhere.
#[derive(Debug, Clone, Serialize)]
pub struct Exemption {
    /// Its id.
    pub id: Id<Self>,
    /// For whom.
    pub subject: Subject,
    /// Where; everywhere if `None`.
    pub door: Option<Door>,
    /// To what the level is lowered.
    pub level: Level,
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
    /// Who made it.
    pub author: String,
    /// When.
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

/// What is asked of one person at one door, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[must_use]
pub struct Decision {
    /// The effective level.
    pub level: Level,
    /// What decided.
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
            Self::Exemption(id) => write!(f, "the exemption {id}"),
        }
    }
}

impl Policy {
    /// What is asked of a person at a door. The highest rule that matches wins; then the lowest exemption that is in
    /// force; the configuration's lock stands above both.
    pub fn decide(&self, user: &User, door: Door, now: Timestamp) -> Decision {
        if self.locked {
            return Decision { level: Level::Required, because: Because::Lock };
        }
        let rules = &self.rules;
        let mut decision = Decision { level: rules.organisation, because: Because::Organisation };
        let mut raise = |level: Option<Level>, because: Because| {
            if let Some(level) = level.filter(|level| *level > decision.level) {
                decision = Decision { level, because };
            }
        };
        raise(rules.roles.get(&user.role).copied(), Because::Role(user.role));
        for group in &user.groups {
            raise(rules.groups.get(group).copied(), Because::Group(group.clone()));
        }
        raise(user.level, Because::Person);
        raise(rules.doors.get(&door).copied(), Because::Door(door));
        for exemption in self.exemptions.iter().filter(|exemption| exemption.covers(user, door, now)) {
            if exemption.level < decision.level {
                decision = Decision { level: exemption.level, because: Because::Exemption(exemption.id.clone()) };
            }
        }
        decision
    }

    /// How a person stands, over all doors.
    #[must_use]
    pub fn status(&self, user: &User, now: Timestamp) -> Status {
        let enrolled = self.rules.methods.iter().any(|kind| user.has(*kind));
        let decisions = Door::ALL.map(|door| self.decide(user, door, now));
        let highest = decisions.iter().max_by_key(|decision| decision.level);
        match highest {
            _ if user.disabled_at.is_some() => Status::Disabled("the account is disabled".to_owned()),
            Some(decision) if enrolled && decision.level > Level::Off => Status::Activated,
            Some(decision) if decision.level == Level::Required => Status::Pending,
            Some(decision) if decision.level == Level::Optional => {
                Status::Disabled(format!("optional by {}, and nothing is set up", decision.because))
            }
            Some(decision) => Status::Disabled(format!("off by {}", decision.because)),
            None => Status::Pending,
        }
    }
}

impl Exemption {
    fn covers(&self, user: &User, door: Door, now: Timestamp) -> bool {
        let whom = match &self.subject {
            Subject::User(id) => *id == user.id,
            Subject::Group(group) => user.groups.contains(group),
            Subject::Role(role) => *role == user.role,
        };
        whom && self.door.is_none_or(|other| other == door) && now < self.until
    }
}

/// A person's second factor, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Required somewhere, and nothing is set up.
    Pending,
    /// Set up, and asked for somewhere.
    Activated,
    /// Neither, and why.
    Disabled(String),
}

impl Status {
    /// All of them.
    pub const WORDS: [&'static str; 3] = ["Pending", "Activated", "Disabled"];

    /// The word for it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Activated => "Activated",
            Self::Disabled(_) => "Disabled",
        }
    }
}
