//! A client that says it is a scanner for weaknesses.

use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};

use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("ua.scanner");

const EVIDENCE: f32 = 6.0;

/// A client that says it is a scanner for weaknesses.
pub struct UaScanner;

static CARD: Card = Card {
    name: "ua_scanner",
    signals: &[ID],
    summary: "A client that says it is a scanner for weaknesses: sqlmap, nikto, nuclei, masscan, zgrab and others.",
    sees: "Names of scanners in the user agent.",
    cannot_see: "Scanners that wear a browser's user agent, as most do after one option.",
    errs: "A scan the operator ordered: list its address as allowed.",
    source: "User agents in the scanners' own documentation and sources.",
    group: Group::Attack,
    scope: Scope::Request,
    needs: &[Need::UserAgent],
    resolution: Resolution::Second,
    evidence_max: EVIDENCE,
    state: State::Counts,
};

impl Detector for UaScanner {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let claim = &scene.gathered.claim;
        let name = claim.name.unwrap_or("a scanner");
        claim.scanner.then(|| {
            CARD.signal(ID, EVIDENCE, Detail::one("it says it is {a}, a scanner", Value::Word(name)))
        })
    }
}
