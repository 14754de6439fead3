//! For whom or where a rule is, as addresses and forms of the console name it.

use twolatch_core::client::ClientId;
use twolatch_core::door::Door;
use twolatch_core::policy::{Rule, Rules};
use twolatch_core::user::{GroupName, Role};

use crate::pages::admin::words;
use crate::text::{Text, t};

/// For whom or where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scope {
    /// Everybody, everywhere.
    All,
    /// A role.
    Role(Role),
    /// A group.
    Group(GroupName),
    /// A door.
    Door(Door),
    /// A web application.
    Client(ClientId),
}

impl Scope {
    /// The kinds that a new rule can be of.
    pub(super) const KINDS: [&'static str; 4] = ["role", "group", "door", "client"];

    /// The scope of a kind and a name.
    pub(super) fn parse(kind: &str, of: &str) -> Option<Self> {
        match kind {
            "all" => Some(Self::All),
            "role" => of.parse().ok().map(Self::Role),
            "group" => of.parse().ok().map(Self::Group),
            "door" => of.parse().ok().map(Self::Door),
            "client" => of.parse().ok().map(Self::Client),
            _ => None,
        }
    }

    /// Its kind.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Role(_) => "role",
            Self::Group(_) => "group",
            Self::Door(_) => "door",
            Self::Client(_) => "client",
        }
    }

    /// Its name among those of its kind.
    pub(super) fn of(&self) -> &str {
        match self {
            Self::All => "",
            Self::Role(role) => role.as_str(),
            Self::Group(group) => group.as_str(),
            Self::Door(door) => door.as_str(),
            Self::Client(client) => client.as_str(),
        }
    }

    /// In words.
    pub(super) fn text(&self) -> Text {
        match self {
            Self::All => t("rules-all"),
            Self::Role(role) => t("rules-role").with("role", role),
            Self::Group(group) => t("rules-group").with("group", group),
            Self::Door(door) => words::door(*door),
            Self::Client(client) => words::client(client),
        }
    }

    /// The rule that there is.
    pub(super) fn rule<'r>(&self, rules: &'r Rules) -> Option<&'r Rule> {
        match self {
            Self::All => None,
            Self::Role(role) => rules.roles.get(role),
            Self::Group(group) => rules.groups.get(group),
            Self::Door(door) => rules.doors.get(door),
            Self::Client(client) => rules.clients.get(client),
        }
    }

    /// Puts another rule in its place; an empty one is none.
    pub(super) fn put(&self, rules: &mut Rules, rule: Rule) {
        let none = rule.is_empty();
        match self {
            Self::All => {}
            Self::Role(role) if none => drop(rules.roles.remove(role)),
            Self::Role(role) => drop(rules.roles.insert(*role, rule)),
            Self::Group(group) if none => drop(rules.groups.remove(group)),
            Self::Group(group) => drop(rules.groups.insert(group.clone(), rule)),
            Self::Door(door) if none => drop(rules.doors.remove(door)),
            Self::Door(door) => drop(rules.doors.insert(*door, rule)),
            Self::Client(client) if none => drop(rules.clients.remove(client)),
            Self::Client(client) => drop(rules.clients.insert(client.clone(), rule)),
        }
    }

    /// All that have a rule.
    pub(super) fn all(rules: &Rules) -> Vec<Self> {
        let roles = rules.roles.keys().map(|role| Self::Role(*role));
        let groups = rules.groups.keys().cloned().map(Self::Group);
        let doors = rules.doors.keys().map(|door| Self::Door(*door));
        let clients = rules.clients.keys().cloned().map(Self::Client);
        roles.chain(groups).chain(doors).chain(clients).collect()
    }
}
