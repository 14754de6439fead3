//! `/login/recovery`: recovery codes or key, shown until somebody says that they are kept, and never again.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::IntoResponse;
use twolatch_core::factor::recovery::grouped;
use twolatch_core::login::recover::NewSet;
use twolatch_core::login::web::{Current, Fault};
use twolatch_core::secret::Secret;
use twolatch_core::step::Step;
use twolatch_core::time::Timestamp;

use super::super::said::Said;
use super::super::{Answer, Detour, show as show_page};
use super::{go_on, reach, start_again};
use crate::date;
use crate::pages::onward::Onward;
use crate::state::App;
use crate::text::{Language, t};
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::Notice;
use crate::web::path::Links;

/// The name under which the file is kept.
const FILE: &str = "attachment; filename=\"twolatch-recovery-codes.txt\"";

/// The page.
#[derive(Debug, Template)]
#[template(path = "login_recovery.html")]
pub struct RecoveryPage {
    frame: Frame,
    kept: Kept,
    said: Said,
}

/// What is shown, as people read it.
#[derive(Debug, Clone)]
pub struct Kept {
    codes: Vec<Secret>,
    key: Option<Secret>,
    made: Timestamp,
}

impl Kept {
    /// Of a new set.
    #[must_use]
    pub fn of(set: &NewSet) -> Self {
        Self { codes: set.codes.iter().map(grouped).collect(), key: set.key.as_ref().map(grouped), made: set.began }
    }

    /// Everything for a file: whose they are, since when, and how to treat them.
    #[must_use]
    pub fn file(&self, organisation: &str, name: &str, language: Language) -> Secret {
        let say = |key: crate::text::Text| key.in_language(language).plain();
        let mut lines = vec![
            say(t("recovery-file").with("organisation", organisation)),
            say(t("recovery-file-name").with("name", name)),
            say(t("recovery-file-made").with("when", date::minute(self.made, language))),
        ];
        if !self.codes.is_empty() {
            lines.extend([String::new(), say(t("recovery-file-codes"))]);
            lines.extend(self.codes.iter().map(|code| format!("  {}", code.expose())));
        }
        if let Some(key) = &self.key {
            lines.extend([String::new(), say(t("recovery-file-key")), format!("  {}", key.expose())]);
        }
        lines.extend([String::new(), say(t("recovery-once")), say(t("recovery-warning")), String::new()]);
        // Programs that know no other end of line still open such files.
        Secret::new(lines.join("\r\n"))
    }

    /// An example, for tests.
    #[must_use]
    pub fn sample(codes: bool, key: bool) -> Self {
        let code = |number: u8| Secret::new(format!("{number}ABCDE-FGHJKM-NPQRS7"));
        let long = "ABCDEF-GHJKMN-PQRSTV-WXYZ01-234567-89A";
        Self {
            codes: if codes { (0..10).map(code).collect() } else { Vec::new() },
            key: key.then(|| Secret::new(long.to_owned())),
            made: Timestamp::from_unix(1_772_611_200),
        }
    }
}

impl RecoveryPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |codes: bool, key: bool, said: Option<Notice>| Self {
            frame: frame.clone(),
            kept: Kept::sample(codes, key),
            said: said.into(),
        };
        vec![page(true, false, None), page(false, true, None), page(true, true, Some(Notice::NotKept))]
    }
}

fn is_due(current: &Current) -> bool {
    current.step == Step::KeepRecovery
}

/// Shows them.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let mut current = reach(&app, &browser, is_due).await?;
    let onward = Onward::of_attempt(&app, &current.attempt).await?;
    let kept = kept(&app, &browser, &mut current).await?;
    let said = Said::from(browser.notice(&app));
    Ok(show_page(&app, &browser, onward.as_ref(), |frame| RecoveryPage { frame, kept, said })?)
}

/// The same as a file.
pub(crate) async fn file(State(app): State<App>, form: Form) -> Answer {
    let (browser, []) = form.only([])?;
    let mut current = reach(&app, &browser, is_due).await?;
    let of_app = Onward::of_attempt(&app, &current.attempt).await?.and_then(|onward| onward.language);
    let kept = kept(&app, &browser, &mut current).await?;
    let name = current.person.user.name.as_str();
    let text = kept.file(&app.config.organisation, name, browser.wish.language(of_app));
    let head: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(FILE)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((head, text.expose().to_owned()).into_response())
}

/// Takes the word for it that they are kept.
pub(crate) async fn submit(State(app): State<App>, mut form: Form) -> Answer {
    let saved = form.optional("saved").is_some();
    let (browser, []) = form.only([])?;
    let current = reach(&app, &browser, is_due).await?;
    let again = browser.go(&Links::of(&app.config).login_recovery());
    if !saved {
        return Ok(again.saying(&app, &browser, &Notice::NotKept).into_response());
    }
    let left = match app.logins.keep_set(current, &browser.source, browser.now).await {
        Ok(()) => go_on(&app, &browser).await?,
        Err(Fault::Over) => start_again(&app, &browser),
        Err(fault) => return Err(fault.into()),
    };
    Ok(left.into_response())
}

async fn kept(app: &App, browser: &Browser, current: &mut Current) -> Result<Kept, Detour> {
    match app.logins.new_set(current, browser.now).await {
        Ok(set) => Ok(Kept::of(&set)),
        Err(Fault::Over) => Err(start_again(app, browser).into()),
        Err(fault) => Err(fault.into()),
    }
}
