//! A page per detector and the list of all, from their cards and their tables.

use std::path::Path;

use palisade_detect::detector::{Card, Group, Need, Scope, State};
use palisade_detect::detectors;
use palisade_domain::Resolution;

use super::{GENERATED_FOLDER, Pages, cases, cell};

const HEAD: &str = "# Detectors\n\n\
    One page each, written by `make docs` from the detector's card and its table of sessions: change them in\n\
    `crates/detect/src/detectors/` and `crates/detect/testdata/`. Evidence is in log-odds; correlated detectors share a\n\
    group whose sum is capped, so that one habit seen five ways is not five habits.\n";

/// Adds the list and every page.
pub(super) fn pages(root: &Path, pages: &mut Pages) -> anyhow::Result<()> {
    let cards: Vec<&Card> = detectors::all().iter().map(|detector| detector.card()).collect();
    pages.insert(format!("{GENERATED_FOLDER}/README.md"), list(&cards));
    for card in cards {
        pages.insert(format!("{GENERATED_FOLDER}/{}.md", card.name), page(root, card)?);
    }
    Ok(())
}

fn list(cards: &[&Card]) -> String {
    let mut text = HEAD.to_owned();
    for group in Group::ALL {
        let of_group: Vec<_> = cards.iter().filter(|card| card.group == group).collect();
        if of_group.is_empty() {
            continue;
        }
        text.push_str(&format!("\n## {} (at most {:.1})\n\n", group.name(), group.cap()));
        text.push_str("| detector | what it looks at | at most | by default |\n|---|---|---:|---|\n");
        for card in of_group {
            let Card { name, summary, evidence_max, .. } = card;
            let state = if matches!(card.state, State::Counts) { "counts" } else { "dry run" };
            text.push_str(&format!(
                "| [{name}]({name}.md) | {} | {evidence_max:.1} | {state} |\n",
                cell(summary)
            ));
        }
    }
    text
}

fn page(root: &Path, card: &Card) -> anyhow::Result<String> {
    let signals: Vec<_> = card.signals.iter().map(|signal| format!("`{signal}`")).collect();
    let facts = [
        ("signals", signals.join(" ")),
        ("group", format!("{}, at most {:.1} together", card.group.name(), card.group.cap())),
        ("evidence", format!("at most {:.1} log-odds", card.evidence_max)),
        ("rests on", scope(card.scope).to_owned()),
        ("needs", needs(card.needs)),
        ("clock", format!("{} or finer", clock(card.resolution))),
        ("by default", state(card.state)),
        ("settings", format!("`[detection.{}]`: `enabled`, `weight`, `dry_run`", card.name)),
    ];
    let rows: String = facts.iter().map(|(what, value)| format!("| {what} | {} |\n", cell(value))).collect();
    Ok(format!(
        "# {}\n\n{}\n\n| | |\n|---|---|\n{rows}\n\
        **Sees.** {}\n\n**Cannot see.** {}\n\n**Errs.** {}\n\n**Source.** {}\n\n{}",
        card.name,
        card.summary,
        card.sees,
        card.cannot_see,
        card.errs,
        card.source,
        cases::sections(root, card.name)?
    ))
}

fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Request => "this request alone",
        Scope::Client => "the past of this client or session",
        Scope::Network => "the past of its network; capped where many proven sessions share it",
        Scope::CrossClient => "other clients too (cross-client: replay and live may differ by their order)",
    }
}

fn needs(needs: &[Need]) -> String {
    let names: Vec<_> = needs.iter().copied().map(need).collect();
    if names.is_empty() { "nothing that a vantage may lack".to_owned() } else { names.join(", ") }
}

fn need(need: Need) -> &'static str {
    match need {
        Need::UserAgent => "user agent",
        Need::Method => "method",
        Need::Target => "path and query",
        Need::Version => "HTTP version",
        Need::Headers => "all headers",
        Need::HeaderOrder => "headers in wire order",
        Need::Body => "start of the body",
        Need::Referrer => "referrer",
        Need::Scheme => "clear text or TLS",
        Need::Fingerprint => "the client's claimed fingerprint",
    }
}

fn clock(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::Second => "seconds",
        Resolution::Milli => "milliseconds",
        Resolution::Micro => "microseconds",
    }
}

fn state(state: State) -> String {
    match state {
        State::Counts => "counts".to_owned(),
        State::DryRun(why) => format!("dry run: shown and worth nothing, because {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_detector_has_a_page_and_a_line() {
        let mut written = Pages::new();
        pages(&crate::repo::root(), &mut written).unwrap();
        assert_eq!(written.len(), detectors::names().len() + 1);
        let list = &written["docs/detectors/README.md"];
        for name in detectors::names() {
            assert!(list.contains(&format!("[{name}]({name}.md)")), "{name}");
        }
    }
}
