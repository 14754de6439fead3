//! `/admin/requests`: people who have lost their second factor and ask for help, the oldest first. What is answered stands on
//! pages of its own.

use askama::Template;
use axum::extract::State;
use twolatch_core::factor::Kind;
use twolatch_core::store::requests::{Request, Why};
use twolatch_core::time::Timestamp;
use twolatch_core::user::User;

use super::super::said::Said;
use super::super::{Answer, show as show_page};
use super::{Console, Here, entered, words};
use crate::state::App;
use crate::text::{Text, t};
use crate::web::browser::Browser;
use crate::web::frame::Frame;
use crate::web::path::console::ADMIN_REQUESTS;

pub mod answer;

/// So many are shown.
const LIMIT: i64 = 200;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_requests.html")]
pub struct RequestsPage {
    frame: Frame,
    console: Console,
    rows: Vec<Row>,
    said: Said,
}

/// A request.
#[derive(Debug, Clone)]
struct Row {
    name: String,
    why: Text,
    at: Timestamp,
    source: String,
    door: Text,
    has: Vec<Text>,
    ends: Timestamp,
    /// Who has approved it, where two have to.
    agreed: Option<String>,
    /// Before that it is not approved.
    not_before: Option<Timestamp>,
    is_own: bool,
}

impl Row {
    fn of(app: &App, request: Request, user: &User, own: &User, now: Timestamp) -> Self {
        let not_before = Some(app.logins.approvable_at(&request)).filter(|at| now < *at);
        Self {
            name: user.name.to_string(),
            why: why(request.why),
            at: request.created_at,
            door: words::door(request.door),
            has: has(user),
            ends: request.expires_at,
            agreed: request.agreed.map(|agreed| agreed.by),
            not_before,
            is_own: user.id == own.id,
            source: request.source,
        }
    }
}

const fn why(why: Why) -> Text {
    match why {
        Why::Lost => t("requests-lost"),
        Why::Disowned => t("requests-disowned"),
    }
}

/// What is set up.
fn has(user: &User) -> Vec<Text> {
    let all = [
        (user.has(Kind::Totp), t("requests-app")),
        (user.has(Kind::EmailCode), t("requests-email")),
        (user.recovery.is_some(), t("requests-recovery")),
    ];
    all.into_iter().filter(|(has, _)| *has).map(|(_, text)| text).collect()
}

impl RequestsPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let at = Timestamp::from_unix(1_772_611_200);
        let row = |name: &str, why: Text| Row {
            name: name.to_owned(),
            why,
            at,
            source: "192.0.2.1".to_owned(),
            door: t("door-ssh"),
            has: vec![t("requests-app"), t("requests-recovery")],
            ends: at.plus(7 * 86_400),
            agreed: None,
            not_before: None,
            is_own: false,
        };
        let page =
            |rows| Self { frame: frame.clone(), console: Console::sample(Here::Requests), rows, said: Said::default() };
        let rows = vec![
            row("alice", why(Why::Lost)),
            Row { has: Vec::new(), agreed: Some("ann".to_owned()), ..row("bob", why(Why::Disowned)) },
            Row { not_before: Some(at), ..row("carl", why(Why::Lost)) },
            Row { is_own: true, source: "<b>".to_owned(), ..row("dora", why(Why::Lost)) },
        ];
        let looking = page(rows.clone());
        vec![page(rows), page(Vec::new()), Self { console: looking.console.clone().looking(), ..looking }]
    }
}

/// Shows them.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let entered = entered(&app, &browser, ADMIN_REQUESTS).await?;
    let (now, own) = (browser.now, &entered.session.user);
    let requests = app.logins.requests(LIMIT, now).await?;
    let rows = requests.into_iter().map(|(request, user)| Row::of(&app, request, &user, own, now)).collect();
    let (console, said) = (entered.console.at(Here::Requests), Said::from(browser.notice(&app)));
    Ok(show_page(&app, &browser, None, |frame| RequestsPage { frame, console, rows, said })?)
}
