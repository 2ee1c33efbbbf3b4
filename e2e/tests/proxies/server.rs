//! A server of the system, run with a configuration of ours on free ports, ended when dropped.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use palisade_e2e::pace::Pacer;
use palisade_e2e::palisade::Log;
use palisade_e2e::tools::{program, root};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// A running server.
pub(crate) struct Server {
    /// Where visitors go.
    pub(crate) address: SocketAddr,
    _child: Child,
    _folder: TempDir,
}

/// The text of an example under `deploy/`, with these addresses in place of its own.
pub(crate) fn example(name: &str, swaps: &[(&str, String)]) -> String {
    let path = root().join("deploy").join(name);
    let mut text =
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    for (from, to) in swaps {
        assert!(text.contains(from), "{name} does not say {from}");
        text = text.replace(from, to);
    }
    text
}

/// A port nobody has now. The server binds it a moment later.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// nginx with `site` as its only site.
pub(crate) async fn nginx(site: &str, port: u16) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().display();
    let config = format!(
        "daemon off;\nworker_processes 1;\npid {at}/nginx.pid;\nerror_log stderr warn;\n\
         events {{ worker_connections 256; }}\nhttp {{\naccess_log off;\n\
         client_body_temp_path {at}/body;\nproxy_temp_path {at}/proxy;\nfastcgi_temp_path {at}/fastcgi;\n\
         uwsgi_temp_path {at}/uwsgi;\nscgi_temp_path {at}/scgi;\n{site}\n}}\n"
    );
    let file = folder.path().join("nginx.conf");
    std::fs::write(&file, config).unwrap();
    let mut command = Command::new(system("nginx", "nginx-light"));
    command.arg("-c").arg(&file).arg("-p").arg(folder.path());
    start(command, port, folder).await
}

/// Caddy with `config` as its Caddyfile.
pub(crate) async fn caddy(config: &str, port: u16) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("Caddyfile");
    // Its own API has a port that two tests cannot share.
    std::fs::write(&file, format!("{{\n\tadmin off\n}}\n{config}")).unwrap();
    let mut command = Command::new(system("caddy", "caddy"));
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(&file);
    command
        .env("HOME", folder.path())
        .env("XDG_DATA_HOME", folder.path())
        .env("XDG_CONFIG_HOME", folder.path());
    start(command, port, folder).await
}

/// Debian keeps servers where ordinary users have no path.
fn system(name: &str, package: &str) -> PathBuf {
    let sbin = PathBuf::from("/usr/sbin").join(name);
    match sbin.is_file() {
        true => sbin,
        false => program(name).unwrap_or_else(|_| {
            panic!("{name} is missing; on Debian or Ubuntu: sudo apt-get install {package}")
        }),
    }
}

async fn start(mut command: Command, port: u16, folder: TempDir) -> Server {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().context("the server cannot be started").unwrap();
    let log = Log::default();
    log.collect(child.stderr.take().expect("piped above"));
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let pacer = Pacer::start();
    while TcpStream::connect(address).await.is_err() {
        let ended = child.try_wait().unwrap();
        assert!(ended.is_none() && pacer.elapsed() < Duration::from_secs(20), "no server: {}", log.text());
        pacer.until(pacer.elapsed() + Duration::from_millis(20)).await;
    }
    Server { address, _child: child, _folder: folder }
}
