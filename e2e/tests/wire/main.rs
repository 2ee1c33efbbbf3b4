//! What passes the gateway arrives as it was sent, and what two readers could read differently does not pass: the real
//! binary between a client and an upstream that both count every byte.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "all of it is tests; helpers of tests are not known as such"
)]

mod client;
mod exchange;
mod exchanges;
mod forwarding;
mod http2;
mod message;
mod random;
mod senders;
mod smuggling;
mod streams;
mod upstream;
mod upstreams;

use std::net::SocketAddr;
use std::time::Duration;

use palisade_e2e::pace::{GUARD, Pacer};
use palisade_e2e::palisade::{Palisade, Setup};
use serde_json::json;

/// Every event is kept, and nobody outside is asked anything.
const QUIET: &str = "[store]\nevent_sample = 1.0\n\
    [intel]\ndns = \"off\"\nrefresh_ranges_hours = 0\nfetch_keys = false\n";

/// A gateway before `upstream` that everybody here passes whatever they send. `config` holds further lines.
async fn passing(upstream: SocketAddr, config: &str) -> Palisade {
    let palisade = judging(upstream, &format!("[policy]\nenforce = \"all\"\n{config}")).await;
    palisade.command(&["list", "add", "127.0.0.0/8", "--effect", "allow"]).await.unwrap();
    let key = palisade.key("check").await.unwrap();
    let question = json!({
        "ip": "127.0.0.1", "user_agent": "sqlmap/1.7", "endpoint": "/", "observe": false, "actions": "all"
    });
    let pacer = Pacer::start();
    loop {
        let said = palisade.post("/check", &key, &question).await.unwrap().json().unwrap();
        if said["enforce"] == "allow" {
            return palisade;
        }
        assert!(pacer.elapsed() < GUARD, "a change by the command line is not followed: {said}");
        pacer.until(pacer.elapsed() + Duration::from_millis(50)).await;
    }
}

/// A gateway before `upstream` with these lines of configuration behind those of [`QUIET`].
async fn judging(upstream: SocketAddr, config: &str) -> Palisade {
    let setup = Setup::before(upstream).with(QUIET).with(config);
    Palisade::serve(&setup).await.unwrap_or_else(|error| panic!("{error:#}"))
}

/// What differs, in words.
#[expect(clippy::needless_pass_by_value, reason = "values are made for the comparison")]
fn same<T: PartialEq + std::fmt::Debug>(what: &str, expected: T, found: T) -> Result<(), String> {
    if expected == found { Ok(()) } else { Err(format!("{what}: {found:?}, not {expected:?}")) }
}
