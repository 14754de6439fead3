//! `/account/confirm`: a fresh second factor before the account is changed, and back to what was wanted.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::IntoResponse;
use openidconnect::url::form_urlencoded;
use twolatch_core::factor::Kind as Factor;
use twolatch_core::login::confirm::{Shown, Ways};
use twolatch_core::login::mailbox::Errand;
use twolatch_core::login::web::Fault;
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::store::Session;
use twolatch_core::typed::{self, Typed};

use super::super::said::Said;
use super::super::{Answer, show as show_page};
use super::mailed::{Mailed, refused, unsent};
use super::{renewed, signed_in};
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::failure::Kind;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::{Account, Notice};
use crate::web::path::{ConsolePage, Links};

/// Where somebody wanted to go. Nothing else can be gone to from here, whatever an address says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The list of all.
    Security,
    /// Another authenticator.
    Authenticator,
    /// Codes by mail.
    Email,
    /// Another address.
    Address,
    /// New recovery codes.
    Recovery,
    /// Another password.
    Password,
    /// A page of the console.
    Console(ConsolePage),
    /// The answer to a device, by a word that holds the sealed request.
    Device(String),
}

/// How the word for a device begins.
const DEVICE: &str = "device:";

impl Target {
    const ALL: [Self; 6] =
        [Self::Security, Self::Authenticator, Self::Email, Self::Address, Self::Recovery, Self::Password];

    /// The word for it in an address.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Console(page) => page.as_str(),
            Self::Device(word) => word,
            Self::Security => "security",
            Self::Authenticator => "authenticator",
            Self::Email => "email",
            Self::Address => "address",
            Self::Recovery => "recovery",
            Self::Password => "password",
        }
    }

    /// The one with this word; any other is the list of all.
    fn named(word: &str) -> Self {
        let own = Self::ALL.into_iter().find(|target| target.word() == word);
        let device = || {
            let sealed = word.strip_prefix(DEVICE)?;
            let is_plain = sealed.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
            is_plain.then(|| Self::device(sealed))
        };
        own.or_else(|| ConsolePage::parse(word).map(Self::Console)).or_else(device).unwrap_or(Self::Security)
    }

    /// The answer to a device whose sealed request this is.
    #[must_use]
    pub fn device(sealed: &str) -> Self {
        Self::Device(format!("{DEVICE}{sealed}"))
    }

    fn link(&self, links: &Links) -> String {
        match self {
            Self::Console(page) => links.admin_page(page),
            Self::Device(word) => links.device_confirm_of(word.strip_prefix(DEVICE).unwrap_or_default()),
            Self::Security => links.account_security(),
            Self::Authenticator => links.account_authenticator(),
            Self::Email => links.account_email(),
            Self::Address => links.account_address(),
            Self::Recovery => links.account_recovery(),
            Self::Password => links.account_password(),
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A code of an app.
    App,
    /// A code by mail.
    Mail,
    /// The password.
    Password,
    /// Nothing: no mail is sent.
    Nothing,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "account_confirm.html")]
pub struct ConfirmPage {
    frame: Frame,
    target: Target,
    name: String,
    by: By,
    recovery: bool,
    mailed: Option<Mailed>,
    said: Said,
    /// What is wrong is the recovery code.
    bad_recovery: bool,
}

impl ConfirmPage {
    fn of(frame: Frame, target: Target, ways: Ways, name: String, notice: Option<Notice>) -> Self {
        Self {
            frame: frame.keeping("for", target.word()),
            target,
            name,
            by: match ways.method {
                Some(Factor::Totp) => By::App,
                Some(Factor::EmailCode) => By::Mail,
                _ if ways.password => By::Password,
                _ => By::Nothing,
            },
            recovery: ways.recovery,
            mailed: None,
            bad_recovery: matches!(notice, Some(Notice::Account(Account::WrongRecovery | Account::UsedRecovery))),
            said: notice.into(),
        }
    }

    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |method: Option<Factor>, notice: Option<Notice>| {
            let ways = Ways { method, recovery: method == Some(Factor::Totp), password: method.is_none() };
            Self::of(frame.clone(), Target::Authenticator, ways, "alice".to_owned(), notice)
        };
        let (app, mail) = (Some(Factor::Totp), Some(Factor::EmailCode));
        let wrong = Some(Account::WrongMailed.into());
        vec![
            page(app, None),
            page(app, Some(Notice::WrongCode)),
            page(app, Some(Account::WrongRecovery.into())),
            page(mail, None),
            Self { mailed: Some(Mailed::sample()), ..page(mail, None) },
            Self { mailed: Some(Mailed::sample()), ..page(mail, wrong) },
            page(None, None),
            page(None, Some(Account::WrongPassword.into())),
            Self { by: By::Nothing, recovery: true, ..page(None, None) },
        ]
    }
}

/// Asks for it.
pub(crate) async fn show(State(app): State<App>, browser: Browser, RawQuery(query): RawQuery) -> Answer {
    let session = signed_in(&app, &browser).await?;
    let query = query.unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let target = Target::named(&pairs.find(|(name, _)| name == "for").unwrap_or_default().1);
    if session.is_confirmed(browser.now) {
        return Err(browser.go(&target.link(&Links::of(&app.config))).into());
    }
    let ways = app.logins.ways_to_confirm(&session, browser.now).await?;
    let (name, notice) = (session.user.name.to_string(), browser.notice(&app));
    Ok(show_page(&app, &browser, None, |frame| ConfirmPage::of(frame, target, ways, name, notice))?)
}

