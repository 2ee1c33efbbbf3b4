//! What the demo prints: what to try, and a line for each verdict.

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
  A bookshop, defended. Everything the policy says is carried out.

    open it            {site}/
    a program          curl -i {site}/
    a scanner          for p in .env .git/config wp-login.php phpinfo.php; do curl -s -o /dev/null -w '%{{http_code}} ' {site}/$p; done
    a loop             for i in $(seq 60); do curl -s -o /dev/null -w '%{{http_code}} ' {site}/books/knots; done
    somebody else      curl -s -H 'X-Forwarded-For: 203.0.113.7' {site}/
    a search engine    curl -s -A 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)' {site}/
    ask about one      curl -s {api}/check -H 'Content-Type: application/json' -d '{{\"user_agent\": \"python-requests/2.28.0\", \"endpoint\": \"/api/data\"}}'
    read the API       {api}/docs

  Every verdict, as it is made (Ctrl-C ends the demo):

  {:<8}  {:<9}  {:>5}  {:<15}  {:<34}  {:>3}  {}
",
        "time", "did", "score", "client", "request", "", "why"
    )
}

/// How lines look in this terminal.
pub(super) struct View {
    colour: bool,
    width: usize,
}

impl View {
    /// For standard output as it is.
    pub(super) fn of_terminal() -> Self {
        View { colour: shell::colour(), width: shell::width() }
    }

    /// One verdict.
    pub(super) fn line(&self, watched: &Watched) -> String {
        let event = &*watched.event;
        let (start, reset) = if self.colour { (colour(event.enforced), "\x1b[0m") } else { ("", "") };
        let request =
            format!("{} {}", event.method.as_deref().unwrap_or("-"), event.target.as_deref().unwrap_or("-"));
        let status = event.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        let left = format!(
            "  {:<8}  {start}{:<9}{reset}  {:>5}  {:<15}  {:<34}  {:>3}  ",
            clock(event.time),
            event.enforced.name(),
            event.score.value(),
            shorten(&client(event), 15),
            shorten(&request, 34),
            status,
        );
        let room = self.width.max(100).saturating_sub(88).max(24);
        left + &shorten(&why(event), room)
    }
}

fn client(event: &Event) -> String {
    match &event.client {
        Client::Ip(ip) => ip.to_string(),
        Client::Opaque(name) => name.clone(),
    }
}

/// Who it says it is, and the strongest signals.
fn why(event: &Event) -> String {
    let who = match &event.identity.claimed {
        Some(name) => format!("{name} ({}, {})", event.identity.class.name(), event.identity.status.name()),
        None => event.identity.class.name().to_owned(),
    };
    let signals: Vec<String> = event
        .signals
        .iter()
        .filter(|signal| !signal.dry_run && signal.points > 0)
        .take(3)
        .map(|signal| format!("{} +{}", signal.id, signal.points))
        .collect();
    match signals.is_empty() {
        true => who,
        false => format!("{who}: {}", signals.join(", ")),
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

    #[test]
    fn a_line_says_who_what_and_why() {
        let line = View { colour: false, width: 140 }.line(&watched());
        assert_eq!(
            line,
            "  01:02:05  block         97  203.0.113.7      GET /.[31m.env?a-very-long-query=…  403  \
             curl (tool, unverified): path.scanner +80"
        );
    }

    #[test]
    fn colour_is_closed_and_foreign_bytes_stay_out() {
        let line = View { colour: true, width: 140 }.line(&watched());
        assert!(line.contains("\x1b[31mblock    \x1b[0m"), "{line:?}");
        assert_eq!(line.matches('\x1b').count(), 2);
    }
}
