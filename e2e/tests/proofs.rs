//! Crawlers that prove who they are by the name of their address, and those whose name says otherwise: asked of a real DNS
//! server on loopback, behind the queue.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "all of it is tests; helpers of tests are not known as such"
)]

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{A, PTR};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use palisade_e2e::pace::Pacer;
use palisade_e2e::palisade::{Palisade, Setup};
use palisade_e2e::site::Site;
use palisade_e2e::tools;
use palisade_e2e::wire::{Answer, Connection};
use tokio::net::UdpSocket;

const GOOGLEBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
const YANDEX: &str = "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)";

/// Answers from `zone`; whoever is not in it does not exist.
async fn dns(zone: HashMap<(String, RecordType), RData>) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0_u8; 4096];
        while let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
            let Ok(question) = Message::from_vec(&buffer[..length]) else { continue };
            let Some(query) = question.queries.first().cloned() else { continue };
            let mut answer = Message::new(question.metadata.id, MessageType::Response, OpCode::Query);
            answer.add_query(query.clone());
            let key = (query.name().to_ascii().to_ascii_lowercase(), query.query_type());
            match zone.get(&key) {
                Some(data) => {
                    answer.add_answer(Record::from_rdata(query.name().clone(), 600, data.clone()));
                }
                None => answer.metadata.response_code = ResponseCode::NXDomain,
            }
            let Ok(bytes) = answer.to_vec() else { continue };
            let _ = socket.send_to(&bytes, peer).await;
        }
    });
    address
}

/// A name for an address, and back.
fn named(zone: &mut HashMap<(String, RecordType), RData>, address: &str, name: &str, back: &str) {
    let ip: IpAddr = address.parse().unwrap();
    let fqdn = Name::from_str(&format!("{name}.")).unwrap();
    zone.insert((Name::from(ip).to_ascii().to_ascii_lowercase(), RecordType::PTR), RData::PTR(PTR(fqdn)));
    zone.insert((format!("{name}."), RecordType::A), RData::A(A(back.parse().unwrap())));
}

/// Asks for a page as `agent` from `client` until the site is told `expect`, in bounded time.
async fn until_told(site: &Site, palisade: &Palisade, agent: &str, client: &str, expect: &str) {
    let pacer = Pacer::start();
    loop {
        let answer = ask(palisade, agent, client).await;
        let arrived = site.arrived();
        let told =
            arrived.last().and_then(|request| request.header("x-palisade-identity")).map(str::to_owned);
        if told.as_deref() == Some(expect) {
            return;
        }
        assert!(pacer.elapsed() < Duration::from_secs(20), "{agent}: {} {told:?}", answer.status);
        pacer.until(pacer.elapsed() + Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_back_verifies_and_another_does_not() {
    let mut zone = HashMap::new();
    named(&mut zone, "203.0.113.5", "crawl-203-0-113-5.googlebot.com", "203.0.113.5");
    named(&mut zone, "203.0.113.6", "spider-203-0-113-6.yandex.com", "203.0.113.6");
    named(&mut zone, "203.0.113.7", "crawl-66-249-66-1.googlebot.com", "66.249.66.1");
    let server = dns(zone).await;
    let site = Site::start().await.unwrap();
    let config = format!("[intel]\ndns = \"{server}\"\nrefresh_ranges_hours = 0\nfetch_keys = false");
    let palisade = Palisade::serve(&Setup::before(site.address).with(&config)).await.unwrap();
    until_told(&site, &palisade, GOOGLEBOT, "203.0.113.5", "search; verified").await;
    until_told(&site, &palisade, YANDEX, "203.0.113.6", "search; verified").await;
    // Somebody else's name is no proof.
    until_told(&site, &palisade, YANDEX, "203.0.113.5", "search; unverified").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_borrowed_name_is_forged_once_the_ranges_are_fresh() {
    let mut zone = HashMap::new();
    named(&mut zone, "203.0.113.7", "crawl-66-249-66-1.googlebot.com", "66.249.66.1");
    let server = dns(zone).await;
    let site = Site::start().await.unwrap();
    let config = format!(
        "[policy]\nenforce = \"all\"\n[intel]\ndns = \"{server}\"\nrefresh_ranges_hours = 0\nfetch_keys = false"
    );
    let palisade = Palisade::serve(&Setup::before(site.address).with(&config)).await.unwrap();
    // The shipped ranges are old: a miss in them is held against nobody.
    until_told(&site, &palisade, GOOGLEBOT, "203.0.113.7", "search; unverified").await;
    let today = tools::text(&tools::run("/bin/date".as_ref(), ["-u", "+%F"]).await.unwrap());
    let ranges = palisade.data().join("ranges");
    std::fs::create_dir_all(&ranges).unwrap();
    std::fs::write(ranges.join("googlebot.txt"), format!("# date: {}\n66.249.64.0/19\n", today.trim()))
        .unwrap();
    let pid = palisade.pid().unwrap().to_string();
    tools::run("/bin/sh".as_ref(), ["-c", &format!("kill -HUP {pid}")]).await.unwrap();
    let pacer = Pacer::start();
    loop {
        let answer = ask(&palisade, GOOGLEBOT, "203.0.113.7").await;
        if answer.status == 403 {
            return;
        }
        assert!(pacer.elapsed() < Duration::from_secs(20), "{} {}", answer.status, palisade.log());
        pacer.until(pacer.elapsed() + Duration::from_millis(50)).await;
    }
}

/// Asks for a page as `agent` from `client`.
async fn ask(palisade: &Palisade, agent: &str, client: &str) -> Answer {
    let head = format!(
        "GET /about HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: {agent}\r\nAccept: */*\r\n\
         X-Forwarded-For: {client}\r\nConnection: close\r\n\r\n"
    );
    Connection::open(palisade.gateway).await.unwrap().exchange(head.as_bytes(), b"").await.unwrap()
}
