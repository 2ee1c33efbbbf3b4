//! Model files and inference: features in, contributions and a score out. No training, no allocation while scoring.
//!
//! A [`ModelFile`] is what a file says; a [`Model`] is one that was checked and made ready, whole or not at all.
//! [`Model::read`] and [`Model::to_bytes`] are the format, [`View::score_into`] is the inference:
//!
//! `raw = intercept + Σ shapes + Σ pairs`, `log_odds = calibration(raw)`, `score = anchors(log_odds)`.
//!
//! That sum is the additive model's, whose weights are never negative: nothing that is seen lowers a score below that of
//! the intercept alone. Other kinds ([`Form`]) sum distances from the mean, leaves of trees, the layers of a net or what
//! each step after those before it says ([`sequence`]), and what they see may speak for a person. The crate knows neither what a feature means nor where a file lies: names come as [`Expect`], files as bytes.

pub mod bounds;
mod calibration;
mod check;
mod contributions;
pub mod drift;
mod error;
mod file;
mod foreign;
mod form;
mod frame;
mod kind;
mod kinds;
mod line;
mod model;
mod places;
mod read;
mod score;
pub mod sequence;
mod shape;
mod terms;
pub mod testing;
mod uri;
mod view;
mod write;

pub use bounds::BOUNDS;
pub use calibration::Calibration;
pub use contributions::Contributions;
pub use error::{ModelError, quoted, shown};
pub use file::{Card, ModelFile, Schema, Source, Subject, Trained, ViewFile};
pub use foreign::Foreign;
pub use form::{Form, Input, Layer, Linear, Neural, Sequence, Term, Tree, Trees};
pub use frame::VERSION;
pub use kind::Kind;
pub use kinds::Sum;
pub use model::{Expect, Model};
pub use score::{Anchor, Anchors};
pub use sequence::{Seen, Step};
pub use shape::{Direction, Pair, Shape};
pub use uri::{ModelUri, UriError};
pub use view::{Scored, View};
