//! `/not-me/{token}`: where a letter leads who did not do what it tells. Looking changes nothing: mail scanners look too.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use twolatch_core::login::web::Fault;

use super::{Answer, Detour, show as show_page};
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::cookie::Cookie;
use crate::web::failure::Kind;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::Notice;
use crate::web::path::Links;

/// The page.
#[derive(Debug, Template)]
#[template(path = "not_me.html")]
pub struct NotMePage {
    frame: Frame,
    link: String,
    name: String,
}

impl NotMePage {
    /// An example, for tests.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        Self { frame: frame.clone(), link: "/not-me/abc".to_owned(), name: "alice".to_owned() }
    }
}

/// Shows what the link does.
pub(crate) async fn show(State(app): State<App>, Path(token): Path<String>, browser: Browser) -> Answer {
    let user = app.logins.open_not_me(&token, browser.now).await.map_err(over)?;
    let (link, name) = (Links::of(&app.config).not_me(&token), user.name.to_string());
    Ok(show_page(&app, &browser, None, |frame| NotMePage { frame, link, name })?)
}

/// Does it.
pub(crate) async fn submit(State(app): State<App>, Path(token): Path<String>, form: Form) -> Answer {
    let (browser, []) = form.only([])?;
    app.logins.disown(&token, &browser.source, browser.now).await.map_err(over)?;
    tracing::warn!(source = %browser.source, "somebody did not do what a letter told");
    let left = browser.go(&Links::of(&app.config).login()).without(Cookie::Session).without(Cookie::Attempt);
    Ok(left.saying(&app, &browser, &Notice::Disowned).into_response())
}

fn over(fault: Fault) -> Detour {
    match fault {
        Fault::Over => Kind::LinkOver.because("the link is over").into(),
        other => other.into(),
    }
}
