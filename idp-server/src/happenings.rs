//! What happened with applications, counted beside every answer and stored every few seconds: a request waits for nothing, and
//! however many come, no more is written than there are applications and kinds. And in words what it means and what to do.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use twolatch_core::client::{ClientId, Happening};
use twolatch_core::store::Store;
use twolatch_core::store::happenings::Happened;
use twolatch_core::time::Timestamp;

use crate::text::{Text, t};

/// Applications and kinds that are counted at once, beyond any registry; more are left out.
const MOST: usize = 10_000;

/// What was counted since it was stored last; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Happenings(Arc<Mutex<Counts>>);

type Counts = BTreeMap<(ClientId, Happening), (i64, Timestamp)>;

impl Happenings {
    /// Counts something of an application that is registered.
    pub fn note(&self, client: &ClientId, what: Happening, now: Timestamp) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (client.clone(), what);
        if counts.len() < MOST || counts.contains_key(&key) {
            let (count, last) = counts.entry(key).or_insert((0, now));
            *count = count.saturating_add(1);
            *last = now;
        }
    }

    /// Stores what was counted. What cannot be stored is lost: nothing is decided by it.
    pub async fn keep(&self, store: &Store) {
        let counts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if counts.is_empty() {
            return;
        }
        let all = counts.into_iter().map(|((client, what), (count, last))| Happened { client, what, count, last });
        if let Err(error) = store.count_happenings(all.collect()).await {
            tracing::warn!(%error, "what happened with applications was not counted");
        }
    }
}

/// What happened, in words.
#[must_use]
pub const fn said(what: Happening) -> Text {
    match what {
        Happening::SignedIn => t("happened-signed-in"),
        Happening::OwnToken => t("happened-own-token"),
        Happening::RedirectUri => t("happened-redirect-uri"),
        Happening::Proof => t("happened-proof"),
        Happening::Pkce => t("happened-pkce"),
        Happening::Code => t("happened-code"),
        Happening::RefreshToken => t("happened-refresh-token"),
        Happening::Scope => t("happened-scope"),
        Happening::Grant => t("happened-grant"),
        Happening::RequestObject => t("happened-request-object"),
        Happening::Dpop => t("happened-dpop"),
        Happening::Malformed => t("happened-malformed"),
        Happening::Groups => t("happened-groups"),
        Happening::Person => t("happened-person"),
        Happening::Disabled => t("happened-disabled"),
    }
}

/// What to do about it; nothing where nothing is wrong.
#[must_use]
pub const fn advice(what: Happening) -> Option<Text> {
    Some(match what {
        Happening::SignedIn | Happening::OwnToken => return None,
        Happening::RedirectUri => t("advice-redirect-uri"),
        Happening::Proof => t("advice-proof"),
        Happening::Pkce => t("advice-pkce"),
        Happening::Code => t("advice-code"),
        Happening::RefreshToken => t("advice-refresh-token"),
        Happening::Scope => t("advice-scope"),
        Happening::Grant => t("advice-grant"),
        Happening::RequestObject => t("advice-request-object"),
        Happening::Dpop => t("advice-dpop"),
        Happening::Malformed => t("advice-malformed"),
        Happening::Groups => t("advice-groups"),
        Happening::Person => t("advice-person"),
        Happening::Disabled => t("advice-disabled"),
    })
}
