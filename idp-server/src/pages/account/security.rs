//! `/account/security`: with what the account is opened, how each of it stands, and where it is changed.

use askama::Template;
use axum::extract::State;
use twolatch_core::factor::{Factor, Kind};
use twolatch_core::store::Person;
use twolatch_core::time::Timestamp;

use super::super::said::Said;
use super::super::{Answer, show as show_page};
use super::signed_in;
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::frame::Frame;
use crate::web::notice::{Account, Notice};

/// The page.
#[derive(Debug, Template)]
#[template(path = "account_security.html")]
#[expect(clippy::struct_excessive_bools, reason = "what the page shows; each has nothing to do with the others")]
pub struct SecurityPage {
    frame: Frame,
    authenticators: Vec<Shown>,
    /// Policy has authenticator apps.
    has_app: bool,
    address: Option<String>,
    email_on: bool,
    /// Codes can be mailed here.
    has_email: bool,
    enrolled: bool,
    left: Option<Left>,
    said: Said,
}

/// An authenticator in the list.
#[derive(Debug, Clone)]
struct Shown {
    id: String,
    name: String,
    added: Timestamp,
    used: Option<Timestamp>,
}

/// How much of a recovery set is left.
#[derive(Debug, Clone, Copy)]
struct Left {
    codes: u32,
    keys: u32,
    has_codes: bool,
    has_key: bool,
}

impl Shown {
    fn of(factor: &Factor) -> Self {
        Self {
            id: factor.id.to_string(),
            name: factor.name.clone(),
            added: factor.created_at,
            used: factor.last_used_at,
        }
    }
}

impl SecurityPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let now = Timestamp::from_unix(1_772_611_200);
        let shown = |name: &str, used: bool| Shown {
            id: "abc".to_owned(),
            name: name.to_owned(),
            added: Timestamp::from_unix(1_772_546_709),
            used: used.then_some(now),
        };
        let page = |authenticators: Vec<Shown>| Self {
            frame: frame.clone(),
            enrolled: !authenticators.is_empty(),
            authenticators,
            has_app: true,
            address: Some("alice@example.org".to_owned()),
            email_on: false,
            has_email: true,
            left: None,
            said: Said::default(),
        };
        let left = Left { codes: 9, keys: 0, has_codes: true, has_key: true };
        let full = page(vec![shown("Authenticator", true), shown("<script>alert(1)</script>", false)]);
        vec![
            page(Vec::new()),
            Self { email_on: true, left: Some(left), said: Notice::from(Account::EmailOn).into(), ..full },
            Self { has_app: false, address: None, ..page(Vec::new()) },
            Self { has_email: false, ..page(vec![shown("Phone", true)]) },
        ]
    }
}

/// Shows it.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let session = signed_in(&app, &browser).await?;
    let person = app.store.person(&session.user.id).await?.unwrap_or_else(|| Person::bare(session.user.clone()));
    let policy = app.logins.policy(browser.now).await?;
    let (rules, user) = (&policy.rules, &person.user);
    let methods = policy.terms_of(user).methods;
    let left = match &user.recovery {
        Some(set) => {
            let (codes, keys) = app.store.recovery_left(set, &user.id).await?;
            let number = |count: i64| u32::try_from(count).unwrap_or_default();
            let (has_codes, has_key) = (rules.recovery.has_codes() || codes > 0, rules.recovery.has_key() || keys > 0);
            Some(Left { codes: number(codes), keys: number(keys), has_codes, has_key })
        }
        None => None,
    };
    let said = Said::from(browser.notice(&app));
    let page = |frame| SecurityPage {
        frame,
        authenticators: person.factors.iter().map(Shown::of).collect(),
        has_app: methods.contains(&Kind::Totp),
        address: user.email.as_ref().map(ToString::to_string),
        email_on: user.has(Kind::EmailCode),
        has_email: app.logins.mail && methods.contains(&Kind::EmailCode),
        enrolled: Kind::METHODS.into_iter().any(|kind| user.has(kind)),
        left,
        said,
    };
    Ok(show_page(&app, &browser, None, page)?)
}
