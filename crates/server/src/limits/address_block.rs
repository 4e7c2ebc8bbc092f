//! Whom an address stands for.

use std::net::{IpAddr, Ipv6Addr};

/// An IPv4 address, or the IPv6 network of 64 bits that one customer of a provider has to himself
/// (RFC 6177): what is counted as one peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AddressBlock(IpAddr);

impl From<IpAddr> for AddressBlock {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_is_one_peer_and_an_ipv4_address_is_one_however_it_is_written() {
        let table = [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true),
            ("2001:db8:0:1::1", "2001:db8:0:2::1", false),
        ];
        for (one, other, same) in table {
            let block = |text: &str| AddressBlock::from(text.parse::<IpAddr>().unwrap());
            assert_eq!(block(one) == block(other), same, "{one} {other}");
        }
    }
}
