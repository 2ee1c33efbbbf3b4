//! A model file, as it comes and as the document of a file whose first and last line are right. What is refused says why in
//! words that a terminal can show; what is read is written and read again as the same, and scores whatever comes: within
//! 0 to 100; an additive model never below what nothing says, and never against the direction of a shape.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_model::{Contributions, Direction, Model, ModelFile, Seen, Step, View, testing};
use ring::digest::{SHA256, digest};

const VALUES: [f32; 9] = [f32::NEG_INFINITY, f32::MIN, -1.0, -0.0, 1e-45, 0.5, 30.0, f32::MAX, f32::INFINITY];

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    read(&sealed(bytes));
});

/// A file of a document; nearly nothing would come past the checksum else.
fn sealed(document: &[u8]) -> Vec<u8> {
    let mut file = [b"palisade-model 1\n", document, b"\n"].concat();
    let digits: String = digest(&SHA256, &file).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    file.extend_from_slice(format!("sha256 {digits}\n").as_bytes());
    file
}

fn read(bytes: &[u8]) {
    let model = match Model::read(bytes, &testing::EXPECT) {
        Ok(model) => model,
        Err(error) => {
            let text = error.to_string();
            assert!(!text.is_empty() && text.len() < 2_000 && !text.contains(char::is_control), "{text}");
            return;
        }
    };
    let written = model.to_bytes();
    let again = Model::read(&written, &testing::EXPECT).expect("what was written is read");
    assert!(again == model && again.to_bytes() == written);
    for (at, view) in model.views().iter().enumerate() {
        assert!(view.vantages().iter().all(|vantage| model.view_for(vantage).is_some()));
        score(model.file(), at, view);
    }
}

fn score(file: &ModelFile, at: usize, view: &View) {
    let mut contributions = Contributions::new();
    let base = view.base();
    for value in VALUES.into_iter().chain([f32::NAN]) {
        let features = [value; testing::EXPECT.features.len()];
        let scored = view.score_into(&features, &mut contributions);
        assert!(
            (0.0..=100.0).contains(&scored.score) && scored.raw.is_finite() && scored.log_odds.is_finite()
        );
        assert!(contributions.as_slice().iter().all(|log_odds| log_odds.is_finite()));
        assert!(view.score(&features) == scored && view.log_odds(&features) == scored.log_odds);
        let steps = [0, 1, 2, 1, 1, u16::MAX].map(|symbol| Step { how: symbol, place: symbol });
        let seen = Seen { numbers: &features, steps: &steps };
        let scored = view.score_into(seen, &mut contributions);
        assert!((0.0..=100.0).contains(&scored.score) && view.score(seen) == scored);
        assert!(contributions.sequence().is_finite());
    }
    for shape in &file.views[at].shapes {
        let mut before = None;
        for value in VALUES.into_iter().chain([f32::NAN]) {
            let mut features = [0.5; testing::EXPECT.features.len()];
            features[usize::from(shape.feature)] = value;
            let scored = view.score_into(&features, &mut contributions);
            assert!(
                (0.0..=100.0).contains(&scored.score)
                    && scored.raw.is_finite()
                    && scored.log_odds.is_finite()
            );
            assert!(scored.raw >= base.raw && scored.score >= base.score);
            let sum: f32 = contributions.as_slice().iter().sum();
            assert!((base.raw + sum - scored.raw).abs() <= 1e-4 * (1.0 + base.raw.abs() + sum));
            let before = before.replace(scored).filter(|_| !value.is_nan());
            match (shape.direction, before) {
                (Direction::Rising, Some(before)) => {
                    assert!(before.raw <= scored.raw && before.score <= scored.score)
                }
                (Direction::Falling, Some(before)) => {
                    assert!(before.raw >= scored.raw && before.score >= scored.score)
                }
                _ => {}
            }
        }
    }
}
