//! The worst clients, each with its story.

use palisade_domain::Timestamp;

use super::{Chip, harsh_words};
use crate::report::chart::{spark, step};
use crate::summary::{ClientSummary, ExplanationLine, SampleRequest};
use crate::words::{self, count, date_minute, date_time, shown};

/// Clients shown; more would make the page heavy and nobody reads them.
const CLIENTS_MAX: usize = 50;
/// Clients whose story is open from the start.
const OPEN: usize = 1;
const SAMPLES_MAX: usize = 6;

/// One client.
pub(super) struct Client {
    pub(super) rank: usize,
    pub(super) open: bool,
    pub(super) name: String,
    pub(super) who: String,
    pub(super) because: String,
    pub(super) chip: Chip,
    pub(super) score: u8,
    pub(super) requests: String,
    pub(super) noun: &'static str,
    pub(super) spark: String,
    pub(super) steps: Vec<Step>,
    pub(super) total: i32,
    pub(super) total_bar: String,
    pub(super) higher: Option<u8>,
    pub(super) rule: &'static str,
    pub(super) user_agent: Option<String>,
    pub(super) seen: String,
    pub(super) treated: String,
    pub(super) samples: Vec<Sample>,
}

/// One line of the sum that makes the score.
pub(super) struct Step {
    pub(super) says: String,
    pub(super) id: &'static str,
    pub(super) points: String,
    pub(super) bar: String,
    pub(super) dry_run: bool,
}

/// One request.
pub(super) struct Sample {
    pub(super) time: String,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) status: String,
    pub(super) chip: Chip,
    pub(super) score: u8,
}

/// The clients of the page, worst first.
pub(super) fn all(clients: &[ClientSummary], slots: usize) -> Vec<Client> {
    clients.iter().take(CLIENTS_MAX).enumerate().map(|(at, client)| one(at, client, slots)).collect()
}

fn one(at: usize, client: &ClientSummary, slots: usize) -> Client {
    let (steps, total) = steps(client);
    Client {
        rank: at + 1,
        open: at < OPEN,
        name: shown(&client.client, 80),
        who: who(client),
        because: shown(words::reason(client), 90),
        chip: Chip::new(client.action.rank()),
        score: client.score,
        requests: count(client.requests),
        noun: if client.requests == 1 { "request" } else { "requests" },
        spark: spark(&client.timeline, slots),
        steps,
        total,
        total_bar: step("total", 0, total),
        higher: (i32::from(client.score) > total).then_some(client.score),
        rule: client.rule,
        user_agent: client.user_agent.as_deref().map(|agent| shown(agent, 220)),
        seen: seen(client.span),
        treated: treated(client),
        samples: client.samples.iter().take(SAMPLES_MAX).map(sample).collect(),
    }
}

/// "claims to be Googlebot, search, unverified" or "browser".
fn who(client: &ClientSummary) -> String {
    let class = client.class.name();
    match client.claimed {
        Some(name) if client.class.is_program() => format!("says {name} · {class}, {}", client.status),
        Some(name) => format!("says {name} · {class}"),
        None => class.to_owned(),
    }
}

/// "2026-03-01 09:00 to 09:04", with the date again where it is another, without an end where there is none.
fn seen((from, to): (Timestamp, Timestamp)) -> String {
    let (from, to) = (date_minute(from), date_minute(to));
    match (from.split_once(' '), to.split_once(' ')) {
        _ if from == to => from,
        (Some((from_day, _)), Some((to_day, to_time))) if from_day == to_day => {
            format!("{from} to {to_time}")
        }
        _ => format!("{from} to {to}"),
    }
}

/// "312 refused, 40 slowed, 3 let through".
fn treated(client: &ClientSummary) -> String {
    let mild = client.by_action.0[0] + client.by_action.0[1];
    let harsh = harsh_words(&client.by_action, "");
    match (harsh.is_empty(), mild) {
        (false, 0) => harsh,
        (false, n) => format!("{harsh}, {} let through", count(n)),
        (true, n) => format!("{} let through", count(n)),
    }
}

/// The base, then each signal from where the one before ended; and where it all ends.
fn steps(client: &ClientSummary) -> (Vec<Step>, i32) {
    let mut sum = i32::from(client.base);
    let mut steps = vec![Step {
        says: "Where everybody starts".to_owned(),
        id: "base",
        points: sum.to_string(),
        bar: step("base", 0, sum),
        dry_run: false,
    }];
    for line in &client.lines {
        steps.push(signal_step(line, &mut sum));
    }
    (steps, sum)
}

fn signal_step(line: &ExplanationLine, sum: &mut i32) -> Step {
    let points = if line.dry_run { 0 } else { i32::from(line.points) };
    let from = *sum;
    *sum = from.saturating_add(points);
    Step {
        says: sentence(&shown(&line.detail, 240)),
        id: line.id,
        points: signed(points),
        bar: if points == 0 {
            String::new()
        } else {
            step(if points > 0 { "up" } else { "down" }, from, *sum)
        },
        dry_run: line.dry_run,
    }
}

/// With a capital letter.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// `+24`, `−3`, `±0` with a true minus.
fn signed(points: i32) -> String {
    match points {
        0 => "±0".to_owned(),
        n if n > 0 => format!("+{n}"),
        n => format!("\u{2212}{}", n.unsigned_abs()),
    }
}

fn sample(request: &SampleRequest) -> Sample {
    Sample {
        time: date_time(request.time),
        method: shown(&request.method, 16),
        target: shown(&request.target, 160),
        status: request.status.map_or_else(|| "–".to_owned(), |status| status.to_string()),
        chip: Chip::new(request.action.rank()),
        score: request.score,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up;

    #[test]
    fn the_steps_add_up() {
        let client = &made_up::small().clients_top[0];
        let (steps, total) = steps(client);
        let sum: i32 = steps.iter().map(|step| step.points.parse::<i32>().unwrap_or(0)).sum();
        assert_eq!(sum, total);
        assert_eq!(total, i32::from(client.score));
    }

    #[test]
    fn dry_runs_weigh_nothing() {
        let mut client = made_up::small().clients_top[0].clone();
        let before = steps(&client).1;
        client.lines.push(ExplanationLine { id: "entropy.x", points: 40, detail: "x".into(), dry_run: true });
        let (after, total) = steps(&client);
        assert_eq!((total, after.last().unwrap().points.as_str()), (before, "±0"));
    }

    #[test]
    fn spans_repeat_no_date() {
        let at = |secs: i64| Timestamp::from_secs(1_772_323_200 + secs);
        assert_eq!(seen((at(0), at(59))), "2026-03-01 00:00");
        assert_eq!(seen((at(0), at(3_600))), "2026-03-01 00:00 to 01:00");
        assert_eq!(seen((at(0), at(86_400))), "2026-03-01 00:00 to 2026-03-02 00:00");
    }

    #[test]
    fn points_carry_their_sign() {
        assert_eq!([signed(24), signed(-3), signed(0)], ["+24", "−3", "±0"]);
    }
}
