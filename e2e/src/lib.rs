//! What whole-system tests share: the binary under test, a site to defend, and clients that are real.
//!
//! Owns starting and stopping `palisade` on ports of the system's choice ([`palisade`]), a sample site that remembers
//! what arrived ([`site`]), a front that gives a client its public address ([`front`]), clients that write their bytes
//! exactly as told ([`wire`], [`h2`]), recorded sessions and their player ([`recorded`], [`player`]), clients as data
//! ([`scenario`]), browsers
//! ([`webdriver`], [`browser`]), curl on the way without script ([`steps`]) and other real programs ([`tools`]). The scenarios are in `tests/`.
//!
//! Nothing here waits for a time to pass, except where a client's own pace is what is tested ([`pace`]).

pub mod browser;
pub mod front;
pub mod h2;
pub mod pace;
pub mod palisade;
pub mod player;
pub mod recorded;
pub mod scenario;
pub mod site;
pub mod steps;
pub mod tools;
pub mod webdriver;
pub mod wire;
