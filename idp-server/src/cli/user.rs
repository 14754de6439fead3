//! `twolatch user`: accounts.

use std::path::Path;

use clap::{Args, Subcommand};
use twolatch_core::id::Id;
use twolatch_core::login::manage::{Actor, ManageError};
use twolatch_core::policy::Level;
use twolatch_core::store::Person;
use twolatch_core::store::budgets::Charge;
use twolatch_core::store::people::Found;
use twolatch_core::user::{Email, GroupName, Role, User as Account, UserName};

use super::open::{close, open};
use super::{CliError, actor, read_secret, say, say_json};
use crate::date;
use crate::state::App;
use crate::text::Language;
use crate::view::user::Row;

mod bulk;
mod invite;
mod list;
mod own;
mod row;
mod system;
mod table;
mod who;

use self::own::{Methods, Own};
pub(super) use self::system::{Local, local_accounts};

#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Add users; they set up their second factor at the next login.
    Add(Add),
    /// List all users, or those who match.
    List(list::List),
    /// Do one thing to many users: to those named, to all who match, or to all.
    Bulk(bulk::Bulk),
    /// List what was done to many lately, and what is under way.
    Jobs {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show one user.
    Show {
        /// The user.
        name: UserName,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Change a user.
    Set(Set),
    /// Let nobody log in as these users.
    Disable {
        /// The users.
        #[arg(required = true)]
        names: Vec<UserName>,
    },
    /// Let these users log in again.
    Enable {
        /// The users.
        #[arg(required = true)]
        names: Vec<UserName>,
    },
    /// Lift the hold after too many wrong codes.
    Unlock {
        /// The users.
        #[arg(required = true)]
        names: Vec<UserName>,
    },
    /// Make one-time links with which these users set their password and second factor.
    Invite {
        /// The users.
        #[arg(required = true)]
        names: Vec<UserName>,
        /// Mail each link to its user instead of printing it.
        #[arg(long)]
        mail: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Add people from a table (CSV): all of them or, where a line is wrong, nobody.
    Import(table::Import),
    /// Print all people as a table (CSV), without any secret.
    Export,
    /// Let codes and links go to the new addresses of these users at once; not for who has given the address.
    ConfirmAddress {
        /// The users.
        #[arg(required = true)]
        names: Vec<UserName>,
    },
    /// Let these users set up a first second factor again, for as long as a new one.
    ReopenSetup {
        /// The users.
        #[arg(required = true)]
        names: Vec<UserName>,
    },
    /// End all sessions of these users.
    EndSessions {
        /// The users.
        #[arg(required = true)]
        names: Vec<UserName>,
        /// Forget their remembered devices, too.
        #[arg(long)]
        devices: bool,
    },
    /// Remove users.
    Delete {
        /// The users.
        #[arg(required = true)]
        names: Vec<UserName>,
    },
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// Their names, as Linux knows them.
    #[arg(required_unless_present = "from_system")]
    names: Vec<UserName>,
    /// Add this machine's accounts.
    #[arg(long, conflicts_with = "names")]
    from_system: bool,
    /// With --from-system: accounts from this uid on.
    #[arg(long, requires = "from_system", default_value_t = 1000)]
    min_uid: u32,
    /// Several people's account (root, a service): su to it asks for the caller's code.
    #[arg(long)]
    shared: bool,
    #[command(flatten)]
    about: About,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Set {
    /// The user.
    name: UserName,
    #[command(flatten)]
    about: About,
    /// A rule for this person: off, optional or required; none for none of their own. Rules only raise.
    #[arg(long)]
    level: Option<Own<Level>>,
    /// What this person may set up: totp, `email_code` or both, separated by a comma; none for no rule of their own.
    #[arg(long)]
    methods: Option<Own<Methods>>,
    /// Take the user out of this group.
    #[arg(long, value_name = "GROUP")]
    remove_group: Vec<GroupName>,
    /// Several people's account: yes or no.
    #[arg(long, value_name = "YES|NO", value_parser = clap::builder::BoolishValueParser::new())]
    shared: Option<bool>,
}

/// What can be said of a user, new or not.
#[derive(Debug, Args)]
struct About {
    /// Mail address, known to be theirs. In place of another one no code or link goes there for three days, unless it is
    /// confirmed.
    #[arg(long)]
    email: Option<Email>,
    /// admin, supervisor or member.
    #[arg(long)]
    role: Option<Role>,
    /// A group; may be repeated. With `add --from-system`: only members of this Linux group.
    #[arg(long)]
    group: Vec<GroupName>,
    /// Read the web password from standard input; it must be changed at the first web sign-in.
    #[arg(long)]
    password_stdin: bool,
    /// With --password-stdin: the password need not be changed.
    #[arg(long, requires = "password_stdin")]
    keep: bool,
}

impl User {
    pub(super) async fn run(self, config: &Path) -> Result<(), CliError> {
        let app = open(config).await?;
        let result = self.on(&app).await;
        close(&app).await?;
        result
    }

    async fn on(self, app: &App) -> Result<(), CliError> {
        let actor = actor(app.now());
        match self {
            Self::Add(add) => add.on(app, &actor).await,
            Self::List(list) => list.on(app).await,
            Self::Bulk(bulk) => bulk.on(app, &actor).await,
            Self::Jobs { json } => bulk::list(app, json).await,
            Self::Show { name, json } => {
                let (policy, user) = (app.logins.policy(actor.now).await?, app.logins.named(&name).await?.user);
                let found = app.store.find_person(&user.id, &policy, actor.now).await?;
                let row = Row::of(&found.ok_or_else(|| ManageError::NoUser(name.to_string()))?, &policy, actor.now);
                if json { say_json(&row) } else { row::print(&row) }
            }
            Self::Set(set) => set.on(app, &actor).await,
            Self::Disable { names } => {
                for name in names {
                    let at = actor.now;
                    app.logins
                        .change_user(&name, "disabled".to_owned(), &actor, |user| {
                            user.disabled_at.get_or_insert(at);
                        })
                        .await?;
                    say(format_args!("{name} is disabled."));
                }
                Ok(())
            }
            Self::Enable { names } => {
                for name in names {
                    app.logins.change_user(&name, "enabled".to_owned(), &actor, |user| user.disabled_at = None).await?;
                    say(format_args!("{name} is enabled."));
                }
                Ok(())
            }
            Self::Unlock { names } => {
                for name in names {
                    app.logins.unlock(&name, &actor).await?;
                    say(format_args!("{name} may try again."));
                }
                Ok(())
            }
            Self::Invite { names, mail: true, .. } => invite::mail(app, names, &actor).await,
            Self::Invite { names, json, .. } => invite::print(app, names, json, &actor).await,
            Self::Import(import) => import.on(app, &actor).await,
            Self::Export => table::export(app).await,
            Self::ConfirmAddress { names } => {
                for name in names {
                    app.logins.confirm_address(&name, &actor).await?;
                    say(format_args!("The address of {name} is confirmed."));
                }
                Ok(())
            }
            Self::ReopenSetup { names } => {
                for name in names {
                    let until = date::minute(app.logins.reopen_setup(&name, &actor).await?, Language::En);
                    say(format_args!("{name} can set up until {until}."));
                }
                Ok(())
            }
            Self::EndSessions { names, devices } => {
                for name in names {
                    app.logins.end_sessions_of(&name, &actor).await?;
                    if devices {
                        app.logins.forget_devices_of(&name, &actor).await?;
                    }
                    say(format_args!("{name} is signed out everywhere."));
                }
                Ok(())
            }
            Self::Delete { names } => {
                for name in names {
                    app.logins.delete_user(&name, &actor).await?;
                    say(format_args!("{name} is removed."));
                }
                Ok(())
            }
        }
    }
}

impl Add {
    async fn on(mut self, app: &App, actor: &Actor) -> Result<(), CliError> {
        if self.names.len() > 1 && (self.about.email.is_some() || self.about.password_stdin) {
            return Err(CliError::data("an address or a password belongs to one user; name one at a time"));
        }
        let password = if self.about.password_stdin { Some(read_secret()?) } else { None };
        let mut groups = std::mem::take(&mut self.about.group);
        let names = if self.from_system {
            let only = std::mem::take(&mut groups);
            let found = system::accounts(self.min_uid, &only)?;
            let mut new = Vec::new();
            for name in found {
                if app.store.person_by_name(&name).await?.is_none() {
                    new.push(name);
                }
            }
            new
        } else {
            std::mem::take(&mut self.names)
        };
        groups.sort();
        groups.dedup();
        let policy = app.logins.policy(actor.now).await?;
        let setup_until = policy.rules.setup_until(actor.now);
        let mut rows = Vec::with_capacity(names.len());
        for name in names {
            let id = Id::random(app.entropy()).map_err(|error| CliError::failed(error.to_string()))?;
            let mut user = Account::new(id, name, setup_until, actor.now);
            user.email_verified_at = self.about.email.as_ref().map(|_| actor.now);
            user.email = self.about.email.clone();
            user.role = self.about.role.unwrap_or(Role::Member);
            user.groups.clone_from(&groups);
            user.shared_at = self.shared.then_some(actor.now);
            let user = app.logins.add_user(user, password.clone(), self.about.keep, actor).await?;
            let found = Found { person: Person::bare(user), standing: Charge::Taken };
            rows.push(Row::of(&found, &policy, actor.now));
        }
        if self.json {
            return say_json(&rows);
        }
        for row in &rows {
            say(format_args!("{} is added: {}.", row.name, row.second_factor));
        }
        if rows.is_empty() {
            say("Nobody to add: every account is there already.");
        }
        Ok(())
    }
}

impl Set {
    async fn on(self, app: &App, actor: &Actor) -> Result<(), CliError> {
        if self.level.is_some_and(|own| own.0.is_some_and(|level| level < Level::Required)) && app.logins.locked {
            return Err(ManageError::Locked.into());
        }
        let Self { name, about, level, methods, remove_group, shared } = self;
        if about.password_stdin {
            app.logins.reset_password(&name, read_secret()?, about.keep, actor).await?;
        }
        let changes = about.email.is_some()
            || about.role.is_some()
            || !about.group.is_empty()
            || level.is_some()
            || methods.is_some()
            || !remove_group.is_empty()
            || shared.is_some();
        if changes {
            let mut said = Vec::new();
            said.extend(about.email.as_ref().map(|email| format!("email {email}")));
            said.extend(about.role.map(|role| format!("role {role}")));
            said.extend(about.group.iter().map(|group| format!("group +{group}")));
            said.extend(remove_group.iter().map(|group| format!("group -{group}")));
            said.extend(level.map(|level| format!("level {level}")));
            said.extend(methods.as_ref().map(|methods| format!("methods {methods}")));
            said.extend(shared.map(|shared| format!("shared {shared}")));
            let at = actor.now;
            app.logins
                .change_user(&name, said.join(", "), actor, |user| {
                    if let Some(email) = about.email {
                        user.email = Some(email);
                        user.email_verified_at = Some(at);
                    }
                    user.role = about.role.unwrap_or(user.role);
                    user.groups.extend(about.group);
                    user.groups.retain(|group| !remove_group.contains(group));
                    user.groups.sort();
                    user.groups.dedup();
                    user.level = level.map_or(user.level, |own| own.0);
                    if let Some(own) = methods {
                        user.methods = own.0.map(|methods| methods.0);
                    }
                    if let Some(shared) = shared {
                        user.shared_at = shared.then_some(at);
                    }
                })
                .await?;
        } else if !about.password_stdin {
            return Err(CliError::data("nothing to change; `twolatch user set --help` lists what can be"));
        }
        say(format_args!("{name} is changed."));
        Ok(())
    }
}
