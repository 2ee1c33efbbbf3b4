//! The summary in plain language.

use palisade_domain::PassKind;

use super::{DONE, counted, duration, percent};
use crate::summary::Summary;

/// The paragraphs on top, most important first; each is one or two sentences. Never empty.
pub(crate) fn lead(summary: &Summary) -> Vec<String> {
    if summary.requests == 0 {
        return vec![nothing(summary)];
    }
    let verdict = match people(summary) {
        Some(people) => format!("{} {people}", verdict(summary)),
        None => verdict(summary),
    };
    let mut paragraphs = vec![seen(summary), verdict];
    paragraphs.extend(carried_out(summary));
    paragraphs
}

fn nothing(summary: &Summary) -> String {
    match summary.skipped {
        0 => "There was no request to read: the log is empty.".to_owned(),
        n => format!("No request could be read: {} skipped, for the reasons below.", were(n, "line")),
    }
}

/// "12,431 requests from 803 clients in 3 days: 92 % pass untouched."
fn seen(summary: &Summary) -> String {
    let span = summary.span.map_or_else(String::new, |(from, to)| format!(" in {}", duration(from, to)));
    let passed = summary.by_action.0[0] + summary.by_action.0[1];
    let share = match passed {
        0 => "none of them passes".to_owned(),
        n if n >= summary.requests => "all of them pass".to_owned(),
        n => format!("{} pass", percent(n, summary.requests)),
    };
    let (requests, clients) = (counted(summary.requests, "request"), counted(summary.clients, "client"));
    format!("{requests} from {clients}{span}: {share}.")
}

/// "Palisade would have refused 312 requests and slowed 40, from 14 clients in all."
fn verdict(summary: &Summary) -> String {
    let mut parts = Vec::new();
    for rank in (2..7).rev() {
        let n = summary.by_action.0[rank];
        if n > 0 {
            let noun = if parts.is_empty() { counted(n, "request") } else { super::count(n) };
            parts.push((DONE[rank], noun));
        }
    }
    if parts.is_empty() {
        return "Palisade would not have stood in the way of a single request.".to_owned();
    }
    let deeds = parts.iter().map(|(done, n)| deed(done, n)).collect::<Vec<_>>();
    let clients = summary.presets.iter().find(|outcome| outcome.name == summary.preset);
    let from = clients.map_or_else(String::new, |outcome| {
        let comma = if deeds.len() > 1 { "," } else { "" };
        format!("{comma} from {}", counted(outcome.clients_beyond_monitor, "client"))
    });
    format!("Palisade would have {}{from}.", listed(&deeds))
}

/// "refused 3", but "held 3 in the tarpit", "asked 3 to pay".
fn deed(done: &str, n: &str) -> String {
    match done.split_once(' ') {
        Some((verb, rest)) => format!("{verb} {n} {rest}"),
        None => format!("{done} {n}"),
    }
}

/// "Nobody who loads pages as a person does was among them."
fn people(summary: &Summary) -> Option<String> {
    let people = summary.page_loaders;
    if people.clients == 0 || summary.by_action.beyond_monitor() == 0 {
        return None;
    }
    Some(match (people.hindered, people.clients) {
        (0, 1) => {
            "The one client that loads pages the way people do, with their styles and images, was not among them."
                .to_owned()
        }
        (_, 1) => {
            "The one client that loads pages the way people do was among them: look at it first.".to_owned()
        }
        (0, _) => format!(
            "None of the {} that load pages the way people do, with their styles and images, was among them.",
            counted(people.clients, "client")
        ),
        (n, _) => format!(
            "{} of the {} that load pages the way people do {} among them: look at {} first.",
            super::count(n),
            counted(people.clients, "client"),
            if n == 1 { "was" } else { "were" },
            if n == 1 { "that one" } else { "those" },
        ),
    })
}

/// What the chosen enforcement leaves of it.
fn carried_out(summary: &Summary) -> Option<String> {
    let (said, done) = (summary.by_action.beyond_monitor(), summary.by_enforced.beyond_monitor());
    if said == done {
        return None;
    }
    let cause = match (summary.preset, summary.enforce) {
        ("observe", _) => "the preset observe changes no request".to_owned(),
        (_, enforce) => format!("enforce = \"{enforce}\" carries out only what is beyond doubt"),
    };
    Some(match done {
        0 => format!("Nothing of that would really be done yet: {cause}."),
        n => {
            format!("Of these {}, {} would really be stopped: {cause}.", super::count(said), super::count(n))
        }
    })
}

