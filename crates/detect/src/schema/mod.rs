//! The feature schema of models: what one request looks like in numbers, with its client's past, the same while learning and
//! while serving.
//!
//! ```text
//!   scene ──► list.rs, one line each ─────────────┐
//!        ├──► every detector's evidence ──────────┴──► FeatureVector, in the order of features()
//!        └──► steps.rs, the last pages in their order ──► beside it, for models of sequences
//! ```
//!
//! A value that cannot be seen from a vantage is NaN, never a number that means something. No address, no session, no time of
//! day and no text of a user agent is a feature: they name somebody, or a data set.

mod list;

use std::ops::RangeInclusive;
use std::sync::OnceLock;

use palisade_domain::{LogOdds, Resolution, Vantage};
use palisade_model::{Expect, Seen};

use crate::detector::{Need, Needs, Scope};
use crate::features::Features;
use crate::steps::Steps;
use crate::{Scene, detectors};

pub use list::LISTED;

/// The name of this schema. A model says which one it was made for; a change of any name, unit or meaning is another one. A feature
/// more is not: models are mapped by the names of theirs.
pub const ID: &str = "http-1";

/// Most features of any schema.
pub const FEATURES_MAX: usize = 128;

/// What more of a feature means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// More of it never speaks for a person.
    Rising,
    /// More of it never speaks for a program.
    Falling,
    /// Either, and it may turn.
    Free,
}

impl Direction {
    /// Its word in model files and documents.
    pub fn name(self) -> &'static str {
        match self {
            Direction::Rising => "rising",
            Direction::Falling => "falling",
            Direction::Free => "free",
        }
    }
}

/// What a feature is.
#[derive(Clone, Debug)]
pub struct Feature {
    /// Its name: that of the list, or `evidence.` and the name of a detector.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// From its least to its greatest value.
    pub range: RangeInclusive<f32>,
    /// What more of it means.
    pub direction: Direction,
    /// Facts it cannot do without: where one is unseen, so is the feature.
    pub needs: &'static [Need],
    /// The coarsest clock it works with.
    pub resolution: Resolution,
    /// On whose past it rests.
    pub scope: Scope,
    /// What it is, in a sentence.
    pub says: &'static str,
}

/// One line of the list.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    name: &'static str,
    unit: &'static str,
    range: (f32, f32),
    direction: Direction,
    needs: &'static [Need],
    resolution: Resolution,
    scope: Scope,
    says: &'static str,
    /// `None` where there is nothing to measure yet.
    read: fn(&list::Look<'_>) -> Option<f32>,
}

/// Every feature, in the order of the vector: the list, then the detectors.
pub fn features() -> &'static [Feature] {
    static ALL: OnceLock<Vec<Feature>> = OnceLock::new();
    ALL.get_or_init(|| {
        let listed = LISTED.iter().map(|listed| Feature {
            name: listed.name,
            unit: listed.unit,
            range: listed.range.0..=listed.range.1,
            direction: listed.direction,
            needs: listed.needs,
            resolution: listed.resolution,
            scope: listed.scope,
            says: listed.says,
        });
        let evidence = detectors::all().into_iter().map(|detector| {
            let card = detector.card();
            Feature {
                // Once in the life of a process.
                name: Box::leak(format!("evidence.{}", card.name).into_boxed_str()),
                unit: "log-odds",
                range: 0.0..=card.evidence_max,
                direction: Direction::Rising,
                needs: card.needs,
                resolution: card.resolution,
                scope: card.scope,
                says: card.summary,
            }
        });
        listed.chain(evidence).collect()
    })
}

/// The names of [`features`], in their order.
pub fn names() -> impl ExactSizeIterator<Item = &'static str> + Clone {
    features().iter().map(|feature| feature.name)
}

