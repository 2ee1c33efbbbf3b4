//! The baseline: an isolation forest on simple numbers of a request.

use palisade_detect::detector::Needs;
use palisade_domain::{Resolution, Vantage};
use palisade_learn::dataset::{Dataset, Row};
use palisade_learn::train::KindSettings;
use palisade_model::Kind;

use super::{Asked, Score};

/// Numbers of a request: parameters, lengths, and shares of kinds of characters.
const COLUMNS: usize = 9;

/// Learns from benign requests.
pub(super) fn learn(benign: &[&Asked]) -> Score {
    let mut data =
        Dataset { columns: (0..COLUMNS).map(|at| format!("n{at}")).collect(), ..Dataset::default() };
    for (at, asked) in (0_u32..).zip(benign) {
        data.values.extend(numbers(asked));
        data.rows.push(row(at));
    }
    let columns: Vec<usize> = (0..COLUMNS).collect();
    let model = KindSettings::of(Kind::Isolation).train(&data, &columns, &[], |_| true);
    Box::new(move |asked| f64::from(model.log_odds(&numbers(asked))))
}

fn row(at: u32) -> Row {
    Row {
        client: at,
        group: at,
        family: None,
        is_bot: false,
        requests: 1,
        is_last: true,
        vantage: Vantage::Check,
        seen: Needs::default(),
        resolution: Resolution::Second,
        weight: 1.0,
        by_rules: 0.0,
        steps: Vec::new(),
    }
}

fn numbers(asked: &Asked) -> [f32; COLUMNS] {
    let parameters = asked.request.parameters();
    let values = || parameters.iter().flat_map(|parameter| parameter.value.iter());
    let count = |is: fn(&u8) -> bool| values().filter(|byte| is(byte)).count() as f32;
    let all = (values().count() as f32).max(1.0);
    let longest = parameters.iter().map(|parameter| parameter.value.len()).max().unwrap_or(0);
    let mut kinds = [false; 256];
    values().for_each(|byte| kinds[usize::from(*byte)] = true);
    [
        parameters.len() as f32,
        all.ln(),
        (longest as f32).ln_1p(),
        count(u8::is_ascii_digit) / all,
        count(u8::is_ascii_alphabetic) / all,
        count(u8::is_ascii_uppercase) / all,
        count(u8::is_ascii_punctuation) / all,
        count(|byte| !byte.is_ascii_graphic()) / all,
        kinds.iter().filter(|is_there| **is_there).count() as f32,
    ]
}
