//! A suspicious text as the application behind would read it: every layer of escaping removed, letters lowered.
//!
//! The text lives in a fixed buffer on the stack; longer values are read in overlapping windows, so that padding
//! hides nothing and the cost stays linear.

use arrayvec::ArrayVec;

/// Bytes of one window: longer than any payload needs to be, small enough for the stack.
pub(super) const TEXT_BYTES_MAX: usize = 4096;

/// Bytes two windows share, so that a payload on the seam is whole in one of them.
pub(super) const WINDOW_OVERLAP: usize = 512;

/// How far apart two windows begin.
pub(super) const WINDOW_STEP: usize = TEXT_BYTES_MAX - WINDOW_OVERLAP;

/// Layers of percent-encoding that are taken off. Applications decode once, careless ones twice.
const ROUNDS_MAX: usize = 3;

/// How a text was hidden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// A character that matters in an attack was percent-encoded twice or more.
    pub(super) layered: bool,
    /// ASCII as overlong UTF-8 (RFC 3629 section 10: must not be decoded).
    pub(super) overlong: bool,
    /// A zero byte.
    pub(super) null: bool,
    /// ASCII as `%u0027`, `\u0027` or in full width.
    pub(super) unicode: bool,
}

/// How the place writes its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// `+` is a space: query and form.
    Form,
    /// `+` is a plus; `\u` escapes are the format's own and hide nothing: JSON.
    Json,
    /// Anything else.
    Plain,
}

/// A window of text, decoded.
pub(super) struct Text {
    bytes: ArrayVec<u8, TEXT_BYTES_MAX>,
    pub(super) marks: Marks,
}

impl Text {
    /// Decodes `raw`, cut to the window.
    pub(super) fn decode(raw: &[u8], spelling: Spelling) -> Self {
        let mut bytes = ArrayVec::new();
        let cut = &raw[..raw.len().min(TEXT_BYTES_MAX)];
        // Cannot fail: `cut` is no longer than the capacity.
        let _ = bytes.try_extend_from_slice(cut);
        let mut text = Text { bytes, marks: Marks::default() };
        if spelling == Spelling::Form {
            text.bytes.iter_mut().filter(|b| **b == b'+').for_each(|b| *b = b' ');
        }
        for round in 0..ROUNDS_MAX {
            if !text.unescape(round, spelling) {
                break;
            }
        }
        text.plain(spelling);
        text
    }

    /// The decoded bytes.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes one layer of escapes off, in place; false where there was none.
    fn unescape(&mut self, round: usize, spelling: Spelling) -> bool {
        let (mut read, mut write, mut changed) = (0, 0, false);
        while read < self.bytes.len() {
            let (byte, used) = match escape(&self.bytes[read..]) {
                Some((byte, used, kind)) => {
                    changed = true;
                    self.note(byte, kind, round, spelling);
                    (byte, used)
                }
                None => (self.bytes[read], 1),
            };
            self.bytes[write] = byte;
            read += used;
            write += 1;
        }
        self.bytes.truncate(write);
        changed
    }

    fn note(&mut self, byte: u8, kind: Escape, round: usize, spelling: Spelling) {
        match kind {
            Escape::Percent if round > 0 => self.marks.layered |= matters(byte),
            Escape::Unicode if spelling != Spelling::Json => self.marks.unicode |= byte.is_ascii_graphic(),
            Escape::Percent | Escape::Unicode | Escape::Entity => {}
        }
    }

    /// Overlong and full-width characters to ASCII, typographic quotes to plain ones, capitals to small letters,
    /// odd white space to spaces; zero bytes go.
    fn plain(&mut self, spelling: Spelling) {
        let (mut read, mut write) = (0, 0);
        while read < self.bytes.len() {
            let (byte, used) = match disguised(&self.bytes[read..]) {
                Some((byte, used, disguise)) => {
                    self.marks.overlong |= disguise == Disguise::Overlong;
                    self.marks.unicode |= disguise == Disguise::FullWidth && spelling != Spelling::Json;
                    (byte, used)
                }
                None => (self.bytes[read], 1),
            };
            read += used;
            match byte {
                0 => self.marks.null = true,
                b'\t' | 0x0b | 0x0c | b'\r' => write = self.put(write, b' '),
                byte => write = self.put(write, byte.to_ascii_lowercase()),
            }
        }
        self.bytes.truncate(write);
    }

