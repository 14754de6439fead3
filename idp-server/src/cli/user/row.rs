//! How a user is shown: one shape for `list`, `show` and `add`, as text and as JSON.

use serde::Serialize;
use twolatch_core::factor::Kind;
use twolatch_core::policy::Policy;
use twolatch_core::store::budgets::Charge;
use twolatch_core::store::people::Found;
use twolatch_core::time::Timestamp;
use twolatch_core::user::{GroupName, Role};

use crate::cli::{CliError, say};
use crate::date;
use crate::text::Language;

/// A user, as lists show it.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) name: String,
    email: Option<String>,
    pub(super) role: Role,
    pub(super) groups: Vec<GroupName>,
    pub(super) second_factor: &'static str,
    second_factor_reason: Option<String>,
    pub(super) methods: Vec<&'static str>,
    locked_until: Option<i64>,
    held: bool,
    last_login: Option<i64>,
    disabled: bool,
    shared: bool,
    setup_until: i64,
    email_held_until: Option<i64>,
}

impl Row {
    /// Somebody as they stand under a policy.
    pub(super) fn of(found: &Found, policy: &Policy, now: Timestamp) -> Self {
        let Found { person, standing } = found;
        let user = &person.user;
        let status = policy.status(user, now);
        Self {
            name: user.name.to_string(),
            email: user.email.as_ref().map(ToString::to_string),
            role: user.role,
            groups: user.groups.clone(),
            second_factor: status.word().as_str(),
            second_factor_reason: status.reason().map(ToString::to_string),
            methods: Kind::METHODS.into_iter().filter(|kind| user.has(*kind)).map(Kind::as_str).collect(),
            locked_until: match standing {
                Charge::Wait(until) => Some(until.unix()),
                Charge::Taken | Charge::Held => None,
            },
            held: *standing == Charge::Held,
            last_login: person.last_login().map(Timestamp::unix),
            disabled: user.disabled_at.is_some(),
            shared: user.shared_at.is_some(),
            setup_until: user.setup_until.unix(),
            email_held_until: user.email_held(now).map(Timestamp::unix),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "the other arm of the caller can fail")]
    pub(super) fn print_all(&self) -> Result<(), CliError> {
        let groups: Vec<&str> = self.groups.iter().map(GroupName::as_str).collect();
        say(format_args!("name:           {}", self.name));
        say(format_args!("email:          {}", self.email.as_deref().unwrap_or("-")));
        if let Some(until) = self.email_held_until {
            let until = date::minute(Timestamp::from_unix(until), Language::En);
            say(format_args!(
                "                changed lately: no code or link goes there before {until}, unless another"
            ));
            say(format_args!(
                "                administrator confirms it: `twolatch user confirm-address {}`",
                self.name
            ));
        }
        say(format_args!("role:           {}", self.role));
        say(format_args!("groups:         {}", groups.join(", ")));
        match &self.second_factor_reason {
            Some(reason) => say(format_args!("second factor:  {} ({reason})", self.second_factor)),
            None => say(format_args!("second factor:  {}", self.second_factor)),
        }
        say(format_args!("methods:        {}", self.methods.join(", ")));
        if self.held {
            say(format_args!("held:           after too many wrong codes; `twolatch user unlock {}`", self.name));
        }
        if let Some(until) = self.locked_until {
            say(format_args!("may try again:  {}", date::minute(Timestamp::from_unix(until), Language::En)));
        }
        if let Some(last) = self.last_login {
            say(format_args!("last login:     {}", date::minute(Timestamp::from_unix(last), Language::En)));
        }
        Ok(())
    }
}
