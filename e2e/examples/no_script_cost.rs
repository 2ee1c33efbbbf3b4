//! What the challenge without script costs a program: the table of docs/no-script.md.
//!
//! `cargo build -p palisade && cargo run -p palisade-e2e --example no_script_cost`
#![expect(clippy::print_stdout, reason = "its table is what it is for")]

use std::net::IpAddr;
use std::time::Duration;

use palisade_e2e::front::Front;
use palisade_e2e::palisade::{Palisade, Setup};
use palisade_e2e::site::Site;
use palisade_e2e::steps::{Cost, Curl, Way};

/// Everybody is challenged, and nobody outside is asked anything.
const CONFIG: &str = "[intel]\ndns = \"off\"\nrefresh_ranges_hours = 0\nfetch_keys = false\n[policy]\nenforce = \"all\"\n\
rules = [{ when = '''path.startsWith(\"/\")''', action = \"challenge\" }]\n";

/// Each way is taken so often, by visitors who have not met before.
const TIMES: u8 = 15;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let site = Site::start().await?;
    let palisade = Palisade::serve(&Setup::before(site.address).with(CONFIG)).await?;
    println!(
        "| way | got in | round trips | received | sent | seconds, median | of these waiting | CPU of curl | CPU of the gateway |\n|---|---|---|---|---|---|---|---|---|"
    );
    for (name, way, agent) in [
        (
            "a chain of style sheets",
            Way::Chain,
            "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
        ),
        ("a timed button", Way::Form, "Lynx/2.9.0dev.12 libwww-FM/2.14 SSL-MM/1.4.1 GNUTLS/3.7.8"),
    ] {
        let pid = palisade.pid().unwrap_or_default();
        let (server, own) = (ticks(&format!("/proc/{pid}/stat"), 11), ticks("/proc/self/stat", 13));
        let mut costs: Vec<Cost> = Vec::new();
        let mut passed = 0;
        for number in 0..TIMES {
            let front = Front::start(palisade.gateway, IpAddr::from([203, 0, 113, number + 1])).await?;
            let (cost, status, _) = Curl::new(agent, true)?.take(front.address, "/page1", way, true).await?;
            passed += usize::from(status == 200);
            costs.push(cost);
        }
        costs.sort_by_key(|cost| cost.elapsed);
        let middle = costs[costs.len() / 2];
        let per = |from: u64, to: u64| Duration::from_millis((to - from) * 10 / u64::from(TIMES));
        println!(
            "| {name} | {passed} of {TIMES} | {} | {} B | {} B | {:.1} | {:.1} | {:?} | {:?} |",
            middle.round_trips,
            middle.received_bytes,
            middle.sent_bytes,
            middle.elapsed.as_secs_f64(),
            middle.waited.as_secs_f64(),
            per(own, ticks("/proc/self/stat", 13)),
            per(server, ticks(&format!("/proc/{pid}/stat"), 11)),
        );
    }
    Ok(())
}

/// User and system time of a process (field 11 and 12 behind its name), or of its ended children (13 and 14), in 10 ms.
fn ticks(path: &str, field: usize) -> u64 {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let fields = text.rsplit_once(") ").map(|(_, rest)| rest).unwrap_or_default();
    fields.split(' ').skip(field).take(2).filter_map(|word| word.parse::<u64>().ok()).sum()
}
