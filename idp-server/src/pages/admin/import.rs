//! `/admin/import` and `/admin/export`: many people as a table. What a pasted table would do is shown before it is done; then
//! all are added or nobody is.

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use super::super::said::Said;
use super::super::{Answer, show as show_page};
use super::{Console, Here, changing, entered, words};
use crate::exports;
use crate::people_file::{self, COLUMNS, Entry, Fault};
use crate::state::App;
use crate::text::{Text, t};
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::Notice;
use crate::web::notice::person::{PersonNotice, Refusal};
use crate::web::path::Links;
use crate::web::path::person::{ADMIN_EXPORT, ADMIN_IMPORT};
use crate::web::stream;

/// So many people of a table are shown.
const SHOWN: usize = 50;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_import.html")]
pub struct ImportPage {
    frame: Frame,
    console: Console,
    columns: String,
    table: String,
    faults: Vec<Fault>,
    people: Vec<Shown>,
    /// How many there are, where all can be added.
    count: Option<u32>,
    said: Said,
}

/// Somebody who would be added.
#[derive(Debug, Clone)]
struct Shown {
    line: usize,
    name: String,
    email: String,
    role: Text,
    groups: String,
}

impl From<&Entry> for Shown {
    fn from(entry: &Entry) -> Self {
        let user = &entry.user;
        Self {
            line: entry.line,
            name: user.name.to_string(),
            email: user.email.as_ref().map(ToString::to_string).unwrap_or_default(),
            role: words::role(user.role),
            groups: user.groups.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        }
    }
}

impl ImportPage {
    fn empty(frame: Frame, console: Console, table: String, said: Said) -> Self {
        let console = console.at(Here::Users);
        Self {
            frame,
            console,
            columns: COLUMNS.join(","),
            table,
            faults: Vec::new(),
            people: Vec::new(),
            count: None,
            said,
        }
    }

    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |table: &str, said| Self::empty(frame.clone(), Console::sample(Here::Users), table.to_owned(), said);
        let shown = Shown {
            line: 2,
            name: "anna".to_owned(),
            email: "anna@example.org".to_owned(),
            role: t("role-member"),
            groups: "ops, staff".to_owned(),
        };
        let fault = Fault { line: 3, text: t("import-bad-role").with("role", "<b>") };
        let wrong = Said::error(t("import-wrong").number("count", 1));
        vec![
            page("", Said::default()),
            Self { people: vec![shown], count: Some(1), ..page("name\nanna\n", Said::default()) },
            Self { faults: vec![fault], ..page("name,role\nanna,\nben,</textarea><b>\n", wrong) },
        ]
    }
}

/// Asks for a table.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let entered = changing(&app, &browser, ADMIN_IMPORT).await?;
    let said = Said::from(browser.notice(&app));
    let page = |frame| ImportPage::empty(frame, entered.console, String::new(), said);
    Ok(show_page(&app, &browser, None, page)?)
}

/// Shows what it would do, and then does it.
pub(crate) async fn submit(State(app): State<App>, mut form: Form) -> Answer {
    let entered = changing(&app, &form.browser, ADMIN_IMPORT).await?;
    let really = form.optional("really").is_some();
    let (browser, [table]) = form.only(["table"])?;
    let table = table.expose().to_owned();
    let entries = match people_file::read(&app, &table, false, browser.now).await? {
        Ok(entries) => entries,
        Err(faults) => {
            let said = Said::error(t("import-wrong").number("count", number(faults.len())));
            let page = |frame| ImportPage { faults, ..ImportPage::empty(frame, entered.console, table, said) };
            return Ok(show_page(&app, &browser, None, page)?);
        }
    };
    let count = number(entries.len());
    if !really {
        let people = entries.iter().take(SHOWN).map(Shown::from).collect();
        let page = |frame| ImportPage {
            people,
            count: Some(count),
            ..ImportPage::empty(frame, entered.console, table, Said::default())
        };
        return Ok(show_page(&app, &browser, None, page)?);
    }
    let users = entries.into_iter().map(|entry| entry.user).collect();
    let notice: Notice = match app.logins.add_users(users, &entered.actor(&browser)).await {
        Ok(()) => PersonNotice::Imported(count).into(),
        Err(error) => Refusal::of(error)?.into(),
    };
    let left = browser.go(&Links::of(&app.config).admin_import());
    Ok(left.saying(&app, &browser, &notice).into_response())
}

/// All people as a file.
pub(crate) async fn export(State(app): State<App>, browser: Browser) -> Answer {
    entered(&app, &browser, ADMIN_EXPORT).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"people.csv\""),
    ];
    let (out, body) = stream::body();
    tokio::spawn(async move {
        if let Err(error) = exports::people(&app, &out).await {
            out.fail(error).await;
        }
    });
    Ok((headers, body).into_response())
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
