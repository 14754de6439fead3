//! `/device` (RFC 8628, 3.3): where a person types the code that a device without a browser shows.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::IntoResponse;
use openidconnect::url::form_urlencoded;
use twolatch_core::device_grant::{shown, typed};
use twolatch_core::qr;
use twolatch_core::secret::Secret;
use twolatch_core::store::device_requests::Typed;

use self::confirm::Waiting;
use super::said::Said;
use super::{Answer, show as show_page};
use crate::config::Config;
use crate::oidc::device::mark_of;
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::Notice;
use crate::web::parcel::Parcel;
use crate::web::path::Links;
use crate::web::path::apps::device_of;

pub mod confirm;

/// The page.
#[derive(Debug, Template)]
#[template(path = "device.html")]
pub struct DevicePage {
    frame: Frame,
    code: String,
    /// Where the same is to be found on another machine.
    elsewhere: Option<Elsewhere>,
    said: Said,
}

/// The address with the code in it, to be read by a camera or by people.
#[derive(Debug, Clone)]
struct Elsewhere {
    qr: String,
    address: String,
}

impl Elsewhere {
    fn of(config: &Config, code: &str) -> Option<Self> {
        let address = Secret::new(device_of(config, code));
        qr::for_page(&address).map(|qr| Self { qr, address: address.expose().to_owned() })
    }
}

impl DevicePage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |code: &str, said: Said| Self { frame: frame.clone(), code: code.to_owned(), elsewhere: None, said };
        let qr = "<svg width=\"41\" height=\"41\" viewBox=\"0 0 41 41\"></svg>".to_owned();
        let address = "https://id.example.org/device?user_code=BCDF-GHJK".to_owned();
        vec![
            page("", Said::default()),
            Self { elsewhere: Some(Elsewhere { qr, address }), ..page("BCDF-GHJK", Said::default()) },
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
    let elsewhere = (!code.is_empty()).then(|| Elsewhere::of(&app.config, &code)).flatten();
    Ok(show_page(&app, &browser, None, |frame| DevicePage { frame, code, elsewhere, said })?)
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
