//! The native solver.

use std::hint::black_box;
use std::time::{Duration, Instant};

use palisade_challenge::work::{Function, SEED_BYTES, WorkKind};

const FOR: Duration = Duration::from_millis(600);

/// Section 5.3.3 of FIPS 180-4.
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// Evaluations a second of all threads together.
pub(crate) fn rate(kind: WorkKind, threads: usize) -> f64 {
    std::thread::scope(|scope| {
        let solver = |thread| {
            scope.spawn(move || match kind {
                WorkKind::Hash => hashes(thread),
                WorkKind::Memory => walks(thread),
            })
        };
        let solvers: Vec<_> = (0..threads).map(solver).collect();
        solvers.into_iter().map(|solver| solver.join().expect("a solver does not panic")).sum()
    })
}

/// One block after the other, nothing but the candidate changed in it.
fn hashes(thread: usize) -> f64 {
    let mut block = [thread as u8; 64];
    block[24..].fill(0);
    (block[24], block[63]) = (0x80, 192);
    let (mut candidate, mut found) = (0_u32, 0_u32);
    timed(|| {
        for _ in 0..4_096 {
            candidate = candidate.wrapping_add(1);
            block[20..24].copy_from_slice(&candidate.to_be_bytes());
            let mut state = START;
            sha2::block_api::compress256(&mut state, std::slice::from_ref(&block));
            found += u32::from(state[0] == 0 && state[1] == 0);
        }
        4_096
    }) + f64::from(black_box(found).min(0))
}

fn walks(thread: usize) -> f64 {
    let mut function = Function::new(WorkKind::Memory, &[thread as u8; SEED_BYTES]);
    let mut candidate = 0;
    timed(|| {
        candidate += 1;
        black_box(function.at(0, candidate));
        1
    })
}

/// Repeats `some`, which says how many evaluations it made; per second.
fn timed(mut some: impl FnMut() -> u32) -> f64 {
    let (start, mut count) = (Instant::now(), 0.0);
    while start.elapsed() < FOR {
        count += f64::from(some());
    }
    count / start.elapsed().as_secs_f64()
}

/// Microseconds of one `challenge`, on average over `times`; the best of five, as neighbours only ever slow down.
pub(crate) fn micros<T>(times: u32, mut challenge: impl FnMut(u128) -> T) -> f64 {
    let mut id = 0;
    let mut once = || {
        let start = Instant::now();
        for _ in 0..times {
            id += 1;
            black_box(challenge(id));
        }
        start.elapsed().as_secs_f64() * 1e6 / f64::from(times)
    };
    (0..5).map(|_| once()).fold(f64::INFINITY, f64::min)
}
