//! Runs programs: finds them, gives each run an address and a folder, starts it, and ends it when its time is over.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::bounds::{BYTES_PER_REQUEST, RUN_SECONDS_MAX};
pub use crate::process::Ended;
use crate::process::to_its_end;
use crate::programs::{Lane, Launch, Program, Run, Starter};
use crate::random::Random;
use crate::relay::{Limits, Relay};
use crate::tools::{Missing, Need, Tools};

/// Arguments of every Chromium: nothing outside this machine, and no sandbox, which needs rights that containers lack.
const CHROMIUM_ARGS: &str = "--no-sandbox\n--no-proxy-server\n--disable-background-networking\n--disable-component-update\n\
    --disable-quic\n--disable-dev-shm-usage\n--no-first-run\n\
    --host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1";

/// Requests a second that are let begin, so that every one is recorded: below the 200 that a gateway records.
const BEGIN_PER_SECOND: f64 = 120.0;

/// What all runs share.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the gateway listens.
    pub gateway: SocketAddr,
    /// Requests of a run, at most and about.
    pub requests: u32,
    /// Runs of each program; `None` for what the list says.
    pub clients: Option<u32>,
    /// What everything random follows from.
    pub seed: u64,
    /// Where programs are.
    pub tools: Tools,
    /// A folder for the runs, each of which has one in it.
    pub folder: PathBuf,
}

/// A program that is here.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Which.
    pub program: &'static Program,
    /// Its version, where it says one.
    pub version: Option<String>,
    /// Where its commands are, by name.
    commands: BTreeMap<&'static str, PathBuf>,
}

impl Ready {
    /// A program without its commands, for reports alone.
    #[cfg(test)]
    pub(crate) fn of(program: &'static Program, version: Option<String>) -> Ready {
        Ready { program, version, commands: BTreeMap::new() }
    }
}

/// One run, when it is over.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Of which program.
    pub program: &'static Program,
    /// Its name among all runs of all seeds; what it did is on one side of every split.
    pub group: String,
    /// The addresses it had, of nobody else in this gym.
    pub addresses: Vec<Ipv4Addr>,
    /// How it ended.
    pub ended: Ended,
}

/// Looks for a program with everything it needs.
///
/// # Errors
/// With the first thing that is missing.
pub async fn ready(program: &'static Program, tools: &Tools) -> Result<Ready, Missing> {
    let mut commands = BTreeMap::new();
    let mut version = None;
    for (at, need) in program.needs.iter().enumerate() {
        let found = tools.find(*need)?;
        if at == 0 {
            version = tools.version(*need, &found).await;
        }
        if let Need::Command { name, .. } = need {
            commands.insert(*name, found);
        }
    }
    Ok(Ready { program, version, commands })
}

/// Runs every program of `all` as often as it should be; `done` hears of each run that is over, with how many there are. `None`
/// where `stop` came first: all programs have ended then.
pub async fn run(
    settings: &Settings,
    all: &[Ready],
    stop: impl Future<Output = ()>,
    mut done: impl FnMut(&Ran, usize),
) -> Option<Vec<Ran>> {
    let lanes = Lanes { fast: lane(12), slow: lane(32), browser: lane(2) };
    let share = Arc::new(Share::new());
    let mut taken = BTreeSet::new();
    let mut runs = JoinSet::new();
    for ready in all {
        for number in 0..settings.clients.unwrap_or(ready.program.clients) {
            let addresses = addresses(settings.seed, ready.program, number, &mut taken);
            let (settings, ready, share) = (settings.clone(), ready.clone(), Arc::clone(&share));
            let lane = lanes.of(ready.program.lane);
            runs.spawn(async move {
                let permit = lane.acquire_owned().await;
                let ran = one(&settings, &ready, number, addresses, &share).await;
                drop(permit);
                ran
            });
        }
    }
    let count = runs.len();
    let mut over = Vec::with_capacity(count);
    let mut stop = std::pin::pin!(stop);
    loop {
        let ran = tokio::select! {
            ran = runs.join_next() => ran,
            () = &mut stop => {
                runs.shutdown().await;
                return None;
            }
        };
        match ran {
            Some(Ok(ran)) => {
                done(&ran, count);
                over.push(ran);
            }
            // A run neither panics nor is it cancelled.
            Some(Err(_)) => {}
            None => break,
        }
    }
    over.sort_by(|one, other| one.group.cmp(&other.group));
    Some(over)
}

fn lane(at_once: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(at_once))
}

struct Lanes {
    fast: Arc<Semaphore>,
    slow: Arc<Semaphore>,
    browser: Arc<Semaphore>,
}

impl Lanes {
    fn of(&self, lane: Lane) -> Arc<Semaphore> {
        Arc::clone(match lane {
            Lane::Fast => &self.fast,
            Lane::Slow => &self.slow,
            Lane::Browser => &self.browser,
        })
    }
}

/// When the next run may begin, so that all together stay below [`BEGIN_PER_SECOND`].
struct Share {
    next: Mutex<Instant>,
}

impl Share {
    fn new() -> Share {
        Share { next: Mutex::new(Instant::now()) }
    }

    /// Takes the place of `requests` and says when it comes.
    fn take(&self, requests: u32) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = (*next).max(Instant::now());
        *next = begin + Duration::from_secs_f64(f64::from(requests) / BEGIN_PER_SECOND);
        begin
    }
}

