//! `/admin/bulk`: something done to many users. It is looked at first, then begun; the page shows how far it is, and to whom
//! it could not be done.

use std::collections::BTreeSet;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use twolatch_core::factor::Kind as Method;
use twolatch_core::id::Id;
use twolatch_core::login::bulk::{Choice, Started};
use twolatch_core::login::manage::ManageError;
use twolatch_core::store::jobs::{Action, Counts, Job, Stage, Stop, Trouble};
use twolatch_core::store::people::Search;

use super::super::said::Said;
use super::super::{Answer, Detour, show as show_page};
use super::users::filter::Filter;
use super::users::{action as word, method};
use super::words::number;
use super::{Console, Here, changing, entered};
use crate::state::App;
use crate::text::{Text, t};
use crate::web::browser::Browser;
use crate::web::failure::Kind;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::path::console::{ADMIN_JOB, ADMIN_USERS, with_query};
use crate::web::path::{ConsolePage, Links};

/// So many of those are shown whom it could not be done to.
const SHOWN: i64 = 500;

/// A page that shows how far it is looks again after so long.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_bulk.html")]
pub struct BulkPage {
    frame: Frame,
    console: Console,
    id: String,
    action: Action,
    counts: Counts,
    stage: Stage,
    total: u32,
    done: u32,
    failed: u32,
    /// Names, and why.
    failures: Vec<(String, Text)>,
    said: Said,
}

const fn trouble(trouble: Trouble) -> Text {
    match trouble {
        Trouble::LastAdmin => t("bulk-last-admin"),
        Trouble::Exempt => t("bulk-exempt"),
        Trouble::RowMac => t("bulk-row-mac"),
        Trouble::NeedsRequest => t("not-without-request"),
        Trouble::NoAddress => t("not-no-address"),
        Trouble::Held => t("bulk-held"),
        Trouble::Scope => t("bulk-scope"),
    }
}

const fn stopped(why: Stop) -> Text {
    match why {
        Stop::Asked => t("bulk-stopped-asked"),
        Stop::NotAllowed => t("bulk-stopped-not-allowed"),
        Stop::Late => t("bulk-stopped-late"),
    }
}

impl BulkPage {
    fn of(frame: Frame, console: Console, job: &Job, failures: Vec<(String, Trouble)>, said: Said) -> Self {
        Self {
            frame,
            console: console.at(Here::Users),
            id: job.id.to_string(),
            action: job.work.action,
            counts: job.work.counts,
            stage: job.work.stage,
            total: number(job.total()),
            done: number(job.work.done),
            failed: number(job.work.failed),
            failures: failures.into_iter().map(|(name, why)| (name, trouble(why))).collect(),
            said,
        }
    }

    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |action, counts: (i64, i64, i64), stage, done| Self {
            frame: frame.clone(),
            console: Console::sample(Here::Users),
            id: "abc".to_owned(),
            action,
            counts: Counts { chosen: counts.0, plain: counts.1, reset: counts.2 },
            stage,
            total: number(counts.1),
            done,
            failed: 0,
            failures: Vec::new(),
            said: Said::default(),
        };
        let failures = Trouble::ALL.map(|why| (format!("<b>{}", why.as_str()), trouble(why))).into();
        let register = Action::RequestRegistration;
        vec![
            page(register, (14, 9, 3), Stage::Preview, 0),
            Self { said: Said::good(t("bulk-look-again")), ..page(Action::Disable, (14, 1, 0), Stage::Preview, 0) },
            page(Action::Unlock, (14, 0, 0), Stage::Preview, 0),
            page(Action::SetMethods, (14, 14, 0), Stage::Preview, 0),
            page(register, (100, 90, 0), Stage::Running, 40),
            Self { failed: 3, failures, ..page(Action::EndSessions, (14, 14, 0), Stage::Done, 11) },
            page(Action::Enable, (14, 14, 0), Stage::Stopped(Stop::NotAllowed), 5),
            Self { console: Console::sample(Here::Users).looking(), ..page(register, (14, 9, 3), Stage::Preview, 0) },
        ]
    }

    fn name(&self) -> Text {
        self.frame.say(&word(self.action))
    }

    fn method(&self, kind: Method) -> Text {
        self.frame.say(&method(kind))
    }

    /// Who were chosen, whom it concerns, and who lose something by it.
    fn numbers(&self) -> [u32; 3] {
        [self.counts.chosen, self.counts.plain, self.counts.reset].map(number)
    }

    /// Whether it concerns anybody.
    const fn concerns(&self) -> bool {
        self.counts.plain + self.counts.reset > 0
    }

    /// What has happened, where it has ended.
    fn end(&self) -> Option<Text> {
        match self.stage {
            Stage::Preview | Stage::Running => None,
            Stage::Done => Some(self.frame.t("bulk-done").number("count", self.done)),
            Stage::Stopped(why) => Some(self.frame.say(&stopped(why)).number("count", self.done)),
        }
    }
}

