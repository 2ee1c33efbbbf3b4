//! The kernels: searching by hash, searching by walk, and the compression that the walk needs.

use wasm_encoder::{BlockType, Function, ValType};

use super::code::{Body, Expr, Lanes, Local, word_at};
use super::sha256::{START, Scratch, next_word, rounds};

/// Where words lie in memory (addresses of bytes): seed 0..16, puzzle 16, target 20..28, digest, message, the walk's memory.
const PUZZLE_WORDS: u64 = 5;
const TARGET: u64 = 20;
const DIGEST: u64 = 32;
const MESSAGE: u64 = 64;
const WALK: u64 = 64 << 10;

/// Sizes and constants of the walk; those of `crates/challenge/src/work/function.rs`.
const WALK_BYTES: i32 = 128 << 10;
const STEPS: i32 = 1 << 14;
const FACTOR: u32 = 0x9E37_79B1;
const TURN: i32 = 15;
const CHACHA: [u32; 4] = [0x6170_7865, 0x3320_646E, 0x7962_2D32, 0x6B20_6574];

/// Pages of 64 KiB that a module has.
pub(super) const PAGES: u64 = (WALK + WALK_BYTES as u64) >> 16;

/// Parameters of a search: the first candidate, and the one behind the last.
const CANDIDATE: Local = 0;
const END: Local = 1;

/// Sixteen words of a block for a message of 24 bytes whose first words are these.
fn padded(words: &[Expr], bits: u32) -> [Expr; 16] {
    let mut block = std::array::from_fn(|_| Expr::Const(0));
    block[..words.len()].clone_from_slice(words);
    block[words.len()] = Expr::Const(0x8000_0000);
    block[15] = Expr::Const(bits);
    block
}

/// `hash(first, end)`: the candidate at which the puzzle's hash begins with the target, or -1.
///
/// All but the candidate is the same for a whole puzzle: five rounds and four words of the schedule are computed once.
pub(super) fn hash(lanes: Lanes) -> Function {
    const MASK: Local = 2;
    const INPUT: Local = 3;
    const AIM: Local = 8;
    const AHEAD: Local = 10;
    const BEFORE: Local = 14;
    const STATE: Local = 22;
    const SCRATCH: Scratch = Scratch { words: 30, sum: 46 };
    let eight = |first: Local| std::array::from_fn(|at| first + at as Local);

    let mut body = Body::new(lanes, &[(1, ValType::I32), (44, lanes.value_type())]);
    let mut input: Vec<Expr> = (0..PUZZLE_WORDS).map(|at| body.load(INPUT + at as Local, at * 4)).collect();
    for at in 0..2_u32 {
        let aim = body.load(AIM + at, TARGET + u64::from(at) * 4);
        body.set(AIM + at, &(aim + Expr::Const(START[at as usize].wrapping_neg())));
    }
    input.push(Expr::Local(SCRATCH.words + 5));
    let mut words = padded(&input, 192);
    for (local, word) in (BEFORE..).zip(START) {
        body.set(local, &Expr::Const(word));
    }
    let before = rounds(&mut body, SCRATCH, eight(BEFORE), &mut words, &[], 0..5);
    let mut ahead = Vec::new();
    for (round, local) in (16..20).zip(AHEAD..) {
        words[round % 16] = next_word(&mut body, local, &words, round);
        ahead.push(words[round % 16].clone());
    }

    body.raw().loop_(BlockType::Empty);
    for (local, before) in (STATE..).zip(before) {
        body.set(local, &Expr::Local(before));
    }
    body.raw().local_get(CANDIDATE);
    if lanes == Lanes::Four {
        // 0, 1, 2, 3 from the lowest lane up.
        body.raw().i32x4_splat().v128_const(3 << 96 | 2 << 64 | 1 << 32).i32x4_add();
    }
    body.raw().local_set(SCRATCH.words + 5);
    let mut words = padded(&input, 192);
    let end = rounds(&mut body, SCRATCH, eight(STATE), &mut words, &ahead, 5..64);
    let mut raw = body.raw();
    match lanes {
        Lanes::One => {
            raw.local_get(end[0]).local_get(AIM).i32_eq();
            raw.local_get(end[1]).local_get(AIM + 1).i32_eq().i32_and();
            raw.if_(BlockType::Empty).local_get(CANDIDATE).return_().end();
        }
        Lanes::Four => {
            raw.local_get(end[0]).local_get(AIM).i32x4_eq();
            raw.local_get(end[1]).local_get(AIM + 1).i32x4_eq().v128_and();
            raw.i32x4_bitmask().local_tee(MASK).if_(BlockType::Empty);
            raw.local_get(CANDIDATE).local_get(MASK).i32_ctz().i32_add().return_().end();
        }
    }
    raw.local_get(CANDIDATE).i32_const(lanes.count()).i32_add().local_tee(CANDIDATE);
    raw.local_get(END).i32_lt_u().br_if(0).end().i32_const(-1);
    body.finish()
}

