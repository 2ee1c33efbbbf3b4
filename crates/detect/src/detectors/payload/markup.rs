//! Script in markup: tags, event handlers and script addresses that a page would run if it echoed the text.

use std::sync::LazyLock;

use super::phrases::{Phrases, Weighted};
use super::{Hit, Place};

/// Tags that run, load or restyle something by themselves.
const ACTIVE_TAGS: &[&[u8]] = &[
    b"script",
    b"iframe",
    b"frame",
    b"frameset",
    b"object",
    b"embed",
    b"applet",
    b"svg",
    b"math",
    b"base",
    b"meta",
    b"link",
    b"style",
    b"xml",
    b"layer",
    b"ilayer",
    b"bgsound",
    b"isindex",
    b"marquee",
    b"body",
    b"html",
    b"head",
    b"plaintext",
    b"noscript",
    b"noembed",
    b"xmp",
    b"set",
    b"animate",
    b"foreignobject",
    b"import",
    b"template",
    b"comment",
    b"portal",
    b"xss",
    b"listing",
    b"basefont",
    b"vmlframe",
    b"event-source",
    b"eval",
];

/// Tags of ordinary content, which can carry handlers.
const CONTENT_TAGS: &[&[u8]] = &[
    b"img",
    b"image",
    b"video",
    b"audio",
    b"source",
    b"track",
    b"input",
    b"button",
    b"form",
    b"select",
    b"option",
    b"keygen",
    b"textarea",
    b"details",
    b"table",
    b"td",
    b"div",
    b"span",
    b"a",
    b"br",
    b"p",
    b"b",
    b"i",
    b"u",
    b"h1",
    b"h2",
    b"h3",
    b"q",
    b"font",
    b"title",
    b"menu",
    b"area",
    b"map",
    b"label",
    b"dialog",
    b"summary",
    b"canvas",
    b"center",
    b"pre",
    b"code",
    b"li",
    b"ul",
    b"ol",
    b"em",
    b"strong",
    b"hr",
    b"th",
    b"tr",
    b"tbody",
    b"small",
    b"sub",
    b"sup",
    b"blockquote",
    b"figure",
];

/// What script does once it runs. Followed by anything but a letter.
const SINKS: &[Weighted] = &[
    ("alert(", 3.9),
    ("alert`", 3.9),
    ("alert&", 3.0),
    ("confirm(", 3.5),
    ("confirm`", 3.9),
    ("prompt(", 3.5),
    ("prompt`", 3.9),
    ("eval(", 3.0),
    ("string.fromcharcode", 4.5),
    ("string['fromcharcode']", 5.0),
    ("document.cookie", 4.2),
    ("document.write", 4.2),
    ("document.location", 4.2),
    ("document.domain", 3.9),
    ("document[", 3.9),
    ("document.body", 3.5),
    ("window.location", 4.2),
    ("window[", 3.9),
    ("window.open", 3.5),
    ("location.href", 3.0),
    ("location=", 2.5),
    (".innerhtml", 4.2),
    ("settimeout(", 3.0),
    ("[constructor]", 4.5),
    ("constructor.constructor", 5.0),
    ("constructor('", 5.0),
    ("import(", 2.5),
    ("fetch(", 2.5),
    ("getelementsbytagname", 4.2),
    ("expression(", 4.5),
    ("-moz-binding", 5.5),
    ("@import '", 4.5),
    ("@import\"", 4.5),
    ("@import \"", 4.5),
    ("@import'", 4.5),
    ("@import url", 4.5),
    ("behavior:", 4.0),
    ("behaviour:", 3.0),
    ("url(javascript", 6.5),
    ("+adw-script", 6.5),
    ("+adw-", 4.5),
    ("asfunction:", 5.5),
    ("geturl(", 4.0),
    ("geturl,", 4.0),
    ("allowscriptaccess", 4.0),
    ("xlink:href", 3.5),
    ("srcdoc", 4.0),
    ("data:text/html", 5.5),
    ("data:text/javascript", 5.5),
    ("&{", 2.5),
    ("window.name", 3.5),
    ("createelement(", 4.0),
    ("appendchild(", 4.0),
    ("xmlhttprequest", 3.5),
    ("alert%", 2.5),
    ("msgbox(", 4.5),
    ("throw onerror", 5.0),
    ("onerror=alert", 6.5),
    ("onload=alert", 6.5),
    ("view-source:", 3.0),
    ("data:image/svg+xml", 4.0),
    ("(alert)", 3.9),
    ("[alert]", 4.2),
];

