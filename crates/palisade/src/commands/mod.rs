//! The commands, one file each.

#[cfg(not(feature = "train"))]
pub(crate) mod absent;
pub(crate) mod assess;
pub(crate) mod audit;
#[cfg(feature = "train")]
pub(crate) mod behaviour;
#[cfg(feature = "train")]
mod compare;
pub(crate) mod config;
pub(crate) mod crawlers;
pub(crate) mod demo;
pub(crate) mod doctor;
#[cfg(feature = "train")]
pub(crate) mod evaluate;
#[cfg(feature = "train")]
pub(crate) mod gym;
pub(crate) mod keys;
pub(crate) mod labels;
pub(crate) mod list;
pub(crate) mod models;
mod page;
mod reading;
pub(crate) mod replay;
pub(crate) mod serve;
pub(crate) mod store;
#[cfg(feature = "train")]
pub(crate) mod train;

#[cfg(not(feature = "train"))]
pub(crate) use self::{absent as evaluate, absent as gym, absent as train};

use std::path::PathBuf;

/// What every command accepts.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Global {
    /// Configuration file [default: ./palisade.toml, then /etc/palisade/palisade.toml]
    #[arg(short, long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Data folder [default: ./palisade-data; replay and assess use one only where it is named]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Print results as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}
