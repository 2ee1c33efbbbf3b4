//! A page with a strict policy, the solver's files, and the ways in which it may be run.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use palisade_e2e::tools;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// How the solver runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// WASM in workers.
    Wasm,
    /// Scripts in workers: the modules cannot be had.
    Script,
    /// Slices in the page: the worker cannot be had.
    Slices,
}

impl Way {
    /// All of them, the fastest first.
    pub(crate) const ALL: [Way; 3] = [Way::Wasm, Way::Script, Way::Slices];

    /// What the solver calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Way::Wasm => "worker-wasm",
            Way::Script => "worker-js",
            Way::Slices => "slices",
        }
    }
}

/// The running server.
pub(crate) struct Page {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Page {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Page {
    /// Serves the page.
    ///
    /// # Errors
    /// Where no port is left.
    pub(crate) async fn serve() -> anyhow::Result<Page> {
        let router = Router::new().route("/", get(page)).route("/{way}/captcha/{file}", get(file));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Page { address, task })
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// A script that solves `puzzles`, and measures from outside how long that took and, in slices, how long others had
    /// to wait for their turn.
    pub(crate) fn script(&self, way: Way, puzzles: &Value) -> String {
        let name = way.name();
        let beat = if way == Way::Slices { "beat.port2.postMessage(0);" } else { "" };
        format!(
            "const done = arguments[arguments.length - 1];
            const beat = new MessageChannel(); let last = performance.now(), longest = 0;
            beat.port1.onmessage = () => {{
                const now = performance.now(); longest = Math.max(longest, now - last); last = now;
                {beat}
            }};
            {beat}
            const began = performance.now();
            palisadeWork.solve({puzzles}, {{ base: '/{name}/' }}).then((solved) => {{
                beat.port1.close();
                done({{ ...solved, took: performance.now() - began, longest }});
            }}, (fault) => done({{ fault: String(fault) }}));"
        )
    }
}

/// Neither inline scripts nor WASM: what the strictest pages allow, and workers of their own host.
async fn page() -> Response {
    let policy = "default-src 'none'; script-src 'self'; worker-src 'self'";
    let html = "<!doctype html><title>work</title><script src=/worker-wasm/captcha/work.js></script>";
    ([(header::CONTENT_TYPE, "text/html"), (header::CONTENT_SECURITY_POLICY, policy)], html).into_response()
}

async fn file(Path((way, file)): Path<(String, String)>) -> Response {
    let (path, kind, withheld) = match file.as_str() {
        "work.js" => ("work.js", "text/javascript", way == Way::Slices.name()),
        "work.wasm" => ("wasm/work.wasm", "application/wasm", way == Way::Script.name()),
        "work-simd.wasm" => ("wasm/work-simd.wasm", "application/wasm", way == Way::Script.name()),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    match std::fs::read(tools::root().join("web").join(path)) {
        Ok(bytes) if !withheld => {
            ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=600")], bytes).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
