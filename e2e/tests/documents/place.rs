//! A folder that stands for a machine: what pages say to type is typed there.
//!
//! Words are changed only as [`swaps`] has it: ports and folders, because a test must not take those of the machine it runs
//! on. These programs stand in for others, because not every machine can run them:
//!
//! | typed | runs |
//! |---|---|
//! | `sudo COMMAND` | COMMAND |
//! | `cargo run … -- ARGS` | the binary under test with ARGS |
//! | `cargo build`, `cargo install` | nothing: the binary under test is there already |
//! | `nginx ARGS` | the real nginx, with a main file that reads the folder's `/etc/nginx/conf.d` |
//! | `systemctl … palisade` | the lines of the real unit file (`ExecStart`, `ExecReload`), without its sandbox |
//! | `systemctl reload caddy` | the real Caddy, with the folder's `/etc/caddy/Caddyfile` |

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use palisade_e2e::pace::{GUARD, Pacer, guarded};
use palisade_e2e::palisade::{Log, binary};
use palisade_e2e::tools::{program, root};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::blocks::{Block, Kind};

/// How often something that is awaited is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The machine.
pub(crate) struct Place {
    folder: TempDir,
    swaps: Vec<(&'static str, String)>,
    environment: Vec<(&'static str, String)>,
    /// Where visitors of a server on port 80 go.
    pub(crate) front: SocketAddr,
    /// Where visitors of the gateway on port 8080 go.
    pub(crate) gateway: SocketAddr,
    /// Where applications ask.
    pub(crate) api: SocketAddr,
    running: Vec<Child>,
    log: Log,
}

/// What is changed in pages and in the files of `deploy/`, everywhere it stands.
fn swaps(
    at: &str,
    site: SocketAddr,
    front: SocketAddr,
    gateway: SocketAddr,
    api: SocketAddr,
) -> Vec<(&'static str, String)> {
    vec![
        // Ports.
        ("127.0.0.1:3000", site.to_string()),
        ("127.0.0.1:8080", gateway.to_string()),
        ("127.0.0.1:8081", api.to_string()),
        ("http://127.0.0.1/", format!("http://{front}/")),
        ("listen = \":80\"", format!("listen = \"{front}\"")),
        ("listen 80;", format!("listen {front};")),
        // Caddy's own API has a port too.
        (":80 {", format!("{{\n\tadmin off\n}}\nhttp://{front} {{")),
        // Folders.
        ("/etc/", format!("{at}/etc/")),
        ("/var/lib/", format!("{at}/var/lib/")),
        ("/var/log/", format!("{at}/var/log/")),
        ("/usr/local/bin/", format!("{at}/usr/local/bin/")),
        // The forgotten proxy: on one machine every address is loopback, so the page's walk begins with another trust.
        ("[\"loopback\", \"10.0.0.2/32\"]", "[\"192.0.2.1/32\", \"127.0.0.1/32\"]".to_owned()),
    ]
}

/// `text` with every swap made, each part of it once.
fn swapped(text: &str, swaps: &[(&'static str, String)]) -> String {
    let mut done = String::new();
    let mut rest = text;
    while let Some((at, from, to)) =
        swaps.iter().filter_map(|(from, to)| Some((rest.find(from)?, from, to))).min_by_key(|found| found.0)
    {
        done.push_str(&rest[..at]);
        done.push_str(to);
        rest = &rest[at + from.len()..];
    }
    done + rest
}

/// A port nobody has now. Whoever is told of it binds it a moment later.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

impl Place {
    /// A machine whose site listens at `site`.
    pub(crate) fn new(site: SocketAddr) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().display().to_string();
        let (front, gateway, api) = (free(), free(), free());
        let swaps = swaps(&at, site, front, gateway, api);
        // The ports that are taken where a page names none.
        let environment =
            vec![("PALISADE_SERVER__LISTEN", gateway.to_string()), ("PALISADE_SERVER__API", api.to_string())];
        let place = Place {
            folder,
            swaps,
            environment,
            front,
            gateway,
            api,
            running: Vec::new(),
            log: Log::default(),
        };
        place.furnish();
        place
    }

    /// Without the environment's word about the gateway's port: a configuration names it.
    pub(crate) fn listening_as_configured(mut self) -> Place {
        self.environment.retain(|(name, _)| *name != "PALISADE_SERVER__LISTEN");
        self
    }

    /// `name` below the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What everything that goes on running has written.
    pub(crate) fn log(&self) -> String {
        let service = fs::read_to_string(self.path("run/palisade.log")).unwrap_or_default();
        self.log.text() + &service
    }

    fn furnish(&self) {
        let folders = [
            "bin",
            "run",
            "etc/nginx/conf.d",
            "etc/caddy",
            "etc/systemd/system",
            "usr/local/bin",
            "target/release",
            "var/lib",
            "var/log/nginx",
        ];
        folders.iter().for_each(|name| fs::create_dir_all(self.path(name)).unwrap());
        for name in ["bin/palisade", "target/release/palisade"] {
            symlink(binary(), self.path(name)).unwrap();
        }
        for name in ["scripts", "examples", "Makefile"] {
            symlink(root().join(name), self.path(name)).unwrap();
        }
        self.copy(&root().join("deploy"), &self.path("deploy"));
        let at = self.folder.path().display();
        self.stand_in("sudo", "exec \"$@\"");
        self.stand_in(
            "cargo",
            "case \"$1\" in --version|build|install) exit 0;; esac\n\
             while [ \"$1\" != -- ]; do shift; done\nshift\nexec palisade \"$@\"",
        );
        self.stand_in("nginx", &format!("exec {} -c {at}/nginx.conf -p {at}/run \"$@\"", nginx().display()));
        self.stand_in("systemctl", &SYSTEMCTL.replace("AT", &at.to_string()));
        let main = format!(
            "worker_processes 1;\npid {at}/run/nginx.pid;\nerror_log {at}/run/nginx.log warn;\n\
             events {{ worker_connections 256; }}\nhttp {{\naccess_log off;\nclient_body_temp_path {at}/run/body;\n\
             proxy_temp_path {at}/run/proxy;\nfastcgi_temp_path {at}/run/fastcgi;\nuwsgi_temp_path {at}/run/uwsgi;\n\
             scgi_temp_path {at}/run/scgi;\ninclude {at}/etc/nginx/conf.d/*.conf;\n}}\n"
        );
        fs::write(self.path("nginx.conf"), main).unwrap();
    }

    fn copy(&self, from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let to = to.join(entry.file_name());
            match entry.path().is_dir() {
                true => self.copy(&entry.path(), &to),
                false => {
                    fs::write(to, swapped(&fs::read_to_string(entry.path()).unwrap(), &self.swaps)).unwrap();
                }
            }
        }
    }

    fn stand_in(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\nset -eu\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Types what `blocks` have for `walk`, and holds them to their promises.
    pub(crate) async fn walk(&mut self, blocks: &[Block], walk: &str) {
        let mut printed = String::new();
        let mut steps = 0;
        for block in blocks.iter().filter(|block| block.walk == walk) {
            steps += 1;
            match block.kind {
                Kind::Typed => printed.push_str(&self.type_in(&block.text, block.line).await),
                Kind::Starts => self.start(&block.text).await,
                Kind::Promised => {
                    kept(&swapped(&block.text, &self.swaps), &std::mem::take(&mut printed), block.line);
                }
            }
        }
        assert!(steps > 0, "the page has no walk {walk}");
    }

    /// Types `text`; what it printed. Whoever it started is ready when this returns.
    pub(crate) async fn type_in(&self, text: &str, line: usize) -> String {
        let (starts, reloads) = (self.said("palisade: listening "), self.said("is in effect"));
        let out =
            guarded("a block of commands", async { Ok(self.command(text).output().await?) }).await.unwrap();
        let printed = String::from_utf8_lossy(&out.stdout).into_owned();
        let complained = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "line {line}: {}\n{printed}{complained}\n{}", out.status, self.log());
        if ["enable --now", "start palisade", "restart palisade"].iter().any(|word| text.contains(word)) {
            self.awaited("the service starts", || self.said("palisade: listening ") > starts).await;
        }
        if text.contains("systemctl reload palisade") {
            self.awaited("the service reloads", || self.said("is in effect") > reloads).await;
        }
        if text.contains("nginx -s reload") || text.contains("reload caddy") {
            self.listens(self.front).await;
        }
        printed
    }

    fn said(&self, words: &str) -> usize {
        self.log().matches(words).count()
    }

    /// Types `text`, which goes on running.
    async fn start(&mut self, text: &str) {
        let starts = self.said("palisade: listening ");
        let mut child = self.command(text).spawn().unwrap();
        self.log.collect(child.stderr.take().expect("piped"));
        self.log.collect(child.stdout.take().expect("piped"));
        self.running.push(child);
        self.awaited("palisade starts", || self.said("palisade: listening ") > starts).await;
    }

    /// The real nginx as it runs on the machine before anybody reads the page.
    pub(crate) async fn has_nginx(&self) {
        self.type_in("nginx", 0).await;
        self.awaited("nginx starts", || self.path("run/nginx.pid").exists()).await;
    }

    /// Ends everything that the page started in a terminal, and waits until it is gone.
    pub(crate) async fn end_what_runs(&mut self) {
        let groups: Vec<u32> = self.running.iter().filter_map(|child| child.id()).collect();
        self.kill_what_runs();
        for group in groups {
            self.awaited("what ran is gone", || !is_there(group)).await;
        }
    }

    /// Ends everything that the page started in a terminal, at once.
    fn kill_what_runs(&mut self) {
        self.running.drain(..).filter_map(|child| child.id()).for_each(|group| kill(&format!("-{group}")));
    }

    fn command(&self, text: &str) -> Command {
        let mut command = Command::new("sh");
        command.arg("-euc").arg(swapped(text, &self.swaps)).current_dir(self.folder.path());
        let path = std::env::var("PATH").unwrap_or_default();
        let own = ["usr/local/bin", "bin"].map(|name| self.path(name).display().to_string()).join(":");
        command.env("PATH", format!("{own}:{path}")).env("HOME", self.folder.path()).env_remove("PORT");
        for name in [
            "http_proxy",
            "https_proxy",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "all_proxy",
            "MAKEFLAGS",
            "DISPLAY",
        ] {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).kill_on_drop(true);
        command
    }

    /// Waits until somebody listens at `address`.
    async fn listens(&self, address: SocketAddr) {
        let pacer = Pacer::start();
        while TcpStream::connect(address).await.is_err() {
            assert!(pacer.elapsed() < GUARD, "nobody listens on {address}\n{}", self.log());
            pacer.until(pacer.elapsed() + LOOK_EVERY).await;
        }
    }

    /// Waits until `is_so`.
    pub(crate) async fn awaited(&self, what: &str, is_so: impl Fn() -> bool) {
        let pacer = Pacer::start();
        while !is_so() {
            assert!(pacer.elapsed() < GUARD, "{what}: never\n{}", self.log());
            pacer.until(pacer.elapsed() + LOOK_EVERY).await;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.kill_what_runs();
        for entry in fs::read_dir(self.path("run")).into_iter().flatten().flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "pid") {
                let pid = fs::read_to_string(entry.path()).unwrap_or_default();
                // nginx ends its workers itself.
                kill(pid.trim());
            }
        }
    }
}

/// True while any process of the group runs.
fn is_there(group: u32) -> bool {
    let asked = std::process::Command::new("kill")
        .args(["-0", "--", &format!("-{group}")])
        .stderr(Stdio::null())
        .status();
    asked.is_ok_and(|status| status.success())
}

fn kill(who: &str) {
    if !who.is_empty() {
        let done =
            std::process::Command::new("kill").args(["-TERM", "--", who]).stderr(Stdio::null()).status();
        let _ = done; // It may have ended by itself.
    }
}

/// Debian keeps servers where ordinary users have no path.
fn nginx() -> PathBuf {
    let sbin = PathBuf::from("/usr/sbin/nginx");
    match sbin.is_file() {
        true => sbin,
        false => program("nginx").unwrap_or_else(|_| {
            panic!("nginx is missing; on Debian or Ubuntu: sudo apt-get install nginx-light")
        }),
    }
}

/// That `printed` has each line of `promised`, in that order.
fn kept(promised: &str, printed: &str, line: usize) {
    let mut rest = printed;
    for (at, words) in promised.lines().enumerate() {
        let Some(found) = rest.find(words) else {
            panic!("line {}: {words:?} was promised; printed was:\n{printed}", line + 1 + at);
        };
        rest = &rest[found + words.len()..];
    }
}

/// What systemd does with the unit, as far as the page asks for it.
const SYSTEMCTL: &str = r#"unit=AT/etc/systemd/system/palisade.service
line() { sed -n "s/^$1=//p" "$unit"; }
start() {
    setsid $(line ExecStart) >/dev/null 2>>AT/run/palisade.log </dev/null &
    echo $! >AT/run/palisade.pid
}
stop() {
    MAINPID=$(cat AT/run/palisade.pid)
    kill -TERM "$MAINPID"
    while grep -qs '^State:.[^Z]' "/proc/$MAINPID/status"; do sleep 0.05; done
    rm AT/run/palisade.pid
}
case "$*" in
    daemon-reload) ;;
    "enable --now palisade" | "start palisade") start ;;
    "restart palisade") stop; start ;;
    "reload palisade") MAINPID=$(cat AT/run/palisade.pid); eval "$(line ExecReload)" ;;
    "stop palisade" | "disable --now palisade") stop ;;
    "clean --what=state palisade") rm -r "AT/var/lib/$(line StateDirectory)" ;;
    "reload caddy")
        setsid caddy run --config AT/etc/caddy/Caddyfile >/dev/null 2>&1 </dev/null &
        echo $! >AT/run/caddy.pid
        ;;
    *) echo "systemctl $*: nobody stands in for that" >&2; exit 1 ;;
esac"#;

#[test]
fn words_are_swapped_once() {
    let swaps =
        [("a:30", "a:3000".to_owned()), ("a:3000x", "never".to_owned()), ("/etc/", "/s/etc/".to_owned())];
    assert_eq!(swapped("cp /etc/x a:30 b", &swaps), "cp /s/etc/x a:3000 b");
    assert_eq!(swapped("", &swaps), "");
}

#[test]
fn promises_are_held_in_order() {
    kept("200\n403", "x 200\ny 403\n", 1);
    let broken = std::panic::catch_unwind(|| kept("403\n200", "x 200\ny 403\n", 7));
    assert!(broken.is_err());
}
