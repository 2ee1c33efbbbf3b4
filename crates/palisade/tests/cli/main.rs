//! The built binary as a user meets it: arguments, streams, exit codes, files. Temporary folders, no ports, no sleeps.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod assess;
mod audit;
mod bad_input;
mod behaviour;
mod config;
mod data_folder;
mod desk;
mod doctor;
mod gym;
mod import;
mod keys;
mod learn;
mod life;
#[cfg(target_os = "linux")]
mod life_faults;
mod list;
#[cfg(all(feature = "onnx", feature = "train"))]
mod onnx;
mod replay;
mod running;
mod same_verdict;
mod serve;
mod site_keys;
mod store;
#[cfg(target_os = "linux")]
mod training;
mod usage;
