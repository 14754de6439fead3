//! `/admin/audit/verify`: whether the trail is whole, and the first record that is not as it was written. Opening the page
//! begins a run beside everything else; a long one is told of while it goes on.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use twolatch_core::store::audit::Verified;
use twolatch_core::time::Timestamp;

use super::super::super::{Answer, show as show_page};
use super::super::words::number;
use super::super::{Console, Here, entered};
use crate::state::App;
use crate::trail::check::{Done, Standing};
use crate::web::browser::Browser;
use crate::web::frame::Frame;
use crate::web::path::console::ADMIN_AUDIT_VERIFY;

/// For how long a page waits for its answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_audit_verify.html")]
pub struct VerifyPage {
    frame: Frame,
    console: Console,
    /// Records that the run under way has read.
    running: Option<u32>,
    last: Option<Done>,
}

impl VerifyPage {
    fn new(frame: Frame, console: Console, standing: Standing) -> Self {
        Self { frame, console, running: standing.running.map(number), last: standing.last }
    }

    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let at = Timestamp::from_unix(1_772_546_709);
        let whole =
            Verified { records: 1_204, links: 96, unlinked: 2, heads: Vec::new(), faults: Vec::new(), more_faults: 0 };
        let faults = vec!["<script>:7: the record was changed".to_owned(), "abc: link 3 is missing".to_owned()];
        let broken = Verified { faults, more_faults: 5, ..whole.clone() };
        let page = |running, found: Option<Option<Verified>>| {
            let last = found.map(|found| Done { at, found });
            Self::new(frame.clone(), Console::sample(Here::Audit), Standing { running, last })
        };
        vec![
            page(None, Some(Some(whole))),
            page(None, Some(Some(broken))),
            page(Some(250_000), None),
            page(None, Some(None)),
        ]
    }
}

/// Shows it.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let console = entered(&app, &browser, ADMIN_AUDIT_VERIFY).await?.console.at(Here::Audit);
    let mut standing = app.checks.ask(&app.store, browser.now);
    // Most trails are checked by then. The others go on, and the page says how far they are.
    let waited = standing.wait_for(|standing| standing.running.is_none());
    drop(tokio::time::timeout(PATIENCE, waited).await);
    let standing = standing.borrow().clone();
    Ok(show_page(&app, &browser, None, |frame| VerifyPage::new(frame, console, standing))?)
}
