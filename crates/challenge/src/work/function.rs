//! The two functions that are searched. What they compute is fixed: the browser's scripts, both WASM modules and
//! `testdata/work.json` say the same.
//!
//! **hash**: SHA-256 (FIPS 180-4) of `seed (16 bytes) ‖ puzzle (u32, big endian) ‖ candidate (u32, big endian)`: with its
//! padding exactly one block.
//!
//! **memory**: that digest, as eight big-endian words `k`, is the key of a walk:
//! 1. Fill. Sixteen words `s`: the four constants of ChaCha (RFC 8439, 2.3), `k`, four zeros. 2,048 times: one double round
//!    of ChaCha on `s`, then `s` is the next row of 16 words in memory: 32,768 words, 128 KiB.
//! 2. Walk. Eight words `x`, at first `k`. 16,384 times for `j` from 0 to 7: `a = x[j] >> 2 mod 32768`, `m = memory[a]`,
//!    `x[j] = rotl((x[j] ^ m) · 0x9E3779B1 + x[j + 1 mod 8], 15)`, `memory[a] = m + x[j]`.
//! 3. The value is SHA-256 of `x` as eight big-endian words.
//!
//! Eight chains keep the units of one core busy while each waits for its load, so that whoever walks for several candidates
//! at once gains little; that each may read what the one before it wrote keeps them out of vector registers. Each word is
//! written four times on average, so it cannot be computed again from the fill instead of being kept. Additions, rotations,
//! multiplications of 32 bits, loads and stores are all there is: what a browser's WASM does as fast as native code.

use ring::digest::{SHA256, digest};

use super::params::WorkKind;

/// Bytes of a seed: the ticket's id, big endian.
pub const SEED_BYTES: usize = 16;

/// Bytes of a value that are published. That a second candidate of a range of 2^24 has them too happens once in 2^40.
pub const TARGET_BYTES: usize = 8;

/// Memory of one walk.
pub const MEMORY_BYTES: usize = WORDS * 4;

/// What a solution hashes to.
pub type Target = [u8; TARGET_BYTES];

const WORDS: usize = 1 << 15;
const ROW: usize = 16;
const LANES: usize = 8;
const STEPS: usize = 1 << 14;
const FACTOR: u32 = 0x9E37_79B1;
const TURN: u32 = 15;

/// "expand 32-byte k", little endian.
const CHACHA: [u32; 4] = [0x6170_7865, 0x3320_646E, 0x7962_2D32, 0x6B20_6574];

const _: () = assert!(WORDS.is_power_of_two() && WORDS.is_multiple_of(ROW));

/// One of the functions for one seed, with the memory it needs.
#[derive(Debug)]
pub struct Function {
    message: [u8; SEED_BYTES + 8],
    /// Empty for [`WorkKind::Hash`].
    memory: Vec<u32>,
}

impl Function {
    /// The function of `kind` for `seed`.
    pub fn new(kind: WorkKind, seed: &[u8; SEED_BYTES]) -> Self {
        let mut message = [0; SEED_BYTES + 8];
        message[..SEED_BYTES].copy_from_slice(seed);
        let memory = match kind {
            WorkKind::Hash => Vec::new(),
            WorkKind::Memory => vec![0; WORDS],
        };
        Function { message, memory }
    }

    /// The start of its value at `candidate` of puzzle `index`.
    pub fn at(&mut self, index: u32, candidate: u32) -> Target {
        self.message[SEED_BYTES..SEED_BYTES + 4].copy_from_slice(&index.to_be_bytes());
        self.message[SEED_BYTES + 4..].copy_from_slice(&candidate.to_be_bytes());
        let digest = sha256(&self.message);
        match self.memory.as_mut_slice().try_into() {
            Ok(memory) => start(&walk(memory, &digest)),
            Err(_) => start(&digest),
        }
    }
}

fn start(digest: &[u8; 32]) -> Target {
    *digest.first_chunk().expect("32 bytes are more than 8")
}

fn sha256(message: &[u8]) -> [u8; 32] {
    digest(&SHA256, message).as_ref().try_into().expect("a digest of SHA-256 has 32 bytes")
}

