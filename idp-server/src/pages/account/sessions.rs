//! `/account/sessions`: where one is signed in and which browsers are remembered; each can be ended. Being signed in is
//! enough for that: whoever suspects somebody must be quick.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use twolatch_core::login::web::Fault;
use twolatch_core::time::Timestamp;

use super::super::said::Said;
use super::super::{Answer, show as show_page};
use super::confirm::Target;
use super::{failed, signed_in};
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::cookie::Cookie;
use crate::web::failure::Kind;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::{Account, Notice};
use crate::web::path::Links;

/// The page.
#[derive(Debug, Template)]
#[template(path = "account_sessions.html")]
pub struct SessionsPage {
    frame: Frame,
    sessions: Vec<Shown>,
    devices: Vec<Shown>,
    said: Said,
}

/// A session or device in the list.
#[derive(Debug, Clone)]
struct Shown {
    id: String,
    /// What the browser called itself, or what we call it.
    title: String,
    place: String,
    since: Timestamp,
    used: Timestamp,
}

/// What a session is called, which has no name of its own.
fn title(frame: &Frame, is_this: bool) -> String {
    if is_this { frame.t("sessions-this").plain() } else { frame.t("sessions-other").plain() }
}

/// What a device is called.
fn name(frame: &Frame, name: String) -> String {
    if name.is_empty() { frame.t("devices-unnamed").plain() } else { name }
}

impl SessionsPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let shown = |title: String, place: &str| Shown {
            id: "abc".to_owned(),
            title,
            place: place.to_owned(),
            since: Timestamp::from_unix(1_772_546_709),
            used: Timestamp::from_unix(1_772_611_200),
        };
        let (this, other) = (shown(title(frame, true), "192.0.2.1"), shown(title(frame, false), "2001:db8::1"));
        let called = |text: &str, place: &str| shown(name(frame, text.to_owned()), place);
        let devices = vec![called("Firefox <script>", "192.0.2.1"), called("", "192.0.2.2")];
        let page = |sessions, devices, said: Option<Notice>| Self {
            frame: frame.clone(),
            sessions,
            devices,
            said: said.into(),
        };
        vec![
            page(vec![this.clone(), other], devices, None),
            page(vec![this], Vec::new(), Some(Account::OthersEnded.into())),
        ]
    }
}

/// Shows both.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let session = signed_in(&app, &browser).await?;
    let sessions = app.store.sessions_of(&session.user, browser.now).await?;
    let devices = app.store.devices_of(&session.user, browser.now).await?;
    let said = Said::from(browser.notice(&app));
    let page = |frame: Frame| {
        let sessions = sessions.into_iter().map(|row| Shown {
            title: title(&frame, row.id_hash == session.id_hash),
            id: row.id_hash,
            place: row.place,
            since: row.created_at,
            used: row.seen_at,
        });
        let devices = devices.into_iter().map(|device| Shown {
            title: name(&frame, device.name),
            id: device.id.to_string(),
            place: device.place,
            since: device.created_at,
            used: device.used_at,
        });
        SessionsPage { sessions: sessions.collect(), devices: devices.collect(), said, frame: frame.clone() }
    };
    Ok(show_page(&app, &browser, None, page)?)
}

/// Ends one session, or all others.
pub(crate) async fn end(State(app): State<App>, mut form: Form) -> Answer {
    let others = form.optional("others").is_some();
    if others {
        let (browser, []) = form.only([])?;
        let session = signed_in(&app, &browser).await?;
        app.logins.end_other_sessions(&session, browser.now).await?;
        return Ok(back(&app, &browser, Account::OthersEnded));
    }
    let (browser, [id]) = form.only(["id"])?;
    let session = signed_in(&app, &browser).await?;
    if id.expose() == session.id_hash {
        app.logins.sign_out(session, browser.now).await?;
        let left = browser.go(&Links::of(&app.config).login()).without(Cookie::Session);
        return Ok(left.saying(&app, &browser, &Notice::SignedOut).into_response());
    }
    match app.logins.end_own_session(&session, id.expose(), browser.now).await {
        Ok(()) => Ok(back(&app, &browser, Account::SessionEnded)),
        Err(fault) => Err(failed(&app, &browser, &Target::Security, fault)),
    }
}

/// Forgets one device, or all.
pub(crate) async fn forget(State(app): State<App>, mut form: Form) -> Answer {
    let all = form.optional("all").is_some();
    if all {
        let (browser, []) = form.only([])?;
        let session = signed_in(&app, &browser).await?;
        app.logins.forget_devices(&session, browser.now).await?;
        return Ok(back(&app, &browser, Account::AllForgotten));
    }
    let (browser, [id]) = form.only(["id"])?;
    let session = signed_in(&app, &browser).await?;
    match app.logins.forget_device(&session, id.expose(), browser.now).await {
        Ok(()) => Ok(back(&app, &browser, Account::Forgotten)),
        Err(Fault::Over) => Err(Kind::NoPage.because("none of the own").into()),
        Err(fault) => Err(fault.into()),
    }
}

fn back(app: &App, browser: &Browser, notice: Account) -> Response {
    let left = browser.go(&Links::of(&app.config).account_sessions());
    left.saying(app, browser, &notice.into()).into_response()
}
