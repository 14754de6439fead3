//! Every address of the web server. Links are made here and nowhere else, so that an issuer with a path in it
//! (`https://example.org/auth`) keeps working. It must not know what is served there.

use crate::config::Config;
use crate::config::colour::Colour;

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
/// Where a mailed link leads an administrator who stops a recovery.
pub const STOP: &str = "/recovery/stop/{token}";
/// One's own account.
pub const ACCOUNT: &str = "/account";
/// Another password for it.
pub const ACCOUNT_PASSWORD: &str = "/account/password";
/// Signing out.
pub const LOGOUT: &str = "/logout";
/// What a web app finds us by.
pub const DISCOVERY: &str = "/.well-known/openid-configuration";
/// The same, for those who speak plain OAuth.
pub const METADATA: &str = "/.well-known/oauth-authorization-server";
/// The keys that tokens are checked with.
pub const JWKS: &str = "/jwks";
/// Where a web app sends a browser.
pub const AUTHORIZE: &str = "/authorize";
/// Where a web app redeems a code.
pub const TOKEN: &str = "/token";
/// Where a web app asks about a person.
pub const USERINFO: &str = "/userinfo";
/// Where a program signs its person in.
pub const API_AUTH: &str = "/api/v1/auth";
/// Where a browser goes on to a web app.
pub const RESUME: &str = "/authorize/resume";
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

/// A link for a mail: whole, with its token.
#[must_use]
pub fn mailed(config: &Config, path: &str, token: &str) -> String {
    format!("{}{}", config.issuer, path.replace("{token}", token))
}

/// Addresses to go to, within this server.
#[derive(Debug, Clone, Default)]
pub struct Links {
    prefix: String,
}

impl Links {
    /// The links of a server.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self { prefix: prefix(config).to_owned() }
    }

    /// The home page.
    #[must_use]
    pub fn home(&self) -> String {
        self.to(HOME)
    }

    /// The home page, for a browser that is not here yet.
    #[must_use]
    pub fn home_from_elsewhere(&self, config: &Config) -> String {
        format!("{}{}", origin(config), self.home())
    }

    /// Sign-in.
    #[must_use]
    pub fn login(&self) -> String {
        self.to(LOGIN)
    }

    /// Sign-in, to go on to where the sealed request says.
    #[must_use]
    pub fn login_continuing(&self, sealed: &str) -> String {
        format!("{}?continue={sealed}", self.login())
    }

    /// The code at sign-in.
    #[must_use]
    pub fn login_code(&self) -> String {
        self.to(LOGIN_CODE)
    }

    /// Choosing another way, at sign-in.
    #[must_use]
    pub fn login_method(&self) -> String {
        self.to(LOGIN_METHOD)
    }

    /// The mailed code at sign-in.
    #[must_use]
    pub fn login_email(&self) -> String {
        self.to(LOGIN_EMAIL)
    }

    /// Having it mailed.
    #[must_use]
    pub fn login_email_send(&self) -> String {
        self.to(LOGIN_EMAIL_SEND)
    }

    /// A recovery code or key at sign-in.
    #[must_use]
    pub fn login_recover(&self) -> String {
        self.to(LOGIN_RECOVER)
    }

    /// Choosing the first second factor, at sign-in.
    #[must_use]
    pub fn login_setup(&self) -> String {
        self.to(LOGIN_SETUP)
    }

    /// The first authenticator, at sign-in.
    #[must_use]
    pub fn login_setup_app(&self) -> String {
        self.to(LOGIN_SETUP_APP)
    }

    /// The first codes by mail, at sign-in.
    #[must_use]
    pub fn login_setup_email(&self) -> String {
        self.to(LOGIN_SETUP_EMAIL)
    }

    /// Having the first one mailed.
    #[must_use]
    pub fn login_setup_email_send(&self) -> String {
        self.to(LOGIN_SETUP_EMAIL_SEND)
    }

    /// Putting set-up off.
    #[must_use]
    pub fn login_later(&self) -> String {
        self.to(LOGIN_LATER)
    }

    /// The forced new password, at sign-in.
    #[must_use]
    pub fn login_password(&self) -> String {
        self.to(LOGIN_PASSWORD)
    }

    /// Recovery codes or key that are shown once, at sign-in.
    #[must_use]
    pub fn login_recovery(&self) -> String {
        self.to(LOGIN_RECOVERY)
    }

    /// The same as a file.
    #[must_use]
    pub fn login_recovery_file(&self) -> String {
        self.to(LOGIN_RECOVERY_FILE)
    }

    /// Asking an administrator for help, at sign-in.
    #[must_use]
    pub fn login_need_recovery(&self) -> String {
        self.to(LOGIN_NEED_RECOVERY)
    }

    /// Asking for an administrator's link, at sign-in.
    #[must_use]
    pub fn login_admin_link(&self) -> String {
        self.to(LOGIN_ADMIN_LINK)
    }

    /// Where an administrator's mailed link goes on.
    #[must_use]
    pub fn recovery(&self, token: &str) -> String {
        self.to(&RECOVERY.replace("{token}", token))
    }

    /// Where another administrator stops that.
    #[must_use]
    pub fn stop(&self, token: &str) -> String {
        self.to(&STOP.replace("{token}", token))
    }

    /// For who did not do what a letter tells.
    #[must_use]
    pub fn not_me(&self, token: &str) -> String {
        self.to(&NOT_ME.replace("{token}", token))
    }

    /// What a one-time link opens.
    #[must_use]
    pub fn setup(&self, token: &str) -> String {
        self.to(&SETUP.replace("{token}", token))
    }

    /// One's own account.
    #[must_use]
    pub fn account(&self) -> String {
        self.to(ACCOUNT)
    }

    /// Changing one's password.
    #[must_use]
    pub fn account_password(&self) -> String {
        self.to(ACCOUNT_PASSWORD)
    }

    /// Signing out.
    #[must_use]
    pub fn logout(&self) -> String {
        self.to(LOGOUT)
    }

    /// Going on to a web app with a sealed request, whose characters all stand for themselves in an address.
    #[must_use]
    pub fn resume(&self, sealed: &str) -> String {
        format!("{}?request={sealed}", self.to(RESUME))
    }

    /// Asking again with a GET for what a form asked for.
    #[must_use]
    pub fn authorize(&self, query: &str) -> String {
        format!("{}?{query}", self.to(AUTHORIZE))
    }

    /// The style sheet, as it is now.
    #[must_use]
    pub fn style(&self) -> String {
        self.asset(STYLE)
    }

    /// The script, as it is now.
    #[must_use]
    pub fn script(&self) -> String {
        self.asset(SCRIPT)
    }

    /// The icon, as it is now.
    #[must_use]
    pub fn icon(&self) -> String {
        self.asset(ICON)
    }

    /// The logo, in this version.
    #[must_use]
    pub fn logo(&self, version: &str) -> String {
        self.versioned(LOGO, version)
    }

    /// The style sheet with this colour.
    #[must_use]
    pub fn accent(&self, colour: Colour) -> String {
        self.versioned(ACCENT, &super::assets::accent_version(colour))
    }

    fn asset(&self, path: &str) -> String {
        self.versioned(path, super::assets::version())
    }

    fn versioned(&self, path: &str, version: &str) -> String {
        format!("{}?v={version}", self.to(path))
    }

    fn to(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }
}
