//! The same form again and again.

use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};

use crate::gather::Kind;
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("repeat.bodies");

/// Identical submissions in a row: a person clicks twice, or three times.
const REPEATS_MIN: u16 = 5;

/// The same form body many times in a row.
pub struct IdenticalBodies;

static CARD: Card = Card {
    name: "identical_bodies",
    signals: &[ID],
    summary: "The same form body submitted five times or more in a row.",
    sees: "A hash of each submitted body of pages and forms. Scripts' calls (polling) do not count.",
    cannot_see: "Bodies beyond the held prefix; logs have none; spam with a changing word.",
    errs: "A broken form that people keep submitting.",
    source: "Pattern score of the form-protection guide (three identical bodies), mended: a person's double click is \
             not three, and polling does not count.",
    group: Group::Pace,
    scope: Scope::Client,
    needs: &[Need::Body],
    resolution: Resolution::Second,
    evidence_max: 3.0,
    state: State::Counts,
};

impl Detector for IdenticalBodies {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let repeats = scene.client.same_bodies;
        let has_body = scene.facts.body.known().is_some_and(|body| !body.bytes.is_empty());
        if scene.gathered.kind != Kind::Navigation || !has_body || repeats < REPEATS_MIN {
            return None;
        }
        let evidence = 1.5 + 0.25 * f32::from(repeats - REPEATS_MIN);
        let detail = Detail::one("the same body {a} times in a row", Value::Number(f32::from(repeats)));
        Some(CARD.signal(ID, evidence, detail))
    }
}
