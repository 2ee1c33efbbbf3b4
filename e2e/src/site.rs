//! A small shop to defend: pages with assets, a form, a login, feeds, an API, WebSocket echo and server-sent events. It
//! remembers every request that reached it.

mod pages;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http_body_util::BodyExt as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The header by which an answer shows that the site itself wrote it.
pub const MARK: &str = "x-sample-site";

/// The secret with which a payment provider signs what it posts to `/hooks/payments`.
pub const HOOK_SECRET: &[u8] = b"whsec_of_the_sample_site";

/// One request as it reached the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// Method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Headers, names in lower case, in order.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Arrived {
    /// The first header of this name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(named, _)| named == name).map(|(_, value)| value.as_str())
    }

    /// Whom the gateway names as the client: the right-most address that is none of this machine's fronts.
    pub fn client(&self) -> Option<&str> {
        let lines = self.headers.iter().rev().filter(|(name, _)| name == "x-forwarded-for");
        lines.flat_map(|(_, hops)| hops.rsplit(',')).map(str::trim).find(|hop| !hop.starts_with("127."))
    }
}

/// A port of the system's choice.
const ANY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// What the site knows while it runs.
#[derive(Clone, Default)]
struct Shop {
    arrived: Arc<Mutex<Vec<Arrived>>>,
    /// Files under `/git/`.
    repository: Option<PathBuf>,
}

/// The running site; it ends when dropped.
pub struct Site {
    /// Where it listens.
    pub address: SocketAddr,
    shop: Shop,
    task: JoinHandle<()>,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Site {
    /// Opens the shop.
    ///
    /// # Errors
    /// Where no port is left.
    pub async fn start() -> anyhow::Result<Site> {
        Self::with_repository(None).await
    }

    /// Opens the shop with the files of a repository under `/git/`.
    ///
    /// # Errors
    /// Where no port is left.
    pub async fn with_repository(repository: Option<PathBuf>) -> anyhow::Result<Site> {
        Self::open(Shop { repository, ..Shop::default() }, Router::new(), ANY).await
    }

    /// Opens the shop with more pages.
    ///
    /// # Errors
    /// Where no port is left.
    pub async fn with_pages(more: Router) -> anyhow::Result<Site> {
        Self::open(Shop::default(), more, ANY).await
    }

    /// Closes the shop: whoever connects is refused until it is opened again at its address.
    pub async fn close(&mut self) {
        self.task.abort();
        // Its end is the listener's.
        let _ = (&mut self.task).await;
    }

    /// Opens the shop again where it was, with `more` pages; it remembers nothing of before.
    ///
    /// # Errors
    /// Where somebody else has taken the port.
    pub async fn open_again(&mut self, more: Router) -> anyhow::Result<()> {
        *self = Self::open(Shop::default(), more, self.address).await?;
        Ok(())
    }

    async fn open(shop: Shop, more: Router, address: SocketAddr) -> anyhow::Result<Site> {
        let router = pages::router().with_state(shop.clone()).merge(more);
        let router = router.layer(from_fn_with_state(shop.clone(), remember));
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            // It serves until it is dropped; a broken listener shows in the test as a refused connection.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Site { address, shop, task })
    }

    /// Every request so far, in the order of arrival.
    pub fn arrived(&self) -> Vec<Arrived> {
        self.shop.arrived.lock().expect("nobody panics with it").clone()
    }

    /// How many requests came from `client`, as the gateway says who that is.
    pub fn arrived_from(&self, client: &str) -> usize {
        let arrived = self.shop.arrived.lock().expect("nobody panics with it");
        arrived.iter().filter(|request| request.client() == Some(client)).count()
    }
}

/// Bodies are at most this long here.
const BODY_BYTES_MAX: usize = 4 << 20;

async fn remember(State(shop): State<Shop>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let upgrade = parts.headers.contains_key("upgrade");
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let target = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let method = parts.method.to_string();
    let (body, bytes) = if upgrade {
        (body, Vec::new())
    } else {
        let limited = http_body_util::Limited::new(body, BODY_BYTES_MAX);
        let bytes = limited.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
        (axum::body::Body::from(bytes.clone()), bytes)
    };
    shop.arrived.lock().expect("nobody panics with it").push(Arrived {
        method,
        target,
        headers,
        body: bytes,
    });
    let mut response = next.run(Request::from_parts(parts, body)).await;
    response.headers_mut().insert(MARK, HeaderValue::from_static("1"));
    response
}
