//! `twolatch policy set`: one change of the rules, checked and put in force as a whole.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use twolatch_core::door::Door;
use twolatch_core::factor::Kind;
use twolatch_core::login::manage::{Actor, ManageError};
use twolatch_core::policy::{AdminLink, Level, RecoveryKept, Rules};
use twolatch_core::user::{GroupName, Role};

use crate::cli::{CliError, say};
use crate::state::App;

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(in crate::cli) struct Set {
    /// off, optional or required; `none` removes the rule of a role, group or door.
    level: Option<String>,
    /// The rule for this role.
    #[arg(long, requires = "level", conflicts_with_all = ["group", "door"])]
    role: Option<Role>,
    /// The rule for this group.
    #[arg(long, requires = "level", conflicts_with = "door")]
    group: Option<GroupName>,
    /// The rule for this door.
    #[arg(long, requires = "level")]
    door: Option<Door>,
    /// What may be set up: totp, `email_code` or both, separated by a comma.
    #[arg(long, value_delimiter = ',', value_parser = method)]
    methods: Vec<Kind>,
    /// What is kept for the day on which those are lost: codes, key or both.
    #[arg(long, value_parser = recovery)]
    recovery: Option<RecoveryKept>,
    /// For how many days a browser can be remembered; 0 for none.
    #[arg(long, value_parser = clap::value_parser!(u16).range(0..=365))]
    device_days: Option<u16>,
    /// How often a person may put set-up off.
    #[arg(long)]
    skips: Option<u8>,
    /// For how many days from now set-up may be put off; 0 ends it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(0..=365))]
    skip_days: Option<u16>,
    /// Whether an administrator who is stuck may have a link mailed: on, off, or wait:N for N hours later.
    #[arg(long, value_name = "WHEN")]
    admin_link: Option<AdminLink>,
    /// How many codes confirm a new authenticator: 1 or 2.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=2))]
    enrol_codes: Option<u8>,
    /// Days in which a new or reset person can set up.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=365))]
    setup_days: Option<u16>,
}

fn method(word: &str) -> Result<Kind, &'static str> {
    Kind::METHODS.into_iter().find(|kind| kind.as_str() == word).ok_or("a method is totp or email_code")
}

fn recovery(word: &str) -> Result<RecoveryKept, &'static str> {
    RecoveryKept::ALL.into_iter().find(|kept| kept.as_str() == word).ok_or("recovery is codes, key or both")
}

impl Set {
    pub(super) async fn on(self, app: &App, actor: &Actor) -> Result<(), CliError> {
        let policy = app.logins.policy(actor.now).await?;
        let mut rules = policy.rules.clone();
        let mut said = Vec::new();
        if let Some(word) = &self.level {
            self.put_level(word, app.logins.locked, &mut rules, &mut said)?;
        }
        self.put_rest(app.logins.locked, &mut rules, &mut said, actor)?;
        let said = said.join(", ");
        app.logins.set_rules(rules, policy.version, said.clone(), actor).await?;
        say(format_args!("Policy is changed: {said}."));
        Ok(())
    }

    fn put_level(&self, word: &str, locked: bool, rules: &mut Rules, said: &mut Vec<String>) -> Result<(), CliError> {
        let level: Option<Level> = match word {
            "none" => None,
            word => Some(word.parse().map_err(|error| CliError::data(format!("{error}, or none")))?),
        };
        if locked && level.is_some_and(|level| level < Level::Required) {
            return Err(ManageError::Locked.into());
        }
        if let Some(role) = self.role {
            put(&mut rules.roles, role, level);
            said.push(format!("role {role} {word}"));
        } else if let Some(group) = &self.group {
            said.push(format!("group {group} {word}"));
            put(&mut rules.groups, group.clone(), level);
        } else if let Some(door) = self.door {
            put(&mut rules.doors, door, level);
            said.push(format!("door {door} {word}"));
        } else {
            rules.organisation = level
                .ok_or_else(|| CliError::data("the organisation always has a rule; set off, optional or required"))?;
            said.push(format!("organisation {word}"));
        }
        Ok(())
    }

    fn put_rest(self, locked: bool, rules: &mut Rules, said: &mut Vec<String>, actor: &Actor) -> Result<(), CliError> {
        let mut note = |what: &str, value: String| said.push(format!("{what} {value}"));
        if !self.methods.is_empty() {
            note("methods", self.methods.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", "));
            rules.methods = BTreeSet::from_iter(self.methods);
        }
        if let Some(kept) = self.recovery {
            note("recovery", kept.as_str().to_owned());
            rules.recovery = kept;
        }
        if let Some(days) = self.device_days {
            note("device_days", days.to_string());
            rules.device_days = days;
        }
        if locked && (self.skips.is_some_and(|skips| skips > 0) || self.skip_days.is_some_and(|days| days > 0)) {
            return Err(ManageError::Locked.into());
        }
        if let Some(skips) = self.skips {
            note("skips", skips.to_string());
            rules.skips = skips;
        }
        if let Some(days) = self.skip_days {
            note("skip_days", days.to_string());
            rules.skip_until = (days > 0).then(|| actor.now.plus(i64::from(days) * 86_400));
        }
        if let Some(codes) = self.enrol_codes {
            note("enrol_codes", codes.to_string());
            rules.enrol_codes = codes;
        }
        if let Some(link) = self.admin_link {
            note("admin_link", link.to_string());
            rules.admin_link = link;
        }
        if let Some(days) = self.setup_days {
            note("setup_days", days.to_string());
            rules.setup_days = days;
        }
        Ok(())
    }
}

fn put<K: Ord>(rules: &mut BTreeMap<K, Level>, key: K, level: Option<Level>) {
    match level {
        Some(level) => drop(rules.insert(key, level)),
        None => drop(rules.remove(&key)),
    }
}
