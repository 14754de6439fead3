//! Links to every page, with whatever path the issuer has before it. It must not know what is on them.

use openidconnect::url::form_urlencoded::Serializer;

use super::{
    ACCENT, ACCOUNT, ACCOUNT_ADDRESS, ACCOUNT_AUTHENTICATOR, ACCOUNT_AUTHENTICATOR_OWN, ACCOUNT_AUTHENTICATOR_REMOVE,
    ACCOUNT_CONFIRM, ACCOUNT_CONFIRM_MAIL, ACCOUNT_DEVICES_FORGET, ACCOUNT_DONE, ACCOUNT_EMAIL, ACCOUNT_EMAIL_OFF,
    ACCOUNT_PASSWORD, ACCOUNT_RECOVERY, ACCOUNT_RECOVERY_FILE, ACCOUNT_SECURITY, ACCOUNT_SESSIONS,
    ACCOUNT_SESSIONS_END, CONFIRM_ADDRESS, HOME, ICON, LOGIN, LOGIN_ADMIN_LINK, LOGIN_CODE, LOGIN_EMAIL,
    LOGIN_EMAIL_SEND, LOGIN_LATER, LOGIN_METHOD, LOGIN_NEED_RECOVERY, LOGIN_PASSWORD, LOGIN_RECOVER, LOGIN_RECOVERY,
    LOGIN_RECOVERY_FILE, LOGIN_SETUP, LOGIN_SETUP_APP, LOGIN_SETUP_EMAIL, LOGIN_SETUP_EMAIL_SEND, LOGO, LOGOUT,
    LOGOUT_CONFIRM, NEW_ADDRESS, NOT_ME, RECOVERY, SCRIPT, SETUP, STOP, STYLE, origin, prefix,
};
use crate::config::Config;
use crate::config::colour::Colour;

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

    /// For who reads a new address that an administrator gives.
    #[must_use]
    pub fn new_address(&self, token: &str) -> String {
        self.to(&NEW_ADDRESS.replace("{token}", token))
    }

    /// For who reads the address before that.
    #[must_use]
    pub fn confirm_address(&self, token: &str) -> String {
        self.to(&CONFIRM_ADDRESS.replace("{token}", token))
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

    /// With what one's account is opened.
    #[must_use]
    pub fn account_security(&self) -> String {
        self.to(ACCOUNT_SECURITY)
    }

    /// Showing a second factor again.
    #[must_use]
    pub fn account_confirm(&self) -> String {
        self.to(ACCOUNT_CONFIRM)
    }

    /// Having a code mailed for that.
    #[must_use]
    pub fn account_confirm_mail(&self) -> String {
        self.to(ACCOUNT_CONFIRM_MAIL)
    }

    /// Another authenticator.
    #[must_use]
    pub fn account_authenticator(&self) -> String {
        self.to(ACCOUNT_AUTHENTICATOR)
    }

    /// Codes by mail.
    #[must_use]
    pub fn account_email(&self) -> String {
        self.to(ACCOUNT_EMAIL)
    }

    /// Turning codes by mail off.
    #[must_use]
    pub fn account_email_off(&self) -> String {
        self.to(ACCOUNT_EMAIL_OFF)
    }

    /// Another mail address.
    #[must_use]
    pub fn account_address(&self) -> String {
        self.to(ACCOUNT_ADDRESS)
    }

    /// New recovery codes.
    #[must_use]
    pub fn account_recovery(&self) -> String {
        self.to(ACCOUNT_RECOVERY)
    }

    /// The same as a file.
    #[must_use]
    pub fn account_recovery_file(&self) -> String {
        self.to(ACCOUNT_RECOVERY_FILE)
    }

    /// All is set up.
    #[must_use]
    pub fn account_done(&self) -> String {
        self.to(ACCOUNT_DONE)
    }

    /// Where one is signed in, and what is remembered.
    #[must_use]
    pub fn account_sessions(&self) -> String {
        self.to(ACCOUNT_SESSIONS)
    }

    /// Ending sessions.
    #[must_use]
    pub fn account_sessions_end(&self) -> String {
        self.to(ACCOUNT_SESSIONS_END)
    }

    /// Forgetting devices.
    #[must_use]
    pub fn account_devices_forget(&self) -> String {
        self.to(ACCOUNT_DEVICES_FORGET)
    }

    /// Showing a second factor again, to go on to the page of this name.
    #[must_use]
    pub fn account_confirm_for(&self, target: &str) -> String {
        format!("{}?{}", self.account_confirm(), Serializer::new(String::new()).append_pair("for", target).finish())
    }

    /// One of the own authenticators.
    #[must_use]
    pub fn account_authenticator_own(&self, id: &str) -> String {
        self.to(&ACCOUNT_AUTHENTICATOR_OWN.replace("{id}", id))
    }

    /// Removing it.
    #[must_use]
    pub fn account_authenticator_remove(&self, id: &str) -> String {
        self.to(&ACCOUNT_AUTHENTICATOR_REMOVE.replace("{id}", id))
    }

    /// Signing out.
    #[must_use]
    pub fn logout(&self) -> String {
        self.to(LOGOUT_CONFIRM)
    }

    /// Asking again with a GET for what a web app's form asked for.
    #[must_use]
    pub fn logout_asked(&self, query: &str) -> String {
        format!("{}?{query}", self.to(LOGOUT))
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
        self.versioned(ACCENT, &crate::web::assets::accent_version(colour))
    }

    fn asset(&self, path: &str) -> String {
        self.versioned(path, crate::web::assets::version())
    }

    fn versioned(&self, path: &str, version: &str) -> String {
        format!("{}?v={version}", self.to(path))
    }

    pub(super) fn to(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }
}
