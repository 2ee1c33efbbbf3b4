//! The visible list: one line for each feature that is no detector's evidence.
//!
//! Counts that have no end are logarithms of one plus the count, so that the step from 1 to 2 weighs more than that from 1,001 to
//! 1,002. A feature that needs two of something is unseen before there are two.

use arrayvec::ArrayVec;
use palisade_domain::{Fact, Resolution};

use super::Direction::{Falling, Free, Rising};
use super::{Direction, Listed};
use crate::Scene;
use crate::detector::{Need, Scope};
use crate::features::{Features, distinct, regularity};
use crate::gather::Kind;
use crate::history::{ClientHistory, PAGES_KEPT, Rhythm};

const fn line(
    name: &'static str,
    unit: &'static str,
    range: (f32, f32),
    direction: Direction,
    scope: Scope,
    says: &'static str,
    read: fn(&Look<'_>) -> Option<f32>,
) -> Listed {
    Listed { name, unit, range, direction, needs: &[], resolution: Resolution::Second, scope, says, read }
}

impl Listed {
    const fn needing(self, needs: &'static [Need]) -> Listed {
        Listed { needs, ..self }
    }

    const fn clocked(self, resolution: Resolution) -> Listed {
        Listed { resolution, ..self }
    }
}

/// What a feature is read from: the scene, and what several features need of it.
pub(super) struct Look<'a> {
    scene: &'a Scene<'a>,
    seven: Features,
    /// The gaps between the kept pages in milliseconds, shortest first.
    gaps: Gaps,
}

type Gaps = ArrayVec<u32, PAGES_KEPT>;

impl<'a> Look<'a> {
    pub(super) fn at(scene: &'a Scene<'a>, seven: Features) -> Self {
        let mut gaps: Gaps = scene.client.page_gaps_ms().collect();
        gaps.sort_unstable();
        Look { scene, seven, gaps }
    }
}

/// A share of one.
const SHARE: (f32, f32) = (0.0, 1.0);
/// The logarithm of one plus a count of up to a million.
const LOG: (f32, f32) = (0.0, 13.9);
/// The natural logarithm of milliseconds, from one to a month.
const LOG_MS: (f32, f32) = (0.0, 21.7);

