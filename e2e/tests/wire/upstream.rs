//! An upstream that counts every byte: what reached it, on which connection, and whether all of it was sound requests.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::AsyncWriteExt as _;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;

use super::message::{Message, Reader};

/// What is said to a request, and what then.
pub(crate) struct Said {
    pub(crate) bytes: Vec<u8>,
    pub(crate) then: Then,
}

/// What becomes of the connection.
pub(crate) enum Then {
    Keep,
    Close,
    /// Closed so that the other side gets a reset.
    Reset,
    /// Nothing more is ever said.
    Hang,
    /// Somebody else goes on writing.
    Hand(UnboundedSender<OwnedWriteHalf>),
}

impl Said {
    pub(crate) fn raw(bytes: impl Into<Vec<u8>>, then: Then) -> Self {
        Said { bytes: bytes.into(), then }
    }

    /// 200 with this body.
    pub(crate) fn whole(body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut bytes = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
        bytes.extend_from_slice(body);
        Said::raw(bytes, Then::Keep)
    }
}

/// What the upstream knows.
#[derive(Default)]
struct Known {
    seen: Mutex<Vec<Message>>,
    faults: Mutex<Vec<String>>,
    connections: AtomicUsize,
}

/// The running upstream; it ends when dropped.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    known: Arc<Known>,
    task: JoinHandle<()>,
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Upstream {
    /// Says what `answer` says.
    pub(crate) async fn start(answer: impl Fn(&Message) -> Said + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), answer).await
    }

    /// The same at an address of choice.
    pub(crate) async fn at(
        address: SocketAddr,
        answer: impl Fn(&Message) -> Said + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (known, answer) = (Arc::new(Known::default()), Arc::new(answer));
        let shared = Arc::clone(&known);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::Relaxed);
                let (known, answer) = (Arc::clone(&shared), Arc::clone(&answer));
                tokio::spawn(async move {
                    if let Err(fault) = serve(stream, &known, &*answer).await {
                        known.faults.lock().unwrap().push(format!("{fault:#}"));
                    }
                });
            }
        });
        Upstream { address, known, task }
    }

    /// Whole requests, in the order in which they were complete.
    pub(crate) fn seen(&self) -> Vec<Message> {
        self.known.seen.lock().unwrap().clone()
    }

    /// What was no sound request, or broke off.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.known.faults.lock().unwrap().clone()
    }

    /// How many connections were opened so far.
    pub(crate) fn connections(&self) -> usize {
        self.known.connections.load(Ordering::Relaxed)
    }
}

async fn serve(
    stream: TcpStream,
    known: &Known,
    answer: &(dyn Fn(&Message) -> Said + Send + Sync),
) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let (read, mut write) = stream.into_split();
    let mut reader = Reader::new(read);
    while let Some(request) = reader.request().await? {
        let said = answer(&request);
        known.seen.lock().unwrap().push(request);
        // Who has gone does not hear it.
        let written = write.write_all(&said.bytes).await;
        match said.then {
            Then::Keep if written.is_ok() => {}
            Then::Keep | Then::Close => return Ok(()),
            Then::Reset => {
                let stream = reader.into_inner().reunite(write)?;
                stream.set_zero_linger()?;
                return Ok(());
            }
            Then::Hang => {
                let _ = reader.rest().await;
                return Ok(());
            }
            Then::Hand(to) => {
                let _ = to.send(write);
                let _ = reader.rest().await;
                return Ok(());
            }
        }
    }
    Ok(())
}