/// The walk that begins with `digest`.
fn walk(memory: &mut [u32; WORDS], digest: &[u8; 32]) -> [u8; 32] {
    let mut x = [0; LANES];
    for (word, bytes) in x.iter_mut().zip(digest.as_chunks().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    fill(memory, &x);
    for _ in 0..STEPS {
        step(memory, &mut x);
    }
    let mut end = [0; 32];
    for (bytes, word) in end.as_chunks_mut().0.iter_mut().zip(x) {
        *bytes = word.to_be_bytes();
    }
    sha256(&end)
}

fn fill(memory: &mut [u32; WORDS], key: &[u32; LANES]) {
    let mut state = [0; ROW];
    state[..4].copy_from_slice(&CHACHA);
    state[4..12].copy_from_slice(key);
    for row in memory.as_chunks_mut::<ROW>().0 {
        double_round(&mut state);
        *row = state;
    }
}

/// One access of each lane. The order is part of the function: what a lane wrote, the next may read.
#[inline]
fn step(memory: &mut [u32; WORDS], x: &mut [u32; LANES]) {
    for lane in 0..LANES {
        let word = &mut memory[(x[lane] >> 2) as usize % WORDS];
        let mixed = (x[lane] ^ *word).wrapping_mul(FACTOR).wrapping_add(x[(lane + 1) % LANES]);
        x[lane] = mixed.rotate_left(TURN);
        *word = word.wrapping_add(x[lane]);
    }
}

/// Columns, then diagonals (RFC 8439, 2.3).
#[inline]
fn double_round(s: &mut [u32; ROW]) {
    for column in 0..4 {
        quarter_round(s, column, column + 4, column + 8, column + 12);
    }
    for column in 0..4 {
        quarter_round(s, column, 4 + (column + 1) % 4, 8 + (column + 2) % 4, 12 + (column + 3) % 4);
    }
}

/// RFC 8439, 2.1.
#[inline]
fn quarter_round(s: &mut [u32; ROW], a: usize, b: usize, c: usize, d: usize) {
    for (sum, term, target, turn) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)] {
        s[sum] = s[sum].wrapping_add(s[term]);
        s[target] = (s[target] ^ s[sum]).rotate_left(turn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8439, 2.1.1.
    #[test]
    fn the_quarter_round_is_chachas() {
        let mut s = [0; ROW];
        (s[0], s[4], s[8], s[12]) = (0x1111_1111, 0x0102_0304, 0x9B8D_6F43, 0x0123_4567);
        quarter_round(&mut s, 0, 4, 8, 12);
        assert_eq!([s[0], s[4], s[8], s[12]], [0xEA2A_92F4, 0xCB1C_F8CE, 0x4581_472E, 0x5881_C4BB]);
    }

    /// RFC 8439, 2.3.2: twenty rounds and the sum with the input are a block.
    #[test]
    fn ten_double_rounds_are_chacha20() {
        let mut input = [0; ROW];
        input[..4].copy_from_slice(&CHACHA);
        for (at, word) in input[4..12].iter_mut().enumerate() {
            *word = u32::from_le_bytes([0, 1, 2, 3].map(|byte| byte + 4 * at as u8));
        }
        input[12..].copy_from_slice(&[1, 0x0900_0000, 0x4A00_0000, 0]);
        let mut s = input;
        (0..10).for_each(|_| double_round(&mut s));
        let sum = |at: usize| s[at].wrapping_add(input[at]);
        assert_eq!([sum(0), sum(1), sum(15)], [0xE4E7_F110, 0x1559_3BD1, 0x4E3C_50A2]);
    }

    /// A walk that left parts of its memory alone could be done with less of it.
    #[test]
    fn a_walk_writes_nearly_all_of_its_memory_and_reads_what_it_wrote() {
        let mut filled = [0; WORDS];
        let mut x = [1, 2, 3, 4, 5, 6, 7, 8];
        fill(&mut filled, &x);
        let mut walked = filled;
        let mut visits = vec![0_u32; WORDS];
        for _ in 0..STEPS {
            x.iter().for_each(|word| visits[(word >> 2) as usize % WORDS] += 1);
            step(&mut walked, &mut x);
        }
        let untouched = visits.iter().filter(|visits| **visits == 0).count();
        // e^-4 of 32,768 is 600.
        assert!((450..750).contains(&untouched), "{untouched} words were never visited");
        assert!(visits.iter().max() < Some(&30), "some word is visited far too often");
        let unchanged = filled.iter().zip(&walked).filter(|(before, after)| before == after).count();
        assert!(unchanged < 760, "{unchanged} words are what they were");
    }

    #[test]
    fn seed_puzzle_candidate_and_kind_all_matter() {
        for kind in [WorkKind::Hash, WorkKind::Memory] {
            let value =
                |seed: u128, index, candidate| Function::new(kind, &seed.to_be_bytes()).at(index, candidate);
            let mut values = [value(7, 0, 0), value(8, 0, 0), value(7, 1, 0), value(7, 0, 1)];
            assert_eq!(values[0], value(7, 0, 0), "the same again");
            values.sort_unstable();
            assert!(values.windows(2).all(|pair| pair[0] != pair[1]), "{kind:?}: {values:?}");
        }
        let of = |kind| Function::new(kind, &[0; SEED_BYTES]).at(0, 0);
        assert_ne!(of(WorkKind::Hash), of(WorkKind::Memory));
    }

    /// What is left in memory by one walk must not reach the next.
    #[test]
    fn memory_is_used_again_without_a_trace() {
        let mut one = Function::new(WorkKind::Memory, &[3; SEED_BYTES]);
        let first = one.at(2, 9);
        one.at(3, 10);
        assert_eq!(one.at(2, 9), first);
    }
}
