//! From `[policy]`, `[limits]` and `[[sites]]` to the policy of each site.

use palisade_config::settings::{self, PolicySettings, RateSettings};
use palisade_config::{Effective, Loaded, Origin};
use palisade_domain::Rate;
use palisade_policy::{
    BandEntries, Bands, EntryKind, EntrySettings, LimitSettings, PathLimit, Policy, limits,
};

use super::numbering::{Numbered, Place};
use super::rules::{self, Compiler};
use super::{Overrides, preset_named};
use crate::exit::UsageError;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// The policy of each site, by number, and what is to be said about their rules.
///
/// # Errors
/// Where a preset or bands are wrong, or a rule cannot be compiled; every rule's fault at once, with its place.
pub(super) fn policies(
    sites: &Numbered,
    loaded: &Loaded,
    overrides: &Overrides,
) -> anyhow::Result<(Vec<Policy>, Vec<String>)> {
    let mut compiler = Compiler::of(&loaded.settings);
    let policy = |place: &Place| policy(loaded, place, overrides, &mut compiler);
    let policies: Vec<Policy> = sites.places().iter().map(policy).collect::<anyhow::Result<_>>()?;
    let places = sites.places().iter().zip(&policies).filter(|(place, _)| !place.is_retired);
    let present: Vec<_> = places.map(|(place, policy)| (&place.settings, &*policy.rules)).collect();
    let remarks = rules::remarks(&loaded.settings, &present);
    Ok((policies, remarks))
}

fn policy(
    loaded: &Loaded,
    place: &Place,
    overrides: &Overrides,
    compiler: &mut Compiler<'_>,
) -> anyhow::Result<Policy> {
    let site = &place.settings;
    let settings: &PolicySettings = &loaded.settings.policy;
    let named = site.policy.unwrap_or(settings.preset);
    let preset = match overrides.preset {
        Some(preset) => preset,
        None => preset_named(named).map_err(|error| UsageError(format!("policy.preset: {error}")))?,
    };
    let bands = settings.bands;
    let bands = if sets_bands(&loaded.effective) {
        Bands::new(bands.monitor, bands.challenge, bands.block)
            .map_err(|error| UsageError(format!("policy.bands: {error}")))?
    } else {
        preset.bands()
    };
    Ok(Policy {
        bands,
        enforcement: overrides.enforce.or(site.enforce).unwrap_or(settings.enforce),
        rules: compiler.rules_of(site)?,
        limits: rates(&loaded.settings.limits.rates),
        entries: entries(&settings.entries),
        site_number: place.in_the_file,
        challenges: !loaded.settings.challenge.ladder.is_empty(),
        ..Policy::preset(preset)
    })
}

fn sets_bands(effective: &[Effective]) -> bool {
    effective
        .iter()
        .any(|setting| setting.key.starts_with("policy.bands") && setting.origin != Origin::Default)
}

fn rates(rates: &RateSettings) -> LimitSettings {
    let path = |path: &settings::PathRate| {
        limits::per_minute(path.per_minute).map(|rate| PathLimit { prefix: path.path.clone(), rate })
    };
    LimitSettings {
        network: limits::per_minute(rates.network_per_minute),
        session: limits::per_minute(rates.session_per_minute),
        site: limits::per_minute(rates.site_per_minute),
        key: limits::per_minute(rates.key_per_minute),
        paths: rates.paths.iter().filter_map(path).collect(),
        adaptive: rates.adaptive,
        ..LimitSettings::default()
    }
}

fn entries(entries: &settings::EntrySettings) -> EntrySettings {
    let writes = |band: &str, kind: EntryKind| entries.from_bands.contains(&band).then_some(kind);
    EntrySettings {
        block_ms: u64::from(entries.block_hours) * HOUR_MS,
        throttle: Rate(entries.throttle_per_minute),
        throttle_ms: u64::from(entries.throttle_minutes) * MINUTE_MS,
        flag_ms: u64::from(entries.flag_days) * DAY_MS,
        flags_max: entries.flags_to_block,
        violations_max: entries.violations_to_block,
        escalated_ms: u64::from(entries.block_minutes) * MINUTE_MS,
        escalated_ms_max: u64::from(entries.block_minutes_max) * MINUTE_MS,
        spare_shared: entries.shared_networks_exempt,
        bands: BandEntries {
            monitor: None,
            challenge: writes("challenge", EntryKind::Flag),
            block: writes("block", EntryKind::Block),
        },
    }
}