/// Takes what was chosen in the list, and who; shows what it would do.
pub(crate) async fn preview(State(app): State<App>, mut form: Form) -> Answer {
    let picks = form.picks();
    let [list, scope, action] = ["list", "scope", "action"].map(|name| form.optional(name).unwrap_or_default());
    let (browser, []) = form.only([])?;
    let filter = Filter::read(list.expose())?;
    let pairs = filter.query();
    // Whoever has to show a second factor first finds it ticked as it was, where that fits into an address.
    let ticked = with_query(ADMIN_USERS, Some(&format!("{pairs}&pick={}", picks.join(","))));
    let back = if ConsolePage::parse(&ticked).is_some() { ticked } else { with_query(ADMIN_USERS, Some(&pairs)) };
    let inside = changing(&app, &browser, &back).await?;
    let action: Action = action.expose().parse().map_err(|_| Kind::BadForm.because("there is no such action"))?;
    let whom = match scope.expose() {
        "all" => filter.search(),
        "ticked" if picks.is_empty() => {
            let users = Links::of(&app.config).admin_users();
            return Err(browser.go(&format!("{users}?{pairs}&nobody=yes")).into());
        }
        "ticked" => Search { ids: Some(picks.into_iter().map(Id::from_stored).collect()), ..Search::default() },
        _ => return Err(Kind::BadForm.because("there is no such scope").into()),
    };
    let job = app.logins.preview_job(action, whom, &inside.actor(&browser)).await.map_err(refused)?;
    Ok(browser.go(&Links::of(&app.config).admin_job(job.id.as_str())).into_response())
}

/// Shows how far it is.
pub(crate) async fn show(State(app): State<App>, Path(id): Path<String>, browser: Browser) -> Answer {
    let inside = entered(&app, &browser, &ADMIN_JOB.replace("{id}", &id)).await?;
    let job = app.store.job(&id).await?.ok_or_else(|| no_job(&id))?;
    let failures = app.store.job_failures(&job.id, SHOWN).await?;
    let page = |frame| BulkPage::of(frame, inside.console, &job, failures, Said::default());
    let mut response = show_page(&app, &browser, None, page)?;
    if job.work.stage == Stage::Running {
        let again = HeaderValue::from(LOOK_AGAIN.as_secs());
        response.headers_mut().insert(header::REFRESH, again);
    }
    Ok(response)
}

/// Begins it.
pub(crate) async fn start(State(app): State<App>, Path(id): Path<String>, mut form: Form) -> Answer {
    let (asks, resets) = (form.optional("asks").is_some(), form.optional("resets").is_some());
    let ticked: BTreeSet<Method> =
        Method::METHODS.into_iter().filter(|kind| form.optional(kind.as_str()).is_some()).collect();
    // All of them is no rule.
    let methods = (1..Method::METHODS.len()).contains(&ticked.len()).then_some(ticked);
    let (browser, []) = form.only([])?;
    let inside = changing(&app, &browser, &ADMIN_JOB.replace("{id}", &id)).await?;
    match app.logins.start_job(&id, Choice { asks, resets, methods }, false, &inside.actor(&browser)).await {
        Ok(Started::LookAgain(job)) => {
            let said = Said::good(t("bulk-look-again"));
            Ok(show_page(&app, &browser, None, |frame| BulkPage::of(frame, inside.console, &job, Vec::new(), said))?)
        }
        // What is under way, or concerns nobody, its page shows.
        Ok(Started::Yes(_)) | Err(ManageError::NoJob | ManageError::Nobody) => {
            Ok(browser.go(&Links::of(&app.config).admin_job(&id)).into_response())
        }
        Err(error) => Err(refused(error)),
    }
}

/// Stops it.
pub(crate) async fn stop(State(app): State<App>, Path(id): Path<String>, form: Form) -> Answer {
    let (browser, []) = form.only([])?;
    let inside = changing(&app, &browser, &ADMIN_JOB.replace("{id}", &id)).await?;
    match app.logins.stop_job(&id, &inside.actor(&browser)).await {
        Ok(()) | Err(ManageError::NoJob) => Ok(browser.go(&Links::of(&app.config).admin_job(&id)).into_response()),
        Err(error) => Err(refused(error)),
    }
}

fn no_job(id: &str) -> Detour {
    Kind::NoPage.because(format!("there is no job {id}")).into()
}

fn refused(error: ManageError) -> Detour {
    match error {
        ManageError::Store(error) => error.into(),
        other => Kind::Internal.because(other.to_string()).into(),
    }
}
