//! `/admin/settings/exemption`: a dated exception for somebody, somewhere; and ending one.

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use twolatch_core::door::Door;
use twolatch_core::policy::{Level, Subject};
use twolatch_core::user::Role;

use super::limits::Limits;
use super::outcome;
use crate::pages::admin::{Console, Here, changing, words};
use crate::pages::said::Said;
use crate::pages::{Answer, show as show_page};
use crate::rules::{MOST_DAYS, MOST_REASON, NewExemption};
use crate::state::App;
use crate::text::t;
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::rules::RulesNotice;
use crate::web::path::Links;
use crate::web::path::console::ADMIN_SECURITY;
use crate::web::path::rules::ADMIN_EXEMPTION;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_exemption.html")]
pub struct ExemptionPage {
    frame: Frame,
    console: Console,
    typed: Typed,
    /// The field that is wrong.
    wrong: &'static str,
    said: Said,
}

/// What was typed.
#[derive(Debug, Clone, Default)]
struct Typed {
    kind: String,
    of: String,
    door: String,
    limits: Limits,
    level: String,
    days: String,
    reason: String,
}

impl ExemptionPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |typed, wrong, said| Self {
            frame: frame.clone(),
            console: Console::sample(Here::Security),
            typed,
            wrong,
            said,
        };
        let typed = Typed { kind: "group".to_owned(), of: "<b>".to_owned(), ..Typed::default() };
        let limits = Limits { network: "10.1.2.3/8".to_owned(), key: "<b>".to_owned(), ..Limits::default() };
        let bits = t("exemptions-bad-network-bits").with("network", "10.0.0.0/8");
        vec![
            page(Typed::default(), "", Said::default()),
            page(typed.clone(), "of", Said::error(t("exemptions-bad-of"))),
            page(Typed { limits, ..typed }, "network", Said::error(bits)),
        ]
    }
}

/// Asks what it shall be.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let console = changing(&app, &browser, ADMIN_EXEMPTION).await?.console;
    page(&app, &browser, console, Typed::default(), "", Said::default())
}

fn page(app: &App, browser: &Browser, console: Console, typed: Typed, wrong: &'static str, said: Said) -> Answer {
    let console = console.at(Here::Security);
    Ok(show_page(app, browser, None, |frame| ExemptionPage { frame, console, typed, wrong, said })?)
}

/// Makes it.
pub(crate) async fn submit(State(app): State<App>, form: Form) -> Answer {
    let entered = changing(&app, &form.browser, ADMIN_EXEMPTION).await?;
    let (browser, fields) =
        form.only(["kind", "of", "door", "client", "service", "host", "network", "key", "level", "days", "reason"])?;
    let text = |value: twolatch_core::secret::Secret| value.expose().trim().to_owned();
    let [kind, of, door, client, service, host, network, key, level, days, reason] = fields.map(text);
    let limits = Limits { client, service, host, network, key };
    let typed = Typed { kind, of, door, limits, level, days, reason };
    let actor = entered.actor(&browser);
    let subject = subject(&app, &typed).await?;
    let days = typed.days.parse::<u16>().ok().filter(|days| (1..=MOST_DAYS).contains(days));
    let has_reason = !typed.reason.is_empty() && typed.reason.chars().count() <= MOST_REASON;
    let reason = has_reason.then(|| typed.reason.clone());
    let wrong = |field, text| page(&app, &browser, entered.console.clone(), typed.clone(), field, Said::error(text));
    let Some(subject) = subject else { return wrong("of", t("exemptions-bad-of")) };
    let Some(days) = days else { return wrong("days", t("exemptions-bad-days")) };
    let Some(reason) = reason else { return wrong("reason", t("exemptions-bad-reason")) };
    let Ok(level) = typed.level.parse::<Level>() else { return wrong("of", t("exemptions-bad-of")) };
    let within = match typed.limits.within(&typed.door) {
        Ok(within) => within,
        Err((field, text)) => return wrong(field, text),
    };
    let new = NewExemption { subject, within, level, days, reason };
    let Some(exemption) = new.exemption(&app, &actor)? else { return wrong("days", t("exemptions-bad-days")) };
    let notice = outcome(app.logins.exempt(exemption, &actor).await, RulesNotice::Exempted)?;
    let left = browser.go(&Links::of(&app.config).admin_security());
    Ok(left.saying(&app, &browser, &notice.into()).into_response())
}

async fn subject(app: &App, typed: &Typed) -> Result<Option<Subject>, twolatch_core::store::StoreError> {
    Ok(match typed.kind.as_str() {
        "person" => match typed.of.parse() {
            Ok(name) => app.store.person_by_name(&name).await?.map(|person| Subject::User(person.user.id)),
            Err(_) => None,
        },
        "group" => typed.of.parse().ok().map(Subject::Group),
        "role" => typed.of.parse::<Role>().ok().map(Subject::Role),
        _ => None,
    })
}

/// Ends one.
pub(crate) async fn end(State(app): State<App>, form: Form) -> Answer {
    let entered = changing(&app, &form.browser, ADMIN_SECURITY).await?;
    let (browser, [id]) = form.only(["id"])?;
    let result = app.logins.end_exemption(id.expose(), &entered.actor(&browser)).await;
    let notice = outcome(result, RulesNotice::Ended)?;
    let left = browser.go(&Links::of(&app.config).admin_security());
    Ok(left.saying(&app, &browser, &notice.into()).into_response())
}
