//! An upstream that keeps every byte it got and says what it is told.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::{head_end, values};

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub head: String,
    /// Without chunk framing; trailers behind it.
    pub body: Vec<u8>,
    /// Which connection it came on, from 0.
    pub connection: usize,
}

impl Exchange {
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        values(&self.head, name)
    }

    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap()
    }
}

/// What the upstream does about a request.
pub(crate) struct Said {
    pub bytes: Vec<u8>,
    pub then: Then,
}

pub(crate) enum Then {
    Keep,
    Close,
    /// A reset instead of an end.
    Reset,
    /// Neither a byte nor an end.
    Hang,
    /// Whatever comes is sent back, until the other side ends.
    Echo,
    /// The connection is handed to the test.
    Hand(tokio::sync::mpsc::UnboundedSender<TcpStream>),
}

impl Said {
    pub(crate) fn whole(body: impl AsRef<[u8]>) -> Said {
        let body = body.as_ref();
        let mut bytes = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
        bytes.extend_from_slice(body);
        Said { bytes, then: Then::Keep }
    }

    pub(crate) fn raw(text: impl AsRef<[u8]>, then: Then) -> Said {
        Said { bytes: text.as_ref().to_vec(), then }
    }
}

type Handler = Arc<dyn Fn(&Exchange) -> Said + Send + Sync>;

pub(crate) struct Upstream {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Exchange>>>,
    opened: Arc<AtomicUsize>,
    closed: Arc<Notify>,
}

impl Upstream {
    pub(crate) async fn new(handler: impl Fn(&Exchange) -> Said + Send + Sync + 'static) -> Upstream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<Exchange>>> = Arc::default();
        let (handler, kept): (Handler, _) = (Arc::new(handler), Arc::clone(&seen));
        let opened: Arc<AtomicUsize> = Arc::default();
        let counted = Arc::clone(&opened);
        let closed: Arc<Notify> = Arc::default();
        let over = Arc::clone(&closed);
        tokio::spawn(async move {
            for connection in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                counted.fetch_add(1, Ordering::SeqCst);
                let (handler, kept, over) = (Arc::clone(&handler), Arc::clone(&kept), Arc::clone(&over));
                tokio::spawn(async move {
                    serve(stream, connection, handler, kept).await;
                    over.notify_one();
                });
            }
        });
        Upstream { address, seen, opened, closed }
    }

    /// Answers everything with `hello`.
    pub(crate) async fn hello() -> Upstream {
        Upstream::new(|_| Said::whole("hello")).await
    }

    pub(crate) fn seen(&self) -> Vec<Exchange> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn last(&self) -> Exchange {
        self.seen().pop().expect("a request came through")
    }
}

async fn serve(mut stream: TcpStream, connection: usize, handler: Handler, seen: Arc<Mutex<Vec<Exchange>>>) {
    let mut held = Vec::new();
    while let Some((head, body)) = request(&mut stream, &mut held).await {
        let exchange = Exchange { head, body, connection };
        seen.lock().unwrap().push(exchange.clone());
        let Said { bytes, then } = handler(&exchange);
        if stream.write_all(&bytes).await.is_err() {
            return;
        }
        match then {
            Then::Keep => {}
            Then::Close => return,
            Then::Reset => {
                socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
                return;
            }
            Then::Hang => {
                while stream.read_buf(&mut held).await.is_ok_and(|read| read > 0) {}
                return;
            }
            Then::Echo => {
                let _ = stream.write_all(&held).await;
                let (mut read, mut write) = stream.split();
                let _ = tokio::io::copy(&mut read, &mut write).await;
                let _ = write.shutdown().await;
                return;
            }
            Then::Hand(to) => {
                let _ = to.send(stream);
                return;
            }
        }
    }
}

async fn request(stream: &mut TcpStream, held: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    let end = loop {
        match head_end(held) {
            Some(end) => break end,
            None => more(stream, held).await?,
        }
    };
    let head = String::from_utf8_lossy(&held.drain(..end).collect::<Vec<u8>>()).into_owned();
    let mut body = Vec::new();
    if values(&head, "transfer-encoding") == ["chunked"] {
        loop {
            let line = line(stream, held).await?;
            let size = usize::from_str_radix(line.trim(), 16).expect("chunk size");
            while held.len() < size + 2 {
                if size == 0 {
                    break;
                }
                more(stream, held).await?;
            }
            if size == 0 {
                break;
            }
            body.extend(held.drain(..size));
            held.drain(..2);
        }
        loop {
            let line = line(stream, held).await?;
            if line == "\r\n" {
                break;
            }
            body.extend(line.into_bytes());
        }
    } else if let Some(length) = values(&head, "content-length").first() {
        let length: usize = length.parse().unwrap();
        while held.len() < length {
            more(stream, held).await?;
        }
        body.extend(held.drain(..length));
    }
    Some((head, body))
}

async fn line(stream: &mut TcpStream, held: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some(at) = held.iter().position(|byte| *byte == b'\n') {
            return Some(String::from_utf8(held.drain(..=at).collect()).unwrap());
        }
        more(stream, held).await?;
    }
}

async fn more(stream: &mut TcpStream, held: &mut Vec<u8>) -> Option<()> {
    stream.read_buf(held).await.ok().filter(|read| *read > 0).map(drop)
}

impl Upstream {
    /// Answers after each head, whatever of the body came.
    pub(crate) async fn reading_heads_only(said: &'static str) -> Upstream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut held = Vec::new();
                    while head_end(&held).is_none() {
                        if more(&mut stream, &mut held).await.is_none() {
                            return;
                        }
                    }
                    let _ = stream.write_all(said.as_bytes()).await;
                    while more(&mut stream, &mut held).await.is_some() {
                        held.clear();
                    }
                });
            }
        });
        Upstream { address, seen: Arc::default(), opened: Arc::default(), closed: Arc::default() }
    }

    /// Waits for the end of a connection.
    pub(crate) async fn gone(&self) {
        self.closed.notified().await;
    }

    /// Connections accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }
}
