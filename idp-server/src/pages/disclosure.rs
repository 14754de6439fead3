//! What an application learns, in words.

use twolatch_core::consent::Disclosure;

use crate::oidc::scope::Scope;
use crate::text::{Text, t};

/// One text for each thing.
#[must_use]
pub fn words(disclosure: &Disclosure) -> Vec<Text> {
    let scopes = Scope::parse(&disclosure.scopes.join(" "));
    let named =
        (!disclosure.claims.is_empty()).then(|| t("learns-claims").with("claims", disclosure.claims.join(", ")));
    scopes.into_iter().map(scope).chain(named).collect()
}

fn scope(scope: Scope) -> Text {
    match scope {
        Scope::Openid => t("learns-openid"),
        Scope::Profile => t("learns-profile"),
        Scope::Email => t("learns-email"),
        Scope::Address => t("learns-address"),
        Scope::Phone => t("learns-phone"),
        Scope::Groups => t("learns-groups"),
        Scope::OfflineAccess => t("learns-offline"),
    }
}
