//! Follows a chunked body (RFC 9112 section 7.1) to its end, strictly, one byte of state at a time.

/// Most bytes of chunk extensions per line, and of trailers altogether: nobody we know sends any.
const SIDE_BYTES_MAX: u32 = 4 * 1024;
/// Most trailer fields: fewer than hyper takes, which would close without a word.
const TRAILERS_MAX: u8 = 64;
/// Most digits of a chunk's size: 2^60 bytes.
const SIZE_DIGITS_MAX: u8 = 15;

/// Where in the body we are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chunks {
    at: At,
    size: u64,
    digits: u8,
    side: u32,
    trailers: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Size,
    Extension,
    SizeEnd,
    Data,
    DataCr,
    DataLf,
    /// At the start of a trailer line.
    Trailer,
    TrailerLine,
    TrailerEnd,
    LastLf,
}

/// What the bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scan {
    /// All of the body, and it goes on.
    All,
    /// The body ends with so many of them.
    End(usize),
    /// No chunks.
    Fault,
}

impl Chunks {
    /// Follows `bytes`. After `End` or `Fault` the state means nothing.
    pub(crate) fn scan(&mut self, bytes: &[u8]) -> Scan {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if self.at == At::Data {
                let step = usize::try_from(self.size).unwrap_or(usize::MAX).min(bytes.len() - at);
                self.size -= step as u64;
                at += step;
                if self.size == 0 {
                    self.at = At::DataCr;
                }
                continue;
            }
            at += 1;
            match self.step(byte) {
                Some(true) => return Scan::End(at),
                Some(false) => {}
                None => return Scan::Fault,
            }
        }
        Scan::All
    }

    /// Takes one byte outside data: true where it was the last of the body, `None` where it may not stand there.
    fn step(&mut self, byte: u8) -> Option<bool> {
        self.at = match (self.at, byte) {
            (At::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') if self.digits < SIZE_DIGITS_MAX => {
                self.digits += 1;
                self.size = self.size * 16 + u64::from(char::from(byte).to_digit(16)?);
                At::Size
            }
            (At::Size, b'\r') if self.digits > 0 => At::SizeEnd,
            (At::Size, b';') if self.digits > 0 => self.aside(At::Extension)?,
            (At::Extension, b'\r') => At::SizeEnd,
            (At::Extension, b'\t' | b' '..=b'~' | 0x80..) => self.aside(At::Extension)?,
            (At::SizeEnd, b'\n') => {
                self.digits = 0;
                if self.size == 0 { At::Trailer } else { At::Data }
            }
            (At::DataCr, b'\r') => At::DataLf,
            (At::DataLf, b'\n') => {
                self.side = 0;
                At::Size
            }
            (At::Trailer, b'\r') => At::LastLf,
            (At::Trailer, b'!'..=b'~') if self.trailers < TRAILERS_MAX => {
                self.trailers += 1;
                self.aside(At::TrailerLine)?
            }
            (At::TrailerLine, b'\t' | b' '..=b'~' | 0x80..) => self.aside(At::TrailerLine)?,
            (At::TrailerLine, b'\r') => At::TrailerEnd,
            (At::TrailerEnd, b'\n') => At::Trailer,
            (At::LastLf, b'\n') => return Some(true),
            _ => return None,
        };
        Some(false)
    }

    fn aside(&mut self, at: At) -> Option<At> {
        self.side += 1;
        (self.side <= SIDE_BYTES_MAX).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expect: Scan) {
        assert_eq!(Chunks::default().scan(bytes), expect, "{}", bytes.escape_ascii());
        // In any pieces the same.
        let mut chunks = Chunks::default();
        let mut found = Scan::All;
        for (at, byte) in bytes.iter().enumerate() {
            match chunks.scan(std::slice::from_ref(byte)) {
                Scan::All => {}
                Scan::End(_) => {
                    found = Scan::End(at + 1);
                    break;
                }
                Scan::Fault => {
                    found = Scan::Fault;
                    break;
                }
            }
        }
        assert_eq!(found, expect, "byte by byte: {}", bytes.escape_ascii());
    }

    #[test]
    fn bodies_are_followed_to_their_end() {
        check(b"5\r\nhello\r\n0\r\n\r\nGET", Scan::End(15));
        check(b"A;name=value\r\n0123456789\r\n000\r\nX-Sum: 1\r\n\r\n", Scan::End(43));
        check(b"5\r\nhel", Scan::All);
        check(b"", Scan::All);
        check(b"0\r\n\r\n", Scan::End(5));
    }

    #[test]
    fn what_two_readers_could_read_differently_is_a_fault() {
        for bytes in [
            &b"\r\n"[..],
            b"5\nhello",
            b"5 \r\nhello",
            b" 5\r\nhello",
            b"0x5\r\nhello",
            b"-1\r\n",
            b"+5\r\nhello",
            b"5\r\nhelloX",
            b"5\r\nhello\n",
            b"1000000000000000\r\n",
            b"5;a\nhello",
            b"5;\0\r\n",
            b"0\r\nA: b\n",
            b"0\r\n folded\r\n",
            b"g\r\n",
        ] {
            check(bytes, Scan::Fault);
        }
        let long = [&b"1;"[..], &[b'a'; 5_000]].concat();
        check(&long, Scan::Fault);
        let many = [&b"0\r\n"[..], &b"A: b\r\n".repeat(65), b"\r\n"].concat();
        check(&many, Scan::Fault);
    }
}
