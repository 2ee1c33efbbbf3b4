//! The traffic that assessment is measured on (DESIGN section 8): 70 % asset GET, 25 % page GET, 5 % form POST of
//! 1 KiB, over 100,000 known clients in random order. Deterministic: the same number makes the same request.
//!
//! Header sets are those that Chromium 156 and Firefox 153 sent over HTTP/2 (own recordings, CC0); versions and
//! systems vary from client to client as they do on a site. One client in four has an IPv6 address.

use std::net::{Ipv4Addr, Ipv6Addr};

use palisade_domain::{
    BodyKind, BodyPrefix, ClientIp, ClientKey, Fact, HeaderCase, HeaderList, HeaderOrder, HttpVersion,
    RequestFacts, Resolution, ResponseFacts, Scheme, Timestamp, Vantage,
};

/// Clients of the mix.
pub const CLIENTS: u64 = 100_000;

/// Bytes of a form's body.
pub const FORM_BYTES: usize = 1_024;

/// The mix. Its texts live as long as the process: benches make one.
#[derive(Debug)]
pub struct Mix {
    agents: Vec<Agent>,
    pages: Vec<&'static str>,
    assets: [Vec<&'static str>; 3],
    form: &'static [u8],
    vantage: Vantage,
}

/// A header list.
type Headers = &'static [(&'static str, &'static str)];

/// One browser edition and what it sends.
#[derive(Debug)]
struct Agent {
    user_agent: &'static str,
    page: Headers,
    form: Headers,
    /// Style, script, image.
    assets: [Headers; 3],
}

/// Requests begin here: 2026-11-20T00:00:00Z.
const START_MS: u64 = 1_795_132_800_000;

/// Browser editions on the road.
const EDITIONS: u64 = 128;

impl Mix {
    /// The mix as seen from `vantage`: with headers and bodies anywhere but from a log.
    pub fn new(vantage: Vantage) -> Self {
        let pages = (0..2_000).map(|n| match n % 5 {
            0 => keep(format!("/search?q=oak+table+{n}&sort=price&page={}", n % 9)),
            1 => keep(format!("/articles/{n}/how-to-oil-a-table?utm_source=letter&utm_campaign=may{n}")),
            _ => keep(format!("/products/{n}/oak-table-{}", n % 40)),
        });
        let assets = |folder: &str, ending: &str| -> Vec<&'static str> {
            (0..150).map(|n| keep(format!("/static/{folder}/part-{n:03}.{ending}?v=8f3a{n:x}"))).collect()
        };
        Mix {
            agents: (0..EDITIONS).map(Agent::edition).collect(),
            pages: pages.collect(),
            assets: [assets("css", "css"), assets("js", "js"), assets("img", "webp")],
            form: keep(form()).as_bytes(),
            vantage,
        }
    }

    /// Request number `n`, one a millisecond.
    pub fn facts(&self, n: u64) -> RequestFacts<'_> {
        let (who, what) = (mix(n) % CLIENTS, mix(n ^ 0x5eed_0fa1));
        let agent = &self.agents[edition_of(who)];
        let time = Timestamp::from_millis((START_MS + n) as i64);
        let mut facts = RequestFacts::bare(ClientKey::Ip(address(who)), time, self.vantage);
        let page = self.pages[(what >> 8) as usize % self.pages.len()];
        let (method, target, headers) = match what % 100 {
            0..70 => {
                let kind = (what >> 20) as usize % 3;
                ("GET", self.assets[kind][(what >> 8) as usize % 150], agent.assets[kind])
            }
            70..95 => ("GET", page, agent.page),
            _ => ("POST", "/contact", agent.form),
        };
        facts.method = Fact::Known(method);
        facts.target = Fact::Known(target);
        facts.version = Fact::Known(HttpVersion::Http2);
        facts.user_agent = Fact::Known(agent.user_agent);
        facts.referrer = Fact::Known("https://shop.example/");
        if self.vantage == Vantage::Log {
            facts.resolution = Resolution::Second;
            return facts;
        }
        facts.host = Fact::Known("shop.example");
        facts.scheme = Fact::Known(Scheme::Https);
        let (order, case) = (HeaderOrder::Wire, HeaderCase::Wire);
        facts.headers = Fact::Known(HeaderList { entries: headers, order, case });
        if method == "POST" {
            facts.body = Fact::Known(BodyPrefix { kind: BodyKind::Form, bytes: self.form, complete: true });
        }
        facts
    }

    /// Its response.
    pub fn response(&self) -> ResponseFacts {
        ResponseFacts { status: Fact::Known(200), set_cookie: Fact::Known(false), ..ResponseFacts::default() }
    }
}

