//! `/admin/user/{name}`: one person, as administrators and supervisors see them: what is set up, where they are signed in,
//! what has happened. Never a secret; whatever changes something is on a page of its own.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, State};
use twolatch_core::door::Door;
use twolatch_core::factor::Kind;
use twolatch_core::policy::{Because, Level, Policy, StatusWord};
use twolatch_core::store::Person;
use twolatch_core::store::audit::{Filter, Stored};
use twolatch_core::store::budgets::Charge;
use twolatch_core::store::requests::State as Standing;
use twolatch_core::time::Timestamp;
use twolatch_core::user::{GroupName, Role, User, UserName};

use super::super::said::Said;
use super::super::{Answer, Detour, show as show_page};
use super::{Console, Here, entered, security, users, words};
use crate::state::App;
use crate::text::{Text, t};
use crate::web::browser::Browser;
use crate::web::failure::Kind as Failed;
use crate::web::frame::Frame;
use crate::web::path::person::{ADMIN_USER, Act, of};

pub mod act;
mod said;

/// So much of the history is shown; the audit has all of it.
const HISTORY: i64 = 30;

/// So many sessions and devices are shown.
const MOST: usize = 50;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_person.html")]
pub struct PersonPage {
    frame: Frame,
    console: Console,
    said: Said,
    profile: Profile,
    factors: Vec<Factor>,
    email_codes: Option<Timestamp>,
    left: Option<(u32, u32)>,
    sessions: Vec<Used>,
    devices: Vec<Used>,
    history: Vec<Entry>,
    acts: Vec<(Act, Text)>,
}

/// Who it is.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "what the page shows; each has nothing to do with the others")]
struct Profile {
    name: String,
    is_own: bool,
    email: Option<String>,
    verified: bool,
    held: Option<(Timestamp, String)>,
    offered: Option<(String, String, Timestamp)>,
    role: Text,
    is_admin: bool,
    groups: String,
    status_text: Text,
    because: Text,
    level: Text,
    methods: Text,
    has_password: bool,
    disabled: Option<Timestamp>,
    locked: Option<Text>,
    setup_until: Option<Timestamp>,
    created: Timestamp,
    waits: Option<Timestamp>,
}

/// An authenticator.
#[derive(Debug)]
struct Factor {
    name: String,
    weak: bool,
    added: Timestamp,
    used: Option<Timestamp>,
}

/// A session or a remembered device.
#[derive(Debug)]
struct Used {
    title: String,
    place: String,
    since: Timestamp,
    last: Timestamp,
}

/// Something that has happened.
#[derive(Debug)]
struct Entry {
    at: Timestamp,
    event: String,
    result: String,
    actor: String,
    place: String,
    detail: String,
}

impl From<Stored> for Entry {
    fn from(stored: Stored) -> Self {
        let place = [stored.door, stored.source].into_iter().flatten().collect::<Vec<_>>().join(", ");
        Self {
            at: Timestamp::from_unix(stored.at),
            event: stored.event,
            result: stored.result,
            actor: stored.actor.unwrap_or_default(),
            place,
            detail: stored.detail.unwrap_or_default(),
        }
    }
}

/// The person of an address; nobody else learns whether there is one.
pub(super) async fn found(app: &App, name: &str) -> Result<Person, Detour> {
    let nobody = || Failed::NoPage.because(format!("there is no user {name:?}"));
    let name: UserName = name.parse().map_err(|_| nobody())?;
    Ok(app.store.person_by_name(&name).await?.ok_or_else(nobody)?)
}

