//! A network, as an exemption names it. It must not know where an address was learned.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::Serialize;
use thiserror::Error;

/// A network in CIDR form: `10.0.0.0/8`, `2001:db8::/32`. One address alone is a network, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(into = "String")]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// Not a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NetworkError {
    /// Not an address with a length.
    #[error("a network is an address and a length, like 10.0.0.0/8 or 2001:db8::/32; a name is none")]
    Malformed,
    /// More bits are set than the length says.
    #[error("more of the address is set than the length takes: the network is {0}")]
    HostBits(Network),
    /// It would hold for every address.
    #[error("a length of 0 is every address there is: leave the network out, if that is meant")]
    Everything,
    /// The same address has a shorter form, which is the one that is compared.
    #[error("write an IPv4 network as such, without ::ffff: in front")]
    Mapped,
}

impl Network {
    /// Whether an address is in it. An IPv4 address that came as IPv6 is the IPv4 one.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        let (ours, width) = bits(self.address);
        let (other, its_width) = bits(address.to_canonical());
        width == its_width && network_of(ours, width, self.prefix) == network_of(other, width, self.prefix)
    }
}

/// An address as a number, and how many bits it has.
fn bits(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    }
}

/// The bits of an address that name the network.
fn network_of(bits: u128, width: u8, prefix: u8) -> u128 {
    bits.checked_shr(u32::from(width.saturating_sub(prefix))).unwrap_or_default()
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Malformed)?;
        if address.to_canonical() != address {
            return Err(NetworkError::Mapped);
        }
        let (bits, width) = bits(address);
        let prefix = match prefix {
            None => width,
            // The one way to write it: no sign, no zero in front.
            Some(text) => text
                .parse()
                .ok()
                .filter(|prefix: &u8| prefix.to_string() == text && *prefix <= width)
                .ok_or(NetworkError::Malformed)?,
        };
        if prefix == 0 {
            return Err(NetworkError::Everything);
        }
        let host = u32::from(width.saturating_sub(prefix));
        let network = network_of(bits, width, prefix).checked_shl(host).unwrap_or_default();
        if network == bits {
            Ok(Self { address, prefix })
        } else {
            Err(NetworkError::HostBits(Self::of(network, width, prefix)))
        }
    }
}

impl Network {
    /// The network of these bits, which fit into the width.
    fn of(bits: u128, width: u8, prefix: u8) -> Self {
        let address = match u32::try_from(bits) {
            Ok(bits) if width == 32 => IpAddr::V4(bits.into()),
            _ => IpAddr::V6(bits.into()),
        };
        Self { address, prefix }
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}
