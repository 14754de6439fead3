//! `/admin/tokens/new`: one more token of a program: for what, what it may, and for how long. It is shown once: it is in no
//! address, no cookie and no log.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use twolatch_core::api_token::{DAYS, Scope};
use twolatch_core::login::api_tokens::{TokenError, Wanted};
use twolatch_core::login::manage::ManageError;
use twolatch_core::secret::Secret;
use twolatch_core::store::StoreError;
use twolatch_core::time::Timestamp;

use super::{failed, scope};
use crate::pages::admin::{Console, Here, changing};
use crate::pages::said::Said;
use crate::pages::{Answer, show as show_page};
use crate::state::App;
use crate::text::{Text, t};
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::path::tokens::ADMIN_TOKENS_NEW;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_token_new.html")]
pub struct NewPage {
    frame: Frame,
    console: Console,
    typed: Typed,
    /// The field that is wrong.
    wrong: &'static str,
    said: Said,
}

/// What was typed, to be corrected.
#[derive(Debug, Clone)]
struct Typed {
    user: String,
    note: String,
    days: String,
    ticked: BTreeSet<Scope>,
}

impl Typed {
    fn of(user: &str) -> Self {
        Self { user: user.to_owned(), note: String::new(), days: DAYS.to_string(), ticked: BTreeSet::new() }
    }
}

/// The page that shows it.
#[derive(Debug, Template)]
#[template(path = "admin_token.html")]
pub struct MadePage {
    frame: Frame,
    console: Console,
    note: String,
    shown: Secret,
    until: Timestamp,
    /// Where what it opens is described.
    description: String,
}

impl NewPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |typed, wrong, said| Self {
            frame: frame.clone(),
            console: Console::sample(Here::Tokens),
            typed,
            wrong,
            said,
        };
        let ticked = BTreeSet::from([Scope::UsersRead]);
        let typed = Typed { note: "<b>".to_owned(), days: "366".to_owned(), ticked, ..Typed::of("alice") };
        let wrong = Said::error(t("tokens-bad-days"));
        vec![page(Typed::of("alice"), "", Said::default()), page(typed, "days", wrong)]
    }

    fn scopes(&self) -> Vec<(Scope, Text, bool)> {
        let one = |one: Scope| (one, self.frame.say(&scope(one)), self.typed.ticked.contains(&one));
        Scope::ALL.map(one).into()
    }
}

impl MadePage {
    /// An example, for tests.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        Self {
            frame: frame.clone(),
            console: Console::sample(Here::Tokens),
            note: "Nightly <b>".to_owned(),
            shown: Secret::new("twolatch_api_abcdefghijklmnopqrstuvwxyz234567".to_owned()),
            until: Timestamp::from_unix(1_772_611_200),
            description: "https://id.example.org/api/v1/openapi.json".to_owned(),
        }
    }
}

/// Asks what it is for.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let entered = changing(&app, &browser, ADMIN_TOKENS_NEW).await?;
    let typed = Typed::of(entered.session.user.name.as_str());
    page(&app, &browser, entered.console, typed, None)
}

/// Makes it.
pub(crate) async fn submit(State(app): State<App>, mut form: Form) -> Answer {
    let entered = changing(&app, &form.browser, ADMIN_TOKENS_NEW).await?;
    let picks = form.picks();
    let (browser, fields) = form.only(["user", "note", "days"])?;
    let [user, note, days] = fields.map(|value| value.expose().trim().to_owned());
    let ticked = picks.iter().filter_map(|word| word.parse().ok()).collect();
    let typed = Typed { user, note, days, ticked };
    let again = |wrong: (&'static str, Text)| page(&app, &browser, entered.console.clone(), typed.clone(), Some(wrong));
    let Ok(name) = typed.user.parse() else { return again(("user", t("tokens-bad-user"))) };
    let wanted = Wanted {
        note: typed.note.clone(),
        scopes: typed.ticked.clone(),
        // What is no number is no number of days.
        days: typed.days.parse().unwrap_or_default(),
    };
    let (made, shown) = match app.logins.add_api_token(&name, wanted, &entered.actor(&browser)).await {
        Ok(made) => made,
        Err(error) => match wrong(&error) {
            Some(wrong) => return again(wrong),
            None => return Err(failed(error)),
        },
    };
    let page = |frame| MadePage {
        frame,
        console: entered.console.at(Here::Tokens),
        note: made.note,
        shown,
        until: made.expires_at,
        description: format!("{}/api/v1/openapi.json", app.config.issuer),
    };
    Ok(show_page(&app, &browser, None, page)?)
}

fn page(app: &App, browser: &Browser, console: Console, typed: Typed, wrong: Option<(&'static str, Text)>) -> Answer {
    let console = console.at(Here::Tokens);
    let (wrong, said) = wrong.map_or(("", Said::default()), |(field, text)| (field, Said::error(text)));
    Ok(show_page(app, browser, None, |frame| NewPage { frame, console, typed, wrong, said })?)
}

/// What has to be corrected; nothing where that is no matter of what was typed.
fn wrong(error: &TokenError) -> Option<(&'static str, Text)> {
    Some(match error {
        TokenError::NoScope => ("scopes", t("tokens-bad-scopes")),
        TokenError::NotForThem(name, ..) => ("scopes", t("tokens-not-for-them").with("name", name)),
        TokenError::NotTheirs(name) => ("user", t("tokens-not-theirs").with("name", name)),
        TokenError::Disabled(name) => ("user", t("tokens-disabled").with("name", name)),
        TokenError::Note => ("note", t("tokens-bad-note")),
        TokenError::Days => ("days", t("tokens-bad-days")),
        TokenError::TooMany(name) => ("user", t("tokens-too-many").with("name", name)),
        TokenError::Not(ManageError::NoUser(_) | ManageError::Store(StoreError::Conflict)) => {
            ("user", t("tokens-bad-user"))
        }
        TokenError::Missing(_) | TokenError::Not(_) => return None,
    })
}
