//! Asking the Palisade that runs here how it is: one small GET over a plain socket.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use palisade_config::settings::Listen;
use serde::Deserialize;

/// How long a running Palisade may take to say how it is.
const TIMEOUT: Duration = Duration::from_secs(2);

/// More than any answer of `/ready`.
const ANSWER_BYTES_MAX: u64 = 256 * 1024;

/// What `/ready` answers.
#[derive(Debug, Deserialize)]
pub(super) struct Ready {
    /// `ready`, `degraded` or `starting`.
    pub(super) status: String,
    /// What is not as it should be.
    #[serde(default)]
    pub(super) degraded: Vec<Degraded>,
}

/// One thing that is not as it should be.
#[derive(Debug, Deserialize)]
pub(super) struct Degraded {
    pub(super) what: String,
    pub(super) message: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum AskError {
    /// Nobody listens there.
    #[error("nobody answers")]
    Nobody,
    /// Somebody listens and does not speak as Palisade does.
    #[error("whoever listens there is no Palisade ({0})")]
    Stranger(String),
    /// It listens and says nothing.
    #[error("it listens and does not answer ({0})")]
    Silent(io::Error),
}

/// Where to ask: every address of the machine is asked at its loopback address.
pub(super) fn address(listen: Listen) -> SocketAddr {
    let host = match listen.host {
        None => IpAddr::V4(Ipv4Addr::LOCALHOST),
        Some(IpAddr::V4(host)) if host.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        Some(IpAddr::V6(host)) if host.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        Some(host) => host,
    };
    SocketAddr::new(host, listen.port)
}

/// `GET /ready` at `address`.
///
/// # Errors
/// Where nobody is there, or it is somebody else.
pub(super) fn ready(address: SocketAddr) -> Result<Ready, AskError> {
    let stream = TcpStream::connect_timeout(&address, TIMEOUT).map_err(|_| AskError::Nobody)?;
    let bytes = exchange(stream, address).map_err(AskError::Silent)?;
    read(&bytes).map_err(|why| AskError::Stranger(why.to_owned()))
}

fn exchange(mut stream: TcpStream, address: SocketAddr) -> io::Result<Vec<u8>> {
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let head = format!(
        "GET /ready HTTP/1.1\r\nHost: {address}\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    let mut bytes = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn read(bytes: &[u8]) -> Result<Ready, &'static str> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").ok_or("it does not speak HTTP")?;
    let (head, body) = bytes.split_at(end);
    match head.get(..12) {
        Some(b"HTTP/1.1 200" | b"HTTP/1.1 503") => {}
        _ => return Err("GET /ready is not answered with 200"),
    }
    serde_json::from_slice(&body[4..]).map_err(|_| "its /ready has other words")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read() {
        let check = |text: &str, expect: Result<&str, &str>| {
            let ready = read(text.as_bytes());
            assert_eq!(ready.as_ref().map(|ready| ready.status.as_str()).map_err(|why| *why), expect);
        };
        check("HTTP/1.1 200 OK\r\nX: y\r\n\r\n{\"status\":\"ready\",\"degraded\":[]}", Ok("ready"));
        check("HTTP/1.1 503 S\r\n\r\n{\"status\":\"starting\"}", Ok("starting"));
        check("HTTP/1.1 404 N\r\n\r\n{}", Err("GET /ready is not answered with 200"));
        check("HTTP/1.1 200 OK\r\n\r\n<html>", Err("its /ready has other words"));
        check("SSH-2.0-OpenSSH\r\n", Err("it does not speak HTTP"));
        check("\r\n\r\n", Err("GET /ready is not answered with 200"));
        check("", Err("it does not speak HTTP"));
    }

    #[test]
    fn every_address_is_asked_here() {
        let check = |listen: &str, expect: &str| {
            assert_eq!(address(listen.parse().unwrap()).to_string(), expect);
        };
        check(":8081", "127.0.0.1:8081");
        check("0.0.0.0:8081", "127.0.0.1:8081");
        check("[::]:8081", "[::1]:8081");
        check("192.0.2.1:5000", "192.0.2.1:5000");
    }
}
