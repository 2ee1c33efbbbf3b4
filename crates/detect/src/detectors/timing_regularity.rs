//! Pages like clockwork.

use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};

use crate::features;
use crate::gather::Kind;
use crate::history::ClientHistory;
use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("timing.regular");

/// Regularity from which it speaks; 0.9 is a spread of a tenth of the mean gap.
const REGULAR_MIN: f32 = 0.9;

/// Gaps behind a judgement.
const GAPS_MIN: usize = 12;

/// Different pages among them: one page that reloads itself is no robot.
const TARGETS_MIN: usize = 6;

/// Page requests spaced like clockwork.
pub struct TimingRegularity;

static CARD: Card = Card {
    name: "timing_regularity",
    signals: &[ID],
    summary: "Different pages requested like clockwork.",
    sees: "How evenly the last 24 page requests are spaced: people vary, loops do not. At least twelve gaps, at least \
           six different pages; with a clock of seconds the mean gap must be five seconds or more.",
    cannot_see: "Programs that wait a random time.",
    errs: "Slide shows and kiosks that walk through pages on a timer.",
    source: "Timing regularity of the bot-detection API; the form guide's variance limit of 0.1 s² hit every quick \
             human burst, so the spread is taken relative to the mean.",
    group: Group::Pace,
    scope: Scope::Client,
    needs: &[Need::Target],
    resolution: Resolution::Second,
    evidence_max: 2.5,
    state: State::Counts,
};

impl Detector for TimingRegularity {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let client = scene.client;
        if scene.gathered.kind != Kind::Navigation || client.page_gaps_ms().count() < GAPS_MIN {
            return None;
        }
        let mean_ms = mean_gap_ms(client);
        let coarse = scene.facts.resolution == Resolution::Second;
        if (coarse && mean_ms < 5_000.0) || distinct_targets(client) < TARGETS_MIN {
            return None;
        }
        let regularity = features::regularity(client)?;
        if regularity < REGULAR_MIN {
            return None;
        }
        let evidence = 1.0 + (regularity - REGULAR_MIN) / (1.0 - REGULAR_MIN) * 1.5;
        let detail = Detail::two(
            "pages {a} s apart, varying by only {b} %",
            Value::Number(mean_ms / 1_000.0),
            Value::Number((1.0 - regularity) * 100.0),
        );
        Some(CARD.signal(ID, evidence, detail))
    }
}

fn mean_gap_ms(client: &ClientHistory) -> f32 {
    let (n, sum) = client.page_gaps_ms().fold((0.0, 0.0), |(n, sum), gap| (n + 1.0, sum + gap as f32));
    if n > 0.0 { sum / n } else { 0.0 }
}

/// Different targets among the kept pages, counted up to the number that matters.
fn distinct_targets(client: &ClientHistory) -> usize {
    let mut seen: arrayvec::ArrayVec<u16, TARGETS_MIN> = arrayvec::ArrayVec::new();
    for page in client.pages.newest_first() {
        if !seen.contains(&page.target) && seen.try_push(page.target).is_err() {
            break;
        }
    }
    seen.len()
}
