//! Asking a compiled condition. No allocation, no error, time linear in the request.

use palisade_detect::Conduct;
use palisade_detect::gather::Kind;
use palisade_domain::request::split_target;
use palisade_domain::{Assessment, Fact, RequestFacts, Score, Signature};

use super::names::{self, NumberFact, TextFact};
use super::test::{Number, Test, Text, TextTest};

/// Longer names are no host names (RFC 1035 section 2.3.4) and count as unseen, so that searching them is cheap.
const HOST_BYTES_MAX: usize = 255;

/// What conditions see of one request.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    facts: &'a RequestFacts<'a>,
    assessment: &'a Assessment,
    kind: Option<&'static str>,
    is_bot: bool,
    host: Option<&'a str>,
    path: Option<&'a str>,
    query: Option<&'a str>,
    site: f64,
}

impl<'a> View<'a> {
    /// A view of an assessed request; `challenge_at` is where `is_bot` begins. Without `conduct`, `kind` is not known.
    pub fn new(
        facts: &'a RequestFacts<'a>,
        assessment: &'a Assessment,
        conduct: Option<&Conduct>,
        challenge_at: Score,
    ) -> Self {
        let (path, query) = facts.target.known().map_or((None, None), |target| {
            let (path, query) = split_target(target);
            (Some(path), query)
        });
        let is_bot = assessment.score >= challenge_at || assessment.identity.class.is_program();
        let kind = conduct.map(|conduct| match conduct.kind {
            Kind::Navigation => "navigation",
            Kind::Fetch => "fetch",
            Kind::Asset => "asset",
            Kind::Machine => "machine",
        });
        let host = facts.host.known().map(without_port);
        // `a.example:80.` and the like are no host names.
        let host = host.filter(|host| host.len() <= HOST_BYTES_MAX && without_port(host) == *host);
        let site = f64::from(facts.site.0) + 1.0;
        View { facts, assessment, kind, is_bot, host, path, query, site }
    }

    /// The same, with the path in its plain spelling ([`super::path::plain`]), where it has another.
    pub(crate) fn plainly(self, path: Option<&'a str>) -> Self {
        View { path: path.or(self.path), ..self }
    }

    /// The same, with the number by which the operator calls the site.
    pub(crate) fn calling_site(self, number: Option<u32>) -> Self {
        View { site: number.map_or(self.site, f64::from), ..self }
    }

    /// The path, where known.
    pub(crate) fn path(&self) -> Option<&'a str> {
        self.path
    }

    /// The host without port, as sent.
    pub(crate) fn host(&self) -> Option<&'a str> {
        self.host
    }

    /// The method.
    pub(crate) fn method(&self) -> Option<&'a str> {
        self.facts.method.known()
    }

    /// The assessment.
    pub(crate) fn assessment(&self) -> &'a Assessment {
        self.assessment
    }

    fn fact(&self, fact: TextFact) -> Option<&'a str> {
        let facts = self.facts;
        match fact {
            TextFact::Method => facts.method.known(),
            TextFact::Host => self.host,
            TextFact::Path => self.path,
            TextFact::Query => self.query,
            TextFact::Url => facts.target.known(),
            TextFact::UserAgent => facts.user_agent.known(),
            TextFact::Referrer => facts.referrer.known(),
            TextFact::Scheme => facts.scheme.known().map(names::scheme),
            TextFact::Version => facts.version.known().map(names::version),
            TextFact::Ja4 => facts.ja4.known(),
            TextFact::HostName => facts.host_name.known().filter(|name| name.len() <= HOST_BYTES_MAX),
            TextFact::SignedBy => match facts.signature {
                Fact::Known(Signature::Verified(origin)) => Some(origin),
                _ => None,
            },
            TextFact::Kind => self.kind,
            TextFact::Class => Some(self.assessment.identity.class.name()),
            TextFact::Claimed => self.assessment.identity.claimed,
            TextFact::Status => Some(self.assessment.identity.status.name()),
        }
    }

    fn signal(&self, id: &str) -> bool {
        self.assessment.explanation.iter().any(|line| !line.dry_run && line.id.0 == id)
    }
}

/// `host` without its port and a trailing dot. An IPv6 literal keeps its brackets.
pub(super) fn without_port(host: &str) -> &str {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.contains(':') => name,
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && name.ends_with(']') => name,
        _ => host,
    };
    name.strip_suffix('.').unwrap_or(name)
}

