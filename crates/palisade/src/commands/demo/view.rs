//! What the demo prints: what to try, and a line for each verdict.
//!
//! In a terminal, requests that repeat each other are one line with a count, so that a loop leaves the rest in sight.

use palisade_domain::{Action, Timestamp};
use palisade_guard::record::Watched;
use palisade_store::{Client, Event};

use crate::running::Running;
use crate::shell;

/// What to try, with the addresses of this run.
pub(super) fn welcome(running: &Running) -> String {
    let address = |address: Option<std::net::SocketAddr>| {
        address.map_or_else(|| "off".to_owned(), |address| format!("http://{address}"))
    };
    let (site, api) = (address(running.gateway_address()), address(running.api_address()));
    format!(
        "
  Harbour Books, a made-up shop, defended by Palisade. Everything the policy says is carried out.

  Open in a browser    {site}/         the shop
                       {api}/docs     the API

  Try in another terminal

    one program        curl -i {site}/
    a scanner          curl -i {site}/.env
    an attack          curl -i '{site}/?id=1%20UNION%20SELECT%20password%20FROM%20users--'
    a loop             for i in $(seq 60); do curl -s -o /dev/null -w '%{{http_code}} ' {site}/books/knots; done
    a search engine    curl -s -o /dev/null -A 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)' {site}/
    somebody else      curl -s -o /dev/null -H 'X-Forwarded-For: 203.0.113.7' {site}/
    just a question    curl -s {api}/check -H 'Content-Type: application/json' -d '{{\"user_agent\": \"python-requests/2.28.0\", \"endpoint\": \"/api/data\"}}'

  Every verdict as it is made; score 0 is a person, 100 a bot. Ctrl-C ends the demo.
"
    )
}

/// Below this width, reasons stand on a line of their own.
const ONE_LINE_WIDTH: usize = 116;

/// Everything before the request: time, verdict, score, status, client.
const BEFORE_REQUEST: usize = 52;

const DIM: &str = "\x1b[2m";
const RESET: &str = "\x1b[0m";

/// How lines look in this terminal.
pub(super) struct View {
    colour: bool,
    /// A terminal, whose last line may be written anew.
    live: bool,
    width: usize,
    last: Option<Last>,
}

/// The verdict that was printed last.
struct Last {
    /// What makes the next one the same.
    same: (String, &'static str, String, Option<u16>),
    why: String,
    count: u64,
    lines: usize,
}

impl View {
    /// For standard output as it is.
    pub(super) fn of_terminal() -> Self {
        View { colour: shell::colour(), live: shell::is_terminal(), width: shell::width(), last: None }
    }

    /// The names of the columns.
    pub(super) fn head(&self) -> String {
        let (start, reset) = if self.colour { (DIM, RESET) } else { ("", "") };
        format!(
            "\n  {start}{:<8}  {:<9}  {:>5}  {:<3}  {:<15}  {}{reset}",
            "time", "verdict", "score", "", "client", "request, and why"
        )
    }

    /// One verdict. In a terminal it takes the place of the one before, where it says the same.
    pub(super) fn line(&mut self, watched: &Watched) -> String {
        let event = &*watched.event;
        let request =
            format!("{} {}", event.method.as_deref().unwrap_or("-"), event.target.as_deref().unwrap_or("-"));
        let same = (client(event), event.enforced.name(), request, event.status);
        let why = why(event);
        let last = self.last.take();
        // Reasons that stand right above for the same client and verdict are not said again.
        let is_said = last
            .as_ref()
            .is_some_and(|last| last.why == why && (&last.same.0, last.same.1) == (&same.0, same.1));
        let before = last.filter(|last| self.live && last.same == same);
        let is_said = is_said && before.as_ref().is_none_or(|last| last.lines == 1);
        let count = before.as_ref().map_or(1, |last| last.count + 1);
        let text = self.text(event, &same.2, count, if is_said { "" } else { &why });
        self.last = Some(Last { same, why, count, lines: text.lines().count() });
        match before {
            Some(last) => format!("\x1b[{}A\x1b[J{text}", last.lines),
            None => text,
        }
    }

    /// `text` that is no verdict.
    pub(super) fn aside(&mut self, text: String) -> String {
        self.last = None;
        text
    }

