//! `/account/address`: another mail address of an administrator's own. Everybody else is told whom to ask.

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use twolatch_core::login::mailbox::Errand;
use twolatch_core::login::web::Fault;
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::store::Session;
use twolatch_core::time::Timestamp;
use twolatch_core::typed::{self, Typed};
use twolatch_core::user::{Email, Role};

use super::super::said::Said;
use super::super::{Answer, show as show_page};
use super::confirm::Target;
use super::mailed::{Mailed, refused};
use super::{confirmed, failed, renewed, signed_in};
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::{Account, Notice};
use crate::web::path::Links;

/// The page.
#[derive(Debug, Template)]
#[template(path = "account_address.html")]
pub struct AddressPage {
    frame: Frame,
    address: Option<String>,
    is_admin: bool,
    has_mail: bool,
    /// Until when nothing goes to the address, which somebody else has given.
    held: Option<Timestamp>,
    typed: String,
    mailed: Option<Mailed>,
    said: Said,
}

impl AddressPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |is_admin, mailed: Option<Mailed>, said: Option<Notice>| Self {
            frame: frame.clone(),
            address: Some("alice@example.org".to_owned()),
            is_admin,
            has_mail: true,
            held: None,
            typed: String::new(),
            mailed,
            said: said.into(),
        };
        let taken = page(true, None, Some(Account::TakenAddress.into()));
        vec![
            page(false, None, None),
            page(true, None, None),
            Self { typed: "\"><script>@example.org".to_owned(), ..taken },
            page(true, Some(Mailed::sample()), None),
            Self { has_mail: false, ..page(true, None, None) },
            Self { held: Some(Timestamp::from_unix(1_772_611_200)), ..page(false, None, None) },
        ]
    }
}

/// Shows it.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let session = signed_in(&app, &browser).await?;
    let asks = session.user.role == Role::Admin || session.user.email_held(browser.now).is_some();
    let session = if asks { confirmed(&app, &browser, Target::Address).await? } else { session };
    let notice = browser.notice(&app);
    page(&app, &browser, &session, String::new(), None, notice)
}

/// Takes an address and mails a code there, mails it once more, or takes the code.
pub(crate) async fn submit(State(app): State<App>, mut form: Form) -> Answer {
    if form.optional("held").is_some() {
        let (browser, []) = form.only([])?;
        return confirm_held(&app, &browser).await;
    }
    let Some(draft) = form.optional("draft") else {
        let (browser, [typed]) = form.only(["email"])?;
        return send(&app, &browser, typed.expose().trim()).await;
    };
    let code = form.optional("code");
    let (browser, []) = form.only([])?;
    match code {
        None => resend(&app, &browser, draft.expose()).await,
        Some(code) => take(&app, &browser, draft.expose(), &code).await,
    }
}

/// The address that somebody else has given is right.
async fn confirm_held(app: &App, browser: &Browser) -> Answer {
    let session = confirmed(app, browser, Target::Address).await?;
    match app.logins.confirm_own_address(&session, &browser.source, browser.now).await {
        Ok(()) => {
            tracing::info!(user = %session.user.name, source = %browser.source, "new address confirmed");
            let left = browser.go(&Links::of(&app.config).account());
            Ok(left.saying(app, browser, &Account::AddressConfirmed.into()).into_response())
        }
        Err(fault) => Err(failed(app, browser, &Target::Address, fault)),
    }
}

async fn send(app: &App, browser: &Browser, typed: &str) -> Answer {
    let session = confirmed(app, browser, Target::Address).await?;
    let wrong = |notice: Account| page(app, browser, &session, typed.to_owned(), None, Some(notice.into()));
    let Ok(address) = typed.parse::<Email>() else { return wrong(Account::NoAddress) };
    let (errand, source) = (Errand::NewAddress, &browser.source);
    match app.logins.mail_in_session(&session, errand, Some(address), source, browser.now).await {
        Ok(sent) => {
            page(app, browser, &session, String::new(), Some(Mailed::of(app, &session, sent, browser.now).await?), None)
        }
        Err(Fault::Refused(Reason::Malformed)) => wrong(Account::NoAddress),
        Err(Fault::Refused(Reason::NotAllowed)) => wrong(Account::TakenAddress),
        Err(Fault::Refused(_)) => wrong(Account::MailLater),
        Err(fault) => Err(failed(app, browser, &Target::Address, fault)),
    }
}

async fn resend(app: &App, browser: &Browser, draft: &str) -> Answer {
    let session = signed_in(app, browser).await?;
    match Mailed::once_more(app, browser, &session, Errand::NewAddress, draft).await? {
        Some((mailed, said)) => page(app, browser, &session, String::new(), Some(mailed), Some(said)),
        None => Ok(again(app, browser, Account::OldMailed)),
    }
}

async fn take(app: &App, browser: &Browser, draft: &str, code: &Secret) -> Answer {
    let session = signed_in(app, browser).await?;
    let mailed = Mailed::in_form(app, &session, Errand::NewAddress, draft, browser.now).await?;
    let wrong =
        |mailed: Mailed| page(app, browser, &session, String::new(), Some(mailed), Some(Account::WrongMailed.into()));
    let Typed::Code(code) = typed::parse(code.expose().as_bytes()) else { return wrong(mailed) };
    match app.logins.change_address(&session, draft, code, &browser.source, browser.now).await {
        Ok(token) => {
            tracing::info!(user = %session.user.name, source = %browser.source, "own address changed");
            let to = Links::of(&app.config).account();
            Ok(renewed(app, browser, &to, &token, Some(Account::AddressChanged.into()))?.into_response())
        }
        Err(Fault::Refused(reason)) => match refused(reason) {
            Account::OldMailed => Ok(again(app, browser, Account::OldMailed)),
            _ => wrong(mailed),
        },
        Err(fault) => Err(fault.into()),
    }
}

fn again(app: &App, browser: &Browser, notice: Account) -> axum::response::Response {
    let left = browser.go(&Links::of(&app.config).account_address());
    left.saying(app, browser, &notice.into()).into_response()
}

fn page(
    app: &App,
    browser: &Browser,
    session: &Session,
    typed: String,
    mailed: Option<Mailed>,
    notice: Option<Notice>,
) -> Answer {
    let address = session.user.email.as_ref().map(ToString::to_string);
    let (is_admin, has_mail) = (session.user.role == Role::Admin, app.logins.mail);
    let (said, held) = (Said::from(notice), session.user.email_held(browser.now));
    let page = |frame| AddressPage { frame, address, is_admin, has_mail, held, typed, mailed, said };
    Ok(show_page(app, browser, None, page)?)
}
