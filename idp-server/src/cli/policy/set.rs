//! `twolatch policy set`: one change of the rules, checked and put in force as a whole.

use std::collections::BTreeSet;

use clap::Args;
use twolatch_core::client::ClientId;
use twolatch_core::door::Door;
use twolatch_core::factor::Kind;
use twolatch_core::login::manage::{Actor, ManageError};
use twolatch_core::login::preview::{Changed, Preview};
use twolatch_core::policy::{AdminLink, Level, RecoveryKept, Rule, Rules};
use twolatch_core::store::people::damaged;
use twolatch_core::time::Timestamp;
use twolatch_core::user::{GroupName, Role};

use crate::cli::{CliError, say, say_json};
use crate::state::App;

#[derive(Debug, Args)]
#[group(id = "change", required = true, multiple = true)]
pub(in crate::cli) struct Set {
    /// off, optional or required; `none` removes the whole rule of a role, group, door or client.
    #[arg(group = "change")]
    level: Option<String>,
    /// The rule for this role.
    #[arg(long, conflicts_with_all = ["group", "door", "client"])]
    role: Option<Role>,
    /// The rule for this group.
    #[arg(long, conflicts_with_all = ["door", "client"])]
    group: Option<GroupName>,
    /// The rule for this door.
    #[arg(long, conflicts_with = "client")]
    door: Option<Door>,
    /// The rule for this web application, by its client id.
    #[arg(long)]
    client: Option<ClientId>,
    /// What may be set up: totp, `email_code` or both, separated by a comma.
    #[arg(long, value_delimiter = ',', value_parser = method, group = "change")]
    methods: Vec<Kind>,
    /// For how many days a browser can be remembered; 0 for none.
    #[arg(long, value_parser = clap::value_parser!(u16).range(0..=365), group = "change")]
    device_days: Option<u16>,
    /// How often a person may put set-up off; in the rule of a role, group, door or client: at the most.
    #[arg(long, group = "change")]
    skips: Option<u8>,
    /// For how many days from now set-up may be put off; 0 ends it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(0..=365), group = "change")]
    skip_days: Option<u16>,
    /// What is kept for the day on which those are lost: codes, key or both.
    #[arg(long, value_parser = recovery, group = "change", conflicts_with_all = SCOPES)]
    recovery: Option<RecoveryKept>,
    /// Whether recovery codes and keys are taken there, in the rule of a role, group, door or client: yes or no.
    #[arg(long, value_name = "YES|NO", group = "change",
        value_parser = clap::builder::BoolishValueParser::new())]
    take_recovery: Option<bool>,
    /// Whether an administrator who is stuck may have a link mailed: on, off, or wait:N for N hours later.
    #[arg(long, value_name = "WHEN", group = "change", conflicts_with_all = SCOPES)]
    admin_link: Option<AdminLink>,
    /// How many codes confirm a new authenticator: 1 or 2.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=2), group = "change", conflicts_with_all = SCOPES)]
    enrol_codes: Option<u8>,
    /// Days in which a new or reset person can set up.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=365), group = "change", conflicts_with_all = SCOPES)]
    setup_days: Option<u16>,
    /// Change nothing: say whose state would change.
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: print JSON.
    #[arg(long, requires = "dry_run")]
    json: bool,
}

/// What is the whole organisation's is no part of these.
const SCOPES: [&str; 4] = ["role", "group", "door", "client"];

pub(in crate::cli) fn method(word: &str) -> Result<Kind, &'static str> {
    Kind::METHODS.into_iter().find(|kind| kind.as_str() == word).ok_or("a method is totp or email_code")
}

fn recovery(word: &str) -> Result<RecoveryKept, &'static str> {
    RecoveryKept::ALL.into_iter().find(|kept| kept.as_str() == word).ok_or("recovery is codes, key or both")
}

impl Set {
    pub(super) async fn on(self, app: &App, actor: &Actor) -> Result<(), CliError> {
        let policy = app.logins.policy(actor.now).await?;
        let mut rules = policy.rules.clone();
        let (dry_run, json) = (self.dry_run, self.json);
        let said = self.put(app.logins.locked, &mut rules, actor.now)?.join(", ");
        let preview = app.logins.preview(&rules, actor.now).await?;
        if dry_run {
            return if json { say_json(&preview) } else { tell(&preview, "would") };
        }
        app.logins.set_rules(rules, policy.version, said.clone(), actor).await?;
        say(format_args!("Policy is changed: {said}."));
        tell(&preview, "will")
    }

