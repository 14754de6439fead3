//! `/account/authenticator`: what an authenticator app is, and setting one up. What is pending travels sealed in the form.

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use twolatch_core::login::authenticators::Added;
use twolatch_core::login::setup::{Pending, default_name};
use twolatch_core::login::web::Fault;
use twolatch_core::reason::Reason;
use twolatch_core::store::Session;
use twolatch_core::typed::{self, Typed};

use super::super::authenticator::{Authenticator, AuthenticatorPage};
use super::super::said::Said;
use super::super::{Answer, show as show_page};
use super::confirm::Target;
use super::{confirmed, failed, onward, signed_in};
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::{Account, Notice};
use crate::web::path::Links;

/// The page before anything is set up.
#[derive(Debug, Template)]
#[template(path = "account_authenticator.html")]
pub struct ExplainPage {
    frame: Frame,
    /// What the next one is called where nobody says otherwise.
    name: String,
    has_others: bool,
    said: Said,
}

impl ExplainPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page =
            |name: &str, has_others, said: Said| Self { frame: frame.clone(), name: name.to_owned(), has_others, said };
        let many = Notice::from(Account::TooMany).into();
        vec![page("Authenticator", false, Said::default()), page("Authenticator 2", true, many)]
    }
}

/// Explains it.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let session = confirmed(&app, &browser, Target::Authenticator).await?;
    let name = default_name(&session.user);
    let has_others = !session.user.authenticators.is_empty();
    let said = Said::from(browser.notice(&app));
    Ok(show_page(&app, &browser, None, |frame| ExplainPage { frame, name, has_others, said })?)
}

/// Begins, or takes a code.
pub(crate) async fn submit(State(app): State<App>, mut form: Form) -> Answer {
    let Some(draft) = form.optional("draft") else { return begin(&app, form).await };
    let (browser, [code]) = form.only(["code"])?;
    let session = signed_in(&app, &browser).await?;
    let draft = draft.expose();
    let pending = app.logins.authenticator_in(&session, draft)?;
    let Typed::Code(code) = typed::parse(code.expose().as_bytes()) else {
        return code_page(&app, &browser, &session, &pending, draft.to_owned(), Notice::NoCode.into());
    };
    match app.logins.continue_authenticator(&session, draft, &code, &browser.source, browser.now).await {
        Ok(added) => shown(&app, &browser, &session, added),
        Err(Fault::Refused(Reason::Wrong)) => {
            code_page(&app, &browser, &session, &pending, draft.to_owned(), Notice::WrongNewCode.into())
        }
        Err(Fault::Refused(Reason::EnrolPendingExpired)) => Ok(again(&app, &browser, Account::TooLate)),
        Err(fault) => Err(failed(&app, &browser, &Target::Authenticator, fault)),
    }
}

/// What follows where an authenticator is being added.
pub(in crate::pages) fn shown(app: &App, browser: &Browser, session: &Session, added: Added) -> Answer {
    match added {
        Added::Setup { pending, draft } => code_page(app, browser, session, &pending, draft, Said::default()),
        Added::Done(stored) => {
            tracing::info!(user = %session.user.name, source = %browser.source, "authenticator added");
            onward(app, browser, session, &stored, None)
        }
    }
}

async fn begin(app: &App, form: Form) -> Answer {
    let (browser, [name]) = form.only(["name"])?;
    let session = confirmed(app, &browser, Target::Authenticator).await?;
    match app.logins.begin_authenticator(&session, name.expose(), browser.now).await {
        Ok(added) => shown(app, &browser, &session, added),
        Err(Fault::Refused(_)) => Ok(again(app, &browser, Account::TooMany)),
        Err(fault) => Err(failed(app, &browser, &Target::Authenticator, fault)),
    }
}

fn again(app: &App, browser: &Browser, notice: Account) -> axum::response::Response {
    let left = browser.go(&Links::of(&app.config).account_authenticator());
    left.saying(app, browser, &notice.into()).into_response()
}

fn code_page(app: &App, browser: &Browser, session: &Session, pending: &Pending, draft: String, said: Said) -> Answer {
    let new = Authenticator::of(pending, &app.config.organisation, &session.user);
    let action = Links::of(&app.config).account_authenticator();
    let page = |frame| AuthenticatorPage { frame, action, draft: Some(draft), new, said };
    Ok(show_page(app, browser, None, page)?)
}
