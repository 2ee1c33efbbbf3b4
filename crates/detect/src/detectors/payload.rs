//! Payload screening: attacks written into path, query, headers or the start of the body.
//!
//! One automaton pass ends the search for nearly every request (`gate`). What remains is decoded as an application
//! would decode it (`text`) and read by a small grammar per kind of attack. Everything is linear in the input and
//! lives on the stack. Not here: paths that are suspicious for what they name (`scanner_path`).

mod body;
mod code;
mod command;
mod gate;
mod inclusion;
mod markup;
mod phrases;
mod prose;
mod screen;
mod sql;
mod text;
mod traversal;

use palisade_domain::{Detail, Fact, HeaderList, LogOdds, RequestFacts, Resolution, Signal, SignalId, Value};

pub(super) use body::{pairs, parts};
use gate::Kinds;
pub use screen::{Attack, Screen, name_like};
use text::{Marks, Spelling, Text};

use crate::{Card, Detector, Group, Scene, Scope, State};

const SQL: SignalId = SignalId("payload.sql");
const XSS: SignalId = SignalId("payload.xss");
const TRAVERSAL: SignalId = SignalId("payload.traversal");
const COMMAND: SignalId = SignalId("payload.command");
const CODE: SignalId = SignalId("payload.code");
const INCLUSION: SignalId = SignalId("payload.inclusion");
const OBFUSCATION: SignalId = SignalId("payload.obfuscation");

/// Attacks in the text of a request.
pub struct Payload;

static CARD: Card = Card {
    name: "payload",
    signals: &[SQL, XSS, TRAVERSAL, COMMAND, CODE, INCLUSION, OBFUSCATION],
    summary: "Finds injections, scripts, path traversal, commands and code written into a request.",
    sees: "Path, query, User-Agent, Referer, other headers where listed, and the first 16 KiB of form, multipart, JSON \
           and text bodies, with up to three layers of escaping taken off.",
    cannot_see: "Bodies of other kinds or beyond the prefix, what files contain, and attacks that look like ordinary \
                 words in the place they land in (a numeric field that holds another number).",
    errs: "People who write about attacks: a search for an exploit, a code snippet in a short field. Prose and editors' \
           HTML in bodies are judged mildly, which also spares an attack padded with prose. Probe words such as a lone \
           apostrophe are no evidence.",
    source: "OWASP Testing Guide chapters on injection; RFC 3986, RFC 3629; tuned on PayloadsAllTheThings (MIT), FuzzDB \
             (BSD), HttpParams and CSIC 2010, see `xtask measure payloads`.",
    group: Group::Attack,
    scope: Scope::Request,
    needs: &[],
    resolution: Resolution::Second,
    evidence_max: 9.0,
    state: State::Counts,
};

/// Less than this is no finding.
const EVIDENCE_MIN: LogOdds = 0.8;

/// Weakest finding that escaping layer upon layer makes telling: nobody hides a link.
const CONCEALED_MIN: LogOdds = 0.7;

/// Most that one word or one construct is worth, in a URL and in a body: people look such things up and ask about
/// them. What decides has two independent pieces.
const LONE_MAX: LogOdds = 2.9;
const LONE_IN_BODY_MAX: LogOdds = 1.9;

/// Where a text stands in the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Path,
    Query,
    Header,
    Referrer,
    Body,
}

impl Place {
    fn is_body(self) -> bool {
        self == Place::Body
    }

    fn is_url(self) -> bool {
        matches!(self, Place::Path | Place::Query)
    }

    fn name(self) -> &'static str {
        match self {
            Place::Path => "the path",
            Place::Query => "the query",
            Place::Header => "a header",
            Place::Referrer => "the referrer",
            Place::Body => "the body",
        }
    }
}

/// One decoded text with what a grammar may want to know about it.
struct Sample<'a> {
    place: Place,
    /// The parameter's name as sent; empty where there is none.
    name: &'a [u8],
    /// Decoded, in small letters.
    text: &'a [u8],
    /// An address on the site itself.
    is_own: bool,
}