/// What a model of traffic must fit in this release.
pub fn expected<R>(f: impl FnOnce(&Expect<'_>) -> R) -> R {
    let features: Vec<&str> = names().collect();
    let vantages = Vantage::ALL.map(Vantage::name);
    f(&Expect { schema_id: ID, features: &features, vantages: &vantages })
}

/// One request in numbers, in the order of [`features`]. NaN is unseen. Beside them are the client's last steps, where a model
/// looks at their order.
#[derive(Clone, Copy, Debug)]
pub struct FeatureVector {
    values: [f32; FEATURES_MAX],
    len: usize,
    steps: Steps,
}

impl FeatureVector {
    /// Nothing was seen.
    pub fn unseen() -> Self {
        let len = features().len().min(FEATURES_MAX);
        FeatureVector { values: [f32::NAN; FEATURES_MAX], len, steps: Steps::default() }
    }

    /// As recorded: `values` in the order of [`features`], the rest unseen.
    pub fn of(values: &[f32]) -> Self {
        let mut vector = FeatureVector::unseen();
        vector.values[..vector.len].iter_mut().zip(values).for_each(|(to, value)| *to = *value);
        vector
    }

    /// The same with steps, as recorded.
    #[must_use]
    pub fn with_steps(self, steps: Steps) -> Self {
        FeatureVector { steps, ..self }
    }

    /// What models are asked about: values and steps.
    pub fn seen(&self) -> Seen<'_> {
        Seen { numbers: self.values(), steps: self.steps.as_slice() }
    }

    /// The values.
    pub fn values(&self) -> &[f32] {
        &self.values[..self.len]
    }

    /// Multiplies the value at a place; what is no number stays none.
    pub(crate) fn weigh(&mut self, at: usize, by: f32) {
        if let Some(value) = self.values.get_mut(at) {
            *value *= by;
        }
    }

    /// The value at a place was not seen.
    pub(crate) fn forget(&mut self, at: usize) {
        if let Some(value) = self.values.get_mut(at) {
            *value = f32::NAN;
        }
    }

    /// Reads what `lines` of the list say of `scene`; `seen` is what its vantage shows. Others stay as they are.
    pub(crate) fn read(&mut self, lines: &Lines, scene: &Scene<'_>, seven: Features, seen: Needs) {
        if lines.0.is_empty() {
            return;
        }
        let look = list::Look::at(scene, seven);
        for (at, needs, listed) in &lines.0 {
            if !needs.met_by(seen) || scene.facts.resolution < listed.resolution {
                continue;
            }
            let (least, most) = listed.range;
            let read = (listed.read)(&look).filter(|value| value.is_finite());
            self.values[*at] = read.map_or(f32::NAN, |value| value.clamp(least, most));
        }
    }

    /// Puts the steps beside the values.
    pub(crate) fn set_steps(&mut self, steps: Steps) {
        self.steps = steps;
    }

    /// The evidence of detector number `at` of the list, which was asked: 0.0 where it found nothing.
    pub(crate) fn set_evidence(&mut self, at: usize, evidence: LogOdds) {
        if let Some(value) = self.values.get_mut(LISTED.len() + at) {
            *value = evidence;
        }
    }
}

