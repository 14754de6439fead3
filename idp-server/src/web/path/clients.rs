//! Every address of the console that is about applications, and the links to them. It must not know what is served there.

use serde::{Deserialize, Serialize};
use twolatch_core::client::ClientId;

use super::Links;

/// All applications.
pub const ADMIN_CLIENTS: &str = "/admin/clients";
/// One more.
pub const ADMIN_CLIENTS_NEW: &str = "/admin/clients/new";
/// One of them.
pub const ADMIN_CLIENT: &str = "/admin/client/{id}";

/// What somebody would get there.
pub const ADMIN_CLIENT_TEST: &str = "/admin/client/{id}/test";

/// What administrators do to an application, each on a page of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAct {
    /// Another name.
    Name,
    /// Where answers go.
    RedirectUris,
    /// Where browsers go after a sign-out.
    AfterLogout,
    /// Where it is told of sign-outs.
    LogoutUri,
    /// Where its picture is.
    LogoUri,
    /// Whose it is.
    Trust,
    /// Who may sign in.
    Groups,
    /// Where it answers behind a proxy.
    Hosts,
    /// Another secret.
    Secret,
    /// Nobody signs in to it.
    Disable,
    /// They do again.
    Enable,
    /// It goes.
    Delete,
}

impl ClientAct {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Name,
        Self::RedirectUris,
        Self::AfterLogout,
        Self::LogoutUri,
        Self::LogoUri,
        Self::Trust,
        Self::Groups,
        Self::Hosts,
        Self::Secret,
        Self::Disable,
        Self::Enable,
        Self::Delete,
    ];

    /// Its address.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Name => "/admin/client/{id}/name",
            Self::RedirectUris => "/admin/client/{id}/redirect-uris",
            Self::AfterLogout => "/admin/client/{id}/after-logout",
            Self::LogoutUri => "/admin/client/{id}/logout-uri",
            Self::LogoUri => "/admin/client/{id}/logo-uri",
            Self::Trust => "/admin/client/{id}/trust",
            Self::Groups => "/admin/client/{id}/groups",
            Self::Hosts => "/admin/client/{id}/hosts",
            Self::Secret => "/admin/client/{id}/secret",
            Self::Disable => "/admin/client/{id}/disable",
            Self::Enable => "/admin/client/{id}/enable",
            Self::Delete => "/admin/client/{id}/delete",
        }
    }
}

/// An address about an application, without what the issuer has before it.
#[must_use]
pub fn of(path: &str, id: &str) -> String {
    // What is no client id has no page: what an address says goes into no other one.
    let id = id.parse::<ClientId>().map(String::from).unwrap_or_default();
    path.replace("{id}", &id)
}

impl Links {
    /// All applications.
    #[must_use]
    pub fn admin_clients(&self) -> String {
        self.to(ADMIN_CLIENTS)
    }

    /// A part of them.
    #[must_use]
    pub fn admin_clients_page(&self, page: i64) -> String {
        format!("{}?page={page}", self.admin_clients())
    }

    /// One more.
    #[must_use]
    pub fn admin_clients_new(&self) -> String {
        self.to(ADMIN_CLIENTS_NEW)
    }

    /// One more, by a preset.
    #[must_use]
    pub fn admin_clients_new_of(&self, preset: &str) -> String {
        format!("{}?preset={preset}", self.admin_clients_new())
    }

    /// One of them.
    #[must_use]
    pub fn admin_client(&self, id: &str) -> String {
        self.to(&of(ADMIN_CLIENT, id))
    }

    /// What somebody would get there.
    #[must_use]
    pub fn admin_client_test(&self, id: &str) -> String {
        self.to(&of(ADMIN_CLIENT_TEST, id))
    }

    /// Something that is done to it.
    #[must_use]
    pub fn admin_client_act(&self, act: &ClientAct, id: &str) -> String {
        self.to(&of(act.path(), id))
    }
}
