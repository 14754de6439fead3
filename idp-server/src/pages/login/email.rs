//! `/login/email`: a code that was mailed. Looking at the page mails nothing: arriving from the password does, and the
//! button on it.

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use twolatch_core::factor::Kind as Factor;
use twolatch_core::login::mailed::veiled;
use twolatch_core::login::web::{Current, Fault};
use twolatch_core::reason::Reason;
use twolatch_core::store::StoreError;
use twolatch_core::time::Timestamp;
use twolatch_core::typed::{self, Typed};
use twolatch_core::user::{Email, User};

use super::super::mailed::{Sent, minutes, unbroken};
use super::super::said::Said;
use super::super::{Answer, Detour, show as show_page};
use super::asked::{Asked, REMEMBER};
use super::setup::Later;
use super::{proven, reach, start_again};
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::Notice;
use crate::web::path::Links;

/// The page: at a sign-in, and before a first second factor is set up.
#[derive(Debug, Template)]
#[template(path = "login_email.html")]
pub struct EmailPage {
    frame: Frame,
    asked: Asked,
    said: Said,
    /// What is wrong is the code.
    bad_code: bool,
    /// Where codes go, as far as that is shown.
    to: String,
    /// The code on its way.
    sent: Option<Sent>,
    /// It is asked for before something is set up.
    setting_up: bool,
    /// How that can be put off.
    later: Option<Later>,
}

impl EmailPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |sent: Option<Sent>, said: Option<Notice>| Self {
            frame: frame.clone(),
            asked: Asked::sample(),
            bad_code: is_about_code(said.as_ref()),
            said: said.into(),
            to: "a…@example.org".to_owned(),
            sent,
            setting_up: false,
            later: None,
        };
        let sent = |again: u32| Some(Sent::sample(again));
        let setting_up = |page: Self| Self { setting_up: true, asked: Asked::bare(), ..page };
        vec![
            page(sent(60), None),
            page(sent(0), Some(Notice::WrongEmailCode)),
            page(sent(0), Some(Notice::NoEmailCode)),
            page(sent(60), Some(Notice::MailedAgain)),
            page(sent(42), Some(Notice::MailTooEarly(42))),
            Self { asked: Asked::bare(), ..page(None, None) },
            page(None, Some(Notice::EmailCodeOver)),
            page(None, Some(Notice::MailBlocked(1))),
            page(sent(0), Some(Notice::EmailBlocked(5))),
            page(None, Some(Notice::EmailHeld)),
            page(None, Some(Notice::AddressHeld)),
            setting_up(page(None, None)),
            setting_up(page(sent(60), None)),
            setting_up(page(sent(0), Some(Notice::WrongEmailCode))),
            Self { later: Some(Later::sample()), ..setting_up(page(None, None)) },
        ]
    }
}

/// Whether what is said is about the code that was typed.
const fn is_about_code(notice: Option<&Notice>) -> bool {
    matches!(notice, Some(Notice::WrongEmailCode | Notice::NoEmailCode))
}

/// Asks for the code.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let current = reach(&app, &browser, |current| current.asks_for(Factor::EmailCode)).await?;
    show_for(&app, &browser, &current, false).await
}

/// The page for a sign-in, or for setting up in one.
pub(super) async fn show_for(app: &App, browser: &Browser, current: &Current, setting_up: bool) -> Answer {
    let asked = Asked::of(app, browser, current).await?;
    let notice = browser.notice(app);
    let sent = sent(app, current, browser.now).await?;
    let bad_code = is_about_code(notice.as_ref()) && sent.is_some();
    let to = shown(current.person.user.email.as_ref());
    let (said, onward) = (Said::from(notice), asked.onward.clone());
    let later = Later::of(app, current, browser.now).await?;
    let page = |frame| EmailPage { frame, asked, said, bad_code, to, sent, setting_up, later };
    Ok(show_page(app, browser, onward.as_ref(), page)?)
}

async fn sent(app: &App, current: &Current, now: Timestamp) -> Result<Option<Sent>, StoreError> {
    let Some(way) = app.logins.on_its_way(current).await? else { return Ok(None) };
    let sent = Sent::of(app, &current.person.user, &way, now).await?;
    Ok((sent.left > 0).then_some(sent))
}

