//! `/admin/settings/security`: what is asked of whom, as a table; exemptions; and the versions before. What changes any of
//! it has a page of its own.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use twolatch_core::door::Door;
use twolatch_core::factor::Kind;
use twolatch_core::login::manage::ManageError;
use twolatch_core::policy::{Exemption, Level, Policy, Rule, Rules, Subject, Within};
use twolatch_core::store::StoreError;
use twolatch_core::store::policies::PolicyVersion;
use twolatch_core::time::Timestamp;
use twolatch_core::user::Role;

use self::scope::Scope;
use super::super::said::Said;
use super::super::{Answer, Detour, show as show_page};
use super::{Console, Here, entered, words};
use crate::state::App;
use crate::text::{Text, t};
use crate::web::browser::Browser;
use crate::web::failure::Failure;
use crate::web::frame::Frame;
use crate::web::notice::rules::RulesNotice;
use crate::web::path::console::ADMIN_SECURITY;

pub mod exemption;
pub mod foreseen;
pub(crate) mod limits;
pub mod rule;
mod scope;
pub mod switch;
pub mod version;

/// So many versions are shown.
const VERSIONS: i64 = 20;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_security.html")]
pub struct SecurityPage {
    frame: Frame,
    console: Console,
    level: Level,
    locked: bool,
    all: AllRow,
    rows: Vec<Row>,
    exemptions: Vec<Exempted>,
    versions: Vec<Version>,
    said: Said,
}

/// What holds for everybody.
#[derive(Debug)]
struct AllRow {
    methods: Text,
    later: Option<Later>,
    device_days: u32,
    recovery: Text,
    enrol_codes: u32,
    setup_days: u32,
    admin_link: String,
}

/// A rule for some, or for a place.
#[derive(Debug)]
struct Row {
    kind: &'static str,
    of: String,
    scope: Text,
    level: Option<Level>,
    methods: Option<Text>,
    later: Option<Later>,
    device_days: Option<u32>,
    no_recovery: bool,
}

/// How set-up can be put off.
#[derive(Debug, Clone, Copy)]
struct Later {
    times: Option<u32>,
    until: Option<Timestamp>,
}

/// An exemption.
#[derive(Debug)]
struct Exempted {
    id: String,
    whom: Text,
    place: Vec<Text>,
    level: Level,
    until: Timestamp,
    reason: String,
    author: String,
    over: bool,
}

/// A version of the rules.
#[derive(Debug)]
struct Version {
    number: i64,
    author: String,
    at: Timestamp,
    changes: Vec<String>,
    first: bool,
    current: bool,
}

/// What may be set up, in words.
pub(super) fn methods(kinds: &BTreeSet<Kind>) -> Text {
    match (kinds.contains(&Kind::Totp), kinds.contains(&Kind::EmailCode)) {
        (true, true) => t("methods-both"),
        (true, false) => t("methods-app"),
        (false, true) => t("methods-email"),
        (false, false) => t("methods-none"),
    }
}

impl Row {
    fn of(scope: &Scope, rule: &Rule) -> Self {
        let later = rule.skips.is_some() || rule.skip_until.is_some();
        Self {
            kind: scope.kind(),
            of: scope.of().to_owned(),
            scope: scope.text(),
            level: rule.level,
            methods: rule.methods.as_ref().map(methods),
            later: later.then(|| Later { times: rule.skips.map(u32::from), until: rule.skip_until }),
            device_days: rule.device_days.map(u32::from),
            no_recovery: rule.no_recovery,
        }
    }
}

impl AllRow {
    fn of(rules: &Rules) -> Self {
        let times = (rules.skips > 0).then_some(u32::from(rules.skips));
        let open = times.is_some() || rules.skip_until.is_some();
        Self {
            methods: methods(&rules.methods),
            later: open.then_some(Later { times, until: rules.skip_until }),
            device_days: u32::from(rules.device_days),
            recovery: words::recovery(rules.recovery),
            enrol_codes: u32::from(rules.enrol_codes),
            setup_days: u32::from(rules.setup_days),
            admin_link: rules.admin_link.to_string(),
        }
    }
}

