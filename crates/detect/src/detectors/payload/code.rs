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
    ("[$ne]", 5.5),
    ("[$gt]", 5.0),
    ("[$regex]", 5.5),
    ("[$nin]", 5.0),
    ("[$exists]", 5.0),
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

/// Looks for code; `text` is decoded and in small letters.
pub(super) fn look(text: &[u8], place: Place) -> Option<Hit> {
    let piece = PHRASES.best(text).map_or(0.0, |found| found.evidence);
    let expression = expression(text);
    let object = serialised(text);
    let format = format_string(text);
    let split = splits_head(text);
    let evidence = if place == Place::Referrer {
        // Search engines hand their visitors' questions on; only a look-up in a log is meant for the reader.
        if memchr::memmem::find(text, b"${jndi").is_some() || memchr::memmem::find(text, b"${${").is_some() {
            8.0
        } else {
            0.0
        }
    } else {
        piece.max(expression).max(object).max(format).max(split)
    };
    (evidence > 0.0).then_some(Hit { evidence, what: "code for an interpreter on the server" })
}

/// `${7*7}`, `{{7*7}}`, `%{(#a=…)}`: brackets of a template language around something to compute.
fn expression(text: &[u8]) -> f32 {
    const OPENINGS: [&[u8]; 8] = [b"${", b"#{", b"%{", b"*{", b"@{", b"{{", b"<%", b"{%"];
    let mut best = 0.0f32;
    for at in memchr::memchr2_iter(b'{', b'%', text) {
        let start = at.saturating_sub(1);
        let Some(opening) = OPENINGS.iter().find(|opening| text[start..].starts_with(opening)) else {
            continue;
        };
        let inner = &text[start + opening.len()..];
        let len = inner.iter().take(160).position(|b| *b == b'}').unwrap_or(inner.len().min(160));
        let inner = &inner[..len];
        let computes = inner.windows(3).any(|w| matches!(w, [b'0'..=b'9', b'*' | b'+', b'0'..=b'9' | b'\'']))
            || inner.windows(5).any(|w| {
                w[0].is_ascii_digit() && w[1] == b' ' && matches!(w[2], b'*' | b'+') && w[3] == b' '
            });
        let calls = inner.iter().enumerate().any(|(at, b)| {
            *b == b'('
                && at > 0
                && (inner[at - 1].is_ascii_alphanumeric()
                    || matches!(inner[at - 1], b'_' | b'\'' | b'"' | b')'))
        });
        let reaches = inner
            .windows(2)
            .any(|w| matches!(w, [b'#' | b'@', b'a'..=b'z' | b'_']) || w == b"[(" || w == b"?n");
        let evidence: f32 = match (computes, calls, reaches) {
            (true, ..) => 6.5,
            (_, true, true) => 7.0,
            (_, true, _) => 5.0,
            (_, _, true) => 4.2,
            _ => 0.0,
        };
        best = best.max(evidence);
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

/// `%s%s%s`, `%x.%x.%n`: several conversions of C's `printf` in a row.
fn format_string(text: &[u8]) -> f32 {
    let count =
        text.windows(2).filter(|w| w[0] == b'%' && matches!(w[1], b's' | b'x' | b'n' | b'p' | b'd')).count();
    if count >= 3 { 4.5 } else { 0.0 }
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
        look(text.as_bytes(), Place::Query).map_or(0.0, |hit| hit.evidence)
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
            "__import__('os')",
            "x\nset-cookie: a=b",
            "user[$ne]",
            "*)(uid=*))",
            "%s%s%s%n",
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
            "{lpurl}",
        ] {
            assert!(evidence(text) < 2.0, "{text}: {}", evidence(text));
        }
    }
}
