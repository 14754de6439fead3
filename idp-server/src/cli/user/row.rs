//! How a user is shown: one shape for `list`, `show` and `add`, as text and as JSON.

use serde::Serialize;
use twolatch_core::factor::Kind;
use twolatch_core::policy::{Policy, Status};
use twolatch_core::store::Person;
use twolatch_core::store::budgets::{Budget, Charge};
use twolatch_core::time::Timestamp;
use twolatch_core::user::{GroupName, Role};

use crate::cli::{CliError, say};
use crate::date;
use crate::state::App;
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
}

impl Row {
    pub(super) async fn of(app: &App, person: &Person) -> Result<Self, CliError> {
        Self::under(app, app.logins.policy(app.now()).await?.as_ref(), person).await
    }

    pub(super) async fn under(app: &App, policy: &Policy, person: &Person) -> Result<Self, CliError> {
        let now = app.now();
        let user = &person.user;
        let status = policy.status(user, now);
        let (_, standing) = app.store.standing(&Budget::of_totp(user.id.as_str()), now).await?;
        Ok(Self {
            name: user.name.to_string(),
            email: user.email.as_ref().map(ToString::to_string),
            role: user.role,
            groups: user.groups.clone(),
            second_factor: status.as_str(),
            second_factor_reason: match &status {
                Status::Disabled(reason) => Some(reason.clone()),
                _ => None,
            },
            methods: Kind::METHODS.into_iter().filter(|kind| user.has(*kind)).map(Kind::as_str).collect(),
            locked_until: match standing {
                Charge::Wait(until) => Some(until.unix()),
                Charge::Taken | Charge::Held => None,
            },
            held: standing == Charge::Held,
            last_login: person.last_login().map(Timestamp::unix),
            disabled: user.disabled_at.is_some(),
            shared: user.shared_at.is_some(),
            setup_until: user.setup_until.unix(),
        })
    }

    /// Whether codes have to wait, or are held.
    pub(super) const fn is_locked(&self) -> bool {
        self.held || self.locked_until.is_some()
    }

    #[expect(clippy::unnecessary_wraps, reason = "the other arm of the caller can fail")]
    pub(super) fn print_all(&self) -> Result<(), CliError> {
        let groups: Vec<&str> = self.groups.iter().map(GroupName::as_str).collect();
        say(format_args!("name:           {}", self.name));
        say(format_args!("email:          {}", self.email.as_deref().unwrap_or("-")));
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
