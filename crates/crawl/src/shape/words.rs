//! Words by which programs describe themselves, and where in a word they must begin and end to count.

use std::sync::LazyLock;

use super::Kind;

/// How much a word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// Counts only where the rest does not read like a person's client.
    Weak,
    /// Counts in a desktop browser's user agent too, not in an app's: apps have names of all sorts.
    Middle,
    /// Counts everywhere but in the name of a device.
    Strong,
}

use Strength::{Middle, Strong, Weak};

/// What a found word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// A program, how clearly, and of which kind where the word tells.
    Program(Strength, Option<Kind>),
    /// A phone, television, console, or an app on one.
    Device,
    /// A player, office program or museum piece of a person: no other word counts.
    Person,
}

/// Where a word must begin or end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    /// Anywhere.
    Any,
    /// At a word boundary; a change of case inside a word (`LinkCheck`) is one.
    Word,
    /// Where the user agent begins.
    Start,
}

use Edge::{Any, Start, Word as Whole};
use Says::{Device, Person};

/// One word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    pub(crate) says: Says,
    text: &'static str,
    left: Edge,
    right: Edge,
}

impl Word {
    /// Does this word, found at `start..end` of `ua`, stand at the edges it needs?
    pub(crate) fn fits(&self, ua: &str, start: usize, end: usize) -> bool {
        let bytes = ua.as_bytes();
        let is_edge = |at: usize| is_word_edge(bytes, at);
        let fits = |edge: Edge, at: usize| match edge {
            Any => true,
            Whole => is_edge(at),
            Start => at == 0,
        };
        fits(self.left, start)
            && fits(self.right, end)
            && match self.text {
                "@" => is_mail(bytes, start),
                // Cubot makes phones.
                "bot" => start < 2 || !bytes[start - 2..start].eq_ignore_ascii_case(b"cu"),
                text if text.starts_with('.') => start > 0 && bytes[start - 1].is_ascii_alphanumeric(),
                "http" | "https" => !ua[end..].starts_with("://"),
                _ => true,
            }
    }
}

/// True where a word ends or begins at `at`: at a byte that is no letter, or where `aB` or `ABc` change case.
fn is_word_edge(bytes: &[u8], at: usize) -> bool {
    let (Some(before), Some(after)) = (at.checked_sub(1).and_then(|at| bytes.get(at)), bytes.get(at)) else {
        return true;
    };
    let letters = before.is_ascii_alphabetic() && after.is_ascii_alphabetic();
    let hump = before.is_ascii_lowercase() || bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
    !letters || after.is_ascii_uppercase() && hump
}

/// `name@host.example`; `ios@11.0` is none. Looks at 64 bytes of the host at most.
fn is_mail(bytes: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| bytes.get(at));
    let host = bytes[at + 1..]
        .iter()
        .take(64)
        .take_while(|byte| byte.is_ascii_alphanumeric() || b".-".contains(byte));
    let mut dot = false;
    let mut domain = false;
    for &byte in host {
        domain |= dot && byte.is_ascii_alphabetic();
        dot = byte == b'.';
    }
    domain && before.is_some_and(u8::is_ascii_alphanumeric)
}

/// Groups of words that say the same: strength, kind, edges, words.
#[rustfmt::skip]
const GROUPS: &[(Strength, Option<Kind>, Edge, Edge, &str)] = &[
    (Strong, Some(Kind::Crawler), Any, Whole, "bot bots robot robots"),
    (Strong, Some(Kind::Crawler), Any, Any, "crawl spider slurp bot/ bot.htm"),
    (Strong, Some(Kind::Tool), Whole, Any, "scrape scraping harvest"),
    (Strong, None, Any, Any, "http:// https:// www. mailto: @"),
    (Strong, Some(Kind::Tool), Any, Any, "headless phantomjs puppeteer playwright selenium webdriver prerender"),
    (Strong, Some(Kind::Archive), Any, Any, "archiv"),
    (Middle, Some(Kind::Scanner), Any, Any, "scanner scanning pentest vulnerab"),
    (Middle, Some(Kind::Scanner), Whole, Whole, "scan scans exploit attack"),
    (Middle, Some(Kind::Tool), Any, Any, "fetch"),
    (Middle, Some(Kind::Tool), Whole, Any, "download retriev extract"),
    (Middle, Some(Kind::Monitor), Any, Any, "checker checking validat verif monitor uptime synthetic lighthouse observat diagnos"),
    (Middle, Some(Kind::Monitor), Any, Whole, "check"),
    (Middle, Some(Kind::Monitor), Whole, Whole, "ping pinger probe watcher health healthcheck status tester speedtest"),
    (Middle, Some(Kind::Preview), Any, Any, "preview screenshot thumbnail (via"),
    (Middle, Some(Kind::Preview), Whole, Whole, "thumb thumbs snapshot snippet unfurl embed capture"),
    (Middle, Some(Kind::Feed), Whole, Whole, "feed feeds rss podcast podcasts feedreader rssreader newsreader"),
    (Weak, Some(Kind::Feed), Any, Any, "feed podcast"),
    (Weak, Some(Kind::Feed), Whole, Whole, "atom reader"),
    (Middle, Some(Kind::Ai), Whole, Whole, "ai gpt llm copilot chatgpt openai claude gemini"),
    (Middle, Some(Kind::Webhook), Any, Whole, "webhook webhooks"),
    (Weak, Some(Kind::Webhook), Whole, Whole, "hook hooks callback"),
    (Weak, Some(Kind::Crawler), Whole, Whole, "search seeker finder find index indexer discovery discover lookup"),
    (Weak, Some(Kind::Library), Any, Whole, "http https httpclient client"),
    (Middle, Some(Kind::Library), Whole, Whole, "python perl ruby php node nodejs golang java curl wget rust"),
    (Weak, Some(Kind::Library), Whole, Any, "lib"),
    (Weak, Some(Kind::Library), Whole, Whole, "library sdk api rest soap xml json"),
    (Middle, Some(Kind::Tool), Any, Any, "analyz analys audit survey research measur collect"),
    (Middle, Some(Kind::Tool), Whole, Whole, "seo detector parser optimizer inspect inspector inspection classifier sitemap"),
    (Middle, Some(Kind::Tool), Whole, Whole, "automation automated experiment"),
    (Weak, Some(Kind::Tool), Whole, Whole, "links validator translate proxy gateway cloud server agent engine service tracker"),
    (Weak, Some(Kind::Tool), Whole, Whole, "script cron import importer sync loader tool tools worker job jobs task backend"),
    (Weak, None, Any, Whole, ".com .net .org .io .ru .de .info .eu .fr .co .ai .cn .jp .uk .app .dev"),
];

