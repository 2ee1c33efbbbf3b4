//! The operator's own rules: from the file to the rule set of each site, and what is to be said about them.

use std::sync::Arc;

use palisade_config::settings::{self, RuleSettings, Settings, SiteSettings};
use palisade_domain::Rate;
use palisade_policy::ruleset::Review;
use palisade_policy::{EntryKind, RuleEffect, RuleError, RuleSource, Ruleset, Warning, WarningReason};

use crate::exit::UsageError;

/// Makes the rule set of each site.
pub(super) struct Compiler<'s> {
    settings: &'s Settings,
    /// What sites without rules of their own have in common.
    shared: Option<Arc<Ruleset>>,
}

impl<'s> Compiler<'s> {
    /// Nothing is compiled yet.
    pub(super) fn of(settings: &'s Settings) -> Self {
        Compiler { settings, shared: None }
    }

    /// The site's own rules, then those of `[policy]`, compiled.
    ///
    /// # Errors
    /// With every rule that is refused, each with its place.
    pub(super) fn rules_of(&mut self, site: &SiteSettings) -> anyhow::Result<Arc<Ruleset>> {
        if let Some(shared) = self.shared.as_ref().filter(|_| site.rules.is_empty()) {
            return Ok(Arc::clone(shared));
        }
        let written = written(self.settings, site);
        let sources: Vec<RuleSource<'_>> = written.iter().map(|rule| source(rule)).collect();
        let rules = Ruleset::compile(&sources).map_err(|errors| {
            let lines: Vec<String> = errors.iter().map(|error| refusal(&written, error)).collect();
            UsageError(format!("the configuration is refused\n{}", lines.join("\n")))
        })?;
        let rules = Arc::new(rules);
        if site.rules.is_empty() {
            self.shared = Some(Arc::clone(&rules));
        }
        Ok(rules)
    }
}

fn written<'s>(settings: &'s Settings, site: &'s SiteSettings) -> Vec<&'s RuleSettings> {
    site.rules.iter().chain(&settings.policy.rules).collect()
}

/// A line for everything that is accepted and hardly meant in the rules of `sites`, which [`Compiler::rules_of`] made. Rules
/// of `[policy]` are looked through once, whatever the number of sites; one review bounds what all of it takes.
pub(super) fn remarks(settings: &Settings, sites: &[(&SiteSettings, &Ruleset)]) -> Vec<String> {
    let Some((first, rules)) = sites.first() else { return Vec::new() };
    let mut review = Review::default();
    let own = first.rules.len();
    let found = review.among(rules, own..rules.len());
    let line = |warning: &Warning| line(&written(settings, first), warning);
    let of_shared: Vec<String> = found.iter().map(line).collect();
    // Rules of `[policy]`, by number there, that can fire as far as they themselves tell.
    let dead = |at: usize| found.iter().any(|warning| warning.index == own + at && is_dead(&warning.reason));
    let mut alive: Vec<usize> = (0..settings.policy.rules.len()).filter(|at| !dead(*at)).collect();
    let (mut lines, mut shaded) = (Vec::new(), Vec::new());
    for (at, (site, rules)) in sites.iter().enumerate() {
        let (written, own) = (written(settings, site), site.rules.len());
        lines.extend(review.among(rules, 0..own).iter().map(|warning| self::line(&written, warning)));
        let asked: Vec<usize> = alive.iter().map(|rule| own + rule).collect();
        let behind = review.behind(rules, own, &asked);
        // What a site's own rule decides first there may still be asked elsewhere.
        alive = behind.iter().map(|warning| warning.index - own).collect();
        if at == 0 {
            shaded = behind.iter().map(|warning| self::line(&written, warning)).zip(alive.clone()).collect();
        }
    }
    lines.extend(of_shared);
    lines.extend(shaded.into_iter().filter(|(_, rule)| alive.contains(rule)).map(|(line, _)| line));
    lines
}

fn is_dead(reason: &WarningReason) -> bool {
    !matches!(reason, WarningReason::OddEntry(_))
}

/// `warning`, which is about one of `written`, with its place.
fn line(written: &[&RuleSettings], warning: &Warning) -> String {
    let rule = written[warning.index];
    let (when, entry, key) = (&rule.when_origin, &rule.entry_origin, &rule.key);
    match &warning.reason {
        WarningReason::Covered { by } => {
            let first = &written[*by].when_origin;
            format!(
                "{when}: {key}.when: the rule at {first} decides wherever this one holds, so it can never fire"
            )
        }
        reason @ WarningReason::OddEntry(_) => format!("{entry}: {key}.entry: {reason}"),
        reason => format!("{when}: {key}.when: {reason}"),
    }
}

/// Where a condition is wrong to the letter, if the file shows it as it is.
fn refusal(written: &[&RuleSettings], error: &RuleError) -> String {
    let Some(rule) = written.get(error.index) else {
        return error.error.fault.to_string();
    };
    let key = &rule.key;
    match rule.when_origin.within(&rule.when, error.error.offset) {
        Some(place) => format!("{place}: {key}.when: {}", error.error.fault),
        None => format!("{}: {key}.when: {}", rule.when_origin, error.error),
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
