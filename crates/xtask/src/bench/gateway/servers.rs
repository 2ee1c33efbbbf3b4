//! The servers that are measured: nginx as upstream and as plain proxy, and Palisade. Each is stopped when it is dropped.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

/// How long a server may take to start.
const START_LIMIT: Duration = Duration::from_secs(20);

/// What the upstream answers, whatever it is asked for.
const FILE_BYTES: usize = 1_024;

/// A running server.
pub(super) struct Server {
    child: Child,
    /// Where it is asked.
    pub(super) address: SocketAddr,
    /// Where Palisade's API is asked.
    pub(super) api: Option<SocketAddr>,
}

impl Server {
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // nginx passes it on to its workers; Palisade saves what it knows, into a folder that goes anyway.
        let _ = Command::new("kill").arg(self.pid().to_string()).status();
        let _ = self.child.wait();
    }
}

/// nginx with one worker that answers everything with the same file of 1 KiB.
pub(super) fn upstream(folder: &Path) -> anyhow::Result<Server> {
    let folder = made(folder, "upstream")?;
    std::fs::write(folder.join("file.bin"), vec![b'x'; FILE_BYTES])?;
    let site = format!("root {};\n location / {{ try_files /file.bin =404; }}", folder.display());
    nginx(&folder, 1, "open_file_cache max=10;", &site)
}

/// nginx as a plain proxy as its own guide has it: connections to the upstream are kept, the site learns who asked.
pub(super) fn nginx_proxy(folder: &Path, workers: usize, upstream: SocketAddr) -> anyhow::Result<Server> {
    let folder = made(folder, &format!("nginx-{workers}"))?;
    let group = format!("upstream site {{ server {upstream}; keepalive 256; keepalive_requests 1000000; }}");
    let site = "location / {
  proxy_pass http://site;
  proxy_http_version 1.1;
  proxy_set_header Connection \"\";
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme;
 }";
    nginx(&folder, workers, &group, site)
}

/// Runs nginx without access log; `http` and `site` stand in the blocks of that name.
fn nginx(folder: &Path, workers: usize, http: &str, site: &str) -> anyhow::Result<Server> {
    let port = free_port()?;
    let temporary: Vec<String> = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|what| format!("{what}_temp_path {}/{what};", folder.display()))
        .collect();
    let config = format!(
        "daemon off;\n{user}worker_processes {workers};\npid {folder}/pid;\nerror_log {folder}/error.log;\n\
         events {{ worker_connections 4096; }}\n\
         http {{\n access_log off;\n keepalive_requests 1000000;\n {temporary}\n {http}\n \
         server {{ listen 127.0.0.1:{port} reuseport;\n {site}\n }}\n}}\n",
        user = if is_root() { "user root;\n" } else { "" },
        folder = folder.display(),
        temporary = temporary.join(" "),
    );
    let file = folder.join("nginx.conf");
    std::fs::write(&file, config)?;
    let program = if Path::new("/usr/sbin/nginx").exists() { "/usr/sbin/nginx" } else { "nginx" };
    let mut command = Command::new(program);
    command.arg("-p").arg(folder).arg("-c").arg(&file).arg("-e").arg(folder.join("error.log"));
    let child = command
        .stdin(Stdio::null())
        .spawn()
        .context("nginx does not start; on Debian or Ubuntu: sudo apt-get install nginx-light")?;
    let server = Server { child, address: (Ipv4Addr::LOCALHOST, port).into(), api: None };
    wait_for(server.address, START_LIMIT)?;
    Ok(server)
}

/// Palisade in front of `upstream` with a data folder of its own.
pub(super) struct Palisade<'a> {
    pub(super) binary: &'a Path,
    pub(super) name: &'a str,
    pub(super) workers: usize,
    /// As a plain proxy, with nobody asked about anything.
    pub(super) plain: bool,
    /// `[model]` `trusted_dir` and `uri`, where they are not those of a new installation; no score is acted upon then.
    pub(super) model: Option<(&'a Path, &'a str)>,
    pub(super) upstream: SocketAddr,
}

