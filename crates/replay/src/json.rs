//! The summary as JSON, for programs: what `palisade replay --json` prints.

use palisade_domain::PassKind;
use serde_json::{Value, json};

use crate::summary::{
    Challenges, ClassCount, ClientSummary, HinderedProgram, PresetOutcome, SkipNote, Summary,
};
use crate::words::date_time;

/// `{requests, clients, skipped, by_action, signals, clients_top, elapsed_ms, …}`: the keys before the dots are a
/// promise, more may come after them.
///
/// A client's `signals` are those of its harshest request, `{id, points, detail}` each; with `base` they add up to
/// the score of that request.
///
/// `live` is there where the lines are our own: how many verdicts were compared with those of the live run, how many are
/// the same, and how often each signal differs.
pub fn json(summary: &Summary) -> Value {
    let mut made = whole(summary);
    let agreement = &summary.agreement;
    if let (true, Value::Object(all)) = (agreement.compared > 0, &mut made) {
        let live = json!({
            "compared": agreement.compared,
            "same": agreement.same,
            "signals": agreement.signals,
        });
        all.insert("live".to_owned(), live);
    }
    made
}

fn whole(summary: &Summary) -> Value {
    json!({
        "requests": summary.requests,
        "clients": summary.clients,
        "skipped": summary.skipped,
        "by_action": summary.by_action,
        "signals": summary.signals,
        "clients_top": summary.clients_top.iter().map(client).collect::<Vec<_>>(),
        "elapsed_ms": summary.elapsed_ms,
        "by_enforced": summary.by_enforced,
        "preset": summary.preset,
        "enforce": summary.enforce,
        "from": summary.span.map(|span| date_time(span.0)),
        "to": summary.span.map(|span| date_time(span.1)),
        "classes": summary.classes.iter().map(class).collect::<Vec<_>>(),
        "presets": summary.presets.iter().map(preset).collect::<Vec<_>>(),
        "hindered": summary.hindered.iter().map(hindered).collect::<Vec<_>>(),
        "welcome_programs": summary.welcome_programs,
        "page_loaders": { "clients": summary.page_loaders.clients, "hindered": summary.page_loaders.hindered },
        "challenges": challenges(&summary.challenges),
        "skips": summary.skips.iter().map(skip).collect::<Vec<_>>(),
        "late": summary.late,
        "notes": summary.notes,
        "coverage": two_decimals(summary.coverage),
    })
}

fn client(client: &ClientSummary) -> Value {
    json!({
        "client": client.client,
        "requests": client.requests,
        "score": client.score,
        "action": client.action.name(),
        "signals": client.lines,
        "base": client.base,
        "rule": client.rule,
        "identity": { "class": client.class.name(), "claimed": client.claimed, "status": client.status },
        "user_agent": client.user_agent,
        "by_action": client.by_action,
    })
}

fn class(class: &ClassCount) -> Value {
    json!({
        "class": class.class.name(),
        "clients": class.clients,
        "requests": class.requests,
        "beyond_monitor": class.beyond_monitor,
    })
}

fn preset(preset: &PresetOutcome) -> Value {
    json!({
        "name": preset.name,
        "all": preset.all,
        "hard": preset.hard,
        "clients_beyond_monitor": preset.clients_beyond_monitor,
    })
}

fn hindered(program: &HinderedProgram) -> Value {
    json!({
        "name": program.name,
        "class": program.class.name(),
        "status": program.status,
        "clients": program.clients,
        "requests": program.requests,
        "action": program.action,
        "rule": program.rule,
    })
}

fn challenges(challenges: &Challenges) -> Value {
    let passes = PassKind::ALL.into_iter().zip(challenges.passes).filter(|(_, clients)| *clients > 0);
    let passes: serde_json::Map<String, Value> =
        passes.map(|(kind, clients)| (kind.name().to_owned(), clients.into())).collect();
    json!({
        "requests": challenges.requests,
        "clients": challenges.clients,
        "without_pass": challenges.without_pass,
        "passes": passes,
    })
}

fn skip(skip: &SkipNote) -> Value {
    json!({ "reason": skip.reason, "count": skip.count, "samples": skip.samples })
}

/// 0.58 rather than 0.5799999833106995.
fn two_decimals(share: f32) -> f64 {
    (f64::from(share) * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up;

    #[test]
    fn promised_keys_are_there() {
        let made = json(&made_up::small());
        for key in ["requests", "clients", "skipped", "by_action", "signals", "clients_top", "elapsed_ms"] {
            assert!(made.get(key).is_some(), "{key}");
        }
        for action in palisade_domain::Action::NAMES {
            assert!(made["by_action"][action].is_u64(), "{action}");
        }
        for key in ["client", "requests", "score", "action", "signals"] {
            assert!(made["clients_top"][0].get(key).is_some(), "{key}");
        }
        assert_eq!(made["signals"]["path.scanner"], 12);
        assert_eq!(made["coverage"], 0.58);
    }

    #[test]
    fn a_comparison_with_live_is_shown_where_there_is_one() {
        let mut summary = made_up::small();
        assert!(json(&summary).get("live").is_none());
        (summary.agreement.compared, summary.agreement.same) = (3, 2);
        summary.agreement.signals.insert("rate.requests".to_owned(), 1);
        let expect = json!({ "compared": 3, "same": 2, "signals": { "rate.requests": 1 } });
        assert_eq!(json(&summary)["live"], expect);
    }

    #[test]
    fn explanations_add_up() {
        let made = json(&made_up::small());
        let client = &made["clients_top"][0];
        let points =
            client["signals"].as_array().unwrap().iter().map(|line| line["points"].as_i64().unwrap());
        assert_eq!(client["base"].as_i64().unwrap() + points.sum::<i64>(), client["score"].as_i64().unwrap());
    }

    #[test]
    fn foreign_text_survives_as_it_is() {
        let text = json(&made_up::hostile()).to_string();
        let back: Value = serde_json::from_str(&text).unwrap();
        assert!(back["clients_top"][0]["client"].as_str().unwrap().contains("<script>"));
    }
}
