//! How many different ones there were, in 4 KiB and without a lock: HyperLogLog.
//!
//! Source: Flajolet, Fusy, Gandouet, Meunier, *HyperLogLog* (AofA 2007), with its correction for small numbers (linear
//! counting). 4,096 registers: a standard error of 1.04 / √4096 = 1.6 %.

use std::sync::atomic::{AtomicU8, Ordering};

/// Registers; a power of two.
const REGISTERS: usize = 4_096;
const INDEX_BITS: u32 = REGISTERS.trailing_zeros();

/// Distinct hashes seen since it was made; shared between threads.
#[derive(Debug)]
pub struct Distinct {
    registers: Box<[AtomicU8; REGISTERS]>,
}

impl Default for Distinct {
    fn default() -> Self {
        Distinct { registers: Box::new(std::array::from_fn(|_| AtomicU8::new(0))) }
    }
}

impl Distinct {
    /// Notes a keyed hash.
    pub fn insert(&self, hash: u64) {
        let register = &self.registers[(hash >> (u64::BITS - INDEX_BITS)) as usize];
        let rest = hash << INDEX_BITS;
        let rank = (rest.leading_zeros().min(u64::BITS - INDEX_BITS) + 1) as u8;
        // Looking first spares a write to a line all threads share: after a while hardly any hash is news.
        if register.load(Ordering::Relaxed) < rank {
            register.fetch_max(rank, Ordering::Relaxed);
        }
    }

    /// How many there were, about.
    pub fn estimate(&self) -> u64 {
        let m = REGISTERS as f64;
        let ranks = self.registers.iter().map(|register| register.load(Ordering::Relaxed));
        let (mut harmonic, mut zeros) = (0.0, 0_u32);
        for rank in ranks {
            harmonic += (-f64::from(rank)).exp2();
            zeros += u32::from(rank == 0);
        }
        let raw = 0.7213 / (1.0 + 1.079 / m) * m * m / harmonic;
        let small = if zeros > 0 && raw <= 2.5 * m { m * (m / f64::from(zeros)).ln() } else { raw };
        small.round() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: u64) -> u64 {
        let n = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ (n >> 31)
    }

    #[test]
    fn estimates_are_within_five_standard_errors() {
        for n in [0_u64, 1, 10, 1_000, 9_000, 12_000, 100_000, 1_000_000] {
            let distinct = Distinct::default();
            (0..n).chain(0..n.min(100)).for_each(|n| distinct.insert(hash(n)));
            let off = (distinct.estimate() as f64 - n as f64).abs() / (n as f64).max(1.0);
            assert!(off < 0.08, "{n}: {}", distinct.estimate());
        }
    }
}
