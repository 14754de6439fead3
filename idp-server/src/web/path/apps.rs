//! Links on the way to and from web apps, and to what people let those learn. It must not know what is served there.

use super::{AUTHORIZE, CANCEL, DEVICE, DEVICE_CONFIRM, FORWARD_ENTER, FORWARD_OVER, Links, RESUME};
use crate::config::Config;

/// Whether a web app may learn something.
pub const CONSENT: &str = "/authorize/consent";
/// Which of them do.
pub const ACCOUNT_APPS: &str = "/account/apps";
/// Signing in to one of them.
pub const ACCOUNT_APPS_OPEN: &str = "/account/apps/{id}/open";
/// None of what one of them has any more.
pub const ACCOUNT_APPS_END: &str = "/account/apps/end";

/// What one of them looks like.
pub const APP_LOGO: &str = "/logo/{id}";

/// Where a device sends somebody who types nothing: the page, with the code as it is shown (RFC 8628, 3.3.1).
#[must_use]
pub fn device_of(config: &Config, code: &str) -> String {
    format!("{}{DEVICE}?user_code={code}", config.issuer)
}

impl Links {
    /// Going on to a web app with a sealed request, whose characters all stand for themselves in an address.
    #[must_use]
    pub fn resume(&self, sealed: &str) -> String {
        format!("{}?request={sealed}", self.to(RESUME))
    }

    /// Typing what a device shows.
    #[must_use]
    pub fn device(&self) -> String {
        self.to(DEVICE)
    }

    /// Saying yes or no to a device.
    #[must_use]
    pub fn device_confirm(&self) -> String {
        self.to(DEVICE_CONFIRM)
    }

    /// The same, for one whose code was typed.
    #[must_use]
    pub fn device_confirm_of(&self, sealed: &str) -> String {
        format!("{}?request={sealed}", self.device_confirm())
    }

    /// Where somebody turns back who does not want to go on with a sealed request.
    #[must_use]
    pub fn cancel(&self, sealed: &str) -> String {
        format!("{}?request={sealed}", self.to(CANCEL))
    }

    /// Signing in for an application behind a proxy.
    #[must_use]
    pub fn forward_enter(&self, sealed: &str) -> String {
        format!("{}?request={sealed}", self.to(FORWARD_ENTER))
    }

    /// A ticket to one that was worth nothing.
    #[must_use]
    pub fn forward_over(&self) -> String {
        self.to(FORWARD_OVER)
    }

    /// Asking again with a GET for what a form asked for.
    #[must_use]
    pub fn authorize(&self, query: &str) -> String {
        format!("{}?{query}", self.to(AUTHORIZE))
    }

    /// Whether a web app may learn something.
    #[must_use]
    pub fn consent(&self) -> String {
        self.to(CONSENT)
    }

    /// The same, for a sealed request.
    #[must_use]
    pub fn consent_of(&self, sealed: &str) -> String {
        format!("{}?request={sealed}", self.consent())
    }

    /// Which web apps do.
    #[must_use]
    pub fn account_apps(&self) -> String {
        self.to(ACCOUNT_APPS)
    }

    /// Signing in to one of them.
    #[must_use]
    pub fn account_apps_open(&self, id: &str) -> String {
        self.to(&ACCOUNT_APPS_OPEN.replace("{id}", id))
    }

    /// What one of them looks like.
    #[must_use]
    pub fn app_logo(&self, id: &str) -> String {
        self.to(&APP_LOGO.replace("{id}", id))
    }

    /// None of what one of them has any more.
    #[must_use]
    pub fn account_apps_end(&self) -> String {
        self.to(ACCOUNT_APPS_END)
    }
}
