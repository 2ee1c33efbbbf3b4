//! Canonical fields: what is signed reads in one way only.
//!
//! Every field is a length (two bytes, big endian) and its bytes, in a fixed order, so that no two lists of fields have the
//! same bytes (joining texts with separators was the fault of a widely used library: what stood behind one field could be
//! moved into the next). A signed text is base64url of `fields ‖ mac`, with the mac over a purpose and the fields: what was
//! signed for one purpose is never valid for another.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

/// Bytes of a mac that travel: 128 bits of HMAC-SHA-256.
pub const MAC_BYTES: usize = 16;

/// Fields under construction.
#[derive(Debug, Default)]
pub struct Fields(Vec<u8>);

impl Fields {
    /// Adds one field of at most 65,535 bytes; longer ones are cut there, and every caller bounds its fields far below.
    pub fn put(&mut self, field: &[u8]) -> &mut Self {
        let field = &field[..field.len().min(usize::from(u16::MAX))];
        self.0.extend_from_slice(&(field.len() as u16).to_be_bytes());
        self.0.extend_from_slice(field);
        self
    }

    /// Adds a number as its shortest big-endian bytes; zero has none.
    pub fn put_number(&mut self, number: u64) -> &mut Self {
        let bytes = number.to_be_bytes();
        let skip = number.leading_zeros() as usize / 8;
        self.put(&bytes[skip..])
    }

    /// The fields' bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The fields and their mac for `purpose` as text.
    pub fn signed(&self, key: &hmac::Key, purpose: &str) -> String {
        let mut all = Vec::with_capacity(self.0.len() + MAC_BYTES);
        all.extend_from_slice(&self.0);
        all.extend_from_slice(&mac(key, purpose, &self.0));
        URL_SAFE_NO_PAD.encode(all)
    }
}

/// The mac of `fields` for `purpose`, cut to [`MAC_BYTES`].
pub fn mac(key: &hmac::Key, purpose: &str, fields: &[u8]) -> [u8; MAC_BYTES] {
    let mut context = hmac::Context::with_key(key);
    // The purpose is a constant of ours, shorter than 256 bytes; its length keeps it apart from the fields.
    context.update(&[purpose.len() as u8]);
    context.update(purpose.as_bytes());
    context.update(fields);
    let tag = context.sign();
    let mut out = [0; MAC_BYTES];
    out.copy_from_slice(&tag.as_ref()[..MAC_BYTES]);
    out
}

/// Are both the same? Takes as long for the first difference as for the last.
pub fn same(one: &[u8], other: &[u8]) -> bool {
    let difference = one.iter().zip(other).fold(0, |bits, (a, b)| bits | (a ^ b));
    one.len() == other.len() && std::hint::black_box(difference) == 0
}

/// A signed text whose mac was right. Holds up to [`Signed::BYTES_MAX`] without allocating.
#[derive(Debug)]
pub struct Signed {
    bytes: [u8; Signed::BYTES_MAX],
    len: usize,
}

impl Signed {
    /// Most bytes of fields and mac together.
    pub const BYTES_MAX: usize = 512;

    /// Reads and checks `text`; `None` where it is not exactly what was signed with `key` for `purpose`.
    pub fn open(text: &str, key: &hmac::Key, purpose: &str) -> Option<Signed> {
        // Four characters stand for three bytes.
        if text.len() > Signed::BYTES_MAX / 3 * 4 {
            return None;
        }
        let mut bytes = [0; Signed::BYTES_MAX];
        let all = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        let len = all.checked_sub(MAC_BYTES)?;
        same(&mac(key, purpose, &bytes[..len]), &bytes[len..all]).then_some(Signed { bytes, len })
    }

    /// Its fields.
    pub fn fields(&self) -> Reader<'_> {
        Reader(&self.bytes[..self.len])
    }
}

/// Fields, read one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// The next field.
    pub fn take(&mut self) -> Option<&'a [u8]> {
        let (len, rest) = self.0.split_first_chunk::<2>()?;
        let (field, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
        self.0 = rest;
        Some(field)
    }

    /// The next field as a number in its one spelling.
    pub fn number(&mut self) -> Option<u64> {
        let field = self.take()?;
        if field.len() > 8 || field.first() == Some(&0) {
            return None;
        }
        Some(field.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// The next field where it has exactly `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take()?.try_into().ok()
    }

    /// True where nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
