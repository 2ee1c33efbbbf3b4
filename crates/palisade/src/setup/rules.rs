//! The operator's own rules: from the file to the rule set of each site, and what is to be said about them.

use palisade_config::settings::{self, RuleSettings, Settings, SiteSettings};
use palisade_domain::Rate;
use palisade_policy::{EntryKind, RuleEffect, RuleError, RuleSource, Ruleset, Warning, WarningReason};

use crate::exit::UsageError;

/// What is to be said about the rules of all sites. Rules of `[policy]` are compiled for each of them and told of once.
#[derive(Debug)]
pub(super) struct Remarks {
    sites: usize,
    made: Vec<Remark>,
}

#[derive(Debug)]
struct Remark {
    /// What it is about: the same of the same rule is one remark.
    about: String,
    line: String,
    /// On how many sites it is so, and on how many it must be to be worth a word.
    seen: usize,
    needed: usize,
}

impl Remarks {
    /// Nothing yet, about `sites` sites.
    pub(super) fn on(sites: usize) -> Self {
        Remarks { sites, made: Vec::new() }
    }

    /// A line for each, with its place.
    pub(super) fn lines(self) -> Vec<String> {
        self.made
            .into_iter()
            .filter(|remark| remark.seen >= remark.needed)
            .map(|remark| remark.line)
            .collect()
    }

    fn make(&mut self, written: &[&RuleSettings], shared_from: usize, warning: &Warning) {
        let rule = written[warning.index];
        let (when, entry) = (&rule.when_origin, &rule.entry_origin);
        let key = &rule.key;
        let (about, line, needed) = match &warning.reason {
            WarningReason::Covered { by } => {
                // What a site's own rule decides first there may still be asked elsewhere.
                let needed = if warning.index >= shared_from { self.sites } else { 1 };
                let first = &written[*by].when_origin;
                let line = format!(
                    "{when}: {key}.when: the rule at {first} decides wherever this one holds, so it can never fire"
                );
                (format!("{key} in the shadow"), line, needed)
            }
            reason @ WarningReason::OddEntry(_) => {
                let line = format!("{entry}: {key}.entry: {reason}");
                (line.clone(), line, 1)
            }
            reason => {
                let line = format!("{when}: {key}.when: {reason}");
                (line.clone(), line, 1)
            }
        };
        match self.made.iter_mut().find(|remark| remark.about == about) {
            Some(remark) => remark.seen += 1,
            None => self.made.push(Remark { about, line, seen: 1, needed }),
        }
    }
}

/// The site's own rules, then those of `[policy]`, compiled.
///
/// # Errors
/// With every rule that is refused, each with its place.
pub(super) fn compiled(
    settings: &Settings,
    site: &SiteSettings,
    remarks: &mut Remarks,
) -> anyhow::Result<Ruleset> {
    let written: Vec<&RuleSettings> = site.rules.iter().chain(&settings.policy.rules).collect();
    let sources: Vec<RuleSource<'_>> = written.iter().map(|rule| source(rule)).collect();
    match Ruleset::compile(&sources) {
        Ok((rules, warnings)) => {
            warnings.iter().for_each(|warning| remarks.make(&written, site.rules.len(), warning));
            Ok(rules)
        }
        Err(errors) => {
            let lines: Vec<String> = errors.iter().map(|error| refusal(&written, error)).collect();
            Err(UsageError(format!("the configuration is refused\n{}", lines.join("\n"))).into())
        }
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
