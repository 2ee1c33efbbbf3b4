//! Random exchanges arrive as they were sent, on few connections, pipelined and not.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use crate::harness::{Front, Said, Upstream};

#[derive(Clone, Debug)]
struct Sent {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    /// 0: sized.
    chunk: usize,
}

fn sent() -> impl Strategy<Value = Sent> {
    let method =
        prop::sample::select(vec!["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "M-SEARCH", "get"]);
    let target = "/[!$-;=@-_a-z|~]{0,20}(%[0-9A-Za-z]{2}){0,3}(\\?[!$-;=?-~]{0,20})?";
    let headers = prop::collection::vec(("[Xx]-[A-Ca-c]", "[!-~]([ -~]{0,20}[!-~])?"), 0..12);
    let body = prop::option::of(prop_oneof![
        8 => prop::collection::vec(any::<u8>(), 0..300),
        1 => prop::collection::vec(any::<u8>(), 20_000..100_000),
    ]);
    (method, target, headers, body, prop::sample::select(vec![0, 1, 7, 4_096])).prop_map(
        |(method, target, headers, body, chunk)| {
            let (method, target) = (method.to_owned(), target);
            Sent { method, target, headers, body, chunk }
        },
    )
}

impl Sent {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes =
            format!("{} {} HTTP/1.1\r\nHost: shop.example\r\n", self.method, self.target).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend(format!("{name}: {value}\r\n").bytes());
        }
        match &self.body {
            None => bytes.extend(b"\r\n"),
            Some(body) if self.chunk == 0 => {
                bytes.extend(format!("Content-Length: {}\r\n\r\n", body.len()).bytes());
                bytes.extend(body);
            }
            Some(body) => {
                bytes.extend(b"Transfer-Encoding: chunked\r\n\r\n");
                for chunk in body.chunks(self.chunk.max(body.len() / 500 + 1)) {
                    bytes.extend(format!("{:X}\r\n", chunk.len()).bytes());
                    bytes.extend(chunk);
                    bytes.extend(b"\r\n");
                }
                bytes.extend(b"0\r\n\r\n");
            }
        }
        bytes
    }
}

#[tokio::test]
async fn random_exchanges_arrive_identical() {
    let upstream = Upstream::new(|seen| Said::whole(&seen.body)).await;
    // Some of these are attacks to a judge; what passes is looked at here.
    let front = Front::with(vec![upstream.address.to_string()], |settings| settings.judge = false);
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRunner::deterministic().new_rng());
    for round in 0..30 {
        let batch: Vec<Sent> = (0..8).map(|_| sent().new_tree(&mut runner).unwrap().current()).collect();
        let mut client = front.connect().await;
        let before = upstream.seen().len();
        if round % 2 == 0 {
            let all: Vec<u8> = batch.iter().flat_map(Sent::bytes).collect();
            // Written in odd pieces, read meanwhile.
            let writing = client.send_aside(all, 1_013);
            for one in &batch {
                let answer = client.answer().await;
                assert_eq!((answer.status, &answer.body), (200, one.body.as_ref().unwrap_or(&Vec::new())));
            }
            writing.await.unwrap();
        } else {
            for one in &batch {
                client.send(one.bytes()).await;
                let answer = client.answer().await;
                assert_eq!((answer.status, &answer.body), (200, one.body.as_ref().unwrap_or(&Vec::new())));
            }
        }
        let seen = upstream.seen();
        assert_eq!(seen.len() - before, batch.len());
        for (one, seen) in batch.iter().zip(&seen[before..]) {
            assert_eq!(seen.line(), format!("{} {} HTTP/1.1", one.method, one.target));
            assert_eq!(seen.body, one.body.clone().unwrap_or_default(), "{one:?}");
            for name in ["x-a", "x-b", "x-c"] {
                let values = one.headers.iter().filter(|(held, _)| held.eq_ignore_ascii_case(name));
                assert_eq!(
                    seen.values(name),
                    values.map(|(_, value)| value.as_str()).collect::<Vec<_>>(),
                    "{one:?}"
                );
            }
        }
    }
}
