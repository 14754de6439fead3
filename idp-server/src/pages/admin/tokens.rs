//! `/admin/tokens`: what programs show at the admin API, in whose name, and until when. Never what is shown there.

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use twolatch_core::api_token::Scope;
use twolatch_core::id::Id;
use twolatch_core::login::api_tokens::TokenError;
use twolatch_core::login::manage::ManageError;
use twolatch_core::store::StoreError;
use twolatch_core::time::Timestamp;

use super::super::said::Said;
use super::super::{Answer, Detour, show as show_page};
use super::{Console, Here, changing, entered};
use crate::state::App;
use crate::text::{Text, t};
use crate::view::token::{self, Told};
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::Notice;
use crate::web::path::Links;
use crate::web::path::tokens::ADMIN_TOKENS;

pub mod new;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_tokens.html")]
pub struct TokensPage {
    frame: Frame,
    console: Console,
    rows: Vec<Told>,
    said: Said,
}

/// What a scope lets a program do.
const fn scope(scope: Scope) -> Text {
    match scope {
        Scope::UsersRead => t("tokens-users-read"),
        Scope::UsersWrite => t("tokens-users-write"),
        Scope::AdminsWrite => t("tokens-admins-write"),
        Scope::RequestsRead => t("tokens-requests-read"),
        Scope::RequestsWrite => t("tokens-requests-write"),
        Scope::ClientsRead => t("tokens-clients-read"),
        Scope::ClientsWrite => t("tokens-clients-write"),
        Scope::PolicyRead => t("tokens-policy-read"),
        Scope::PolicyWrite => t("tokens-policy-write"),
        Scope::PolicySwitch => t("tokens-policy-switch"),
        Scope::AuditRead => t("tokens-audit-read"),
        Scope::ConfigurationRead => t("tokens-configuration-read"),
    }
}

impl TokensPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let at = Timestamp::from_unix(1_772_611_200);
        let row = |note: &str, last_used_at| Told {
            id: format!("id-{note}"),
            user: "alice".to_owned(),
            note: note.to_owned(),
            scopes: vec![Scope::UsersRead, Scope::UsersWrite],
            created_at: at,
            created_by: "root (command line)".to_owned(),
            expires_at: at.plus(90 * 86_400),
            last_used_at,
        };
        let page = |rows, console| Self { frame: frame.clone(), console, rows, said: Said::default() };
        let rows = || vec![row("Nightly <b>", Some(at)), row("Import", None)];
        let console = || Console::sample(Here::Tokens);
        vec![page(rows(), console()), page(Vec::new(), console()), page(rows(), console().looking())]
    }
}

/// Shows them.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let console = entered(&app, &browser, ADMIN_TOKENS).await?.console.at(Here::Tokens);
    let (rows, said) = (token::all(&app).await?, Said::from(browser.notice(&app)));
    Ok(show_page(&app, &browser, None, |frame| TokensPage { frame, console, rows, said })?)
}

/// Takes one back.
pub(crate) async fn delete(State(app): State<App>, form: Form) -> Answer {
    let entered = changing(&app, &form.browser, ADMIN_TOKENS).await?;
    let (browser, [id]) = form.only(["id"])?;
    let deleted = app.logins.delete_api_token(Id::from_stored(id.expose().to_owned()), &entered.actor(&browser)).await;
    let notice = match deleted {
        Ok(()) => Notice::TokenDeleted,
        Err(TokenError::Missing(_)) => Notice::TokenGone,
        Err(error) => return Err(failed(error)),
    };
    let left = browser.go(&Links::of(&app.config).admin_tokens());
    Ok(left.saying(&app, &browser, &notice).into_response())
}

/// What no page has words for.
fn failed(error: TokenError) -> Detour {
    match error {
        TokenError::Not(ManageError::Store(error)) => error.into(),
        other => StoreError::Other(other.to_string()).into(),
    }
}