/// Words of people's clients that write otherwise than browsers, separated by commas.
#[rustfmt::skip]
const PEOPLE: &[(Says, Edge, &str)] = &[
    (Device, Any, "android,iphone,ipad,ipod,cfnetwork/,darwin/,dalvik/,midp,cldc,up.browser,up.link,ucweb,ucbrowser"),
    (Device, Any, "blackberry,symbian,series60,symbos,windows phone,windows ce,windows mobile,iemobile,webos,web0s,tizen"),
    (Device, Any, "meego,maemo,kaios,browser/applewebkit,hbbtv,ce-html,nettv,smarttv,smart-tv,smart tv,googletv,appletv"),
    (Device, Any, "apple tv,amazon;aft,vizios,bravia,netcast,viera,inettvbrowser,crkey/,playstation,nintendo,xbox,kindle,roku,qtembedded,nokia,yunos"),
    (Device, Any, "amazon aft,+dvr,+pvr,(mac os x version ,applecoremedia,stagefright,exoplayer,libvlc,cronet/,fban/,fbav/,netfront,obigo,teleca,wap-browser"),
    (Device, Any, "wap browser,wap1.,wap2.,nook,kobo,maui,lumia,silk/,silk-,tesla/,qtcarbrowser,omi/,cloud phone,opera mini/,opera mobi/,mobile; rv:,tablet; rv:"),
    (Device, Whole, "ios,ipados,tvos,watchos,adr,brew,j2me,bada,harmonyos,openharmony,psp,ps3,ps4,bb10,armv6,armv7,armv8"),
    (Device, Whole, "dtv,amiga,amigaos,aarch64,arm64,linux arm,mips,sh4,stb,stv,sonos/,steam/,goggalaxy,epicgameslauncher,battle.net"),
    (Device, Start, "sonyericsson,ericsson,samsung,lg-,lg/,lge,mot-,motorola,sie-,sec-,sch-,sgh-,zte,htc,alcatel,docomo,kddi"),
    (Device, Start, "j-phone,softbank,vodafone,sharp,huawei,lenovo,philips,panasonic,sagem,sanyo,toshiba,gionee,coolpad,hisense"),
    (Device, Start, "micromax,karbonn,lava,spice,palm,pantech,benq,siemens,tcl,vizio,apple-ip,opera/"),
    (Person, Start, "microsoft office,quicktime,itunes,xbmc/,kodi/,vlc/,nsplayer/,windows-media-player,wmplayer,winamp,mplayer"),
    (Person, Start, "music player daemon,spotify/,ncsa_mosaic,ncsa mosaic,vms_mosaic,amigavoyager,amiga-aweb,citrixreceiver,postbox,mozacfetch"),
];

/// Every word, in the order of [`patterns`].
pub(crate) static WORDS: LazyLock<Vec<Word>> = LazyLock::new(|| {
    GROUPS
        .iter()
        .flat_map(|&(strength, kind, left, right, texts)| {
            texts.split(' ').map(move |text| Word { says: Says::Program(strength, kind), text, left, right })
        })
        .chain(PEOPLE.iter().flat_map(|&(says, left, texts)| {
            texts.split(',').map(move |text| Word {
                says,
                text,
                left,
                right: if left == Whole { Whole } else { Any },
            })
        }))
        .collect()
});

/// The words as patterns for an automaton.
pub(crate) fn patterns() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|word| word.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, ua: &str) -> bool {
        let word = WORDS.iter().find(|word| word.text == text).unwrap();
        let start = ua.to_ascii_lowercase().find(text).unwrap();
        word.fits(ua, start, start + text.len())
    }

    #[test]
    fn edges_count() {
        assert!(
            found("bot", "FooBot/1.0")
                && found("bot", "foobot")
                && found("bot", "BotFoo")
                && found("bot", "foo-bot-2")
        );
        assert!(!found("bot", "Both") && !found("bot", "botanic"));
        assert!(found("ai", "Foo-AI/2") && !found("ai", "Maison") && !found("ai", "Thai"));
        assert!(found("http", "aiohttp/3") && !found("http", "http://x"));
        assert!(found("@", "a@b.example") && !found("@", "a @b"));
    }

    #[test]
    fn words_are_lower_case() {
        assert!(patterns().all(|text| !text.is_empty() && *text == text.to_ascii_lowercase()));
    }
}