impl Agent {
    /// Half of the editions are Chromium's, half are Firefox's.
    fn edition(n: u64) -> Agent {
        let version = 156 - n / 2 % 16;
        let os = ["X11; Linux x86_64", "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7"]
            [(n / 32 % 3) as usize];
        if n.is_multiple_of(2) { Agent::chromium(os, version) } else { Agent::firefox(os, version - 3) }
    }

    fn chromium(os: &str, version: u64) -> Agent {
        let agent = keep(format!(
            "Mozilla/5.0 ({os}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"
        ));
        let brands = keep(format!("\"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"{version}\""));
        let platform = match os.as_bytes()[0] {
            b'X' => "\"Linux\"",
            b'W' => "\"Windows\"",
            _ => "\"macOS\"",
        };
        let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,\
                      image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7";
        let hints = [("sec-ch-ua", brands), ("sec-ch-ua-mobile", "?0"), ("sec-ch-ua-platform", platform)];
        let navigation = [
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-user", "?1"),
            ("sec-fetch-dest", "document"),
            ("referer", "https://shop.example/"),
        ];
        let end = [
            ("accept-encoding", "gzip, deflate, br, zstd"),
            ("accept-language", "en-US,en;q=0.9"),
            ("cookie", "sid=demo1004"),
        ];
        let agent_line = [("user-agent", agent)];
        let last = |priority| [("priority", priority)];
        let upgrade = [("upgrade-insecure-requests", "1")];
        let asset = |accept, dest, priority| {
            let fetch = [
                ("accept", accept),
                ("sec-fetch-site", "same-origin"),
                ("sec-fetch-mode", "no-cors"),
                ("sec-fetch-dest", dest),
                ("referer", "https://shop.example/"),
            ];
            list(&[&hints[2..], &agent_line, &hints[..2], &fetch, &end, &last(priority)])
        };
        let sent = [("content-type", "application/x-www-form-urlencoded")];
        let origin = [("origin", "https://shop.example")];
        Agent {
            user_agent: agent,
            page: list(&[
                &hints,
                &upgrade,
                &agent_line,
                &[("accept", accept)],
                &navigation,
                &end,
                &last("u=0, i"),
            ]),
            form: list(&[
                &[("content-length", "1024"), ("cache-control", "max-age=0")],
                &hints,
                &upgrade,
                &sent,
                &agent_line,
                &origin,
                &[("accept", accept)],
                &navigation,
                &end,
                &last("u=0, i"),
            ]),
            assets: [
                asset("text/css,*/*;q=0.1", "style", "u=4"),
                asset("*/*", "script", "u=1"),
                asset(
                    "image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
                    "image",
                    "u=2, i",
                ),
            ],
        }
    }

