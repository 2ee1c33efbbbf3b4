//! Connections to the upstreams: found, made, kept, and given up.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use palisade_domain::SiteId;
use palisade_guard::Sites;
use palisade_telemetry::{UpstreamBack, UpstreamDown};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::body::{Progress, RequestBody};
use crate::bounds;
use crate::settings::Limits;

type Sender = SendRequest<RequestBody>;

/// One upstream of one site, as one thread knows it.
#[derive(Debug)]
pub(crate) struct Upstream {
    /// `host:port`
    pub name: String,
    address: Option<SocketAddr>,
    idle: RefCell<Vec<Idle>>,
    down_until: Cell<Option<Instant>>,
}

#[derive(Debug)]
struct Idle {
    sender: Sender,
    since: Instant,
}

/// The upstreams of one site.
#[derive(Debug, Default)]
pub(crate) struct Group {
    upstreams: Vec<Rc<Upstream>>,
    turn: Cell<usize>,
}

/// All upstreams, by site.
#[derive(Debug)]
pub(crate) struct Upstreams {
    limits: Limits,
    sites: RefCell<Arc<Sites>>,
    groups: RefCell<Vec<Rc<Group>>>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAnswer {
    /// No upstream could be reached.
    #[error("no upstream can be reached")]
    Unreachable,
    /// It broke off before its answer began, or spoke nonsense.
    #[error("the upstream broke off: {0}")]
    Broken(#[source] hyper::Error),
    /// It said nothing in time.
    #[error("the upstream does not answer in time")]
    Silent,
}

impl Upstreams {
    pub(crate) fn new(limits: Limits) -> Self {
        Upstreams { limits, sites: RefCell::default(), groups: RefCell::default() }
    }

    /// The upstreams of site `id`. Sites that were replaced are followed; upstreams that stay keep their connections.
    pub(crate) fn of(&self, sites: &Arc<Sites>, id: SiteId) -> Option<Rc<Group>> {
        if !Arc::ptr_eq(&self.sites.borrow(), sites) {
            self.follow(sites);
        }
        self.groups.borrow().get(id.0 as usize).cloned()
    }

    fn follow(&self, sites: &Arc<Sites>) {
        let known: Vec<Rc<Upstream>> =
            self.groups.borrow().iter().flat_map(|group| group.upstreams.iter().cloned()).collect();
        let find = |name: &String| {
            let kept = known.iter().find(|upstream| upstream.name == *name);
            kept.map_or_else(|| Rc::new(Upstream::new(name.clone())), Rc::clone)
        };
        let group = |site: &palisade_guard::Site| {
            Rc::new(Group { upstreams: site.upstreams.iter().map(find).collect(), turn: Cell::new(0) })
        };
        *self.groups.borrow_mut() = sites.all().iter().map(group).collect();
        *self.sites.borrow_mut() = Arc::clone(sites);
    }

    /// Closes connections that were idle for too long.
    pub(crate) fn sweep(&self) {
        let since = Instant::now().checked_sub(self.limits.upstream_idle_timeout);
        for group in self.groups.borrow().iter() {
            for upstream in &group.upstreams {
                let fresh =
                    |idle: &Idle| !idle.sender.is_closed() && since.is_none_or(|since| idle.since > since);
                upstream.idle.borrow_mut().retain(fresh);
            }
        }
    }
}

impl Group {
    /// The name of the first.
    pub(crate) fn name(&self) -> Option<&str> {
        self.upstreams.first().map(|upstream| upstream.name.as_str())
    }

    /// The upstreams in the order in which they are tried: from the next in turn, those that were down last.
    fn in_turn(&self) -> impl Iterator<Item = &Rc<Upstream>> {
        let count = self.upstreams.len();
        let first = self.turn.get();
        self.turn.set(if first + 1 < count { first + 1 } else { 0 });
        let turned = move || (0..count).map(move |at| &self.upstreams[(first + at) % count]);
        turned().filter(|one| !one.is_down()).chain(turned().filter(|one| one.is_down()))
    }

    /// Sends a request to the first upstream that takes it.
    ///
    /// A kept connection may close in the very moment it is used. Where nothing was written, the request comes back and
    /// is sent again; where it was, `again` may give another copy once, if sending twice does no harm.
    ///
    /// # Errors
    /// Where there is no answer; the request may have had effect.
    pub(crate) async fn send(
        &self,
        mut request: Request<RequestBody>,
        limits: &Limits,
        again: impl FnOnce() -> Option<Request<RequestBody>>,
    ) -> Result<(Response<Incoming>, Lease), NoAnswer> {
        let mut again = Some(again);
        for upstream in self.in_turn() {
            loop {
                let (sender, reused) = match upstream.checkout(limits) {
                    Some(sender) => (sender, true),
                    None => match upstream.connect(limits).await {
                        Ok(sender) => (sender, false),
                        Err(_) => break,
                    },
                };
                let mut sender = sender;
                let progress = request.body().progress();
                let answer =
                    in_time(sender.try_send_request(request), limits.answer_timeout, progress.as_deref())
                        .await;
                let mut error = match answer? {
                    Ok(answer) => {
                        return Ok((
                            answer,
                            Lease { upstream: Rc::clone(upstream), sender, limits: *limits },
                        ));
                    }
                    Err(error) => error,
                };
                request = match error.take_message() {
                    Some(unsent) if reused => unsent,
                    _ if reused => match again.take().and_then(|again| again()) {
                        Some(copy) => copy,
                        None => return Err(NoAnswer::Broken(error.into_error())),
                    },
                    _ => return Err(NoAnswer::Broken(error.into_error())),
                };
            }
        }
        Err(NoAnswer::Unreachable)
    }
}

/// Waits for `answer` as long as the request's body goes on, and `limit` from then.
async fn in_time<F: Future>(
    answer: F,
    limit: Duration,
    progress: Option<&Progress>,
) -> Result<F::Output, NoAnswer> {
    let mut answer = pin!(answer);
    let mut until = Instant::now() + limit;
    loop {
        match tokio::time::timeout_at(until, answer.as_mut()).await {
            Ok(answer) => return Ok(answer),
            Err(_) => match progress.map(|progress| progress.moved() + limit) {
                Some(later) if later > until => until = later,
                _ => return Err(NoAnswer::Silent),
            },
        }
    }
}

impl Upstream {
    fn new(name: String) -> Self {
        let address = name.parse().ok();
        Upstream { name, address, idle: RefCell::default(), down_until: Cell::new(None) }
    }

    fn is_down(&self) -> bool {
        self.down_until.get().is_some_and(|until| Instant::now() < until)
    }

    fn checkout(&self, limits: &Limits) -> Option<Sender> {
        let mut idle = self.idle.borrow_mut();
        loop {
            let kept = idle.pop()?;
            if kept.sender.is_ready() && kept.since.elapsed() < limits.upstream_idle_timeout {
                return Some(kept.sender);
            }
        }
    }

    /// Remembers whether it could be reached, and says so where that changed.
    fn note(&self, error: Option<&io::Error>) {
        let was_down = self.down_until.get().is_some();
        match error {
            Some(error) if !was_down => {
                UpstreamDown { upstream: &self.name, reason: error.kind() }.emit();
            }
            None if was_down => UpstreamBack { upstream: &self.name }.emit(),
            _ => {}
        }
        let pause = Duration::from_millis(bounds::UPSTREAM_DOWN_MS);
        self.down_until.set(error.map(|_| Instant::now() + pause));
    }

    async fn connect(&self, limits: &Limits) -> io::Result<Sender> {
        let connecting = async {
            let stream = match self.address {
                Some(address) => TcpStream::connect(address).await?,
                None => TcpStream::connect(self.name.as_str()).await?,
            };
            stream.set_nodelay(true)?;
            let (sender, connection) =
                http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
            tokio::task::spawn_local(async move {
                // What breaks is told to the exchange that waits for it.
                let _ = connection.with_upgrades().await;
            });
            Ok(sender)
        };
        let connected = tokio::time::timeout(limits.connect_timeout, connecting).await;
        let connected = connected.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut)));
        self.note(connected.as_ref().err());
        connected
    }
}

/// A connection in use by one exchange.
#[derive(Debug)]
pub(crate) struct Lease {
    upstream: Rc<Upstream>,
    sender: Sender,
    limits: Limits,
}

impl Lease {
    /// The answer was read to its end: the connection is kept for the next request.
    pub(crate) fn give_back(self) {
        let mut idle = self.upstream.idle.borrow_mut();
        if !self.sender.is_closed() && idle.len() < self.limits.upstream_idle_max {
            idle.push(Idle { sender: self.sender, since: Instant::now() });
        }
    }
}
