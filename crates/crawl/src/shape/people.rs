//! How clients of people write: browsers, apps, phones, televisions.
//!
//! Owns the grammar only: no word is weighed here but those that stand where a browser writes something fixed.

use palisade_fingerprint::user_agent::{Role, Token, Tokens, role};

/// What a user agent reads like before any word in it is weighed, the most trusting first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Nothing in it.
    Empty,
    /// An app, or a browser on a television or feature phone: names in there hold any word.
    App,
    /// A phone's or tablet's browser.
    Phone,
    /// A desktop browser.
    Desktop,
    /// A browser's with something in it that browsers seldom write.
    Odd,
    /// None of the forms of people's clients.
    Program,
}

/// Reads the form of `ua`. `device`: words of phones, televisions or app platforms were found in it.
pub(super) fn form(ua: &str, device: bool) -> Form {
    let mut seen = Seen { device, ..Seen::default() };
    for token in Tokens::new(ua) {
        match token {
            Token::Product { name, version } => seen.product(name, version),
            Token::Comment(comment) => seen.comment(comment),
        }
        seen.tokens += 1;
    }
    if !ua.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
        return Form::Empty;
    }
    seen.conclude()
}

/// What was seen while reading.
#[derive(Default)]
struct Seen {
    device: bool,
    tokens: usize,
    /// `Mozilla/` with this digit.
    mozilla: Option<u8>,
    /// The first comment of a `Mozilla/` string, where the platform stands, has been read.
    platform: bool,
    /// An engine, or a product that only browsers carry.
    engine: bool,
    brand: bool,
    internet_explorer: bool,
    webview: bool,
    /// The first product is a browser's …
    leads: bool,
    /// … or an engine.
    leads_with_engine: bool,
    /// An engine without a version.
    bare_engine: bool,
    /// `compatible; Name`, or a name behind `like Gecko`.
    names_itself: bool,
    /// The `U` (strong encryption) that browsers wrote until about 2011, when they wrote anything behind it too.
    old: bool,
    /// Such a product stands between platform and engine.
    wedged: bool,
    /// Windows or a Mac.
    pc: bool,
    /// `KHTML, like Gecko` has been read …
    like_gecko: bool,
    /// … and then another comment.
    trailing: bool,
    /// A part of a desktop platform that no browser writes.
    odd_platform: bool,
    chrome: bool,
    /// A desktop app that embeds a browser (Electron).
    embeds: bool,
    /// A device's own description: the size of its screen, or a chain of fields (`A/8.1.0/maker/model/…`).
    described: bool,
    /// A product that is neither an engine nor a known brand, as a browser's brand would write it (`Name/1.2.3`).
    unknown_brand: bool,
    /// A product no browser would write so: a bare word, or `Name/1.0`, or one in front of `Mozilla/`.
    stray: bool,
}

impl Seen {
    fn product(&mut self, name: &str, version: &str) {
        match role(name) {
            Role::Mozilla => self.mozilla = self.mozilla.or(version.bytes().next().or(Some(b'?'))),
            Role::Engine => {
                self.engine = true;
                self.leads_with_engine |= self.tokens == 0;
                self.bare_engine |= version.is_empty();
                self.chrome |= name.eq_ignore_ascii_case("Chrome") || name.eq_ignore_ascii_case("Chromium");
            }
            Role::Brand => self.brand(),
            Role::Word => {}
            Role::Unknown => self.unknown_product(name, version),
        }
    }

    fn brand(&mut self) {
        self.brand = true;
        self.leads |= self.tokens == 0;
    }

    fn unknown_product(&mut self, name: &str, version: &str) {
        if name.eq_ignore_ascii_case("Electron") {
            self.electron();
        } else if ends(name, b"mozilla") {
            self.mozilla = self.mozilla.or(version.bytes().next().or(Some(b'?')));
        } else if ends(name, b"browser") {
            self.brand();
        } else if COMPANIONS.iter().any(|held| held.eq_ignore_ascii_case(name)) {
        } else if self.platform && dots(version) >= if self.chrome { 3 } else { 2 } {
            self.unknown_brand = true;
        } else if name.bytes().any(|byte| byte.is_ascii_alphabetic()) {
            self.stray = true;
            self.wedged |= self.platform && !self.engine;
            self.described |= self.tokens == 0 && is_chain(version);
        }
    }

    /// What stands between platform and `Electron/` is the app's name, written as it likes; what follows is not.
    fn electron(&mut self) {
        if self.chrome {
            (self.embeds, self.brand) = (true, true);
            (self.stray, self.unknown_brand, self.wedged) = (false, false, false);
        }
    }

    fn comment(&mut self, comment: &str) {
        let platform = self.mozilla.is_some() && !self.platform;
        self.platform |= platform;
        if let Some(rest) = strip(comment, "KHTML, like Gecko") {
            self.names_itself |= names_something(rest);
            self.like_gecko = true;
            return;
        }
        self.trailing |= self.like_gecko && !comment.starts_with("Edition");
        let mut parts = comment.split(';').map(str::trim).peekable();
        while let Some(part) = parts.next() {
            match part {
                "wv" => self.webview = true,
                "U" => self.old = true,
                "Macintosh" => self.pc = true,
                _ if part.starts_with("Windows NT") => self.pc = true,
                _ if part.starts_with("rv:") || part.starts_with("Konqueror") => self.engine = true,
                _ if part.eq_ignore_ascii_case("compatible") => {
                    let next = parts.peek().copied().unwrap_or_default();
                    let browser = next.is_empty() || next == "U" || starts(next, BROWSERS_IN_COMMENTS);
                    self.names_itself |= !browser;
                }
                _ if part.starts_with("MSIE ") || part.starts_with("Trident/") => {
                    self.internet_explorer = true;
                }
                _ if is_screen_size(part) => self.described = true,
                _ => self.odd_platform |= platform && !self.device && is_odd_part(part),
            }
        }
    }

