//! A page opened without `Upgrade-Insecure-Requests`.

use palisade_domain::{Detail, Resolution, Signal, SignalId};

use super::claimed::{self, Browser};
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("headers.upgrade_insecure");

const EVIDENCE: f32 = 1.2;

/// A page opened without `Upgrade-Insecure-Requests`.
pub struct UpgradeInsecure;

static CARD: Card = Card {
    name: "upgrade_insecure",
    signals: &[ID],
    summary: "Chrome or Firefox opening a page without Upgrade-Insecure-Requests.",
    sees: "The absence of a header that both send with every page they open, encrypted or not.",
    cannot_see: "Safari, which has dropped it over time.",
    errs: "Downloads through a link's menu; it is a small hint that only counts beside others.",
    source: "W3C Upgrade Insecure Requests, section 3.2.1; recorded Chromium 156, Firefox 153 and QtWebEngine 5.15 \
             send it with every page.",
    group: Group::Headers,
    scope: Scope::Request,
    needs: &[Need::UserAgent, Need::Headers],
    resolution: Resolution::Second,
    evidence_max: EVIDENCE,
    state: State::Counts,
};

impl Detector for UpgradeInsecure {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let sends = matches!(claimed::browser(scene)?, Browser::Chromium(50..) | Browser::Firefox(50..));
        let is_missing = || scene.header("upgrade-insecure-requests").is_absent();
        (sends && is_missing() && claimed::opens_page(scene)).then(|| {
            CARD.signal(ID, EVIDENCE, Detail::plain("a page is opened without Upgrade-Insecure-Requests"))
        })
    }
}
