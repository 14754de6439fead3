//! `/admin`: how things stand at a glance: who is protected, what goes wrong, who waits, and how the server does.

use askama::Template;
use axum::extract::State;
use openidconnect::url::form_urlencoded::Serializer;
use twolatch_core::store::audit::Stored;
use twolatch_core::store::people::figures::{DAY, Failed, Queue};
use twolatch_core::time::Timestamp;

use self::chart::Chart;
use super::super::{Answer, show as show_page};
use super::words::number;
use super::{Console, Here, entered};
use crate::figures::{DAYS, Figures, MailTrouble};
use crate::state::App;
use crate::text::{Text, t};
use crate::web::browser::Browser;
use crate::web::failure::Failure;
use crate::web::frame::Frame;
use crate::web::path::console::ADMIN;

mod chart;

/// Events that are shown.
const RECENT: i64 = 8;

/// Mail that waits for longer than this, in seconds, is a fault.
const MAIL_LATE: i64 = 600;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_overview.html")]
pub struct OverviewPage {
    frame: Frame,
    console: Console,
    figures: Figures,
    chart: Chart,
    recent: Vec<Recent>,
    health: Vec<Part>,
}

/// An event.
#[derive(Debug, Clone)]
struct Recent {
    at: Timestamp,
    event: String,
    result: String,
    person: String,
}

/// A part of the server, and how it does.
#[derive(Debug, Clone)]
struct Part {
    name: Text,
    is_well: bool,
    found: Text,
    /// What went wrong last.
    trouble: Option<MailTrouble>,
}

impl Part {
    const fn well(name: Text, found: Text) -> Self {
        Self { name, is_well: true, found, trouble: None }
    }
}

impl OverviewPage {
    fn new(
        frame: Frame,
        console: Console,
        figures: Figures,
        recent: Vec<Recent>,
        health: Vec<Part>,
        now: Timestamp,
    ) -> Self {
        let chart = Chart::of(&figures.failed, now.unix() / DAY - DAYS + 1);
        Self { frame, console, figures, chart, recent, health }
    }

    /// People of whom something is asked, or would be.
    const fn people(&self) -> i64 {
        self.figures.pending + self.figures.activated + self.figures.disabled
    }

    /// Whole percents of all people.
    fn percent(&self, count: i64) -> i64 {
        (count * 100 + self.people() / 2) / self.people().max(1)
    }

    /// The address of those of a group who have to set up.
    fn pending_in(&self, group: &str) -> String {
        let query =
            Serializer::new(String::new()).append_pair("status", "pending").append_pair("group", group).finish();
        format!("{}?{query}", self.frame.links.admin_users())
    }

    /// The names of the ages, with how many people are of each.
    fn ages(&self) -> Vec<(Text, i64)> {
        let names = [t("overview-age-day"), t("overview-age-week"), t("overview-age-month"), t("overview-age-longer")];
        names.into_iter().zip(self.figures.by_age).collect()
    }

    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let now = Timestamp::from_unix(1_772_546_709);
        let day = now.unix() / DAY;
        let failed = |day, door: &str, count| Failed { day, door: door.to_owned(), count };
        let figures = Figures {
            pending: 12,
            activated: 80,
            disabled: 8,
            by_group: vec![("ops".to_owned(), 7), ("sales".to_owned(), 5)],
            by_age: [1, 2, 3, 6],
            failed: vec![failed(day - 3, "web", 5), failed(day - 3, "ssh", 2), failed(day, "sudo", 1)],
        };
        let recent = Recent {
            at: now,
            event: "factors_reset".to_owned(),
            result: "ok".to_owned(),
            person: "<script>".to_owned(),
        };
        let queue = Queue { waiting: 3, deferred: 2, oldest: Some(now.plus(-7200)) };
        let trouble = MailTrouble { at: now.plus(-60), why: "the mail server wants it later (451)".to_owned() };
        let console = Console::sample(Here::Overview);
        vec![
            Self::new(
                frame.clone(),
                console.clone(),
                figures,
                vec![recent],
                vec![
                    database("sqlite:///var/lib/twolatch/twolatch.db"),
                    mail(true, queue, Some(trouble), now),
                    keys(1, 2),
                ],
                now,
            ),
            Self::new(
                frame.clone(),
                Console { waiting: 0, ..console }.looking(),
                Figures::default(),
                Vec::new(),
                vec![mail(false, Queue::default(), None, now), alerts(true, 0)],
                now,
            ),
        ]
    }
}

/// Shows it.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let console = entered(&app, &browser, ADMIN).await?.console.at(Here::Overview);
    let figures = app.figures.get(&app.logins, browser.now).await?;
    let recent = app.store.latest_audit(RECENT).await?.into_iter().map(Recent::from).collect();
    let health = health(&app, browser.now).await?;
    let page = |frame| OverviewPage::new(frame, console, figures, recent, health, browser.now);
    Ok(show_page(&app, &browser, None, page)?)
}

impl From<Stored> for Recent {
    fn from(record: Stored) -> Self {
        Self {
            at: Timestamp::from_unix(record.at),
            event: record.event,
            result: record.result,
            person: record.user_name.unwrap_or_default(),
        }
    }
}

/// Whoever reads this has had an answer of the database.
async fn health(app: &App, now: Timestamp) -> Result<Vec<Part>, Failure> {
    let mut parts = vec![database(&app.store.location().to_string())];
    let queue = app.store.mail_queue().await?;
    parts.push(mail(app.config.mail.is_some(), queue, app.figures.mail_trouble(), now));
    let deferred = app.store.deferred_alerts().await?;
    parts.push(alerts(app.config.alerts.is_some(), deferred));
    parts.push(keys(app.store.keys().ids().count(), app.store.signing_keys().await?.len()));
    Ok(parts)
}

fn database(location: &str) -> Part {
    Part::well(t("overview-database"), t("overview-answers").with("what", location))
}

fn mail(is_set_up: bool, queue: Queue, trouble: Option<MailTrouble>, now: Timestamp) -> Part {
    let name = t("overview-mail");
    if !is_set_up {
        return Part::well(name, t("overview-no-mail"));
    }
    let is_well = queue.oldest.is_none_or(|oldest| now.since(oldest) < MAIL_LATE);
    let found = match (queue.waiting, queue.deferred) {
        (0, _) => t("overview-mail-none"),
        (waiting, 0) => t("overview-mail-waits").number("count", number(waiting)),
        (waiting, deferred) => t("overview-mail-deferred").number("count", number(waiting)).with("deferred", deferred),
    };
    Part { name, is_well, found, trouble }
}

fn alerts(is_set_up: bool, deferred: i64) -> Part {
    let found = match (is_set_up, deferred) {
        (false, _) => t("overview-no-alerts"),
        (true, 0) => t("overview-alerts"),
        (true, deferred) => t("overview-alerts-deferred").number("count", number(deferred)),
    };
    Part { is_well: !is_set_up || deferred == 0, ..Part::well(t("overview-alerting"), found) }
}

fn keys(ring: usize, signing: usize) -> Part {
    Part::well(t("overview-keys"), t("overview-keys-there").with("ring", ring).with("signing", signing))
}