    fn text(&self, event: &Event, request: &str, count: u64, why: &str) -> String {
        let (start, dim, reset) =
            if self.colour { (colour(event.enforced), DIM, RESET) } else { ("", "", "") };
        let status = event.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        let before = format!(
            "  {}  {start}{:<9}{reset}  {:>5}  {status:<3}  {:<15}  ",
            clock(event.time),
            event.enforced.name(),
            event.score.value(),
            shorten(&client(event), 15),
        );
        let times = if count > 1 { format!(" ×{count}") } else { String::new() };
        let room = self.width.saturating_sub(BEFORE_REQUEST);
        if self.width >= ONE_LINE_WIDTH {
            let request_room = room * 2 / 5;
            let request = shorten(request, request_room - times.chars().count()) + &times;
            let why = shorten(why, room - request_room - 2);
            return format!("{before}{request:<request_room$}  {dim}{why}{reset}");
        }
        let request = shorten(request, room.saturating_sub(times.chars().count()).max(12)) + &times;
        // A browser that may pass: nothing to explain.
        let is_plain = matches!(event.enforced, Action::Allow) && event.identity.claimed.is_none();
        if is_plain || why.is_empty() {
            return before + &request;
        }
        let why = shorten(why, self.width.saturating_sub(14));
        format!("{before}{request}\n{:12}{dim}{why}{reset}", "")
    }
}

fn client(event: &Event) -> String {
    match &event.client {
        Client::Ip(ip) => ip.to_string(),
        Client::Opaque(name) => name.clone(),
    }
}

/// Who it says it is, what would have been done where that is not what was done, and the strongest signals.
fn why(event: &Event) -> String {
    let mut parts = vec![who(event)];
    if event.action.name() != event.enforced.name() {
        parts.push(format!("would be {}", event.action.name()));
    } else if matches!(event.enforced, Action::Block(_) | Action::Tarpit(_)) {
        parts.push(event.rule.clone());
    }
    let signals: Vec<String> = event
        .signals
        .iter()
        .filter(|signal| !signal.dry_run && signal.points > 0)
        .take(3)
        .map(|signal| format!("{} +{}", signal.id, signal.points))
        .collect();
    if !signals.is_empty() {
        parts.push(signals.join(", "));
    }
    parts.join(" · ")
}

/// A tool proves nothing and claims nothing that matters; whether a crawler did is said.
fn who(event: &Event) -> String {
    let class = event.identity.class.name();
    match &event.identity.claimed {
        None => class.to_owned(),
        Some(name) if matches!(class, "tool" | "library") => format!("{name} ({class})"),
        Some(name) => format!("{name} ({class}, {})", event.identity.status.name()),
    }
}

fn colour(action: Action) -> &'static str {
    match action {
        Action::Allow => "\x1b[32m",
        Action::Monitor => "\x1b[36m",
        Action::Throttle(_) | Action::Challenge | Action::Charge(_) => "\x1b[33m",
        Action::Tarpit(_) | Action::Block(_) => "\x1b[31m",
    }
}

/// The time of day, UTC.
fn clock(time: Timestamp) -> String {
    let secs = time.secs().rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", secs / 3_600, secs / 60 % 60, secs % 60)
}

/// The start of foreign text, without control characters.
fn shorten(text: &str, chars_max: usize) -> String {
    let clean = |c: char| if c.is_control() { '.' } else { c };
    if text.chars().count() <= chars_max {
        return text.chars().map(clean).collect();
    }
    text.chars().take(chars_max.saturating_sub(1)).map(clean).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use palisade_domain::{BlockReason, ClaimStatus, IdentityClass, RequestId, Score, SiteId};
    use palisade_store::{IdentityRecord, SignalRecord};

    fn watched() -> Watched {
        let signal =
            SignalRecord { id: "path.scanner".into(), points: 80, detail: "d".into(), dry_run: false };
        let event = Event {
            time: Timestamp::from_secs(3_725),
            site: SiteId(0),
            client: Client::Ip("203.0.113.7".parse().unwrap()),
            method: Some("GET".into()),
            target: Some("/\u{1b}[31m.env?a-very-long-query=that-goes-on".into()),
            user_agent: None,
            status: Some(403),
            score: Score::new(97).unwrap(),
            action: Action::Block(BlockReason::Attack),
            enforced: Action::Block(BlockReason::Attack),
            rule: "attack: request".into(),
            identity: IdentityRecord {
                class: IdentityClass::Tool,
                claimed: Some("curl".into()),
                status: ClaimStatus::Unverified,
            },
            signals: vec![signal],
            request_id: None,
            facts: None,
        };
        Watched { id: RequestId(1), event: Arc::new(event) }
    }

    fn view(width: usize, colour: bool) -> View {
        View { colour, live: false, width, last: None }
    }

    #[test]
    fn what_repeats_is_counted_in_a_terminal() {
        let mut view = View { live: true, ..view(80, false) };
        assert!(!view.line(&watched()).contains('\x1b'));
        let second = view.line(&watched());
        assert!(second.starts_with("\x1b[2A\x1b[J  01:02:05"), "{second:?}");
        assert!(second.contains("… ×2\n"), "{second:?}");
        let mut other = watched();
        Arc::make_mut(&mut other.event).target = Some("/wp-login.php".into());
        assert_eq!(view.line(&other).lines().count(), 1, "the same reasons stand above");
        view.aside(String::new());
        assert!(!view.line(&watched()).contains('\x1b'), "what stands between is not overwritten");
        view.live = false;
        assert!(!view.line(&watched()).contains('×'), "a file gets every line");
    }

    #[test]
    fn no_width_is_too_small() {
        for width in 0..300 {
            let text = view(width, false).line(&watched());
            assert!(
                width < 70 || text.lines().all(|line| line.chars().count() <= width),
                "{width}: {text:?}"
            );
        }
    }

    #[test]
    fn a_line_says_who_what_and_why() {
        assert_eq!(
            view(140, false).line(&watched()),
            "  01:02:05  block         97  403  203.0.113.7      GET /.[31m.env?a-very-long-query=t…  \
             curl (tool) · attack: request · path.scanner +80"
        );
        assert_eq!(
            view(80, false).line(&watched()),
            "  01:02:05  block         97  403  203.0.113.7      GET /.[31m.env?a-very-long-…\n\
             \x20           curl (tool) · attack: request · path.scanner +80"
        );
    }

    #[test]
    fn colour_is_closed_and_foreign_bytes_stay_out() {
        let line = view(140, true).line(&watched());
        assert!(line.contains("\x1b[31mblock    \x1b[0m"), "{line:?}");
        assert_eq!(line.matches('\x1b').count(), 4, "{line:?}");
    }
}