impl Palisade<'_> {
    pub(super) fn command(&self, folder: &Path, listen: &str) -> anyhow::Result<Command> {
        let folder = made(folder, self.name)?;
        let mut command = Command::new(self.binary);
        command.current_dir(&folder).arg("serve").arg("--data").arg(folder.join("data"));
        command.args(["--listen", listen, "--api", "127.0.0.1:0"]);
        command.arg("--upstream").arg(format!("http://{}", self.upstream));
        command.env("PALISADE_SERVER__WORKERS", self.workers.to_string());
        if self.plain {
            command.arg("--plain");
        }
        if let Some((folder, uri)) = self.model {
            command.env("PALISADE_MODEL__TRUSTED_DIR", folder).env("PALISADE_MODEL__URI", uri);
            command.env("PALISADE_POLICY__ENFORCE", "hard");
        }
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Ok(command)
    }

    /// The key of its first start.
    pub(super) fn key(&self, folder: &Path) -> anyhow::Result<String> {
        let file = folder.join(self.name).join("data/first-run.txt");
        let told = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let key = told.lines().find_map(|line| line.strip_prefix("API key: "));
        Ok(key.context("the first start tells its key")?.to_owned())
    }

    pub(super) fn start(&self, folder: &Path) -> anyhow::Result<Server> {
        let mut child = self.command(folder, "127.0.0.1:0")?.stderr(Stdio::piped()).spawn()?;
        let said = child.stderr.take().context("its messages are piped")?;
        let mut lines = BufReader::new(said).lines();
        let listening = lines
            .by_ref()
            .map_while(Result::ok)
            .find(|line| line.contains("listening gateway="))
            .context("palisade ended before it listened")?;
        // Whatever else it says is read and forgotten: a full pipe would stop it.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let address = |name: &str| {
            let word = listening.split_whitespace().find_map(|word| word.strip_prefix(name));
            word.and_then(|address| address.parse().ok())
        };
        let found = address("gateway=").with_context(|| listening.clone())?;
        Ok(Server { child, address: found, api: address("api=") })
    }
}

/// How long the first start takes, from the command to the first answer of the site, in milliseconds.
pub(super) fn first_answer_ms(palisade: &Palisade<'_>, folder: &Path) -> anyhow::Result<f64> {
    let address: SocketAddr = (Ipv4Addr::LOCALHOST, free_port()?).into();
    let mut command = palisade.command(folder, &address.to_string())?;
    let begun = Instant::now();
    let child = command.stderr(Stdio::null()).spawn()?;
    let _server = Server { child, address, api: None };
    loop {
        if answers(address)? {
            return Ok(begun.elapsed().as_secs_f64() * 1e3);
        }
        ensure!(begun.elapsed() < START_LIMIT, "palisade does not answer on {address}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// What `address` answers at `path`, its head left out.
pub(super) fn get(address: SocketAddr, path: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    // The old version: it neither keeps the connection nor cuts the body into chunks.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer has a head")?;
    ensure!(head.split(' ').nth(1) == Some("200"), "{path}: {}", head.lines().next().unwrap_or_default());
    Ok(body.to_owned())
}

/// True where a browser's request is answered with the site's page.
fn answers(address: SocketAddr) -> anyhow::Result<bool> {
    let mut stream = match TcpStream::connect(address) {
        Ok(stream) => stream,
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    stream.write_all(super::visitors::requests(1)[0].replace("keep-alive", "close").as_bytes())?;
    let mut status = [0; 12];
    stream.read_exact(&mut status)?;
    ensure!(&status == b"HTTP/1.1 200", "the first answer is {}", status.escape_ascii());
    Ok(true)
}

/// Waits until somebody accepts there.
fn wait_for(address: SocketAddr, limit: Duration) -> anyhow::Result<()> {
    let until = Instant::now() + limit;
    while TcpStream::connect(address).is_err() {
        if Instant::now() >= until {
            bail!("nothing listens on {address}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// A port that was free a moment ago.
fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn made(folder: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let folder = folder.join(name);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Workers of an nginx that root starts belong to nobody, who may not read a folder of root's.
fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}
