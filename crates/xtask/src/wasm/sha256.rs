//! SHA-256 (FIPS 180-4), unrolled.

use std::ops::Range;

use super::code::{Body, Expr, Local};

/// Section 5.3.3.
pub(super) const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// Section 4.2.2.
#[rustfmt::skip]
const ROUND: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

/// Locals that rounds work in.
#[derive(Clone, Copy)]
pub(super) struct Scratch {
    /// Sixteen for the message schedule.
    pub(super) words: Local,
    /// One more.
    pub(super) sum: Local,
}

/// The state after `range` of rounds, in locals: the same as before, in another order.
///
/// `words` are the last sixteen of the message schedule; `ready` are those from the sixteenth on that need no computing.
pub(super) fn rounds(
    body: &mut Body,
    scratch: Scratch,
    mut state: [Local; 8],
    words: &mut [Expr; 16],
    ready: &[Expr],
    range: Range<usize>,
) -> [Local; 8] {
    for round in range {
        if let Some(word) = round.checked_sub(16).and_then(|at| ready.get(at)) {
            words[round % 16] = word.clone();
        } else if round >= 16 {
            words[round % 16] = next_word(body, scratch.words + (round % 16) as Local, words, round);
        }
        let [a, b, c, d, e, f, g, h] = state.map(Expr::Local);
        let sum1 = e.turned(6) ^ e.turned(11) ^ e.turned(25);
        let chosen = e.choose(&f, &g);
        let sum = h + sum1 + chosen + (Expr::Const(ROUND[round]) + words[round % 16].clone());
        let sum = body.set(scratch.sum, &sum);
        // Nobody asks for the rest of the state after the last round but a whole digest, which adds it below.
        body.set(state[3], &(d + sum.clone()));
        let sum0 = a.turned(2) ^ a.turned(13) ^ a.turned(22);
        // The majority: where two differ, the third decides.
        let majority = (a.clone() ^ b.clone()).choose(&c, &b);
        body.set(state[7], &(sum + sum0 + majority));
        state.rotate_right(1);
    }
    state
}

/// The word of the message schedule for `round`, in `local` where it is not known already.
pub(super) fn next_word(body: &mut Body, local: Local, words: &[Expr; 16], round: usize) -> Expr {
    let word = |back: usize| &words[(round - back) % 16];
    let sigma0 = word(15).turned(7) ^ word(15).turned(18) ^ word(15).right(3);
    let sigma1 = word(2).turned(17) ^ word(2).turned(19) ^ word(2).right(10);
    match word(16).clone() + word(7).clone() + sigma0 + sigma1 {
        Expr::Const(word) => Expr::Const(word),
        word => body.set(local, &word),
    }
}
