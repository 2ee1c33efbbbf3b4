//! Seats for whole bodies: so many at once in all, and so many of one network.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use palisade_domain::{ClientIp, NetPrefix};

use crate::bounds::{HELD_BODIES_MAX, HELD_BODIES_OF_NETWORK_MAX};
use crate::gateway::Shared;

/// Whole bodies held, by network. There are never more networks than seats.
#[derive(Debug, Default)]
pub(crate) struct HeldBodies(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    all: usize,
    by_network: HashMap<NetPrefix, usize>,
}

/// One seat, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    shared: Arc<Shared>,
    network: NetPrefix,
}

impl Seat {
    /// A seat for a body from `peer`; none where all are taken, or its network has enough.
    pub(super) fn take(shared: &Arc<Shared>, peer: ClientIp) -> Option<Seat> {
        let network = peer.network();
        let mut held = shared.held_bodies.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.all >= HELD_BODIES_MAX {
            return None;
        }
        let of_network = held.by_network.entry(network).or_default();
        if *of_network >= HELD_BODIES_OF_NETWORK_MAX {
            return None;
        }
        *of_network += 1;
        held.all += 1;
        Some(Seat { shared: Arc::clone(shared), network })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut held = self.shared.held_bodies.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.all = held.all.saturating_sub(1);
        if let Some(of_network) = held.by_network.get_mut(&self.network) {
            *of_network -= 1;
            if *of_network == 0 {
                held.by_network.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_does_not_take_them_all() {
        let shared = Arc::new(Shared::default());
        let one: ClientIp = "192.0.2.1".parse().unwrap();
        let seats: Vec<_> =
            (0..HELD_BODIES_OF_NETWORK_MAX).map(|_| Seat::take(&shared, one).unwrap()).collect();
        assert!(Seat::take(&shared, one).is_none());
        assert!(Seat::take(&shared, "192.0.2.2".parse().unwrap()).is_some());
        drop(seats);
        assert!(Seat::take(&shared, one).is_some());
        assert!(shared.held_bodies.0.lock().unwrap().by_network.is_empty(), "nothing is left behind");
    }

    #[test]
    fn there_is_an_end_for_all_together() {
        let shared = Arc::new(Shared::default());
        let ip = |n: usize| ClientIp::new(std::net::Ipv4Addr::from_bits(n as u32).into());
        let seats: Vec<_> = (0..HELD_BODIES_MAX).map(|n| Seat::take(&shared, ip(n)).unwrap()).collect();
        assert!(Seat::take(&shared, ip(HELD_BODIES_MAX)).is_none());
        drop(seats);
    }
}
