//! Canonical fields: what is signed reads in one way only.
//!
//! Every field is a length (two bytes, big endian) and its bytes, in a fixed order, so that no two lists of fields have the
//! same bytes (joining texts with separators was the fault of a widely used library: what stood behind one field could be
//! moved into the next). A signed text is base64url of `fields ‖ mac`, with the mac over a purpose and the fields: what was
//! signed for one purpose is never valid for another.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palisade_domain::Timestamp;
use ring::hmac;

/// Times in signed texts lie before this, ms since 1970: about the year 37,000.
const TIME_MS_END: u64 = 1 << 50;

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

    /// Adds a time as its milliseconds; what lies before 1970 is taken as 1970.
    pub fn put_time(&mut self, time: Timestamp) -> &mut Self {
        self.put_number(time.millis().max(0).unsigned_abs())
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
    // The purpose is a constant of ours; its length keeps it apart from the fields.
    debug_assert!(purpose.len() < 256);
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

    /// The next field as a number of 32 bits.
    pub fn word(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    /// The next field as a time, whole milliseconds.
    pub fn time(&mut self) -> Option<Timestamp> {
        let millis = self.number().filter(|millis| *millis < TIME_MS_END)?;
        i64::try_from(millis).ok().map(Timestamp::from_millis)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &[7; 32])
    }

    fn fields(list: &[Vec<u8>]) -> Fields {
        let mut fields = Fields::default();
        for field in list {
            fields.put(field);
        }
        fields
    }

    fn taken(bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut reader = Reader(bytes);
        std::iter::from_fn(|| reader.take().map(<[u8]>::to_vec)).collect()
    }

    #[test]
    fn what_stands_behind_one_field_is_never_part_of_the_next() {
        let of = |list: &[&[u8]]| fields(&list.iter().map(|field| field.to_vec()).collect::<Vec<_>>());
        assert_eq!(of(&[b"ab", b"c"]).bytes(), [0, 2, b'a', b'b', 0, 1, b'c']);
        assert_ne!(of(&[b"ab", b"c"]).bytes(), of(&[b"a", b"bc"]).bytes());
        assert_ne!(of(&[b"", b"a"]).bytes(), of(&[b"a", b""]).bytes());
        assert_ne!(of(&[]).bytes(), of(&[b""]).bytes());
    }

    #[test]
    fn a_number_has_one_spelling() {
        let read = |bytes: &[u8]| Reader(fields(&[bytes.to_vec()]).bytes()).number();
        assert_eq!(read(&[]), Some(0));
        assert_eq!(read(&[1, 0]), Some(256));
        assert_eq!(read(&[255; 8]), Some(u64::MAX));
        assert_eq!(read(&[0]), None, "zero is empty");
        assert_eq!(read(&[0, 1]), None);
        assert_eq!(read(&[1; 9]), None);
        assert_eq!(Reader(&[0]).number(), None);
        assert_eq!(Reader(&[0, 2, 1]).number(), None);
    }

    #[test]
    fn a_time_is_one_that_can_be_reckoned_with() {
        let read = |number| Reader(Fields::default().put_number(number).bytes()).time();
        assert_eq!(read(0), Some(Timestamp(0)));
        assert_eq!(read(TIME_MS_END - 1), Some(Timestamp::from_millis(TIME_MS_END as i64 - 1)));
        assert_eq!([TIME_MS_END, u64::MAX].map(read), [None, None]);
        assert_eq!(Fields::default().put_time(Timestamp(-5)).bytes(), [0, 0]);
    }

    #[test]
    fn equal_bytes_are_the_same() {
        assert!(same(b"", b"") && same(b"abc", b"abc"));
        assert!(!same(b"abc", b"abd") && !same(b"abc", b"ab") && !same(b"", b"a"));
    }

    #[test]
    fn the_longest_signed_text_opens_and_the_next_one_does_not() {
        let most = Signed::BYTES_MAX / 3 * 3 - MAC_BYTES - 2;
        for (len, opens) in [(0, true), (most, true), (most + 1, false), (2_000, false)] {
            let text = fields(&[vec![5; len]]).signed(&key(), "p");
            assert_eq!(Signed::open(&text, &key(), "p").is_some(), opens, "{len}");
        }
    }

    proptest! {
        #[test]
        fn lists_are_read_back_and_no_two_are_alike(
            one in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6),
            other in prop::collection::vec(prop::collection::vec(0u8..3, 0..4), 0..6),
            third in prop::collection::vec(prop::collection::vec(0u8..3, 0..4), 0..6),
        ) {
            prop_assert_eq!(&taken(fields(&one).bytes()), &one);
            prop_assert_eq!(fields(&other).bytes() == fields(&third).bytes(), other == third);
        }

        #[test]
        fn numbers_are_read_back(number in any::<u64>(), shift in 0u32..64) {
            let number = number >> shift;
            let mut fields = Fields::default();
            fields.put_number(number);
            prop_assert_eq!(Reader(fields.bytes()).number(), Some(number));
        }

        #[test]
        fn only_what_was_signed_opens(
            list in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..30), 0..6),
            at in any::<prop::sample::Index>(),
            with in "[A-Za-z0-9_=+/-]",
        ) {
            let text = fields(&list).signed(&key(), "purpose");
            let signed = Signed::open(&text, &key(), "purpose").unwrap();
            prop_assert_eq!(&taken(signed.fields().0), &list);
            prop_assert!(Signed::open(&text, &key(), "purposes").is_none());
            prop_assert!(Signed::open(&text, &key(), "").is_none());
            let stranger = hmac::Key::new(hmac::HMAC_SHA256, &[8; 32]);
            prop_assert!(Signed::open(&text, &stranger, "purpose").is_none());
            let at = at.index(text.len());
            let mut changed = text.clone();
            changed.replace_range(at..=at, &with);
            prop_assert_eq!(Signed::open(&changed, &key(), "purpose").is_some(), changed == text);
            prop_assert!(Signed::open(&text[..at], &key(), "purpose").is_none());
            let longer = text.clone() + &with;
            prop_assert!(Signed::open(&longer, &key(), "purpose").is_none());
        }

        #[test]
        fn any_text_is_no_signed_one(text in "\\PC{0,800}") {
            prop_assert!(Signed::open(&text, &key(), "purpose").is_none());
        }

        #[test]
        fn any_bytes_are_read_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let fields = taken(&bytes);
            prop_assert!(fields.iter().map(|field| field.len() + 2).sum::<usize>() <= bytes.len());
        }
    }
}
