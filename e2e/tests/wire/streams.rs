//! Connections that go on: WebSocket frames both ways, and events one by one.

use base64::Engine as _;
use palisade_e2e::pace::guarded;
use palisade_e2e::site::Site;
use ring::digest;
use tokio::io::AsyncWriteExt as _;

use super::client::Client;
use super::judging;
use super::upstream::{Said, Then, Upstream};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;
const LAST: u8 = 0x80;

/// A WebSocket to the sample site's echo.
struct Socket(Client);

impl Socket {
    async fn open(gateway: std::net::SocketAddr) -> Self {
        let mut client = Client::open(gateway).await;
        client
            .send(format!(
                "GET /ws HTTP/1.1\r\nHost: shop.example\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
                 Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\nOrigin: http://shop.example\r\n\r\n"
            ))
            .await;
        let answer = client.answer().await;
        assert_eq!((answer.status(), answer.text("upgrade")), (101, "websocket".to_owned()));
        let proof = digest::digest(
            &digest::SHA1_FOR_LEGACY_USE_ONLY,
            format!("{KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11").as_bytes(),
        );
        assert_eq!(answer.text("sec-websocket-accept"), base64::prelude::BASE64_STANDARD.encode(proof));
        Socket(client)
    }

    async fn send(&mut self, first: u8, payload: &[u8]) {
        const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
        let mut frame = vec![first];
        match payload.len() {
            short @ 0..126 => frame.push(0x80 | u8::try_from(short).unwrap()),
            middle @ 126..65_536 => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(middle).unwrap().to_be_bytes());
            }
            long => {
                frame.push(0x80 | 127);
                frame.extend((long as u64).to_be_bytes());
            }
        }
        frame.extend(MASK);
        frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        let sending = self.0.send_aside(frame, 60_000);
        self.0.sent(sending).await;
    }

    /// One whole message: its kind and what it says.
    async fn hear(&mut self) -> (u8, Vec<u8>) {
        let reader = &mut self.0.reader;
        guarded("a WebSocket message", async {
            let (mut kind, mut message) = (0, Vec::new());
            loop {
                let head = reader.take(2).await?;
                let length = match head[1] {
                    126 => reader.take(2).await?.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
                    127 => reader.take(8).await?.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
                    short => usize::from(short),
                };
                message.extend(reader.take(length).await?);
                kind |= head[0] & 0xf;
                if head[0] & LAST != 0 {
                    return Ok((kind, message));
                }
            }
        })
        .await
        .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn websockets_echo_whatever_is_said() {
    let site = Site::start().await.unwrap();
    let palisade = judging(site.address, "[policy]\nenforce = \"all\"").await;
    let mut socket = Socket::open(palisade.gateway).await;
    let megabyte: Vec<u8> = (0..1_u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for (kind, said) in [
        (TEXT, "hello".as_bytes()),
        (TEXT, "Grüße, 世界".as_bytes()),
        (TEXT, b""),
        (BINARY, &[0, 255, 13, 10, 0][..]),
        (BINARY, &megabyte[..65_535]),
        (BINARY, &megabyte),
    ] {
        socket.send(LAST | kind, said).await;
        let heard = socket.hear().await;
        assert!(
            heard == (kind, said.to_vec()),
            "{} bytes became {} of kind {}",
            said.len(),
            heard.1.len(),
            heard.0
        );
    }
    // In pieces, with a ping between them.
    socket.send(TEXT, b"one ").await;
    socket.send(LAST | PING, b"still there?").await;
    socket.send(0, b"message in ").await;
    socket.send(LAST, b"pieces").await;
    let mut heard = [socket.hear().await, socket.hear().await];
    heard.sort();
    assert_eq!(heard, [(TEXT, b"one message in pieces".to_vec()), (PONG, b"still there?".to_vec())]);
    // A good-bye with its reason comes back, and then the connection ends.
    let reason = [&1_001_u16.to_be_bytes()[..], b"going away"].concat();
    socket.send(LAST | CLOSE, &reason).await;
    let (kind, said) = socket.hear().await;
    assert_eq!((kind, &said[..2]), (CLOSE, &1_001_u16.to_be_bytes()[..]));
    socket.0.finish().await;
    assert!(socket.0.is_closed().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_websockets_at_once() {
    let site = Site::start().await.unwrap();
    let palisade = judging(site.address, "").await;
    let mut sockets = Vec::new();
    for _ in 0..50 {
        sockets.push(Socket::open(palisade.gateway).await);
    }
    for (number, socket) in sockets.iter_mut().enumerate() {
        socket.send(LAST | TEXT, format!("number {number}").as_bytes()).await;
    }
    for (number, socket) in sockets.iter_mut().enumerate() {
        assert_eq!(socket.hear().await, (TEXT, format!("number {number}").into_bytes()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_one_by_one() {
    let (to, mut handed) = tokio::sync::mpsc::unbounded_channel();
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n";
    for framing in ["", "Transfer-Encoding: chunked\r\n"] {
        let to = to.clone();
        let upstream =
            Upstream::start(move |_| Said::raw(format!("{head}{framing}\r\n"), Then::Hand(to.clone()))).await;
        let palisade = judging(upstream.address, "").await;
        let mut client = Client::open(palisade.gateway).await;
        client.send("GET /events HTTP/1.1\r\nHost: shop.example\r\nAccept: text/event-stream\r\n\r\n").await;
        let answer = guarded("the head of the events", client.reader.head()).await.unwrap();
        assert_eq!(answer.text("content-type"), "text/event-stream");
        let mut events =
            guarded("a handed connection", async { Ok(handed.recv().await) }).await.unwrap().unwrap();
        for number in 0..20 {
            let event = format!("data: {number}\n\n");
            let written = match framing {
                "" => event.clone(),
                _ => format!("{:x}\r\n{event}\r\n", event.len()),
            };
            events.write_all(written.as_bytes()).await.unwrap();
            // The next one is sent only after this one was read: nothing waits in between.
            let heard = guarded("an event", client.reader.chunk()).await.unwrap();
            assert_eq!(heard, event.as_bytes());
        }
        // Whoever leaves is missed: the upstream's connection ends, too.
        drop(client);
        guarded("the upstream hears of it", async {
            while events.write_all(b": still there?\n\n").await.is_ok() {
                tokio::task::yield_now().await;
            }
            Ok(())
        })
        .await
        .unwrap();
    }
}
