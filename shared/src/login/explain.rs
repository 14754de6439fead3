//! What would be asked of somebody now, and which rule decides. It must not know who wants to know.

use std::net::IpAddr;

use serde::Serialize;
use utoipa::ToSchema;

use super::Logins;
use crate::client::ClientId;
use crate::door::Door;
use crate::factor::{Kind, Proof};
use crate::policy::{Decision, Fingerprint, HostName, Level, Policy, ServiceName, Where};
use crate::reason::Reason;
use crate::step::{Step, next};
use crate::store::Person;
use crate::time::Timestamp;

/// What would be asked of one person at one door.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Explained {
    /// Where.
    pub door: Door,
    /// On the way to which application.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub client: Option<ClientId>,
    /// What decides.
    #[serde(flatten)]
    pub decision: Decision,
    /// Whether the login ends there.
    pub refused: bool,
    /// What is asked, after the password.
    #[serde(serialize_with = "words")]
    #[schema(value_type = String)]
    pub asked: Asked,
}

impl Explained {
    /// The application, or the door.
    #[must_use]
    pub fn place(&self) -> &str {
        self.client.as_ref().map_or_else(|| self.door.as_str(), ClientId::as_str)
    }
}

/// What somebody is asked for after the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Nothing: the account is disabled.
    Disabled,
    /// A code.
    Code,
    /// A code that does not count there, and then to set up what does.
    CodeThenSetUp,
    /// To set up a second factor.
    SetUp,
    /// A code that was mailed to the known address, and then to set up.
    MailThenSetUp,
    /// Nothing: the time to set up is over, and the login is refused.
    Late,
    /// Nothing: no method that is allowed can be set up, and the login is refused.
    Unable,
    /// Nothing more.
    Nothing,
}

impl Asked {
    /// Whether the login ends there.
    #[must_use]
    pub const fn is_refused(self) -> bool {
        matches!(self, Self::Disabled | Self::Late | Self::Unable)
    }

    /// In words, to follow "asked for".
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "nothing: the account is disabled and refused",
            Self::Code => "a code",
            Self::CodeThenSetUp => "a code, and then to set up a method that is allowed",
            Self::SetUp => "to set up an authenticator",
            Self::MailThenSetUp => "a code mailed to the known address, and then to set up an authenticator",
            Self::Late => "nothing: refused, because the time to set up is over",
            Self::Unable => "nothing: refused, because no method that is allowed can be set up",
            Self::Nothing => "nothing more",
        }
    }
}

/// What is supposed of a login, besides where it comes in.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// The PAM service.
    pub service: Option<ServiceName>,
    /// The host; this one, where none is named.
    pub host: Option<HostName>,
    /// The address.
    pub address: Option<IpAddr>,
    /// The key that sshd has accepted.
    pub key: Option<Fingerprint>,
}

impl Logins {
    /// A place with what is supposed of a login there: of each only what a login there can tell, as in real ones.
    #[must_use]
    pub fn told<'w>(&'w self, told: &'w Told, at: Where<'w>) -> Where<'w> {
        let (is_web, is_ssh) = (at.door == Door::Web, at.door == Door::Ssh);
        let is_there = |service: &&str| Door::of_service(service, Some("tty"), None) == at.door;
        let service = if is_ssh { Some("sshd") } else { told.service.as_ref().map(ServiceName::as_str) };
        let host = told.host.as_ref().map_or(&*self.host, HostName::as_str);
        Where {
            service: service.filter(is_there),
            host: Some(host).filter(|host| !is_web && !host.is_empty()),
            address: told.address.filter(|_| is_web || is_ssh),
            key: told.key.as_ref().filter(|_| is_ssh),
            ..at
        }
    }

    /// What would be asked of a person somewhere now.
    #[must_use]
    pub fn explain<'w>(&self, policy: &Policy, person: &Person, at: impl Into<Where<'w>>, now: Timestamp) -> Explained {
        let at = at.into();
        let decision = policy.decide(&person.user, at, now);
        let asked = self.asked(policy, person, at, decision.level, now);
        Explained { door: at.door, client: at.client.cloned(), decision, refused: asked.is_refused(), asked }
    }

    /// What a level asks of a person somewhere.
    pub(super) fn asked(&self, policy: &Policy, person: &Person, at: Where<'_>, level: Level, now: Timestamp) -> Asked {
        let facts = self.facts(policy, &person.user, person.last_method, at, now);
        let mut shown = vec![Proof { kind: Kind::Password, at: now }];
        let first = next(level, &facts, &shown, now);
        let leads_on = facts.methods.is_empty() && matches!(first, Step::SecondFactor { .. });
        let last = if leads_on {
            shown.extend(facts.others.iter().map(|kind| Proof { kind: *kind, at: now }));
            next(level, &facts, &shown, now)
        } else {
            first
        };
        match last {
            _ if person.user.disabled_at.is_some() => Asked::Disabled,
            Step::Enrol { .. } if leads_on => Asked::CodeThenSetUp,
            Step::SecondFactor { .. } | Step::Password => Asked::Code,
            Step::Enrol { .. } => Asked::SetUp,
            Step::ProveMailbox { .. } => Asked::MailThenSetUp,
            Step::Refused(Reason::NotEnrolled) => Asked::Unable,
            Step::Refused(_) => Asked::Late,
            Step::Granted(_) | Step::ChangePassword | Step::KeepRecovery => Asked::Nothing,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn words<S: serde::Serializer>(asked: &Asked, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(asked.as_str())
}
