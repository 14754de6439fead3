//! `/admin/users`: who there is and how each stands, to look for, to sort, and to choose from.

use askama::Template;
use axum::extract::{RawQuery, State};
use twolatch_core::factor::Kind;
use twolatch_core::policy::{Because, Policy, Status, StatusWord, Unasked};
use twolatch_core::store::StoreError;
use twolatch_core::store::budgets::Charge;
use twolatch_core::store::jobs::{Action, Job};
use twolatch_core::store::people::{Damaged, Found};
use twolatch_core::time::Timestamp;
use twolatch_core::user::{GroupName, Role, User};

use self::filter::{Filter, PAGE};
use super::super::said::Said;
use super::super::{Answer, show as show_page};
use super::words::{self, number};
use super::{Console, Here, entered};
use crate::state::App;
use crate::text::{Text, t};
use crate::web::browser::Browser;
use crate::web::frame::Frame;
use crate::web::path::ConsolePage;
use crate::web::path::console::{ADMIN_USERS, with_query};

pub mod filter;

/// Bulk actions that have ended are listed for so many seconds, and no more than these.
const LATELY: i64 = 7 * 86_400;
const ENDED: usize = 10;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_users.html")]
pub struct UsersPage {
    frame: Frame,
    console: Console,
    filter: Filter,
    /// How many match.
    total: u32,
    rows: Vec<Line>,
    /// What can be done to many.
    actions: Vec<Action>,
    /// The jobs that run.
    running: Vec<(String, Text)>,
    /// Those that have ended lately, and for how many each was done.
    ended: Vec<(String, Text, u32)>,
    said: Said,
}

/// A line of the list.
#[derive(Debug)]
enum Line {
    /// Somebody.
    Person(Box<Row>),
    /// Somebody whose row was changed by hand: no more is known than under what name it stands there.
    Damaged(String),
}

/// Somebody in the list.
#[derive(Debug)]
struct Row {
    id: String,
    name: String,
    page: Option<ConsolePage>,
    email: Option<String>,
    status: StatusWord,
    why: Option<Text>,
    methods: Vec<Text>,
    role: Text,
    groups: String,
    last: Option<Timestamp>,
    standing: Charge,
    /// Nobody does anything to the own account here.
    is_self: bool,
    is_ticked: bool,
}

/// How a second factor stands.
#[must_use]
pub const fn status(word: StatusWord) -> Text {
    match word {
        StatusWord::Pending => t("users-pending"),
        StatusWord::Activated => t("users-activated"),
        StatusWord::Disabled => t("users-disabled"),
    }
}

/// A method that can be set up.
#[must_use]
pub const fn method(kind: Kind) -> Text {
    match kind {
        Kind::EmailCode => t("users-email"),
        _ => t("users-app"),
    }
}

/// What can be done to many.
#[must_use]
pub const fn action(action: Action) -> Text {
    match action {
        Action::RequestRegistration => t("bulk-register"),
        Action::Disable => t("bulk-disable"),
        Action::Enable => t("bulk-enable"),
        Action::Unlock => t("bulk-unlock"),
        Action::EndSessions => t("bulk-end"),
        Action::SetMethods => t("bulk-methods"),
        Action::Invite => t("bulk-invite"),
    }
}

fn because(frame: &Frame, unasked: &Unasked) -> Text {
    let deciding = |because: &Because| frame.say(&words::because(because));
    match unasked {
        Unasked::Account => frame.t("users-why-account"),
        Unasked::Optional(because) => frame.t("users-why-optional").html("because", deciding(because)),
        Unasked::Off(because) => frame.t("users-why-off").html("because", deciding(because)),
    }
}

impl Row {
    fn of(frame: &Frame, policy: &Policy, found: Found, me: &User, ticked: &[String], now: Timestamp) -> Self {
        let Found { person, standing } = found;
        let (status, last) = (policy.status(&person.user, now), person.last_login());
        let user = person.user;
        let groups: Vec<&str> = user.groups.iter().map(GroupName::as_str).collect();
        let is_self = user.id == me.id;
        Self {
            page: ConsolePage::parse(&format!("/admin/user/{}", user.name)),
            email: user.email.as_ref().map(ToString::to_string),
            why: status.reason().map(|unasked| because(frame, unasked)),
            status: status.word(),
            methods: Kind::METHODS.into_iter().filter(|kind| user.has(*kind)).map(method).collect(),
            role: words::role(user.role),
            groups: groups.join(", "),
            last,
            standing,
            is_self,
            is_ticked: !is_self && ticked.iter().any(|id| id == user.id.as_str()),
            id: user.id.to_string(),
            name: user.name.to_string(),
        }
    }
}

