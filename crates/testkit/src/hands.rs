//! Made-up recordings of hands on a page, as a widget sends them.

use serde_json::{Value, json};

/// Eighty visits: of twenty people, two each, who bend and slow down, and of forty programs of two families that go straight.
pub fn visits() -> Vec<Value> {
    (0..80_u32).map(visit).collect()
}

fn visit(at: u32) -> Value {
    let is_bot = at % 2 == 1;
    let wobble = |step: u32| f64::from((step * 37 + at * 11) % 17) / 17.0;
    let (mut x, mut y, mut time) = (20.0 + f64::from(at), 300.0, 1_000.0);
    let mut moves = Vec::new();
    for step in 0..36_u32 {
        moves.push(json!({"x": x, "y": y, "time": time}));
        let even = f64::from(step) / 35.0;
        x += if is_bot { 9.0 } else { 1.0 + 34.0 * even * (1.0 - even) * (0.6 + wobble(step)) };
        y += if is_bot { 0.0 } else { 8.0 * (wobble(step + 5) - 0.4) };
        time += if at % 4 == 1 { 17.0 } else { 15.0 + (3.0 * wobble(step + 9)).floor() };
    }
    let family = if at % 4 == 1 { "even" } else { "uneven" };
    json!({
        "interactions": {"mouseMovements": moves},
        "duration": 2_000 + at,
        "label": if is_bot { "bot" } else { "human" },
        "family": if is_bot { Some(family) } else { None },
        "group": if is_bot { format!("program {at}") } else { format!("person {}", at / 4) },
    })
}
