//! Networks of peers, as a configuration names them.

use std::net::IpAddr;

use serde::Deserialize;

/// An address, or a network in CIDR notation (RFC 4632, RFC 4291): `192.0.2.7`, `10.0.0.0/8`, `fd00::/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

/// It is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a peer must be an IP address or a network such as 10.0.0.0/8, with no bits set after the prefix")]
pub struct InvalidNetwork;

impl Network {
    /// Reads one. Bits after the prefix must be zero: `10.1.2.3/8` leaves open what was meant.
    ///
    /// # Errors
    ///
    /// [`InvalidNetwork`].
    pub fn parse(text: &str) -> Result<Self, InvalidNetwork> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| InvalidNetwork)?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| InvalidNetwork)?
            }
            Some(_) => return Err(InvalidNetwork),
            None => width,
        };
        if prefix > width || bits(address).unbounded_shl(128 - width + prefix) != 0 {
            return Err(InvalidNetwork);
        }
        Ok(Self { address, prefix })
    }

    /// Whether `address` is in it. An IPv4 address written as IPv6 is an IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let width = if address.is_ipv4() { 32 } else { 128 };
        let differing = bits(self.address) ^ bits(address);
        address.is_ipv4() == self.address.is_ipv4() && differing.unbounded_shr(width - self.prefix) == 0
    }
}

/// The address as a number, IPv4 in the lowest 32 bits.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl TryFrom<String> for Network {
    type Error = InvalidNetwork;

    fn try_from(text: String) -> Result<Self, InvalidNetwork> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_exactly_the_addresses_under_its_prefix() {
        let table = [
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.6", false),
            ("192.0.2.7", "::ffff:192.0.2.7", true),
            ("10.0.0.0/8", "10.255.255.255", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.0.0.0/8", "::a00:1", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "203.0.113.9", false),
            ("192.0.2.0/31", "192.0.2.1", true),
            ("192.0.2.0/31", "192.0.2.2", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::1", "::1", true),
            ("::1", "127.0.0.1", false),
        ];
        for (network, address, expected) in table {
            let found = Network::parse(network).unwrap().contains(address.parse().unwrap());
            assert_eq!(found, expected, "{address} in {network}");
        }
    }

    #[test]
    fn what_leaves_open_who_is_meant_is_refused() {
        let table = [
            "",
            "/",
            "proxy.internal",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0.0/",
            "10.0.0.0/8/8",
            "::/129",
            "::1/64",
            "10.0.0",
            "10.0.0.0/4294967290",
            "::/4294967295",
            "10.0.0.0/99999999999",
            " 10.0.0.0/8",
        ];
        for text in table {
            assert_eq!(Network::parse(text), Err(InvalidNetwork), "{text}");
        }
    }
}
