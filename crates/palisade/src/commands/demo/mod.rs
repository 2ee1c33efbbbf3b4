//! `palisade demo`: a small shop, the gateway in front of it, and every verdict in the terminal.

mod site;
mod view;

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use palisade_config::Flags;
use palisade_domain::Enforcement;
use palisade_store::DataDir;
use tokio::net::TcpListener;
use tokio::sync::broadcast::error::RecvError;

use super::{Global, serve};
use crate::hold::Hold;
use crate::running::{self, Plan};
use crate::setup::{self, Overrides};
use crate::shell;

/// Try it: a sample site defended by Palisade, on this machine only
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  palisade demo\n  palisade demo --listen 127.0.0.1:9000 --api 127.0.0.1:9001"
)]
pub(crate) struct Args {
    /// Where visitors come in [default: 127.0.0.1:8080, or :$PORT]
    #[arg(long, value_name = "ADDR")]
    listen: Vec<String>,
    /// Where applications ask; repeatable [default: 127.0.0.1:8081]
    #[arg(long, value_name = "ADDR")]
    api: Vec<String>,
    #[command(flatten)]
    overrides: Overrides,
}

/// What the demo does differently from `serve`: only this machine comes in, whoever sits at it needs no key, and
/// everything is kept, so that it can be replayed.
const SETTINGS: [(&str, &str); 3] = [
    ("PALISADE_SERVER__LISTEN", "127.0.0.1:8080"),
    ("PALISADE_API__REQUIRE_KEY", "unless-loopback"),
    ("PALISADE_STORE__EVENT_SAMPLE", "1.0"),
];

/// Runs until a signal stops it.
pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    let runtime = running::runtime()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let upstream = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async { axum::serve(listener, site::router()).await });
        let flags = Flags {
            listen: args.listen.clone(),
            api: args.api.clone(),
            upstream: vec![upstream],
            ..Flags::default()
        };
        let mut overrides = args.overrides.clone();
        overrides.enforce.get_or_insert(Enforcement::All);
        let plan = Plan {
            global: global.clone(),
            flags,
            overrides,
            environment: SETTINGS.to_vec(),
            ..Plan::default()
        };
        let loaded = plan.load()?;
        let data = DataDir::open(global.data.as_deref().unwrap_or(serve::DATA.as_ref()))?;
        let _hold = Hold::of(&data)?;
        setup::tell_idle(&loaded);
        let running = serve::start(&loaded, plan, data).await?;
        shell::say(&view::welcome(&running))?;
        tokio::spawn(show(running.guard().watch()));
        running.until_stopped().await
    })
}

/// Prints each verdict as it comes. Who reads too slowly is told how many were passed over.
async fn show(mut verdicts: palisade_guard::Verdicts) {
    let mut view = view::View::of_terminal();
    let _ = shell::say(&view.head()); // A reader that has gone shows at the first verdict.
    loop {
        let line = match verdicts.recv().await {
            Ok(watched) => view.line(&watched),
            Err(RecvError::Lagged(missed)) => view.aside(format!("  … {missed} more")),
            Err(RecvError::Closed) => return,
        };
        if shell::say(&line).is_err() {
            return;
        }
    }
}