impl UsersPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |filter: &str, total, rows: Vec<Line>, console: Console| Self {
            frame: frame.clone(),
            console,
            filter: Filter::read(filter).unwrap_or_default(),
            total,
            rows,
            actions: Action::ALL.into(),
            running: Vec::new(),
            ended: Vec::new(),
            said: Said::default(),
        };
        let console = || Console::sample(Here::Users);
        let row = |name: &str, status: Status, standing| {
            Line::Person(Box::new(Row {
                id: format!("id-{name}"),
                name: name.to_owned(),
                page: ConsolePage::parse(&format!("/admin/user/{name}")),
                email: Some(format!("{name}@example.org")),
                why: status.reason().map(|unasked| because(frame, unasked)),
                status: status.word(),
                methods: if status == Status::Activated { Kind::METHODS.map(method).into() } else { Vec::new() },
                role: words::role(Role::Member),
                groups: "ops, sales".to_owned(),
                last: (status == Status::Activated).then(|| Timestamp::from_unix(1_772_611_200)),
                standing,
                is_self: name == "me",
                is_ticked: name == "bob",
            }))
        };
        let rows = || {
            let off = Unasked::Off(Because::Organisation);
            vec![
                row("alice", Status::Activated, Charge::Taken),
                row("bob", Status::Pending, Charge::Wait(Timestamp::from_unix(1_772_611_200))),
                row("carol", Status::Disabled(off), Charge::Held),
                Line::Damaged("mallory".to_owned()),
                row("me", Status::Disabled(Unasked::Account), Charge::Taken),
            ]
        };
        let mut nobody = page("nobody=yes", 5, rows(), console());
        nobody.said = Said::error(t("users-none-ticked"));
        let mut running = page("", 1, vec![row("me", Status::Activated, Charge::Taken)], console());
        running.running = vec![("abc".to_owned(), action(Action::Disable))];
        running.ended =
            vec![("def".to_owned(), action(Action::Invite), 12), ("ghi".to_owned(), action(Action::Unlock), 1)];
        vec![
            page("q=a&status=pending&sort=-login&page=2", 120, rows(), console()),
            page("q=%3Cb%3E", 0, Vec::new(), console()),
            page("", 5, rows(), console().looking()),
            nobody,
            running,
        ]
    }

    fn status(&self, word: StatusWord) -> Text {
        self.frame.say(&status(word))
    }

    fn method(&self, kind: Kind) -> Text {
        self.frame.say(&method(kind))
    }

    fn role(&self, role: Role) -> Text {
        self.frame.say(&words::role(role))
    }

    fn action(&self, one: Action) -> Text {
        self.frame.say(&action(one))
    }

    /// This list, changed a little.
    fn link(&self, filter: &Filter) -> String {
        let query = filter.query();
        let users = self.frame.links.admin_users();
        if query.is_empty() { users } else { format!("{users}?{query}") }
    }

    fn sorted(&self, word: &str) -> String {
        self.link(&self.filter.by(word))
    }

    fn order(&self, word: &str) -> Option<&'static str> {
        self.filter.order(word)
    }

    fn before(&self) -> Option<String> {
        (self.filter.page > 1).then(|| self.link(&self.filter.on(self.filter.page - 1)))
    }

    fn after(&self) -> Option<String> {
        (self.last() < self.total).then(|| self.link(&self.filter.on(self.filter.page + 1)))
    }

    /// The number of the first one on this page.
    fn first(&self) -> u32 {
        u32::try_from((self.filter.page - 1) * PAGE + 1).unwrap_or(u32::MAX)
    }

    /// The number of the last one.
    fn last(&self) -> u32 {
        let rows = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.first().saturating_add(rows).saturating_sub(1)
    }

    /// Whether whoever looks is alone.
    fn is_alone(&self) -> bool {
        !self.filter.is_narrow() && self.total == 1
    }
}

/// Shows them.
pub(crate) async fn show(State(app): State<App>, browser: Browser, RawQuery(query): RawQuery) -> Answer {
    let inside = entered(&app, &browser, &with_query(ADMIN_USERS, query.as_deref())).await?;
    let (filter, now) = (Filter::read(query.as_deref().unwrap_or_default())?, browser.now);
    let policy = app.logins.policy(now).await?;
    let search = filter.search();
    let total = app.store.count_people(&search, &policy, now).await?;
    let found = app.store.find_people(&search, &policy, filter.part(), now).await?;
    let running = readable(app.store.running_jobs().await)?;
    let running = running.into_iter().map(|job| (job.id.to_string(), action(job.work.action))).collect();
    let ended = readable(app.store.ended_jobs(now.plus(-LATELY), ENDED).await)?.into_iter();
    let ended = ended.map(|job| (job.id.to_string(), action(job.work.action), number(job.work.done))).collect();
    let actions = Action::ALL.into_iter().filter(|action| *action != Action::Invite || app.logins.mail).collect();
    let notice = browser.notice(&app);
    let said = if filter.nobody { Said::error(t("users-none-ticked")) } else { notice.into() };
    let page = |frame: Frame| {
        let line = |found| match found {
            Ok(found) => {
                Line::Person(Box::new(Row::of(&frame, &policy, found, &inside.session.user, &filter.picks, now)))
            }
            Err(Damaged { name, .. }) => Line::Damaged(name),
        };
        let rows = found.into_iter().map(line).collect();
        let frame = filter.pairs().iter().fold(frame, |frame, (name, value)| frame.keeping(name, value));
        let (total, console) = (number(total), inside.console.at(Here::Users));
        UsersPage { frame, console, filter, total, rows, actions, running, ended, said }
    };
    Ok(show_page(&app, &browser, None, page)?)
}

/// Jobs, or none where the row of one is not as it was written: that closes no list of people.
fn readable(jobs: Result<Vec<Job>, StoreError>) -> Result<Vec<Job>, StoreError> {
    match jobs {
        Err(error) if error.is_of_a_row() => {
            tracing::error!(%error, "what was done to many cannot be listed");
            Ok(Vec::new())
        }
        jobs => jobs,
    }
}
