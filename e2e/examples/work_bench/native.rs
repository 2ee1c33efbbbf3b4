//! The native solver.

use std::hint::black_box;
use std::time::{Duration, Instant};

use palisade_challenge::work::{Function, SEED_BYTES, WorkKind};

use crate::processor::thread_micros;

const FOR: Duration = Duration::from_millis(600);

/// Section 5.3.3 of FIPS 180-4.
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// Evaluations a second of all threads together, and a second of one processor.
pub(crate) fn rate(kind: WorkKind, threads: usize) -> anyhow::Result<Rate> {
    let rates: anyhow::Result<Vec<Rate>> = std::thread::scope(|scope| {
        let solver = |thread| {
            scope.spawn(move || match kind {
                WorkKind::Hash => timed(4_096, hasher(thread)),
                WorkKind::Memory => timed(1, walker(thread)),
            })
        };
        let solvers: Vec<_> = (0..threads).map(solver).collect();
        solvers.into_iter().map(|solver| solver.join().expect("a solver does not panic")).collect()
    });
    let rates = rates?;
    let wall = rates.iter().map(|rate| rate.wall).sum();
    Ok(Rate { wall, processor: rates.iter().map(|rate| rate.processor).sum::<f64>() / threads as f64 })
}

/// Evaluations a second.
#[derive(Clone, Copy)]
pub(crate) struct Rate {
    /// By the clock.
    pub(crate) wall: f64,
    /// Of one processor's time.
    pub(crate) processor: f64,
}

/// One block after the other, nothing but the candidate changed in it.
fn hasher(thread: usize) -> impl FnMut(u32) {
    let mut block = [thread as u8; 64];
    block[24..].fill(0);
    (block[24], block[63]) = (0x80, 192);
    move |candidate| {
        block[20..24].copy_from_slice(&candidate.to_be_bytes());
        let mut state = START;
        sha2::block_api::compress256(&mut state, std::slice::from_ref(&block));
        black_box(state);
    }
}

fn walker(thread: usize) -> impl FnMut(u32) {
    let mut function = Function::new(WorkKind::Memory, &[thread as u8; SEED_BYTES]);
    move |candidate| {
        black_box(function.at(0, candidate));
    }
}

/// Microseconds of this thread's time that one evaluation takes.
pub(crate) fn evaluation_micros(kind: WorkKind, evaluations: u32) -> anyhow::Result<f64> {
    match kind {
        WorkKind::Hash => micros(evaluations, hasher(0)),
        WorkKind::Memory => micros(evaluations, walker(0)),
    }
}

/// Those of this thread; `at_once` between looks at the clock.
fn timed(at_once: u32, mut evaluate: impl FnMut(u32)) -> anyhow::Result<Rate> {
    let (start, ran, mut count) = (Instant::now(), thread_micros()?, 0_u32);
    while start.elapsed() < FOR {
        for _ in 0..at_once {
            evaluate(count);
            count += 1;
        }
    }
    let count = f64::from(count);
    Ok(Rate {
        wall: count / start.elapsed().as_secs_f64(),
        processor: count / (thread_micros()? - ran) * 1e6,
    })
}

/// Microseconds of this thread's time in one of `times` calls.
pub(crate) fn micros<T>(times: u32, mut call: impl FnMut(u32) -> T) -> anyhow::Result<f64> {
    let before = thread_micros()?;
    (0..times).for_each(|time| drop(black_box(call(time))));
    Ok((thread_micros()? - before) / f64::from(times))
}