/// Every feature of the list, in its order.
#[rustfmt::skip]
pub static LISTED: [Listed; 51] = [
    // The seven of `/check`.
    line("request_rate", "share of 120 a minute", SHARE, Rising, Scope::Client, "How many pages were asked for in the last minute", |look| seven(look, 0)),
    line("user_agent", "suspicion", SHARE, Rising, Scope::Request, "How much the user agent says of a program", |look| seven(look, 1)).needing(&[Need::UserAgent]),
    line("endpoint_pattern", "share", SHARE, Rising, Scope::Client, "How much alike the pages are that were asked for", |look| seven(look, 2)).needing(&[Need::Target]),
    line("timing_regularity", "share", SHARE, Rising, Scope::Client, "How evenly page requests are spaced", |look| regularity(look.scene.client)).clocked(Resolution::Milli),
    line("request_entropy", "share", SHARE, Free, Scope::Client, "How many different kinds of pages were asked for", |look| (look.scene.client.pages.len() >= 2).then(|| look.seven.0[4])).needing(&[Need::Target]),
    line("failed_login_rate", "share", SHARE, Rising, Scope::Client, "How many of the logins failed", |look| seven(look, 5)),
    line("burst", "share of 40 in ten seconds", SHARE, Rising, Scope::Client, "How many pages were asked for in the last ten seconds", |look| seven(look, 6)),
    // How much, and how fast.
    line("pages", "log of 1 + count", LOG, Free, Scope::Client, "Page requests since the client was first seen", |look| Some(log(look.scene.client.pages_total))),
    line("fetches", "log of 1 + count", LOG, Free, Scope::Client, "Calls of scripts since then", |look| Some(log(look.scene.client.fetches_total))),
    line("assets", "log of 1 + count", LOG, Free, Scope::Client, "Parts of pages since then", |look| Some(log(look.scene.client.assets_total))),
    line("machine_files", "log of 1 + count", LOG, Free, Scope::Client, "Feeds, robots.txt and the like since then", |look| Some(log(look.scene.client.machine_total))),
    line("requests_ten_seconds", "log of 1 + count", LOG, Free, Scope::Client, "Requests of all kinds in the last ten seconds", |look| Some(log_of(look.scene.client.all_ten_seconds.count(look.scene.client.now_ms())))),
    line("age", "log of milliseconds", LOG_MS, Free, Scope::Client, "How long the client has been known", |look| Some(log_ms(look.scene.client.last_seen_ms - look.scene.client.first_seen_ms))),
    line("pace", "log of milliseconds a page", LOG_MS, Free, Scope::Client, "Mean time from page to page since it was first seen", pace),
    line("gap_least", "log of milliseconds", LOG_MS, Free, Scope::Client, "Shortest time between two of the last pages", |look| gaps(look, |gaps| gaps.first().copied())),
    line("gap_median", "log of milliseconds", LOG_MS, Free, Scope::Client, "Middle time between two of the last pages", |look| gaps(look, |gaps| gaps.get(gaps.len() / 2).copied())),
    line("gap_most", "log of milliseconds", LOG_MS, Free, Scope::Client, "Longest time between two of the last pages", |look| gaps(look, |gaps| gaps.last().copied())),
    line("gap_spread", "log of milliseconds", LOG_MS, Falling, Scope::Client, "From the first to the third quarter of the times between pages", gap_spread),
    line("gaps_within_a_second", "share", SHARE, Rising, Scope::Client, "Share of the last pages that came within a second of the one before", |look| share_of_gaps(look, 0, 1_000)).clocked(Resolution::Milli),
    line("gaps_beyond_a_minute", "share", SHARE, Free, Scope::Client, "Share of the last pages that came a minute or more after the one before", |look| share_of_gaps(look, 60_000, u32::MAX)),
    line("gaps_alike", "share", SHARE, Rising, Scope::Client, "Share of the times between pages that are within a twentieth of the middle one", gaps_alike).clocked(Resolution::Milli),
    line("reads_gap_mean", "log of 1 + milliseconds", LOG_MS, Free, Scope::Client, "Mean time from page to page, of all that were read", |look| rhythm(&look.scene.client.reads, |reads| reads.mean)).needing(&[Need::Method]),
    line("reads_gap_deviation", "log of 1 + milliseconds", LOG_MS, Free, Scope::Client, "How much the times from page to page differ", |look| rhythm(&look.scene.client.reads, |reads| reads.variance.sqrt())).needing(&[Need::Method]),
    line("reads_gap_most", "log of 1 + milliseconds", LOG_MS, Free, Scope::Client, "The longest of the times from page to page", |look| rhythm(&look.scene.client.reads, |reads| log(reads.longest_ms))).needing(&[Need::Method]),
    line("parts_gap_mean", "log of 1 + milliseconds", LOG_MS, Free, Scope::Client, "Mean time between parts of pages", |look| rhythm(&look.scene.client.parts, |parts| parts.mean)).needing(&[Need::Target]),
    line("parts_gap_deviation", "log of 1 + milliseconds", LOG_MS, Free, Scope::Client, "How much the times between parts of pages differ", |look| rhythm(&look.scene.client.parts, |parts| parts.variance.sqrt())).needing(&[Need::Target]),
    line("parts_gap_most", "log of 1 + milliseconds", LOG_MS, Free, Scope::Client, "The longest of the times between parts of pages", |look| rhythm(&look.scene.client.parts, |parts| log(parts.longest_ms))).needing(&[Need::Target]),
    line("sends", "log of 1 + count", LOG, Free, Scope::Client, "Requests that sent something since the client was first seen", |look| Some(log(u32::from(look.scene.client.sends.count)))).needing(&[Need::Method]),
    line("sends_a_page", "log of 1 + sent a page", LOG, Free, Scope::Client, "Requests that sent something for each page that was read", |look| Some(log_of(f32::from(look.scene.client.sends.count) / f32::from(look.scene.client.reads.count.max(1))))).needing(&[Need::Method]),
    line("sends_gap_mean", "log of 1 + milliseconds", LOG_MS, Free, Scope::Client, "Mean time between requests that sent something", |look| rhythm(&look.scene.client.sends, |sends| sends.mean)).needing(&[Need::Method]),
    line("sends_gap_deviation", "log of 1 + milliseconds", LOG_MS, Free, Scope::Client, "How much the times between requests that sent something differ", |look| rhythm(&look.scene.client.sends, |sends| sends.variance.sqrt())).needing(&[Need::Method]),
    line("sends_gap_most", "log of 1 + milliseconds", LOG_MS, Free, Scope::Client, "The longest of the times between requests that sent something", |look| rhythm(&look.scene.client.sends, |sends| log(sends.longest_ms))).needing(&[Need::Method]),
    // What is asked for, and in what order.
    line("targets_repeated", "share", SHARE, Free, Scope::Client, "Share of the last pages whose whole address was asked for before", |look| repeated(look.scene.client)).needing(&[Need::Target]),
    line("routes_in_a_row", "share", SHARE, Free, Scope::Client, "Share of the last pages of the same kind as the one before", |look| in_a_row(look.scene.client)).needing(&[Need::Target]),
    line("surprise", "nats a step", (0.0, 16.0), Free, Scope::CrossClient, "How improbable the order of its pages is on this site", |look| (look.scene.client.surprise_steps >= 3).then_some(look.scene.client.surprise)).needing(&[Need::Target]),
    line("path_depth", "segments", (0.0, 16.0), Free, Scope::Request, "How deep the path is", |look| Some(look.scene.gathered.path.bytes().filter(|byte| *byte == b'/').count() as f32)).needing(&[Need::Target]),
    line("path_length", "log of 1 + bytes", LOG, Free, Scope::Request, "How long the path is", |look| Some(log_of(look.scene.gathered.path.len() as f32))).needing(&[Need::Target]),
    line("query_parameters", "count", (0.0, 64.0), Free, Scope::Request, "Parameters of the query", |look| Some(parameters(look.scene.gathered.query))).needing(&[Need::Target]),
    // What a browser does beside pages.
    line("assets_a_page", "log of 1 + assets a page", LOG, Falling, Scope::Client, "Parts of pages for each page", |look| a_page(look.scene.client, look.scene.client.assets_total)).needing(&[Need::Target]),
    line("fetches_a_page", "log of 1 + calls a page", LOG, Free, Scope::Client, "Calls of scripts for each page", |look| a_page(look.scene.client, look.scene.client.fetches_total)).needing(&[Need::Target]),
    line("pages_since_asset", "log of 1 + count", LOG, Rising, Scope::Client, "Pages since the last part of one", |look| Some(log(u32::from(look.scene.client.pages_since_asset)))).needing(&[Need::Target]),
    line("asked_icon", "0 or 1", SHARE, Falling, Scope::Client, "Whether it ever asked for the site's icon", |look| Some(f32::from(u8::from(look.scene.client.asked_icon)))).needing(&[Need::Target]),
    line("cookies_kept", "0 or 1", SHARE, Falling, Scope::Client, "Whether it ever showed a cookie", |look| Some(f32::from(u8::from(look.scene.client.sent_cookie)))).needing(&[Need::Headers]),
    line("referrer_shown", "0 or 1", SHARE, Free, Scope::Request, "Whether it says where it comes from", |look| Some(f32::from(u8::from(look.scene.facts.referrer.is_known())))).needing(&[Need::Referrer]),
    line("is_page", "0 or 1", SHARE, Free, Scope::Request, "Whether a page is asked for", |look| Some(f32::from(u8::from(look.scene.gathered.kind == Kind::Navigation)))).needing(&[Need::Target]),
    line("client_error_share", "share", SHARE, Rising, Scope::Client, "Share of its pages that were missing or refused by the site", |look| errors(look.scene.client)),
    line("header_count", "count", (0.0, 64.0), Free, Scope::Request, "Headers of the request", |look| match look.scene.facts.headers { Fact::Known(list) => Some(list.entries.len() as f32), _ => None }).needing(&[Need::Headers]),
    // The network, and other clients.
    line("network_clients", "log of 1 + count", LOG, Free, Scope::Network, "Different clients of its network within the hour", |look| Some(log_of(look.scene.network.children()))),
    line("network_pages", "log of 1 + a minute", LOG, Rising, Scope::Network, "Page requests of its network in the last minute", |look| Some(log_of(look.scene.network.pages_per_minute()))),
    line("fingerprint_networks", "log of 1 + count", LOG, Rising, Scope::CrossClient, "Networks that showed its claimed fingerprint within the hour", |look| Some(log_of(look.scene.around.fingerprint_networks))).needing(&[Need::Fingerprint]),
    line("crowd_pages", "log of 1 + a minute", LOG, Rising, Scope::Network, "Page requests a minute of a network of many clients that load nothing else", |look| Some(log_of(look.scene.around.crowd_pages_minute))),
];

