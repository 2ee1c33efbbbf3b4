//! What a data set or a model is about, traffic or behaviour: the one place that tells them apart.

use palisade_challenge::behaviour::schema as hands;
use palisade_detect::schema as requests;
use palisade_model::{Expect, Model, Subject};

use crate::dataset::Dataset;
use crate::evaluation::Scored;
use crate::traffic::{Split, TrafficSettings, TrainError, TrainedTraffic};
use crate::{behaviour, traffic};

/// The schema by which this release puts a subject into numbers.
pub fn schema_id(subject: Subject) -> &'static str {
    match subject {
        Subject::Traffic => requests::ID,
        Subject::Behaviour => hands::ID,
    }
}

/// What the columns of `data` are about. Another schema than one of this release is taken for traffic, which then refuses it by name.
pub fn of(data: &Dataset) -> Subject {
    if data.schema == hands::ID { Subject::Behaviour } else { Subject::Traffic }
}

/// What a model of `subject` must fit in this release.
pub fn expected<R>(subject: Subject, f: impl FnOnce(&Expect<'_>) -> R) -> R {
    match subject {
        Subject::Traffic => requests::expected(f),
        Subject::Behaviour => hands::expected(f),
    }
}

/// As [`traffic::train`] or [`behaviour::train`].
///
/// # Errors
/// As those.
pub fn train(data: &Dataset, settings: &TrafficSettings) -> Result<TrainedTraffic, TrainError> {
    match of(data) {
        Subject::Traffic => traffic::train(data, settings),
        Subject::Behaviour => behaviour::train(data, settings),
    }
}

/// As [`traffic::held_out`] or [`behaviour::held_out`].
///
/// # Errors
/// As those.
pub fn held_out(data: &Dataset, settings: &TrafficSettings, split: Split) -> Result<Vec<Scored>, TrainError> {
    match of(data) {
        Subject::Traffic => traffic::held_out(data, settings, split),
        Subject::Behaviour => behaviour::held_out(data, settings, split),
    }
}

/// As [`traffic::score`] or [`behaviour::score`].
pub fn score(model: &Model, data: &Dataset) -> Vec<Scored> {
    match of(data) {
        Subject::Traffic => traffic::score(model, data),
        Subject::Behaviour => behaviour::score(model, data),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_subject_has_a_word_and_a_schema_of_its_own() {
        for subject in [Subject::Traffic, Subject::Behaviour] {
            assert_eq!(serde_json::to_string(&subject).expect("a word"), format!("\"{}\"", subject.name()));
            let data = Dataset { schema: schema_id(subject).to_owned(), ..Dataset::default() };
            assert_eq!(of(&data), subject);
            assert_eq!(expected(subject, |expect| expect.schema_id.to_owned()), schema_id(subject));
        }
    }
}
