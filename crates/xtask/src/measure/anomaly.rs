//! Parameters and bodies that are unlike the benign ones of a site: learned from benign requests alone, the threshold set on others,
//! measured on the rest and on attacks. Beside it an isolation forest on simple numbers, on the same parts.
//!
//! Equal requests are one; each is on one side only. Of four parts two are learned from, one sets the threshold and one is
//! tested, in turn, so that every benign request is tested once. A score is how far a request is above its threshold.

mod forest;
mod sets;

use std::path::Path;

use anyhow::{Context as _, ensure};
use palisade_learn::evaluation::{EvaluateOptions, Evaluation, Scored, evaluate};
use palisade_learn::parameters::{Parameters, threshold};
use palisade_learn::random::Random;

use sets::{Asked, Set};

/// False-positive rates that thresholds are set for: the one that the field's number is given at, and one that a few hundred benign
/// requests can support.
const NOMINAL: [f64; 2] = [0.002, 0.02];

/// Parts that benign requests are dealt out to.
const PARTS: usize = 4;

/// What a model of one round says of a request; more is more odd.
type Score = Box<dyn Fn(&Asked) -> f64>;

/// A way to learn from benign requests.
type Learn = fn(&[&Asked]) -> Score;

const WAYS: [(&str, Learn); 2] = [("parameters", parameters), ("isolation forest", forest::learn)];

/// Prints the table for the sets below `data`.
///
/// # Errors
/// Where a set cannot be read or a figure is below its line.
pub(super) fn run(data: &Path) -> anyhow::Result<()> {
    println!(
        "| set | by | benign | attacks | nominal FPR | FPR, 95 % interval | recall, 95 % interval | AUC | by kind of attack |"
    );
    println!("|---|---|---:|---:|---:|---|---|---|---|");
    let mut failures = Vec::new();
    for set in [sets::http_params(data)?, sets::csic(data)?] {
        for (way, learn) in WAYS {
            for (nominal, found) in NOMINAL.into_iter().zip(measured(&set, learn)?) {
                print(&set, way, nominal, &found);
                let (recall, auc) = (found.tpr_measured.unwrap_or(0.0), found.auc.unwrap_or(0.0));
                let is_ours = way == "parameters";
                if is_ours && (auc < set.auc_min || nominal == NOMINAL[0] && recall < set.recall_min) {
                    failures.push(format!("{}: recall {recall:.4}, AUC {auc:.4}", set.name));
                }
            }
        }
    }
    println!("published (arXiv 2504.14122, another set): recall 97.52 % at a false-positive rate of 0.2 %");
    ensure!(failures.is_empty(), "below the line: {}", failures.join("; "));
    Ok(())
}

fn parameters(benign: &[&Asked]) -> Score {
    let requests: Vec<_> = benign.iter().map(|asked| asked.request.clone()).collect();
    let learned = Parameters::learned(&requests);
    Box::new(move |asked| learned.surprise(&asked.request).nats)
}

/// For each of [`NOMINAL`], every benign request and every attack once, by models and thresholds that never saw them.
fn measured(set: &Set, learn: Learn) -> anyhow::Result<Vec<Evaluation>> {
    let mut order: Vec<usize> = (0..set.benign.len()).collect();
    Random::new(1).shuffle(&mut order);
    let part = |of: usize| order.iter().skip(of).step_by(PARTS).map(|at| &set.benign[*at]);
    let mut rows: Vec<Vec<Scored>> = vec![Vec::new(); NOMINAL.len()];
    for round in 0..PARTS {
        let others = (0..PARTS).filter(|of| *of != round && *of != (round + 1) % PARTS);
        let score = learn(&others.flat_map(part).collect::<Vec<_>>());
        let calibrate: Vec<f64> = part((round + 1) % PARTS).map(&score).collect();
        let attacks = set.attacks.iter().skip(round).step_by(PARTS);
        for (asked, is_attack) in
            part(round).map(|asked| (asked, false)).chain(attacks.map(|asked| (asked, true)))
        {
            let found = score(asked);
            for (rows, nominal) in rows.iter_mut().zip(NOMINAL) {
                rows.push(scored(asked, is_attack, found - threshold(&calibrate, nominal), rows.len()));
            }
        }
    }
    let options = |nominal| EvaluateOptions {
        threshold: 0.5,
        nominal_fpr: Some(nominal),
        ..EvaluateOptions::default()
    };
    let found = rows.iter().zip(NOMINAL).map(|(rows, nominal)| Ok(evaluate(rows, &options(nominal))?));
    found.collect()
}

/// A request that is so far above its threshold; at it, it is 0.5.
fn scored(asked: &Asked, is_attack: bool, above: f64, at: usize) -> Scored {
    Scored {
        name: asked.name.clone(),
        score: 0.5 + above / (1.0 + above.abs()) / 2.0,
        is_bot: is_attack,
        group: at as u32,
        family: is_attack.then(|| asked.kind.clone()),
        requests: 1,
        reasons: Vec::new(),
    }
}

fn print(set: &Set, way: &str, nominal: f64, found: &Evaluation) {
    let share = |share: Option<f64>, interval: Option<_>| {
        let interval: Option<[f64; 2]> = interval.map(palisade_learn::evaluation::Interval::into);
        let interval = interval
            .map_or_else(String::new, |[lo, hi]| format!(" ({:.2} to {:.2})", lo * 100.0, hi * 100.0));
        share.map_or_else(|| "none".to_owned(), |share| format!("{:.2} %{interval}", share * 100.0))
    };
    let kinds = found
        .per_family
        .iter()
        .map(|(kind, found)| format!("{kind} {:.1} % of {}", found.recall * 100.0, found.n));
    println!(
        "| {} | {way} | {} | {} | {:.1} % | {} | {} | {:.4} | {} |",
        set.name,
        found.humans,
        found.bots,
        nominal * 100.0,
        share(found.fpr_measured, found.fpr_interval),
        share(found.tpr_measured, found.tpr_interval),
        found.auc.unwrap_or(0.0),
        kinds.collect::<Vec<_>>().join(", "),
    );
}

/// The file below `data`, unpacked.
fn unpacked(data: &Path, file: &str) -> anyhow::Result<Vec<u8>> {
    use std::io::Read as _;
    let path = data.join(file);
    let packed = std::fs::File::open(&path).with_context(|| path.display().to_string())?;
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed)
        .read_to_end(&mut bytes)
        .with_context(|| path.display().to_string())?;
    Ok(bytes)
}