impl Test {
    /// Whether it holds.
    pub(crate) fn holds(&self, view: &View<'_>) -> bool {
        match self {
            Test::Constant(value) => *value,
            Test::Not(test) => !test.holds(view),
            Test::All(tests) => tests.iter().all(|test| test.holds(view)),
            Test::Any(tests) => tests.iter().any(|test| test.holds(view)),
            Test::If(parts) => parts[if parts[0].holds(view) { 1 } else { 2 }].holds(view),
            Test::IsBot => view.is_bot,
            Test::Present(text) => text.of(view).is_some(),
            Test::HasAddress => view.facts.client.ip().is_some(),
            Test::Text(text, test) => {
                text.of(view).is_some_and(|value| test.holds(value, text.ignores_case()))
            }
            Test::Texts(left, right, equal) => match (left.of(view), right.of(view)) {
                (Some(a), Some(b)) if left.ignores_case() || right.ignores_case() => {
                    a.eq_ignore_ascii_case(b) == *equal
                }
                (Some(a), Some(b)) => (a == b) == *equal,
                _ => false,
            },
            Test::Numbers(left, order, right) => match (left.of(view), right.of(view)) {
                (Some(a), Some(b)) => order.of(a, b),
                _ => false,
            },
            Test::OneOf(number, among) => number.of(view).is_some_and(|n| among.contains(&n)),
            Test::Signal(id) => view.signal(id),
            Test::Network(networks, _) => view.facts.client.ip().is_some_and(|ip| networks.contains(ip)),
        }
    }
}

impl Text {
    fn of<'a>(&'a self, view: &View<'a>) -> Option<&'a str> {
        match self {
            Text::Fact(fact) => view.fact(*fact),
            Text::Header(name) => view.facts.header(name).known(),
            Text::Constant(text) => Some(text),
            Text::If(parts) => {
                let (condition, yes, no) = &**parts;
                if condition.holds(view) { yes.of(view) } else { no.of(view) }
            }
        }
    }

    /// Host names only: a branch keeps the letter case of what it takes.
    pub(super) fn ignores_case(&self) -> bool {
        matches!(self, Text::Fact(fact) if fact.ignores_case())
    }
}

impl TextTest {
    fn holds(&self, value: &str, ignores_case: bool) -> bool {
        if !ignores_case {
            return match self {
                // Sorted at load.
                TextTest::OneOf(words) => words.binary_search_by(|word| word.as_str().cmp(value)).is_ok(),
                test => super::test::passes(test, value),
            };
        }
        let bytes = value.as_bytes();
        match self {
            TextTest::Is(word) => value.eq_ignore_ascii_case(word),
            TextTest::IsNot(word) => !value.eq_ignore_ascii_case(word),
            TextTest::OneOf(words) => words.iter().any(|word| value.eq_ignore_ascii_case(word)),
            TextTest::StartsWith(start) => {
                bytes.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start.as_bytes()))
            }
            TextTest::EndsWith(end) => {
                let from = bytes.len().checked_sub(end.len());
                from.is_some_and(|from| bytes[from..].eq_ignore_ascii_case(end.as_bytes()))
            }
            TextTest::Contains(part) => {
                part.is_empty()
                    || bytes.windows(part.len()).any(|found| found.eq_ignore_ascii_case(part.as_bytes()))
            }
            // Compiled to ignore letter case.
            TextTest::Matches(pattern) => pattern.is_match(value),
        }
    }
}

impl Number {
    fn of(&self, view: &View<'_>) -> Option<f64> {
        match self {
            Number::Constant(value) => Some(*value),
            Number::Fact(NumberFact::Score) => Some(f64::from(view.assessment.score.value())),
            Number::Fact(NumberFact::PagesPerMinute) => Some(f64::from(view.assessment.pages_per_minute)),
            Number::Fact(NumberFact::Site) => Some(view.site),
            Number::Length(text) => text.of(view).map(|text| text.chars().count() as f64),
            Number::Headers => view.facts.headers.known().map(|list| list.entries.len() as f64),
            Number::Signals => {
                Some(view.assessment.explanation.iter().filter(|line| !line.dry_run).count() as f64)
            }
            Number::If(parts) => {
                let (condition, yes, no) = &**parts;
                if condition.holds(view) { yes.of(view) } else { no.of(view) }
            }
        }
    }
}
