//! Every address of the console that is about one person, about requests, and about adding people; and the links to them.

use serde::{Deserialize, Serialize};
use twolatch_core::user::UserName;

use super::Links;

/// One person.
pub const ADMIN_USER: &str = "/admin/user/{name}";
/// Adding one.
pub const ADMIN_ADD: &str = "/admin/add";
/// Adding many.
pub const ADMIN_IMPORT: &str = "/admin/import";
/// All of them as a file.
pub const ADMIN_EXPORT: &str = "/admin/export";
/// Approving a recovery request.
pub const ADMIN_REQUEST_RESET: &str = "/admin/requests/{name}/reset";
/// Dismissing it.
pub const ADMIN_REQUEST_DISMISS: &str = "/admin/requests/{name}/dismiss";

/// What administrators do to somebody, each on a page of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Another role.
    Role,
    /// Other groups.
    Groups,
    /// A rule for this person alone.
    Level,
    /// What they may set up.
    Methods,
    /// Another mail address.
    Address,
    /// The address that another administrator has given is right.
    ConfirmAddress,
    /// A mailed link that sets a password.
    Invite,
    /// More time to set up.
    ReopenSetup,
    /// All second factors go.
    Reset,
    /// Holds and delays are lifted.
    Unlock,
    /// All sessions end.
    EndSessions,
    /// All remembered devices are forgotten.
    ForgetDevices,
    /// Nobody logs in with the account.
    Disable,
    /// They do again.
    Enable,
    /// The account goes.
    Remove,
}

impl Act {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Role,
        Self::Groups,
        Self::Level,
        Self::Methods,
        Self::Address,
        Self::ConfirmAddress,
        Self::Invite,
        Self::ReopenSetup,
        Self::Reset,
        Self::Unlock,
        Self::EndSessions,
        Self::ForgetDevices,
        Self::Disable,
        Self::Enable,
        Self::Remove,
    ];

    /// Its address.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Role => "/admin/user/{name}/role",
            Self::Groups => "/admin/user/{name}/groups",
            Self::Level => "/admin/user/{name}/level",
            Self::Methods => "/admin/user/{name}/methods",
            Self::Address => "/admin/user/{name}/address",
            Self::ConfirmAddress => "/admin/user/{name}/confirm-address",
            Self::Invite => "/admin/user/{name}/invite",
            Self::ReopenSetup => "/admin/user/{name}/reopen-setup",
            Self::Reset => "/admin/user/{name}/reset",
            Self::Unlock => "/admin/user/{name}/unlock",
            Self::EndSessions => "/admin/user/{name}/end-sessions",
            Self::ForgetDevices => "/admin/user/{name}/forget-devices",
            Self::Disable => "/admin/user/{name}/disable",
            Self::Enable => "/admin/user/{name}/enable",
            Self::Remove => "/admin/user/{name}/remove",
        }
    }
}

/// An address about somebody, without what the issuer has before it.
#[must_use]
pub fn of(path: &str, name: &str) -> String {
    // Whoever is no user has no page: what an address says goes into no other one.
    let name = name.parse::<UserName>().map(|name| name.to_string()).unwrap_or_default();
    path.replace("{name}", &name)
}

impl Links {
    /// One person.
    #[must_use]
    pub fn admin_user(&self, name: &str) -> String {
        self.to(&of(ADMIN_USER, name))
    }

    /// Something that is done to them.
    #[must_use]
    pub fn admin_act(&self, act: &Act, name: &str) -> String {
        self.to(&of(act.path(), name))
    }

    /// Adding one.
    #[must_use]
    pub fn admin_add(&self) -> String {
        self.to(ADMIN_ADD)
    }

    /// Adding many.
    #[must_use]
    pub fn admin_import(&self) -> String {
        self.to(ADMIN_IMPORT)
    }

    /// All of them as a file.
    #[must_use]
    pub fn admin_export(&self) -> String {
        self.to(ADMIN_EXPORT)
    }

    /// Approving somebody's recovery request.
    #[must_use]
    pub fn admin_request_reset(&self, name: &str) -> String {
        self.to(&of(ADMIN_REQUEST_RESET, name))
    }

    /// Dismissing it.
    #[must_use]
    pub fn admin_request_dismiss(&self, name: &str) -> String {
        self.to(&of(ADMIN_REQUEST_DISMISS, name))
    }
}
