//! The words found in one user agent.

use std::ops::Range;

use palisade_fingerprint::user_agent::{Token, Tokens};

use super::Kind;
use super::words::{Says, Strength, WORDS};

/// Most marks kept; a user agent with more is judged by its first ones.
const MARKS_MAX: usize = 24;

/// What the words of one user agent say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Marks {
    found: [(Strength, Option<Kind>); MARKS_MAX],
    len: usize,
    device: bool,
    person: bool,
    device_span: Range16,
}

/// A range of bytes; user agents are bounded far below `u16::MAX`.
#[derive(Clone, Copy, Debug, Default)]
struct Range16 {
    start: u16,
    end: u16,
}

impl Marks {
    /// Nothing found in `ua` yet.
    pub(crate) fn new(ua: &str) -> Self {
        let span = device_span(ua);
        let narrow = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
        Marks {
            found: [(Strength::Weak, None); MARKS_MAX],
            len: 0,
            device: !span.is_empty(),
            person: false,
            device_span: Range16 { start: narrow(span.start), end: narrow(span.end) },
        }
    }

    /// Takes note of word `at` of [`WORDS`] at `start..end`, if it stands at the edges it needs.
    pub(crate) fn note(&mut self, at: usize, ua: &str, start: usize, end: usize) {
        let Some(word) = WORDS.get(at) else { return };
        let in_device =
            (usize::from(self.device_span.start)..usize::from(self.device_span.end)).contains(&start);
        if in_device || !word.fits(ua, start, end) {
            return;
        }
        match word.says {
            Says::Device => self.device = true,
            Says::Person => self.person = true,
            Says::Program(strength, kind) if self.len < MARKS_MAX => {
                self.found[self.len] = (strength, kind);
                self.len += 1;
            }
            Says::Program(..) => {}
        }
    }

    /// True where `at` lies in the name of a device: any word may stand there.
    pub(crate) fn in_device(&self, at: usize) -> bool {
        (usize::from(self.device_span.start)..usize::from(self.device_span.end)).contains(&at)
    }

    /// True where words of phones, televisions, consoles or app platforms were found.
    pub(crate) fn device(&self) -> bool {
        self.device
    }

    /// True where it begins like a client of a person that no other word can make a program.
    pub(crate) fn person(&self) -> bool {
        self.person
    }

    /// The strongest word of programs.
    pub(crate) fn strongest(&self) -> Option<Strength> {
        self.found[..self.len].iter().map(|&(strength, _)| strength).max()
    }

    /// The kind that the words speak for.
    pub(crate) fn best_kind(&self) -> Option<Kind> {
        self.found[..self.len].iter().filter_map(|&(_, kind)| kind).min_by_key(|&kind| precedence(kind))
    }
}

/// Where the first comment names an Android device (`Linux; Android 9; CUBOT_X19 Build/…`): words in there are names
/// of phones. It ends behind the part with `Build/`. Empty where no device is named, or a program (`compatible;`).
fn device_span(ua: &str) -> Range<usize> {
    let Some(open) = ua.find('(') else { return 0..0 };
    let Some(Token::Comment(inside)) = Tokens::new(&ua[open..]).next() else { return 0..0 };
    let (mut device, mut at, mut end) = (false, 0, inside.len());
    for part in inside.split(';') {
        at += part.len() + 1; // its semicolon
        match part.trim_start() {
            "compatible" => return 0..0,
            part if is_android(part) => device = true,
            part if device && part.contains(" Build/") => end = end.min(at),
            _ => {}
        }
    }
    if device { open..open + 1 + end } else { 0..0 }
}

fn is_android(part: &str) -> bool {
    part.as_bytes().first_chunk::<7>().is_some_and(|head| head.eq_ignore_ascii_case(b"android"))
}

/// Which of two kinds says more: the special purpose before the general word.
fn precedence(kind: Kind) -> usize {
    const ORDER: [Kind; 10] = [
        Kind::Scanner,
        Kind::Ai,
        Kind::Feed,
        Kind::Preview,
        Kind::Monitor,
        Kind::Webhook,
        Kind::Archive,
        Kind::Tool,
        Kind::Crawler,
        Kind::Library,
    ];
    ORDER.iter().position(|&held| held == kind).unwrap_or(ORDER.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_may_be_called_anything() {
        let ua = "Mozilla/5.0 (Linux; Android 9; CUBOT_X19 Build/P) AppleWebKit/537.36";
        assert_eq!(&ua[device_span(ua)], "(Linux; Android 9; CUBOT_X19 Build/P");
        let ua = "Mozilla/5.0 (Linux; Android 9; X Build/P; Foobot/1.0) AppleWebKit/537.36";
        assert_eq!(&ua[device_span(ua)], "(Linux; Android 9; X Build/P;");
        assert_eq!(device_span("x (compatible; Android 9; bot)"), 0..0);
        assert_eq!(device_span("no comment"), 0..0);
    }
}
