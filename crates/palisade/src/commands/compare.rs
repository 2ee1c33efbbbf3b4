//! Kinds of models held against each other: the same clients, the same parts, one table.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use palisade_learn::dataset::Dataset;
use palisade_learn::evaluation::{Cost, Evaluation, evaluate, terminal_comparison};
use palisade_learn::traffic::{self, Split, TrafficSettings};
use palisade_learn::{behaviour, subject};
use palisade_model::{Model, Subject};

use super::train::Loaded;
use super::{Global, reading, train};
use crate::exit::UsageError;
use crate::shell;

/// What the rows of a table are.
const TRAFFIC_WORDS: &str = "The figures are of models that never saw whom they judge, all on the same parts. `rules` are the hand-set \
    tables and `agents` the lists of programs alone, neither fitted to this traffic; `seven` learns from the seven features of /check \
    alone.";
const BEHAVIOUR_WORDS: &str = "The figures are of models that never saw whom they judge, all on the same parts. `rules` are the hand-set \
    weights, not fitted to these visits; `thirteen` learns from seed 000's thirteen features alone, as mlp does.";

/// How long scoring is timed.
const TIMED: Duration = Duration::from_millis(100);

/// Trains each and prints how it does on clients that it never saw, beside the hand-set tables.
///
/// # Errors
/// Where the data are too few to learn from.
pub(super) fn run(
    Loaded { data, table }: &Loaded,
    settings: &[TrafficSettings],
    split: Split,
    global: &Global,
) -> anyhow::Result<ExitCode> {
    let rules = evaluate(&traffic::score_by_rules(data), &train::evaluation())?;
    let mut found: Vec<(String, Evaluation, Option<Cost>)> = vec![("rules".to_owned(), rules, None)];
    // What was known before, by the first kind that is compared.
    let (before, without, words) = match subject::of(data) {
        Subject::Traffic => {
            let agents = evaluate(&traffic::score_by_agents(data), &train::evaluation())?;
            found.push(("agents".to_owned(), agents, None));
            ("seven", traffic::all_but_seven(), TRAFFIC_WORDS)
        }
        Subject::Behaviour => ("thirteen", behaviour::all_but_seed(), BEHAVIOUR_WORDS),
    };
    let before = settings.first().map(|first| (before, TrafficSettings { without, ..first.clone() }));
    let kinds = settings.iter().map(|settings| (settings.kind.kind().name(), settings.clone()));
    for (name, settings) in before.into_iter().chain(kinds) {
        let begun = Instant::now();
        let trained = reading::watched(&format!("training {name}"), || subject::train(data, &settings))
            .map_err(|error| UsageError(error.to_string()))?;
        let cost = Cost { train_s: begun.elapsed().as_secs_f64(), row_ns: row_ns(&trained.model, data) };
        let unseen = match split {
            Split::Groups => trained.unseen,
            split => {
                subject::held_out(data, &settings, split).map_err(|error| UsageError(error.to_string()))?
            }
        };
        let figures = evaluate(&unseen, &train::evaluation())?;
        found.push((name.to_owned(), figures, Some(cost)));
    }
    if global.json {
        let models: Result<Vec<serde_json::Value>, serde_json::Error> = found.iter().map(json).collect();
        shell::say(&serde_json::json!({ "models": models? }).to_string())?;
    } else {
        shell::say(table)?;
        shell::say(&terminal_comparison(&found))?;
        shell::say(words)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn json(
    (name, found, cost): &(String, Evaluation, Option<Cost>),
) -> Result<serde_json::Value, serde_json::Error> {
    let mut value = serde_json::to_value(found)?;
    value["kind"] = name.as_str().into();
    value["cost"] = serde_json::to_value(cost)?;
    Ok(value)
}

/// Nanoseconds that `model` takes for a row of `data`, the mean over a tenth of a second.
pub(super) fn row_ns(model: &Model, data: &Dataset) -> f64 {
    let (begun, mut rows) = (Instant::now(), 0_u64);
    loop {
        for at in 0..data.rows.len() {
            if let Some(view) = model.view_for(data.rows[at].vantage.name()) {
                black_box(view.log_odds(black_box(data.seen(at))));
                rows += 1;
            }
        }
        let taken = begun.elapsed();
        if rows == 0 || taken >= TIMED {
            return taken.as_nanos() as f64 / rows.max(1) as f64;
        }
    }
}
