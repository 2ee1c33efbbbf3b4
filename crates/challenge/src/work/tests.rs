use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn secrets(seed: u8) -> Secrets {
    Secrets::derive(&[seed; 32])
}

fn solutions(params: WorkParams, id: u128, secrets: &Secrets) -> Vec<u32> {
    chosen(params, id, secrets).collect()
}

const SMALL: WorkParams = WorkParams { kind: WorkKind::Hash, puzzles: 12, range_log2: 8 };

#[test]
fn what_is_searched_for_is_found_and_taken() {
    for (kind, puzzles, range_log2) in [(WorkKind::Hash, 16, 10), (WorkKind::Memory, 3, 4)] {
        let params = WorkParams { kind, puzzles, range_log2 };
        let issued = issue(params, 77, &secrets(1));
        let solved = solve(&issued, 77).unwrap();
        assert_eq!(solved, solutions(params, 77, &secrets(1)));
        assert_eq!(check(params, 77, &secrets(1), &solved), Ok(()));
    }
}

#[test]
fn puzzles_of_another_ticket_have_no_solution() {
    assert_eq!(solve(&issue(SMALL, 1, &secrets(1)), 2), None);
}

#[test]
fn wrong_answers_of_every_sort_are_refused() {
    let (key, id) = (secrets(1), 5);
    let right = solutions(SMALL, id, &key);
    let changed = |change: fn(&mut Vec<u32>)| {
        let mut solutions = right.clone();
        change(&mut solutions);
        assert_ne!(solutions, right, "the change changes something");
        check(SMALL, id, &key, &solutions)
    };
    assert_eq!(changed(Vec::clear), Err(Code::MalformedWork));
    assert_eq!(changed(|all| all.truncate(11)), Err(Code::MalformedWork), "one too few");
    assert_eq!(changed(|all| all.push(0)), Err(Code::MalformedWork), "one too many");
    assert_eq!(changed(|all| all.extend_from_within(..)), Err(Code::MalformedWork), "all twice");
    assert_eq!(changed(|all| all.resize(1 << 20, 0)), Err(Code::MalformedWork), "far too many");
    assert_eq!(changed(|all| all[3] = 256), Err(Code::MalformedWork), "just out of range");
    assert_eq!(
        changed(|all| all[0] |= 1 << 31),
        Err(Code::MalformedWork),
        "cut to the range it would be right"
    );
    assert_eq!(changed(|all| all[11] = u32::MAX), Err(Code::MalformedWork));
    assert_eq!(changed(|all| all.reverse()), Err(Code::WrongWork), "out of order");
    assert_eq!(changed(|all| all.swap(0, 1)), Err(Code::WrongWork), "two out of order");
    assert_eq!(changed(|all| all.sort_unstable()), Err(Code::WrongWork), "sorted");
    assert_eq!(changed(|all| all[1] = all[0]), Err(Code::WrongWork), "a duplicate");
    assert_eq!(changed(|all| all.fill(7)), Err(Code::WrongWork), "one for all");
    assert_eq!(changed(|all| all.fill(0)), Err(Code::WrongWork), "nothing searched");
    assert_eq!(changed(|all| all[0] ^= 1), Err(Code::WrongWork), "the first is wrong");
    assert_eq!(changed(|all| all[11] ^= 1), Err(Code::WrongWork), "the last is wrong");
    assert_eq!(check(SMALL, id, &key, &right), Ok(()));
}

/// Solutions of one ticket are worth nothing for another, with other params, at another installation.
#[test]
fn solutions_are_worth_nothing_elsewhere() {
    let right = solutions(SMALL, 5, &secrets(1));
    assert_eq!(check(SMALL, 6, &secrets(1), &right), Err(Code::WrongWork));
    assert_eq!(check(SMALL, 5 | 1 << 127, &secrets(1), &right), Err(Code::WrongWork));
    assert_eq!(check(SMALL, 5, &secrets(2), &right), Err(Code::WrongWork));
    assert_eq!(check(WorkParams { range_log2: 9, ..SMALL }, 5, &secrets(1), &right), Err(Code::WrongWork));
    assert_eq!(
        check(WorkParams { kind: WorkKind::Memory, ..SMALL }, 5, &secrets(1), &right),
        Err(Code::WrongWork)
    );
    let fewer = WorkParams { puzzles: 11, ..SMALL };
    assert_eq!(check(fewer, 5, &secrets(1), &right), Err(Code::MalformedWork));
    assert_eq!(check(fewer, 5, &secrets(1), &right[..11]), Err(Code::WrongWork), "a part of them");
}

/// Whoever could guess solutions, or where in the range they are, would search less.
#[test]
fn solutions_are_spread_evenly_over_the_range() {
    let params = WorkParams { puzzles: 64, range_log2: 4, ..SMALL };
    let key = secrets(9);
    let mut count = [0_u32; 16];
    (0..1_000).flat_map(|id| solutions(params, id, &key)).for_each(|c| count[c as usize] += 1);
    // 64,000 over 16: 4,000 each, standard deviation 61. Chi-squared with 15 degrees of freedom exceeds 37.7 once in 1,000.
    let chi: f64 = count.iter().map(|n| (f64::from(*n) - 4_000.0).powi(2) / 4_000.0).sum();
    assert!(chi < 37.7, "{chi}: {count:?}");
    // Neighbours within a ticket know nothing of each other: half of all pairs rise.
    let rising = (0..1_000)
        .flat_map(|id| {
            solutions(WorkParams::HASH, id, &key).windows(2).map(|w| w[0] < w[1]).collect::<Vec<_>>()
        })
        .filter(|rises| *rises)
        .count();
    assert!((7_300..7_700).contains(&rising), "{rising} of 15,000");
}