/// Lines of the list that somebody wants, made ready: a request pays for no other.
#[derive(Clone, Debug)]
pub(crate) struct Lines(Box<[(usize, Needs, &'static Listed)]>);

impl Lines {
    /// Those at the places for which `is_wanted` says so.
    pub(crate) fn wanted(is_wanted: impl Fn(u16) -> bool) -> Self {
        let lines = LISTED.iter().enumerate().filter(|(at, _)| is_wanted(*at as u16));
        Lines(lines.map(|(at, listed)| (at, Needs::of(listed.needs), listed)).collect())
    }

    /// The whole list.
    pub(crate) fn all() -> &'static Lines {
        static ALL: OnceLock<Lines> = OnceLock::new();
        ALL.get_or_init(|| Lines::wanted(|_| true))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use palisade_testkit::OwnedRequest;

    use super::*;
    use crate::{Engine, EngineSettings, HashSeed, Observe};

    const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";

    fn vector(engine: &Engine, request: &OwnedRequest) -> FeatureVector {
        let headers = request.header_refs();
        let mut vector = FeatureVector::unseen();
        let mut assessment = crate::scorer::blank();
        engine.measure_into(&request.facts(&headers), Observe::Note, &mut assessment, &mut vector);
        vector
    }

    fn value(vector: &FeatureVector, name: &str) -> f32 {
        let at = names().position(|known| known == name).unwrap_or_else(|| panic!("{name}"));
        vector.values()[at]
    }

    #[test]
    fn every_feature_is_described_and_has_one_name() {
        let names: HashSet<_> = names().collect();
        assert_eq!(names.len(), features().len());
        assert!(features().len() <= FEATURES_MAX);
        for feature in features() {
            assert!(feature.range.start() < feature.range.end(), "{}", feature.name);
            assert!(!feature.unit.is_empty() && feature.says.len() > 10, "{feature:?}");
            let plain =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.".contains(&byte);
            assert!(feature.name.bytes().all(plain), "{}", feature.name);
        }
    }

    #[test]
    fn what_a_vantage_cannot_see_is_no_number() {
        let engine = Engine::new(EngineSettings::new(HashSeed([1, 2])));
        let log = OwnedRequest::log("203.0.113.5", 1_700_000_000_000, "/a?b=1", CHROME);
        let seen = vector(&engine, &log);
        assert_eq!(seen.values().len(), features().len());
        assert!(value(&seen, "evidence.fetch_metadata").is_nan(), "a log has no headers");
        assert!(value(&seen, "header_count").is_nan());
        assert_eq!(value(&seen, "evidence.ua_program"), 0.0);
        assert_eq!(value(&seen, "query_parameters"), 1.0);
        let mut gateway = log.clone();
        gateway.vantage = Vantage::GatewayClear;
        gateway.headers = Some(vec![("Host".to_owned(), "shop.example".to_owned())]);
        let seen = vector(&engine, &gateway);
        assert_eq!(value(&seen, "header_count"), 1.0);
    }

    #[test]
    fn values_stay_in_their_range() {
        let engine = Engine::new(EngineSettings::new(HashSeed([1, 2])));
        for at in 0..200_i64 {
            let target = format!("/{}?{}", "x/".repeat(at as usize), "a=1&".repeat(at as usize));
            let request =
                OwnedRequest::log("203.0.113.5", 1_700_000_000_000 + at * at, &target, "curl/8.5.0");
            let seen = vector(&engine, &request);
            for (feature, value) in features().iter().zip(seen.values()) {
                assert!(value.is_nan() || feature.range.contains(value), "{}: {value}", feature.name);
            }
        }
    }

    #[test]
    fn a_detector_that_is_off_is_unseen() {
        let off = crate::DetectorSettings { enabled: false, ..Default::default() };
        let detectors = [("ua_program".to_owned(), off)].into();
        let engine = Engine::new(EngineSettings { detectors, ..EngineSettings::new(HashSeed([1, 2])) });
        let request = OwnedRequest::log("203.0.113.5", 1_700_000_000_000, "/", "curl/8.5.0");
        assert!(value(&vector(&engine, &request), "evidence.ua_program").is_nan());
    }

    #[test]
    fn weights_of_the_operator_change_no_feature() {
        let heavy = crate::DetectorSettings { weight: 4.0, dry_run: Some(true), ..Default::default() };
        let detectors = [("ua_program".to_owned(), heavy)].into();
        let request = OwnedRequest::log("203.0.113.5", 1_700_000_000_000, "/", "curl/8.5.0");
        let plain = Engine::new(EngineSettings::new(HashSeed([1, 2])));
        let weighed = Engine::new(EngineSettings { detectors, ..EngineSettings::new(HashSeed([1, 2])) });
        let of = |engine| value(&vector(engine, &request), "evidence.ua_program");
        assert!(of(&plain) > 0.0 && of(&plain) == of(&weighed));
    }
}