/// A grammar and where it is asked.
struct Reader {
    kind: Kinds,
    id: SignalId,
    reads: &'static [Place],
    look: fn(&Sample<'_>) -> Option<Hit>,
}

const TEXTS: &[Place] = &[Place::Path, Place::Query, Place::Body];
const TEXTS_AND_HEADERS: &[Place] = &[Place::Path, Place::Query, Place::Body, Place::Header];
const EVERYWHERE: &[Place] = &[Place::Path, Place::Query, Place::Body, Place::Header, Place::Referrer];

/// The grammars. Headers are full of separators, slashes and addresses: only what cannot be theirs is read there.
const READERS: [Reader; 7] = [
    Reader { kind: Kinds::SQL, id: SQL, reads: TEXTS_AND_HEADERS, look: |sample| sql::look(sample.text) },
    Reader {
        kind: Kinds::MARKUP,
        id: XSS,
        reads: TEXTS_AND_HEADERS,
        look: |sample| markup::look(sample.text, sample.place),
    },
    Reader {
        kind: Kinds::TRAVERSAL,
        id: TRAVERSAL,
        reads: TEXTS,
        look: |sample| traversal::look(sample.name, sample.text, sample.place),
    },
    Reader {
        kind: Kinds::COMMAND,
        id: COMMAND,
        reads: TEXTS,
        look: |sample| command::look(sample.name, sample.text, sample.place),
    },
    Reader {
        kind: Kinds::SHELL,
        id: COMMAND,
        reads: TEXTS_AND_HEADERS,
        look: |sample| command::look(sample.name, sample.text, sample.place),
    },
    Reader {
        kind: Kinds::CODE,
        id: CODE,
        reads: EVERYWHERE,
        look: |sample| code::look(sample.text, sample.place),
    },
    Reader {
        kind: Kinds::INCLUSION,
        id: INCLUSION,
        reads: TEXTS,
        look: |sample| inclusion::look(sample.name, sample.text, sample.is_own),
    },
];

/// What one grammar found.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Hit {
    evidence: LogOdds,
    what: &'static str,
    /// One word or construct without a second, independent piece.
    lone: bool,
}

impl Hit {
    /// What is left of it where a needle alone was found.
    fn tempered(self, place: Place) -> LogOdds {
        match (self.lone, place) {
            (false, _) => self.evidence,
            (true, Place::Body) => self.evidence.min(LONE_IN_BODY_MAX),
            (true, _) => self.evidence.min(LONE_MAX),
        }
    }
}

/// The strongest finding so far.
#[derive(Clone, Copy, Debug)]
struct Finding {
    id: SignalId,
    hit: Hit,
    place: Place,
}

impl Detector for Payload {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let mut search = Search { own_host: scene.facts.host.known(), reported: false, strongest: None };
        search.value(Place::Path, b"", scene.gathered.path.as_bytes(), Spelling::Plain);
        search.query(scene.gathered.query.as_bytes());
        search.headers(scene);
        search.body(scene.facts);
        let found = search.strongest.filter(|found| found.hit.evidence >= EVIDENCE_MIN)?;
        let detail = Detail::two("{a} in {b}", Value::Word(found.hit.what), Value::Word(found.place.name()));
        Some(CARD.signal(found.id, found.hit.evidence, detail))
    }
}

/// The search through one request.
struct Search<'a> {
    own_host: Option<&'a str>,
    /// The body is a browser's report, which quotes what it complains of.
    reported: bool,
    strongest: Option<Finding>,
}

