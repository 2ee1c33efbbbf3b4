//! A thousand random exchanges: what the client wrote is what the upstream reads, and the other way round.

use std::sync::Arc;

use super::client::Client;
use super::exchange::{Answer, Body, Exchange, Request, lower};
use super::message::{Fields, Framing, Message, shown, values};
use super::random::Random;
use super::upstream::{Said, Then, Upstream};
use super::{judging, passing, same};

const EXCHANGES: usize = 1_000;
const SEED: u64 = 9_112;

/// Connections under way at the same time.
const AT_ONCE: usize = 8;

/// Belongs to one connection, or frames.
const OF_ONE_HOP: &[&str] = &["connection", "keep-alive", "content-length", "transfer-encoding", "te"];

/// What the gateway adds.
const ADDED: &[&str] = &[
    "x-request-id",
    "x-palisade-score",
    "x-palisade-action",
    "x-palisade-identity",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "host",
    "x-number",
    "expect",
    "trailer",
];

/// Each header's values in order, and none that nobody wrote. The first difference in words.
fn compare_fields(sent: &Fields, arrived: &Fields, added: &[&str]) -> Result<(), String> {
    let sent = lower(sent);
    for (name, _) in sent.iter().chain(arrived) {
        if OF_ONE_HOP.contains(&name.as_str()) || added.contains(&name.as_str()) {
            continue;
        }
        let (before, after) = (values(&sent, name), values(arrived, name));
        if before != after {
            let list = |values: Vec<&[u8]>| values.into_iter().map(shown).collect::<Vec<_>>();
            return Err(format!("{name}: {:?} became {:?}", list(before), list(after)));
        }
    }
    Ok(())
}

/// The request as the upstream read it.
fn compare_request(sent: &Request, arrived: &Message) -> Result<(), String> {
    same("method", shown(sent.method.as_bytes()), shown(arrived.word(0)))?;
    same("target", shown(&sent.target), shown(arrived.word(1)))?;
    let empty = sent.body.whole().is_empty() && sent.body.trailers().is_empty();
    match (sent.body.framing(), arrived.framing) {
        // Chunks of nothing are nothing.
        (Framing::Chunked, Framing::Bare) if empty => {}
        (sent, arrived) => same("framing", sent, arrived)?,
    }
    compare_fields(&sent.headers, &arrived.headers, ADDED)?;
    same("host", "shop.example".to_owned(), arrived.text("host"))?;
    same("trailers", sent.body.trailers(), arrived.trailers.clone())?;
    if sent.body.whole() == arrived.body { Ok(()) } else { Err("the body changed".to_owned()) }
}

/// The answer as the client read it.
fn compare_answer(sent: &Answer, request: &Request, arrived: &Message) -> Result<(), String> {
    same("status", sent.status, arrived.status())?;
    let reason = arrived.line.splitn(3, |byte| *byte == b' ').nth(2).unwrap_or_default();
    same("reason", shown(sent.reason.as_bytes()), shown(reason))?;
    // RFC 9110 section 6.6.1: who passes an answer on may date it.
    compare_fields(&sent.headers, &arrived.headers, &["date", "trailer"])?;
    let is_bodiless = request.method == "HEAD" || matches!(sent.status, 204 | 304);
    let framing = match (sent.body.framing(), request.minor) {
        (Framing::Closed, 1) => Framing::Chunked,
        (Framing::Chunked | Framing::Closed, 0) => Framing::Closed,
        (framing, _) => framing,
    };
    if !is_bodiless {
        same("framing", framing, arrived.framing)?;
        let kept = request.minor == 1;
        same("trailers", if kept { sent.body.trailers() } else { Vec::new() }, arrived.trailers.clone())?;
        return if sent.body.whole() == arrived.body { Ok(()) } else { Err("the body changed".to_owned()) };
    }
    // What is announced about a body that does not come stays as it was; with 304 it may be left out (RFC 9110 section 8.6).
    match (framing, arrived.framing) {
        (Framing::Sized(_), Framing::Bare) if sent.status == 304 => Ok(()),
        (Framing::Sized(_), found) => same("announced length", framing, found),
        _ => Ok(()),
    }
}

/// Runs exchanges `numbers` over one connection after another; what differed.
async fn run(
    gateway: std::net::SocketAddr,
    all: Arc<Vec<Exchange>>,
    numbers: std::ops::Range<usize>,
) -> Vec<String> {
    let mut random = Random::new(SEED ^ numbers.start as u64);
    let mut faults = Vec::new();
    let mut next = numbers.start;
    while next < numbers.end {
        let batch = next..(next + 1 + random.below(12)).min(numbers.end);
        let mut client = Client::open(gateway).await;
        next = match random.once_in(2) {
            true => pipelined(&mut client, &all, batch, &mut random, &mut faults).await,
            false => in_turn(&mut client, &all, batch, &mut random, &mut faults).await,
        };
    }
    faults
}

