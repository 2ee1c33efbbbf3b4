//! Rows for tests: by hand, at random, and enough for a page.

use super::{Curves, EvaluateOptions, Evaluation, FeatureShape, Scored, curves, evaluate};
use crate::random::Random;

/// Rows of these scores and truths, each a group of its own.
pub(super) fn rows(data: &[(f64, bool)]) -> Vec<Scored> {
    let row = |(at, &(score, is_bot)): (usize, &(f64, bool))| Scored {
        name: format!("row-{at}"),
        score,
        is_bot,
        group: at as u32,
        family: None,
        requests: 10,
        reasons: Vec::new(),
    };
    data.iter().enumerate().map(row).collect()
}

/// Bots that mostly score high and people who mostly score low, each a group of its own.
pub(super) fn overlapping(bots: usize, humans: usize, seed: u64) -> Vec<Scored> {
    let mut random = Random::new(seed);
    let bots = (0..bots).map(|_| true).chain((0..humans).map(|_| false));
    let data: Vec<_> = bots
        .map(|is_bot| {
            let low = unit(&mut random).powi(2);
            (if is_bot { 1.0 - low } else { low }, is_bot)
        })
        .collect();
    rows(&data)
}

/// Uniform in `0.0..1.0`.
fn unit(random: &mut Random) -> f64 {
    random.below(1 << 30) as f64 / f64::from(1 << 30)
}

/// Families with the share of their sessions that the models find hard.
const FAMILIES: [(&str, usize, f64); 14] = [
    ("curl", 24, 0.0),
    ("wget", 18, 0.0),
    ("python-requests", 22, 0.02),
    ("scrapy", 30, 0.05),
    ("node-fetch", 16, 0.0),
    ("apache-bench", 10, 0.0),
    ("gobuster", 14, 0.0),
    ("sqlmap", 12, 0.0),
    ("ffuf", 12, 0.03),
    ("chromedriver", 20, 0.15),
    ("playwright", 26, 0.2),
    ("puppeteer-stealth", 24, 0.35),
    ("ghost-cursor, slow pauses", 18, 0.6),
    ("distributed crawl", 22, 0.3),
];

/// A site's people and bots, scored by a model of this `skill`, `0.0..=1.0`.
pub(super) fn site(skill: f64) -> Vec<Scored> {
    let mut random = Random::new(2_026);
    let mut made = Vec::new();
    for (family, (name, n, hard)) in FAMILIES.into_iter().enumerate() {
        for at in 0..n {
            let is_hard = unit(&mut random) < hard + (1.0 - skill) * 0.5;
            let score =
                if is_hard { 0.75 * unit(&mut random) } else { 1.0 - 0.3 * unit(&mut random).powi(3) };
            made.push(Scored {
                name: format!("{name} #{}", at + 1),
                score,
                is_bot: true,
                group: (family * 100 + at / 2) as u32,
                family: Some(name.to_owned()),
                requests: 12,
                reasons: reasons(&[
                    ("assets loaded with the pages", -1.9),
                    ("gap between pages", -0.8),
                    ("templates seen", 0.4),
                ]),
            });
        }
    }
    for at in 0..640_u32 {
        let low = unit(&mut random).powi(4);
        let is_odd = unit(&mut random) < 0.006 + (1.0 - skill) * 0.1;
        made.push(Scored {
            name: format!("10.0.{}.{}", at / 250, at % 250 + 1),
            score: if is_odd { 0.7 + 0.25 * unit(&mut random) } else { 0.6 * low },
            is_bot: false,
            group: 10_000 + at / 2 + at / 4,
            family: None,
            requests: 9,
            reasons: reasons(&[
                ("share of pages with errors", 1.6),
                ("no referrer on inner pages", 0.9),
                ("entropy of paths", 0.5),
                ("cookies returned", -0.7),
            ]),
        });
    }
    made
}

fn reasons(reasons: &[(&str, f64)]) -> Vec<(String, f64)> {
    reasons.iter().map(|&(name, evidence)| (name.to_owned(), evidence)).collect()
}

/// A model beside its baselines.
pub(super) fn models() -> Vec<(String, Evaluation, Curves)> {
    let options = EvaluateOptions { nominal_fpr: Some(0.005), resamples: 200, ..EvaluateOptions::default() };
    let skills =
        [("additive", 1.0), ("rules alone", 0.7), ("seven features", 0.45), ("user-agent lists", 0.1)];
    let model = |(name, skill): (&str, f64)| {
        let mut rows = site(skill);
        if name.starts_with("user") {
            rows.iter_mut().for_each(|row| row.score = if row.score > 0.8 { 1.0 } else { 0.0 });
        }
        (name.to_owned(), evaluate(&rows, &options).unwrap(), curves(&rows))
    };
    skills.map(model).into()
}

/// Shapes as an additive model has them.
pub(super) fn shapes() -> Vec<FeatureShape> {
    let shape = |name: &str, edges: &[f32], weights: &[f32]| FeatureShape {
        name: name.to_owned(),
        edges: edges.to_vec(),
        weights: weights.to_vec(),
    };
    vec![
        shape("pages per minute", &[0.5, 1.0, 2.0, 5.0, 12.0, 40.0], &[-0.4, -0.2, 0.0, 0.1, 0.9, 1.8, 2.4]),
        shape("assets per page", &[0.1, 0.5, 1.0, 4.0, 10.0], &[1.9, 1.1, 0.2, -0.3, -1.2, -1.5]),
        shape(
            "median gap between pages, s",
            &[0.2, 1.0, 3.0, 10.0, 60.0, 600.0],
            &[1.4, 0.8, 0.1, -0.5, -0.6, -0.2, 0.3],
        ),
        shape("share of pages with errors", &[0.01, 0.1, 0.3, 0.6], &[-0.1, 0.0, 0.4, 1.1, 1.7]),
        shape("entropy of paths, bits", &[0.5, 1.5, 2.5, 3.5], &[0.3, -0.1, -0.1, 0.2, 0.6]),
        shape("cookies returned", &[0.5], &[0.5, -0.8]),
    ]
}

/// Remarks as a run makes them.
pub(super) fn notes() -> Vec<String> {
    vec![
        "Split by group in 5 folds, repeated 4 times; no group is in training and test at once.".to_owned(),
        "12 lines could not be read and count nowhere.".to_owned(),
    ]
}