/// Shows it.
pub(crate) async fn show(State(app): State<App>, Path(name): Path<String>, browser: Browser) -> Answer {
    let entered = entered(&app, &browser, &of(ADMIN_USER, &name)).await?;
    let now = browser.now;
    let person = found(&app, &name).await?;
    let user = &person.user;
    let policy = app.logins.policy(now).await?;
    let profile = profile(&app, &policy, user, user.id == entered.session.user.id, now).await?;
    let left = match &user.recovery {
        Some(set) => {
            let (codes, keys) = app.store.recovery_left(set, &user.id).await?;
            Some((u32::try_from(codes).unwrap_or_default(), u32::try_from(keys).unwrap_or_default()))
        }
        None => None,
    };
    let mut sessions = app.store.sessions_of(user, now).await?;
    sessions.truncate(MOST);
    let mut devices = app.store.devices_of(user, now).await?;
    devices.truncate(MOST);
    let filter = Filter { person: Some(user.name.to_string()), ..Filter::default() };
    let history = app.store.search_audit(&filter, None, HISTORY).await?.records;
    let said = Said::from(browser.notice(&app));
    let acts = if entered.console.may_change && !profile.is_own { acts(&profile) } else { Vec::new() };
    let used = |title: String, place: String, since, last| Used { title, place, since, last };
    let page = |frame: Frame| PersonPage {
        console: entered.console.at(Here::Users),
        said,
        profile,
        factors: person.factors.iter().map(Factor::of).collect(),
        email_codes: user.email_codes_at.filter(|_| user.has(Kind::EmailCode)),
        left,
        sessions: sessions
            .into_iter()
            .map(|row| used(frame.t("sessions-other").plain(), row.place, row.created_at, row.seen_at))
            .collect(),
        devices: devices
            .into_iter()
            .map(|row| used(titled(&frame, row.name), row.place, row.created_at, row.used_at))
            .collect(),
        history: history.into_iter().map(Entry::from).collect(),
        acts,
        frame,
    };
    Ok(show_page(&app, &browser, None, page)?)
}

/// What a device is called.
fn titled(frame: &Frame, name: String) -> String {
    if name.is_empty() { frame.t("devices-unnamed").plain() } else { name }
}

impl Factor {
    fn of(factor: &twolatch_core::factor::Factor) -> Self {
        let weak = factor.totp.is_weak();
        Self { name: factor.name.clone(), weak, added: factor.created_at, used: factor.last_used_at }
    }
}

async fn profile(app: &App, policy: &Policy, user: &User, is_own: bool, now: Timestamp) -> Result<Profile, Detour> {
    let standing = app.store.find_person(&user.id, policy, now).await?.map(|found| found.standing);
    let waits = app.logins.request_of(user, now).await?.filter(|(_, state)| *state == Standing::Waiting);
    let offered = app.logins.offered_address(user, now).await?;
    let (level, because) = decided(policy, user, now);
    let has_nothing = !Kind::METHODS.into_iter().any(|kind| user.has(kind));
    Ok(Profile {
        name: user.name.to_string(),
        is_own,
        email: user.email.as_ref().map(ToString::to_string),
        verified: user.email_verified_at.is_some(),
        held: user.email_held(now).map(|until| (until, user.email_held_by.clone().unwrap_or_default())),
        offered: offered.map(|(offer, until)| (offer.to.to_string(), offer.by, until)),
        role: words::role(user.role),
        is_admin: user.role == Role::Admin,
        groups: user.groups.iter().map(GroupName::as_str).collect::<Vec<_>>().join(", "),
        status_text: users::status(policy.status(user, now).word()),
        because: if user.disabled_at.is_some() { t("person-because-disabled") } else { because.text(level) },
        level: user.level.map_or(t("level-none"), words::level),
        methods: methods(user.methods.as_ref()),
        has_password: user.password.is_some(),
        disabled: user.disabled_at,
        locked: standing.and_then(locked),
        setup_until: has_nothing.then_some(user.setup_until),
        created: user.created_at,
        waits: waits.map(|(request, _)| request.created_at),
    })
}

/// What somebody may set up.
fn methods(own: Option<&BTreeSet<Kind>>) -> Text {
    own.map_or(t("methods-rules"), security::methods)
}

/// What decides where most is asked.
struct Decided(Because);

impl Decided {
    fn text(&self, level: Level) -> Text {
        t("person-because").html("level", words::level(level)).html("rule", words::because(&self.0))
    }
}

fn decided(policy: &Policy, user: &User, now: Timestamp) -> (Level, Decided) {
    let highest = Door::ALL.map(|door| policy.decide(user, door, now)).into_iter().max_by_key(|one| one.level);
    highest.map_or((policy.rules.organisation, Decided(Because::Organisation)), |one| (one.level, Decided(one.because)))
}

