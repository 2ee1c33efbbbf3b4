//! The feature schema of `/check`: seven numbers in a fixed order, each 0.0..=1.0 (1.0 is most like a bot).

use palisade_domain::IdentityClass;

use crate::Scene;
use crate::history::ClientHistory;

/// Names of the features, in order.
pub const NAMES: [&str; 7] = [
    "request_rate",
    "user_agent",
    "endpoint_pattern",
    "timing_regularity",
    "request_entropy",
    "failed_login_rate",
    "burst",
];

/// The seven features of one request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Features(pub [f32; 7]);

impl Features {
    /// Computes the features of a scene.
    pub fn of(scene: &Scene<'_>) -> Self {
        let client = scene.client;
        let diversity = route_diversity(client);
        Features(
            [
                client.pages_per_minute() / 120.0,
                user_agent(scene),
                1.0 - diversity,
                regularity(client).unwrap_or(0.0),
                diversity,
                failed_login_share(client),
                client.pages_ten_seconds.count(client.last_seen_ms.max(0) as u64) / 40.0,
            ]
            .map(|feature: f32| if feature.is_finite() { feature.clamp(0.0, 1.0) } else { 0.0 }),
        )
    }
}

fn user_agent(scene: &Scene<'_>) -> f32 {
    match (scene.gathered.claim.class, scene.facts.user_agent.is_absent()) {
        (Some(IdentityClass::Tool | IdentityClass::Library), _) => 0.9,
        (Some(_), _) => 0.8,
        (None, true) => 0.7,
        (None, false) => 0.0,
    }
}

/// Distinct route templates among the kept pages, as a share of them; 0.0 below two pages.
pub fn route_diversity(client: &ClientHistory) -> f32 {
    let pages = client.pages.len();
    if pages < 2 {
        return 0.0;
    }
    let mut seen: arrayvec::ArrayVec<u16, { crate::history::PAGES_KEPT }> = arrayvec::ArrayVec::new();
    for page in client.pages.newest_first() {
        if !seen.contains(&page.route) {
            seen.push(page.route);
        }
    }
    seen.len() as f32 / pages as f32
}

/// How evenly the kept page requests are spaced: 1.0 minus the coefficient of variation of their gaps, 0.0..=1.0;
/// `None` below five gaps or where they all fall into one moment.
pub fn regularity(client: &ClientHistory) -> Option<f32> {
    let (mut n, mut sum, mut squares) = (0.0_f32, 0.0_f32, 0.0_f32);
    for gap in client.page_gaps_ms() {
        let gap = gap as f32;
        (n, sum, squares) = (n + 1.0, sum + gap, squares + gap * gap);
    }
    if n < 5.0 || sum <= 0.0 {
        return None;
    }
    let mean = sum / n;
    let variance = (squares / n - mean * mean).max(0.0);
    Some((1.0 - variance.sqrt() / mean).clamp(0.0, 1.0))
}

fn failed_login_share(client: &ClientHistory) -> f32 {
    let now_ms = client.last_seen_ms.max(0) as u64;
    let attempts = client.login_attempts.value(now_ms);
    if attempts < 0.5 { 0.0 } else { client.login_failures.value(now_ms) / attempts }
}
