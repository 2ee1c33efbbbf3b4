//! The feature schema of `/check`: seven numbers in a fixed order, each 0.0..=1.0 (1.0 is most like a bot).

use palisade_domain::IdentityClass;

use crate::Scene;
use crate::history::{ClientHistory, PAGES_KEPT};

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
                sameness(client, diversity),
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

/// One minus diversity; 0.0 below five pages, where nothing repeats yet.
fn sameness(client: &ClientHistory, diversity: f32) -> f32 {
    if client.pages.len() < 5 { 0.0 } else { 1.0 - diversity }
}

/// Distinct route templates among the kept pages, as a share of them; 0.0 below two pages.
pub fn route_diversity(client: &ClientHistory) -> f32 {
    let pages = client.pages.len();
    if pages < 2 {
        return 0.0;
    }
    distinct(client.pages.newest_first().map(|page| page.route)) as f32 / pages as f32
}

/// How many different ones there are among so many as history keeps pages.
pub fn distinct(ids: impl Iterator<Item = u16>) -> usize {
    // A table of some places for each page kept, and a bit for each that is taken: most are found at the first look.
    const PLACES: usize = 64;
    const _: () = assert!(PAGES_KEPT <= PLACES / 2, "a search ends");
    let (mut table, mut taken, mut count) = ([0_u16; PLACES], 0_u64, 0);
    for id in ids.take(PAGES_KEPT) {
        let mut at = usize::from(id.wrapping_mul(0x9e37) >> 10);
        while taken >> at & 1 == 1 && table[at] != id {
            at = (at + 1) % PLACES;
        }
        count += usize::from(taken >> at & 1 == 0);
        (table[at], taken) = (id, taken | 1 << at);
    }
    count
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::gather::Kind;
    use crate::history::Noted;
    use crate::route::RouteId;

    fn history(gaps_ms: &[i64], routes: u32) -> ClientHistory {
        let mut client = ClientHistory::new(0);
        let mut now_ms = 0;
        for (at, gap_ms) in gaps_ms.iter().enumerate() {
            now_ms += gap_ms;
            let route = RouteId(at as u32 % routes);
            let (body, cookie) = (None, None);
            let target = at as u32;
            client.note(&Noted {
                now_ms,
                kind: Kind::Navigation,
                route,
                target,
                body,
                cookie,
                icon: false,
                robots: false,
                sends: false,
            });
        }
        client
    }

    #[test]
    fn a_first_request_has_no_pattern_yet() {
        let client = history(&[0], 1);
        assert_eq!(sameness(&client, route_diversity(&client)), 0.0);
        assert_eq!(regularity(&client), None);
    }

    #[test]
    fn loops_are_regular_and_people_are_not() {
        assert!(regularity(&history(&[1_000; 12], 3)).is_some_and(|regular| regular > 0.99));
        let reading = history(&[0, 4_000, 61_000, 9_000, 22_000, 3_000, 130_000], 7);
        assert!(regularity(&reading).is_some_and(|regular| regular < 0.3));
    }

    proptest! {
        #[test]
        fn different_ones_are_counted_once(ids in prop::collection::vec(prop_oneof![0_u16..9, any::<u16>()], 0..PAGES_KEPT)) {
            let set: std::collections::HashSet<u16> = ids.iter().copied().collect();
            prop_assert_eq!(distinct(ids.into_iter()), set.len());
        }
    }

    #[test]
    fn diversity_counts_templates() {
        assert_eq!(route_diversity(&history(&[1_000; 10], 10)), 1.0);
        assert_eq!(route_diversity(&history(&[1_000; 10], 1)), 0.1);
    }
}
