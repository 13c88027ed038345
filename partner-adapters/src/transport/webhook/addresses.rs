//! Which addresses a webhook may lead to. A partner chooses the name, so it must not lead into our own networks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::transport::SetupError;

/// Not for the public, by IANA's registry of special-purpose addresses: network, length of its prefix, what it is.
const SPECIAL_V4: &[([u8; 4], u32, &str)] = &[
    ([0, 0, 0, 0], 8, "this network"),
    ([10, 0, 0, 0], 8, "private"),
    ([100, 64, 0, 0], 10, "behind a carrier's NAT"),
    ([127, 0, 0, 0], 8, "loopback"),
    ([169, 254, 0, 0], 16, "link-local"),
    ([172, 16, 0, 0], 12, "private"),
    ([192, 0, 0, 0], 24, "protocol assignments"),
    ([192, 0, 2, 0], 24, "documentation"),
    ([192, 88, 99, 0], 24, "6to4 relay"),
    ([192, 168, 0, 0], 16, "private"),
    ([198, 18, 0, 0], 15, "benchmarks"),
    ([198, 51, 100, 0], 24, "documentation"),
    ([203, 0, 113, 0], 24, "documentation"),
    ([224, 0, 0, 0], 4, "multicast"),
    ([240, 0, 0, 0], 4, "reserved"),
];

/// Within 2000::/3; all outside of that is not for the public.
const SPECIAL_V6: &[([u16; 3], u32, &str)] = &[
    ([0x2001, 0, 0], 23, "protocol assignments"),
    ([0x2001, 0xdb8, 0], 32, "documentation"),
    ([0x2002, 0, 0], 16, "6to4"),
    ([0x3fff, 0, 0], 20, "documentation"),
];

/// Whom calls may go to.
#[derive(Debug)]
pub(super) struct Gate {
    allowed: Vec<Network>,
    /// Without TLS only the networks that the operator names are trusted.
    only_allowed: bool,
}

#[derive(Debug, Clone, Copy)]
struct Network {
    address: IpAddr,
    prefix: u32,
}

/// The name leads somewhere it may not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the address {address} is {what}")]
pub(super) struct ForbiddenAddress {
    address: IpAddr,
    what: &'static str,
}

impl Gate {
    pub(super) fn new(networks: &[String], only_allowed: bool) -> Result<Self, SetupError> {
        let allowed: Result<Vec<Network>, SetupError> = networks.iter().map(|text| network(text)).collect();
        let allowed = allowed?;
        if only_allowed && allowed.is_empty() {
            return Err(SetupError::new(
                "url",
                "`https://...` is expected; http goes only into a network that is named, such as \
                 allow_networks = [\"127.0.0.0/8\"]",
            ));
        }
        Ok(Self { allowed, only_allowed })
    }

    pub(super) fn check(&self, address: IpAddr) -> Result<(), ForbiddenAddress> {
        // An address of version 4 in the clothes of version 6 leads to the same place.
        let plain = address.to_canonical();
        if self.allowed.iter().any(|network| network.holds(plain)) {
            return Ok(());
        }
        let what = if self.only_allowed { Some("in no network of `allow_networks`") } else { special(plain) };
        what.map_or(Ok(()), |what| Err(ForbiddenAddress { address, what }))
    }
}

impl Network {
    fn holds(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => same_v4(network, address, self.prefix),
            (IpAddr::V6(network), IpAddr::V6(address)) => same_v6(network, address, self.prefix),
            _ => false,
        }
    }
}

fn network(text: &str) -> Result<Network, SetupError> {
    let parsed = text.split_once('/').and_then(|(address, prefix)| {
        let (address, prefix): (IpAddr, u32) = (address.parse().ok()?, prefix.parse().ok()?);
        let most = if address.is_ipv4() { 32 } else { 128 };
        (prefix <= most).then_some(Network { address, prefix })
    });
    parsed.ok_or_else(|| {
        SetupError::new("allow_networks", format!("`{text}`: a network as 10.20.0.0/16 is expected"))
    })
}

fn special(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) => special_v6(address),
    }
}

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    SPECIAL_V4
        .iter()
        .find(|(network, prefix, _)| same_v4(Ipv4Addr::from(*network), address, *prefix))
        .map(|(.., what)| *what)
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    // A translator makes it an address of version 4.
    if same_v6(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), address, 96) {
        let [.., a, b, c, d] = address.octets();
        return special_v4(Ipv4Addr::new(a, b, c, d));
    }
    if !same_v6(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), address, 3) {
        return Some("not for the public");
    }
    SPECIAL_V6
        .iter()
        .find(|([a, b, c], prefix, _)| same_v6(Ipv6Addr::new(*a, *b, *c, 0, 0, 0, 0, 0), address, *prefix))
        .map(|(.., what)| *what)
}

fn same_v4(one: Ipv4Addr, other: Ipv4Addr, prefix: u32) -> bool {
    (one.to_bits() ^ other.to_bits()).leading_zeros() >= prefix
}

fn same_v6(one: Ipv6Addr, other: Ipv6Addr, prefix: u32) -> bool {
    (one.to_bits() ^ other.to_bits()).leading_zeros() >= prefix
}

/// Resolves a name and hands out only what was checked, so that the connection goes to just these addresses: a name that
/// changes between check and use gains nothing.
pub(super) struct CheckedResolver(pub(super) Arc<Gate>);

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let gate = Arc::clone(&self.0);
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            for address in &found {
                gate.check(address.ip())?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(networks: &[&str], http: bool) -> Gate {
        Gate::new(&networks.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), http).unwrap()
    }

    fn check(gate: &Gate, address: &str, allowed: bool) {
        assert_eq!(gate.check(address.parse().unwrap()).is_ok(), allowed, "{address}");
    }

    #[test]
    fn only_public_addresses_pass() {
        let gate = gate(&[], false);
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00::1",
            "2001:200::1",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
        ] {
            check(&gate, public, true);
        }
        for special in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.1.2.3",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
        ] {
            check(&gate, special, false);
        }
    }

    #[test]
    fn named_networks_pass_and_no_others() {
        let named = gate(&["127.0.0.0/8", "10.20.0.0/16", "fd00:1::/32"], false);
        for (address, allowed) in [
            ("127.0.0.1", true),
            ("::ffff:127.0.0.1", true),
            ("10.20.255.1", true),
            ("10.21.0.1", false),
            ("fd00:1::9", true),
            ("fd00:2::9", false),
            ("::1", false),
            ("1.1.1.1", true),
        ] {
            check(&named, address, allowed);
        }
        let http = gate(&["127.0.0.0/8"], true);
        check(&http, "127.0.0.1", true);
        check(&http, "1.1.1.1", false);
        assert!(Gate::new(&[], true).is_err());
        for text in ["127.0.0.0", "127.0.0.0/33", "::/129", "x/8", "127.0.0.0/-1", ""] {
            assert!(Gate::new(&[text.to_owned()], false).is_err(), "{text:?}");
        }
    }
}