/// Takes the code.
pub(crate) async fn submit(State(app): State<App>, mut form: Form) -> Answer {
    let remember = form.optional(REMEMBER).is_some();
    let (browser, [code]) = form.only(["code"])?;
    let current = reach(&app, &browser, |current| current.asks_for(Factor::EmailCode)).await?;
    let again = |notice: Notice| browser.go(&Links::of(&app.config).login_email()).saying(&app, &browser, &notice);
    let Typed::Code(code) = typed::parse(code.expose().as_bytes()) else {
        return Ok(again(Notice::NoEmailCode).into_response());
    };
    let user = current.person.user.clone();
    let left = match app.logins.enter_email_code(current, code, &browser.source, browser.now).await {
        Ok(()) => proven(&app, &browser, remember, None).await?,
        Err(Fault::Refused(reason)) => again(refused(&app, &browser, &user, reason).await?),
        Err(Fault::Over) => start_again(&app, &browser),
        Err(fault) => return Err(fault.into()),
    };
    Ok(left.into_response())
}

/// What is said about a mailed code that was not taken.
pub(super) async fn refused(app: &App, browser: &Browser, user: &User, reason: Reason) -> Result<Notice, Detour> {
    tracing::info!(user = %user.name, source = %browser.source, %reason, "mailed code refused");
    if matches!(reason, Reason::CodeExpired | Reason::Replay) {
        return Ok(Notice::EmailCodeOver);
    }
    let blocked = app.logins.mail_blocked(user, browser.now).await?;
    Ok(match blocked.all {
        _ if blocked.held => Notice::EmailHeld,
        Some(until) => Notice::EmailBlocked(minutes(until, browser.now)),
        None => Notice::WrongEmailCode,
    })
}

/// Mails the code again, or one where none is on its way.
pub(crate) async fn send(State(app): State<App>, form: Form) -> Answer {
    let (browser, []) = form.only([])?;
    let current = reach(&app, &browser, |current| current.asks_for(Factor::EmailCode)).await?;
    send_for(&app, &browser, current, &Links::of(&app.config).login_email()).await
}

/// Mails it, and shows the page at this address.
pub(super) async fn send_for(app: &App, browser: &Browser, mut current: Current, page: &str) -> Answer {
    let was_sent = sent(app, &current, browser.now).await?.is_some();
    let left = browser.go(page);
    Ok(match app.logins.mail_again(&mut current, &browser.source, browser.now).await {
        Ok(()) if was_sent => left.saying(app, browser, &Notice::MailedAgain),
        Err(Fault::Refused(_)) => left.saying(app, browser, &not_sent(app, browser, &current).await?),
        // Or another request was faster, and has mailed it.
        Ok(()) | Err(Fault::Over) => left,
        Err(fault) => return Err(fault.into()),
    }
    .into_response())
}

/// Mails a code where none is on its way; what is to be said about it.
pub(super) async fn mail(app: &App, browser: &Browser, current: &mut Current) -> Result<Option<Notice>, Detour> {
    match app.logins.mail_code(current, &browser.source, browser.now).await {
        Ok(()) | Err(Fault::Over) => Ok(None),
        Err(Fault::Refused(_)) => not_sent(app, browser, current).await.map(Some),
        Err(fault) => Err(fault.into()),
    }
}

async fn not_sent(app: &App, browser: &Browser, current: &Current) -> Result<Notice, Detour> {
    let now = browser.now;
    if current.person.user.email_held(now).is_some() {
        return Ok(Notice::AddressHeld);
    }
    let blocked = app.logins.mail_blocked(&current.person.user, now).await?;
    Ok(match (blocked.all, blocked.sending) {
        _ if blocked.held => Notice::EmailHeld,
        (Some(until), _) => Notice::EmailBlocked(minutes(until, now)),
        (None, Some(until)) => Notice::MailBlocked(minutes(until, now)),
        (None, None) => Notice::MailTooEarly(sent(app, current, now).await?.map_or(1, |sent| sent.again.max(1))),
    })
}

/// Where codes go, for pages.
pub(super) fn shown(address: Option<&Email>) -> String {
    address.map(|address| unbroken(&veiled(address))).unwrap_or_default()
}
