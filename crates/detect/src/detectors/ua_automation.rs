//! A browser driven by a program that says so.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use palisade_domain::{Detail, Resolution, Signal, SignalId, Value};
use palisade_fingerprint::user_agent::bounded;

use crate::{Card, Detector, Group, Need, Scene, Scope, State};

const ID: SignalId = SignalId("ua.automation");

const EVIDENCE: f32 = 5.0;

/// Words that drivers and windowless browsers put into the user agent or the brand list.
const WORDS: [&str; 24] = [
    "HeadlessChrome",
    "HeadlessEdg",
    "HeadlessFirefox",
    "HeadlessWebKit",
    "HeadlessShell",
    "Headless Chrome",
    "headless_shell",
    "PhantomJS",
    "SlimerJS",
    "CasperJS",
    "Puppeteer",
    "Playwright",
    "Selenium",
    "WebDriver",
    "ChromeDriver",
    "GeckoDriver",
    "wkhtmltopdf",
    "wkhtmltoimage",
    "HtmlUnit",
    "ZombieJS",
    "Zombie.js",
    "Cypress/",
    "TestCafe",
    "jsdom/",
];

/// A browser driven by a program that says so.
pub struct UaAutomation;

static AUTOMATON: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::DFA))
        .ascii_case_insensitive(true)
        .build(WORDS)
        .expect("two dozen short words fit an automaton")
});

/// The word in `text` by which a driven browser gives itself away.
pub(crate) fn word_in(text: &str) -> Option<&'static str> {
    let found = AUTOMATON.find(bounded(text))?;
    WORDS.get(found.pattern().as_usize()).copied()
}

static CARD: Card = Card {
    name: "ua_automation",
    signals: &[ID],
    summary: "A browser without a window, or driven by a program, that says so.",
    sees: "HeadlessChrome, PhantomJS, Puppeteer, Playwright, Selenium, WebDriver and the like in the user agent or in \
           the brand list of Sec-CH-UA.",
    cannot_see: "Driven browsers with a window, and windowless ones whose user agent was changed: they are real \
                 browsers on the wire.",
    errs: "A person does not send these words; a tester's own machine does.",
    source: "Recorded Chromium 156 headless, Puppeteer 24 and Playwright 1.65; documentation of the others.",
    group: Group::Claim,
    scope: Scope::Request,
    needs: &[Need::UserAgent],
    resolution: Resolution::Second,
    evidence_max: EVIDENCE,
    state: State::Counts,
};

impl Detector for UaAutomation {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let word = scene.gathered.driven.or_else(|| word_in(scene.header("sec-ch-ua").known()?))?;
        Some(CARD.signal(ID, EVIDENCE, Detail::one("{a} says it is driven by a program", Value::Word(word))))
    }
}
