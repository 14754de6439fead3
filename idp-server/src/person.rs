//! What administrators do to one person, in the console and through the admin API: the same checks, the same records. It
//! must not know who has asked, nor how an answer looks.

use std::collections::BTreeSet;

use twolatch_core::factor::Kind;
use twolatch_core::id::Id;
use twolatch_core::login::manage::{Actor, ManageError};
use twolatch_core::policy::Level;
use twolatch_core::store::StoreError;
use twolatch_core::user::{Email, GroupName, Role, User, UserName};

use crate::state::App;
use crate::web::path::person::Act;

/// The word for no rule of one's own.
pub const NONE: &str = "none";

/// Somebody to be added.
#[derive(Debug, Clone)]
pub struct New {
    /// The name.
    pub name: UserName,
    /// Where mail goes; not known to be theirs until they have read mail there.
    pub email: Option<Email>,
    /// The role.
    pub role: Role,
    /// The groups.
    pub groups: Vec<GroupName>,
    /// Whether a link is mailed to them. Nobody is added where that cannot be.
    pub invite: bool,
}

/// Adds somebody; a link is mailed by [`act`] then.
///
/// # Errors
/// Why nobody was added.
pub async fn add(app: &App, new: New, actor: &Actor) -> Result<User, ManageError> {
    let New { name, email, role, groups, invite } = new;
    if invite && email.is_none() {
        return Err(ManageError::NoAddress(name.to_string()));
    }
    if invite && !app.logins.mail {
        return Err(ManageError::NoMail);
    }
    let setup_until = app.logins.policy(actor.now).await?.rules.setup_until(actor.now);
    let id = Id::random(app.entropy()).map_err(StoreError::from)?;
    let user = User { email, role, groups, ..User::new(id, name, setup_until, actor.now) };
    app.logins.add_user(user, None, false, actor).await
}

/// Values that take the place of others. What is absent stays; a rule of one's own can also be taken away.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// The role.
    pub role: Option<Role>,
    /// The groups, all of them.
    pub groups: Option<Vec<GroupName>>,
    /// The rule for this person alone.
    pub level: Option<Option<Level>>,
    /// What they may set up.
    pub methods: Option<Option<BTreeSet<Kind>>>,
}

impl Changes {
    /// Whether nothing takes the place of anything.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.role.is_none() && self.groups.is_none() && self.level.is_none() && self.methods.is_none()
    }

    /// What is recorded.
    fn said(&self) -> String {
        let joined = |words: Vec<&str>, by| words.join(by);
        let groups = self.groups.as_ref().map(|all| joined(all.iter().map(GroupName::as_str).collect(), ";"));
        let level = self.level.map(|level| level.map_or(NONE, Level::as_str));
        let methods = self.methods.as_ref().map(|own| match own {
            Some(kinds) => joined(kinds.iter().map(|kind| kind.as_str()).collect(), ","),
            None => NONE.to_owned(),
        });
        let parts = [
            self.role.map(|role| format!("role {role}")),
            groups.map(|groups| format!("groups {groups}")),
            level.map(|level| format!("level {level}")),
            methods.map(|methods| format!("methods {methods}")),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// Changes somebody, as they were at a security version: all of it or nothing.
///
/// # Errors
/// Why nothing was changed.
pub async fn change(
    app: &App,
    (name, seen): (&UserName, i64),
    changes: Changes,
    actor: &Actor,
) -> Result<User, ManageError> {
    if app.logins.locked && changes.level.flatten().is_some_and(|level| level < Level::Required) {
        return Err(ManageError::Locked);
    }
    let said = changes.said();
    let Changes { role, groups, level, methods } = changes;
    let edit = |user: &mut User| {
        user.role = role.unwrap_or(user.role);
        user.level = level.unwrap_or(user.level);
        if let Some(groups) = groups {
            user.groups = groups;
        }
        if let Some(methods) = methods {
            user.methods = methods;
        }
    };
    app.logins.change_seen(name, seen, said, actor, edit).await
}

/// Does something to somebody that replaces no value.
///
/// # Errors
/// Why nothing was done.
pub async fn act(app: &App, act: Act, name: &UserName, actor: &Actor) -> Result<(), ManageError> {
    let (logins, now) = (&app.logins, actor.now);
    match act {
        Act::ConfirmAddress => logins.confirm_address(name, actor).await,
        Act::Invite if !logins.mail => Err(ManageError::NoMail),
        Act::Invite => logins.invite_by_post(name, actor).await,
        Act::ReopenSetup => logins.reopen_setup(name, actor).await.map(drop),
        Act::Reset => logins.reset_factors(name, actor).await.map(drop),
        Act::Unlock => logins.unlock(name, actor).await,
        Act::EndSessions => logins.end_sessions_of(name, actor).await,
        Act::ForgetDevices => logins.forget_devices_of(name, actor).await,
        Act::Disable => {
            let disable = |user: &mut User| user.disabled_at = user.disabled_at.or(Some(now));
            logins.change_user(name, "disabled".to_owned(), actor, disable).await.map(drop)
        }
        Act::Enable => {
            logins.change_user(name, "enabled".to_owned(), actor, |user| user.disabled_at = None).await.map(drop)
        }
        Act::Remove => logins.delete_user(name, actor).await,
        // These have values: [`change`], and the address that is offered.
        Act::Role | Act::Groups | Act::Level | Act::Methods | Act::Address => {
            Err(StoreError::Other(format!("{act:?} needs a value")).into())
        }
    }
}