/// Writes all of `batch` in odd pieces while the answers are read; where the connection ends before, the rest is for the
/// next one.
async fn pipelined(
    client: &mut Client,
    all: &[Exchange],
    batch: std::ops::Range<usize>,
    random: &mut Random,
    faults: &mut Vec<String>,
) -> usize {
    // Behind an answer that ends a connection nothing is read.
    let end = batch.clone().find(|number| all[*number].ends_connection()).map_or(batch.end, |last| last + 1);
    let mut bytes = Vec::new();
    for (number, exchange) in all.iter().enumerate().take(end).skip(batch.start) {
        bytes.extend(exchange.head(number));
        exchange.request.body.write(&mut bytes, random);
    }
    let piece = *random.pick(&[1_013, 61, 100_000]);
    let sending = client.send_aside(bytes, piece);
    for (number, exchange) in all.iter().enumerate().take(end).skip(batch.start) {
        let answer = client.answer_to(exchange.request.method).await;
        note(number, exchange, answer, faults);
    }
    client.sent(sending).await;
    end
}

async fn in_turn(
    client: &mut Client,
    all: &[Exchange],
    batch: std::ops::Range<usize>,
    random: &mut Random,
    faults: &mut Vec<String>,
) -> usize {
    for number in batch.clone() {
        let exchange = &all[number];
        client.send(exchange.head(number)).await;
        if exchange.request.expects {
            match client.reader.head().await {
                Ok(go_on) if go_on.status() == 100 => {}
                other => faults.push(format!("{number}: no 100 but {other:?}")),
            }
        }
        let mut body = Vec::new();
        exchange.request.body.write(&mut body, random);
        let sending = client.send_aside(body, 50_000);
        let answer = client.answer_to(exchange.request.method).await;
        client.sent(sending).await;
        note(number, exchange, answer, faults);
        if exchange.ends_connection() {
            return number + 1;
        }
    }
    batch.end
}

fn note(number: usize, exchange: &Exchange, answer: anyhow::Result<Message>, faults: &mut Vec<String>) {
    let compared = match answer {
        Ok(answer) => compare_answer(&exchange.answer, &exchange.request, &answer),
        Err(error) => Err(format!("{error:#}")),
    };
    if let Err(fault) = compared {
        let line = format!("{} {}", exchange.request.method, shown(&exchange.request.target));
        faults.push(format!("answer {number} to {line:.100}: {fault:.400}"));
    }
}

/// `config` must let everything pass.
async fn thousand(preset: &str) {
    let mut random = Random::new(SEED);
    let all: Arc<Vec<Exchange>> = Arc::new((0..EXCHANGES).map(|_| Exchange::random(&mut random)).collect());
    let answers = Arc::clone(&all);
    let upstream = Upstream::start(move |request| {
        let exchange = &answers[request.text("x-number").parse::<usize>().unwrap()];
        let then = if matches!(exchange.answer.body, Body::Closed(_)) { Then::Close } else { Then::Keep };
        Said::raw(exchange.answer.bytes(exchange.request.method), then)
    })
    .await;
    let palisade = match preset {
        "observe" => judging(upstream.address, "[policy]\npreset = \"observe\"").await,
        _ => passing(upstream.address, "").await,
    };
    let share = EXCHANGES.div_ceil(AT_ONCE);
    let starts = (0..EXCHANGES).step_by(share);
    let runs: Vec<_> = starts
        .map(|start| {
            tokio::spawn(run(palisade.gateway, Arc::clone(&all), start..(start + share).min(EXCHANGES)))
        })
        .collect();
    let mut faults = Vec::new();
    for run in runs {
        faults.extend(run.await.unwrap());
    }
    let mut arrived = vec![0; EXCHANGES];
    for request in upstream.seen() {
        let number: usize = request.text("x-number").parse().unwrap();
        arrived[number] += 1;
        if let Err(fault) = compare_request(&all[number].request, &request) {
            faults.push(format!("request {number}: {fault:.400}"));
        }
    }
    let lost = arrived.iter().enumerate().filter(|(_, times)| **times != 1);
    faults.extend(lost.map(|(number, times)| format!("request {number} arrived {times} times")));
    faults.extend(upstream.faults());
    assert!(
        faults.is_empty(),
        "{preset}: {} differ\n{}",
        faults.len(),
        faults[..faults.len().min(25)].join("\n")
    );
    assert!(upstream.connections() < EXCHANGES / 2, "{} connections to the upstream", upstream.connections());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_random_exchanges_arrive_identical() {
    thousand("balanced").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn preset_observe_changes_nothing_of_them() {
    thousand("observe").await;
}
