//! The start of an encoded body, decoded for looking; what is sent on stays as it came.

use std::io::Read;

use bytes::Bytes;
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use palisade_domain::BodyPrefix;

use crate::body::Prefix;

/// `prefix` as it is meant: decoded where it is gzip or deflate, at most [`BodyPrefix::BYTES_MAX`] bytes of it. `None`
/// for other codings and for what does not decode: nobody has seen that body.
pub(crate) fn prefix(prefix: Prefix, headers: &HeaderMap) -> Option<Prefix> {
    let Some(coding) = headers.get(CONTENT_ENCODING) else { return Some(prefix) };
    if headers.get_all(CONTENT_ENCODING).iter().nth(1).is_some() {
        return None;
    }
    let bytes = &*prefix.bytes;
    let (decoded, ended) = match coding.to_str().ok()?.trim() {
        coding if coding.eq_ignore_ascii_case("identity") => return Some(prefix),
        coding if coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip") => {
            read(GzDecoder::new(bytes))
        }
        // RFC 9110 section 8.4.1.2: "deflate" is zlib, but some clients send it bare.
        coding if coding.eq_ignore_ascii_case("deflate") => {
            let (decoded, ended) = read(ZlibDecoder::new(bytes));
            if decoded.is_empty() && !ended { read(DeflateDecoder::new(bytes)) } else { (decoded, ended) }
        }
        _ => return None,
    };
    let complete = ended && prefix.complete;
    (complete || !decoded.is_empty()).then(|| Prefix { bytes: Bytes::from(decoded), complete })
}

/// What decodes, up to the bound, and whether that is all.
fn read(decoder: impl Read) -> (Vec<u8>, bool) {
    let mut decoded = Vec::new();
    let read = decoder.take(BodyPrefix::BYTES_MAX as u64 + 1).read_to_end(&mut decoded);
    let ended = read.is_ok() && decoded.len() <= BodyPrefix::BYTES_MAX;
    decoded.truncate(BodyPrefix::BYTES_MAX);
    (decoded, ended)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use http::HeaderValue;

    use super::*;

    fn decoded(coding: &'static str, bytes: &[u8], complete: bool) -> Option<(Vec<u8>, bool)> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
        let held = Prefix { bytes: Bytes::copy_from_slice(bytes), complete };
        prefix(held, &headers).map(|prefix| (prefix.bytes.to_vec(), prefix.complete))
    }

    #[test]
    fn known_codings_are_read_within_the_bound() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(b"user=a").unwrap();
        zlib.write_all(b"user=a").unwrap();
        bare.write_all(b"user=a").unwrap();
        let expect = Some((b"user=a".to_vec(), true));
        let gzip = gzip.finish().unwrap();
        assert_eq!(decoded("gzip", &gzip, true), expect);
        assert_eq!(decoded("Deflate", &zlib.finish().unwrap(), true), expect);
        assert_eq!(decoded("deflate", &bare.finish().unwrap(), true), expect);
        assert_eq!(decoded("identity", b"user=a", true), expect);
        assert_eq!(
            decoded("gzip", &gzip[..gzip.len() - 9], false).map(|(_, complete)| complete),
            Some(false)
        );
        assert_eq!(decoded("br", b"x", true), None);
        assert_eq!(decoded("gzip", b"no gzip", true), None);
    }

    #[test]
    fn a_bomb_is_cut() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&vec![0; 10 << 20]).unwrap();
        let (bytes, complete) = decoded("gzip", &gzip.finish().unwrap(), true).unwrap();
        assert_eq!((bytes.len(), complete), (BodyPrefix::BYTES_MAX, false));
    }
}
