//! The addresses of the console's settings of policy. It must not know what is served there.

use openidconnect::url::form_urlencoded::Serializer;

use super::Links;

/// Turning the organisation's switch.
pub const ADMIN_SWITCH: &str = "/admin/settings/switch";
/// One rule.
pub const ADMIN_RULE: &str = "/admin/settings/rule";
/// A new exemption.
pub const ADMIN_EXEMPTION: &str = "/admin/settings/exemption";
/// Ending one.
pub const ADMIN_EXEMPTION_END: &str = "/admin/settings/exemption/end";
/// Going back to an earlier version.
pub const ADMIN_VERSION: &str = "/admin/settings/version/{version}";

impl Links {
    /// Turning the organisation's switch.
    #[must_use]
    pub fn admin_switch(&self) -> String {
        self.to(ADMIN_SWITCH)
    }

    /// Turning it to a level.
    #[must_use]
    pub fn admin_switch_to(&self, level: &str) -> String {
        format!("{}?to={level}", self.admin_switch())
    }

    /// A rule.
    #[must_use]
    pub fn admin_rule(&self) -> String {
        self.to(ADMIN_RULE)
    }

    /// The rule of a role, group, door or application, or of all.
    #[must_use]
    pub fn admin_rule_of(&self, scope: &str, of: &str) -> String {
        let query = Serializer::new(String::new()).append_pair("scope", scope).append_pair("of", of).finish();
        format!("{}?{query}", self.admin_rule())
    }

    /// A new exemption.
    #[must_use]
    pub fn admin_exemption(&self) -> String {
        self.to(ADMIN_EXEMPTION)
    }

    /// Ending one.
    #[must_use]
    pub fn admin_exemption_end(&self) -> String {
        self.to(ADMIN_EXEMPTION_END)
    }

    /// Going back to an earlier version.
    #[must_use]
    pub fn admin_version(&self, version: &i64) -> String {
        self.to(&ADMIN_VERSION.replace("{version}", &version.to_string()))
    }
}
