//! What tests of trainings learn from.

use super::*;
use crate::dataset::testing::made_up;
use crate::train::AdditiveSettings;

/// Made-up clients in the columns of the schema: what tells them apart is how many pages came within a second.
pub(crate) fn data(clients: u32) -> Dataset {
    let few = made_up(clients, 2, 3);
    let width = schema::features().len();
    let fast = schema::names().position(|name| name == "burst").expect("it is listed");
    let mut data = Dataset {
        schema: schema::ID.to_owned(),
        columns: schema::names().map(str::to_owned).collect(),
        values: vec![0.0; few.rows.len() * width],
        ..few.clone()
    };
    for row in 0..few.rows.len() {
        data.values[row * width + fast] = few.row(row)[0] / 10.0 + 0.5;
    }
    data
}

/// Settings that take no time.
pub(crate) fn settings() -> TrafficSettings {
    TrafficSettings {
        id: "made-up".to_owned(),
        at_ms: 0,
        kind: (&AdditiveSettings { rounds: 60, bags: 2, ..AdditiveSettings::default() }).into(),
        folds: 4,
        repeats: 1,
        sources: Vec::new(),
        without: Vec::new(),
        contribution_max: f32::INFINITY,
        card: Card {
            summary: "for tests".to_owned(),
            data: "made up".to_owned(),
            weaknesses: vec!["it knows one feature".to_owned()],
            trust: "none".to_owned(),
        },
    }
}
