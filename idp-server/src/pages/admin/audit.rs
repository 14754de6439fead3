//! `/admin/audit`: what has happened, newest first, by person, event, result, door, client and time. Everything that is
//! looked for stands in the address.

use askama::Template;
use axum::extract::{RawQuery, State};
use openidconnect::url::form_urlencoded::{self, Serializer};
use twolatch_core::audit::Event;
use twolatch_core::door::Door;
use twolatch_core::reason::Reason;
use twolatch_core::store::audit::{Found, Position, Stored};
use twolatch_core::time::Timestamp;
use twolatch_core::words;

use super::super::said::Said;
use super::super::{Answer, show as show_page};
use super::{Console, Here, entered};
use crate::date;
use crate::state::App;
use crate::text::{Text, t};
use crate::trail::{Asked, Field, Format, Since, Until};
use crate::web::browser::Browser;
use crate::web::frame::Frame;
use crate::web::path::console::{ADMIN_AUDIT, with_query};

pub mod export;
pub mod verify;

/// Records on a page.
const ON_A_PAGE: i64 = 50;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_audit.html")]
pub struct AuditPage {
    frame: Frame,
    console: Console,
    asked: Asked,
    /// The field that cannot be understood.
    wrong: Option<Field>,
    rows: Vec<Row>,
    /// The address of what comes after, and the moment of the last record that was looked at.
    next: Option<(String, Timestamp)>,
    /// Whether this is not the newest.
    is_further: bool,
    said: Said,
}

/// What can be chosen in a field.
#[derive(Debug)]
struct Choice {
    word: &'static str,
    name: String,
    is_chosen: bool,
}

/// A record in the table.
#[derive(Debug, Clone)]
struct Row {
    at: Timestamp,
    /// To the second.
    exact: String,
    event: String,
    result: String,
    person: Option<String>,
    /// The address of all that concerns this person.
    life: String,
    actor: String,
    door: String,
    from: String,
    detail: String,
}

impl Row {
    fn of(record: Stored, frame: &Frame) -> Self {
        let at = Timestamp::from_unix(record.at);
        let text = |value: Option<String>| value.unwrap_or_default();
        let life = record.user_name.as_ref().map(|name| line_of_life(frame, name));
        Self {
            at,
            exact: date::machine(at),
            event: record.event,
            result: record.result,
            person: record.user_name,
            life: text(life),
            actor: text(record.actor),
            door: text(record.door),
            from: text(record.source),
            detail: text(record.detail),
        }
    }
}

/// The address of all that concerns a person.
fn line_of_life(frame: &Frame, name: &str) -> String {
    let query = Serializer::new(String::new()).append_pair("person", name).finish();
    format!("{}?{query}", frame.links.admin_audit())
}

impl AuditPage {
    fn events(&self) -> Vec<Choice> {
        choices(words::all::<Event>(), &self.asked.event)
    }

    fn results(&self) -> Vec<Choice> {
        let chosen = self.asked.result.as_str();
        let named = |word, text| Choice { word, name: self.frame.say(&text).plain(), is_chosen: word == chosen };
        let mut all = vec![named("ok", t("audit-ok")), named("refused", t("audit-refused"))];
        all.extend(choices(words::all::<Reason>(), chosen));
        all
    }

    fn doors(&self) -> Vec<Choice> {
        let choice = |door: Door| Choice {
            word: door.as_str(),
            name: self.frame.say(&super::words::door(door)).plain(),
            is_chosen: door.as_str() == self.asked.door,
        };
        Door::ALL.map(choice).into()
    }

    fn is_wrong(&self, field: Field) -> bool {
        self.wrong == Some(field)
    }

