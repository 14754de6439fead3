//! `/admin/requests/{name}/…`: the answer to a recovery request: reset or dismiss, each with a note for the person.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use twolatch_core::login::answers::{Approved, MAX_NOTE};
use twolatch_core::store::Person;
use twolatch_core::store::requests::{Request, State as Standing};
use twolatch_core::time::Timestamp;

use super::super::person::found;
use super::super::{Console, Entered, Here, changing};
use super::why;
use crate::pages::{Answer, Detour, show as show_page};
use crate::state::App;
use crate::text::Text;
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::Notice;
use crate::web::notice::person::{PersonNotice, Refusal};
use crate::web::path::Links;
use crate::web::path::person::{ADMIN_REQUEST_DISMISS, ADMIN_REQUEST_RESET, of};

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_answer.html")]
pub struct AnswerPage {
    frame: Frame,
    console: Console,
    approves: bool,
    name: String,
    id: String,
    why: Text,
    at: Timestamp,
    source: String,
    by_two: bool,
}

impl AnswerPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |approves, by_two| Self {
            frame: frame.clone(),
            console: Console::sample(Here::Requests),
            approves,
            name: "alice".to_owned(),
            id: "r".to_owned(),
            why: why(twolatch_core::store::requests::Why::Lost),
            at: Timestamp::from_unix(1_772_611_200),
            source: "192.0.2.1".to_owned(),
            by_two,
        };
        vec![page(true, false), page(true, true), page(false, false)]
    }
}

/// Shows what a reset does.
pub(crate) async fn show_reset(State(app): State<App>, Path(name): Path<String>, browser: Browser) -> Answer {
    show(&app, &browser, &name, true).await
}

/// Shows what a dismissal does.
pub(crate) async fn show_dismiss(State(app): State<App>, Path(name): Path<String>, browser: Browser) -> Answer {
    show(&app, &browser, &name, false).await
}

/// Resets.
pub(crate) async fn reset(State(app): State<App>, Path(name): Path<String>, form: Form) -> Answer {
    answer(&app, form, &name, true).await
}

/// Dismisses.
pub(crate) async fn dismiss(State(app): State<App>, Path(name): Path<String>, form: Form) -> Answer {
    answer(&app, form, &name, false).await
}

async fn show(app: &App, browser: &Browser, name: &str, approves: bool) -> Answer {
    let (entered, person, request) = reached(app, browser, name, approves).await?;
    let is_first = app.logins.first_approval(&request, &person.user, browser.now).await?.is_none();
    let page = |frame| AnswerPage {
        frame,
        console: entered.console.at(Here::Requests),
        approves,
        name: person.user.name.to_string(),
        id: request.id.to_string(),
        why: why(request.why),
        at: request.created_at,
        by_two: app.logins.approval.by_two && is_first,
        source: request.source,
    };
    Ok(show_page(app, browser, None, page)?)
}

async fn answer(app: &App, form: Form, name: &str, approves: bool) -> Answer {
    let (entered, person, request) = reached(app, &form.browser, name, approves).await?;
    let (browser, [id, note]) = form.only(["request", "note"])?;
    if id.expose() != request.id.as_str() {
        return Err(back(app, &browser, &Refusal::Meanwhile.into()));
    }
    let (actor, name) = (entered.actor(&browser), &person.user.name);
    let done = if approves {
        app.logins.approve_request(name, note.expose(), &actor).await.map(|approved| match approved {
            Approved::Done => PersonNotice::Approved(name.to_string()),
            Approved::First => PersonNotice::ApprovedFirst(name.to_string()),
        })
    } else {
        let dismissed = app.logins.dismiss_request(name, note.expose(), &actor).await;
        dismissed.map(|()| PersonNotice::Dismissed(name.to_string()))
    };
    let notice: Notice = match done {
        Ok(notice) => notice.into(),
        Err(error) => Refusal::of(error)?.into(),
    };
    Ok(back(app, &browser, &notice).into_response())
}

/// Who answers, to whom, and what: never to oneself.
async fn reached(
    app: &App,
    browser: &Browser,
    name: &str,
    approves: bool,
) -> Result<(Entered, Person, Request), Detour> {
    let path = if approves { ADMIN_REQUEST_RESET } else { ADMIN_REQUEST_DISMISS };
    let entered = changing(app, browser, &of(path, name)).await?;
    let person = found(app, name).await?;
    if person.user.id == entered.session.user.id {
        return Err(back(app, browser, &Refusal::OwnRequest.into()));
    }
    match app.logins.request_of(&person.user, browser.now).await? {
        Some((request, Standing::Waiting)) => Ok((entered, person, request)),
        _ => Err(back(app, browser, &Refusal::NoRequest.into())),
    }
}

fn back(app: &App, browser: &Browser, notice: &Notice) -> Detour {
    browser.go(&Links::of(&app.config).admin_requests()).saying(app, browser, notice).into()
}
