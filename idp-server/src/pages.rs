//! The pages: one page, one file and one template. Each shows what the login service says comes next, or hands it what
//! was typed; none decides anything.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use twolatch_core::crypto::random_text;

use self::authenticator::AuthenticatorPage;
use self::onward::Onward;
use self::recovery_codes::RecoveryCodesPage;
use crate::oidc::form_post::FormPostPage;
use crate::state::App;
use crate::web::browser::{Browser, Leaving};
use crate::web::cookie::Cookie;
use crate::web::csrf;
use crate::web::failure::{Failure, Kind};
use crate::web::frame::Frame;
use crate::web::headers::policy_continuing_to;

pub mod account;
pub mod admin;
pub mod admin_link;
pub mod authenticator;
pub mod confirm;
pub mod confirm_address;
pub mod consent;
pub mod device;
pub mod disclosure;
pub mod home;
pub mod login;
pub mod logout;
pub mod mailed;
pub mod new_address;
pub mod not_me;
pub mod onward;
pub mod recovery_codes;
pub mod said;
pub mod setup;
pub mod stop;

/// What a handler of a page answers.
pub type Answer = Result<Response, Detour>;

/// Why a handler does not show its own page.
#[derive(Debug)]
pub enum Detour {
    /// Another page is due.
    Elsewhere(Box<Leaving>),
    /// Something failed.
    Failed(Failure),
}

impl<F: Into<Failure>> From<F> for Detour {
    fn from(failure: F) -> Self {
        Self::Failed(failure.into())
    }
}

impl From<Leaving> for Detour {
    fn from(leaving: Leaving) -> Self {
        Self::Elsewhere(Box::new(leaving))
    }
}

impl IntoResponse for Detour {
    fn into_response(self) -> Response {
        match self {
            Self::Elsewhere(leaving) => leaving.into_response(),
            Self::Failed(failure) => failure.into_response(),
        }
    }
}

