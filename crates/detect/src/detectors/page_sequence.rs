//! Steps nobody takes.

use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};

use crate::gather::Kind;
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("sequence.unlikely");

/// Steps behind a judgement.
const STEPS_MIN: u8 = 8;

/// Mean improbability from which it speaks, in nats: steps that one visitor in 150 takes.
const SURPRISE_MIN: f32 = 5.0;

/// Page after page in an order that the site's visitors do not take.
pub struct PageSequence;

static CARD: Card = Card {
    name: "page_sequence",
    signals: &[ID],
    summary: "Walks from page to page in an order that visitors of this site do not take.",
    sees: "The improbability of each step from one route template to the next, learned from this site's own \
           asset-loading visitors (an order-1 Markov chain), as a mean over the last sixteen steps.",
    cannot_see: "Anything before 2,000 steps are learned; programs that follow the links people follow.",
    errs: "New sections of a site, and people who work with many tabs.",
    source: "Sequence anomaly of the anti-scraping stack (order-1 Markov), learned from the site instead of shipped.",
    group: Group::Sequence,
    scope: Scope::CrossClient,
    needs: &[Need::Target],
    resolution: Resolution::Second,
    evidence_max: 1.5,
    state: State::Counts,
};

impl Detector for PageSequence {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let client = scene.client;
        let speaks = client.surprise_steps >= STEPS_MIN && client.surprise >= SURPRISE_MIN;
        if scene.gathered.kind != Kind::Navigation || !speaks || client.loads_assets() {
            return None;
        }
        let detail = Detail::one(
            "its steps from page to page are taken by one visitor in {a}",
            Value::Number(client.surprise.min(9.0).exp().round()),
        );
        Some(CARD.signal(ID, 0.5 + (client.surprise - SURPRISE_MIN) * 0.5, detail))
    }
}
