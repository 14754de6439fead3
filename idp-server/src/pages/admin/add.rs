//! `/admin/add`: one more person. The address is not known to be theirs until they have read mail there.

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use twolatch_core::user::{Role, User, UserName};

use super::super::said::Said;
use super::super::{Answer, show as show_page};
use super::{Console, Entered, Here, changing, words};
use crate::people_file;
use crate::person::{self, New};
use crate::state::App;
use crate::text::Text;
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::Notice;
use crate::web::notice::person::{PersonNotice, Refusal};
use crate::web::path::Links;
use crate::web::path::person::ADMIN_ADD;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_add.html")]
pub struct AddPage {
    frame: Frame,
    console: Console,
    typed: Typed,
    roles: Vec<(&'static str, Text)>,
    has_mail: bool,
    /// The field that is wrong.
    wrong: &'static str,
    said: Said,
}

/// What was typed, to be corrected.
#[derive(Debug, Clone)]
struct Typed {
    name: String,
    email: String,
    role: String,
    groups: String,
    invite: bool,
}

impl Default for Typed {
    fn default() -> Self {
        let (name, email, groups) = (String::new(), String::new(), String::new());
        Self { name, email, role: Role::Member.to_string(), groups, invite: true }
    }
}

impl AddPage {
    fn of(frame: Frame, console: Console, typed: Typed, has_mail: bool, refusal: Option<Refusal>) -> Self {
        // The least comes first.
        let mut roles = Role::ALL.map(|role| (role.as_str(), words::role(role)));
        roles.reverse();
        let wrong = refusal.map_or("", wrong);
        let said = Said::from(refusal.map(Notice::from));
        Self { frame, console: console.at(Here::Users), typed, roles: roles.into(), has_mail, wrong, said }
    }

    fn is_wrong(&self, field: &str) -> bool {
        self.wrong == field
    }

    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page =
            |typed, has_mail, refusal| Self::of(frame.clone(), Console::sample(Here::Users), typed, has_mail, refusal);
        let typed = Typed {
            name: "\"><b>".to_owned(),
            email: "anna@example.org".to_owned(),
            role: "supervisor".to_owned(),
            groups: "staff".to_owned(),
            invite: false,
        };
        vec![page(Typed::default(), true, None), page(typed, false, Some(Refusal::BadName))]
    }
}

/// Asks who it is.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let entered = changing(&app, &browser, ADMIN_ADD).await?;
    page(&app, &browser, entered.console, Typed::default(), None)
}

/// Adds them, and mails them a link.
pub(crate) async fn submit(State(app): State<App>, mut form: Form) -> Answer {
    let entered = changing(&app, &form.browser, ADMIN_ADD).await?;
    let invite = form.optional("invite").is_some();
    let (browser, [name, email, role, groups]) = form.only(["name", "email", "role", "groups"])?;
    let text = |value: &twolatch_core::secret::Secret| value.expose().trim().to_owned();
    let typed = Typed { name: text(&name), email: text(&email), role: text(&role), groups: text(&groups), invite };
    match add(&app, &entered, &browser, &typed).await? {
        Ok(user) => {
            let links = Links::of(&app.config);
            let notice = if invite {
                match app.logins.invite_by_post(&user.name, &entered.actor(&browser)).await {
                    Ok(()) => PersonNotice::AddedAndInvited.into(),
                    Err(error) => Refusal::of(error)?.into(),
                }
            } else {
                PersonNotice::Added.into()
            };
            let left = browser.go(&links.admin_user(user.name.as_str()));
            Ok(left.saying(&app, &browser, &notice).into_response())
        }
        Err(refusal) => page(&app, &browser, entered.console, typed, Some(refusal)),
    }
}

async fn add(
    app: &App,
    entered: &Entered,
    browser: &Browser,
    typed: &Typed,
) -> Result<Result<User, Refusal>, super::super::Detour> {
    let Ok(name) = typed.name.parse::<UserName>() else { return Ok(Err(Refusal::BadName)) };
    let Ok(role) = typed.role.parse() else { return Ok(Err(Refusal::BadRole)) };
    let Ok(groups) = people_file::groups(&typed.groups) else { return Ok(Err(Refusal::BadGroup)) };
    let email = match typed.email.as_str() {
        "" if typed.invite => return Ok(Err(Refusal::NoAddress)),
        "" => None,
        text => match text.parse() {
            Ok(email) => Some(email),
            Err(_) => return Ok(Err(Refusal::BadAddress)),
        },
    };
    let new = New { name, email, role, groups, invite: typed.invite };
    match person::add(app, new, &entered.actor(browser)).await {
        Ok(user) => Ok(Ok(user)),
        Err(error) => Ok(Err(Refusal::of(error)?)),
    }
}

fn page(app: &App, browser: &Browser, console: Console, typed: Typed, refusal: Option<Refusal>) -> Answer {
    let has_mail = app.logins.mail;
    Ok(show_page(app, browser, None, |frame| AddPage::of(frame, console, typed, has_mail, refusal))?)
}

/// What has to be typed anew.
const fn wrong(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::BadGroup => "groups",
        Refusal::BadRole => "role",
        Refusal::BadAddress | Refusal::NoAddress | Refusal::NoMail => "email",
        _ => "name",
    }
}