/// Shows a page. The frame's token is for this browser as it is now; what was to be said once has been said.
///
/// # Errors
/// Where the kernel gives no randomness, or the template fails.
pub(crate) fn show<P: Template>(
    app: &App,
    browser: &Browser,
    onward: Option<&Onward>,
    page: impl FnOnce(Frame) -> P,
) -> Result<Response, Failure> {
    let (flow, is_new) = match &browser.flow {
        Some(flow) => (flow.clone(), false),
        None => (random_text::<20>(app.entropy())?, true),
    };
    let of_app = onward.and_then(|onward| onward.language);
    let frame = Frame::of(&app.config, &browser.wish, of_app, csrf::token(app, browser, &flow));
    let body = page(frame).render().map_err(|error| Kind::Internal.because(error.to_string()))?;
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let mut response = (StatusCode::OK, [(header::CONTENT_TYPE, kind)], body).into_response();
    let headers = response.headers_mut();
    if let Some(policy) = onward.and_then(|onward| policy_continuing_to(&onward.origin)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if is_new {
        browser.set(headers, Cookie::Flow, &flow);
    }
    if browser.has_notice() {
        browser.clear(headers, Cookie::Notice);
    }
    Ok(response)
}

/// A page with its name, or why it cannot be shown.
pub type Sample = (String, Result<String, askama::Error>);

/// Every page with sample data in a frame, by name: for tests.
#[must_use]
pub fn samples(frame: &Frame) -> Vec<Sample> {
    fn all<P: Template>(name: &str, samples: Vec<P>) -> Vec<Sample> {
        let number = |index: usize| if index == 0 { name.to_owned() } else { format!("{name}_{}", index + 1) };
        samples.into_iter().enumerate().map(|(index, page)| (number(index), page.render())).collect()
    }
    [
        all("logout", logout::LogoutPage::samples(frame)),
        all("device", device::DevicePage::samples(frame)),
        all("device_confirm", device::confirm::ConfirmPage::samples(frame)),
        all("consent", consent::ConsentPage::samples(frame)),
        all("form_post", FormPostPage::samples(frame)),
        all("login", login::LoginPage::samples(frame)),
        all("login_code", login::code::CodePage::samples(frame)),
        all("login_method", login::method::MethodPage::samples(frame)),
        all("login_email", login::email::EmailPage::samples(frame)),
        all("login_recover", login::recover::RecoverPage::samples(frame)),
        all("login_choice", login::setup::ChoicePage::samples(frame)),
        all("login_setup", login::setup::app::AppPage::samples(frame)),
        all("recovery_codes", RecoveryCodesPage::samples(frame)),
        all("login_password", login::password::PasswordPage::samples(frame)),
        all("login_need_recovery", login::need_recovery::NeedRecoveryPage::samples(frame)),
        all("not_me", vec![not_me::sample(frame)]),
        all("new_address", vec![new_address::sample(frame)]),
        all("confirm_address", vec![confirm_address::sample(frame)]),
        all("admin_link", vec![admin_link::sample(frame)]),
        all("stop", vec![stop::sample(frame)]),
        all("setup_begin", setup::BeginPage::samples(frame)),
        all("account", account::AccountPage::samples(frame)),
        all("account_security", account::security::SecurityPage::samples(frame)),
        all("account_confirm", account::confirm::ConfirmPage::samples(frame)),
        all(
            "account_authenticator_code",
            AuthenticatorPage::samples(frame, "/account/authenticator", Some("k.sealed")),
        ),
        all("account_authenticator", account::authenticator::ExplainPage::samples(frame)),
        all("account_manage", account::manage::ManagePage::samples(frame)),
        all("account_email", account::email::EmailPage::samples(frame)),
        all("account_address", account::address::AddressPage::samples(frame)),
        all("account_recovery", account::recovery::RecoveryPage::samples(frame)),
        all("account_done", account::done::DonePage::samples(frame)),
        all("account_sessions", account::sessions::SessionsPage::samples(frame)),
        all("account_apps", account::apps::AppsPage::samples(frame)),
        all("account_password", account::password::PasswordPage::samples(frame)),
        all("admin_users", admin::users::UsersPage::samples(frame)),
        all("admin_bulk", admin::bulk::BulkPage::samples(frame)),
        all("admin_security", admin::security::SecurityPage::samples(frame)),
        all("admin_switch", admin::security::switch::SwitchPage::samples(frame)),
        all("admin_rule", admin::security::rule::RulePage::samples(frame)),
        all("admin_rule_look", vec![admin::security::rule::LookPage::sample(frame)]),
        all("admin_exemption", admin::security::exemption::ExemptionPage::samples(frame)),
        all("admin_version", vec![admin::security::version::VersionPage::sample(frame)]),
        all("admin_overview", admin::overview::OverviewPage::samples(frame)),
        all("admin_audit", admin::audit::AuditPage::samples(frame)),
        all("admin_audit_verify", admin::audit::verify::VerifyPage::samples(frame)),
        all("admin_configuration", admin::configuration::ConfigurationPage::samples(frame)),
        all("admin_why", admin::why::WhyPage::samples(frame)),
        all("admin_person", admin::person::PersonPage::samples(frame)),
        all("admin_act", admin::person::act::samples(frame)),
        all("admin_clients", admin::clients::ClientsPage::samples(frame)),
        all("admin_client_new", admin::clients::new::NewPage::samples(frame)),
        all("admin_client", admin::client::ClientPage::samples(frame)),
        all("admin_client_test", admin::client::test::TestPage::samples(frame)),
        all("admin_client_act", admin::client::act::samples(frame)),
        all("admin_client_secret", admin::client::secret::SecretPage::samples(frame)),
        all("admin_tokens", admin::tokens::TokensPage::samples(frame)),
        all("admin_token_new", admin::tokens::new::NewPage::samples(frame)),
        all("admin_token", vec![admin::tokens::new::MadePage::sample(frame)]),
        all("admin_requests", admin::requests::RequestsPage::samples(frame)),
        all("admin_answer", admin::requests::answer::AnswerPage::samples(frame)),
        all("admin_add", admin::add::AddPage::samples(frame)),
        all("admin_import", admin::import::ImportPage::samples(frame)),
        all("error", vec![crate::web::error::ErrorPage::sample(frame)]),
    ]
    .into_iter()
    .flatten()
    .collect()
}
