//! A `User-Agent` read as a claim: which browser, which version, which engine, on what system.
//!
//! Owns the grammar of RFC 9110 section 10.1.5 (products and comments) and the habits of browsers on top of it.
//! It believes nothing: whether the claim is true is for the detectors, whether the client is a *named* program is
//! for `crawl::agents`. Reading allocates nothing, is linear, and looks at the first [`BYTES_MAX`] bytes only.

mod brands;
mod detached;
mod system;
mod tokens;

pub use brands::{Role, role};
pub use detached::Detached;
pub use system::Os;
pub use tokens::{BYTES_MAX, Token, Tokens, bounded};

/// Which family of clients a user agent claims to belong to.
///
/// The numbers are stable: they enter [`UserAgent::family_key`], which outlives a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Family {
    /// Says nothing that tells, or is empty.
    None = 0,
    /// Google Chrome or plain Chromium, on any system (Chrome on iOS included).
    Chrome = 1,
    /// Microsoft Edge, old (EdgeHTML) and new.
    Edge = 2,
    /// Opera, old (Presto) and new.
    Opera = 3,
    /// Samsung Internet.
    Samsung = 4,
    /// Firefox and its mobile editions.
    Firefox = 5,
    /// Apple Safari.
    Safari = 6,
    /// Another browser on Chromium that names its brand: Vivaldi, Yandex, UC, ...
    ChromiumOther = 7,
    /// A web view inside an app, or an app that carries its own name behind a browser's.
    WebView = 8,
    /// Internet Explorer and what embeds its engine.
    InternetExplorer = 9,
    /// A browser on QtWebEngine: Falkon, Konqueror, qutebrowser.
    QtWebEngine = 10,
    /// w3m, Lynx, Links, ELinks.
    TextBrowser = 11,
    /// NetSurf, Dillo, SeaMonkey and other small browsers; feature phones and televisions.
    OtherBrowser = 12,
    /// An app of a person speaking through its platform's own HTTP stack (CFNetwork, Dalvik, AppleCoreMedia).
    App = 13,
    /// Chrome without a window, which says so.
    HeadlessChrome = 14,
    /// Anything else that names itself: a program.
    Program = 15,
}

impl Family {
    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Family::None => "no browser named",
            Family::Chrome => "Chrome",
            Family::Edge => "Edge",
            Family::Opera => "Opera",
            Family::Samsung => "Samsung Internet",
            Family::Firefox => "Firefox",
            Family::Safari => "Safari",
            Family::ChromiumOther => "other Chromium browser",
            Family::WebView => "in-app browser",
            Family::InternetExplorer => "Internet Explorer",
            Family::QtWebEngine => "QtWebEngine browser",
            Family::TextBrowser => "text browser",
            Family::OtherBrowser => "other browser",
            Family::App => "app",
            Family::HeadlessChrome => "headless Chrome",
            Family::Program => "unnamed program",
        }
    }
}

/// The rendering engine a user agent claims, with its major version where it says one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Chromium's; the version is Chromium's.
    Blink(Option<u16>),
    /// Mozilla's; the version is that of `rv:`.
    Gecko(Option<u16>),
    /// Apple's, and old Android browsers'; the version is that of `AppleWebKit/`.
    WebKit(Option<u16>),
    /// Internet Explorer's; the version is that of `MSIE` or `rv:`.
    Trident(Option<u16>),
    /// EdgeHTML, Presto, KHTML and others.
    Other,
    /// None is named.
    #[default]
    None,
}

/// One user agent, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserAgent<'a> {
    /// Which family it claims.
    pub family: Family,
    /// Major version of the product that makes the family (Chrome's for `Chrome`, Edge's for `Edge`).
    pub major: Option<u16>,
    /// Which engine it claims.
    pub engine: Engine,
    /// Which system it claims.
    pub os: Os,
    /// True where it says it is a phone's edition (`Mobile`, `Mobi`, iPhone).
    pub mobile: bool,
    /// The product that makes the family, as sent: `Chrome`, `YaBrowser`, `curl`; empty where none does.
    pub product: &'a str,
}

impl UserAgent<'_> {
    /// A small number that is equal for user agents of one family on one system, whatever their versions.
    /// Range 0..=4095; stable across releases.
    pub fn family_key(&self) -> u16 {
        (self.family as u16) << 4 | self.os as u16
    }

    /// True where it claims to be a browser of a person, text browsers and web views included; apps are not.
    pub fn is_browser(&self) -> bool {
        !matches!(self.family, Family::None | Family::App | Family::Program | Family::HeadlessChrome)
    }

    /// True where it claims a browser that shows pages with their styles and images.
    pub fn is_graphical_browser(&self) -> bool {
        self.is_browser() && self.family != Family::TextBrowser
    }

    /// The Chromium major version claimed, where the engine is Blink.
    pub fn chromium_major(&self) -> Option<u16> {
        match self.engine {
            Engine::Blink(major) => major,
            _ => None,
        }
    }
}

/// Reads a user agent. Never fails: what tells nothing is [`Family::None`].
pub fn parse(ua: &str) -> UserAgent<'_> {
    let mut seen = Seen::default();
    for token in Tokens::new(ua) {
        match token {
            Token::Product { name, version } => seen.product(name, version),
            Token::Comment(comment) => seen.comment(comment),
        }
    }
    seen.conclude()
}

/// The digits in front of `version` as a number; `None` without digits or beyond `u16`.
pub fn major(version: &str) -> Option<u16> {
    let digits = version.bytes().take_while(u8::is_ascii_digit).count();
    version[..digits].parse().ok()
}

