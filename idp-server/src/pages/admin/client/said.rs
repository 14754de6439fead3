//! The texts of what is done to an application, and of why it was not.

use twolatch_core::client::{RedirectError, Unfit};

use super::ClientAct;
use crate::pages::said::Said;
use crate::text::{Text, t};
use crate::web::notice::client::ClientNotice;

impl From<ClientNotice> for Said {
    fn from(notice: ClientNotice) -> Self {
        match notice {
            ClientNotice::Done(act) => Self::good(done(act)),
            ClientNotice::Deleted(name) => Self::good(t("client-deleted").with("name", name)),
            ClientNotice::Meanwhile => Self::error(t("client-meanwhile")),
            ClientNotice::NoSecret => Self::error(t("client-no-secret")),
        }
    }
}

const fn done(act: ClientAct) -> Text {
    match act {
        ClientAct::Name => t("client-name-done"),
        ClientAct::RedirectUris => t("client-redirect-done"),
        ClientAct::AfterLogout => t("client-after-done"),
        ClientAct::LogoutUri => t("client-logout-done"),
        ClientAct::LogoUri => t("client-logo-done"),
        ClientAct::Trust => t("client-trust-done"),
        ClientAct::Groups => t("client-groups-done"),
        ClientAct::Hosts => t("client-hosts-done"),
        ClientAct::Disable => t("client-disable-done"),
        ClientAct::Enable => t("client-enable-done"),
        // Their answers are other pages.
        ClientAct::Secret | ClientAct::Delete => t("client-changed"),
    }
}

/// What stands above, and on the button.
pub(super) const fn titles(act: ClientAct) -> (Text, Text) {
    match act {
        ClientAct::Name => (t("client-name-title"), t("client-save")),
        ClientAct::RedirectUris => (t("client-redirect-title"), t("client-save")),
        ClientAct::AfterLogout => (t("client-after-title"), t("client-save")),
        ClientAct::LogoutUri => (t("client-logout-title"), t("client-save")),
        ClientAct::LogoUri => (t("client-logo-title"), t("client-save")),
        ClientAct::Trust => (t("client-trust-title"), t("client-save")),
        ClientAct::Groups => (t("client-groups-title"), t("client-save")),
        ClientAct::Hosts => (t("client-hosts-title"), t("client-save")),
        ClientAct::Secret => (t("client-secret-title"), t("client-secret-submit")),
        ClientAct::Disable => (t("client-disable-title"), t("client-disable-submit")),
        ClientAct::Enable => (t("client-enable-title"), t("client-enable-submit")),
        ClientAct::Delete => (t("client-delete-title"), t("client-delete-submit")),
    }
}

/// What follows.
pub(super) fn points(act: ClientAct) -> Vec<Text> {
    match act {
        ClientAct::Name => vec![t("client-name-shown")],
        ClientAct::RedirectUris => vec![t("client-redirect-exact"), t("client-redirect-gone")],
        ClientAct::AfterLogout => vec![t("client-after-only")],
        ClientAct::LogoutUri => vec![t("client-logout-called")],
        ClientAct::LogoUri => vec![t("client-logo-shown"), t("client-logo-kept")],
        ClientAct::Trust => vec![t("client-trust-look"), t("client-trust-frozen")],
        ClientAct::Groups => vec![t("client-groups-only"), t("client-groups-at-once")],
        ClientAct::Hosts => vec![t("client-hosts-proxy")],
        ClientAct::Secret => vec![t("client-secret-shown"), t("client-secret-leaked")],
        ClientAct::Disable => vec![t("client-disable-nobody"), t("client-disable-keeps")],
        ClientAct::Enable => vec![t("client-enable-again")],
        ClientAct::Delete => vec![t("client-delete-all"), t("client-delete-forever"), t("client-delete-instead")],
    }
}

/// For how long a secret is good beside the next one.
pub(super) fn kept(hours: i64) -> Text {
    match u32::try_from(hours).unwrap_or_default() {
        0 => t("client-keep-none"),
        hours if hours < 48 => t("client-keep-hours").number("count", hours),
        hours => t("client-keep-days").number("count", hours / 24),
    }
}

/// Why an address cannot be registered.
pub(in crate::pages::admin) fn address(typed: &str, error: RedirectError) -> Text {
    let text = match error {
        RedirectError::Long => t("client-uri-long"),
        RedirectError::Character(bad) => t("client-uri-character").with("character", bad),
        RedirectError::Fragment => t("client-uri-fragment"),
        RedirectError::Scheme => t("client-uri-scheme"),
        RedirectError::PlainHttp => t("client-uri-http"),
        RedirectError::Host => t("client-uri-host"),
        RedirectError::User => t("client-uri-user"),
        RedirectError::Dots => t("client-uri-dots"),
    };
    text.strong("uri", typed.chars().take(200).collect::<String>())
}

/// Why an application cannot be registered like that.
pub(in crate::pages::admin) fn unfit(unfit: &Unfit) -> Text {
    match unfit {
        Unfit::Name => t("client-bad-name"),
        Unfit::PrivateUse(uri) => t("client-uri-private").strong("uri", uri),
        Unfit::Uncallable(uri) => t("client-uri-uncallable").strong("uri", uri),
        Unfit::NoRedirect => t("client-uri-missing"),
        Unfit::HostTaken(host, id) => t("client-host-taken").strong("host", host).strong("client", id),
        Unfit::OwnHost(host) => t("client-host-own").strong("host", host),
        Unfit::PlainHttp(_, uri) => t("client-uri-https").strong("uri", uri),
        Unfit::NoKeys | Unfit::Stranger | Unfit::Audience | Unfit::Fapi | Unfit::NoSecret | Unfit::Unprotected => {
            t("client-unfit").with("why", unfit)
        }
    }
}

/// In which field of a new application that is.
pub(in crate::pages::admin) const fn place(unfit: &Unfit) -> &'static str {
    match unfit {
        Unfit::PrivateUse(_) | Unfit::NoRedirect => "uris",
        Unfit::HostTaken(..) | Unfit::OwnHost(_) => "hosts",
        _ => "name",
    }
}
