//! Something to say about the rules of policy, on pages of the console.

use serde::{Deserialize, Serialize};

use super::Notice;

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RulesNotice {
    /// The switch is turned.
    Switched,
    /// A rule is changed.
    Saved,
    /// A rule is removed.
    Removed,
    /// An exemption is made.
    Exempted,
    /// An exemption is ended.
    Ended,
    /// An earlier version is in force again.
    Restored,
    /// Somebody else has changed the rules meanwhile.
    Outdated,
    /// The configuration does not let anybody be below `required`.
    Locked,
    /// No administrator could sign in any more.
    LocksOut,
    /// The password was not right.
    WrongPassword,
    /// It is too early for another try.
    Wait,
}

impl From<RulesNotice> for Notice {
    fn from(notice: RulesNotice) -> Self {
        Self::Rules(notice)
    }
}
