//! `/device` (RFC 8628, 3.3): where a person types the code that a device without a browser shows.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::IntoResponse;
use openidconnect::url::form_urlencoded;
use twolatch_core::device_grant::{shown, typed};
use twolatch_core::store::device_requests::Typed;

use self::confirm::Waiting;
use super::said::Said;
use super::{Answer, show as show_page};
use crate::oidc::device::mark_of;
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::Notice;
use crate::web::parcel::Parcel;
use crate::web::path::Links;

pub mod confirm;

/// The page.
#[derive(Debug, Template)]
#[template(path = "device.html")]
pub struct DevicePage {
    frame: Frame,
    code: String,
    said: Said,
}

impl DevicePage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |code: &str, said: Said| Self { frame: frame.clone(), code: code.to_owned(), said };
        vec![
            page("", Said::default()),
            page("BCDF-GHJK", Notice::DeviceUnknown.into()),
            page("", Notice::DeviceTooOften.into()),
            page("", Notice::DeviceAllowed("Backup <script>".to_owned()).into()),
            page("", Notice::DeviceDenied.into()),
        ]
    }
}

/// Asks for the code; the device may have put it into the address.
pub(crate) async fn show(State(app): State<App>, browser: Browser, RawQuery(query): RawQuery) -> Answer {
    let query = query.unwrap_or_default();
    let given = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "user_code");
    let code = given.and_then(|(_, code)| typed(&code)).map(|code| shown(&code)).unwrap_or_default();
    let said = Said::from(browser.notice(&app));
    Ok(show_page(&app, &browser, None, |frame| DevicePage { frame, code, said })?)
}

/// Takes the code. Where a device waits with it, the person is asked once they are known.
pub(crate) async fn submit(State(app): State<App>, form: Form) -> Answer {
    let (browser, [code]) = form.only(["user_code"])?;
    let links = Links::of(&app.config);
    let again = |notice: Notice| Ok(browser.go(&links.device()).saying(&app, &browser, &notice).into_response());
    let Some(code) = typed(code.expose()) else { return again(Notice::DeviceUnknown) };
    let marked = mark_of(&app.store, &code);
    match app.store.typed_user_code(marked, browser.source.clone(), browser.now).await? {
        Typed::Found => {
            let waiting = Waiting { code, at: browser.now };
            Ok(browser.go(&links.device_confirm_of(&waiting.seal(&app)?)).into_response())
        }
        Typed::Nothing => again(Notice::DeviceUnknown),
        Typed::TooOften => again(Notice::DeviceTooOften),
    }
}
