//! What would be asked of somebody now, and which rule decides. It must not know who wants to know.

use serde::Serialize;

use super::Logins;
use crate::door::Door;
use crate::factor::{Kind, Proof};
use crate::policy::{Decision, Policy};
use crate::step::{Step, next};
use crate::store::Person;
use crate::time::Timestamp;

/// What would be asked of one person at one door.
#[derive(Debug, Clone, Serialize)]
pub struct Explained {
    /// Where.
    pub door: Door,
    /// What decides.
    #[serde(flatten)]
    pub decision: Decision,
    /// What is asked, after the password.
    #[serde(serialize_with = "words")]
    pub asked: Asked,
}

/// What somebody is asked for after the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Nothing: the account is disabled.
    Disabled,
    /// A code.
    Code,
    /// To set up a second factor.
    SetUp,
    /// A code that was mailed to the known address, and then to set up.
    MailThenSetUp,
    /// Nothing: the time to set up is over, and the login is refused.
    Late,
    /// Nothing more.
    Nothing,
}

impl Asked {
    /// In words, to follow "asked for".
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "nothing: the account is disabled and refused",
            Self::Code => "a code",
            Self::SetUp => "to set up an authenticator",
            Self::MailThenSetUp => "a code mailed to the known address, and then to set up an authenticator",
            Self::Late => "nothing: refused, because the time to set up is over",
            Self::Nothing => "nothing more",
        }
    }
}

impl Logins {
    /// What would be asked of a person at a door now.
    #[must_use]
    pub fn explain(&self, policy: &Policy, person: &Person, door: Door, now: Timestamp) -> Explained {
        let decision = policy.decide(&person.user, door, now);
        let facts = self.facts(policy, &person.user, person.last_method, door, now);
        let password = [Proof { kind: Kind::Password, at: now }];
        let asked = match next(decision.level, &facts, &password, now) {
            _ if person.user.disabled_at.is_some() => Asked::Disabled,
            Step::SecondFactor { .. } | Step::Password => Asked::Code,
            Step::Enrol { .. } => Asked::SetUp,
            Step::ProveMailbox { .. } => Asked::MailThenSetUp,
            Step::Refused(_) => Asked::Late,
            Step::Granted(_) | Step::ChangePassword | Step::KeepRecovery => Asked::Nothing,
        };
        Explained { door, decision, asked }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn words<S: serde::Serializer>(asked: &Asked, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(asked.as_str())
}
