//! `/setup/{token}`: what a one-time link opens. The first administrator takes name and password, an invited person a
//! password; then they go on as at any sign-in. Looking uses nothing up.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use twolatch_core::crypto::password::Weak;
use twolatch_core::login::invite::Opened;
use twolatch_core::login::web::Fault;
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::user::UserName;

use super::login::advance;
use super::said::Said;
use super::{Answer, Detour, show as show_page};
use crate::state::App;
use crate::text::t;
use crate::web::browser::Browser;
use crate::web::failure::Kind;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::Notice;
use crate::web::path::Links;

/// Name and password.
#[derive(Debug, Template)]
#[template(path = "setup_begin.html")]
pub struct BeginPage {
    frame: Frame,
    link: String,
    /// The invited person's name; `None` where the first administrator still has to choose one.
    invited: Option<String>,
    name: String,
    said: Said,
    /// What is wrong is the name.
    bad_name: bool,
}

impl BeginPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |invited: Option<&str>, said: Said| Self {
            frame: frame.clone(),
            link: "/setup/abc".to_owned(),
            invited: invited.map(str::to_owned),
            name: String::new(),
            said,
            bad_name: false,
        };
        let bad_name = Said::error(t("said-name-taken"));
        vec![
            page(None, Said::default()),
            page(Some("alice"), Weak::Short(8).into()),
            Self { name: "<b>alice".to_owned(), bad_name: true, ..page(None, bad_name) },
        ]
    }
}

/// Shows what the link is for.
pub(crate) async fn show(State(app): State<App>, Path(token): Path<String>, browser: Browser) -> Answer {
    let opened = open(&app, &token, &browser).await?;
    begin_page(&app, &browser, &token, &opened, String::new(), None)
}

/// Takes name and password.
pub(crate) async fn submit(State(app): State<App>, Path(token): Path<String>, form: Form) -> Answer {
    let opened = open(&app, &token, &form.browser).await?;
    let (browser, name, password) = if opened.person.is_some() {
        let (browser, [password]) = form.only(["new-password"])?;
        (browser, Secret::default(), password)
    } else {
        let (browser, [name, password]) = form.only(["username", "new-password"])?;
        (browser, name, password)
    };
    let name = name.expose().trim().to_owned();
    let parsed = match (&opened.person, name.parse::<UserName>()) {
        (Some(_), _) => None,
        (None, Ok(name)) => Some(name),
        (None, Err(_)) => {
            let said = Said::error(t("said-no-name"));
            return begin_page(&app, &browser, &token, &opened, name, Some((said, true)));
        }
    };
    match app.logins.use_invite(&token, parsed, password, &browser.source, browser.now).await {
        Ok(attempt) => Ok(advance(&app, &browser, &attempt, Some(Notice::PasswordSet)).await?.into_response()),
        Err(Fault::Weak(weak)) => begin_page(&app, &browser, &token, &opened, name, Some((weak.into(), false))),
        Err(Fault::Refused(Reason::NotAllowed)) => {
            let said = Said::error(t("said-name-taken"));
            begin_page(&app, &browser, &token, &opened, name, Some((said, true)))
        }
        Err(fault) => Err(over(fault)),
    }
}

async fn open(app: &App, token: &str, browser: &Browser) -> Result<Opened, Detour> {
    app.logins.open_link(token, browser.now).await.map_err(over)
}

fn begin_page(
    app: &App,
    browser: &Browser,
    token: &str,
    opened: &Opened,
    name: String,
    wrong: Option<(Said, bool)>,
) -> Answer {
    let link = Links::of(&app.config).setup(token);
    let invited = opened.person.as_ref().map(|person| person.user.name.to_string());
    let (said, bad_name) = wrong.unwrap_or_default();
    Ok(show_page(app, browser, None, |frame| BeginPage { frame, link, invited, name, said, bad_name })?)
}

/// Used, expired, replaced, never made: all are over.
fn over(fault: Fault) -> Detour {
    match fault {
        Fault::Over => Kind::LinkOver.because("the link is over").into(),
        other => other.into(),
    }
}
