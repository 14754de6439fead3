//! `twolatch policy`: what is asked of whom.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Subcommand;
use twolatch_core::factor::Kind;
use twolatch_core::login::manage::Actor;
use twolatch_core::policy::{Rule, Rules, Subject};

use self::exempt::Exempt;
use self::explain::Explain;
use self::set::Set;
use super::open::{close, open};
use super::{CliError, actor, say, say_json};
use crate::date;
use crate::state::App;
use crate::text::Language;
use crate::view::policy::Whole;

mod exempt;
mod explain;
mod set;

#[derive(Debug, Subcommand)]
pub(super) enum Policy {
    /// Show rules and exemptions.
    Show {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Set a rule. Rules only raise: the highest that matches a login counts.
    Set(Set),
    /// Say what would be asked of somebody, and which rule decides.
    Explain(Explain),
    /// Make a dated exception, or end one.
    Exempt(Exempt),
    /// List the versions of the rules, the one in force first.
    History {
        /// How many.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=1000))]
        limit: i64,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Put the rules of an earlier version in force again. Exemptions stay as they are.
    Restore {
        /// Which.
        version: i64,
    },
}

impl Policy {
    pub(super) async fn run(self, config: &Path) -> Result<(), CliError> {
        let app = open(config).await?;
        let actor = actor(app.now());
        let result = match self {
            Self::Show { json } => show(&app, json).await,
            Self::Set(set) => set.on(&app, &actor).await,
            Self::Explain(explain) => explain.on(&app).await,
            Self::Exempt(exempt) => exempt.on(&app, &actor).await,
            Self::History { limit, json } => history(&app, limit, json).await,
            Self::Restore { version } => restore(&app, version, &actor).await,
        };
        close(&app).await?;
        result
    }
}

async fn show(app: &App, json: bool) -> Result<(), CliError> {
    let policy = app.logins.policy(app.now()).await?;
    let Rules {
        organisation,
        roles,
        groups,
        doors,
        clients,
        enrol_codes,
        setup_days,
        methods,
        recovery,
        device_days,
        skips,
        skip_until,
        admin_link,
    } = &policy.rules;
    if json {
        return say_json(&Whole::of(app, &policy).await?);
    }
    say(format_args!("organisation      {organisation}"));
    let roles = roles.iter().map(|(role, rule)| (format!("role {role}"), rule));
    let groups = groups.iter().map(|(group, rule)| (format!("group {group}"), rule));
    let doors = doors.iter().map(|(door, rule)| (format!("door {door}"), rule));
    let clients = clients.iter().map(|(client, rule)| (format!("client {client}"), rule));
    for (scope, rule) in roles.chain(groups).chain(doors).chain(clients) {
        say(format_args!("{scope:<17} {}", described(rule)));
    }
    say(format_args!("codes to set up   {enrol_codes}"));
    say(format_args!("days to set up    {setup_days}"));
    let methods: Vec<&str> = methods.iter().map(|kind| kind.as_str()).collect();
    say(format_args!("methods           {}", methods.join(", ")));
    say(format_args!("recovery          {}", recovery.as_str()));
    say(format_args!("device days       {device_days}, none for administrators"));
    say(format_args!("admin link        {admin_link}"));
    if *skips > 0 {
        say(format_args!("skips             {skips}"));
    }
    if let Some(until) = skip_until {
        say(format_args!("put off until     {}", date::minute(*until, Language::En)));
    }
    if policy.locked {
        say("The configuration holds everybody at `required`.");
    }
    for exemption in &policy.exemptions {
        let over = if exemption.until <= app.now() { " (over)" } else { "" };
        let whom = match &exemption.subject {
            Subject::User(id) => match app.store.person(id).await? {
                Some(person) => person.user.name.to_string(),
                None => format!("removed user {id}"),
            },
            Subject::Group(group) => format!("group {group}"),
            Subject::Role(role) => format!("role {role}"),
        };
        say(format_args!(
            "exemption {}: {whom}, {}, {} until {}{over}: {} ({})",
            exemption.id,
            exempt::place(&exemption.within),
            exemption.level,
            date::minute(exemption.until, Language::En),
            exemption.reason,
            exemption.author
        ));
    }
    Ok(())
}

/// What a rule says, in words.
fn described(rule: &Rule) -> String {
    let words = |kinds: &BTreeSet<Kind>| kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(" ");
    let parts = [
        rule.level.map(|level| level.to_string()),
        rule.methods.as_ref().map(|methods| format!("methods {}", words(methods))),
        rule.device_days.map(|days| format!("device days {days}")),
        rule.skips.map(|skips| format!("skips {skips}")),
        rule.skip_until.map(|until| format!("put off until {}", date::minute(until, Language::En))),
        rule.no_recovery.then(|| "no recovery codes".to_owned()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

async fn history(app: &App, limit: i64, json: bool) -> Result<(), CliError> {
    // One more: each is told by what is other than before.
    let mut versions = app.store.policy_versions(limit + 1).await?;
    let rest = versions.split_off(versions.len().min(usize::try_from(limit).unwrap_or(usize::MAX)));
    if json {
        return say_json(&versions);
    }
    for (index, one) in versions.iter().enumerate() {
        let before = versions.get(index + 1).or(rest.first());
        let told = before.map_or_else(|| "the first rules".to_owned(), |before| difference(&before.rules, &one.rules));
        say(format_args!("{:>5}  {}  {}: {told}", one.version, date::machine(one.at), one.author));
    }
    Ok(())
}

/// What is other in the later of two versions.
fn difference(before: &Rules, after: &Rules) -> String {
    let changed = crate::rules::difference(before, after);
    if changed.is_empty() { "the same rules; an exemption came or went".to_owned() } else { changed.join("; ") }
}

async fn restore(app: &App, version: i64, actor: &Actor) -> Result<(), CliError> {
    let before = app.logins.policy(actor.now).await?.version;
    app.logins.restore_rules(version, before, actor).await?;
    say(format_args!("The rules of version {version} are in force again, as version {}.", before + 1));
    Ok(())
}
