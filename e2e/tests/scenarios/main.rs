//! What must be true of a defended site, with the real binary and real clients.
//!
//! One program for all of them: most of a scenario is waiting for a client's own pace, and they wait side by side.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "all of it is tests; helpers of tests are not known as such"
)]

mod browsers;
mod seeds;
mod unwelcome;
mod welcome;

use palisade_e2e::palisade::{Palisade, Setup};
use palisade_e2e::site::Site;

/// Both ways to enforce; the second sets nothing, and carries out everything.
const ENFORCE: [&str; 2] = ["hard", "default"];

/// Every event is kept, and nobody outside is asked anything.
const QUIET: &str =
    "[store]\nevent_sample = 1.0\n[intel]\ndns = \"off\"\nrefresh_ranges_hours = 0\nfetch_keys = false";

/// A defended shop under `enforce`; `policy` holds further lines of that section.
async fn defended(site: &Site, enforce: &str, policy: &str) -> Palisade {
    let enforce = match enforce {
        "default" => String::new(),
        named => format!("enforce = \"{named}\""),
    };
    let setup = Setup::before(site.address).with(QUIET).with(&format!("[policy]\n{enforce}\n{policy}"));
    Palisade::serve(&setup).await.unwrap_or_else(|error| panic!("{error:#}"))
}
