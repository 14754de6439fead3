//! Where an exemption holds, or a login is supposed to come in: as typed, as parsed, and in words.

use twolatch_core::login::explain::Told;
use twolatch_core::policy::{FingerprintError, NetworkError, Within};

use crate::pages::admin::words;
use crate::text::{Text, t};

/// What was typed, but for the door. What is empty is no limit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Limits {
    /// An application.
    pub(crate) client: String,
    /// A PAM service.
    pub(crate) service: String,
    /// A host.
    pub(crate) host: String,
    /// A network; for a login, an address.
    pub(crate) network: String,
    /// An SSH key.
    pub(crate) key: String,
}

/// A field that is wrong, and what to do about it.
pub(crate) type Wrong = (&'static str, Text);

/// What is typed, read; `None` where nothing is.
fn read<T, E>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, E>,
    wrong: impl Fn(E) -> Wrong,
) -> Result<Option<T>, Wrong> {
    if text.is_empty() { Ok(None) } else { parse(text).map(Some).map_err(wrong) }
}

impl Limits {
    /// The limits at a door.
    pub(crate) fn within(&self, door: &str) -> Result<Within, Wrong> {
        let within = Within {
            door: read(door, str::parse, |_| ("door", t("exemptions-bad-door")))?,
            client: read(&self.client, str::parse, |_| ("client", t("exemptions-bad-client")))?,
            service: read(&self.service, str::parse, |_| ("service", t("exemptions-bad-service")))?,
            host: read(&self.host, str::parse, |_| ("host", t("exemptions-bad-host")))?,
            network: read(&self.network, str::parse, |error| ("network", bad_network(error)))?,
            key: read(&self.key, str::parse, |error| ("key", bad_key(error)))?,
        };
        if within.doors().is_empty() { Err(("door", t("exemptions-bad-together"))) } else { Ok(within) }
    }

    /// Whether anything is typed.
    pub(crate) fn is_any(&self) -> bool {
        [&self.client, &self.service, &self.host, &self.network, &self.key].iter().any(|text| !text.is_empty())
    }

    /// What is supposed of a login.
    pub(crate) fn told(&self) -> Result<Told, Wrong> {
        Ok(Told {
            service: read(&self.service, str::parse, |_| ("service", t("exemptions-bad-service")))?,
            host: read(&self.host, str::parse, |_| ("host", t("exemptions-bad-host")))?,
            address: read(&self.network, str::parse, |_| ("address", t("why-bad-address")))?,
            key: read(&self.key, str::parse, |error| ("key", bad_key(error)))?,
        })
    }
}

fn bad_network(error: NetworkError) -> Text {
    match error {
        NetworkError::Malformed => t("exemptions-bad-network"),
        NetworkError::HostBits(network) => t("exemptions-bad-network-bits").with("network", network),
        NetworkError::Everything => t("exemptions-bad-network-all"),
        NetworkError::Mapped => t("exemptions-bad-network-mapped"),
    }
}

const fn bad_key(error: FingerprintError) -> Text {
    match error {
        FingerprintError::Malformed => t("exemptions-bad-key"),
        FingerprintError::Certificate => t("exemptions-bad-key-certificate"),
    }
}

/// Where an exemption holds, limit by limit.
pub(super) fn parts(within: &Within) -> Vec<Text> {
    let Within { door, client, service, host, network, key } = within;
    let all = [
        Some(door.map_or_else(|| t("rules-every-door"), words::door)),
        client.as_ref().map(words::client),
        service.as_ref().map(|service| t("exemptions-at-service").with("service", service)),
        host.as_ref().map(|host| t("exemptions-at-host").with("host", host)),
        network.map(|network| t("exemptions-at-network").with("network", network)),
        key.as_ref().map(|key| t("exemptions-at-key").with("key", key)),
    ];
    all.into_iter().flatten().collect()
}