impl SecurityPage {
    fn of(frame: Frame, console: Console, policy: &Policy, said: Said) -> Self {
        let rules = &policy.rules;
        let row = |scope: Scope| Some(Row::of(&scope, scope.rule(rules)?));
        Self {
            frame,
            console: console.at(Here::Security),
            level: if policy.locked { Level::Required } else { rules.organisation },
            locked: policy.locked,
            all: AllRow::of(rules),
            rows: Scope::all(rules).into_iter().filter_map(row).collect(),
            exemptions: Vec::new(),
            versions: Vec::new(),
            said,
        }
    }

    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let at = Timestamp::from_unix(1_772_611_200);
        let mut rules = Rules::initial(Level::Required);
        let ops = Rule {
            no_recovery: true,
            methods: Some(BTreeSet::from([Kind::Totp])),
            skips: Some(1),
            ..Level::Required.into()
        };
        rules.groups.extend("ops".parse().ok().map(|group| (group, ops)));
        rules.roles.insert(Role::Member, Rule { device_days: Some(3), skip_until: Some(at), ..Rule::default() });
        let policy = Policy { version: 3, rules, exemptions: Vec::new(), locked: false };
        let page = |policy: &Policy, console: Console| Self::of(frame.clone(), console, policy, Said::default());
        let console = || Console::sample(Here::Security);
        let exempted = Exempted {
            id: "e1".to_owned(),
            whom: t("rules-role").with("role", "member"),
            place: limits::parts(&sample_within()),
            level: Level::Off,
            until: at,
            reason: "<b>travelling</b>".to_owned(),
            author: "root".to_owned(),
            over: false,
        };
        let version = |number, changes: &[&str]| Version {
            number,
            author: "root (command line)".to_owned(),
            at,
            changes: changes.iter().map(|change| (*change).to_owned()).collect(),
            first: number == 1,
            current: number == 3,
        };
        let versions = vec![version(3, &["skips: 1, before 0"]), version(2, &[]), version(1, &[])];
        let off = Policy { rules: Rules { skips: 2, ..Rules::initial(Level::Off) }, ..policy.clone() };
        vec![
            Self { exemptions: vec![exempted], versions, ..page(&policy, console()) },
            page(&Policy { locked: true, ..policy }, console().looking()),
            Self { said: RulesNotice::Switched.into(), ..page(&off, console()) },
        ]
    }
}

/// An exemption that looks at everything that one by ssh can.
fn sample_within() -> Within {
    Within {
        host: "web1".parse().ok(),
        network: "10.0.0.0/8".parse().ok(),
        key: "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU".parse().ok(),
        ..Door::Ssh.into()
    }
}

/// Shows it.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let console = entered(&app, &browser, ADMIN_SECURITY).await?.console;
    let policy = app.logins.policy(browser.now).await?;
    let mut exemptions = Vec::new();
    for exemption in &policy.exemptions {
        exemptions.push(exempted(&app, exemption, browser.now).await?);
    }
    let versions = versions(&app).await?;
    let said = Said::from(browser.notice(&app));
    let page = |frame| SecurityPage { exemptions, versions, ..SecurityPage::of(frame, console, &policy, said) };
    Ok(show_page(&app, &browser, None, page)?)
}

async fn exempted(app: &App, exemption: &Exemption, now: Timestamp) -> Result<Exempted, StoreError> {
    Ok(Exempted {
        id: exemption.id.to_string(),
        whom: match &exemption.subject {
            Subject::User(id) => match app.store.person(id).await? {
                Some(person) => t("rules-person").with("name", person.user.name),
                None => t("rules-person-gone"),
            },
            Subject::Group(group) => t("rules-group").with("group", group),
            Subject::Role(role) => t("rules-role").with("role", role),
        },
        place: limits::parts(&exemption.within),
        level: exemption.level,
        until: exemption.until,
        reason: exemption.reason.clone(),
        author: exemption.author.clone(),
        over: exemption.until <= now,
    })
}

/// The latest versions, each told by what is other than before.
async fn versions(app: &App) -> Result<Vec<Version>, StoreError> {
    let stored = app.store.policy_versions(VERSIONS + 1).await?;
    let shown = usize::try_from(VERSIONS).unwrap_or(usize::MAX);
    let newest = stored.first().map(|one| one.version);
    let told = |(index, one): (usize, &PolicyVersion)| Version {
        number: one.version,
        author: one.author.clone(),
        at: one.at,
        changes: stored
            .get(index + 1)
            .map(|before| crate::rules::difference(&before.rules, &one.rules))
            .unwrap_or_default(),
        first: index + 1 == stored.len() && stored.len() <= shown,
        current: Some(one.version) == newest,
    };
    Ok(stored.iter().enumerate().take(shown).map(told).collect())
}

/// What became of a change, where a page can say it.
fn outcome(result: Result<(), ManageError>, good: RulesNotice) -> Result<RulesNotice, Detour> {
    match result {
        Ok(()) => Ok(good),
        Err(ManageError::Locked) => Ok(RulesNotice::Locked),
        Err(ManageError::LocksOut) => Ok(RulesNotice::LocksOut),
        Err(ManageError::Store(StoreError::Conflict) | ManageError::NoExemption(_)) => Ok(RulesNotice::Outdated),
        Err(ManageError::Store(error)) => Err(Failure::from(error).into()),
        Err(other) => Err(crate::web::failure::Kind::BadForm.because(other.to_string()).into()),
    }
}
