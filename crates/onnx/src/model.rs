//! A file that was read, checked and made ready.

use std::sync::atomic::{AtomicU64, Ordering};

use palisade_model::bounds::FEATURES_MAX;
use palisade_model::{Expect, Foreign};
use tract_onnx::prelude::Framework as _;

use crate::error::{OnnxError, quoted, shown};
use crate::net::Net;
use crate::{check, properties, wire};

/// How far from 0 or 1 a sum of trees may be by rounding.
const ROUNDING: f32 = 1e-3;

/// A model from an ONNX file.
#[derive(Debug)]
pub struct OnnxModel {
    id: Box<str>,
    features: Box<[u16]>,
    unseen: Box<[f32]>,
    bound: f32,
    net: Net,
    no_opinions: AtomicU64,
}

impl OnnxModel {
    /// Reads a file: all of it or nothing. `id` is what it is called.
    ///
    /// # Errors
    /// Whatever [`OnnxError`] names. Sizes are looked at before contents, and contents before anything is run.
    pub fn read(id: &str, bytes: &[u8], expect: &Expect<'_>) -> Result<OnnxModel, OnnxError> {
        wire::counted(bytes)?;
        let model = tract_onnx::onnx().proto_model_for_read(&mut &*bytes);
        let model =
            model.map_err(|why| OnnxError::NotOnnx { at: 0, why: shown(&format!("{why:#}"), 200) })?;
        let said = properties::read(&model.metadata_props, expect)?;
        let width = said.features.len();
        let checked = check::checked(&model, width)?;
        let net = Net::new(&checked.model, width)?;
        for (name, row) in
            [("unseen features", &*said.unseen), ("zeros", &vec![0.0; width]), ("ones", &vec![1.0; width])]
        {
            // What is no number at all may be so for some rows only: those have no opinion.
            if let Some(found) =
                net.run(row).filter(|found| found.is_finite() && probability(*found).is_none())
            {
                let output = quoted(&checked.output);
                return Err(OnnxError::NoProbability { output, found: found.to_string(), row: name });
            }
        }
        Ok(OnnxModel {
            id: id.into(),
            features: said.features,
            unseen: said.unseen,
            bound: said.bound,
            net,
            no_opinions: AtomicU64::new(0),
        })
    }
}

impl Foreign for OnnxModel {
    fn id(&self) -> &str {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "onnx"
    }

    fn features(&self) -> &[u16] {
        &self.features
    }

    fn contribution_max(&self) -> f32 {
        self.bound
    }

    fn probability(&self, features: &[f32]) -> Option<f32> {
        let mut row = [0.0; FEATURES_MAX];
        for ((value, feature), unseen) in row.iter_mut().zip(&self.features).zip(&self.unseen) {
            let seen = features.get(usize::from(*feature)).copied().filter(|value| !value.is_nan());
            *value = seen.unwrap_or(*unseen);
        }
        let found = row.get(..self.features.len()).and_then(|row| self.net.run(row)).and_then(probability);
        if found.is_none() {
            self.no_opinions.fetch_add(1, Ordering::Relaxed);
        }
        found
    }

    fn no_opinions(&self) -> u64 {
        self.no_opinions.load(Ordering::Relaxed)
    }
}

/// A number that is a probability, but for rounding.
fn probability(found: f32) -> Option<f32> {
    (-ROUNDING..=1.0 + ROUNDING).contains(&found).then(|| found.clamp(0.0, 1.0))
}
