//! The reference number of one request.

use std::fmt;
use std::str::FromStr;

/// Names one request in the answer, the log, the events and on the refusal page. Written as 13 characters of
/// Crockford's base 32: no letter that reads like a digit, safe to say over a telephone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LEN: usize = 13;

impl RequestId {
    /// Its 13 characters, without allocation.
    pub fn text(self) -> [u8; LEN] {
        let mut text = [b'0'; LEN];
        let mut rest = self.0;
        for place in text.iter_mut().rev() {
            *place = ALPHABET[(rest & 31) as usize];
            rest >>= 5;
        }
        text
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text();
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// The text is no reference number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRequestId;

impl FromStr for RequestId {
    type Err = NoRequestId;

    fn from_str(text: &str) -> Result<Self, NoRequestId> {
        if text.len() != LEN {
            return Err(NoRequestId);
        }
        let mut number: u64 = 0;
        for byte in text.bytes() {
            let digit =
                ALPHABET.iter().position(|held| *held == byte.to_ascii_uppercase()).ok_or(NoRequestId)?;
            number = number.checked_mul(32).and_then(|n| n.checked_add(digit as u64)).ok_or(NoRequestId)?;
        }
        Ok(RequestId(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_trip() {
        for number in [0, 1, 31, 32, u64::MAX, 0x0123_4567_89ab_cdef] {
            let text = RequestId(number).to_string();
            assert_eq!((text.len(), text.parse()), (13, Ok(RequestId(number))));
            assert_eq!(text.to_lowercase().parse(), Ok(RequestId(number)));
        }
        assert_eq!("ZZZZZZZZZZZZZ".parse::<RequestId>(), Err(NoRequestId));
        assert_eq!("00000000000U0".parse::<RequestId>(), Err(NoRequestId));
        assert_eq!("1".parse::<RequestId>(), Err(NoRequestId));
    }
}
