//! Every route of the web listener, as one table.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};

use crate::api::{self, auth};
use crate::forward::{callback, check, enter};
use crate::metrics;
use crate::oidc::device as device_authorization;
use crate::oidc::{authorize, cors, discovery, introspect, jwks, par, register, revoke, token, userinfo};
use crate::pages::admin::requests::answer;
use crate::pages::{
    account, admin, admin_link, confirm_address, consent, device, home, login, logout, new_address, not_me, setup, stop,
};
use crate::state::App;
use crate::web::form::MAX_BODY;
use crate::web::path::{apps, clients, console as at, person as of, rules, tokens};
use crate::web::{app_logo, assets, guard, headers, path};

/// The web server's routes.
pub fn routes(app: App) -> Router {
    let prefix = path::prefix(&app.config);
    let mut all = Router::new()
        .route("/healthz", get(metrics::alive))
        .route("/readyz", get(metrics::ready))
        .route(path::CALLBACK, get(callback::get));
    let registration = if app.config.clients.registration { registration() } else { Vec::new() };
    let parts = [people(), console(), openid_connect(), registration, forward(), programs(), files()];
    for (path, methods) in parts.into_iter().flatten() {
        all = all.route(&format!("{prefix}{path}"), methods);
    }
    if !prefix.is_empty() {
        all = all.route(prefix, get(home::show));
    }
    all = all.nest(&format!("{prefix}{}", api::admin::API), api::admin::routes(&app));
    let layers = (from_fn_with_state(app.clone(), around), DefaultBodyLimit::max(MAX_BODY));
    all = all.fallback(guard::no_page).method_not_allowed_fallback(guard::no_method).layer(layers.clone());
    // To read these none of that is needed; whoever wants something else of them meets it.
    let otherwise = MethodRouter::new().fallback(guard::no_method).layer(layers);
    for (path, read) in documents() {
        all = all.route(&format!("{prefix}{path}"), otherwise.clone().merge(read));
    }
    all.with_state(app)
}

/// What is done about every answer but those of [`documents`]. In one layer: each makes the whole of its routes anew for every request.
pub async fn around(State(app): State<App>, request: Request, next: Next) -> Response {
    let inner = app.clone();
    let mut response = guard::guarded(&app, request, |request| cors::answered(inner, request, next)).await;
    headers::add(&app, response.headers_mut());
    response
}