fn locked(standing: Charge) -> Option<Text> {
    match standing {
        Charge::Taken => None,
        Charge::Held => Some(t("person-held")),
        Charge::Wait(until) => Some(t("person-waits").with("when", crate::date::machine(until))),
    }
}

/// What there is to do.
fn acts(profile: &Profile) -> Vec<(Act, Text)> {
    let is_open = profile.disabled.is_none();
    let all = [
        (Act::ConfirmAddress, t("person-do-confirm-address"), profile.held.is_some()),
        (Act::Role, t("person-do-role"), true),
        (Act::Groups, t("person-do-groups"), true),
        (Act::Level, t("person-do-level"), true),
        (Act::Methods, t("person-do-methods"), true),
        (Act::Address, t("person-do-address"), !profile.is_admin),
        (Act::Invite, t("person-do-invite"), is_open && profile.email.is_some()),
        (Act::ReopenSetup, t("person-do-reopen-setup"), is_open && profile.setup_until.is_some()),
        (Act::Unlock, t("person-do-unlock"), profile.locked.is_some()),
        (Act::EndSessions, t("person-do-end-sessions"), true),
        (Act::ForgetDevices, t("person-do-forget-devices"), true),
        (Act::Reset, t("person-do-reset"), true),
        (Act::Disable, t("person-do-disable"), is_open),
        (Act::Enable, t("person-do-enable"), !is_open),
        (Act::Remove, t("person-do-remove"), true),
    ];
    all.into_iter().filter(|(_, _, is_there)| *is_there).map(|(act, text, _)| (act, text)).collect()
}

impl PersonPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let at = Timestamp::from_unix(1_772_611_200);
        let profile = |status: StatusWord, level: Text| Profile {
            name: "alice".to_owned(),
            is_own: false,
            email: Some("alice@example.org".to_owned()),
            verified: true,
            held: None,
            offered: None,
            role: words::role(Role::Member),
            is_admin: false,
            groups: "ops, staff".to_owned(),
            status_text: users::status(status),
            because: Decided(Because::Organisation).text(Level::Required),
            level,
            methods: methods(None),
            has_password: true,
            disabled: None,
            locked: None,
            setup_until: None,
            created: at,
            waits: None,
        };
        let page = |profile: Profile| Self {
            frame: frame.clone(),
            console: Console::sample(Here::Users),
            said: Said::default(),
            factors: Vec::new(),
            email_codes: None,
            left: None,
            sessions: Vec::new(),
            devices: Vec::new(),
            history: Vec::new(),
            acts: acts(&profile),
            profile,
        };
        let used = |title: &str| Used { title: title.to_owned(), place: "192.0.2.1".to_owned(), since: at, last: at };
        let full = Self {
            factors: vec![
                Factor { name: "Phone <script>".to_owned(), weak: false, added: at, used: Some(at) },
                Factor { name: "Tablet".to_owned(), weak: true, added: at, used: None },
            ],
            email_codes: Some(at),
            left: Some((9, 0)),
            sessions: vec![used("Browser")],
            devices: vec![used("Firefox <b>")],
            history: vec![Entry {
                at,
                event: "code".to_owned(),
                result: "wrong".to_owned(),
                actor: String::new(),
                place: "ssh, 192.0.2.1".to_owned(),
                detail: "<i>".to_owned(),
            }],
            ..page(profile(StatusWord::Activated, t("level-none")))
        };
        let troubled = Profile {
            verified: false,
            held: Some((at, "ann".to_owned())),
            offered: Some(("new@example.org".to_owned(), "ben".to_owned(), at)),
            has_password: false,
            disabled: Some(at),
            locked: Some(t("person-held")),
            setup_until: Some(at),
            waits: Some(at),
            because: t("person-because-disabled"),
            ..profile(StatusWord::Disabled, words::level(Level::Required))
        };
        let own = Profile { is_own: true, ..profile(StatusWord::Pending, t("level-none")) };
        let looking = page(profile(StatusWord::Pending, t("level-none")));
        vec![
            full,
            page(troubled),
            Self { acts: Vec::new(), ..page(own) },
            Self { acts: Vec::new(), console: looking.console.clone().looking(), ..looking },
        ]
    }
}