    fn put(&mut self, at: usize, byte: u8) -> usize {
        self.bytes[at] = byte;
        at + 1
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Escape {
    Percent,
    Unicode,
    Entity,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Disguise {
    Overlong,
    FullWidth,
    Quote,
}

/// Characters that open, close or separate something in one of the languages attacks are written in.
fn matters(byte: u8) -> bool {
    matches!(
        byte,
        b'\''
            | b'"'
            | b'<'
            | b'>'
            | b'.'
            | b'/'
            | b'\\'
            | b';'
            | b'|'
            | b'`'
            | b'('
            | b'$'
            | b'{'
            | 0
            | b'\n'
    )
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |sum, &digit| Some(sum * 16 + (digit as char).to_digit(16)?))
}

/// The escape `rest` begins with: its byte, its length, its kind. Only what decodes to ASCII or one raw byte.
fn escape(rest: &[u8]) -> Option<(u8, usize, Escape)> {
    match rest {
        [b'%', b'u' | b'U', digits @ ..] => unicode_escape(digits.get(..4)?, 6),
        [b'%', high, low, ..] => Some((hex(&[*high, *low])? as u8, 3, Escape::Percent)),
        [b'\\', b'u', b'{', digits @ ..] => {
            let len = digits.iter().take(8).position(|&b| b == b'}')?;
            unicode_escape(&digits[..len], len + 4)
        }
        [b'\\', b'u', digits @ ..] => unicode_escape(digits.get(..4)?, 6),
        [b'\\', b'x', high, low, ..] => Some((hex(&[*high, *low])? as u8, 4, Escape::Entity)),
        [b'&', b'#', number @ ..] => numeric_entity(number),
        [b'&', name @ ..] => named_entity(name),
        _ => None,
    }
}

fn unicode_escape(digits: &[u8], used: usize) -> Option<(u8, usize, Escape)> {
    let code = hex(digits).filter(|_| !digits.is_empty())?;
    let byte = match code {
        0xff01..=0xff5e => code - 0xfee0,
        0x2018 | 0x2019 | 0x02b9 | 0x02bc => u32::from(b'\''),
        0x2215 | 0x2044 | 0xefc8 => u32::from(b'/'),
        0x2216 | 0xf025 => u32::from(b'\\'),
        code => code,
    };
    Some((u8::try_from(byte).ok().filter(u8::is_ascii)?, used, Escape::Unicode))
}

/// `&#39;`, `&#0000039`, `&#x27;`: browsers do without the semicolon.
fn numeric_entity(number: &[u8]) -> Option<(u8, usize, Escape)> {
    let (radix, digits, lead) = match number {
        [b'x' | b'X', digits @ ..] => (16, digits, 3),
        digits => (10, digits, 2),
    };
    let len = digits.iter().take(10).take_while(|&&b| (b as char).is_digit(radix)).count();
    let code = digits[..len].iter().fold(0u32, |sum, &b| {
        sum.saturating_mul(radix).saturating_add((b as char).to_digit(radix).unwrap_or(0))
    });
    let byte = u8::try_from(code).ok().filter(|byte| byte.is_ascii() && len > 0)?;
    let semicolon = usize::from(digits.get(len) == Some(&b';'));
    Some((byte, lead + len + semicolon, Escape::Entity))
}

fn named_entity(name: &[u8]) -> Option<(u8, usize, Escape)> {
    const NAMES: [(&[u8], u8); 10] = [
        (b"lt;", b'<'),
        (b"gt;", b'>'),
        (b"quot;", b'"'),
        (b"apos;", b'\''),
        (b"colon;", b':'),
        (b"lpar;", b'('),
        (b"rpar;", b')'),
        (b"tab;", b'\t'),
        (b"newline;", b'\n'),
        (b"amp;", b'&'),
    ];
    let (name, byte) = NAMES
        .iter()
        .find(|(known, _)| name.get(..known.len()).is_some_and(|n| n.eq_ignore_ascii_case(known)))?;
    Some((*byte, name.len() + 1, Escape::Entity))
}

/// ASCII in disguise at the start of `rest`.
fn disguised(rest: &[u8]) -> Option<(u8, usize, Disguise)> {
    match *rest {
        // C0 and C1 never occur in UTF-8.
        [lead @ (0xc0 | 0xc1), next @ 0x80..=0xbf, ..] => {
            Some((((lead & 1) << 6) | (next & 0x3f), 2, Disguise::Overlong))
        }
        // The second byte's own bit forgotten, as old servers let pass; a Latin-1 letter could stand so too.
        [0xc0 | 0xc1, next @ (b'/' | b'\\' | b'.'), ..] => Some((next, 2, Disguise::Quote)),
        [0xe0, mid @ (0x80 | 0x81), low @ 0x80..=0xbf, ..] => {
            Some((((mid & 1) << 6) | (low & 0x3f), 3, Disguise::Overlong))
        }
        [0xf0, 0x80, mid @ (0x80 | 0x81), low @ 0x80..=0xbf, ..] => {
            Some((((mid & 1) << 6) | (low & 0x3f), 4, Disguise::Overlong))
        }
        [0xef, 0xbc, low @ 0x81..=0xbf, ..] => Some((low - 0x60, 3, Disguise::FullWidth)),
        [0xef, 0xbd, low @ 0x80..=0x9e, ..] => Some((low - 0x20, 3, Disguise::FullWidth)),
        [0xe2, 0x80, 0x98 | 0x99 | 0xb2, ..] => Some((b'\'', 3, Disguise::Quote)),
        [0xe2, 0x80, 0x9c | 0x9d, ..] => Some((b'"', 3, Disguise::Quote)),
        [0xc2, 0xa0, ..] => Some((b' ', 2, Disguise::Quote)),
        _ => None,
    }
}

/// The windows `raw` is read in.
pub(super) fn windows(raw: &[u8]) -> impl Iterator<Item = &[u8]> {
    let last = raw.len().saturating_sub(WINDOW_OVERLAP + 1) / WINDOW_STEP;
    (0..=last).map(|n| &raw[n * WINDOW_STEP..raw.len().min(n * WINDOW_STEP + TEXT_BYTES_MAX)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, expect: &str) -> Marks {
        let text = Text::decode(raw.as_bytes(), Spelling::Form);
        assert_eq!(String::from_utf8_lossy(text.as_bytes()), expect, "{raw}");
        text.marks
    }

    #[test]
    fn layers_come_off() {
        assert_eq!(check("A%27+oR%201", "a' or 1"), Marks::default());
        assert!(check("%252E%252e%252F", "../").layered);
        assert!(check("%%32%65%%32%65/", "../").layered);
        assert!(!check("100%2525", "100%").layered);
        assert!(check("%c0%ae%c0%ae%c0%af", "../").overlong);
        assert!(check("%e0%80%af%f0%80%80%af", "//").overlong);
        assert!(check("x%00.png", "x.png").null);
        assert!(check("%u0027\\u003cb", "'<b").unicode);
        assert!(check("%EF%BC%9Cb%EF%BD%80", "<b`").unicode);
        check("a%0d%0ab", "a \nb");
        check("&#x3C;&#60&lt;\\x3c", "<<<<");
        check("50%+off %zz %", "50% off %zz %");
        check("l%E2%80%99heure", "l'heure");
        check("é&eacute; a&b", "é&eacute; a&b");
    }

    #[test]
    fn json_escapes_hide_nothing() {
        let text = Text::decode(b"\\u003cb\\u003e+", Spelling::Json);
        assert_eq!((text.as_bytes(), text.marks.unicode), (&b"<b>+"[..], false));
    }

    #[test]
    fn windows_cover_everything_and_overlap() {
        let raw: Vec<u8> = (0..10_000u32).map(|n| n as u8).collect();
        let all: Vec<_> = windows(&raw).collect();
        assert_eq!((all.len(), all[0].len()), (3, TEXT_BYTES_MAX));
        assert_eq!(all[1][..WINDOW_OVERLAP], all[0][TEXT_BYTES_MAX - WINDOW_OVERLAP..]);
        assert_eq!(all[2].last(), raw.last());
        assert_eq!(windows(b"").count(), 1);
        assert_eq!(windows(&raw[..TEXT_BYTES_MAX]).count(), 1);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_decode(raw: Vec<u8>) {
            for spelling in [Spelling::Form, Spelling::Json, Spelling::Plain] {
                proptest::prop_assert!(Text::decode(&raw, spelling).as_bytes().len() <= raw.len());
            }
        }
    }
}
