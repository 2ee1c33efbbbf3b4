//! A browser that never asks for the icon.

use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};
use palisade_fingerprint::user_agent::Family;

use crate::gather::Kind;
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("assets.no_icon");

/// Loads pages and their assets and never an icon.
pub struct IconHabit;

static CARD: Card = Card {
    name: "icon_habit",
    signals: &[ID],
    summary: "Loads pages with their assets and never asks for an icon.",
    sees: "Graphical browsers that loaded three pages and ten assets and never a file ending in .ico: browsers without \
           a window do not ask for it.",
    cannot_see: "Icons under other names; whether the icon lies in the cache.",
    errs: "Returning visitors: icons stay in the cache for weeks; sites that name a PNG.",
    source: "Favicon habit of first-line log detectors (arXiv 2603.28546).",
    group: Group::Habit,
    scope: Scope::Client,
    needs: &[Need::UserAgent, Need::Target],
    resolution: Resolution::Second,
    evidence_max: 0.6,
    state: State::DryRun("a returning visitor's cached icon looks the same, and no log tells them apart"),
};

impl Detector for IconHabit {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let client = scene.client;
        let graphical = scene
            .gathered
            .user_agent
            .is_some_and(|agent| matches!(agent.family, Family::Chrome | Family::Firefox | Family::Edge));
        let loads = client.pages_total >= 3 && client.assets_total >= 10;
        if scene.gathered.kind != Kind::Navigation || !graphical || !loads || client.asked_icon {
            return None;
        }
        let detail = Detail::one("{a} assets and never an icon", Value::Number(client.assets_total as f32));
        Some(CARD.signal(ID, 0.6, detail))
    }
}
