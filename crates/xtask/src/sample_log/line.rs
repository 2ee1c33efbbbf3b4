//! Requests, and the log they end up in.

use super::rng::Rng;
use super::{DAY, START};

/// One request with its answer.
#[derive(Clone)]
pub(super) struct Hit {
    /// Milliseconds since the log's first midnight.
    pub(super) at_ms: i64,
    pub(super) client: String,
    pub(super) method: &'static str,
    pub(super) target: String,
    pub(super) version: &'static str,
    pub(super) status: u16,
    pub(super) bytes: u64,
    pub(super) referrer: String,
    pub(super) agent: String,
}

impl Hit {
    /// A GET that was answered with 200 and 4 KB, without a referrer.
    pub(super) fn get(at_ms: i64, client: &str, target: &str, agent: &str) -> Hit {
        Hit {
            at_ms,
            client: client.to_owned(),
            method: "GET",
            target: target.to_owned(),
            version: "HTTP/1.1",
            status: 200,
            bytes: 4_096,
            referrer: "-".to_owned(),
            agent: agent.to_owned(),
        }
    }

    pub(super) fn method(mut self, method: &'static str) -> Hit {
        self.method = method;
        self
    }

    pub(super) fn answer(mut self, status: u16, bytes: u64) -> Hit {
        self.status = status;
        self.bytes = bytes;
        self
    }

    pub(super) fn from(mut self, referrer: &str) -> Hit {
        self.referrer = referrer.to_owned();
        self
    }

    pub(super) fn http2(mut self) -> Hit {
        self.version = "HTTP/2.0";
        self
    }

    /// nginx's `combined` format.
    fn line(&self) -> String {
        let Hit { client, method, target, version, status, bytes, referrer, agent, .. } = self;
        let time = time_local(self.at_ms);
        format!(
            "{client} - - [{time}] \"{method} {target} {version}\" {status} {bytes} \"{referrer}\" \"{agent}\"\n"
        )
    }
}

/// `30/Jun/2026:14:03:07 +0000`; the log's days lie around the turn of the month.
fn time_local(at_ms: i64) -> String {
    let secs = at_ms.div_euclid(1_000);
    let (day, rest) = (secs.div_euclid(DAY), secs.rem_euclid(DAY));
    let date = if day < 1 { "30/Jun/2026".to_owned() } else { format!("{day:02}/Jul/2026") };
    format!("{date}:{:02}:{:02}:{:02} +0000", rest / 3_600, rest / 60 % 60, rest % 60)
}

/// All requests, in no order yet.
#[derive(Default)]
pub(super) struct Log {
    hits: Vec<Hit>,
}

impl Log {
    /// Adds `hit` where it falls into the two days.
    pub(super) fn add(&mut self, hit: Hit) {
        if (0..super::DAYS * DAY * 1_000).contains(&hit.at_ms) {
            self.hits.push(hit);
        }
    }

    /// The log as bytes, with the damage that real ones have.
    pub(super) fn into_bytes(mut self, rng: &mut Rng) -> Vec<u8> {
        self.hits.sort_by_key(|hit| hit.at_ms);
        let mut out = Vec::with_capacity(self.hits.len() * 180);
        let every = self.hits.len() / DAMAGE.len();
        for (at, hit) in self.hits.iter().enumerate() {
            out.extend_from_slice(hit.line().as_bytes());
            if at % every == every / 2 {
                damage(&mut out, hit, DAMAGE[at / every % DAMAGE.len()], rng);
            }
        }
        out
    }
}

/// What goes wrong with lines: a full disk, a crash, a rotated file, two writers.
#[derive(Clone, Copy)]
enum Damage {
    Torn,
    Binary,
    Blank,
}

const DAMAGE: [Damage; 7] =
    [Damage::Torn, Damage::Binary, Damage::Torn, Damage::Blank, Damage::Torn, Damage::Binary, Damage::Torn];

fn damage(out: &mut Vec<u8>, near: &Hit, kind: Damage, rng: &mut Rng) {
    match kind {
        Damage::Torn => {
            let line = near.line();
            out.extend_from_slice(&line.as_bytes()[..rng.between(20, 60) as usize]);
        }
        Damage::Binary => out.extend((0..rng.between(40, 90)).map(|_| match rng.below(256) as u8 {
            b'\n' => 0,
            byte => byte,
        })),
        Damage::Blank => {}
    }
    out.push(b'\n');
}

/// Milliseconds since the log's first midnight at `day` (0 or 1) and this time of it.
pub(super) fn at(day: i64, hour: i64, minute: i64) -> i64 {
    (day * DAY + hour * 3_600 + minute * 60) * 1_000
}

const _: () = assert!(START % DAY == 0, "the log begins at midnight");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_nginx_writes_them() {
        let hit = Hit::get(at(1, 14, 3) + 7_999, "192.0.2.1", "/a?b=c", "curl/8.14.1").answer(304, 0);
        let line = "192.0.2.1 - - [01/Jul/2026:14:03:07 +0000] \"GET /a?b=c HTTP/1.1\" 304 0 \"-\" \"curl/8.14.1\"\n";
        assert_eq!(hit.line(), line);
    }

    #[test]
    fn nothing_leaves_the_two_days() {
        let mut log = Log::default();
        for at_ms in [-1, 0, at(1, 23, 59), at(2, 0, 0)] {
            log.add(Hit::get(at_ms, "192.0.2.1", "/", "x"));
        }
        assert_eq!(log.hits.len(), 2);
    }
}
