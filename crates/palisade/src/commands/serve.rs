//! `palisade serve`: the gateway in front of a site, the API beside it, and the worker behind both.

use std::io;
use std::net::IpAddr;
use std::process::ExitCode;
use std::time::Duration;

use palisade_config::settings::{Listen, Settings, Upstream};
use palisade_config::{Flags, Loaded};
use palisade_gateway::StartError;
use palisade_store::DataDir;
use tokio::net::TcpStream;

use super::Global;
use crate::exit::UsageError;
use crate::hold::Hold;
use crate::running::{Plan, Running};
use crate::setup::{self, Overrides};
use crate::{running, shell};

/// Stand in front of a site, judge every request, and act
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  palisade serve --upstream http://127.0.0.1:3000
  palisade serve --upstream http://127.0.0.1:3000 --listen :80 --preset strict
  palisade serve -c /etc/palisade/palisade.toml --data /var/lib/palisade

SIGHUP reads the configuration again (it is checked first and taken whole); SIGTERM lets running
requests finish and stops.")]
pub(crate) struct Args {
    /// The site to defend: http://host:port
    #[arg(long, value_name = "URL")]
    upstream: Vec<String>,
    /// Where visitors come in [default: :8080, or :$PORT]
    #[arg(long, value_name = "ADDR")]
    listen: Vec<String>,
    /// Where applications ask [default: 127.0.0.1:8081]
    #[arg(long, value_name = "ADDR")]
    api: Vec<String>,
    /// Where operators will look [default: 127.0.0.1:8082]
    #[arg(long, value_name = "ADDR")]
    desk: Vec<String>,
    /// Judge nobody: for measuring what judging costs
    #[arg(long, hide = true)]
    plain: bool,
    /// Let test keys pass although strangers can reach this
    #[arg(long)]
    i_know_testing: bool,
    #[command(flatten)]
    overrides: Overrides,
    /// The site where it was named without its flag.
    #[arg(hide = true, value_name = "URL")]
    bare: Option<String>,
}

/// Where the data folder is unless somebody names one.
pub(crate) const DATA: &str = "palisade-data";

const NOTHING_TO_DEFEND: &str = "there is nothing to defend yet: name the site with
  palisade serve --upstream http://127.0.0.1:3000
or write a configuration with `palisade config init` and start `palisade serve` beside it";

/// Runs until a signal stops it.
pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    if let Some(bare) = &args.bare {
        return Err(
            UsageError(format!("{bare:?} stands alone; the site is named with --upstream URL")).into()
        );
    }
    let flags = Flags {
        listen: args.listen.clone(),
        api: args.api.clone(),
        desk: args.desk.clone(),
        upstream: args.upstream.clone(),
    };
    let plan = Plan {
        global: global.clone(),
        flags,
        overrides: args.overrides.clone(),
        plain: args.plain,
        knows_testing: args.i_know_testing,
        ..Plan::default()
    };
    let loaded = plan.load()?;
    if !loaded.has_file && !loaded.has_upstream() {
        return Err(UsageError(NOTHING_TO_DEFEND.to_owned()).into());
    }
    if let Some(upstream) = itself(&loaded.settings) {
        let problem = format!(
            "{upstream} is where Palisade itself listens; let your site listen elsewhere, or Palisade: --listen :80"
        );
        return Err(UsageError(problem).into());
    }
    setup::tell_idle(&loaded);
    if args.plain {
        shell::complain(
            "palisade: --plain: nobody is judged and nothing is refused; this is for measuring only",
        );
    }
    let data = DataDir::open(global.data.as_deref().unwrap_or(DATA.as_ref()))?;
    let hold = Hold::of(&data)?;
    let runtime = running::runtime()?;
    let code = runtime.block_on(async {
        let running = start(&loaded, plan, data).await?;
        if let (true, Some(words)) = (shell::watched(), running.first_words()) {
            shell::complain(&words);
        }
        tokio::spawn(tell_silent(upstreams(&loaded.settings)));
        running.until_stopped().await
    });
    drop(hold);
    code
}

/// Starts everything and says where it listens.
///
/// # Errors
/// As [`Running::start`], with what to type where an address cannot be taken.
pub(super) async fn start(loaded: &Loaded, plan: Plan, data: DataDir) -> anyhow::Result<Running> {
    let running = Running::start(loaded, plan, data).await.map_err(with_a_way_out)?;
    if let Some(words) = running.visitor_words() {
        shell::complain(&words);
    }
    shell::complain(&running.listening());
    Ok(running)
}

fn with_a_way_out(error: anyhow::Error) -> anyhow::Error {
    let Some(StartError::Bind { address, source }) = error.downcast_ref() else { return error };
    match way_out(address.port(), source.kind()) {
        Some(way_out) => anyhow::anyhow!("cannot listen on {address} ({source}); {way_out}"),
        None => error,
    }
}

