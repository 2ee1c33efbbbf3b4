//! A client that writes the bytes it is given and reads answers strictly.

use std::net::{IpAddr, SocketAddr};

use palisade_e2e::pace::guarded;
use tokio::io::AsyncWriteExt as _;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;

use super::message::{Message, Reader, shown};

/// One connection.
pub(crate) struct Client {
    pub(crate) reader: Reader<OwnedReadHalf>,
    write: Option<OwnedWriteHalf>,
}

impl Client {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self::of(TcpStream::connect(address).await.unwrap())
    }

    /// From an address of this machine.
    pub(crate) async fn open_from(from: IpAddr, address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(from, 0)).unwrap();
        Self::of(socket.connect(address).await.unwrap())
    }

    fn of(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        let (read, write) = stream.into_split();
        Client { reader: Reader::new(read), write: Some(write) }
    }

    /// Sends `bytes`; whoever refuses them may have gone before their end.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        let write = self.write.as_mut().unwrap();
        write.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Sends `bytes` piece by piece while answers are read.
    pub(crate) fn send_aside(&mut self, bytes: Vec<u8>, piece: usize) -> JoinHandle<OwnedWriteHalf> {
        let mut write = self.write.take().unwrap();
        tokio::spawn(async move {
            for piece in bytes.chunks(piece) {
                if write.write_all(piece).await.is_err() || write.flush().await.is_err() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            write
        })
    }

    /// The connection can be written again.
    pub(crate) async fn sent(&mut self, sending: JoinHandle<OwnedWriteHalf>) {
        self.write = Some(sending.await.unwrap());
    }

    /// Nothing more is sent; answers can still come.
    pub(crate) async fn finish(&mut self) {
        let _ = self.write.as_mut().unwrap().shutdown().await;
    }

    pub(crate) async fn answer(&mut self) -> Message {
        self.answer_to("GET").await.unwrap()
    }

    pub(crate) async fn answer_to(&mut self, method: &str) -> anyhow::Result<Message> {
        guarded("an answer", self.reader.answer(method == "HEAD")).await
    }

    /// True where the other side ends the connection and says nothing more.
    pub(crate) async fn is_closed(&mut self) -> bool {
        // A reset ends it, too.
        let rest = guarded("the end of a connection", async { Ok(self.reader.rest().await) }).await.unwrap();
        rest.unwrap_or_default().is_empty()
    }

    /// Everything that still comes until the connection ends, in whatever way.
    pub(crate) async fn rest(&mut self) -> String {
        let rest = guarded("the end of a connection", async { Ok(self.reader.rest().await) }).await.unwrap();
        shown(&rest.unwrap_or_default())
    }
}

/// One exchange on a connection of its own.
pub(crate) async fn ask(address: SocketAddr, request: impl AsRef<[u8]>) -> Message {
    let mut client = Client::open(address).await;
    client.send(request).await;
    client.answer().await
}