    fn conclude(&self) -> Form {
        let device = self.device || self.described;
        if self.tokens == 0 {
            return Form::Empty;
        }
        if self.names_itself || self.tokens == 1 && self.bare_engine {
            return Form::Program;
        }
        let Some(mozilla) = self.mozilla else {
            return match () {
                () if device || self.leads => Form::App,
                () if self.engine && self.stray && !self.leads_with_engine => Form::Odd,
                () if self.brand || self.engine => {
                    if self.stray {
                        Form::Program
                    } else {
                        Form::Desktop
                    }
                }
                () => Form::Program,
            };
        };
        let browser = self.engine || self.brand || self.internet_explorer || mozilla < b'5' && self.platform;
        match device {
            _ if !browser && !device => Form::Program,
            true if self.webview || !self.engine => Form::App,
            true if self.wedged => Form::Odd,
            true => Form::Phone,
            false if self.embeds && !self.stray && !self.unknown_brand => Form::App,
            false if self.internet_explorer && self.stray && !self.leads => Form::Odd,
            // Toolbars and downloaders wrote whatever they liked into Internet Explorer's comment.
            false if self.internet_explorer => Form::App,
            false if mozilla < b'5' && !self.odd_platform => Form::Desktop,
            false if self.old && (self.stray || self.odd_platform) => Form::Odd,
            false if self.stray || self.odd_platform => Form::Program,
            false if self.pc && self.trailing && !self.brand => Form::Program,
            false if self.unknown_brand => Form::Odd,
            false => Form::Desktop,
        }
    }
}

fn strip<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

fn starts(text: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| strip(text, prefix).is_some())
}

/// Behind `KHTML, like Gecko` browsers write nothing; old ones wrote `, Safari` or `/20100101`.
fn names_something(rest: &str) -> bool {
    let name = rest.trim_start_matches([' ', ',', ';', '/']);
    name.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !starts(name, &["Safari", "Chrome", "like", "KHTML"])
}

/// A part of a platform that is neither system, processor, language nor version: words, with a number behind at most.
fn is_odd_part(part: &str) -> bool {
    let words = match part.rsplit_once([' ', '-']) {
        Some((words, number)) if number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => words,
        _ => part,
    };
    let wordy = words.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b' ' | b'-'));
    wordy && words.len() > 4 && !is_language(part) && !starts(part, PLATFORM_PARTS)
}

/// `en-US`, `zh-Hans`.
fn is_language(part: &str) -> bool {
    part.split_once('-').is_some_and(|(language, _)| language.len() == 2)
}

fn ends(name: &str, tail: &[u8; 7]) -> bool {
    name.as_bytes().last_chunk::<7>().is_some_and(|held| held.eq_ignore_ascii_case(tail))
}

/// `153x130`: only handhelds and televisions tell the size of their screen.
fn is_screen_size(part: &str) -> bool {
    let is_length =
        |text: &str| (2..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    part.split_once('x').is_some_and(|(width, height)| is_length(width) && is_length(height))
}

/// Version, maker, model and more in one word, as firmware reports itself; a program writes a version at most.
fn is_chain(version: &str) -> bool {
    let (number, fields) = version.split_once('/').unwrap_or_default();
    !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && fields.bytes().filter(|&byte| byte == b'/').count() >= CHAIN_MIN
}

fn dots(version: &str) -> usize {
    version.bytes().filter(|&byte| byte == b'.').count()
}

/// Slashes behind the version that make a chain of fields.
const CHAIN_MIN: usize = 5;

/// What may stand behind `compatible;` in a browser's user agent.
#[rustfmt::skip]
const BROWSERS_IN_COMMENTS: &[&str] = &[
    "MSIE", "Konqueror", "ms-office", "Windows", "iPhone", "iPad", "Android", "Linux", "X11",
    "NetPositive", "Polaris",
];

/// What stands in platforms of desktop browsers.
#[rustfmt::skip]
const PLATFORM_PARTS: &[&str] = &[
    "Windows", "Win9", "Win32", "Win64", "WinNT", "WOW64", "Macintosh", "Mac OS", "Mac_", "Intel Mac",
    "PPC", "X11", "Linux", "CrOS", "Ubuntu", "Fedora", "Debian", "FreeBSD", "OpenBSD", "NetBSD",
    "DragonFly", "SunOS", "BeOS", "Haiku", "AmigaOS", "OS/2", "IRIX", "HP-UX", "AIX", "x86_64", "amd64",
    "aarch64", "armv", "ARM64", "Wayland", "compatible", "Unknown", "rv:", ".NET", "Trident", "Touch",
    "Tablet PC", "Media Center", "Konqueror", "Xbox", "Tesla", "QtCarBrowser", "Mobile", "Tablet",
    "Desktop", "Version", "chromeframe", "MSOffice", "Cloud Phone", "GNU",
];

/// Products that stand beside a browser's own: engines, systems, distributions, and apps that embed a browser.
#[rustfmt::skip]
const COMPANIONS: &[&str] = &[
    "Gecko)", "KHTML", "KIO", "QtWebKit", "webkit", "Goanna", "WPE", "gzip(gfe)",
    "Novarra-Vision", "SA", "Lightning", "Linux", "Ubuntu", "Kubuntu", "Xubuntu", "Lubuntu", "Debian",
    "Fedora", "Mint", "SUSE", "Red", "Hat", "CentOS", "Gentoo", "Slackware", "Mandriva", "Mageia",
    "Raspbian", "Fink", "Community", "Edition", "Ddg", "Viber", "Skype", "Slack", "Discord", "Teams",
    "Signal", "Steam",
];