/// An upstream that is Palisade itself: a request would go round until it is cut.
fn itself(settings: &Settings) -> Option<Upstream> {
    let is_here = |host: &str, listen: &Listen| match host.parse::<IpAddr>() {
        Ok(ip) if ip.is_loopback() || ip.is_unspecified() => {
            listen.host.is_none_or(|own| own == ip || own.is_unspecified())
        }
        Ok(ip) => listen.host == Some(ip),
        Err(_) => {
            host == "localhost" && listen.host.is_none_or(|own| own.is_loopback() || own.is_unspecified())
        }
    };
    let listens = |upstream: &Upstream| {
        let mut listeners = settings.server.listen.iter();
        listeners.any(|listen| listen.port == upstream.port && is_here(&upstream.host, listen))
    };
    upstreams(settings).into_iter().find(listens)
}

/// What to do where `port` cannot be listened on.
fn way_out(port: u16, why: io::ErrorKind) -> Option<String> {
    Some(match why {
        io::ErrorKind::AddrInUse => format!(
            "another program listens there (`ss -ltnp 'sport = :{port}'` shows which); stop it, or name another address \
             with --listen"
        ),
        io::ErrorKind::PermissionDenied => format!(
            "port {port} is for privileged programs; use the unit in deploy/systemd, or type \
             `sudo setcap cap_net_bind_service=+ep \"$(command -v palisade)\"`, or name a port from 1024 on with --listen"
        ),
        io::ErrorKind::AddrNotAvailable => {
            "this machine has no such address; --listen :8080 takes all it has".to_owned()
        }
        _ => return None,
    })
}

/// How long a site may take until somebody is told that it does not answer.
const UPSTREAM_TIMEOUT: Duration = Duration::from_secs(3);

/// Every upstream once.
pub(super) fn upstreams(settings: &Settings) -> Vec<Upstream> {
    let mut all: Vec<Upstream> = Vec::new();
    for upstream in settings.sites.iter().flat_map(|site| &site.upstreams) {
        if !all.contains(upstream) {
            all.push(upstream.clone());
        }
    }
    all
}

/// Says which of them do not answer. The site may well be started later.
async fn tell_silent(upstreams: Vec<Upstream>) {
    for upstream in upstreams {
        if let Err(why) = reach(&upstream).await {
            shell::complain(&format!(
                "palisade: {upstream} does not answer yet ({why}); visitors get a 502 page until it does"
            ));
        }
    }
}

/// Connects and goes away again.
///
/// # Errors
/// Why nobody is there.
pub(super) async fn reach(upstream: &Upstream) -> io::Result<()> {
    let connecting = TcpStream::connect((upstream.host.as_str(), upstream.port));
    match tokio::time::timeout(UPSTREAM_TIMEOUT, connecting).await {
        Ok(connected) => connected.map(drop),
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_upstream_is_tried_once() {
        let mut settings = Settings::default();
        let one: Upstream = "http://127.0.0.1:3000".parse().unwrap();
        let two: Upstream = "http://[::1]:3000".parse().unwrap();
        let site = |upstreams: &[&Upstream]| palisade_config::settings::SiteSettings {
            upstreams: upstreams.iter().copied().cloned().collect(),
            ..Default::default()
        };
        settings.sites = vec![site(&[&one, &two]), site(&[&one])];
        assert_eq!(upstreams(&settings), [one, two]);
    }

    #[test]
    fn a_site_that_is_palisade_itself_is_noticed() {
        let check = |upstream: &str, listen: &str, expect: bool| {
            let mut settings = Settings::default();
            settings.server.listen = vec![listen.parse().unwrap()];
            settings.sites = vec![palisade_config::settings::SiteSettings {
                upstreams: vec![upstream.parse().unwrap()],
                ..Default::default()
            }];
            assert_eq!(itself(&settings).is_some(), expect, "{upstream} {listen}");
        };
        check("http://127.0.0.1:8080", ":8080", true);
        check("http://localhost:8080", ":8080", true);
        check("http://localhost:8080", "127.0.0.1:8080", true);
        check("http://[::1]:8080", "[::]:8080", true);
        check("http://192.0.2.1:8080", "192.0.2.1:8080", true);
        check("http://127.0.0.1:8081", ":8080", false);
        check("http://192.0.2.1:8080", ":8080", false);
        check("http://127.0.0.1:8080", "192.0.2.1:8080", false);
        check("http://app.internal:8080", ":8080", false);
    }

    #[test]
    fn an_address_that_cannot_be_taken_has_a_way_out() {
        let check = |why, words: &str| {
            let way_out = way_out(80, why).unwrap();
            assert!(way_out.contains(words), "{way_out}");
        };
        check(io::ErrorKind::AddrInUse, "ss -ltnp 'sport = :80'");
        check(io::ErrorKind::PermissionDenied, "setcap cap_net_bind_service=+ep");
        check(io::ErrorKind::AddrNotAvailable, "--listen :8080");
        assert_eq!(way_out(80, io::ErrorKind::Other), None);
    }
}
