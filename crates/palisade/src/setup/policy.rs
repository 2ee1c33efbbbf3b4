//! From `[policy]`, `[limits]` and `[[sites]]` to the policy of each site.

use std::collections::BTreeSet;
use std::sync::Arc;

use palisade_config::settings::{self, PolicySettings, RateSettings, RuleSettings, Settings, SiteSettings};
use palisade_config::{Effective, Loaded, Origin};
use palisade_domain::Rate;
use palisade_policy::{
    BandEntries, Bands, EntryKind, EntrySettings, LimitSettings, PathLimit, Policy, RuleEffect, RuleSource,
    Ruleset, limits,
};

use super::numbering::{Numbered, Place};
use super::{Overrides, preset_named};
use crate::exit::UsageError;
use crate::shell;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// The policy of each site, by number.
///
/// # Errors
/// Where a preset or bands are wrong, or a rule cannot be compiled; every rule's fault at once, with its place.
pub(super) fn policies(
    sites: &Numbered,
    loaded: &Loaded,
    overrides: &Overrides,
) -> anyhow::Result<Vec<Policy>> {
    let mut told = BTreeSet::new();
    let policy = |place: &Place| policy(loaded, &place.settings, place.in_the_file, overrides, &mut told);
    sites.places().iter().map(policy).collect()
}

fn policy(
    loaded: &Loaded,
    site: &SiteSettings,
    number: Option<u32>,
    overrides: &Overrides,
    told: &mut BTreeSet<String>,
) -> anyhow::Result<Policy> {
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
        rules: Arc::new(rules(&loaded.settings, site, told)?),
        limits: rates(&loaded.settings.limits.rates),
        entries: entries(&settings.entries),
        site_number: number,
        ..Policy::preset(preset)
    })
}

fn sets_bands(effective: &[Effective]) -> bool {
    effective
        .iter()
        .any(|setting| setting.key.starts_with("policy.bands") && setting.origin != Origin::Default)
}

/// The site's own rules, then those of `[policy]`, compiled. A rule that can never fire is said.
fn rules(settings: &Settings, site: &SiteSettings, told: &mut BTreeSet<String>) -> anyhow::Result<Ruleset> {
    let written: Vec<&RuleSettings> = site.rules.iter().chain(&settings.policy.rules).collect();
    let sources: Vec<RuleSource<'_>> = written.iter().map(|rule| source(rule)).collect();
    match Ruleset::compile(&sources) {
        Ok((rules, warnings)) => {
            for warning in warnings {
                let origin = &written[warning.index].when_origin;
                let line = format!("{origin}: {}", warning.reason);
                // Rules of all sites are compiled for each of them.
                if told.insert(line.clone()) {
                    shell::complain(&line);
                }
            }
            Ok(rules)
        }
        Err(errors) => {
            let lines: Vec<String> = errors
                .iter()
                .map(|error| format!("{}: {}", written[error.index].when_origin, error.error))
                .collect();
            Err(UsageError(format!("the configuration is refused\n{}", lines.join("\n"))).into())
        }
    }
}

fn source(rule: &RuleSettings) -> RuleSource<'_> {
    let effect = match rule.effect {
        settings::RuleEffect::Act(action) => RuleEffect::named(action, 0).unwrap_or(RuleEffect::Monitor),
        settings::RuleEffect::Throttle { per_minute } => RuleEffect::Throttle(Rate(per_minute)),
        settings::RuleEffect::Weigh(points) => RuleEffect::Weigh(points),
    };
    let entry = rule.entry.map(|entry| match entry {
        settings::RuleEntry::Block => EntryKind::Block,
        settings::RuleEntry::Throttle => EntryKind::Throttle,
        settings::RuleEntry::Flag => EntryKind::Flag,
    });
    RuleSource {
        dry_run: rule.dry_run,
        entry,
        name: rule.name.as_deref(),
        ..RuleSource::new(&rule.when, effect)
    }
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
