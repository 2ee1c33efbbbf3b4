//! In the place of trainings, in a build that has none: there is no [`Desk`], and `/train` says that nobody trains here.

use std::sync::Arc;

use palisade_api::{Job, JobRefusal, Jobs, TrainWish};
use palisade_config::settings::ModelSettings;
use palisade_store::{DataDir, Store};

use crate::commands::Global;

/// Nobody.
pub(crate) enum Desk {}

impl Desk {
    /// None.
    ///
    /// # Errors
    /// Never: as that of a build that trains.
    pub(crate) fn open(_: &DataDir, _: &Global, _: &ModelSettings) -> anyhow::Result<Option<Arc<Desk>>> {
        Ok(None)
    }

    /// Never called.
    pub(crate) fn replace_settings(&self, _: &ModelSettings) {
        match *self {}
    }

    /// Never called.
    pub(crate) async fn run(self: Arc<Self>, _: Arc<dyn Store>, _: impl Future<Output = ()> + Send) {
        match *self {}
    }
}

impl Jobs for Desk {
    fn begin(&self, _: &TrainWish) -> Result<String, JobRefusal> {
        match *self {}
    }

    fn job(&self, _: &str) -> Option<Job> {
        match *self {}
    }

    fn cancel(&self, _: &str) -> Option<Job> {
        match *self {}
    }
}
