//! The graph as tract runs it: one row, one number.

use std::sync::Arc;

use tract_onnx::pb::ModelProto;
use tract_onnx::prelude::*;

use crate::error::{OnnxError, shown};

/// Longest words of the library that are repeated, in characters.
const WORDS_MAX: usize = 300;

/// A graph that was checked, optimized for one row.
pub(crate) struct Net {
    plan: Arc<TypedRunnableModel>,
    width: usize,
}

impl Net {
    /// Of a graph that was checked, over rows of so many features.
    ///
    /// # Errors
    /// Where the library cannot run it after all.
    pub(crate) fn new(model: &ModelProto, width: usize) -> Result<Net, OnnxError> {
        let made = || -> TractResult<Net> {
            let graph = tract_onnx::onnx().model_for_proto_model(model)?;
            let graph = graph.with_input_fact(0, f32::fact([1, width]).into())?;
            Ok(Net { plan: graph.into_optimized()?.into_runnable()?, width })
        };
        made().map_err(|why| OnnxError::Run { why: shown(&format!("{why:#}"), WORDS_MAX) })
    }

    /// The last number that comes out for `row`, of as many features as it was made for; `None` where nothing does.
    pub(crate) fn run(&self, row: &[f32]) -> Option<f32> {
        let row = Tensor::from_shape(&[1, self.width], row).ok()?;
        let found = self.plan.run(tvec!(row.into())).ok()?;
        // Of two classes the last is that of programs.
        found.first()?.to_plain_array_view::<f32>().ok()?.iter().last().copied()
    }
}

impl std::fmt::Debug for Net {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Net").field("width", &self.width).finish_non_exhaustive()
    }
}
