//! `/account/email`: codes by mail, on and off.

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use twolatch_core::factor::Kind;
use twolatch_core::login::mailbox::{Errand, Sent};
use twolatch_core::login::web::Fault;
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::store::Session;
use twolatch_core::typed::{self, Typed};

use super::super::said::Said;
use super::super::{Answer, Detour, show as show_page};
use super::confirm::Target;
use super::mailed::{Mailed, refused, unsent};
use super::{confirmed, failed, onward, renewed, signed_in};
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::{Account, Notice};
use crate::web::path::Links;

/// The page.
#[derive(Debug, Template)]
#[template(path = "account_email.html")]
pub struct EmailPage {
    frame: Frame,
    address: String,
    is_on: bool,
    removable: bool,
    mailed: Option<Mailed>,
    said: Said,
}

impl EmailPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |is_on, removable, mailed: Option<Mailed>, said: Option<Notice>| Self {
            frame: frame.clone(),
            address: "alice@example.org".to_owned(),
            is_on,
            removable,
            mailed,
            said: said.into(),
        };
        let wrong = Some(Account::WrongMailed.into());
        vec![
            page(false, true, None, None),
            page(false, true, Some(Mailed::sample()), None),
            page(false, true, Some(Mailed::sample()), wrong),
            page(true, true, None, None),
            page(true, false, None, None),
        ]
    }
}

/// Shows how it stands.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let session = confirmed(&app, &browser, Target::Email).await?;
    let notice = browser.notice(&app);
    page(&app, &browser, &session, None, notice).await
}

/// Mails a code, mails it once more, or takes it.
pub(crate) async fn submit(State(app): State<App>, mut form: Form) -> Answer {
    let (draft, code) = (form.optional("draft"), form.optional("code"));
    let (browser, []) = form.only([])?;
    match (draft, code) {
        (None, None) => send(&app, &browser).await,
        (Some(draft), None) => resend(&app, &browser, draft.expose()).await,
        (Some(draft), Some(code)) => take(&app, &browser, draft.expose(), &code).await,
        (None, Some(_)) => Err(Fault::Over.into()),
    }
}

async fn send(app: &App, browser: &Browser) -> Answer {
    let session = confirmed(app, browser, Target::Email).await?;
    match app.logins.mail_in_session(&session, Errand::TurnOn, None, &browser.source, browser.now).await {
        Ok(sent) => shown(app, browser, &session, sent).await,
        Err(Fault::Refused(reason)) => Ok(again(app, browser, unsent(reason))),
        Err(fault) => Err(failed(app, browser, &Target::Email, fault)),
    }
}

/// Asks for a code that was mailed.
pub(in crate::pages) async fn shown(app: &App, browser: &Browser, session: &Session, sent: Sent) -> Answer {
    let mailed = Mailed::of(app, session, sent, browser.now).await?;
    page(app, browser, session, Some(mailed), None).await
}

async fn resend(app: &App, browser: &Browser, draft: &str) -> Answer {
    let session = signed_in(app, browser).await?;
    match Mailed::once_more(app, browser, &session, Errand::TurnOn, draft).await? {
        Some((mailed, said)) => page(app, browser, &session, Some(mailed), Some(said)).await,
        None => Ok(again(app, browser, Account::OldMailed)),
    }
}

async fn take(app: &App, browser: &Browser, draft: &str, code: &Secret) -> Answer {
    let session = signed_in(app, browser).await?;
    let mailed = Mailed::in_form(app, &session, Errand::TurnOn, draft, browser.now).await?;
    let Typed::Code(code) = typed::parse(code.expose().as_bytes()) else {
        return page(app, browser, &session, Some(mailed), Some(Account::WrongMailed.into())).await;
    };
    match app.logins.turn_email_codes_on(&session, draft, code, &browser.source, browser.now).await {
        Ok(stored) => {
            tracing::info!(user = %session.user.name, source = %browser.source, "codes by mail turned on");
            onward(app, browser, &session, &stored, Some(Account::EmailOn.into()))
        }
        Err(Fault::Refused(reason)) => match refused(reason) {
            Account::OldMailed => Ok(again(app, browser, Account::OldMailed)),
            notice => page(app, browser, &session, Some(mailed), Some(notice.into())).await,
        },
        Err(fault) => Err(fault.into()),
    }
}

/// Turns them off.
pub(crate) async fn turn_off(State(app): State<App>, form: Form) -> Answer {
    let (browser, []) = form.only([])?;
    let session = confirmed(&app, &browser, Target::Email).await?;
    let to = Links::of(&app.config).account_security();
    let left = match app.logins.turn_email_codes_off(&session, &browser.source, browser.now).await {
        Ok(token) => {
            tracing::info!(user = %session.user.name, source = %browser.source, "codes by mail turned off");
            renewed(&app, &browser, &to, &token, Some(Account::EmailOff.into()))?
        }
        Err(Fault::Refused(Reason::NotAllowed)) => browser.go(&to).saying(&app, &browser, &Account::LastOne.into()),
        Err(fault) => return Err(failed(&app, &browser, &Target::Email, fault)),
    };
    Ok(left.into_response())
}

fn again(app: &App, browser: &Browser, notice: Account) -> axum::response::Response {
    let left = browser.go(&Links::of(&app.config).account_email());
    left.saying(app, browser, &notice.into()).into_response()
}

/// The page; who has no address, or can be mailed nothing, has nothing to do here.
async fn page(
    app: &App,
    browser: &Browser,
    session: &Session,
    mailed: Option<Mailed>,
    notice: Option<Notice>,
) -> Answer {
    let user = &session.user;
    let is_on = user.email_codes_at.is_some();
    let terms = app.logins.policy(browser.now).await?.terms_of(user);
    let offered = app.logins.mail && terms.methods.contains(&Kind::EmailCode);
    let Some(address) = user.email.as_ref().filter(|_| is_on || offered) else {
        return Err(Detour::from(browser.go(&Links::of(&app.config).account_security())));
    };
    let removable = app.logins.may_lose(user, Kind::EmailCode, browser.now).await?;
    let (address, said) = (address.to_string(), Said::from(notice));
    Ok(show_page(app, browser, None, |frame| EmailPage { frame, address, is_on, removable, mailed, said })?)
}