static SINK_PHRASES: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(SINKS));

/// Beginnings of the names of event handlers, after `on`.
const EVENTS: &[&[u8]] = &[
    b"click",
    b"error",
    b"load",
    b"mouse",
    b"focus",
    b"blur",
    b"key",
    b"change",
    b"submit",
    b"reset",
    b"select",
    b"toggle",
    b"drag",
    b"drop",
    b"pointer",
    b"touch",
    b"wheel",
    b"scroll",
    b"animation",
    b"transition",
    b"begin",
    b"end",
    b"abort",
    b"dblclick",
    b"copy",
    b"cut",
    b"paste",
    b"before",
    b"after",
    b"hashchange",
    b"message",
    b"page",
    b"play",
    b"resize",
    b"storage",
    b"unload",
    b"show",
    b"start",
    b"finish",
    b"bounce",
    b"readystate",
    b"propertychange",
    b"activate",
    b"can",
    b"input",
    b"invalid",
    b"search",
    b"contextmenu",
    b"durationchange",
    b"ended",
    b"loaded",
    b"progress",
    b"ratechange",
    b"seek",
    b"stalled",
    b"suspend",
    b"time",
    b"volume",
    b"waiting",
    b"popstate",
    b"online",
    b"offline",
    b"media",
    b"repeat",
    b"row",
    b"cell",
    b"data",
    b"filter",
    b"help",
    b"layout",
    b"lose",
    b"move",
    b"stop",
    b"sync",
    b"track",
    b"url",
    b"undo",
    b"redo",
    b"seg",
    b"out",
    b"deactivate",
    b"control",
    b"cue",
    b"audio",
    b"auxclick",
    b"formdata",
    b"slotchange",
    b"fullscreen",
    b"beforeinput",
    b"page",
    b"rejection",
    b"unhandled",
];

/// Looks for script; `text` is decoded and in small letters.
pub(super) fn look(text: &[u8], place: Place) -> Option<Hit> {
    let sink = SINK_PHRASES.best(text).map_or(0.0, |found| found.evidence);
    let address = script_address(text);
    let (handler, quoted) = handler(text);
    let (tag, what) = strongest_tag(text);
    let mut lone = true;
    let breaks = breaks_out(text);
    let mut evidence = tag.max(sink).max(address);
    if handler > 0.0 {
        lone = !(tag > 0.0 || quoted || sink > 0.0);
        evidence = evidence.max(if lone { handler } else { 7.5 });
    }
    if tag >= 2.0 && sink > 0.0 || tag > 0.0 && address > 0.0 || address > 0.0 && sink > 0.0 {
        evidence = evidence.max(7.0);
        lone = false;
    }
    if breaks && sink >= 2.5 {
        evidence = evidence.max(6.5);
        lone = false;
    }
    // A tag needs a place it breaks out of or, but for an editor's embeds, something to load.
    if tag >= 4.2 && (breaks_into_tag(text) || !place.is_body() && loads(text)) {
        lone = false;
    }
    if place.is_body() && rich_text(text) {
        // An editor sends pages of tags; a handler or script in them is its author's business more often than not.
        evidence *= 0.25;
    }
    (evidence > 0.0).then_some(Hit { evidence, what, lone })
}

/// True where a quote, a bracket, another tag's name or a closed element stands directly before a tag: `"><`, `</title><`.
fn breaks_into_tag(text: &[u8]) -> bool {
    memchr::memchr_iter(b'<', text).any(|at| {
        let before = &text[..at];
        let element = before.ends_with(b">")
            && [b"</title".as_slice(), b"</script", b"</style", b"</textarea", b"\"", b"'", b"-->"]
                .iter()
                .any(|end| before[..at.saturating_sub(1)].ends_with(end) || before.ends_with(b"-->"));
        let quote = before.ends_with(b"\"") || before.ends_with(b"'");
        let nested = before.ends_with(b"<") || before.ends_with(b"<scr");
        (element || quote || nested) && text.get(at + 1).is_some_and(u8::is_ascii_alphabetic)
    })
}

