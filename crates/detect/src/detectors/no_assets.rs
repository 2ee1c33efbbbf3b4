//! Pages without what belongs to them.

use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};

use crate::gather::Kind;
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("assets.never");

/// Pages before it speaks.
const PAGES_MIN: u32 = 6;

/// Pages to each style, script, image or call: one asset fetched for show does not make a reader.
const PAGES_PER_PART: u32 = 50;

/// Share of the site's clients that load assets: below it the site has none of its own.
const SHARE_MIN: f32 = 0.3;

/// A browser by name that reads page after page and never loads a style, script or image.
pub struct NoAssets;

static CARD: Card = Card {
    name: "no_assets",
    signals: &[ID],
    summary: "Reads six or more pages of a site whose other visitors load assets, and never loads one, or one to fifty pages.",
    sees: "Whether a client that names a graphical browser ever loaded a style, script, image or made a script's call, \
           on a site where at least three in ten clients do.",
    cannot_see: "Sites whose assets come from elsewhere; programs that load what a page needs.",
    errs: "Readers with everything in cache from yesterday; reading modes that block all but text.",
    source: "Asset loading as in Suchacka et al. 2021 and web-log studies before it; text browsers exempt.",
    group: Group::Habit,
    scope: Scope::CrossClient,
    needs: &[Need::UserAgent, Need::Target],
    resolution: Resolution::Second,
    evidence_max: 3.2,
    state: State::Counts,
};

impl Detector for NoAssets {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let client = scene.client;
        let graphical = scene.gathered.user_agent.is_some_and(|agent| agent.is_graphical_browser());
        if scene.gathered.kind != Kind::Navigation || !graphical || scene.around.asset_share? < SHARE_MIN {
            return None;
        }
        let parts = client.assets_total.saturating_add(client.fetches_total);
        if client.pages_total < PAGES_MIN || parts.saturating_mul(PAGES_PER_PART) > client.pages_total {
            return None;
        }
        let pages = Value::Number(client.pages_total as f32);
        let detail = match parts {
            0 => Detail::one("{a} pages and not one style, script or image", pages),
            parts => {
                Detail::two("{a} pages and only {b} of all their parts", pages, Value::Number(parts as f32))
            }
        };
        Some(CARD.signal(ID, 1.0 + (client.pages_total - PAGES_MIN) as f32 * 0.05, detail))
    }
}
