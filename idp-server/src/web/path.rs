//! Every address of the web server. Links are made here and nowhere else, so that an issuer with a path in it
//! (`https://example.org/auth`) keeps working. It must not know what is served there.

pub use self::console::ConsolePage;
pub use self::links::Links;
use crate::config::Config;

pub mod apps;
pub mod clients;
pub mod console;
mod links;
pub mod person;
pub mod rules;
pub mod tokens;

/// Signed in already? Then the account, else sign-in.
pub const HOME: &str = "/";
/// User name and password.
pub const LOGIN: &str = "/login";
/// A code of an authenticator.
pub const LOGIN_CODE: &str = "/login/code";
/// Choosing another way to show a second factor.
pub const LOGIN_METHOD: &str = "/login/method";
/// A code that was mailed.
pub const LOGIN_EMAIL: &str = "/login/email";
/// Mailing it, or mailing it again.
pub const LOGIN_EMAIL_SEND: &str = "/login/email/send";
/// A recovery code or key in place of a second factor.
pub const LOGIN_RECOVER: &str = "/login/recover";
/// Choosing a first second factor, at sign-in.
pub const LOGIN_SETUP: &str = "/login/setup";
/// A first authenticator.
pub const LOGIN_SETUP_APP: &str = "/login/setup/app";
/// The first codes by mail.
pub const LOGIN_SETUP_EMAIL: &str = "/login/setup/email";
/// Mailing the first one.
pub const LOGIN_SETUP_EMAIL_SEND: &str = "/login/setup/email/send";
/// Putting that off.
pub const LOGIN_LATER: &str = "/login/later";
/// A password in place of one that somebody else has chosen.
pub const LOGIN_PASSWORD: &str = "/login/password";
/// Recovery codes or key, at sign-in.
pub const LOGIN_RECOVERY: &str = "/login/recovery";
/// The same as a file.
pub const LOGIN_RECOVERY_FILE: &str = "/login/recovery/file";
/// Asking an administrator for help, at sign-in.
pub const LOGIN_NEED_RECOVERY: &str = "/login/need-recovery";
/// Asking for an administrator's link, at sign-in.
pub const LOGIN_ADMIN_LINK: &str = "/login/admin-link";
/// What a one-time link opens.
pub const SETUP: &str = "/setup/{token}";
/// Where a mailed link goes on with a recovery.
pub const RECOVERY: &str = "/recovery/{token}";
/// Where a mailed link leads who did not do what the mail tells.
pub const NOT_ME: &str = "/not-me/{token}";
/// Where a mailed link leads who reads a new address that an administrator gives.
pub const NEW_ADDRESS: &str = "/address/{token}";
/// Where a mailed link leads who reads the address before that.
pub const CONFIRM_ADDRESS: &str = "/address/confirm/{token}";
/// Where a mailed link leads an administrator who stops a recovery.
pub const STOP: &str = "/recovery/stop/{token}";
/// One's own account.
pub const ACCOUNT: &str = "/account";
/// Another password for it.
pub const ACCOUNT_PASSWORD: &str = "/account/password";
/// With what it is opened.
pub const ACCOUNT_SECURITY: &str = "/account/security";
/// Showing a second factor again before it is changed.
pub const ACCOUNT_CONFIRM: &str = "/account/confirm";
/// Having a code mailed for that.
pub const ACCOUNT_CONFIRM_MAIL: &str = "/account/confirm/mail";
/// Another authenticator.
pub const ACCOUNT_AUTHENTICATOR: &str = "/account/authenticator";
/// One of the authenticators.
pub const ACCOUNT_AUTHENTICATOR_OWN: &str = "/account/authenticator/{id}";
/// Removing it.
pub const ACCOUNT_AUTHENTICATOR_REMOVE: &str = "/account/authenticator/{id}/remove";
/// Codes by mail.
pub const ACCOUNT_EMAIL: &str = "/account/email";
/// Turning them off.
pub const ACCOUNT_EMAIL_OFF: &str = "/account/email/off";
/// Another mail address.
pub const ACCOUNT_ADDRESS: &str = "/account/address";
/// New recovery codes.
pub const ACCOUNT_RECOVERY: &str = "/account/recovery";
/// The same as a file.
pub const ACCOUNT_RECOVERY_FILE: &str = "/account/recovery/file";
/// All is set up.
pub const ACCOUNT_DONE: &str = "/account/done";
/// Where one is signed in, and what is remembered.
pub const ACCOUNT_SESSIONS: &str = "/account/sessions";
/// Ending sessions.
pub const ACCOUNT_SESSIONS_END: &str = "/account/sessions/end";
/// Forgetting devices.
pub const ACCOUNT_DEVICES_FORGET: &str = "/account/devices/forget";
/// Signing out.
pub const LOGOUT_CONFIRM: &str = "/logout/confirm";
/// Where a web app sends a browser to sign out.
pub const LOGOUT: &str = "/logout";
/// What a web app finds us by.
pub const DISCOVERY: &str = "/.well-known/openid-configuration";
/// The same, for those who speak plain OAuth.
pub const METADATA: &str = "/.well-known/oauth-authorization-server";
/// The keys that tokens are checked with.
pub const JWKS: &str = "/jwks";
/// Where a web app sends a browser.
pub const AUTHORIZE: &str = "/authorize";
/// Where a web app pushes what it asks, before it sends a browser.
pub const PAR: &str = "/par";
/// Where one registers itself.
pub const REGISTER: &str = "/register";
/// Where one reads and changes that.
pub const REGISTERED: &str = "/register/{id}";
/// Where a web app redeems a code.
pub const TOKEN: &str = "/token";
/// Where a device without a browser asks for a code to show.
pub const DEVICE_AUTHORIZATION: &str = "/device_authorization";
/// Where a person types that.
pub const DEVICE: &str = "/device";
/// Where they say yes or no.
pub const DEVICE_CONFIRM: &str = "/device/confirm";
/// Where a web app asks about a person.
pub const USERINFO: &str = "/userinfo";
/// Where a web app asks what a token is worth.
pub const INTROSPECT: &str = "/introspect";
/// Where it gives one back.
pub const REVOKE: &str = "/revoke";
/// Where a program signs its person in.
pub const API_AUTH: &str = "/api/v1/auth";
/// Where a browser goes on to a web app.
pub const RESUME: &str = "/authorize/resume";
/// Where somebody turns back who does not want to sign in.
pub const CANCEL: &str = "/authorize/cancel";
/// Where a proxy asks whether a request may pass.
pub const FORWARD: &str = "/auth/forward";
/// The same for nginx, which passes no redirect on.
pub const FORWARD_NGINX: &str = "/auth/forward/nginx";
/// Where a browser comes that may not.
pub const FORWARD_ENTER: &str = "/auth/forward/enter";
/// Where one comes whose ticket was worth nothing.
pub const FORWARD_OVER: &str = "/auth/forward/over";
/// Where, at an application's own host, a ticket becomes a cookie. No issuer's path is before it.
pub const CALLBACK: &str = "/.twolatch/callback";
/// The style sheet.
pub const STYLE: &str = "/static/style.css";
/// The script that adds comfort.
pub const SCRIPT: &str = "/static/comfort.js";
/// The icon.
pub const ICON: &str = "/static/icon.svg";
/// The organisation's logo.
pub const LOGO: &str = "/static/logo";
/// The style sheet with the organisation's colour.
pub const ACCENT: &str = "/static/accent.css";

/// The path in the issuer, before all of the above: empty, or `/auth`.
#[must_use]
pub fn prefix(config: &Config) -> &str {
    let after_scheme = config.issuer.split_once("://").map_or("", |(_, rest)| rest);
    after_scheme.find('/').and_then(|start| after_scheme.get(start..)).unwrap_or_default()
}

/// The issuer's scheme, host and port: what a browser calls our origin.
#[must_use]
pub fn origin(config: &Config) -> &str {
    config.issuer.strip_suffix(prefix(config)).unwrap_or(&config.issuer)
}

/// Host and port, as a browser names them in `Host`.
#[must_use]
pub fn authority(config: &Config) -> &str {
    origin(config).split_once("://").map_or("", |(_, authority)| authority)
}

/// The host that people know this server by.
#[must_use]
pub fn host(config: &Config) -> &str {
    authority(config).split(':').next().unwrap_or_default()
}

/// A link for a mail: whole, with its token.
#[must_use]
pub fn mailed(config: &Config, path: &str, token: &str) -> String {
    format!("{}{}", config.issuer, path.replace("{token}", token))
}
