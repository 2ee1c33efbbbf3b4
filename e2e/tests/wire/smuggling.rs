//! Requests that two readers could read differently, each with another one behind it that must never be mistaken for a
//! request of its own: refused and told, or passed on so that there is one reading left.

use std::collections::BTreeMap;

use palisade_e2e::palisade::Palisade;
use palisade_e2e::wire;

use super::client::Client;
use super::message::{Framing, Message, shown};
use super::upstream::{Said, Upstream};
use super::{passing, same};

/// What must become of a request.
enum Outcome {
    /// Answered with this status and the connection closed; nothing of it is sent on. Counted as this fault.
    Refused(u16, &'static str),
    /// Passed on as this one request; what stands behind it is read as a request of its own.
    Passed(&'static str, Framing),
    /// Answered without asking the upstream, and closed.
    Answered(u16),
}

use Outcome::{Answered, Passed, Refused};

/// What stands behind each. Where it reaches the upstream, it does so as exactly this.
const BEHIND: &str = "GET /behind HTTP/1.1\r\nHost: shop.example\r\nX-Behind: 1\r\n\r\n";

/// Lines between `Host` and the empty line, and a body; sent as `POST /front`.
const HEADS: &[(&str, Outcome)] = &[
    // Two lengths.
    ("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Refused(400, "both-lengths")),
    ("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", Refused(400, "both-lengths")),
    ("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Refused(400, "both-lengths")),
    ("Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd", Refused(400, "length")),
    ("Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd", Refused(400, "length")),
    ("Content-Length: 4\r\ncontent-length: 0\r\n\r\nabcd", Refused(400, "length")),
    ("Content-Length: 4, 4\r\n\r\nabcd", Refused(400, "length")),
    ("Content-Length: 4,\r\n\r\nabcd", Refused(400, "length")),
    ("Content-Length: +4\r\n\r\nabcd", Refused(400, "length")),
    ("Content-Length: -4\r\n\r\nabcd", Refused(400, "length")),
    ("Content-Length: 0x4\r\n\r\nabcd", Refused(400, "length")),
    ("Content-Length: 4.0\r\n\r\nabcd", Refused(400, "length")),
    ("Content-Length: 4 4\r\n\r\nabcd", Refused(400, "length")),
    ("Content-Length: \"4\"\r\n\r\nabcd", Refused(400, "length")),
    ("Content-Length:\r\n\r\n", Refused(400, "length")),
    ("Content-Length: abcd\r\n\r\n", Refused(400, "length")),
    ("Content-Length: \u{ff14}\r\n\r\nabcd", Refused(400, "length")),
    ("Content-Length: 18446744073709551620\r\n\r\nabcd", Refused(400, "length")),
    ("Content-Length: 99999999999999999999999999\r\n\r\nabcd", Refused(400, "length")),
    // Codings that are not exactly chunked.
    ("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", Refused(400, "transfer-encoding")),
    ("Transfer-Encoding: chunkedx\r\n\r\n0\r\n\r\n", Refused(400, "transfer-encoding")),
    ("Transfer-Encoding: identity\r\n\r\n0\r\n\r\n", Refused(400, "transfer-encoding")),
    ("Transfer-Encoding:\r\n\r\n0\r\n\r\n", Refused(400, "transfer-encoding")),
    ("Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", Refused(400, "transfer-encoding")),
    (
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        Refused(400, "transfer-encoding"),
    ),
    (
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        Refused(400, "transfer-encoding"),
    ),
    ("Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n", Refused(400, "transfer-encoding")),
    ("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", Refused(400, "transfer-encoding")),
    ("Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", Refused(400, "transfer-encoding")),
    ("Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n", Refused(400, "transfer-encoding")),
    ("Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", Refused(400, "transfer-encoding")),
    ("Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n", Refused(400, "transfer-encoding")),
    ("Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n", Refused(400, "transfer-encoding")),
    ("Transfer-Encoding: \u{b}chunked\r\n\r\n0\r\n\r\n", Refused(400, "header-value")),
    ("Transfer-Encoding: \u{c}chunked\r\n\r\n0\r\n\r\n", Refused(400, "header-value")),
    ("Transfer-Encoding: chunked\u{b}\r\n\r\n0\r\n\r\n", Refused(400, "header-value")),
    ("Transfer-Encoding: ch\u{212a}unked\r\n\r\n0\r\n\r\n", Refused(400, "transfer-encoding")),
    // One reading: case and blanks around a value mean nothing.
    ("Transfer-Encoding: cHuNkEd\r\n\r\n3\r\nabc\r\n0\r\n\r\n", Passed("abc", Framing::Chunked)),
    ("Transfer-Encoding:\tchunked\t \r\n\r\n3\r\nabc\r\n0\r\n\r\n", Passed("abc", Framing::Chunked)),
    ("tRANSFER-eNCODING:chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", Passed("abc", Framing::Chunked)),
    ("Content-Length: \t4 \t\r\n\r\nabcd", Passed("abcd", Framing::Sized(4))),
    ("Content-Length: 0004\r\n\r\nabcd", Passed("abcd", Framing::Sized(4))),
    ("content-LENGTH:4\r\n\r\nabcd", Passed("abcd", Framing::Sized(4))),
    ("\r\n", Passed("", Framing::Bare)),
    // Names that are none, so that some readers see another header than others.
    ("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", Refused(400, "header-name")),
    ("Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n", Refused(400, "header-name")),
    ("Content-Length : 4\r\n\r\nabcd", Refused(400, "header-name")),
    ("Transfer-Encoding\u{b}: chunked\r\n\r\n0\r\n\r\n", Refused(400, "header-name")),
    ("Transfer Encoding: chunked\r\n\r\n0\r\n\r\n", Refused(400, "header-name")),
    ("\u{0}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Refused(400, "header-name")),
    ("[Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Refused(400, "header-name")),
    (": chunked\r\n\r\n", Refused(400, "header-name")),
    ("Transfer-Encoding\r\n\r\n", Refused(400, "header-name")),
    ("Caf\u{e9}: 1\r\n\r\n", Refused(400, "header-name")),
    // Not this name, whatever a careless reader makes of it: it goes on as the ordinary header that it is, or not at all.
    ("Transfer_Encoding: chunked\r\nContent-Length: 4\r\n\r\nabcd", Passed("abcd", Framing::Sized(4))),
    // Lines that end, or go on, in two ways.
    ("X: 1\r\n folded\r\n\r\n", Refused(400, "folding")),
    ("Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", Refused(400, "transfer-encoding")),
    ("Transfer-Encoding: chunked\r\n\tfolded\r\n\r\n0\r\n\r\n", Refused(400, "folding")),
    ("X: 1\nContent-Length: 4\r\n\r\nabcd", Refused(400, "bare-line-feed")),
    ("X: 1\r\nContent-Length: 4\n\r\nabcd", Refused(400, "bare-line-feed")),
    ("Content-Length: 4\n\nabcd", Refused(400, "bare-line-feed")),
    ("X: 1\rContent-Length: 4\r\n\r\nabcd", Refused(400, "header-value")),
    ("X: 1\r\rContent-Length: 4\r\n\r\nabcd", Refused(400, "header-value")),
    ("X: 1\r\n\rContent-Length: 4\r\n\r\nabcd", Refused(400, "header-name")),
    ("X: a\u{0}b\r\n\r\n", Refused(400, "header-value")),
    ("X: a\u{7f}b\r\n\r\n", Refused(400, "header-value")),
    ("X: \u{1b}[2J\r\n\r\n", Refused(400, "header-value")),
    // Two hosts.
    ("Host: other.example\r\n\r\n", Refused(400, "host")),
    ("Host: shop.example\r\n\r\n", Refused(400, "host")),
    ("host:\r\n\r\n", Refused(400, "host")),
    // Chunks.
    ("Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n", Refused(400, "chunk")),
    ("Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n", Refused(400, "chunk")),
    ("Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n", Refused(400, "chunk")),
    ("Transfer-Encoding: chunked\r\n\r\n 3\r\nabc\r\n0\r\n\r\n", Refused(400, "chunk")),
    ("Transfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n", Refused(400, "chunk")),
    ("Transfer-Encoding: chunked\r\n\r\n3_0\r\nabc\r\n0\r\n\r\n", Refused(400, "chunk")),
    ("Transfer-Encoding: chunked\r\n\r\n\r\nabc\r\n0\r\n\r\n", Refused(400, "chunk")),
    ("Transfer-Encoding: chunked\r\n\r\n;x\r\nabc\r\n0\r\n\r\n", Refused(400, "chunk")),
    ("Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n", Refused(400, "chunk")),
    ("Transfer-Encoding: chunked\r\n\r\n10000000000000003\r\nabc\r\n0\r\n\r\n", Refused(400, "chunk")),
    ("Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n", Refused(400, "chunk")),
    ("Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n", Refused(400, "chunk")),
    ("Transfer-Encoding: chunked\r\n\r\n3\rabc\r\n0\r\n\r\n", Refused(400, "chunk")),
    ("Transfer-Encoding: chunked\r\n\r\n3;a\nabc\r\n0\r\n\r\n", Refused(400, "chunk")),
    ("Transfer-Encoding: chunked\r\n\r\n3;a\rb\r\nabc\r\n0\r\n\r\n", Refused(400, "chunk")),
    ("Transfer-Encoding: chunked\r\n\r\n3\r\nabc0\r\n\r\n", Refused(400, "chunk")),
    ("Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", Refused(400, "chunk")),
    ("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\n0\r\n\r\n", Refused(400, "chunk")),
    ("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\n", Refused(400, "chunk")),
    ("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: 1\n\r\n", Refused(400, "chunk")),
    ("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: a\0b\r\n\r\n", Refused(400, "chunk")),
    ("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: 1\r\n folded\r\n\r\n", Refused(400, "chunk")),
    // Extensions and leading zeros mean nothing to anybody.
    (
        "Transfer-Encoding: chunked\r\n\r\n003;a=\"b\"\r\nabc\r\n000;x\r\n\r\n",
        Passed("abc", Framing::Chunked),
    ),
    // Trailers that would frame, route or vouch had they been headers.
    (
        "Trailer: Content-Length, Host, X-Palisade-Score\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\
         Content-Length: 90\r\nHost: b\r\nX-Palisade-Score: 0\r\n\r\n",
        Passed("abc", Framing::Chunked),
    ),
    // What belongs to one hop cannot be made to remove what frames or routes.
    ("Connection: Content-Length\r\nContent-Length: 4\r\n\r\nabcd", Passed("abcd", Framing::Sized(4))),
    (
        "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        Passed("abc", Framing::Chunked),
    ),
    ("Connection: Host, X-Forwarded-For\r\nContent-Length: 4\r\n\r\nabcd", Passed("abcd", Framing::Sized(4))),
    // Another protocol on the same connection: the upstream is not asked for one we do not follow.
    (
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
        Passed("", Framing::Bare),
    ),
];

/// Whole requests, for what is wrong with a first line, or has none.
const WHOLE: &[(&str, Outcome)] = &[
    ("GET /\r\n\r\n", Refused(400, "garbage")),
    ("GET / \r\n\r\n", Refused(400, "garbage")),
    ("GET / HTTP/0.9\r\nHost: shop.example\r\n\r\n", Refused(400, "garbage")),
    ("GET / HTTP/1.2\r\nHost: shop.example\r\n\r\n", Refused(400, "garbage")),
    ("GET / HTTP/2.0\r\nHost: shop.example\r\n\r\n", Refused(400, "garbage")),
    ("GET / HTTP/1.10\r\nHost: shop.example\r\n\r\n", Refused(400, "garbage")),
    ("GET / http/1.1\r\nHost: shop.example\r\n\r\n", Refused(400, "garbage")),
    ("GET / HTTP/1.1 \r\nHost: shop.example\r\n\r\n", Refused(400, "garbage")),
    ("GET  / HTTP/1.1\r\nHost: shop.example\r\n\r\n", Refused(400, "garbage")),
    ("GET\t/\tHTTP/1.1\r\nHost: shop.example\r\n\r\n", Refused(400, "garbage")),
    ("GET /a b HTTP/1.1\r\nHost: shop.example\r\n\r\n", Refused(400, "garbage")),
    ("GET /a\u{b}b HTTP/1.1\r\nHost: shop.example\r\n\r\n", Refused(400, "garbage")),
    ("GET /a\u{0}b HTTP/1.1\r\nHost: shop.example\r\n\r\n", Refused(400, "garbage")),
    ("GET /a#b HTTP/1.1\r\nHost: shop.example\r\n\r\n", Refused(400, "garbage")),
    (" GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n", Refused(400, "garbage")),
    ("G\u{e9}T / HTTP/1.1\r\nHost: shop.example\r\n\r\n", Refused(400, "garbage")),
    ("G(T / HTTP/1.1\r\nHost: shop.example\r\n\r\n", Refused(400, "garbage")),
    ("hello\r\n\r\n", Refused(400, "garbage")),
    ("\u{16}\u{3}\u{1}\u{0}\u{f8}\u{1}\u{0}\u{0}\u{f4}\u{3}\u{3}", Refused(400, "garbage")),
    ("GET / HTTP/1.1\nHost: shop.example\n\n", Refused(400, "bare-line-feed")),
    ("GET / HTTP/1.1\r\nX: 1\r\n\r\n", Refused(400, "host")),
    ("GET / HTTP/1.1\r\nHost: shop.example/evil\r\n\r\n", Refused(400, "host")),
    ("GET / HTTP/1.1\r\nHost: a@shop.example\r\n\r\n", Refused(400, "host")),
    ("GET / HTTP/1.1\r\nHost: shop.example, other.example\r\n\r\n", Refused(400, "host")),
    ("GET / HTTP/1.1\r\nHost: shop.example other.example\r\n\r\n", Refused(400, "host")),
    ("GET http://other.example/front HTTP/1.1\r\nHost: shop.example\r\n\r\n", Refused(400, "host")),
    ("GET http://shop.example:8080/front HTTP/1.1\r\nHost: shop.example\r\n\r\n", Refused(400, "host")),
    ("GET http://a@shop.example/front HTTP/1.1\r\nHost: shop.example\r\n\r\n", Refused(400, "host")),
    (
        "POST / HTTP/1.0\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        Refused(400, "transfer-encoding"),
    ),
    (
        "POST http://shop.example/front HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 4\r\n\r\nabcd",
        Passed("abcd", Framing::Sized(4)),
    ),
    (
        "\r\n\r\nPOST /front HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 4\r\n\r\nabcd",
        Passed("abcd", Framing::Sized(4)),
    ),
    ("CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example:443\r\n\r\n", Answered(501)),
];

/// Each refused request became an event with its fault and a count, and nothing else reached the upstream.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_two_readings_is_refused_and_told() {
    let upstream = Upstream::start(|_| Said::whole("from the site")).await;
    let mut palisade = passing(upstream.address, "").await;
    let (mut faults, mut refused) = (Vec::new(), BTreeMap::<&str, u64>::new());
    let posts = HEADS
        .iter()
        .map(|(lines, outcome)| (format!("POST /front HTTP/1.1\r\nHost: shop.example\r\n{lines}"), outcome));
    let wholes = WHOLE.iter().map(|(request, outcome)| ((*request).to_owned(), outcome));
    for (request, outcome) in posts.chain(wholes).chain(long()) {
        if let Refused(_, fault) = outcome {
            *refused.entry(fault).or_default() += 1;
        }
        if let Err(fault) = one(&palisade, &upstream, request.as_bytes(), outcome).await {
            faults.push(format!("{:.150}: {fault:.400}", request.escape_debug().to_string()));
        }
    }
    assert!(faults.is_empty(), "{} are read differently\n{}", faults.len(), faults.join("\n"));

    let metrics = wire::get(palisade.api, "/metrics").await.unwrap().text();
    for (fault, count) in &refused {
        let line = format!("palisade_head_faults_total{{fault=\"{fault}\"}} {count}");
        assert!(metrics.lines().any(|held| held == line), "no {line} in {metrics}");
    }
    palisade.terminate().await.unwrap();
    let mut told = BTreeMap::<String, u64>::new();
    for event in palisade.events().await.unwrap() {
        if let Some(fault) = event["head_fault"].as_str() {
            *told.entry(fault.to_owned()).or_default() += 1;
            assert_eq!(event["client"], "127.0.0.1", "{event}");
        }
    }
    let refused: BTreeMap<String, u64> =
        refused.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
    assert_eq!(told, refused, "events tell each fault once");
}

/// Heads and chunk lines beyond their bounds.
fn long() -> Vec<(String, &'static Outcome)> {
    let get = "GET /front HTTP/1.1\r\nHost: shop.example\r\n";
    let chunked = "POST /front HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\r\n";
    vec![
        (format!("{get}X: {}\r\n\r\n", "x".repeat(65_536)), &Refused(431, "too-long")),
        (
            format!("GET /{} HTTP/1.1\r\nHost: shop.example\r\n\r\n", "x".repeat(65_536)),
            &Refused(431, "too-long"),
        ),
        (format!("{get}{}\r\n", "X: 1\r\n".repeat(100)), &Refused(431, "too-long")),
        (format!("{get}{}\r\n", "X: 1\r\n".repeat(5_000)), &Refused(431, "too-long")),
        (format!("{chunked}3;{}\r\nabc\r\n0\r\n\r\n", "x".repeat(5_000)), &Refused(400, "chunk")),
        (format!("{chunked}3\r\nabc\r\n0\r\nX: {}\r\n\r\n", "x".repeat(5_000)), &Refused(400, "chunk")),
        (format!("{chunked}3\r\nabc\r\n0\r\n{}\r\n", "X: 1\r\n".repeat(1_000)), &Refused(400, "chunk")),
    ]
}

/// Sends `request` with [`BEHIND`] right behind it, and looks at both sides.
async fn one(
    palisade: &Palisade,
    upstream: &Upstream,
    request: &[u8],
    outcome: &Outcome,
) -> Result<(), String> {
    let before = upstream.seen().len();
    let mut client = Client::open(palisade.gateway).await;
    client.send([request, BEHIND.as_bytes()].concat()).await;
    let first = client.answer_to("POST").await.map_err(|error| format!("{error:#}"))?;
    let (passed, body, framing) = match outcome {
        Refused(status, _) => {
            same("status", *status, first.status())?;
            same("connection", "close".to_owned(), first.text("connection"))?;
            (0, "", Framing::Bare)
        }
        Answered(status) => {
            same("status", *status, first.status())?;
            (0, "", Framing::Bare)
        }
        Passed(body, framing) => {
            same("status", (200, b"from the site".to_vec()), (first.status(), first.body))?;
            let second = client.answer_to("GET").await.map_err(|error| format!("behind it: {error:#}"))?;
            same("status behind it", 200, second.status())?;
            (2, *body, *framing)
        }
    };
    if matches!(outcome, Passed(..)) {
        client.finish().await;
    }
    let rest = client.rest().await;
    same("further answers", String::new(), rest)?;
    let seen = &upstream.seen()[before..];
    same("requests at the upstream", passed, seen.len())?;
    same("what is no request at the upstream", Vec::<String>::new(), upstream.faults())?;
    if let [front, behind] = seen {
        is_one_request(front, "/front", body, framing)?;
        is_one_request(behind, "/behind", "", Framing::Bare)?;
        same("what stood behind it", "1".to_owned(), behind.text("x-behind"))?;
    }
    Ok(())
}

fn is_one_request(seen: &Message, target: &str, body: &str, framing: Framing) -> Result<(), String> {
    same("target", target.to_owned(), shown(seen.word(1)))?;
    same("host", "shop.example".to_owned(), seen.text("host"))?;
    same("framing", framing, seen.framing)?;
    same("body", body.to_owned(), shown(&seen.body))?;
    let vouching = |name: &str| matches!(name, "content-length" | "host") || name.starts_with("x-palisade");
    same("trailers", 0, seen.trailers.iter().filter(|(name, _)| vouching(name)).count())
}
