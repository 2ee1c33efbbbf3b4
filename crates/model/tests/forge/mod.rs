//! Files with a checksum that is right, whatever they hold.

use sha2::{Digest, Sha256};

/// Bytes of the first line with its end.
const FIRST_LINE: usize = "palisade-model 1\n".len();

/// Bytes of the last line with its end, and of the end of the line before it.
const LAST_LINE: usize = 1 + "sha256 ".len() + 64 + 1;

/// The document of a file.
pub(crate) fn document(file: &[u8]) -> &[u8] {
    &file[FIRST_LINE..file.len() - LAST_LINE]
}

/// A file of a document.
pub(crate) fn sealed(document: &[u8]) -> Vec<u8> {
    let mut file = [b"palisade-model 1\n", document, b"\n"].concat();
    let digits: String = Sha256::digest(&file).iter().map(|byte| format!("{byte:02x}")).collect();
    file.extend_from_slice(format!("sha256 {digits}\n").as_bytes());
    file
}
