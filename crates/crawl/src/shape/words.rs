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
pub(crate) struct Mark {
    /// How much.
    pub(crate) strength: Strength,
    /// The kind of program it speaks for; `None` where it fits several.
    pub(crate) kind: Option<Kind>,
}

/// Where a word must begin or end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    /// Anywhere.
    Any,
    /// At a word boundary; a change of case inside a word (`LinkCheck`) is one.
    Word,
}

use Edge::{Any, Word as Whole};

/// One word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    pub(crate) mark: Mark,
    text: &'static str,
    left: Edge,
    right: Edge,
}

impl Word {
    /// Does this word, found at `start..end` of `ua`, stand at the edges it needs?
    pub(crate) fn fits(&self, ua: &str, start: usize, end: usize) -> bool {
        let bytes = ua.as_bytes();
        let is_edge = |at: usize| match (at.checked_sub(1).and_then(|at| bytes.get(at)), bytes.get(at)) {
            (Some(before), Some(after)) => {
                !before.is_ascii_alphabetic()
                    || !after.is_ascii_alphabetic()
                    || before.is_ascii_lowercase() && after.is_ascii_uppercase()
            }
            _ => true,
        };
        match self.text {
            "@" => is_mail(bytes, start),
            "http" => is_edge(end) && !ua[end..].starts_with("://"),
            "https" => is_edge(start) && is_edge(end) && !ua[end..].starts_with("://"),
            _ => (self.left == Any || is_edge(start)) && (self.right == Any || is_edge(end)),
        }
    }
}

/// `x@y`: a letter or digit on both sides.
fn is_mail(bytes: &[u8], at: usize) -> bool {
    let alphanumeric =
        |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric);
    alphanumeric(at.checked_sub(1)) && alphanumeric(at.checked_add(1))
}

/// Groups of words that say the same: strength, kind, edges, words.
const GROUPS: &[(Strength, Option<Kind>, Edge, Edge, &str)] = &[
    (Strong, Some(Kind::Crawler), Any, Whole, "bot bots robot robots"),
    (Strong, Some(Kind::Crawler), Any, Any, "crawl spider slurp bot/ bot.htm"),
    (Strong, Some(Kind::Tool), Whole, Any, "scrape scraping harvest"),
    (Strong, None, Any, Any, "http:// https:// www. mailto: @"),
    (
        Strong,
        Some(Kind::Tool),
        Any,
        Any,
        "headless phantomjs puppeteer playwright selenium webdriver prerender",
    ),
    (Strong, Some(Kind::Archive), Any, Any, "archiv"),
    (Strong, Some(Kind::Scanner), Any, Any, "scanner scanning pentest vulnerab"),
    (Middle, Some(Kind::Scanner), Whole, Whole, "scan scans exploit attack"),
    (Middle, Some(Kind::Tool), Any, Any, "fetch"),
    (Middle, Some(Kind::Tool), Whole, Any, "download retriev extract"),
    (Middle, Some(Kind::Monitor), Any, Any, "checker checking validat verif monitor uptime"),
    (Middle, Some(Kind::Monitor), Any, Whole, "check"),
    (
        Middle,
        Some(Kind::Monitor),
        Whole,
        Whole,
        "ping pinger probe watcher health healthcheck status tester speedtest",
    ),
    (Middle, Some(Kind::Preview), Any, Any, "preview screenshot thumbnail"),
    (Middle, Some(Kind::Preview), Whole, Whole, "thumb thumbs snapshot snippet unfurl embed capture"),
    (
        Middle,
        Some(Kind::Feed),
        Whole,
        Whole,
        "feed feeds rss atom podcast podcasts feedreader rssreader newsreader",
    ),
    (Weak, Some(Kind::Feed), Any, Any, "feed podcast"),
    (Middle, Some(Kind::Ai), Whole, Whole, "ai gpt llm copilot chatgpt openai claude gemini"),
    (Middle, Some(Kind::Webhook), Any, Whole, "webhook webhooks"),
    (Weak, Some(Kind::Webhook), Whole, Whole, "hook hooks callback"),
    (
        Weak,
        Some(Kind::Crawler),
        Whole,
        Whole,
        "search seeker finder find index indexer discovery discover lookup",
    ),
    (Weak, Some(Kind::Library), Any, Whole, "http https httpclient client"),
    (
        Middle,
        Some(Kind::Library),
        Whole,
        Whole,
        "python perl ruby php node nodejs golang java curl wget rust",
    ),
    (Weak, Some(Kind::Library), Whole, Any, "lib"),
    (Weak, Some(Kind::Library), Whole, Whole, "library sdk api rest soap xml json"),
    (Middle, Some(Kind::Tool), Any, Any, "analyz analys audit survey research measur collect"),
    (
        Middle,
        Some(Kind::Tool),
        Whole,
        Whole,
        "seo detector parser optimizer inspect inspector inspection classifier sitemap",
    ),
    (Middle, Some(Kind::Tool), Whole, Whole, "automation automated experiment"),
    (
        Weak,
        Some(Kind::Tool),
        Whole,
        Whole,
        "links validator translate proxy gateway cloud server agent engine service tracker",
    ),
    (
        Weak,
        Some(Kind::Tool),
        Whole,
        Whole,
        "script cron import importer sync loader tool tools worker job jobs task backend",
    ),
    (Weak, None, Any, Whole, ".com .net .org .io .ru .de .info .eu .fr .co .ai .cn .jp .uk .app .dev"),
];

/// Every word, in the order of [`patterns`].
pub(crate) static WORDS: LazyLock<Vec<Word>> = LazyLock::new(|| {
    GROUPS
        .iter()
        .flat_map(|&(strength, kind, left, right, texts)| {
            texts.split(' ').map(move |text| Word { mark: Mark { strength, kind }, text, left, right })
        })
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