/// Mails a code for it, or the same once more.
pub(crate) async fn mail(State(app): State<App>, mut form: Form) -> Answer {
    let draft = form.optional("draft");
    let (browser, [target]) = form.only(["for"])?;
    let target = Target::named(target.expose());
    let session = signed_in(&app, &browser).await?;
    let again = |notice: Account| {
        let link = Links::of(&app.config).account_confirm_for(target.word());
        browser.go(&link).saying(&app, &browser, &notice.into()).into_response()
    };
    let (mailed, notice) = match draft {
        None => match app.logins.mail_in_session(&session, Errand::Confirm, None, &browser.source, browser.now).await {
            Ok(sent) => (Mailed::of(&app, &session, sent, browser.now).await?, None),
            Err(Fault::Refused(reason)) => return Ok(again(unsent(reason))),
            Err(fault) => return Err(fault.into()),
        },
        Some(draft) => match Mailed::once_more(&app, &browser, &session, Errand::Confirm, draft.expose()).await? {
            Some((mailed, said)) => (mailed, Some(said)),
            None => return Ok(again(Account::OldMailed)),
        },
    };
    mailed_page(&app, &browser, &session, target, mailed, notice).await
}

/// Takes what was shown.
pub(crate) async fn submit(State(app): State<App>, mut form: Form) -> Answer {
    let (draft, recovery, password) =
        (form.optional("draft"), form.optional("recovery"), form.optional("current-password"));
    let (browser, target, typed) = match (recovery, password) {
        (Some(recovery), None) => {
            let (browser, [target]) = form.only(["for"])?;
            (browser, target, Given::Recovery(recovery))
        }
        (None, Some(password)) => {
            let (browser, [target]) = form.only(["for"])?;
            (browser, target, Given::Password(password))
        }
        (None, None) => {
            let (browser, [target, code]) = form.only(["for", "code"])?;
            (browser, target, Given::Code(code))
        }
        (Some(_), Some(_)) => return Err(Kind::BadForm.because("two things shown at once").into()),
    };
    let target = Target::named(target.expose());
    let session = signed_in(&app, &browser).await?;
    let links = Links::of(&app.config);
    let was_recovery = matches!(typed, Given::Recovery(_));
    let notice = match shown(typed, draft.as_ref()) {
        None if was_recovery => Account::WrongRecovery.into(),
        None => Notice::NoCode,
        Some(shown) => {
            let kind = Tried::of(&shown);
            match app.logins.confirm(&session, shown, &browser.source, browser.now).await {
                Ok(token) => return Ok(renewed(&app, &browser, &target.link(&links), &token, None)?.into_response()),
                Err(Fault::Refused(reason)) => {
                    tracing::info!(user = %session.user.name, source = %browser.source, %reason, "not confirmed");
                    kind.notice(reason)
                }
                Err(fault) => return Err(fault.into()),
            }
        }
    };
    // A code on its way is lost with the form that carries it.
    if let (Some(draft), false) = (draft, notice == Account::OldMailed.into()) {
        let mailed = Mailed::in_form(&app, &session, Errand::Confirm, draft.expose(), browser.now).await?;
        return mailed_page(&app, &browser, &session, target, mailed, Some(notice)).await;
    }
    let back = browser.go(&links.account_confirm_for(target.word()));
    Ok(back.saying(&app, &browser, &notice).into_response())
}

/// What a form brought.
enum Given {
    Code(Secret),
    Recovery(Secret),
    Password(Secret),
}

/// What it was meant as; a recovery code is one wherever it is typed.
fn shown(given: Given, draft: Option<&Secret>) -> Option<Shown> {
    let typed = match given {
        Given::Password(password) => return Some(Shown::Password(password)),
        Given::Code(typed) => typed,
        Given::Recovery(typed) => return recovery(typed::parse(typed.expose().as_bytes())),
    };
    match (typed::parse(typed.expose().as_bytes()), draft) {
        (Typed::Code(code), Some(draft)) => Some(Shown::Mailed { draft: draft.expose().to_owned(), code }),
        (Typed::Code(code), None) => Some(Shown::App(code)),
        (other, _) => recovery(other),
    }
}

fn recovery(typed: Typed) -> Option<Shown> {
    match typed {
        Typed::Recovery(text) => Some(Shown::Recovery(text)),
        _ => None,
    }
}

/// What was tried, for the words about it.
#[derive(Clone, Copy)]
enum Tried {
    App,
    Mailed,
    Recovery,
    Password,
}

impl Tried {
    const fn of(shown: &Shown) -> Self {
        match shown {
            Shown::App(_) => Self::App,
            Shown::Mailed { .. } => Self::Mailed,
            Shown::Recovery(_) => Self::Recovery,
            Shown::Password(_) => Self::Password,
        }
    }

    fn notice(self, reason: Reason) -> Notice {
        match self {
            Self::App if reason == Reason::Replay => Notice::UsedCode,
            Self::App => Notice::WrongCode,
            Self::Mailed => refused(reason).into(),
            Self::Recovery if reason == Reason::Replay => Account::UsedRecovery.into(),
            Self::Recovery => Account::WrongRecovery.into(),
            Self::Password => Account::WrongPassword.into(),
        }
    }
}

async fn mailed_page(
    app: &App,
    browser: &Browser,
    session: &Session,
    target: Target,
    mailed: Mailed,
    notice: Option<Notice>,
) -> Answer {
    let ways = app.logins.ways_to_confirm(session, browser.now).await?;
    let name = session.user.name.to_string();
    let page = |frame| ConfirmPage { mailed: Some(mailed), ..ConfirmPage::of(frame, target, ways, name, notice) };
    Ok(show_page(app, browser, None, page)?)
}
