//! The first and the last line of a model file, the same for every kind.
//!
//! ```text
//! palisade-model 1
//! { …one JSON document… }
//! sha256 <64 lower-case hex digits of everything before this line>
//! ```

use sha2::{Digest, Sha256};

use crate::bounds::FILE_BYTES_MAX;
use crate::error::ModelError;

/// Version of the format. It goes up with every change that an older release could not read.
pub const VERSION: u32 = 1;

/// What the first line says before the version.
const FIRST: &[u8] = b"palisade-model ";

/// The first line with its end.
const FIRST_LINE: &[u8] = b"palisade-model 1\n";

/// What the last line says before the digits.
const LAST: &[u8] = b"sha256 ";

/// Hex digits of SHA-256.
pub(crate) const DIGITS: usize = 64;

/// Bytes of a frame: both lines, and the end of the document.
pub(crate) const FRAME_BYTES: usize = FIRST_LINE.len() + 1 + LAST_LINE_BYTES;

const LAST_LINE_BYTES: usize = LAST.len() + DIGITS + 1;

const _: () = assert!(VERSION == 1, "FIRST_LINE says which");

/// The document between first and last line, after both were checked.
pub(crate) fn document(bytes: &[u8]) -> Result<&[u8], ModelError> {
    if bytes.len() > FILE_BYTES_MAX {
        let (place, found) = ("the file".to_owned(), bytes.len());
        return Err(ModelError::TooLarge { place, found, max: FILE_BYTES_MAX, unit: "bytes" });
    }
    let truncated = ModelError::Truncated { bytes: bytes.len() };
    if FIRST_LINE.starts_with(bytes) {
        return Err(truncated);
    }
    let rest = after_first_line(bytes)?;
    let Some((document, last)) = rest.len().checked_sub(LAST_LINE_BYTES).map(|at| rest.split_at(at)) else {
        return Err(truncated);
    };
    let said =
        last.strip_prefix(LAST).and_then(|rest| rest.strip_suffix(b"\n")).filter(|said| is_digest(said));
    let (Some(said), Some(document)) = (said, document.strip_suffix(b"\n")) else { return Err(truncated) };
    let computed = digest(&bytes[..bytes.len() - LAST_LINE_BYTES]);
    if said != computed.as_bytes() {
        let said = String::from_utf8_lossy(said).into_owned();
        return Err(ModelError::Checksum { said, computed });
    }
    Ok(document)
}

/// A document in its frame.
pub(crate) fn framed(document: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(document.len() + FRAME_BYTES);
    bytes.extend_from_slice(FIRST_LINE);
    bytes.extend_from_slice(document);
    bytes.push(b'\n');
    let digest = digest(&bytes);
    bytes.extend_from_slice(LAST);
    bytes.extend_from_slice(digest.as_bytes());
    bytes.push(b'\n');
    bytes
}

/// True for 64 lower-case hex digits.
pub(crate) fn is_digest(text: &[u8]) -> bool {
    text.len() == DIGITS && text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn after_first_line(bytes: &[u8]) -> Result<&[u8], ModelError> {
    let said = bytes.strip_prefix(FIRST).ok_or(ModelError::NotAModel)?;
    // Ten digits and the two ends of a line: more is no version.
    let end = said.iter().take(12).position(|&byte| byte == b'\n').ok_or(ModelError::NotAModel)?;
    let (version, rest) = (&said[..end], &said[end + 1..]);
    let (version, returns) = match version.strip_suffix(b"\r") {
        Some(version) => (version, true),
        None => (version, false),
    };
    let plain = !version.starts_with(b"0") && version.iter().all(u8::is_ascii_digit);
    let version = std::str::from_utf8(version).ok().filter(|_| plain).and_then(|text| text.parse().ok());
    match version.ok_or(ModelError::NotAModel)? {
        found if found > VERSION => Err(ModelError::NewerVersion { found, known: VERSION }),
        _ if returns => Err(ModelError::LineEnds),
        _ => Ok(rest),
    }
}

fn digest(bytes: &[u8]) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let digest = Sha256::digest(bytes);
    let digits = digest.iter().flat_map(|byte| [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    digits.map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expect: &Result<&[u8], ModelError>) {
        assert_eq!(&document(bytes), expect, "{}", String::from_utf8_lossy(bytes));
    }

    #[test]
    fn what_was_framed_is_found_again() {
        for text in ["{}", "", "\n", "{\n}\n", "sha256 \n"] {
            check(&framed(text.as_bytes()), &Ok(text.as_bytes()));
        }
    }

    #[test]
    fn anybody_can_check_it() {
        // `printf 'palisade-model 1\n{}\n' | sha256sum`
        let expect = "palisade-model 1\n{}\nsha256 \
            265e891e0977fa76aaf4d59a9db4ccdd3eaa3188317419f6b4d3a8d4d48ffb4e\n";
        assert_eq!(String::from_utf8_lossy(&framed(b"{}")), expect);
    }

    #[test]
    fn first_lines() {
        check(b"", &Err(ModelError::Truncated { bytes: 0 }));
        check(b"palisade", &Err(ModelError::Truncated { bytes: 8 }));
        check(b"palisade-model 1\n", &Err(ModelError::Truncated { bytes: 17 }));
        check(b"palisade-model 2\nx", &Err(ModelError::NewerVersion { found: 2, known: 1 }));
        check(b"palisade-model 1\r\nx", &Err(ModelError::LineEnds));
        for no_model in ["PK\x03\x04", "{}", "palisade-model 0\n", "palisade-model 01\n", "palisade-model \n"]
        {
            check(no_model.as_bytes(), &Err(ModelError::NotAModel));
        }
        check(b"palisade-model 99999999999\n", &Err(ModelError::NotAModel));
        check(b"palisade-model 1 \n", &Err(ModelError::NotAModel));
    }

    #[test]
    fn last_lines() {
        let good = framed(b"{}");
        let bytes = good.len();
        check(&good[..bytes - 1], &Err(ModelError::Truncated { bytes: bytes - 1 }));
        check(&[&good[..], b"\n"].concat(), &Err(ModelError::Truncated { bytes: bytes + 1 }));
        let upper =
            good.iter().enumerate().map(|(at, byte)| if at > 60 { byte.to_ascii_uppercase() } else { *byte });
        check(&upper.collect::<Vec<u8>>(), &Err(ModelError::Truncated { bytes }));
        let mut other = good;
        other[17] = b'[';
        assert!(matches!(document(&other), Err(ModelError::Checksum { .. })));
    }

    #[test]
    fn a_file_beyond_its_bound_is_not_even_hashed() {
        let error = document(&vec![b'x'; FILE_BYTES_MAX + 1]).unwrap_err();
        assert!(matches!(error, ModelError::TooLarge { max: FILE_BYTES_MAX, .. }));
    }
}
