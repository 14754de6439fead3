//! `[clients]`: how web apps are called, and whether they may register themselves.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use twolatch_core::policy::Network;

/// `[clients]` as written.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawClients {
    /// See [`Clients::ca`].
    pub ca: Option<PathBuf>,
    /// See [`Clients::registration`]; they may not if it is absent.
    pub registration: Option<bool>,
    /// See [`Clients::fetch_from`].
    pub fetch_from: Option<Vec<String>>,
    /// See [`Clients::signing_key_days`]: [`SIGNING_KEY_DAYS`] if it is absent, and 0 for never.
    pub signing_key_days: Option<u16>,
}

/// How web apps are treated.
#[derive(Debug, Clone, Default)]
pub struct Clients {
    /// Who has signed their certificates, if not one that browsers know.
    pub ca: Option<PathBuf>,
    /// Whether whoever has an initial access token may register one.
    pub registration: bool,
    /// Networks that documents of theirs are fetched from beside public ones.
    pub fetch_from: Vec<Network>,
    /// After so many days their tokens are signed with new keys; nothing where that is done by hand alone.
    pub signing_key_days: Option<u16>,
}

/// After how many days there are new keys where nobody says.
const SIGNING_KEY_DAYS: u16 = 90;

/// Ten years.
const MOST_DAYS: u16 = 3650;

impl Clients {
    /// Checks the section.
    ///
    /// # Errors
    /// The key, and what is expected there.
    pub fn check(raw: RawClients) -> Result<Self, (&'static str, String)> {
        let networks = raw.fetch_from.unwrap_or_default().into_iter().map(|text| {
            let parsed: Result<Network, _> = text.parse();
            parsed.map_err(|error| ("clients.fetch_from", format!("{text}: {error}")))
        });
        let days = raw.signing_key_days.unwrap_or(SIGNING_KEY_DAYS);
        if days > MOST_DAYS {
            return Err(("clients.signing_key_days", format!("a number from 1 to {MOST_DAYS}, or 0 for never")));
        }
        Ok(Self {
            ca: raw.ca,
            registration: raw.registration.unwrap_or(false),
            fetch_from: networks.collect::<Result<_, _>>()?,
            signing_key_days: (days > 0).then_some(days),
        })
    }
}