    fn firefox(os: &str, version: u64) -> Agent {
        let os = if os.starts_with('M') { "Macintosh; Intel Mac OS X 10.15" } else { os };
        let agent = keep(format!("Mozilla/5.0 ({os}; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"));
        let start = |accept| {
            [
                ("user-agent", agent),
                ("accept", accept),
                ("accept-language", "en-US,en;q=0.9"),
                ("accept-encoding", "gzip, deflate, br, zstd"),
            ]
        };
        let known = [("referer", "https://shop.example/"), ("cookie", "sid=demo1006")];
        let navigation = [
            ("upgrade-insecure-requests", "1"),
            ("sec-fetch-dest", "document"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-user", "?1"),
            ("priority", "u=0, i"),
            ("te", "trailers"),
        ];
        let asset = |accept, dest, priority| {
            let fetch = [
                ("sec-fetch-dest", dest),
                ("sec-fetch-mode", "no-cors"),
                ("sec-fetch-site", "same-origin"),
                ("priority", priority),
                ("te", "trailers"),
            ];
            list(&[&start(accept), &known, &fetch])
        };
        let page = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        let sent = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("content-length", "1024"),
            ("origin", "https://shop.example"),
        ];
        Agent {
            user_agent: agent,
            page: list(&[&start(page), &known, &navigation]),
            form: list(&[&start(page), &sent, &known, &navigation]),
            assets: [
                asset("text/css,*/*;q=0.1", "style", "u=2"),
                asset("*/*", "script", "u=2"),
                asset(
                    "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
                    "image",
                    "u=5, i",
                ),
            ],
        }
    }
}

/// A contact form filled in with ordinary sentences, [`FORM_BYTES`] long.
fn form() -> String {
    let message = "Dear+shop%2C+I+would+like+to+select+a+table+from+your+list+and+order+two+chairs+with+it.+\
                   The+drop-down+menu+doesn%27t+show+oak+%28or+beech%29%3B+could+you+update+it%3F+Thank+you%21+";
    let mut form = String::from("name=Ada+Lovelace&email=ada%40mail.example&message=");
    while form.len() < FORM_BYTES - 8 {
        let left = FORM_BYTES - 8 - form.len();
        form.push_str(&message[..left.min(message.len())]);
    }
    form.push_str("&send=on");
    form
}

/// A client's address; none is anybody's (RFC 5737 and 3849 are too small, so 198.18.0.0/15 and a part of
/// 2001:db8::/32 with one /64 each).
fn address(client: u64) -> ClientIp {
    if client % 4 == 3 {
        let [_, _, a, b, ..] = (client as u32).to_be_bytes().map(u16::from);
        ClientIp::new(Ipv6Addr::new(0x2001, 0xdb8, (client >> 12) as u16, (a << 8) | b, 0, 0, 0, 1).into())
    } else {
        ClientIp::new(Ipv4Addr::from(0xc612_0000 + client as u32).into())
    }
}

/// Few editions have most clients, as on the road: the k-th has about 1/k of the first's.
fn edition_of(client: u64) -> usize {
    let share = (mix(client ^ 0xa6e7) >> 11) as f64 / (1u64 << 53) as f64;
    ((EDITIONS as f64).powf(share) - 1.0) as usize
}

fn list(parts: &[&[(&'static str, &'static str)]]) -> Headers {
    Vec::leak(parts.concat())
}

fn keep(text: String) -> &'static str {
    String::leak(text)
}

/// SplitMix64.
fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_are_those_of_the_design() {
        let mix = Mix::new(Vantage::GatewayTls);
        let mut shares = [0; 3];
        for n in 0..100_000 {
            let facts = mix.facts(n);
            let is_asset = facts.target.known().is_some_and(|target| target.starts_with("/static/"));
            shares[if is_asset { 0 } else { usize::from(facts.method == Fact::Known("POST")) + 1 }] += 1;
            if let Some(body) = facts.body.known() {
                assert_eq!(body.bytes.len(), FORM_BYTES);
            }
        }
        assert!(shares[0] > 69_000 && shares[0] < 71_000, "{shares:?}");
        assert!(shares[2] > 4_500 && shares[2] < 5_500, "{shares:?}");
    }

    #[test]
    fn a_log_sees_no_headers() {
        let mix = Mix::new(Vantage::Log);
        let facts = mix.facts(7);
        assert!(facts.headers == Fact::Unseen && facts.user_agent.is_known());
    }
}
