//! A model whose inside this crate does not know, such as an ONNX file: numbers in, a probability out.

use std::fmt;

/// A model of another make, made ready for the schema of a release. Immutable but for its count; to be shared between threads.
///
/// It gives no reasons: whoever explains a score says that the model said so.
pub trait Foreign: fmt::Debug + Send + Sync {
    /// Its name.
    fn id(&self) -> &str;

    /// How it computes, in a word of `a-z`, such as `onnx`.
    fn kind(&self) -> &'static str;

    /// The release's positions of the features that it takes.
    fn features(&self) -> &[u16];

    /// Most log-odds it may add, 0.0 and up, possibly infinite; as [`crate::Model::contribution_max`].
    fn contribution_max(&self) -> f32;

    /// How likely a program sent the request, 0.0..=1.0. `features` are values by position in the release's schema; one that is
    /// no number, or beyond the end, was unseen. `None` where what comes out is no probability: it has no opinion then, and
    /// counts that. May allocate.
    fn probability(&self, features: &[f32]) -> Option<f32>;

    /// How often it had no opinion.
    fn no_opinions(&self) -> u64;
}
