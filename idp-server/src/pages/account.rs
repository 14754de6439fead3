//! `/account`: who am I here, and with what do I sign in.

use askama::Template;
use axum::extract::State;
use twolatch_core::factor::Factor;
use twolatch_core::store::Session;
use twolatch_core::time::Timestamp;
use twolatch_core::user::{Role, User};

use super::said::Said;
use super::{Answer, Detour, show as show_page};
use crate::state::App;
use crate::text::{Text, t};
use crate::web::browser::Browser;
use crate::web::cookie::Cookie;
use crate::web::frame::Frame;
use crate::web::notice::Notice;
use crate::web::path::Links;
use crate::web::session;

pub mod password;

/// The page.
#[derive(Debug, Template)]
#[template(path = "account.html")]
pub struct AccountPage {
    frame: Frame,
    name: String,
    email: Option<String>,
    role: Text,
    since: Timestamp,
    authenticators: Vec<Shown>,
    said: Said,
}

/// An authenticator in the list.
#[derive(Debug, Clone)]
struct Shown {
    name: String,
    added: Timestamp,
    used: Option<Timestamp>,
}

impl AccountPage {
    fn of(frame: Frame, user: &User, factors: &[Factor], session: &Session, said: Said) -> Self {
        Self {
            frame,
            name: user.name.to_string(),
            email: user.email.as_ref().map(ToString::to_string),
            role: match user.role {
                Role::Admin => t("role-admin"),
                Role::Supervisor => t("role-supervisor"),
                Role::Member => t("role-member"),
            },
            since: session.created_at,
            authenticators: factors.iter().map(Shown::of).collect(),
            said,
        }
    }

    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let now = Timestamp::from_unix(1_772_611_200);
        let shown = |name: &str, used: bool| Shown {
            name: name.to_owned(),
            added: Timestamp::from_unix(1_772_546_709),
            used: used.then_some(now),
        };
        let page = |authenticators| Self {
            frame: frame.clone(),
            name: "alice".to_owned(),
            email: Some("alice@example.org".to_owned()),
            role: t("role-member"),
            since: now,
            authenticators,
            said: Said::default(),
        };
        vec![
            page(vec![shown("Authenticator", true), shown("<script>alert(1)</script>", false)]),
            Self { email: None, said: Notice::PasswordChanged.into(), ..page(Vec::new()) },
        ]
    }
}

impl Shown {
    fn of(factor: &Factor) -> Self {
        Self { name: factor.name.clone(), added: factor.created_at, used: factor.last_used_at }
    }
}

/// Shows it.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let session = signed_in(&app, &browser).await?;
    let person = app.store.person(&session.user.id).await?;
    let factors = person.map(|person| person.factors).unwrap_or_default();
    let said = Said::from(browser.notice(&app));
    Ok(show_page(&app, &browser, None, |frame| AccountPage::of(frame, &session.user, &factors, &session, said))?)
}

/// The session of a browser; without one it is sent to sign in.
async fn signed_in(app: &App, browser: &Browser) -> Result<Session, Detour> {
    let links = Links::of(&app.config);
    let Some(token) = &browser.session else { return Err(browser.go(&links.login()).into()) };
    match session::of_token(app, token).await? {
        Some(session) => Ok(session),
        None => Err(browser.go(&links.login()).without(Cookie::Session).into()),
    }
}
