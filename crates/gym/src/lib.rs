//! Real programs set on one's own configuration, on loopback.
//!
//! ```text
//!   program ──► relay, an address of its own (127.x.y.z) ──► gateway, the user's configuration ──► site
//!      │                                                         │
//!      └── runs: who had which address ──► recording ◄── what the gateway recorded, line by line
//!                                              ├──► table: what each family met, and which gets through
//!                                              └──► labelled traffic
//! ```
//!
//! Owns the list of programs, how they are found and started, the relays that give them addresses, the site they visit, and
//! what is made of the recording. Starts no gateway and downloads nothing: the command does the first, `scripts/gym.sh` the
//! second. Everything is bounded ([`BOUNDS`]) and everything random follows from a seed.
//!
//! What the gym measures is recall: all its traffic is of programs, so nothing here says how often people are hit.

pub mod bounds;
pub mod process;
pub mod programs;
pub mod random;
pub mod recording;
pub mod relay;
pub mod report;
pub mod runner;
pub mod site;
pub mod tools;

pub use bounds::BOUNDS;
