//! What is certain of a login at a host besides its door: what exemptions may look at. It must not decide anything.

use std::net::IpAddr;

use crate::door::Door;
use crate::policy::{Decision, Fingerprint, Where};

/// What the host says of a login and nobody but root can say.
pub(super) struct Seen {
    root: bool,
    door: Door,
    address: Option<IpAddr>,
    key: Option<Fingerprint>,
}

impl Seen {
    /// Address and key count behind sshd alone. Elsewhere nobody connects, or the program's word is not known to be good. A
    /// name in place of an address (`UseDNS yes`) was chosen by whoever runs that address: it is none.
    pub(super) fn of(root: bool, door: Door, rhost: Option<&str>, key: Option<&str>) -> Self {
        let sshd = root && door == Door::Ssh;
        let address = rhost.filter(|_| sshd).and_then(|rhost| rhost.parse().ok());
        let key = key.filter(|_| sshd).and_then(Fingerprint::of_accepted);
        Self { root, door, address, key }
    }

    /// The host is the one whose server this is: no host asks another one's.
    pub(super) fn place<'w>(&'w self, service: &'w str, host: &'w str) -> Where<'w> {
        Where {
            service: self.root.then_some(service),
            host: Some(host).filter(|host| !host.is_empty()),
            address: self.address,
            key: self.key.as_ref(),
            ..Where::from(self.door)
        }
    }

    /// What is recorded of somebody who is asked for nothing.
    pub(super) fn not_asked(&self, decision: &Decision) -> String {
        let key = self.key.as_ref().map(|key| format!(", with the key {key}")).unwrap_or_default();
        format!("not asked: {} by {}{key}", decision.level, decision.because)
    }
}