/// True for an attribute that makes a tag load something: `src=`, `href=`, `data=`.
fn loads(text: &[u8]) -> bool {
    memchr::memchr(b'<', text).is_some_and(|at| {
        [b"src=".as_slice(), b"href=", b"data=", b"src =", b"action=", b"background=", b"http-equiv", b"url("]
            .iter()
            .any(|sign| memchr::memmem::find(&text[at..], sign).is_some())
    })
}

/// The tag in `text` that would do most.
fn strongest_tag(text: &[u8]) -> (f32, &'static str) {
    let mut strongest = 0.0f32;
    for at in memchr::memchr_iter(b'<', text) {
        let rest = &text[at + 1..];
        let closing = rest.first() == Some(&b'/');
        let rest = &rest
            [rest.iter().take(8).take_while(|b| matches!(b, b'/' | b' ' | b'<' | b'%' | b'\n')).count()..];
        let len = rest.iter().take(20).take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
        let (name, after) = rest.split_at(len);
        let bounded = after.first().is_none_or(|b| !b.is_ascii_alphanumeric());
        let evidence = match name {
            b"" => 0.0,
            b"script" if !closing => 7.0,
            b"script" | b"style" | b"title" | b"textarea" | b"noscript" | b"iframe" | b"xmp" if closing => {
                4.5
            }
            b"a" | b"b" | b"p" | b"i" | b"br" | b"em" | b"strong" | b"u"
                if !bounded || after.first() != Some(&b' ') =>
            {
                1.0
            }
            name if ACTIVE_TAGS.contains(&name) && bounded => 4.5,
            name if CONTENT_TAGS.contains(&name) && bounded => 2.0,
            name if name.starts_with(b"script") => 5.5,
            _ => 0.5,
        };
        // A comparison `a < b` has white space and no tag after it.
        let spaced = text.get(at + 1) == Some(&b' ') && !ACTIVE_TAGS.contains(&name);
        strongest = strongest.max(if spaced { 0.0 } else { evidence });
    }
    let declared = [b"<!--".as_slice(), b"<![cdata[", b"<?xml:namespace"]
        .iter()
        .any(|sign| memchr::memmem::find(text, sign).is_some());
    (strongest.max(if declared { 1.0 } else { 0.0 }), "markup or script that a page would run")
}

/// `javascript:` and kin, with the white space and zero bytes that browsers skip.
fn script_address(text: &[u8]) -> f32 {
    const SCHEMES: [&[u8]; 5] = [b"javascript:", b"vbscript:", b"livescript:", b"mocha:", b"jscript:"];
    let starts =
        text.iter().enumerate().filter(|(_, b)| matches!(b, b'j' | b'v' | b'l' | b'm')).map(|(at, _)| at);
    for at in starts {
        let scheme =
            SCHEMES.iter().find_map(|scheme| after_squeezed(&text[at..], scheme).map(|used| at + used));
        let Some(end) = scheme else { continue };
        let runs = text[end..].iter().take(200).any(|b| matches!(b, b'(' | b'=' | b'`' | b'/'));
        let prose = text.get(end) == Some(&b' ') && !runs;
        let first = at == 0 || !text[at - 1].is_ascii_alphanumeric();
        match (first, runs, prose) {
            (true, true, _) => return 6.5,
            (true, false, false) => return 4.2,
            _ => {}
        }
    }
    0.0
}

/// Length of `word` at the start of `text` when control characters, white space and comments are skipped.
fn after_squeezed(text: &[u8], word: &[u8]) -> Option<usize> {
    let (mut at, mut matched) = (0, 0);
    while matched < word.len() {
        let byte = *text.get(at)?;
        if byte == word[matched] {
            matched += 1;
        } else if matched == 0 || byte > b' ' && byte != b'\\' || at > 4 * word.len() {
            return None;
        }
        at += 1;
    }
    Some(at)
}