fn seven(look: &Look<'_>, at: usize) -> Option<f32> {
    Some(look.seven.0[at])
}

fn log(count: u32) -> f32 {
    log_of(count as f32)
}

fn log_of(count: f32) -> f32 {
    count.max(0.0).ln_1p()
}

fn log_ms(millis: i64) -> f32 {
    (millis.max(1) as f32).ln()
}

/// Whole seconds, in milliseconds: most logs know no more, and a model must not learn which clock a client was seen by.
fn log_whole_seconds(gap_ms: u32) -> f32 {
    log_ms(i64::from(gap_ms / 1_000 * 1_000))
}

fn pace(look: &Look<'_>) -> Option<f32> {
    let client = look.scene.client;
    let steps = client.pages_total.checked_sub(1).filter(|steps| *steps > 0)?;
    let millis = (client.last_seen_ms - client.first_seen_ms).max(1);
    Some((millis as f32 / steps as f32).max(1.0).ln())
}

/// What `pick` says of a rhythm of two gaps or more.
fn rhythm(rhythm: &Rhythm, pick: fn(&Rhythm) -> f32) -> Option<f32> {
    (rhythm.gaps() >= 2).then(|| pick(rhythm))
}

fn gaps(look: &Look<'_>, pick: fn(&[u32]) -> Option<u32>) -> Option<f32> {
    pick(&look.gaps).map(log_whole_seconds)
}

