//! Where a request comes from, as far as it can be trusted: the address of the connection, or what a known proxy says.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::request::Parts,
};

use crate::app::App;

/// The network of whoever asks: an address of version 4, of version 6 its first 64 bits. Unknown behind a proxy that the
/// configuration does not name: everybody would have its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Network(pub(crate) Option<String>);

impl FromRequestParts<Arc<App>> for Network {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self(network_of(parts, &app.console.access.proxies)))
    }
}

/// The network that a request comes from: see [`Network`].
pub(crate) fn network_of(parts: &Parts, proxies: &[IpAddr]) -> Option<String> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let forwarded = parts.headers.get_all("x-forwarded-for").iter().next_back();
    network(peer, forwarded.and_then(|value| value.to_str().ok()), proxies)
}

fn network(peer: Option<IpAddr>, forwarded: Option<&str>, proxies: &[IpAddr]) -> Option<String> {
    let peer = peer?.to_canonical();
    let address = match proxies.contains(&peer) {
        // What stands before the last one was said by whoever asks.
        true => forwarded?.rsplit(',').next()?.trim().parse::<IpAddr>().ok()?.to_canonical(),
        false if peer.is_loopback() => return None,
        false => peer,
    };
    Some(match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_told_by_the_connection_or_by_a_known_proxy() {
        let proxies = ["127.0.0.1".parse().unwrap()];
        let check = |peer: &str, forwarded: Option<&str>, expected: Option<&str>| {
            let found = network(peer.parse().ok(), forwarded, &proxies);
            assert_eq!(found.as_deref(), expected, "{peer} {forwarded:?}");
        };
        check("192.0.2.7", None, Some("192.0.2.7"));
        check("192.0.2.7", Some("198.51.100.1"), Some("192.0.2.7"));
        check("127.0.0.1", Some("203.0.113.9, 198.51.100.1"), Some("198.51.100.1"));
        check("::ffff:127.0.0.1", Some("198.51.100.1"), Some("198.51.100.1"));
        check("127.0.0.1", Some("unknown"), None);
        check("127.0.0.1", None, None);
        check("2001:db8:1:2:3:4:5:6", None, Some("2001:db8:1:2::/64"));
        check("::1", None, None);
        assert_eq!(network(None, Some("198.51.100.1"), &proxies), None);
    }
}