/// What people see. Every `post` here takes a [`crate::web::form::Form`], which only our own pages can send.
#[must_use]
pub fn people() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        (path::HOME, get(home::show)),
        (path::LOGIN, get(login::show).post(login::submit)),
        (path::LOGIN_CODE, get(login::code::show).post(login::code::submit)),
        (path::LOGIN_METHOD, get(login::method::show).post(login::method::submit)),
        (path::LOGIN_EMAIL, get(login::email::show).post(login::email::submit)),
        (path::LOGIN_EMAIL_SEND, post(login::email::send)),
        (path::LOGIN_RECOVER, get(login::recover::show).post(login::recover::submit)),
        (path::LOGIN_SETUP, get(login::setup::show).post(login::setup::submit)),
        (path::LOGIN_SETUP_APP, get(login::setup::app::show).post(login::setup::app::submit)),
        (path::LOGIN_SETUP_EMAIL, get(login::setup::email::show).post(login::setup::email::submit)),
        (path::LOGIN_SETUP_EMAIL_SEND, post(login::setup::email::send)),
        (path::LOGIN_LATER, post(login::setup::put_off)),
        (path::LOGIN_RECOVERY, get(login::recovery::show).post(login::recovery::submit)),
        (path::LOGIN_RECOVERY_FILE, post(login::recovery::file)),
        (path::LOGIN_PASSWORD, get(login::password::show).post(login::password::submit)),
        (path::LOGIN_NEED_RECOVERY, get(login::need_recovery::show).post(login::need_recovery::submit)),
        (path::LOGIN_ADMIN_LINK, post(login::need_recovery::ask_link)),
        (path::RECOVERY, get(admin_link::show).post(admin_link::submit)),
        (path::STOP, get(stop::show).post(stop::submit)),
        (path::NEW_ADDRESS, get(new_address::show).post(new_address::submit)),
        (path::CONFIRM_ADDRESS, get(confirm_address::show).post(confirm_address::submit)),
        (path::NOT_ME, get(not_me::show).post(not_me::submit)),
        (path::SETUP, get(setup::show).post(setup::submit)),
        (path::ACCOUNT, get(account::show)),
        (path::ACCOUNT_PASSWORD, get(account::password::show).post(account::password::submit)),
        (path::ACCOUNT_SECURITY, get(account::security::show)),
        (path::ACCOUNT_CONFIRM, get(account::confirm::show).post(account::confirm::submit)),
        (path::ACCOUNT_CONFIRM_MAIL, post(account::confirm::mail)),
        (path::ACCOUNT_AUTHENTICATOR, get(account::authenticator::show).post(account::authenticator::submit)),
        (path::ACCOUNT_AUTHENTICATOR_OWN, get(account::manage::show).post(account::manage::rename)),
        (path::ACCOUNT_AUTHENTICATOR_REMOVE, post(account::manage::remove)),
        (path::ACCOUNT_EMAIL, get(account::email::show).post(account::email::submit)),
        (path::ACCOUNT_EMAIL_OFF, post(account::email::turn_off)),
        (path::ACCOUNT_ADDRESS, get(account::address::show).post(account::address::submit)),
        (path::ACCOUNT_RECOVERY, get(account::recovery::show).post(account::recovery::submit)),
        (path::ACCOUNT_RECOVERY_FILE, post(account::recovery::file)),
        (path::ACCOUNT_DONE, get(account::done::show)),
        (path::ACCOUNT_SESSIONS, get(account::sessions::show)),
        (path::ACCOUNT_SESSIONS_END, post(account::sessions::end)),
        (path::ACCOUNT_DEVICES_FORGET, post(account::sessions::forget)),
        (apps::ACCOUNT_APPS, get(account::apps::show)),
        (apps::ACCOUNT_APPS_OPEN, get(account::apps::open)),
        (apps::ACCOUNT_APPS_END, post(account::apps::end)),
        (apps::CONSENT, get(consent::show).post(consent::submit)),
        (path::DEVICE, get(device::show).post(device::submit)),
        (path::DEVICE_CONFIRM, get(device::confirm::show).post(device::confirm::submit)),
        (path::LOGOUT_CONFIRM, post(logout::submit)),
    ]
}