fn gap_spread(look: &Look<'_>) -> Option<f32> {
    let gaps = &look.gaps;
    (gaps.len() >= 4).then(|| log_whole_seconds(gaps[gaps.len() * 3 / 4] - gaps[gaps.len() / 4]))
}

/// Share of the gaps in `least..most`.
fn share_of_gaps(look: &Look<'_>, least: u32, most: u32) -> Option<f32> {
    let within = look.gaps.iter().filter(|gap| (least..most).contains(*gap)).count();
    (look.gaps.len() >= 2).then(|| within as f32 / look.gaps.len() as f32)
}

fn gaps_alike(look: &Look<'_>) -> Option<f32> {
    let gaps = &look.gaps;
    if gaps.len() < 4 {
        return None;
    }
    let middle = gaps[gaps.len() / 2] as f32;
    let alike = gaps.iter().filter(|gap| (**gap as f32 - middle).abs() <= middle * 0.05).count();
    Some(alike as f32 / gaps.len() as f32)
}

fn repeated(client: &ClientHistory) -> Option<f32> {
    let pages = client.pages.len();
    let again = || pages - distinct(client.pages.newest_first().map(|page| page.target));
    (pages >= 2).then(|| again() as f32 / (pages - 1) as f32)
}

fn in_a_row(client: &ClientHistory) -> Option<f32> {
    let newer = client.pages.newest_first();
    let (mut all, mut same) = (0.0, 0.0);
    for (new, old) in newer.zip(client.pages.newest_first().skip(1)) {
        all += 1.0;
        same += f32::from(u8::from(new.route == old.route));
    }
    (all >= 1.0).then(|| same / all)
}

fn a_page(client: &ClientHistory, count: u32) -> Option<f32> {
    (client.pages_total > 0).then(|| log_of(count as f32 / client.pages_total as f32))
}

fn parameters(query: &str) -> f32 {
    query.split('&').filter(|pair| !pair.is_empty()).count() as f32
}

fn errors(client: &ClientHistory) -> Option<f32> {
    let now_ms = client.now_ms();
    let answers = client.page_responses.value(now_ms);
    (answers >= 0.5).then(|| client.client_errors.value(now_ms) / answers)
}