/// What the tokens said so far.
#[derive(Default)]
struct Seen<'a> {
    first: Option<(&'a str, &'a str)>,
    chrome: Option<(&'a str, Option<u16>)>,
    webkit: Option<Option<u16>>,
    gecko: bool,
    safari: bool,
    version: Option<u16>,
    brand: Option<(Family, &'a str, Option<u16>)>,
    headless: Option<(&'a str, Option<u16>)>,
    msie: Option<Option<u16>>,
    rv: Option<u16>,
    trident: bool,
    qt: Option<(&'a str, Option<u16>)>,
    extra: Option<&'a str>,
    platform_http: bool,
    webview: bool,
    mobile: bool,
    os: Os,
}

impl<'a> Seen<'a> {
    fn product(&mut self, name: &'a str, version: &'a str) {
        let number = || major(version);
        match name {
            "Mozilla" => {}
            "CFNetwork" | "Darwin" | "Dalvik" | "AppleCoreMedia" | "cfnetwork" => self.platform_http = true,
            "Chrome" | "Chromium" | "CrMo" => self.chrome = self.chrome.or(Some((name, number()))),
            "HeadlessChrome" => self.headless = Some((name, number())),
            "AppleWebKit" | "AppleWebkit" => self.webkit = Some(number()),
            "Gecko" => self.gecko = true,
            "Safari" => self.safari = true,
            "Version" => self.version = number(),
            "Trident" => self.trident = true,
            "QtWebEngine" => self.qt = Some((name, number())),
            "Mobile" | "Mobi" => self.mobile = true,
            _ => match brands::family_of(name) {
                Some(family) => {
                    self.mobile |= matches!(name, "IEMobile" | "FxiOS" | "CriOS" | "EdgA" | "EdgiOS");
                    if self.brand.is_none_or(|(held, ..)| held == Family::Firefox) {
                        self.brand = Some((family, name, number()));
                    }
                }
                None if self.first.is_some() && !version.is_empty() && role(name) == Role::Unknown => {
                    self.extra = self.extra.or(Some(name));
                }
                None => {}
            },
        }
        self.first = self.first.or(Some((name, version)));
    }

    fn comment(&mut self, comment: &'a str) {
        for part in comment.split(';').map(str::trim) {
            self.os = self.os.or(Os::of_part(part));
            match part {
                "wv" => self.webview = true,
                "Mobile" | "iPhone" | "iPod" | "iPod touch" => self.mobile = true,
                _ => {
                    if let Some(rest) = part.strip_prefix("rv:") {
                        self.rv = major(rest);
                    } else if let Some(rest) = part.strip_prefix("MSIE ") {
                        self.msie = Some(major(rest));
                    } else if part.starts_with("Trident/") {
                        self.trident = true;
                    } else if part.starts_with("Opera Mini/") || part.starts_with("Opera Mobi/") {
                        self.mobile = true;
                    }
                }
            }
        }
    }

    fn conclude(self) -> UserAgent<'a> {
        let (family, product, major) = self.family();
        let os = if self.os == Os::None && self.platform_http { Os::Apple } else { self.os };
        UserAgent { family, major, engine: self.engine(), os, mobile: self.mobile, product }
    }

    fn engine(&self) -> Engine {
        if let Some((_, version)) = self.headless.or(self.chrome) {
            return if self.brand.is_some_and(|(_, name, _)| name == "Edge") {
                Engine::Other
            } else {
                Engine::Blink(version)
            };
        }
        match (self.msie, self.webkit, self.gecko) {
            (Some(version), ..) => Engine::Trident(version),
            (None, ..) if self.trident => Engine::Trident(self.rv),
            (None, Some(version), _) => Engine::WebKit(version),
            (None, None, true) => Engine::Gecko(self.rv),
            _ if self.first.is_some_and(|(name, _)| name == "Opera") => Engine::Other,
            _ => Engine::None,
        }
    }

    fn family(&self) -> (Family, &'a str, Option<u16>) {
        let Some((first, first_version)) = self.first else { return (Family::None, "", None) };
        if let Some((name, version)) = self.headless {
            return (Family::HeadlessChrome, name, version);
        }
        if let Some((family, name, version)) = self.brand {
            return (family, name, version.filter(|_| first != "Opera").or(self.version).or(version));
        }
        if first != "Mozilla" {
            let family = match self.os {
                _ if self.platform_http => Family::App,
                Os::Android | Os::Ios => Family::App,
                _ => Family::Program,
            };
            return (family, first, major(first_version));
        }
        self.plain_browser()
    }

    /// A `Mozilla/` string without a brand of its own.
    fn plain_browser(&self) -> (Family, &'a str, Option<u16>) {
        if let Some((name, version)) = self.qt {
            return (Family::QtWebEngine, name, version);
        }
        if self.msie.is_some() || self.trident {
            return (Family::InternetExplorer, "MSIE", self.msie.flatten().or(self.rv));
        }
        let app = self.webview || self.extra.is_some();
        if let Some((name, version)) = self.chrome {
            return match self.extra {
                Some(extra) => (Family::WebView, extra, version),
                None => (if app { Family::WebView } else { Family::Chrome }, name, version),
            };
        }
        match self.extra {
            Some(extra) if self.webkit.is_some() => (Family::WebView, extra, self.version),
            _ if self.safari && self.version.is_some() => (Family::Safari, "Safari", self.version),
            _ if self.webkit.is_some() && self.os == Os::Ios => {
                (Family::WebView, "AppleWebKit", self.version)
            }
            _ if self.webkit.is_some() || self.gecko => (Family::OtherBrowser, "Mozilla", self.version),
            Some(extra) => (Family::Program, extra, None),
            None => (Family::None, "", None),
        }
    }
}

#[cfg(test)]
mod tests;