/// What administrators and supervisors see. Every `post` here takes a [`crate::web::form::Form`] too.
#[must_use]
pub fn console() -> Vec<(&'static str, MethodRouter<App>)> {
    use admin::security::{self, exemption, rule, switch, version};
    let mut all = vec![
        (at::ADMIN, get(admin::overview::show)),
        (at::ADMIN_USERS, get(admin::users::show)),
        (at::ADMIN_BULK, post(admin::bulk::preview)),
        (at::ADMIN_JOB, get(admin::bulk::show).post(admin::bulk::start)),
        (at::ADMIN_JOB_STOP, post(admin::bulk::stop)),
        (at::ADMIN_SECURITY, get(security::show)),
        (rules::ADMIN_SWITCH, get(switch::show).post(switch::submit)),
        (rules::ADMIN_RULE, get(rule::show).post(rule::submit)),
        (rules::ADMIN_EXEMPTION, get(exemption::show).post(exemption::submit)),
        (rules::ADMIN_EXEMPTION_END, post(exemption::end)),
        (rules::ADMIN_VERSION, get(version::show).post(version::submit)),
        (at::ADMIN_AUDIT, get(admin::audit::show)),
        (at::ADMIN_AUDIT_EXPORT, get(admin::audit::export::show)),
        (at::ADMIN_AUDIT_VERIFY, get(admin::audit::verify::show)),
        (at::ADMIN_CONFIGURATION, get(admin::configuration::show)),
        (at::ADMIN_WHY, get(admin::why::show)),
        (at::ADMIN_REQUESTS, get(admin::requests::show)),
        (of::ADMIN_REQUEST_RESET, get(answer::show_reset).post(answer::reset)),
        (of::ADMIN_REQUEST_DISMISS, get(answer::show_dismiss).post(answer::dismiss)),
        (of::ADMIN_ADD, get(admin::add::show).post(admin::add::submit)),
        (of::ADMIN_IMPORT, get(admin::import::show).post(admin::import::submit)),
        (of::ADMIN_EXPORT, get(admin::import::export)),
        (of::ADMIN_USER, get(admin::person::show)),
    ];
    all.extend([
        (clients::ADMIN_CLIENTS, get(admin::clients::show)),
        (clients::ADMIN_CLIENTS_NEW, get(admin::clients::new::show).post(admin::clients::new::submit)),
        (clients::ADMIN_CLIENT, get(admin::client::show)),
        (clients::ADMIN_CLIENT_TEST, get(admin::client::test::show)),
    ]);
    all.extend([
        (tokens::ADMIN_TOKENS, get(admin::tokens::show)),
        (tokens::ADMIN_TOKENS_NEW, get(admin::tokens::new::show).post(admin::tokens::new::submit)),
        (tokens::ADMIN_TOKENS_DELETE, post(admin::tokens::delete)),
    ]);
    all.extend(clients::ClientAct::ALL.map(admin::client::act::route));
    all.extend(of::Act::ALL.map(admin::person::act::route));
    all
}

/// What everybody may read, the same for all.
#[must_use]
pub fn documents() -> Vec<(&'static str, MethodRouter<App>)> {
    let written = discovery::Written::default();
    let discovery = get(async move |State(app): State<App>, request: Request| discovery::get(&app, &request, &written));
    vec![(path::DISCOVERY, discovery.clone()), (path::METADATA, discovery), (path::JWKS, get(jwks::get))]
}

/// What web apps talk to, and send browsers to. Other sites may, so these take no cookie as a proof of what is wanted.
#[must_use]
pub fn openid_connect() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        (path::PAR, post(par::post)),
        (path::AUTHORIZE, get(authorize::get).post(authorize::post)),
        (path::RESUME, get(authorize::resume::get)),
        (path::CANCEL, get(authorize::resume::cancel)),
        (path::TOKEN, post(token::post)),
        (path::DEVICE_AUTHORIZATION, post(device_authorization::post)),
        (path::USERINFO, get(userinfo::get).post(userinfo::post)),
        (path::INTROSPECT, post(introspect::post)),
        (path::REVOKE, post(revoke::post)),
        (path::LOGOUT, get(logout::show).post(logout::post)),
    ]
}

/// Where web apps register themselves, if that is turned on.
#[must_use]
pub fn registration() -> Vec<(&'static str, MethodRouter<App>)> {
    let own = get(register::get).put(register::put).delete(register::delete);
    vec![(path::REGISTER, post(register::post)), (path::REGISTERED, own)]
}

/// What proxies ask for applications that they stand before, and where browsers come from there.
#[must_use]
pub fn forward() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        (path::FORWARD, get(check::get)),
        (path::FORWARD_NGINX, get(check::nginx)),
        (path::FORWARD_ENTER, get(enter::get)),
        (path::FORWARD_OVER, get(enter::over)),
    ]
}

/// What programs of our own people talk to. No cookie counts there, and no other site's page is answered.
#[must_use]
pub fn programs() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![(path::API_AUTH, post(auth::post))]
}

/// What pages load.
#[must_use]
pub fn files() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        (path::STYLE, get(assets::style)),
        (path::SCRIPT, get(assets::script)),
        (path::ICON, get(assets::icon)),
        (path::LOGO, get(assets::logo)),
        (path::ACCENT, get(assets::accent)),
        (apps::APP_LOGO, get(app_logo::get)),
    ]
}