/// The promise of many small puzzles: the unlucky visitor works little longer than the lucky one.
#[test]
fn the_slow_end_is_close_to_the_middle() {
    for (params, most) in [(WorkParams::HASH, 1.40), (WorkParams::MEMORY, 1.55)] {
        let key = secrets(3);
        let cost = |id| solutions(params, id, &key).iter().map(|c| u64::from(*c) + 1).sum::<u64>();
        let mut costs: Vec<u64> = (0..20_000).map(cost).collect();
        costs.sort_unstable();
        let (median, p99) = (costs[10_000] as f64, costs[19_800] as f64);
        assert!(p99 / median <= most, "{}: p99 {p99} to median {median}", params.kind.name());
        assert!(costs[19_999] <= params.worst(), "nobody works beyond the worst case");
        let expected = params.worst() as f64 / 2.0;
        assert!((median / expected - 1.0).abs() < 0.02, "{median} of {expected}");
    }
}

proptest! {
    #[test]
    fn every_ticket_has_its_own_solutions_within_the_range(
        id: u128, other: u128, seed: u8, memory: bool, puzzles in 1..=64_u8, range_log2 in 4..=24_u8,
    ) {
        let kind = if memory { WorkKind::Memory } else { WorkKind::Hash };
        let params = WorkParams { kind, puzzles, range_log2 };
        let right = solutions(params, id, &secrets(seed));
        prop_assert_eq!(right.len(), usize::from(puzzles));
        prop_assert!(right.iter().all(|solution| *solution < params.range()));
        prop_assert_eq!(check(params, id, &secrets(seed), &right), Ok(()));
        // 64 bits are the fewest that are surely not the same by chance.
        if other != id && u32::from(puzzles) * u32::from(range_log2) >= 64 {
            prop_assert_eq!(check(params, other, &secrets(seed), &right), Err(Code::WrongWork));
            prop_assert_eq!(check(params, id, &secrets(!seed), &right), Err(Code::WrongWork));
        }
    }

    #[test]
    fn issuing_is_deterministic_and_targets_are_values_at_the_solutions(id: u128, puzzles in 1..=64_u8) {
        let params = WorkParams { puzzles, range_log2: 20, ..SMALL };
        let issued = issue(params, id, &secrets(4));
        prop_assert_eq!(&issued, &issue(params, id, &secrets(4)));
        let mut function = Function::new(params.kind, &id.to_be_bytes());
        for (index, solution) in solutions(params, id, &secrets(4)).into_iter().enumerate() {
            prop_assert_eq!(function.at(index as u32, solution), issued.targets[index]);
        }
    }

    #[test]
    fn any_solutions_are_answered_without_panic(given in proptest::collection::vec(any::<u32>(), 0..70)) {
        let answer = check(SMALL, 5, &secrets(1), &given);
        prop_assert!(matches!(answer, Err(Code::MalformedWork | Code::WrongWork)));
    }
}

/// One case of the golden file: puzzles as a browser gets them, and their solutions.
fn case(params: WorkParams, id: u128) -> Value {
    let puzzles = issue(params, id, &secrets(0x50));
    json!({ "puzzles": puzzles.to_json(id), "solutions": solutions(params, id, &secrets(0x50)) })
}

/// Shared with the browser's scripts: `node web/test/work.test.mjs` solves the same puzzles.
#[test]
fn golden_puzzles() {
    let params = |kind, puzzles, range_log2| WorkParams { kind, puzzles, range_log2 };
    let mut function = Function::new(WorkKind::Memory, &[0; SEED_BYTES]);
    let value = |(index, candidate)| {
        let hex = |target: Target| format!("{:016x}", u64::from_be_bytes(target));
        let hash = Function::new(WorkKind::Hash, &[0; SEED_BYTES]).at(index, candidate);
        json!({
            "index": index, "candidate": candidate,
            "hash": hex(hash), "memory": hex(function.at(index, candidate)),
        })
    };
    let values: Vec<Value> = [(0, 0), (0, 1), (1, 0), (63, 0x00FF_FFFF)].into_iter().map(value).collect();
    let golden = json!({
        "values_of_the_seed_of_zeros": values,
        "cases": [
            case(params(WorkKind::Hash, 16, 12), 0x0123_4567_89AB_CDEF_FEDC_BA98_7654_3210),
            case(params(WorkKind::Hash, 1, 4), 0),
            case(params(WorkKind::Hash, 3, 17), u128::MAX),
            case(params(WorkKind::Memory, 2, 6), 0x0123_4567_89AB_CDEF_FEDC_BA98_7654_3210),
            case(params(WorkKind::Memory, 1, 4), u128::MAX),
        ],
    });
    let text = format!("{golden:#}\n");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/work.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "UPDATE_GOLDEN=1 writes it anew");
}
