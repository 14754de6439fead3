//! Every address of the console, and the links to them. It must not know what is served there.

use super::Links;

/// How things stand.
pub const ADMIN: &str = "/admin";
/// Who there is.
pub const ADMIN_USERS: &str = "/admin/users";
/// Something to be done to many of them.
pub const ADMIN_BULK: &str = "/admin/bulk";
/// How far that is.
pub const ADMIN_JOB: &str = "/admin/bulk/{id}";
/// No further.
pub const ADMIN_JOB_STOP: &str = "/admin/bulk/{id}/stop";
/// Who asks for help.
pub const ADMIN_REQUESTS: &str = "/admin/requests";
/// What has happened.
pub const ADMIN_AUDIT: &str = "/admin/audit";
/// The same as a file.
pub const ADMIN_AUDIT_EXPORT: &str = "/admin/audit/export";
/// Whether it is as it was written.
pub const ADMIN_AUDIT_VERIFY: &str = "/admin/audit/verify";
/// How the server is set up.
pub const ADMIN_CONFIGURATION: &str = "/admin/settings/configuration";
/// What is asked of whom.
pub const ADMIN_SECURITY: &str = "/admin/settings/security";
/// What is asked of somebody, and why.
pub const ADMIN_WHY: &str = "/admin/settings/why";

/// No address in the console is longer.
const MAX_PAGE: usize = 1000;

/// A page of the console with its query, to come back to: nothing else, whatever an address says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsolePage(String);

impl ConsolePage {
    /// Reads one: a path below [`ADMIN`] without steps upwards, all in characters that stand for themselves.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(ADMIN)?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let plain = |byte: u8, more: &[u8]| byte.is_ascii_alphanumeric() || more.contains(&byte);
        let fits = text.len() <= MAX_PAGE
            && (path.is_empty() || path.starts_with('/'))
            && path.bytes().all(|byte| plain(byte, b"/_.-$"))
            && path.split('/').all(|segment| !matches!(segment, "." | ".."))
            && query.bytes().all(|byte| plain(byte, b"_.-$=&%+~*:@,"));
        fits.then(|| Self(text.to_owned()))
    }

    /// The path and the query, without what the issuer has before them.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An address with the query of a request, to come back to.
#[must_use]
pub fn with_query(path: &str, query: Option<&str>) -> String {
    query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"))
}

impl Links {
    /// How things stand.
    #[must_use]
    pub fn admin(&self) -> String {
        self.to(ADMIN)
    }

    /// Who there is.
    #[must_use]
    pub fn admin_users(&self) -> String {
        self.to(ADMIN_USERS)
    }

    /// Something to be done to many of them.
    #[must_use]
    pub fn admin_bulk(&self) -> String {
        self.to(ADMIN_BULK)
    }

    /// How far that is.
    #[must_use]
    pub fn admin_job(&self, id: &str) -> String {
        self.to(&ADMIN_JOB.replace("{id}", id))
    }

    /// No further.
    #[must_use]
    pub fn admin_job_stop(&self, id: &str) -> String {
        self.to(&ADMIN_JOB_STOP.replace("{id}", id))
    }

    /// Who asks for help.
    #[must_use]
    pub fn admin_requests(&self) -> String {
        self.to(ADMIN_REQUESTS)
    }

    /// What has happened.
    #[must_use]
    pub fn admin_audit(&self) -> String {
        self.to(ADMIN_AUDIT)
    }

    /// The same as a file.
    #[must_use]
    pub fn admin_audit_export(&self) -> String {
        self.to(ADMIN_AUDIT_EXPORT)
    }

    /// Whether it is as it was written.
    #[must_use]
    pub fn admin_audit_verify(&self) -> String {
        self.to(ADMIN_AUDIT_VERIFY)
    }

    /// How the server is set up.
    #[must_use]
    pub fn admin_configuration(&self) -> String {
        self.to(ADMIN_CONFIGURATION)
    }

    /// What is asked of whom.
    #[must_use]
    pub fn admin_security(&self) -> String {
        self.to(ADMIN_SECURITY)
    }

    /// What is asked of somebody, and why.
    #[must_use]
    pub fn admin_why(&self) -> String {
        self.to(ADMIN_WHY)
    }

    /// Any page of the console.
    #[must_use]
    pub fn admin_page(&self, page: &ConsolePage) -> String {
        self.to(page.as_str())
    }
}
