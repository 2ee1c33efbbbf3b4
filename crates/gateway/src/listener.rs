//! Listening sockets: one per thread and address, all on the same port.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections the kernel holds for us before we accept them.
const BACKLOG: i32 = 1_024;

/// `count` listeners on `address`, among which the kernel spreads connections. Port 0 takes one free port for all.
///
/// # Errors
/// Where the address cannot be bound, also where another process holds it with the same option.
pub(crate) fn bind(address: SocketAddr, count: usize) -> io::Result<Vec<TcpListener>> {
    // Without the option first: with it, a second gateway of the same user would quietly take half of the connections.
    let first = socket(address, false)?;
    let address = first.local_addr()?.as_socket().unwrap_or(address);
    drop(first);
    (0..count)
        .map(|_| {
            let socket = socket(address, true)?;
            socket.listen(BACKLOG)?;
            Ok(socket.into())
        })
        .collect()
}

fn socket(address: SocketAddr, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_use_is_told() {
        let any = "127.0.0.1:0".parse().unwrap();
        let held = bind(any, 2).unwrap();
        let address = held[0].local_addr().unwrap();
        assert_eq!(held[1].local_addr().unwrap(), address);
        assert_eq!(bind(address, 1).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }
}