impl Search<'_> {
    /// Each value by itself; the names too, where they are no names.
    fn query(&mut self, query: &[u8]) {
        if !gate::is_suspect(query) {
            return;
        }
        for (name, value) in pairs(query).take(body::VALUES_MAX) {
            self.value(Place::Query, name, value, Spelling::Form);
            if name.len() < value.len() || name != value {
                self.value(Place::Query, b"", name, Spelling::Form);
            }
        }
        // An ampersand of the payload's own tears it apart: `?q=1&&id`, `?x=a' & 'b`.
        if memchr::memmem::find(query, b"&&").is_some() || query.contains(&b'\'') || query.contains(&b'<') {
            self.value(Place::Query, b"", query, Spelling::Form);
        }
    }

    fn headers(&mut self, scene: &Scene<'_>) {
        if let Fact::Known(agent) = scene.facts.user_agent {
            self.value(Place::Header, b"", agent.as_bytes(), Spelling::Plain);
        }
        if let Fact::Known(referrer) = scene.facts.referrer {
            self.value(Place::Referrer, b"", referrer.as_bytes(), Spelling::Plain);
        }
        let Fact::Known(list) = scene.facts.headers else { return };
        for &(name, value) in list.entries {
            if !is_dull(name) {
                self.value(Place::Header, b"", value.as_bytes(), Spelling::Plain);
            }
        }
    }

    fn body(&mut self, facts: &RequestFacts<'_>) {
        if let Fact::Known(body) = facts.body
            && gate::is_suspect(body.bytes)
        {
            self.reported = is_report(facts.headers, body.bytes);
            body::values(&body, |name, value, spelling| self.value(Place::Body, name, value, spelling));
        }
    }

    /// One value as sent, in windows.
    fn value(&mut self, place: Place, name: &[u8], raw: &[u8], spelling: Spelling) {
        for window in text::windows(raw) {
            self.window(place, name, window, spelling);
        }
    }

    fn window(&mut self, place: Place, name: &[u8], window: &[u8], spelling: Spelling) {
        if !is_suspect(place, name, window) {
            return;
        }
        let suspected = gate::suspect(window).with(named(name));
        if is_read_by_nobody(place, suspected) {
            return;
        }
        let text = Text::decode(window, spelling);
        let suspected =
            if suspected.has(Kinds::ESCAPED) { gate::suspect(text.as_bytes()) } else { suspected };
        self.text(place, name, &text, suspected, spelling);
    }

    fn text(&mut self, place: Place, name: &[u8], text: &Text, suspected: Kinds, spelling: Spelling) {
        let sample = Sample { place, name, text: text.as_bytes(), is_own: self.is_own(text.as_bytes()) };
        let quotes = self.reported || spelling == Spelling::Json && prose::is_prose_field(name);
        let temper = prose::temper(sample.text, place, quotes);
        let hidden = hidden(place, text.marks, spelling);
        let concealed = hidden > 1.0 || text.marks.layered && place.is_url() && !is_nested(sample.text);
        for Reader { kind, id, reads, look } in &READERS {
            if !suspected.has(*kind) || !reads.contains(&place) {
                continue;
            }
            let Some(hit) = look(&sample) else { continue };
            let evidence = temper.apply(hit.tempered(place));
            let evidence =
                if concealed && evidence >= CONCEALED_MIN { (evidence + 2.5).max(4.2) } else { evidence };
            let hit = Hit { evidence: evidence.min(CARD.evidence_max), ..hit };
            self.note(Finding { id: *id, hit, place });
        }
        if hidden > 0.0 {
            let what = "characters hidden under layers of escaping";
            let hit = Hit { evidence: hidden, what, lone: false };
            self.note(Finding { id: OBFUSCATION, hit, place });
        }
    }

    /// True for an address on the site itself.
    fn is_own(&self, text: &[u8]) -> bool {
        let after = memchr::memmem::find(text, b"//").map(|at| &text[at + 2..]);
        match (self.own_host, after) {
            (Some(host), Some(rest)) => {
                rest.get(..host.len()).is_some_and(|h| h.eq_ignore_ascii_case(host.as_bytes()))
            }
            _ => false,
        }
    }

    fn note(&mut self, finding: Finding) {
        // A finding in a header stands for a log or a script that reads it: what is weak there is noise.
        let header = matches!(finding.place, Place::Header | Place::Referrer);
        if header && finding.hit.evidence < 6.0 {
            return;
        }
        if self.strongest.is_none_or(|known| finding.hit.evidence > known.hit.evidence) {
            self.strongest = Some(finding);
        }
    }
}