    /// Everything that is meant, to be taken away.
    fn export(&self, format: Format) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("format", &format.to_string()).extend_pairs(self.asked.pairs());
        format!("{}?{}", self.frame.links.admin_audit_export(), query.finish())
    }

    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let at = Timestamp::from_unix(1_772_546_709);
        let some = |text: &str| text.to_owned();
        let code = Row {
            at,
            exact: date::machine(at),
            event: some("code"),
            result: some("wrong"),
            person: Some(some("alice")),
            life: line_of_life(frame, "alice"),
            actor: String::new(),
            door: some("ssh"),
            from: some("192.0.2.1"),
            detail: String::new(),
        };
        let rules = Row {
            event: some("policy_changed"),
            result: some("ok"),
            person: None,
            actor: some("root (command line)"),
            door: String::new(),
            from: some("<script>"),
            detail: some("{\"organisation\":\"required\"}"),
            ..code.clone()
        };
        let page = |asked, rows, next: Option<&str>, said| Self {
            frame: frame.clone(),
            console: Console::sample(Here::Audit),
            asked,
            wrong: None,
            rows,
            next: next.map(|query| (format!("{}?{query}", frame.links.admin_audit()), at)),
            is_further: next.is_some(),
            said,
        };
        let alice = Asked { person: some("alice"), result: some("wrong"), door: some("ssh"), ..Asked::default() };
        let sometime = Asked { until: some("<script>"), ..Asked::default() };
        vec![
            page(Asked::default(), vec![code.clone(), rules], None, Said::default()),
            page(alice.clone(), vec![code], Some("person=alice&from=1772546709.7.abc"), Said::default()),
            page(alice, Vec::new(), Some("from=1772546709.7.abc"), Said::default()),
            Self { wrong: Some(Field::Until), ..page(sometime, Vec::new(), None, Said::error(problem(Field::Until))) },
        ]
    }
}

/// Shows it.
pub(crate) async fn show(State(app): State<App>, browser: Browser, RawQuery(query): RawQuery) -> Answer {
    let console = entered(&app, &browser, &with_query(ADMIN_AUDIT, query.as_deref())).await?.console.at(Here::Audit);
    let (asked, rest) = read(query.as_deref().unwrap_or_default());
    let from = rest.iter().find(|(name, _)| name == "from").and_then(|(_, value)| value.parse::<Position>().ok());
    let (found, wrong) = match asked.filter() {
        Ok(filter) => (app.store.search_audit(&filter, from.as_ref(), ON_A_PAGE).await?, None),
        Err(field) => (Found { records: Vec::new(), next: None }, Some(field)),
    };
    let page = |frame: Frame| {
        // What cannot be understood is not handed on.
        let pairs = if wrong.is_none() { asked.pairs() } else { Vec::new() };
        let frame = pairs.into_iter().fold(frame, |frame, (name, value)| frame.keeping(name, value));
        let next = found.next.map(|next| {
            let mut query = Serializer::new(String::new());
            query.extend_pairs(asked.pairs()).append_pair("from", &next.to_string());
            (format!("{}?{}", frame.links.admin_audit(), query.finish()), next.at())
        });
        AuditPage {
            console,
            rows: found.records.into_iter().map(|record| Row::of(record, &frame)).collect(),
            asked: shown(asked),
            wrong,
            next,
            is_further: from.is_some(),
            said: wrong.map(|field| Said::error(problem(field))).unwrap_or_default(),
            frame,
        }
    };
    Ok(show_page(&app, &browser, None, page)?)
}

/// Words to choose from, as records have them.
fn choices(words: &[&'static str], chosen: &str) -> Vec<Choice> {
    words.iter().map(|word| Choice { word, name: (*word).to_owned(), is_chosen: *word == chosen }).collect()
}

/// What a query asks for, and what else stands in it.
fn read(query: &str) -> (Asked, Vec<(String, String)>) {
    let mut asked = Asked::default();
    let mut rest = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let value = value.trim().to_owned();
        match &*name {
            "person" => asked.person = value,
            "event" => asked.event = value,
            "result" => asked.result = value,
            "door" => asked.door = value,
            "client" => asked.client = value,
            "since" => asked.since = value,
            "until" => asked.until = value,
            _ => rest.push((name.into_owned(), value)),
        }
    }
    (asked, rest)
}

/// The same with moments as browsers want them in their fields. What is none stays as it is.
fn shown(asked: Asked) -> Asked {
    let minute = |moment: Timestamp| date::machine(moment).chars().take("2026-03-03T14:05".len()).collect();
    Asked {
        since: asked.since.parse().map_or(asked.since, |Since(moment)| minute(moment)),
        until: asked.until.parse().map_or(asked.until, |Until(moment)| minute(moment.plus(-1))),
        ..asked
    }
}

const fn problem(field: Field) -> Text {
    match field {
        Field::Event => t("audit-bad-event"),
        Field::Result => t("audit-bad-result"),
        Field::Door => t("audit-bad-door"),
        Field::Client => t("audit-bad-client"),
        Field::Since | Field::Until => t("audit-bad-time"),
    }
}