/// The digest of the one block of the message.
pub(super) fn compress() -> Function {
    const STATE: Local = 0;
    const SCRATCH: Scratch = Scratch { words: 8, sum: 24 };
    let mut body = Body::new(Lanes::One, &[(25, ValType::I32)]);
    for (local, word) in (STATE..).zip(START) {
        body.set(local, &Expr::Const(word));
    }
    let mut words = std::array::from_fn(|at| body.load(SCRATCH.words + at as Local, MESSAGE + at as u64 * 4));
    let state = std::array::from_fn(|at| STATE + at as Local);
    let end = rounds(&mut body, SCRATCH, state, &mut words, &[], 0..64);
    for (at, (local, word)) in end.into_iter().zip(START).enumerate() {
        body.store(DIGEST + at as u64 * 4, &(Expr::Local(local) + Expr::Const(word)));
    }
    body.finish()
}

/// `walk(first, end)`: the candidate at which the puzzle's walk ends with the target, or -1. `compress` is the index of
/// that function.
pub(super) fn walk(compress: u32) -> Function {
    const X: Local = 2;
    const ROWS: Local = 10;
    const POSITION: Local = 26;
    const WORD: Local = 27;
    let mut body = Body::new(Lanes::One, &[(26, ValType::I32)]);
    body.raw().loop_(BlockType::Empty);

    // The key.
    let input: Vec<Expr> = (0..PUZZLE_WORDS).map(|at| body.load(ROWS + at as Local, at * 4)).collect();
    let input = [input, vec![Expr::Local(CANDIDATE)]].concat();
    store_message(&mut body, &padded(&input, 192));
    body.raw().call(compress);
    for at in 0..8 {
        let word = body.load(X + at, DIGEST + u64::from(at) * 4);
        body.set(ROWS + 4 + at, &word);
    }

    // The fill.
    for at in 0..4_u32 {
        body.set(ROWS + at, &Expr::Const(CHACHA[at as usize]));
        body.set(ROWS + 12 + at, &Expr::Const(0));
    }
    body.set(POSITION, &Expr::Const(0));
    body.raw().loop_(BlockType::Empty);
    double_round(&mut body, ROWS);
    for at in 0..16 {
        body.raw().local_get(POSITION).local_get(ROWS + at).i32_store(word_at(WALK + u64::from(at) * 4));
    }
    body.raw().local_get(POSITION).i32_const(64).i32_add().local_tee(POSITION);
    body.raw().i32_const(WALK_BYTES).i32_lt_u().br_if(0).end();

    // The walk; its first local of the fill counts.
    body.set(ROWS, &Expr::Const(STEPS as u32));
    body.raw().loop_(BlockType::Empty);
    for lane in 0..8 {
        let mut raw = body.raw();
        raw.local_get(X + lane).i32_const(WALK_BYTES - 4).i32_and().local_tee(POSITION);
        raw.local_get(POSITION).i32_load(word_at(WALK)).local_tee(WORD);
        raw.local_get(X + lane).i32_xor().i32_const(FACTOR.cast_signed()).i32_mul();
        raw.local_get(X + (lane + 1) % 8).i32_add().i32_const(TURN).i32_rotl().local_tee(X + lane);
        raw.local_get(WORD).i32_add().i32_store(word_at(WALK));
    }
    body.raw().local_get(ROWS).i32_const(1).i32_sub().local_tee(ROWS).br_if(0).end();

    // The value.
    let state: Vec<Expr> = (0..8).map(|at| Expr::Local(X + at)).collect();
    store_message(&mut body, &padded(&state, 256));
    let mut raw = body.raw();
    raw.call(compress);
    for at in 0..2 {
        raw.i32_const(0).i32_load(word_at(DIGEST + at * 4));
        raw.i32_const(0).i32_load(word_at(TARGET + at * 4)).i32_eq();
    }
    raw.i32_and().if_(BlockType::Empty).local_get(CANDIDATE).return_().end();
    raw.local_get(CANDIDATE).i32_const(1).i32_add().local_tee(CANDIDATE);
    raw.local_get(END).i32_lt_u().br_if(0).end().i32_const(-1);
    body.finish()
}

fn store_message(body: &mut Body, words: &[Expr; 16]) {
    for (at, word) in words.iter().enumerate() {
        body.store(MESSAGE + at as u64 * 4, word);
    }
}

/// Columns, then diagonals (RFC 8439, 2.3), on sixteen locals.
fn double_round(body: &mut Body, rows: Local) {
    for turn in [0, 1] {
        for column in 0..4 {
            let at = |row: u32| rows + row * 4 + (column + turn * row) % 4;
            quarter_round(body, [at(0), at(1), at(2), at(3)]);
        }
    }
}

/// RFC 8439, 2.1.
fn quarter_round(body: &mut Body, [a, b, c, d]: [Local; 4]) {
    for (sum, term, target, turn) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)] {
        let mut raw = body.raw();
        raw.local_get(target).local_get(sum).local_get(term).i32_add().local_tee(sum);
        raw.i32_xor().i32_const(turn).i32_rotl().local_set(target);
    }
}
