//! What happens between the gateway and the upstreams.

use tracing::{info, warn};

use super::TARGET;

/// An upstream cannot be reached; once until it can be again, per worker.
#[derive(Clone, Copy, Debug)]
pub struct UpstreamDown<'a> {
    /// `host:port`, as configured.
    pub upstream: &'a str,
    /// What kind of fault the system names.
    pub reason: std::io::ErrorKind,
}

impl UpstreamDown<'_> {
    /// Level warn.
    pub fn emit(&self) {
        let reason = self.reason.to_string();
        warn!(
            target: TARGET,
            { upstream.address = self.upstream, upstream.reason = reason },
            "the upstream cannot be reached: start it, or correct its address in [[sites]]"
        );
    }
}

/// An upstream that could not be reached answers again.
#[derive(Clone, Copy, Debug)]
pub struct UpstreamBack<'a> {
    /// `host:port`, as configured.
    pub upstream: &'a str,
}

impl UpstreamBack<'_> {
    /// Level info.
    pub fn emit(&self) {
        info!(target: TARGET, { upstream.address = self.upstream }, "the upstream can be reached again");
    }
}
