//! From bytes to a checked model.

use crate::error::{ModelError, shown};
use crate::file::ModelFile;
use crate::frame;
use crate::model::{Expect, Model};

/// Longest words of the JSON reader that are repeated, in characters.
const MESSAGE_CHARS_MAX: usize = 200;

impl Model {
    /// Reads a model file: all of it or nothing.
    ///
    /// # Errors
    /// Whatever [`ModelError`] names. The checksum is looked at before the document, and the schema before the rest.
    pub fn read(bytes: &[u8], expect: &Expect<'_>) -> Result<Model, ModelError> {
        Model::new(ModelFile::read(bytes)?, expect)
    }
}

impl ModelFile {
    /// What a model file says, before any of it is checked but its checksum: for whoever must know what a model judges before
    /// saying what is expected of it.
    ///
    /// # Errors
    /// Where the bytes are no model file, damaged, or of another format.
    pub fn read(bytes: &[u8]) -> Result<ModelFile, ModelError> {
        let document = frame::document(bytes)?;
        serde_json::from_slice(document).map_err(|error| place(&error))
    }
}

/// A fault of the document, at its place in the file: the document begins in line 2.
fn place(error: &serde_json::Error) -> ModelError {
    let text = error.to_string();
    let message = text.rsplit_once(" at line ").map_or(&*text, |(message, _)| message);
    ModelError::Document {
        line: error.line() + 1,
        column: error.column(),
        message: shown(message, MESSAGE_CHARS_MAX),
    }
}

#[cfg(test)]
mod tests;
