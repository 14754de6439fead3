//! `/admin/settings/why`: what would be asked of somebody, and which rule decides: the same as `twolatch policy explain`.

use askama::Template;
use axum::extract::{RawQuery, State};
use openidconnect::url::form_urlencoded;
use twolatch_core::door::Door;
use twolatch_core::login::explain::{Asked, Explained};
use twolatch_core::policy::{Because, Decision, Level};

use super::super::said::Said;
use super::super::{Answer, show as show_page};
use super::security::limits::Limits;
use super::{Console, Here, entered, words};
use crate::state::App;
use crate::text::{Text, t};
use crate::web::browser::Browser;
use crate::web::frame::Frame;
use crate::web::path::console::{ADMIN_WHY, with_query};

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_why.html")]
pub struct WhyPage {
    frame: Frame,
    console: Console,
    person: String,
    limits: Limits,
    /// The field that is wrong.
    wrong: &'static str,
    rows: Vec<Row>,
    said: Said,
}

/// What is asked at one door.
#[derive(Debug)]
struct Row {
    place: Text,
    level: Text,
    asked: Text,
    because: Text,
}

impl From<Explained> for Row {
    fn from(explained: Explained) -> Self {
        Self {
            place: explained.client.as_ref().map_or_else(|| words::door(explained.door), words::client),
            level: words::level(explained.decision.level),
            asked: words::asked(explained.asked),
            because: words::because(&explained.decision.because),
        }
    }
}

impl WhyPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |person: &str, rows, said| Self {
            frame: frame.clone(),
            console: Console::sample(Here::Why),
            person: person.to_owned(),
            limits: Limits::default(),
            wrong: "",
            rows,
            said,
        };
        let row = |door, level, asked: Asked, because| {
            Row::from(Explained {
                door,
                client: None,
                decision: Decision { level, because },
                refused: asked.is_refused(),
                asked,
            })
        };
        let rows = vec![
            row(Door::Ssh, Level::Required, Asked::Code, Because::Organisation),
            row(Door::Sudo, Level::Optional, Asked::Nothing, Because::Door(Door::Sudo)),
        ];
        vec![
            page("", Vec::new(), Said::default()),
            page("alice", rows, Said::default()),
            Self { wrong: "person", ..page("<b>", Vec::new(), Said::error(t("why-nobody").with("name", "<b>"))) },
            Self {
                wrong: "address",
                limits: Limits { network: "<b>".to_owned(), host: "web1".to_owned(), ..Limits::default() },
                ..page("alice", Vec::new(), Said::error(t("why-bad-address")))
            },
        ]
    }
}

/// Shows it.
pub(crate) async fn show(State(app): State<App>, browser: Browser, RawQuery(query): RawQuery) -> Answer {
    let console = entered(&app, &browser, &with_query(ADMIN_WHY, query.as_deref())).await?.console.at(Here::Why);
    let query = query.unwrap_or_default();
    let asked = |field: &str| {
        let found = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == field);
        found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let person = asked("person");
    let limits = Limits {
        client: String::new(),
        service: asked("service"),
        host: asked("host"),
        network: asked("address"),
        key: asked("key"),
    };
    let found = match person.parse() {
        Ok(name) => app.store.person_by_name(&name).await?,
        Err(_) => None,
    };
    let policy = app.logins.policy(browser.now).await?;
    let (rows, wrong, said) = match (&found, limits.told()) {
        _ if person.is_empty() => (Vec::new(), "", Said::default()),
        (None, _) => (Vec::new(), "person", Said::error(t("why-nobody").with("name", &person))),
        (Some(_), Err((field, text))) => (Vec::new(), field, Said::error(text)),
        (Some(found), Ok(told)) => {
            let explain = |at| app.logins.explain(&policy, found, app.logins.told(&told, at), browser.now);
            (policy.places().into_iter().map(explain).map(Row::from).collect(), "", Said::default())
        }
    };
    let keep = |frame: Frame| {
        let kept = [
            ("person", &person),
            ("address", &limits.network),
            ("key", &limits.key),
            ("host", &limits.host),
            ("service", &limits.service),
        ];
        kept.into_iter()
            .filter(|(_, value)| !value.is_empty())
            .fold(frame, |frame, (name, value)| frame.keeping(name, value))
    };
    let page = |frame: Frame| {
        let frame = keep(frame);
        WhyPage { frame, console, person: person.clone(), limits: limits.clone(), wrong, rows, said }
    };
    Ok(show_page(&app, &browser, None, page)?)
}