/// An attribute `on…=`: its evidence, and whether a quote opens it.
fn handler(text: &[u8]) -> (f32, bool) {
    let mut best = (0.0f32, false);
    for at in memchr::memmem::find_iter(text, b"on") {
        let Some(&before) = at.checked_sub(1).and_then(|at| text.get(at)) else { continue };
        if before.is_ascii_alphanumeric() || matches!(before, b'_' | b'-' | b'.' | b'&' | b'?') {
            continue;
        }
        let rest = &text[at + 2..];
        let len = rest.iter().take(24).take_while(|b| b.is_ascii_alphanumeric()).count();
        let gap = rest[len..].iter().take(8).take_while(|b| matches!(b, b' ' | b'\n')).count();
        // `'onclick=' attribute` is named, not set.
        let value = rest.get(len + gap + 1..).unwrap_or(b"").trim_ascii();
        let value = value.strip_prefix(b"\"").or(value.strip_prefix(b"'")).unwrap_or(value);
        let set = value.first().is_some_and(|b| !b.is_ascii_whitespace());
        let assigned = rest.get(len + gap) == Some(&b'=') && set;
        if !assigned || !EVENTS.iter().any(|event| rest[..len].starts_with(event)) {
            continue;
        }
        let quoted = text[..at].iter().rev().take(24).any(|b| matches!(b, b'"' | b'\'' | b'`' | b'<'));
        best = (3.9, best.1 || quoted);
    }
    best
}

/// True where a quote or bracket is closed and an expression goes on: `';`, `"-`, `')`, `*/`.
fn breaks_out(text: &[u8]) -> bool {
    // A quote that was opened in the text closes nothing of the page's: only the first of its kind does.
    let closes = |quote: u8| {
        let next = memchr::memchr(quote, text).and_then(|at| text.get(at + 1));
        next.is_some_and(|next| b";-+*/%^|&)}>,".contains(next))
    };
    [b'\'', b'"', b'`'].into_iter().any(closes)
        || matches!(text, [b';' | b')' | b'}' | b'*' | b'-', ..])
        || text.ends_with(b"//")
        || text.ends_with(b"-'")
        || text.ends_with(b"-\"")
}

/// True for the tags an editor writes: several closed paragraphs, lists or emphases.
fn rich_text(text: &[u8]) -> bool {
    let closings = memchr::memmem::find_iter(text, b"</").filter(|&at| {
        let rest = &text[at + 2..];
        [
            b"p>".as_slice(),
            b"b>",
            b"li>",
            b"em>",
            b"strong>",
            b"a>",
            b"h1>",
            b"h2>",
            b"h3>",
            b"ul>",
            b"td>",
            b"div>",
            b"span>",
        ]
        .iter()
        .any(|tag| rest.starts_with(tag))
    });
    closings.take(3).count() == 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(text: &str, place: Place) -> f32 {
        look(text.to_lowercase().as_bytes(), place).map_or(0.0, |hit| hit.tempered(place))
    }

    #[test]
    fn script_decides() {
        for text in [
            "<script>alert(1)</script>",
            "\"><img src=x onerror=alert(1)>",
            "javascript:alert(1)",
            "jav\n ascript:alert(1)",
            "<svg/onload=alert(1)>",
            "\" onmouseover=\"alert(1)",
            "';alert(String.fromCharCode(88))//",
            "</title><script>",
            "<iframe src=//x.example>",
            "'-alert(1)-'",
            "<body background=javascript:x>",
            "<scr<script>ipt>",
            "<div style=\"width: expression(alert('x'))\">",
            "<a href=javascript&colon;x onclick=y>",
        ] {
            assert!(evidence(text, Place::Query) >= 4.0, "{text}: {}", evidence(text, Place::Query));
        }
    }

    #[test]
    fn ordinary_text_is_left_alone() {
        for text in [
            "a < b and c > d",
            "I <3 you",
            "x<y",
            "javascript: the good parts",
            "on sale = yes",
            "document management",
            "only=1",
            "version=2",
            "<b>bold</b>",
            "alert level high",
            "prompt delivery",
            "if (a<b) return",
        ] {
            assert!(evidence(text, Place::Query) <= 1.0, "{text}: {}", evidence(text, Place::Query));
        }
        let page = "<p>Hello <b>you</b></p><ul><li>one</li><li>two</li></ul><iframe src=\"https://video.example\"></iframe>";
        assert!(evidence(page, Place::Body) < 2.0);
    }
}
