//! `/login/need-recovery`: asking an administrator for help, and what has become of that. Behind the right password only.

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use twolatch_core::id::Id;
use twolatch_core::login::admin_link::Asked;
use twolatch_core::login::requests::Filed;
use twolatch_core::login::web::{Current, Fault};
use twolatch_core::step::Step;
use twolatch_core::store::requests::{Answer, Request, State as Standing, Why};
use twolatch_core::time::Timestamp;

use super::super::said::Said;
use super::super::{Answer as Page, show as show_page};
use super::{page_for, reach, start_again};
use crate::pages::onward::Onward;
use crate::state::App;
use crate::text::Text;
use crate::web::browser::Browser;
use crate::web::cookie::Cookie;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::Notice;
use crate::web::path::Links;

/// The page.
#[derive(Debug, Template)]
#[template(path = "login_need_recovery.html")]
pub struct NeedRecoveryPage {
    frame: Frame,
    name: String,
    /// How the latest request stands.
    standing: Option<Text>,
    note: Option<String>,
    /// Nothing waits that would have to be waited for.
    may_ask: bool,
    /// An administrator can have a link mailed.
    may_have_link: bool,
    back: String,
    said: Said,
}

impl NeedRecoveryPage {
    fn of(
        frame: Frame,
        name: String,
        latest: Option<(Request, Standing)>,
        may_have_link: bool,
        (back, sets_up): (String, bool),
        said: Said,
    ) -> Self {
        let standing = latest.as_ref().map(|(request, state)| told(&frame, request, *state));
        let waits = latest.as_ref().is_some_and(|(_, state)| *state == Standing::Waiting);
        let helped = sets_up && latest.as_ref().is_some_and(|(_, state)| *state == Standing::Approved);
        let note = latest.and_then(|(request, _)| request.answer).and_then(|answer| answer.note);
        Self { frame, name, standing, note, may_ask: !waits && !helped, may_have_link, back, said }
    }

    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let at = Timestamp::from_unix(1_800_000_010);
        let request = |answer: Option<Answer>| Request {
            id: Id::from_stored("r".to_owned()),
            user: Id::from_stored("u".to_owned()),
            why: Why::Lost,
            door: twolatch_core::door::Door::Web,
            source: "192.0.2.1".to_owned(),
            created_at: at,
            expires_at: at.plus(7 * 86_400),
            agreed: None,
            answer,
        };
        let answer = |approved, note: Option<&str>| Answer {
            approved,
            at: at.plus(3600),
            by: "root".to_owned(),
            note: note.map(str::to_owned),
        };
        let page = |latest: Option<(Request, Standing)>, sets_up: bool, said: Option<Notice>| {
            let may_have_link = said == Some(Notice::AdminLinkMailed);
            let back = ("/login/code".to_owned(), sets_up);
            Self::of(frame.clone(), "alice".to_owned(), latest, may_have_link, back, said.into())
        };
        vec![
            page(None, false, None),
            page(Some((request(None), Standing::Waiting)), false, None),
            page(Some((request(Some(answer(true, None))), Standing::Approved)), true, None),
            page(
                Some((request(Some(answer(false, Some("<b>Call</b> me")))), Standing::Dismissed)),
                false,
                Some(Notice::AskedLately),
            ),
            page(Some((request(None), Standing::Expired)), false, None),
            page(None, false, Some(Notice::AdminLinkMailed)),
        ]
    }
}

/// Shows what asking brings about, and how the latest request stands.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Page {
    let current = reach(&app, &browser, Current::may_ask).await?;
    let onward = Onward::of_attempt(&app, &current.attempt).await?;
    let latest = app.logins.request_of(&current.person.user, browser.now).await?;
    let said = Said::from(browser.notice(&app));
    let name = current.person.user.name.to_string();
    let back = (
        page_for(&Links::of(&app.config), &current.step),
        matches!(current.step, Step::Enrol { .. } | Step::ProveMailbox { .. }),
    );
    let may_have_link = app.logins.admin_link_hours(&current, browser.now).await?.is_some();
    let page = |frame| NeedRecoveryPage::of(frame, name, latest, may_have_link, back, said);
    Ok(show_page(&app, &browser, onward.as_ref(), page)?)
}

/// Files a request.
pub(crate) async fn submit(State(app): State<App>, form: Form) -> Page {
    let (browser, []) = form.only([])?;
    let current = reach(&app, &browser, Current::may_ask).await?;
    let again = browser.go(&Links::of(&app.config).login_need_recovery());
    let left = match app.logins.ask_for_recovery(&current, &browser.source, browser.now).await {
        Ok(Filed::AskAdministrator) => {
            tracing::info!(user = %current.person.user.name, source = %browser.source, "recovery asked for");
            again
        }
        Ok(Filed::Already) => {
            let latest = app.logins.request_of(&current.person.user, browser.now).await?;
            match latest {
                Some((_, Standing::Waiting)) => again,
                _ => again.saying(&app, &browser, &Notice::AskedLately),
            }
        }
        Err(Fault::Over) => start_again(&app, &browser),
        Err(fault) => return Err(fault.into()),
    };
    Ok(left.into_response())
}

/// Has a link mailed to an administrator.
pub(crate) async fn ask_link(State(app): State<App>, form: Form) -> Page {
    let (browser, []) = form.only([])?;
    let current = reach(&app, &browser, Current::may_ask).await?;
    let again = browser.go(&Links::of(&app.config).login_need_recovery());
    let user = current.person.user.name.clone();
    let left = match app.logins.ask_admin_link(current, &browser.source, browser.now).await {
        Ok(Asked::Mailed(token)) => {
            tracing::warn!(%user, source = %browser.source, "an administrator's link was mailed");
            again.with(Cookie::Attempt, &token).saying(&app, &browser, &Notice::AdminLinkMailed)
        }
        Ok(Asked::NotBefore(at)) => again.saying(&app, &browser, &Notice::AdminLinkNotBefore(at.unix())),
        Err(Fault::Refused(_)) => again.saying(&app, &browser, &Notice::AdminLinkLately),
        Err(Fault::Over) => start_again(&app, &browser),
        Err(fault) => return Err(fault.into()),
    };
    Ok(left.into_response())
}

fn told(frame: &Frame, request: &Request, state: Standing) -> Text {
    let answered = request.answer.as_ref().map_or(request.created_at, |answer| answer.at);
    match state {
        Standing::Waiting => frame
            .t("need-recovery-waiting")
            .html("when", frame.minute(&request.created_at))
            .html("until", frame.minute(&request.expires_at)),
        Standing::Approved => frame.t("need-recovery-approved").html("when", frame.minute(&answered)),
        Standing::Dismissed => frame.t("need-recovery-dismissed").html("when", frame.minute(&answered)),
        Standing::Expired => frame.t("need-recovery-expired").html("when", frame.minute(&request.created_at)),
    }
}
