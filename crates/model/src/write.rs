//! From a checked model to bytes.

use std::io;

use crate::file::ModelFile;
use crate::frame;
use crate::model::Model;

impl Model {
    /// The model file: the same bytes for the same model, and [`Model::read`] gives the same model back, each number
    /// to its last bit.
    pub fn to_bytes(&self) -> Vec<u8> {
        let document = serde_json::to_vec(self.file()).expect(ALWAYS_JSON);
        frame::framed(&document)
    }
}

const ALWAYS_JSON: &str = "numbers, texts and maps of texts are always JSON";

/// How long the file of a model will be, in bytes.
pub(crate) fn file_bytes(file: &ModelFile) -> usize {
    let mut counter = Counter(frame::FRAME_BYTES);
    serde_json::to_writer(&mut counter, file).expect(ALWAYS_JSON);
    counter.0
}

/// Counts what is written to it.
struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
