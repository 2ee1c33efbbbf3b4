//! Features that name whom they are about.
//!
//! A number that every client has for itself and keeps (an address, a session, a serial number) tells nothing about the next client,
//! and lets a model learn the known ones by heart. What a client does changes from one of its requests to the next.

use std::collections::HashSet;

use crate::dataset::Dataset;

/// Fewest groups with several rows from which anything is said.
const GROUPS_MIN: usize = 20;

/// The share of groups that keep one number, and of numbers that are one group's own, from which on a feature names its group.
const SHARE_MIN: f64 = 0.9;

/// Columns that name their group: nearly every group keeps one number, and nearly every number is one group's.
pub fn naming(data: &Dataset) -> Vec<&str> {
    // Rows of a group in order, so that each is looked at once.
    let mut rows: Vec<usize> = (0..data.rows.len()).collect();
    rows.sort_by_key(|row| data.rows[*row].group);
    let groups: Vec<&[usize]> =
        rows.chunk_by(|one, other| data.rows[*one].group == data.rows[*other].group).collect();
    let names = |column: &usize| {
        let (mut several, mut kept) = (0_usize, 0_usize);
        let mut numbers = HashSet::new();
        for group in &groups {
            let mut values = group.iter().map(|row| data.row(*row)[*column]).filter(|value| !value.is_nan());
            let Some(first) = values.next() else { continue };
            let rest: Vec<f32> = values.collect();
            if rest.is_empty() {
                continue;
            }
            several += 1;
            kept += usize::from(rest.iter().all(|value| *value == first));
            numbers.insert(first.to_bits());
        }
        let share = |part: usize| part as f64 >= SHARE_MIN * several as f64;
        several >= GROUPS_MIN && share(kept) && share(numbers.len())
    };
    (0..data.columns.len()).filter(names).map(|column| &*data.columns[column]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::testing::made_up;

    /// Each client of [`made_up`] with three rows; what it does differs from row to row.
    fn followed(clients: u32) -> Dataset {
        let once = made_up(clients, 3, 2);
        let mut data = Dataset { rows: Vec::new(), values: Vec::new(), ..once.clone() };
        for at in 0..once.rows.len() {
            for step in 0..3_u8 {
                let values = once.row(at).iter().map(|value| value + f32::from(step) / 7.0);
                data.values.extend(values);
                data.rows.push(once.rows[at].clone());
            }
        }
        data
    }

    #[test]
    fn what_clients_do_names_nobody() {
        let mut data = followed(60);
        assert!(naming(&data).is_empty());
        // Kept by each, and shared by many: a kind of client, and no name.
        data.values.chunks_mut(3).enumerate().for_each(|(row, values)| values[2] = (row / 3 % 5) as f32);
        assert!(naming(&data).is_empty());
    }

    #[test]
    fn the_key_of_a_group_is_caught() {
        let mut data = followed(60);
        for row in 0..data.rows.len() {
            data.values[row * 3 + 1] = data.rows[row].group as f32;
        }
        assert_eq!(naming(&data), ["f1"]);
    }

    #[test]
    fn too_little_says_nothing() {
        let mut data = followed(8);
        data.values.chunks_mut(3).enumerate().for_each(|(row, values)| values[1] = (row / 3) as f32);
        assert!(naming(&data).is_empty());
        assert!(naming(&Dataset::default()).is_empty());
    }
}
