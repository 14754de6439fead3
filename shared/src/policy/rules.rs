//! The rules as they are stored: what holds for everybody, and what else holds for some and in some places. It must not
//! know what comes of them together.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{AdminLink, Because, Level, Where};
use crate::client::ClientId;
use crate::door::Door;
use crate::factor::Kind;
use crate::time::Timestamp;
use crate::user::{GroupName, Role, User};

/// The rules as they are stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// For everybody, everywhere.
    pub organisation: Level,
    /// For everybody of a role.
    #[serde(default)]
    pub roles: BTreeMap<Role, Rule>,
    /// For everybody in a group.
    #[serde(default)]
    pub groups: BTreeMap<GroupName, Rule>,
    /// For everybody at a door.
    #[serde(default)]
    pub doors: BTreeMap<Door, Rule>,
    /// For everybody who signs in to an application.
    #[serde(default)]
    pub clients: BTreeMap<ClientId, Rule>,
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

/// What holds besides for some people or in one place. It can only ask for more than what holds for everybody: the highest
/// level counts, and of all else the strictest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    /// How much is asked at the least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Nothing else may be set up and asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub methods: Option<BTreeSet<Kind>>,
    /// For how many days a browser can be remembered at the most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_days: Option<u16>,
    /// How often a person may put set-up off at the most; 0 is never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skips: Option<u8>,
    /// Until when set-up may be put off at the most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_until: Option<Timestamp>,
    /// Recovery codes and keys are not taken in place of a second factor.
    #[serde(skip_serializing_if = "is_not")]
    pub no_recovery: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
const fn is_not(said: &bool) -> bool {
    !*said
}

impl From<Level> for Rule {
    fn from(level: Level) -> Self {
        Self { level: Some(level), ..Self::default() }
    }
}

impl Rule {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
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
            clients: BTreeMap::new(),
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

    /// The rules that hold for somebody wherever they are, besides their own.
    pub(super) fn of_person<'r>(&'r self, user: &'r User) -> impl Iterator<Item = (Because, &'r Rule)> {
        let role = self.roles.get(&user.role).map(|rule| (Because::Role(user.role), rule));
        let of_group = |group: &'r GroupName| Some((Because::Group(group.clone()), self.groups.get(group)?));
        role.into_iter().chain(user.groups.iter().filter_map(of_group))
    }

    /// The rules that hold for everybody in a place.
    pub(super) fn of_place(&self, at: Where<'_>) -> impl Iterator<Item = (Because, &Rule)> {
        let door = self.doors.get(&at.door).map(|rule| (Because::Door(at.door), rule));
        let of_client = |client: &ClientId| Some((Because::Client(client.clone()), self.clients.get(client)?));
        door.into_iter().chain(at.client.and_then(of_client))
    }

    /// What is other in later rules: what it is about, what it was, and what it is. A rule that is not there is empty.
    #[must_use]
    pub fn difference(&self, later: &Self) -> Vec<(String, String, String)> {
        let (before, after) = (self.settings(), later.settings());
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let value = |settings: &BTreeMap<String, String>, name: &str| settings.get(name).cloned().unwrap_or_default();
        let told = names.into_iter().map(|name| (name.clone(), value(&before, name), value(&after, name)));
        told.filter(|(_, before, after)| before != after).collect()
    }

    /// Everything that is set, by name.
    fn settings(&self) -> BTreeMap<String, String> {
        let mut settings = BTreeMap::new();
        let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(self) else { return settings };
        for (name, value) in fields {
            match value {
                serde_json::Value::Object(rules) => {
                    // `roles`, `groups`: one rule is of a role, of a group.
                    let kind = name.trim_end_matches('s');
                    settings.extend(rules.iter().map(|(of, rule)| (format!("{kind} {of}"), told(rule))));
                }
                value => drop(settings.insert(name, told(&value))),
            }
        }
        settings
    }

    /// What these rules allow below `required` that others did not: what the configuration's lock refuses.
    #[must_use]
    pub fn go_below_required(&self, before: &Self, now: Timestamp) -> bool {
        let below = |level: Option<Level>, before: Option<Level>| {
            level != before && level.is_some_and(|level| level < Level::Required)
        };
        let later = self.skips != before.skips && self.skips > 0
            || self.skip_until != before.skip_until && self.skip_until.is_some_and(|until| now < until);
        later || below(Some(self.organisation), Some(before.organisation))
    }

    /// Other rules with the switch for the whole organisation as it is in these.
    #[must_use]
    pub fn without_switch(&self, other: Self) -> Self {
        Self { organisation: self.organisation, ..other }
    }

    /// Whether these rules ask for less than others did, of anybody or anywhere.
    #[must_use]
    pub fn ask_for_less(&self, before: &Self) -> bool {
        let whole = |rules: &Self| Rule {
            level: Some(rules.organisation),
            methods: Some(rules.methods.clone()),
            device_days: Some(rules.device_days),
            skips: Some(rules.skips),
            ..Rule::default()
        };
        whole(self).asks_for_less(&whole(before))
            || self.skip_until > before.skip_until
            || self.enrol_codes < before.enrol_codes
            || weaker(&self.roles, &before.roles)
            || weaker(&self.groups, &before.groups)
            || weaker(&self.doors, &before.doors)
            || weaker(&self.clients, &before.clients)
    }

    /// Until when somebody who is added, invited or reset now can set up.
    #[must_use]
    pub fn setup_until(&self, now: Timestamp) -> Timestamp {
        now.plus(i64::from(self.setup_days) * 86_400)
    }
}

/// Whether any of these rules, or the lack of one, asks for less than the one that was there.
fn weaker<K: Ord>(now: &BTreeMap<K, Rule>, before: &BTreeMap<K, Rule>) -> bool {
    let none = Rule::default();
    before.iter().any(|(of, before)| now.get(of).unwrap_or(&none).asks_for_less(before))
}

impl Rule {
    fn asks_for_less(&self, before: &Self) -> bool {
        self.level < before.level
            || before.no_recovery && !self.no_recovery
            || is_wider(self.device_days, before.device_days)
            || is_wider(self.skips, before.skips)
            || is_wider(self.skip_until, before.skip_until)
            || before.methods.as_ref().is_some_and(|few| self.methods.as_ref().is_none_or(|now| !now.is_subset(few)))
    }
}

/// Whether a limit was there, and is not any more or lies higher.
fn is_wider<T: PartialOrd>(now: Option<T>, before: Option<T>) -> bool {
    before.is_some_and(|before| now.is_none_or(|now| now > before))
}

/// A value in words: `level required, methods totp email_code`.
fn told(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(all) => all.iter().map(told).collect::<Vec<_>>().join(" "),
        serde_json::Value::Object(fields) => {
            fields.iter().map(|(name, value)| format!("{name} {}", told(value))).collect::<Vec<_>>().join(", ")
        }
        value => value.to_string(),
    }
}
