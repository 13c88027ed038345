//! How many connections are open, in all and of one network.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Refusal;

/// How many connections a listener has at once; further ones are closed before their handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// In all.
    pub connections: usize,
    /// From one network: an address of IPv4, the 64 bits of IPv6 that one customer has at least.
    pub of_network: usize,
}

impl Bounds {
    /// For programs of other houses: a back office keeps a few connections, and often all offices come from one address.
    pub const OF_PROGRAMS: Self = Self { connections: 64, of_network: 64 };
}

/// The places of a listener.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    bounds: Bounds,
    free: Arc<Semaphore>,
    networks: Arc<Mutex<BTreeMap<IpAddr, usize>>>,
}

/// The place of one connection, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _of_all: OwnedSemaphorePermit,
    network: IpAddr,
    networks: Arc<Mutex<BTreeMap<IpAddr, usize>>>,
}

impl Places {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self { bounds, free: Arc::new(Semaphore::new(bounds.connections)), networks: Arc::default() }
    }

    /// A place for a connection from this address, or why there is none.
    pub(crate) fn take(&self, from: IpAddr) -> Result<Place, Refusal> {
        let of_all = Arc::clone(&self.free).try_acquire_owned().map_err(|_| Refusal::ConnectionsMax)?;
        let network = network_of(from);
        let mut networks = locked(&self.networks);
        let open = networks.get(&network).copied().unwrap_or_default();
        if open >= self.bounds.of_network {
            return Err(Refusal::NetworkMax);
        }
        networks.insert(network, open.saturating_add(1));
        drop(networks);
        Ok(Place { _of_all: of_all, network, networks: Arc::clone(&self.networks) })
    }

    /// Waits until no connection is open.
    pub(crate) async fn all_free(&self) {
        let all = u32::try_from(self.bounds.connections).unwrap_or(u32::MAX);
        // Nobody closes it.
        let _ = self.free.acquire_many(all).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut networks = locked(&self.networks);
        let left = networks.get(&self.network).copied().unwrap_or_default().saturating_sub(1);
        if left == 0 {
            networks.remove(&self.network);
        } else {
            networks.insert(self.network, left);
        }
    }
}

fn locked(networks: &Mutex<BTreeMap<IpAddr, usize>>) -> MutexGuard<'_, BTreeMap<IpAddr, usize>> {
    networks.lock().unwrap_or_else(PoisonError::into_inner)
}

fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let host = u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !host))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_leaves_places_for_others() {
        let places = Places::new(Bounds { connections: 4, of_network: 2 });
        let take = |from: &str| places.take(from.parse().unwrap());
        let first = take("192.0.2.1").unwrap();
        let second = take("::ffff:192.0.2.1").unwrap();
        assert!(matches!(take("192.0.2.1"), Err(Refusal::NetworkMax)));
        let _other = take("2001:db8:1:2:3:4:5:6").unwrap();
        let _same = take("2001:db8:1:2::1").unwrap();
        assert!(matches!(take("2001:db8:1:3::1"), Err(Refusal::ConnectionsMax)));
        drop(first);
        assert!(matches!(take("2001:db8:1:2::2"), Err(Refusal::NetworkMax)), "that network has its two");
        let again = take("192.0.2.1").unwrap();
        drop((second, again));
        assert_eq!(places.networks.lock().unwrap().len(), 1, "who has no connection is forgotten");
    }
}
