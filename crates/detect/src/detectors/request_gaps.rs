//! Pages faster than a hand.

use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};

use crate::gather::Kind;
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("timing.gaps");

/// Gaps that must be short before it speaks: more than the tabs of a restored session.
const SHORT_MIN: usize = 14;

/// Gaps between page requests that no hand makes.
pub struct RequestGaps;

static CARD: Card = Card {
    name: "request_gaps",
    signals: &[ID],
    summary: "Many page requests in a row less than 100 ms (or 50 ms) apart.",
    sees: "The gaps between the last 24 page requests, the present one included. Fourteen of them below 100 ms speak, \
           below 50 ms louder. Needs a clock of milliseconds.",
    cannot_see: "Anything in logs with whole seconds; programs that wait.",
    errs: "A session of more than fourteen tabs restored at once with all assets in cache.",
    source: "The form-protection guide rejected below 50 ms and logged below 100 ms, comparing the two requests before \
             the present one and never forgetting a refused client; here the present one counts, a single gap does not.",
    group: Group::Pace,
    scope: Scope::Client,
    needs: &[Need::Target],
    resolution: Resolution::Milli,
    evidence_max: 2.5,
    state: State::Counts,
};

impl Detector for RequestGaps {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        if scene.gathered.kind != Kind::Navigation || scene.client.loads_assets() {
            return None;
        }
        let below = |limit_ms: u32| scene.client.page_gaps_ms().filter(|&gap| gap < limit_ms).count();
        let (fifty, hundred) = (below(50), below(100));
        if hundred < SHORT_MIN {
            return None;
        }
        let (evidence, count, limit) =
            if fifty >= SHORT_MIN { (2.5, fifty, 50.0) } else { (1.5, hundred, 100.0) };
        let detail = Detail::two(
            "{a} of the last pages came less than {b} ms after the one before",
            Value::Number(count as f32),
            Value::Number(limit),
        );
        Some(CARD.signal(ID, evidence, detail))
    }
}
