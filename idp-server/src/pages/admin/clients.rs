//! `/admin/clients`: the applications that sign people in here.

use askama::Template;
use axum::extract::{RawQuery, State};
use openidconnect::url::form_urlencoded;
use twolatch_core::client::{AuthMethod, Client, GrantType, RedirectUri, Trust};
use twolatch_core::time::Timestamp;

use super::super::said::Said;
use super::super::{Answer, show as show_page};
use super::words::number;
use super::{Console, Here, entered};
use crate::state::App;
use crate::text::{Text, t};
use crate::web::browser::Browser;
use crate::web::failure::Kind;
use crate::web::frame::Frame;
use crate::web::path::ConsolePage;
use crate::web::path::clients::{ADMIN_CLIENT, ADMIN_CLIENTS, of};
use crate::web::path::console::with_query;

pub mod new;

/// Applications on a page.
const PAGE: i64 = 50;

/// Nobody turns more pages than these.
const LAST: i64 = 100_000;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_clients.html")]
pub struct ClientsPage {
    frame: Frame,
    console: Console,
    /// How many there are.
    total: u32,
    page: i64,
    rows: Vec<Line>,
    said: Said,
}

/// A line of the list.
#[derive(Debug)]
enum Line {
    /// An application.
    Client(Row),
    /// One whose row was changed by hand: no more is known than under what id it stands there.
    Damaged(String),
}

/// An application in the list.
#[derive(Debug)]
struct Row {
    name: String,
    id: String,
    page: Option<ConsolePage>,
    kind: Text,
    is_disabled: bool,
    is_verified: bool,
    last: Option<Timestamp>,
}

impl Row {
    fn of(client: Client, last: Option<Timestamp>) -> Self {
        Self {
            last,
            kind: kind(&client),
            page: ConsolePage::parse(&of(ADMIN_CLIENT, client.id.as_str())),
            is_disabled: client.disabled_at.is_some(),
            is_verified: client.settings.trust != Trust::Unverified,
            id: client.id.to_string(),
            name: client.name,
        }
    }
}

/// What an application is, in a few words.
#[must_use]
pub fn kind(client: &Client) -> Text {
    match client.auth_method {
        _ if client.settings.grants.is_empty() => t("client-kind-proxy"),
        _ if !client.may(GrantType::AuthorizationCode) && client.may(GrantType::DeviceCode) => t("client-kind-device"),
        _ if !client.may(GrantType::AuthorizationCode) => t("client-kind-machine"),
        AuthMethod::None if client.redirect_uris.iter().any(RedirectUri::is_installed) => t("client-kind-native"),
        AuthMethod::None => t("client-kind-browser"),
        _ => t("client-kind-server"),
    }
}

impl ClientsPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |page, total, rows, console| Self {
            frame: frame.clone(),
            console,
            total,
            page,
            rows,
            said: Said::default(),
        };
        let row = |id: &str, name: &str, kind, is_disabled: bool| {
            let (page, name) = (ConsolePage::parse(&of(ADMIN_CLIENT, id)), name.to_owned());
            let last = (!is_disabled).then_some(Timestamp::from_unix(1_772_611_200));
            Line::Client(Row { name, id: id.to_owned(), page, kind, is_disabled, is_verified: id != "jobs", last })
        };
        let rows = || {
            vec![
                row("wiki", "Wiki <b>", t("client-kind-server"), false),
                row("jobs", "Night jobs", t("client-kind-machine"), true),
                row("..", "Dots", t("client-kind-proxy"), false),
                Line::Damaged("mallory".to_owned()),
            ]
        };
        let console = || Console::sample(Here::Applications);
        vec![
            page(2, 120, rows(), console()),
            page(1, 0, Vec::new(), console()),
            page(1, 0, Vec::new(), console().looking()),
        ]
    }

    fn before(&self) -> Option<String> {
        (self.page > 1).then(|| self.frame.links.admin_clients_page(self.page - 1))
    }

    fn after(&self) -> Option<String> {
        (self.last() < self.total).then(|| self.frame.links.admin_clients_page(self.page + 1))
    }

    /// The number of the first one on this page.
    fn first(&self) -> u32 {
        number((self.page - 1) * PAGE + 1)
    }

    /// The number of the last one.
    fn last(&self) -> u32 {
        let rows = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.first().saturating_add(rows).saturating_sub(1)
    }
}

/// Shows them.
pub(crate) async fn show(State(app): State<App>, browser: Browser, RawQuery(query): RawQuery) -> Answer {
    let inside = entered(&app, &browser, &with_query(ADMIN_CLIENTS, query.as_deref())).await?;
    let query = query.unwrap_or_default();
    let asked = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "page").map(|(_, value)| value);
    let page = asked.map_or(Some(1), |page| page.parse().ok().filter(|page| (1..=LAST).contains(page)));
    let page = page.ok_or_else(|| Kind::BadForm.because("the list has no such page"))?;
    let total = number(app.store.count_clients().await?);
    let found = app.store.find_clients((page - 1) * PAGE, PAGE).await?;
    let ids: Vec<&str> = found.iter().flatten().map(|client| client.id.as_str()).collect();
    let mut used = app.store.last_used(&ids, browser.now).await?;
    let mut line = |found: Result<Client, String>| match found {
        Ok(client) => {
            let last = used.remove(client.id.as_str());
            Line::Client(Row::of(client, last))
        }
        Err(id) => Line::Damaged(id),
    };
    let rows = found.into_iter().map(&mut line).collect();
    let said = Said::from(browser.notice(&app));
    let console = inside.console.at(Here::Applications);
    let frame = |frame: Frame| if page > 1 { frame.keeping("page", &page.to_string()) } else { frame };
    let page = |given| ClientsPage { frame: frame(given), console, total, page, rows, said };
    Ok(show_page(&app, &browser, None, page)?)
}
