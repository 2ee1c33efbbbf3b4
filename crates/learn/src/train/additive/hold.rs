//! Shapes are held to their direction: pool adjacent violators (Ayer et al. 1955).

use super::Direction;

/// Pool adjacent violators (Ayer et al. 1955): the nearest shape that never turns against `direction`.
pub(super) fn hold(shape: &mut [f32], mass: &[f64], direction: Direction) {
    let sign = match direction {
        Direction::Free => return,
        Direction::Rising => 1.0,
        Direction::Falling => -1.0,
    };
    let mut pools: Vec<(f64, f64, usize)> = Vec::with_capacity(shape.len());
    for (value, mass) in shape.iter().zip(mass) {
        pools.push((f64::from(*value) * sign, mass.max(1e-9), 1));
        while let [.., before, last] = &pools[..] {
            if before.0 <= last.0 {
                break;
            }
            let mass = before.1 + last.1;
            let merged = ((before.0 * before.1 + last.0 * last.1) / mass, mass, before.2 + last.2);
            pools.truncate(pools.len() - 2);
            pools.push(merged);
        }
    }
    let values = pools.into_iter().flat_map(|(value, _, count)| std::iter::repeat_n(value, count));
    for (weight, value) in shape.iter_mut().zip(values) {
        *weight = (value * sign) as f32;
    }
}

/// A grid of `rows` by `columns`, row by row, that never turns against either direction: each line of it is pooled a few times over,
/// and what is left is cut.
pub(super) fn hold_grid(grid: &mut [f32], columns: usize, mass: &[f64], directions: [Direction; 2]) {
    if directions == [Direction::Free; 2] || columns == 0 {
        return;
    }
    let rows = grid.len() / columns;
    for _ in 0..3 {
        for column in 0..columns {
            let at = |row: usize| row * columns + column;
            let mut line: Vec<f32> = (0..rows).map(|row| grid[at(row)]).collect();
            let masses: Vec<f64> = (0..rows).map(|row| mass[at(row)]).collect();
            hold(&mut line, &masses, directions[0]);
            line.into_iter().enumerate().for_each(|(row, value)| grid[at(row)] = value);
        }
        for row in 0..rows {
            let line = row * columns..(row + 1) * columns;
            hold(&mut grid[line.clone()], &mass[line], directions[1]);
        }
    }
    cut(grid, columns, directions);
}

/// The least grid above this one that never turns against either direction.
fn cut(grid: &mut [f32], columns: usize, directions: [Direction; 2]) {
    let rows = grid.len() / columns;
    let order = |count: usize, direction: Direction| -> Vec<(usize, usize)> {
        match direction {
            Direction::Free => Vec::new(),
            Direction::Rising => (1..count).map(|at| (at - 1, at)).collect(),
            Direction::Falling => (1..count).rev().map(|at| (at, at - 1)).collect(),
        }
    };
    for (from, to) in order(rows, directions[0]) {
        for column in 0..columns {
            grid[to * columns + column] = grid[to * columns + column].max(grid[from * columns + column]);
        }
    }
    for (from, to) in order(columns, directions[1]) {
        for row in 0..rows {
            grid[row * columns + to] = grid[row * columns + to].max(grid[row * columns + from]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn held_shapes_are_monotone_and_keep_their_mean(
            shape in prop::collection::vec(-5.0_f32..5.0, 1..40),
            masses in prop::collection::vec(0.1_f64..10.0, 40),
        ) {
            let mut held = shape.clone();
            let mass = &masses[..shape.len()];
            hold(&mut held, mass, Direction::Rising);
            prop_assert!(held.windows(2).all(|pair| pair[0] <= pair[1] + 1e-5));
            let mean = |values: &[f32]| values.iter().zip(mass).map(|(value, mass)| f64::from(*value) * mass).sum::<f64>();
            prop_assert!((mean(&held) - mean(&shape)).abs() < 1e-3 * mass.iter().sum::<f64>());
        }

        #[test]
        fn held_grids_never_turn(
            grid in prop::collection::vec(-5.0_f32..5.0, 24),
            masses in prop::collection::vec(0.0_f64..10.0, 24),
            directions in prop::collection::vec(
                prop::sample::select(vec![Direction::Rising, Direction::Falling, Direction::Free]), 2),
        ) {
            let mut held = grid;
            hold_grid(&mut held, 6, &masses, [directions[0], directions[1]]);
            let runs = |from: f32, to: f32, direction: Direction| match direction {
                Direction::Rising => from <= to,
                Direction::Falling => from >= to,
                Direction::Free => true,
            };
            for row in 0..4 {
                for column in 0..6 {
                    let here = held[row * 6 + column];
                    prop_assert!(row == 3 || runs(here, held[(row + 1) * 6 + column], directions[0]));
                    prop_assert!(column == 5 || runs(here, held[row * 6 + column + 1], directions[1]));
                }
            }
        }
    }
}