    /// Puts what was asked for into the rules; says what that is.
    fn put(self, locked: bool, rules: &mut Rules, now: Timestamp) -> Result<Vec<String>, CliError> {
        let level: Option<Level> = match self.level.as_deref() {
            None | Some("none") => None,
            Some(word) => Some(word.parse().map_err(|error| CliError::data(format!("{error}, or none")))?),
        };
        if locked && level.is_some_and(|level| level < Level::Required) {
            return Err(ManageError::Locked.into());
        }
        let removes = self.level.as_deref() == Some("none");
        let scope = self.scope();
        let mut said = Vec::new();
        let mut note = |what: &str, value: String| {
            said.push(if scope.is_empty() { format!("{what} {value}") } else { format!("{scope} {what} {value}") });
        };
        let mut rule = Rule { level, ..Rule::default() };
        if let Some(level) = level {
            note(if scope.is_empty() { "organisation" } else { "level" }, level.to_string());
        }
        if !self.methods.is_empty() {
            note("methods", self.methods.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(" "));
            rule.methods = Some(BTreeSet::from_iter(self.methods.clone()));
        }
        if let Some(days) = self.device_days {
            note("device_days", days.to_string());
            rule.device_days = Some(days);
        }
        if let Some(skips) = self.skips {
            note("skips", skips.to_string());
            rule.skips = Some(skips);
        }
        if let Some(days) = self.skip_days {
            note("skip_days", days.to_string());
            rule.skip_until = Some(now.plus(i64::from(days) * 86_400));
        }
        if let Some(taken) = self.take_recovery {
            note("take_recovery", taken.to_string());
        }
        if removes {
            note("rule", "none".to_owned());
        }
        if !scope.is_empty() {
            self.put_scope(rules, &rule, removes)?;
            return Ok(said);
        }
        if self.take_recovery.is_some() {
            return Err(CliError::data("--take-recovery belongs to the rule of a role, group, door or client"));
        }
        if removes {
            return Err(CliError::data("the organisation always has a rule; set off, optional or required"));
        }
        rules.organisation = rule.level.unwrap_or(rules.organisation);
        rules.methods = rule.methods.unwrap_or_else(|| rules.methods.clone());
        rules.device_days = rule.device_days.unwrap_or(rules.device_days);
        rules.skips = rule.skips.unwrap_or(rules.skips);
        rules.skip_until = rule.skip_until.map_or(rules.skip_until, |until| Some(until).filter(|until| now < *until));
        if let Some(kept) = self.recovery {
            note("recovery", kept.as_str().to_owned());
            rules.recovery = kept;
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
        Ok(said)
    }

    /// For whom or where the rule is; empty for everybody.
    fn scope(&self) -> String {
        let role = self.role.map(|role| format!("role {role}"));
        let group = || self.group.as_ref().map(|group| format!("group {group}"));
        let door = || self.door.map(|door| format!("door {door}"));
        let client = || self.client.as_ref().map(|client| format!("client {client}"));
        role.or_else(group).or_else(door).or_else(client).unwrap_or_default()
    }

    fn put_scope(self, rules: &mut Rules, change: &Rule, removes: bool) -> Result<(), CliError> {
        let change = (change, self.take_recovery);
        match (self.role, self.group, self.door, self.client) {
            (Some(role), ..) => merge(&mut rules.roles, role, change, removes),
            (_, Some(group), ..) => merge(&mut rules.groups, group, change, removes),
            (_, _, Some(door), _) => merge(&mut rules.doors, door, change, removes),
            (.., Some(client)) => merge(&mut rules.clients, client, change, removes),
            (None, None, None, None) => return Err(CliError::data("name a role, group, door or client")),
        }
        Ok(())
    }
}

/// Lays a change over the rule that is there, if one is.
fn merge<K: Ord>(
    rules: &mut std::collections::BTreeMap<K, Rule>,
    key: K,
    (change, take_recovery): (&Rule, Option<bool>),
    removes: bool,
) {
    let before = if removes { Rule::default() } else { rules.remove(&key).unwrap_or_default() };
    let change = change.clone();
    let after = Rule {
        level: change.level.or(before.level),
        methods: change.methods.or(before.methods),
        device_days: change.device_days.or(before.device_days),
        skips: change.skips.or(before.skips),
        skip_until: change.skip_until.or(before.skip_until),
        no_recovery: take_recovery.map_or(before.no_recovery, |taken| !taken),
    };
    if after.is_empty() {
        rules.remove(&key);
    } else {
        rules.insert(key, after);
    }
}

/// Whose state changes, in words.
#[expect(clippy::unnecessary_wraps, reason = "the other arm of the caller can fail")]
fn tell(preview: &Preview, verb: &str) -> Result<(), CliError> {
    let line = |changed: &Changed, what: &str| {
        if changed.count > 0 {
            let more =
                if changed.count > u64::try_from(changed.names.len()).unwrap_or_default() { ", …" } else { "" };
            say(format_args!("{} {verb} {what}: {}{more}", changed.count, changed.names.join(", ")));
        }
    };
    line(&preview.set_up, "have to set up at the next login");
    line(&preview.asked, "be asked for the second factor that is set up");
    line(&preview.excused, "not be asked any more");
    line(&preview.refused, "be refused on the web until set-up is reopened");
    if preview.unreadable.count > 0 {
        say(damaged(&preview.unreadable.names));
    }
    if preview.is_empty() {
        say("Nobody's state changes.");
    }
    Ok(())
}
