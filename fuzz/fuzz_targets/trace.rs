//! What a widget sends. Beyond not crashing: every refusal has a code, what is read is bounded, what may be stored holds no
//! key and reads back as itself, features and scores are finite, and a recording keeps its shape when it is sent again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_challenge::Code;
use palisade_challenge::behaviour::trace::{EVENTS_MAX, MARKS_MAX, SOLUTIONS_MAX, TRACE_BYTES_MAX, Trace};
use palisade_challenge::behaviour::{Around, HUMAN_MIN, Interaction, NO_TICKET_HUMAN_MAX, Submission, judge};
use palisade_domain::Timestamp;

const AROUND: Around<'_> =
    Around { now: Timestamp(1_700_000_000_000_000), ticket: None, user_agent: None, key: [1, 2] };

/// Everything a trace may hold: an object of these names, and no others anywhere in it but those of marks.
const NAMES: [&str; 29] = [
    "interactions",
    "mouseMovements",
    "keyPresses",
    "scrollEvents",
    "formInteractions",
    "touchEvents",
    "penEvents",
    "mouseClicks",
    "focusEvents",
    "visibilityEvents",
    "x",
    "y",
    "time",
    "type",
    "state",
    "scrollTop",
    "field",
    "force",
    "dropped",
    "duration",
    "loadTimestamp",
    "device",
    "viewport",
    "width",
    "height",
    "formLength",
    "marks",
    "honeypot",
    "family",
];
const WORDS: [&str; 12] = [
    "down", "up", "start", "move", "end", "focus", "blur", "visible", "hidden", "desktop", "mobile", "tablet",
];

fn holds_no_text(value: &serde_json::Value) {
    match value {
        serde_json::Value::String(text) => assert!(WORDS.contains(&text.as_str()), "{text}"),
        serde_json::Value::Array(values) => values.iter().for_each(holds_no_text),
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                assert!(NAMES.contains(&name.as_str()), "{name}");
                // Names of marks are the client's, their values numbers.
                match (name.as_str(), value) {
                    ("marks", serde_json::Value::Object(marks)) => {
                        assert!(marks.len() <= MARKS_MAX && marks.values().all(serde_json::Value::is_number));
                    }
                    _ => holds_no_text(value),
                }
            }
        }
        _ => {}
    }
}

fn look_at(trace: &Trace) {
    let kept = [
        trace.moves.len(),
        trace.keys.len(),
        trace.scrolls.len(),
        trace.forms.len(),
        trace.touches.len(),
        trace.pens.len(),
        trace.clicks.len(),
        trace.focuses.len(),
        trace.visibilities.len(),
    ];
    assert!(kept.iter().all(|kept| *kept <= EVENTS_MAX));
    assert!(trace.work.as_ref().is_none_or(|work| work.solutions.len() <= SOLUTIONS_MAX));

    let found = judge(trace, &AROUND);
    assert!(found.features.vector().iter().all(|value| value.is_finite() && *value >= 0.0));
    assert!((HUMAN_MIN..=NO_TICKET_HUMAN_MAX).contains(&found.human));

    let stored = trace.to_json();
    holds_no_text(&serde_json::from_str(&stored).expect("our own spelling is JSON"));
    if stored.len() <= TRACE_BYTES_MAX {
        let again = Trace::read(stored.as_bytes()).expect("our own spelling is read");
        assert_eq!(again.acts(), trace.acts());
        assert_eq!(again.to_json(), stored);
    }
    let mut whole = trace.clone();
    whole.moves.iter_mut().for_each(|at| (at.x, at.y) = (at.x.round(), at.y.round()));
    let mut shifted = whole.clone();
    shifted
        .moves
        .iter_mut()
        .for_each(|at| (at.x, at.y, at.time) = (at.x + 7.0, at.y - 3.0, at.time + 5_000.0));
    assert_eq!(judge(&whole, &AROUND).shape, judge(&shifted, &AROUND).shape);
}

fuzz_target!(|bytes: &[u8]| {
    match Trace::read(bytes) {
        Ok(trace) => look_at(&trace),
        Err(code) => assert!(matches!(
            code,
            Code::TooLarge | Code::BadRequest | Code::MalformedTrace | Code::MalformedWork
        )),
    }
    if let Ok(Submission { trace: Some(trace), .. }) = Submission::read(bytes) {
        look_at(&trace);
    }
    if let Ok(interaction) = Interaction::read(bytes) {
        assert_eq!(Trace::read(bytes).as_ref(), Ok(&interaction.trace));
    }
});
