//! Names of addresses, asked of a real DNS server on loopback that tells the truth, lies, refuses or is silent.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "all of it is tests; helpers of tests are not known as such"
)]

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, PTR};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use palisade_intel::{NameAnswer, NameSettings, Names};
use tokio::net::UdpSocket;

/// What the server says about a question.
#[derive(Clone)]
enum Says {
    Records(Vec<RData>),
    Code(ResponseCode),
    Nothing,
}

type Zone = HashMap<(String, RecordType), Says>;

async fn serve(zone: Zone) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let zone = Arc::new(zone);
    tokio::spawn(async move {
        let mut buffer = [0_u8; 4096];
        while let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
            let Some(answer) = answer(&zone, &buffer[..length]) else { continue };
            let _ = socket.send_to(&answer, peer).await;
        }
    });
    address
}

fn answer(zone: &Zone, bytes: &[u8]) -> Option<Vec<u8>> {
    let question = Message::from_vec(bytes).ok()?;
    let query = question.queries.first()?.clone();
    let key = (query.name().to_ascii().to_ascii_lowercase(), query.query_type());
    let mut message = Message::new(question.metadata.id, MessageType::Response, OpCode::Query);
    message.add_query(query.clone());
    match zone.get(&key).cloned().unwrap_or(Says::Code(ResponseCode::NXDomain)) {
        Says::Records(records) => {
            for data in records {
                message.add_answer(Record::from_rdata(query.name().clone(), 600, data));
            }
        }
        Says::Code(code) => message.metadata.response_code = code,
        Says::Nothing => return None,
    }
    message.to_vec().ok()
}

fn reverse(address: &str) -> (String, RecordType) {
    let address: IpAddr = address.parse().unwrap();
    (Name::from(address).to_ascii().to_ascii_lowercase(), RecordType::PTR)
}

fn forward(name: &str) -> (String, RecordType) {
    (format!("{name}."), RecordType::A)
}

fn ptr(names: &[&str]) -> Says {
    let record = |name: &&str| RData::PTR(PTR(Name::from_str(&format!("{name}.")).unwrap()));
    Says::Records(names.iter().map(record).collect())
}

fn a(addresses: &[&str]) -> Says {
    Says::Records(addresses.iter().map(|text| RData::A(A(text.parse().unwrap()))).collect())
}

async fn asked(zone: Zone, address: &str) -> NameAnswer {
    let settings = NameSettings { server: Some(serve(zone).await), timeout: Duration::from_millis(400) };
    Names::new(settings).unwrap().confirmed_name(address.parse().unwrap()).await
}

fn confirmed(answer: NameAnswer) -> Option<String> {
    match answer {
        NameAnswer::Confirmed { name, ttl } => {
            assert!((300..=86_400).contains(&ttl.as_secs()), "{ttl:?}");
            Some(name)
        }
        _ => None,
    }
}

#[tokio::test]
async fn a_name_that_leads_back_is_confirmed() {
    let zone = Zone::from([
        (reverse("66.249.66.1"), ptr(&["Crawl-66-249-66-1.googlebot.com"])),
        (forward("crawl-66-249-66-1.googlebot.com"), a(&["192.0.2.9", "66.249.66.1"])),
    ]);
    let name = confirmed(asked(zone, "66.249.66.1").await);
    assert_eq!(name.as_deref(), Some("crawl-66-249-66-1.googlebot.com"));
}

#[tokio::test]
async fn the_newer_family_is_confirmed_too() {
    let address = "2001:4860:4801:10::1";
    let name = "crawl.googlebot.com";
    let record = RData::AAAA(AAAA(address.parse().unwrap()));
    let zone = Zone::from([
        (reverse(address), ptr(&[name])),
        ((format!("{name}."), RecordType::AAAA), Says::Records(vec![record])),
    ]);
    assert_eq!(confirmed(asked(zone, address).await).as_deref(), Some(name));
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_is_a_lie() {
    for elsewhere in [a(&["192.0.2.1"]), a(&["10.0.0.1", "127.0.0.1"]), Says::Code(ResponseCode::NXDomain)] {
        let zone = Zone::from([
            (reverse("203.0.113.5"), ptr(&["crawl.googlebot.com"])),
            (forward("crawl.googlebot.com"), elsewhere),
        ]);
        assert!(matches!(asked(zone, "203.0.113.5").await, NameAnswer::Denied { .. }));
    }
}

#[tokio::test]
async fn an_address_without_a_name_is_denied() {
    assert!(matches!(asked(Zone::new(), "203.0.113.5").await, NameAnswer::Denied { .. }));
    let empty = Zone::from([(reverse("203.0.113.5"), Says::Records(Vec::new()))]);
    assert!(matches!(asked(empty, "203.0.113.5").await, NameAnswer::Denied { .. }));
}

#[tokio::test]
async fn trouble_is_held_against_nobody() {
    for trouble in [Says::Nothing, Says::Code(ResponseCode::ServFail), Says::Code(ResponseCode::Refused)] {
        let at_once = Zone::from([(reverse("203.0.113.5"), trouble.clone())]);
        assert_eq!(asked(at_once, "203.0.113.5").await, NameAnswer::Unknown);
        let later = Zone::from([
            (reverse("203.0.113.5"), ptr(&["crawl.googlebot.com"])),
            (forward("crawl.googlebot.com"), trouble),
        ]);
        assert_eq!(asked(later, "203.0.113.5").await, NameAnswer::Unknown);
    }
}

#[tokio::test]
async fn one_of_several_names_is_enough_and_not_all_are_asked() {
    let zone = Zone::from([
        (reverse("66.249.66.1"), ptr(&["other.example", "crawl.googlebot.com"])),
        (forward("crawl.googlebot.com"), a(&["66.249.66.1"])),
    ]);
    assert_eq!(confirmed(asked(zone, "66.249.66.1").await).as_deref(), Some("crawl.googlebot.com"));
    let names: Vec<String> = (0..30).map(|n| format!("n{n}.example")).collect();
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.push("crawl.googlebot.com");
    let zone = Zone::from([
        (reverse("66.249.66.1"), ptr(&names)),
        (forward("crawl.googlebot.com"), a(&["66.249.66.1"])),
    ]);
    assert!(matches!(asked(zone, "66.249.66.1").await, NameAnswer::Denied { .. }));
}
