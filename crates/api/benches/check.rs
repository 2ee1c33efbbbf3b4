//! How many `POST /check` one core answers, over a real socket with keep-alive.
//!
//! Server and client have a thread each; the server's CPU time per call is what counts, so the client's does not spoil it.
//! `cargo bench -p palisade-api --bench check [-- CALLS]`

#![allow(clippy::print_stdout, reason = "a bench is read on the terminal")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use palisade_api::{Api, ApiSettings, Clock, router, serve};
use palisade_detect::{Engine, EngineSettings, HashSeed};
use palisade_guard::{Guard, GuardSettings, Sites};
use palisade_policy::{Judge, Policy, Preset};
use palisade_store::{ApiKey, Keys, MemoryStore, NewKey, Scope, Scopes};

/// Connections that are used in turn; calls wait on all but one, as those of a pool do.
const CONNECTIONS: usize = 16;
const CALLS: usize = 100_000;

fn main() {
    // The harness hands its own flags on.
    let calls = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(CALLS);
    let key = ApiKey::from_random([1; 32]);
    let (address, cpu) = start(&key);
    let text = key.text();
    let mut pool: Vec<TcpStream> = (0..CONNECTIONS).map(|_| connect(address)).collect();
    run(&mut pool, &text, calls / 10);
    let (before, begun) = (cpu_ms(&cpu), Instant::now());
    run(&mut pool, &text, calls);
    let (wall, spent) = (begun.elapsed(), cpu_ms(&cpu) - before);
    let each_us = spent * 1_000.0 / calls as f64;
    println!(
        "{calls} calls in {:.2} s: {:.0}/s; server {each_us:.1} µs of CPU each: {:.0}/s on one core",
        wall.as_secs_f64(),
        calls as f64 / wall.as_secs_f64(),
        1_000_000.0 / each_us
    );
}

/// A server on a thread of its own; returns where it listens and where its CPU time is read.
fn start(key: &ApiKey) -> (SocketAddr, String) {
    let (tell, told) = mpsc::channel();
    let key = key.clone();
    std::thread::Builder::new()
        .name("server".to_owned())
        .spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let seed = HashSeed([1, 2]);
                let judge =
                    Judge::new(Engine::new(EngineSettings::new(seed)), Policy::preset(Preset::Balanced));
                let settings = GuardSettings { seed, event_sample: 0.01, first_id: 1 };
                let (guard, backlog) = Guard::new(judge, Sites::default(), settings);
                let mut events = backlog.events;
                tokio::spawn(async move { while events.recv().await.is_some() {} });
                let store = MemoryStore::new();
                let new = NewKey {
                    name: "bench".to_owned(),
                    scopes: Scopes::of(&[Scope::Check]),
                    created_at: palisade_domain::Timestamp(0),
                };
                let api_settings = ApiSettings::default();
                store.create_key(api_settings.tenant, &key, &new).await.expect("room for a key");
                let api = Api::new(guard, Arc::new(store), api_settings, Clock::system());
                api.refresh().await.expect("a store in memory is read");
                let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
                let address = listener.local_addr().expect("a bound listener has one");
                // The thread that serves: its own entry, not the process's.
                let task = std::fs::read_link("/proc/thread-self").expect("Linux");
                tell.send((address, format!("/proc/{}/stat", task.display()))).expect("main waits");
                serve(listener, router(api), std::future::pending()).await;
            });
        })
        .expect("a thread");
    told.recv().expect("the server starts")
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("it listens");
    stream.set_nodelay(true).expect("a TCP socket");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a TCP socket");
    stream
}

/// Sends a call on each connection, then reads all answers: the server never idles for want of calls.
fn run(pool: &mut [TcpStream], key: &str, calls: usize) {
    let mut buffer = [0; 16 * 1_024];
    for round in 0..calls / pool.len() {
        for (n, stream) in pool.iter_mut().enumerate() {
            let visitor = (round * CONNECTIONS + n) % 60_000;
            let body = format!(
                "{{\"ip\":\"198.18.{}.{}\",\"user_agent\":\"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\",\"endpoint\":\"/shop/item/{}?ref=home\",\"method\":\"GET\",\"headers\":[[\"Host\",\"shop.example\"],[\"Accept\",\"text/html\"],[\"Accept-Language\",\"de\"],[\"Accept-Encoding\",\"gzip\"],[\"Connection\",\"keep-alive\"]]}}",
                visitor / 250,
                visitor % 250 + 1,
                round % 97
            );
            let head = format!(
                "POST /check HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-API-Key: {key}\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all((head + &body).as_bytes()).expect("the server reads");
        }
        for stream in pool.iter_mut() {
            read_answer(stream, &mut buffer);
        }
    }
}

fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).expect("an answer comes");
        assert!(read > 0, "the server closed a connection");
        filled += read;
        let text = std::str::from_utf8(&buffer[..filled]).expect("answers are text");
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        assert!(head.starts_with("HTTP/1.1 200"), "{text}");
        let length = head.split("\r\n").find_map(|line| line.strip_prefix("content-length: "));
        if Some(body.len()) == length.and_then(|length| length.parse().ok()) {
            return;
        }
    }
}

/// User and system time of a thread, in milliseconds (proc_pid_stat(5), fields 14 and 15, in ticks of 10 ms).
fn cpu_ms(path: &str) -> f64 {
    let stat = std::fs::read_to_string(path).expect("the thread runs");
    let after_name = stat.rsplit_once(") ").expect("a name in brackets").1;
    let ticks = after_name.split(' ').skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() * 10.0
}
