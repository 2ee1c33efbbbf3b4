//! Keyed hashes: without the seed of the installation nobody can aim at one cell, one shard or one place in the sample.

use std::hash::Hasher;
use std::net::IpAddr;

use palisade_detect::HashSeed;
use palisade_domain::{ClientIp, ClientKey, TenantId};
use siphasher::sip::SipHasher13;

/// Bytes of a text that count; more than tells two apart that matter.
const TEXT_BYTES_MAX: usize = 512;

/// The hash of an address.
pub(crate) fn of_ip(seed: HashSeed, ip: ClientIp) -> u64 {
    let mut hasher = hasher(seed);
    match ip.addr() {
        IpAddr::V4(v4) => hasher.write_u32(v4.into()),
        IpAddr::V6(v6) => hasher.write_u128(v6.into()),
    }
    hasher.finish()
}

/// The hash of an address of one tenant's visitors.
pub(crate) fn of_tenants_ip(seed: HashSeed, tenant: TenantId, ip: ClientIp) -> u64 {
    let mut hasher = hasher(seed);
    hasher.write_u32(tenant.0);
    hasher.write_u64(of_ip(seed, ip));
    hasher.finish()
}

/// The hash of a client.
pub(crate) fn of_client(seed: HashSeed, client: ClientKey<'_>) -> u64 {
    match client {
        ClientKey::Ip(ip) => of_ip(seed, ip),
        ClientKey::Opaque(name) => of_text(seed, name),
    }
}

/// The hash of the first [`TEXT_BYTES_MAX`] bytes of `text`.
pub(crate) fn of_text(seed: HashSeed, text: &str) -> u64 {
    let mut hasher = hasher(seed);
    let bytes = text.as_bytes();
    hasher.write(&bytes[..bytes.len().min(TEXT_BYTES_MAX)]);
    hasher.finish()
}

fn hasher(seed: HashSeed) -> SipHasher13 {
    let HashSeed([first, second]) = seed;
    SipHasher13::new_with_keys(first, second)
}

/// True for a `share` of all clients (0.0..=1.0), always the same ones under one seed.
pub(crate) fn is_in_sample(client: u64, share: f64) -> bool {
    // 53 bits are what an f64 holds exactly.
    ((client >> 11) as f64) < share * (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_as_large_as_its_share() {
        let count = |share: f64| {
            let clients = (0..10_000_u32).map(|n| of_text(HashSeed([3, 4]), &n.to_string()));
            clients.filter(|client| is_in_sample(*client, share)).count()
        };
        assert_eq!((count(0.0), count(1.0)), (0, 10_000));
        assert!((50..150).contains(&count(0.01)), "{}", count(0.01));
        assert!((4_800..5_200).contains(&count(0.5)), "{}", count(0.5));
    }
}