/// How welcome programs fare.
pub(crate) fn welcome(summary: &Summary) -> String {
    match (summary.welcome_programs, summary.hindered.len() as u64) {
        (0, _) => "No search engine, feed reader, preview, monitor, webhook, archive or AI crawler was seen."
            .to_owned(),
        (1, 0) => "The one welcome program in this log passes.".to_owned(),
        (2, 0) => "None. Both welcome programs in this log pass.".to_owned(),
        (n, 0) => format!("None. All {} in this log pass.", counted(n, "welcome program")),
        (all, n) => format!("{} of {}.", super::count(n), counted(all, "welcome program")),
    }
}

/// What became of challenges, in words. Where no pass is seen, nobody could show one: most logs hold no cookies.
pub(crate) fn challenges(summary: &Summary) -> String {
    let found = &summary.challenges;
    let passes: Vec<String> = PassKind::ALL
        .into_iter()
        .zip(found.passes)
        .filter(|(_, clients)| *clients > 0)
        .map(|(kind, clients)| format!("{} by {}", super::count(clients), name_of(kind)))
        .collect();
    let asked =
        format!("{} of {} challenged.", counted(found.requests, "request"), counted(found.clients, "client"));
    match passes.is_empty() {
        true => format!("{asked} No pass is seen: a log without cookies shows none."),
        false => format!(
            "{asked} Passes were shown by clients that earned them: {}. {} of those challenged never showed one: they \
             left, or could not.",
            passes.join(", "),
            super::count(found.without_pass)
        ),
    }
}

fn name_of(kind: PassKind) -> &'static str {
    match kind {
        PassKind::Behaviour => "behaviour",
        PassKind::Work => "work",
        PassKind::HardWork => "harder work",
        PassKind::NoScript => "steps without script",
        PassKind::Text => "reading a text",
        PassKind::Provider => "a provider’s word",
    }
}

/// How much could be seen, in words.
pub(crate) fn coverage(summary: &Summary) -> String {
    let share = (f64::from(summary.coverage).clamp(0.0, 1.0) * 100.0).round();
    let verdict = match share {
        s if s < 35.0 => {
            "That is little: expect careful scores, and more certainty once Palisade sees the traffic itself."
        }
        s if s < 75.0 => {
            "That is usual for an access log, which keeps no header order, no TLS and no bodies."
        }
        _ => "That is nearly everything.",
    };
    format!(
        "On average {share:.0}\u{a0}% of the detectors could see what they need. {verdict} \
         What a log does not show never counts against a client."
    )
}

fn were(n: u64, noun: &str) -> String {
    format!("{} {}", counted(n, noun), if n == 1 { "was" } else { "were" })
}

/// `a`, `a and b`, `a, b and c`.
fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up;
    use crate::summary::{ByAction, PageLoaders};

    fn plain(summary: &Summary) -> String {
        lead(summary).join(" ").replace('\u{a0}', " ")
    }

    #[test]
    fn an_empty_log_is_said_to_be_empty() {
        let mut summary = made_up::empty();
        assert_eq!(plain(&summary), "There was no request to read: the log is empty.");
        summary.skipped = 1;
        assert_eq!(plain(&summary), "No request could be read: 1 line was skipped, for the reasons below.");
    }

    #[test]
    fn a_quiet_log_reads_quietly() {
        let mut summary = made_up::small();
        summary.by_action = ByAction([summary.requests, 0, 0, 0, 0, 0, 0]);
        summary.by_enforced = summary.by_action;
        let text = plain(&summary);
        assert!(text.contains("all of them pass"), "{text}");
        assert!(text.contains("not have stood in the way"), "{text}");
    }

    #[test]
    fn every_deed_has_its_verb() {
        let mut summary = made_up::small();
        summary.by_action = ByAction([9, 0, 1, 2, 3, 4, 5_000]);
        let text = plain(&summary);
        let deeds = "refused 5,000 requests, held 4 in the tarpit, asked 3 to pay, challenged 2 and slowed 1";
        assert!(text.contains(deeds), "{text}");
    }

    #[test]
    fn people_in_the_way_come_up() {
        let mut summary = made_up::small();
        summary.page_loaders = PageLoaders { clients: 400, hindered: 0 };
        assert!(plain(&summary).contains("None of the 400 clients"));
        summary.page_loaders.clients = 1;
        assert!(plain(&summary).contains("The one client that loads pages"));
        assert!(plain(&summary).contains("was not among them."));
        summary.page_loaders.hindered = 1;
        assert!(plain(&summary).contains("people do was among them: look at it first."));
        summary.page_loaders.clients = 400;
        assert!(
            plain(&summary).contains("1 of the 400 clients that load pages the way people do was among them")
        );
    }

    #[test]
    fn softer_enforcement_is_explained() {
        let mut summary = made_up::small();
        summary.by_enforced = ByAction([summary.requests, 0, 0, 0, 0, 0, 0]);
        assert!(plain(&summary).contains("Nothing of that would really be done yet"));
    }
}