/// Addresses in 127.0.0.0/8 that follow from seed, program and number, and that nobody has yet.
fn addresses(seed: u64, program: &Program, number: u32, taken: &mut BTreeSet<Ipv4Addr>) -> Vec<Ipv4Addr> {
    let mut random = Random::of(seed, &format!("address {} {number}", program.name));
    let mut one = || loop {
        // Not 127.0.x.y, where other things of this machine are.
        let byte = |random: &mut Random, from| random.within(from, 254) as u8;
        let address = Ipv4Addr::new(127, byte(&mut random, 1), byte(&mut random, 0), byte(&mut random, 1));
        if taken.insert(address) {
            return address;
        }
    };
    (0..program.addresses.max(1)).map(|_| one()).collect()
}

/// How many requests the run of this number is asked for: the first as many as there may be, others also fewer.
fn share_of(requests: u32, number: u32, random: &mut Random) -> u32 {
    let whole = requests.max(1);
    match number {
        0 => whole,
        _ => random.pick(&[whole, whole, whole / 2, whole / 2, whole / 4, 8, 3]).clamp(1, whole),
    }
}

async fn one(
    settings: &Settings,
    ready: &Ready,
    number: u32,
    addresses: Vec<Ipv4Addr>,
    share: &Share,
) -> Ran {
    let program = ready.program;
    let group = format!("{}-{}-{number}", program.name, settings.seed);
    let ended = match begun(settings, ready, number, &addresses, &group, share).await {
        Ok(ended) => ended,
        Err(error) => Ended::NotStarted(error.to_string()),
    };
    Ran { program, group, addresses, ended }
}

async fn begun(
    settings: &Settings,
    ready: &Ready,
    number: u32,
    addresses: &[Ipv4Addr],
    group: &str,
    share: &Share,
) -> std::io::Result<Ended> {
    let mut random = Random::of(settings.seed, group);
    let requests = share_of(settings.requests, number, &mut random);
    let limits = Limits {
        connections: u64::from(requests) * 3 / 2 + 16,
        bytes: u64::from(requests) * BYTES_PER_REQUEST + 64 * 1024,
        time: Duration::from_secs(RUN_SECONDS_MAX),
    };
    let relay = Relay::start(settings.gateway, addresses.to_vec(), limits).await?;
    let folder = settings.folder.join(group);
    tokio::fs::create_dir_all(&folder).await?;
    let url = format!("http://{}", relay.address());
    let launch = (ready.program.start)(&mut Run { url: &url, folder: &folder, requests, random });
    for (name, text) in &launch.files {
        tokio::fs::write(folder.join(name), text).await?;
    }
    let command = command(settings, ready, &launch, &folder).await?;
    tokio::time::sleep_until(share.take(requests)).await;
    let ended = to_its_end(command, limits.time).await;
    // What it left behind is of no use; the folder of all runs goes in the end anyway.
    let _ = tokio::fs::remove_dir_all(&folder).await;
    ended
}

/// The command, with an environment of its own: no proxy, no settings of whoever runs the gym, a home in its folder.
async fn command(
    settings: &Settings,
    ready: &Ready,
    launch: &Launch,
    folder: &Path,
) -> std::io::Result<Command> {
    let found = |name: &str| ready.commands.get(name).cloned().unwrap_or_else(|| PathBuf::from(name));
    let (program, script) = match launch.starter {
        Starter::Command(name) => (found(name), None),
        Starter::Python(text) => (settings.tools.python(), Some(("run.py", text))),
        Starter::Node(text) => (found("node"), Some(("run.cjs", text))),
    };
    let mut command = Command::new(program);
    if let Some((name, text)) = script {
        let path = folder.join(name);
        tokio::fs::write(&path, text).await?;
        command.arg(path);
    }
    command.args(&launch.args).current_dir(folder).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", folder).env("TMPDIR", folder).env("LANG", "C.UTF-8");
    command.env("NODE_PATH", settings.tools.node_modules()).env("GYM_CHROMIUM_ARGS", CHROMIUM_ARGS);
    command.env("GYM_CHROMIUM", found("chromium")).env("GYM_CHROMEDRIVER", found("chromedriver"));
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programs::ALL;

    #[test]
    fn addresses_are_of_one_run_and_follow_from_the_seed() {
        let all = |seed| {
            let mut taken = BTreeSet::new();
            let runs = ALL.iter().flat_map(|program| (0..5).map(move |number| (program, number)));
            let given: Vec<_> =
                runs.flat_map(|(program, number)| addresses(seed, program, number, &mut taken)).collect();
            assert_eq!(taken.len(), given.len(), "no two runs share one");
            assert!(given.iter().all(|address| address.is_loopback() && address.octets()[1] > 0));
            given
        };
        assert_eq!(all(1), all(1));
        assert_ne!(all(1), all(2));
    }

    #[test]
    fn runs_are_asked_for_some_requests() {
        let mut random = Random::of(1, "share");
        assert_eq!(share_of(60, 0, &mut random), 60);
        assert!((1..50).all(|number| (1..=60).contains(&share_of(60, number, &mut random))));
        assert_eq!(share_of(0, 3, &mut random), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn runs_begin_no_faster_than_is_recorded() {
        let share = Share::new();
        let first = share.take(120);
        assert_eq!(share.take(60) - first, Duration::from_secs(1));
        assert_eq!(share.take(1) - first, Duration::from_millis(1_500));
    }
}
