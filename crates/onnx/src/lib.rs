//! ONNX files as models: what the operator trained elsewhere, read within bounds and asked row by row.
//!
//! ```text
//!   bytes ──► wire: counted ──► properties: which features ──► check: only what leads to the probability, operator by
//!             before anything                                 operator, every shape known ──► net: tract, one row a run
//! ```
//!
//! The file says by name which features of the schema it takes ([`OnnxModel::read`]). Nothing of it is believed: tract trusts
//! indices and shapes, so all of them are checked before it sees the file. A row costs tract some allocations; the kinds of
//! `palisade-model` cost none. This crate opens no file and knows no folder: names come as [`palisade_model::Expect`], files as
//! bytes, and what is not in those bytes (external data) is never looked for.

pub mod bounds;
mod check;
mod error;
mod model;
mod net;
mod properties;
mod wire;

pub use bounds::BOUNDS;
pub use error::OnnxError;
pub use model::OnnxModel;
pub use properties::BOUND_USUAL;
