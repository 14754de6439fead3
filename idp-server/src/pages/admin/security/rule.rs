//! `/admin/settings/rule`: one rule, for everybody, for some or in one place. What it would do is told before it is put in
//! force.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use openidconnect::url::form_urlencoded;
use twolatch_core::factor::Kind as Method;
use twolatch_core::policy::Rules;

use super::foreseen::Line;
use super::outcome;
use super::scope::Scope;
use crate::pages::admin::{Console, Entered, Here, changing};
use crate::pages::said::Said;
use crate::pages::{Answer, Detour, show as show_page};
use crate::state::App;
use crate::text::{Text, t};
use crate::web::browser::Browser;
use crate::web::failure::Kind;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::rules::RulesNotice;
use crate::web::path::Links;
use crate::web::path::console::{ADMIN_SECURITY, with_query};
use crate::web::path::rules::ADMIN_RULE;

pub use self::typed::Typed;

mod typed;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_rule.html")]
pub struct RulePage {
    frame: Frame,
    console: Console,
    /// What the rule is for; nothing for a new one.
    scope: Option<Text>,
    typed: Typed,
    version: i64,
    /// Whether there is such a rule, which can be removed.
    exists: bool,
    /// The field that is wrong.
    wrong: &'static str,
    said: Said,
}

/// What a change would do.
#[derive(Debug, Template)]
#[template(path = "admin_rule_look.html")]
pub struct LookPage {
    frame: Frame,
    console: Console,
    scope: Text,
    fields: Vec<(&'static str, String)>,
    changes: Vec<String>,
    lines: Vec<Line>,
}

impl RulePage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |scope: Option<Text>, typed: Typed, wrong: &'static str, said: Said| Self {
            frame: frame.clone(),
            console: Console::sample(Here::Security),
            exists: scope.is_some() && typed.scope != "all",
            scope,
            typed,
            version: 3,
            wrong,
            said,
        };
        let rules = Rules::initial(twolatch_core::policy::Level::Required);
        let group = Typed {
            of: "ops".to_owned(),
            level: "required".to_owned(),
            methods: [Method::Totp].into(),
            ..Typed::new("group")
        };
        let bad = Typed { of: "<b>".to_owned(), ..Typed::new("client") };
        vec![
            page(None, Typed::new("role"), "", Said::default()),
            page(Some(t("rules-group").with("group", "ops")), group, "", Said::default()),
            page(Some(t("rules-all")), Typed::of(&Scope::All, &rules), "", Said::default()),
            page(None, bad, "of", Said::error(t("rules-bad-of"))),
        ]
    }
}

impl LookPage {
    /// An example, for tests.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        Self {
            frame: frame.clone(),
            console: Console::sample(Here::Security),
            scope: t("rules-role").with("role", "member"),
            fields: vec![("scope", "role".to_owned()), ("of", "member".to_owned())],
            changes: vec!["role member: level required, before none".to_owned()],
            lines: Line::samples(),
        }
    }
}

/// Asks what the rule shall be.
pub(crate) async fn show(State(app): State<App>, browser: Browser, RawQuery(query): RawQuery) -> Answer {
    let console = changing(&app, &browser, &with_query(ADMIN_RULE, query.as_deref())).await?.console;
    let query = query.unwrap_or_default();
    let value = |wanted: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let scope = Scope::parse(&value("scope"), &value("of"));
    let policy = app.logins.policy(browser.now).await?;
    let typed = scope.as_ref().map_or_else(|| Typed::new("role"), |scope| Typed::of(scope, &policy.rules));
    let exists = scope.as_ref().is_some_and(|scope| scope.rule(&policy.rules).is_some());
    let page = |frame| RulePage {
        frame,
        console: console.at(Here::Security),
        scope: scope.as_ref().map(Scope::text),
        typed,
        version: policy.version,
        exists,
        wrong: "",
        said: Said::default(),
    };
    Ok(show_page(&app, &browser, None, page)?)
}

/// Tells what a rule would do, or puts it in force.
pub(crate) async fn submit(State(app): State<App>, mut form: Form) -> Answer {
    let entered = changing(&app, &form.browser, ADMIN_SECURITY).await?;
    let typed = Typed::take(&mut form);
    let saves = form.optional("save").is_some();
    let (browser, [version]) = form.only(["version"])?;
    let version: i64 =
        version.expose().parse().map_err(|_| Detour::from(Kind::BadForm.because("the version is no number")))?;
    let policy = app.logins.policy(browser.now).await?;
    if policy.version != version {
        return Ok(leave(&app, &browser, RulesNotice::Outdated));
    }
    let mut rules = policy.rules.clone();
    let scope = match typed.put(&mut rules, browser.now) {
        Ok(scope) => scope,
        Err(wrong) => return again(&app, &browser, entered, typed, version, wrong),
    };
    if !saves {
        return look(&app, &browser, entered, &typed, &scope, (&policy.rules, &rules), version).await;
    }
    let detail = crate::rules::difference(&policy.rules, &rules).join("; ");
    let result = app.logins.set_rules(rules, version, detail, &entered.actor(&browser)).await;
    let good = if typed.remove { RulesNotice::Removed } else { RulesNotice::Saved };
    Ok(leave(&app, &browser, outcome(result, good)?))
}

fn leave(app: &App, browser: &Browser, notice: RulesNotice) -> Response {
    browser.go(&Links::of(&app.config).admin_security()).saying(app, browser, &notice.into()).into_response()
}

fn again(
    app: &App,
    browser: &Browser,
    entered: Entered,
    typed: Typed,
    version: i64,
    (wrong, text): (&'static str, Text),
) -> Answer {
    let scope = Scope::parse(&typed.scope, &typed.of).filter(|_| typed.is_fixed).map(|scope| scope.text());
    let page = |frame| RulePage {
        frame,
        console: entered.console.at(Here::Security),
        scope,
        typed,
        version,
        exists: false,
        wrong,
        said: Said::error(text),
    };
    Ok(show_page(app, browser, None, page)?)
}

async fn look(
    app: &App,
    browser: &Browser,
    entered: Entered,
    typed: &Typed,
    scope: &Scope,
    (before, after): (&Rules, &Rules),
    version: i64,
) -> Answer {
    let lines = Line::all(&app.logins.preview(after, browser.now).await?);
    let mut fields = typed.fields();
    fields.push(("version", version.to_string()));
    let page = |frame| LookPage {
        frame,
        console: entered.console.at(Here::Security),
        scope: scope.text(),
        fields,
        changes: crate::rules::difference(before, after),
        lines,
    };
    Ok(show_page(app, browser, None, page)?)
}
