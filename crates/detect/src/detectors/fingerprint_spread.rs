//! One fingerprint in many places.

use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};

use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("fingerprint.spread");

/// Networks within an hour: a phone on its way to work sees three.
const NETWORKS_MIN: f32 = 7.0;

/// One claimed fingerprint on many networks.
pub struct FingerprintSpread;

static CARD: Card = Card {
    name: "fingerprint_spread",
    signals: &[ID],
    summary: "The same claimed browser fingerprint on seven or more networks within an hour.",
    sees: "The fingerprint a page's script claims (`X-Fingerprint`) and how many networks showed it within the hour.",
    cannot_see: "Clients that send none, or a new one each time. It is a claim: it never proves anything.",
    errs: "A fingerprint so coarse that many people share it: company laptops of one image on the road.",
    source: "Fingerprint reuse of the escalation engine (three addresses in seven days), mended: phones change networks, \
             so an hour and seven.",
    group: Group::Spread,
    scope: Scope::CrossClient,
    needs: &[Need::Fingerprint],
    resolution: Resolution::Second,
    evidence_max: 2.0,
    state: State::Counts,
};

impl Detector for FingerprintSpread {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let networks = scene.around.fingerprint_networks;
        if networks < NETWORKS_MIN {
            return None;
        }
        let detail = Detail::one(
            "this fingerprint was seen on {a} networks within the hour",
            Value::Number(networks.round()),
        );
        Some(CARD.signal(ID, 0.8 + (networks - NETWORKS_MIN) * 0.1, detail))
    }
}