/// True for an address with a query of its own, whose values are escaped twice by rights: `?next=/search?q=%2527`.
fn is_nested(text: &[u8]) -> bool {
    memchr::memchr(b'?', text).is_some_and(|at| text[at..].contains(&b'='))
}

/// True for what a browser reports of itself (Content Security Policy 3 section 5, Reporting API section 4).
fn is_report(headers: Fact<HeaderList<'_>>, body: &[u8]) -> bool {
    let Fact::Known(list) = headers else { return body.starts_with(b"{\"csp-report\"") };
    list.entries.iter().any(|&(name, value)| {
        name.eq_ignore_ascii_case("content-type")
            && [b"application/csp-report".as_slice(), b"application/reports+json"]
                .iter()
                .any(|kind| value.as_bytes().get(..kind.len()).is_some_and(|v| v.eq_ignore_ascii_case(kind)))
    })
}

/// The cheap question before any other.
fn is_suspect(place: Place, name: &[u8], text: &[u8]) -> bool {
    match place {
        Place::Path | Place::Query | Place::Body => gate::is_suspect(text) || !named(name).is_empty(),
        Place::Header => gate::is_suspect_header(text),
        // Only a look-up in a log is meant for whoever reads referrers.
        Place::Referrer => memchr::memchr2(b'$', b'%', text).is_some_and(|_| names_dollar(text)),
    }
}

/// True for a header's text, escaped in no way, in which nothing is suspected that is looked for in headers. Decoding
/// cookies (`a=b`) and weights (`u=0`) only to ask no grammar cost 2,000 instructions a request.
fn is_read_by_nobody(place: Place, suspected: Kinds) -> bool {
    let is_read = |reader: &Reader| suspected.has(reader.kind) && reader.reads.contains(&place);
    matches!(place, Place::Header | Place::Referrer)
        && !suspected.has(Kinds::ESCAPED)
        && !READERS.iter().any(is_read)
}

/// `$`, also as `%24`.
fn names_dollar(text: &[u8]) -> bool {
    text.contains(&b'$')
        || memchr::memmem::find(text, b"%24").is_some()
        || memchr::memmem::find(text, b"%25").is_some()
}

/// How suspicious the escaping is by itself.
fn hidden(place: Place, marks: Marks, spelling: Spelling) -> LogOdds {
    if !(place.is_url() || place.is_body()) || spelling == Spelling::Json {
        return 0.0;
    }
    let in_path = place == Place::Path;
    match marks {
        Marks { overlong: true, .. } => 5.5,
        Marks { null: true, .. } if place.is_body() => 2.0,
        Marks { null: true, .. } => 4.5,
        Marks { unicode: true, .. } if in_path => 2.0,
        Marks { unicode: true, .. } => 1.0,
        Marks { layered: true, .. } if in_path => 2.0,
        _ => 0.0,
    }
}

/// What a parameter's name makes us suspect of any value.
fn named(name: &[u8]) -> Kinds {
    if command::PARAMETERS.contains(&name) { Kinds::COMMAND } else { Kinds::default() }
}

/// Headers looked at elsewhere, and those whose grammar is full of signs and which no application prints or logs.
fn is_dull(name: &str) -> bool {
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    let begins = |beginning: &str| {
        name.as_bytes()
            .get(..beginning.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(beginning.as_bytes()))
    };
    // By the first letter first: this runs over every header of every request.
    match name.as_bytes().first().map(u8::to_ascii_lowercase) {
        Some(b'a') => begins("accept") || is("authorization"),
        Some(b'c') => is("content-type"),
        Some(b'i') => begins("if-"),
        Some(b'r') => is("referer"),
        Some(b's') => begins("sec-"),
        Some(b'u') => is("user-agent"),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
