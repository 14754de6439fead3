//! The words of policy on pages: levels, doors, roles, and what has decided. It must not know which page they are for.

use twolatch_core::client::ClientId;
use twolatch_core::door::Door;
use twolatch_core::login::explain::Asked;
use twolatch_core::policy::{Because, Level, RecoveryKept};
use twolatch_core::user::Role;

use crate::text::{Text, t};

/// How much is asked.
#[must_use]
pub const fn level(level: Level) -> Text {
    match level {
        Level::Off => t("level-off"),
        Level::Optional => t("level-optional"),
        Level::Required => t("level-required"),
    }
}

/// A door.
#[must_use]
pub const fn door(door: Door) -> Text {
    match door {
        Door::Web => t("door-web"),
        Door::Ssh => t("door-ssh"),
        Door::Console => t("door-console"),
        Door::Sudo => t("door-sudo"),
        Door::Su => t("door-su"),
        Door::Other => t("door-other"),
    }
}

/// An application.
#[must_use]
pub fn client(client: &ClientId) -> Text {
    t("place-client").with("client", client)
}

/// A role.
#[must_use]
pub const fn role(role: Role) -> Text {
    match role {
        Role::Admin => t("role-admin"),
        Role::Supervisor => t("role-supervisor"),
        Role::Member => t("role-member"),
    }
}

/// What is kept for the day on which all else is lost.
#[must_use]
pub const fn recovery(kept: RecoveryKept) -> Text {
    match kept {
        RecoveryKept::Codes => t("kept-codes"),
        RecoveryKept::Key => t("kept-key"),
        RecoveryKept::Both => t("kept-both"),
    }
}

/// What is asked after the password.
#[must_use]
pub const fn asked(asked: Asked) -> Text {
    match asked {
        Asked::Disabled => t("asked-disabled"),
        Asked::Code => t("asked-code"),
        Asked::SetUp => t("asked-set-up"),
        Asked::MailThenSetUp => t("asked-mail"),
        Asked::CodeThenSetUp => t("asked-code-then"),
        Asked::Unable => t("asked-unable"),
        Asked::Late => t("asked-late"),
        Asked::Nothing => t("asked-nothing"),
    }
}

/// What has decided.
#[must_use]
pub fn because(because: &Because) -> Text {
    match because {
        Because::Lock => t("because-lock"),
        Because::Organisation => t("because-organisation"),
        Because::Role(role) => t("because-role").with("role", role),
        Because::Group(group) => t("because-group").with("group", group),
        Because::Person => t("because-person"),
        Because::Door(door) => t("because-door").with("door", door),
        Because::Client(client) => t("because-client").with("client", client),
        Because::Exemption(id) => t("because-exemption").with("id", id),
    }
}

/// How many, as a page says it.
#[must_use]
pub fn number(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
