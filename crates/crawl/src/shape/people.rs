//! How clients of people write: browsers, apps, phones, televisions.

use std::ops::Range;

use palisade_fingerprint::user_agent::{Token, Tokens, is_browser_product};

/// What a user agent reads like before any word in it is weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Nothing in it.
    Empty,
    /// A desktop browser, or a browser of unknown system.
    Browser,
    /// A phone, a tablet, a television, a console, or an app on one: their names hold any word.
    App,
    /// A browser's with something in it that no browser of ours writes.
    Odd,
    /// None of the forms of people's clients.
    Program,
}

/// What was seen while reading.
#[derive(Default)]
struct Seen {
    tokens: usize,
    mozilla: bool,
    engine: bool,
    device: bool,
    desktop: bool,
    named: bool,
    unknown_name: bool,
    compatible: bool,
    brand: bool,
    own_name: bool,
}

/// Reads the form of a user agent.
pub fn form(ua: &str) -> Form {
    let mut seen = Seen::default();
    for token in Tokens::new(ua) {
        match token {
            Token::Product { name, version } => seen.product(name, version),
            Token::Comment(comment) => seen.comment(comment),
        }
        seen.tokens += 1;
    }
    seen.conclude()
}

impl Seen {
    fn product(&mut self, name: &str, version: &str) {
        let is = |names: &[&str]| names.iter().any(|held| held.eq_ignore_ascii_case(name));
        if name.as_bytes().last_chunk::<7>().is_some_and(|tail| tail.eq_ignore_ascii_case(b"mozilla")) {
            self.mozilla = true;
        } else if is(ENGINES) {
            self.engine = true;
        } else if starts(name, DEVICES) || starts(version, DEVICES) {
            self.device = true;
        } else if is_browser_product(name) {
            self.brand |= !is(&["version", "mobile", "like", "build"]);
            self.own_name |= self.tokens == 0;
        } else if !version.is_empty() {
            self.unknown_name = true;
        }
    }

    fn comment(&mut self, comment: &str) {
        let mut named = false;
        for part in comment.split(';').map(str::trim) {
            if named && !starts(part, BROWSERS_IN_COMMENTS) && !part.is_empty() && !starts(part, SYSTEMS) {
                self.compatible = true;
            }
            named = part.eq_ignore_ascii_case("compatible");
            self.device |= starts(part, DEVICES);
            self.desktop |= starts(part, SYSTEMS);
            self.engine |= starts(part, &["MSIE ", "Trident/"]);
            self.named |= part.contains('/') && !starts(part, COMMENT_PRODUCTS);
        }
    }

    fn conclude(&self) -> Form {
        if self.tokens == 0 {
            return Form::Empty;
        }
        if self.compatible {
            return Form::Program;
        }
        if self.device {
            return Form::App;
        }
        let browser = self.mozilla && self.engine || self.brand;
        match (browser, self.unknown_name && !self.own_name) {
            (true, false) => Form::Browser,
            (true, true) => Form::Odd,
            (false, _) => Form::Program,
        }
    }
}

fn starts(text: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| {
        text.as_bytes().get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
    })
}

const ENGINES: &[&str] = &[
    "AppleWebKit",
    "Gecko",
    "Chrome",
    "Safari",
    "Presto",
    "Trident",
    "Chromium",
    "KHTML",
    "Goanna",
    "Firefox",
];

const BROWSERS_IN_COMMENTS: &[&str] = &["MSIE", "Konqueror", "ms-office", "Windows", "iPhone", "MSIE"];

const SYSTEMS: &[&str] = &[
    "Windows",
    "Win9",
    "WinNT",
    "Macintosh",
    "Mac OS",
    "Intel Mac",
    "PPC",
    "X11",
    "Linux",
    "CrOS",
    "Ubuntu",
    "FreeBSD",
    "OpenBSD",
    "NetBSD",
    "SunOS",
    "U",
];

/// Systems and stacks of phones, tablets, televisions and consoles.
const DEVICES: &[&str] = &[
    "Android",
    "Adr ",
    "iPhone",
    "iPad",
    "iPod",
    "iOS",
    "iPadOS",
    "tvOS",
    "watchOS",
    "CPU OS",
    "CPU iPhone",
    "Windows Phone",
    "Windows CE",
    "BlackBerry",
    "BB10",
    "Symbian",
    "Series60",
    "SymbOS",
    "webOS",
    "Web0S",
    "hpwOS",
    "Tizen",
    "Bada",
    "MeeGo",
    "Maemo",
    "KAIOS",
    "Sailfish",
    "HarmonyOS",
    "OpenHarmony",
    "CFNetwork",
    "Darwin",
    "Dalvik",
    "AppleCoreMedia",
    "Cronet",
    "stagefright",
    "ExoPlayer",
    "LibVLC",
    "Profile",
    "Configuration",
    "MIDP",
    "CLDC",
    "UP.",
    "WAP",
    "Obigo",
    "Teleca",
    "NetFront",
    "MAUI",
    "UCWEB",
    "J2ME",
    "Brew",
    "Nokia",
    "SonyEricsson",
    "Samsung",
    "LG-",
    "LG/",
    "LGE",
    "MOT-",
    "SIE-",
    "SEC-",
    "ZTE",
    "HTC",
    "Alcatel",
    "DoCoMo",
    "KDDI",
    "J-PHONE",
    "SoftBank",
    "Vodafone",
    "Sharp",
    "HbbTV",
    "CE-HTML",
    "NETTV",
    "SmartTV",
    "SMART-TV",
    "GoogleTV",
    "AppleTV",
    "Apple TV",
    "Roku",
    "VIZIO",
    "BRAVIA",
    "Opera TV",
    "Viera",
    "AFT",
    "OMI",
    "InettvBrowser",
    "PlayStation",
    "Nintendo",
    "Xbox",
    "PSP",
    "Kindle",
    "Browser/AppleWebKit",
    "Release",
    "Mobile",
    "Phone",
];

const COMMENT_PRODUCTS: &[&str] = &["Trident/", "Build/", ".NET", "MSOffice"];

/// Where the platform comment names a device (`Linux; Android 9; CUBOT_X19 Build/…`): words in there are names of
/// phones. Empty where the first comment names none, or names a program (`compatible;`).
pub fn device_span(ua: &str) -> Range<usize> {
    let Some(open) = ua.find('(') else { return 0..0 };
    let Some(Token::Comment(inside)) = Tokens::new(&ua[open..]).next() else { return 0..0 };
    let is_device = inside.split(';').map(str::trim).any(|part| starts(part, &["Android", "Adr "]));
    if is_device && !inside.contains("compatible") { open..open + inside.len() + 1 } else { 0..0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_may_be_called_anything() {
        let ua = "Mozilla/5.0 (Linux; Android 9; CUBOT_X19 Build/P) AppleWebKit/537.36";
        assert_eq!(&ua[device_span(ua)], "(Linux; Android 9; CUBOT_X19 Build/P");
        assert_eq!(device_span("x (compatible; Android 9; bot)"), 0..0);
        assert_eq!(device_span("no comment"), 0..0);
    }
}
