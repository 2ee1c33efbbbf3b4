//! How long the default model takes to learn from 100,000 rows of 40 features, once: a minute is its budget, on two cores.
//! `--quick` learns from a tenth of the rows.

#![allow(clippy::print_stdout, reason = "a bench tells its figures")]

use std::hint::black_box;
use std::time::Instant;

use palisade_detect::detector::Needs;
use palisade_domain::{Resolution, Vantage};
use palisade_learn::dataset::{Dataset, Row};
use palisade_learn::train::AdditiveSettings;
use palisade_learn::train::additive::{self, Direction};

const ROWS: usize = 100_000;
const FEATURES: usize = 40;
/// Rows of one client, as it comes to more requests.
const ROWS_A_CLIENT: usize = 5;
/// Seconds that it may take.
const BUDGET_S: f64 = 60.0;

/// Numbers between 0 and 1 of a small generator.
struct Numbers(u32);

impl Numbers {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / (1 << 24) as f32
    }

    /// About normal, 0 and 1.
    fn normal(&mut self) -> f32 {
        ((0..6).map(|_| self.next()).sum::<f32>() - 3.0) * std::f32::consts::SQRT_2
    }
}

/// Clients whose features tell a little each: every fourth is a share, every fourth a small count that is mostly 0, some are unseen.
fn data(rows: usize) -> Dataset {
    let mut numbers = Numbers(7);
    let clients = rows / ROWS_A_CLIENT;
    let mut data = Dataset {
        schema: "bench".to_owned(),
        columns: (0..FEATURES).map(|at| format!("f{at}")).collect(),
        clients: (0..clients).map(|at| format!("c{at}")).collect(),
        group_names: (0..clients).map(|at| format!("g{at}")).collect(),
        started_ms: vec![0; clients],
        ..Dataset::default()
    };
    for at in 0..rows {
        let client = (at / ROWS_A_CLIENT) as u32;
        let is_bot = client % 2 == 1;
        let shift = if is_bot { 0.6 } else { 0.0 };
        for feature in 0..FEATURES {
            let tells = if feature % 3 == 0 { shift } else { 0.0 };
            let value = numbers.normal() + tells;
            data.values.push(match feature % 4 {
                _ if feature % 7 == 6 && numbers.next() < 0.3 => f32::NAN,
                0 => 1.0 / (1.0 + (-value).exp()),
                1 => (value - 1.0).max(0.0).round(),
                _ => value,
            });
        }
        data.rows.push(Row {
            client,
            group: client,
            family: None,
            is_bot,
            requests: (at % ROWS_A_CLIENT) as u32 + 1,
            is_last: at % ROWS_A_CLIENT == ROWS_A_CLIENT - 1,
            vantage: Vantage::Log,
            seen: Needs::default(),
            resolution: Resolution::Milli,
            weight: 1.0 / ROWS_A_CLIENT as f32,
            steps: Vec::new(),
            by_rules: 0.0,
        });
    }
    data
}

fn main() {
    let is_quick = std::env::args().any(|arg| arg == "--quick");
    let rows = if is_quick { ROWS / 10 } else { ROWS };
    let data = data(rows);
    let columns: Vec<usize> = (0..FEATURES).collect();
    let rising = |at: usize| if at.is_multiple_of(2) { Direction::Rising } else { Direction::Free };
    let directions: Vec<Direction> = (0..FEATURES).map(rising).collect();
    let begun = Instant::now();
    let model =
        additive::train(black_box(&data), &columns, &directions, &AdditiveSettings::default(), |_| true);
    let took_s = begun.elapsed().as_secs_f64();
    let missed = if !is_quick && took_s > BUDGET_S { "  MISSED" } else { "" };
    // What it says of one client tells whether two builds learn the same.
    let says = model.log_odds(data.row(0));
    println!(
        "training/additive, {rows} rows of {FEATURES} features: {took_s:.1} s (of 100,000 rows: ≤ {BUDGET_S:.0} s{missed}), {} \
         shapes, {} pairs, {says}",
        model.shapes.len(),
        model.pairs.len()
    );
}
