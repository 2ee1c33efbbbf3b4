//! The one pass that nearly all texts end with: which kinds of attack could this be at all?

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// Kinds of attack worth a closer look, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kinds(u8);

impl Kinds {
    pub(super) const SQL: Kinds = Kinds(1);
    pub(super) const MARKUP: Kinds = Kinds(2);
    pub(super) const TRAVERSAL: Kinds = Kinds(4);
    pub(super) const COMMAND: Kinds = Kinds(8);
    pub(super) const CODE: Kinds = Kinds(16);
    pub(super) const INCLUSION: Kinds = Kinds(32);
    /// A function definition for a vulnerable shell.
    pub(super) const SHELL: Kinds = Kinds(128);
    /// Something is escaped: decode first, then ask again.
    pub(super) const ESCAPED: Kinds = Kinds(64);

    /// Both sets.
    pub(super) fn with(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    /// True where nothing is suspected.
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// True where the two sets share a kind.
    pub(super) fn has(self, kind: Kinds) -> bool {
        self.0 & kind.0 != 0
    }
}

/// Bytes and words without which an attack of that kind cannot be written, per kind, in small letters.
const SIGNS: [(Kinds, &[&str]); 8] = [
    (Kinds::SHELL, &["() {", "(){", "{ :", "{:;", "#exec"]),
    (
        Kinds::ESCAPED,
        &[
            "%", "\\u", "\\x", "&#", "&lt", "&quot", "&apos", "\u{2018}", "\u{2019}", "\u{ff1c}", "\u{ff07}",
            "\u{ff0e}",
        ],
    ),
    (
        Kinds::SQL,
        &[
            "'",
            "\"",
            "--",
            "/*",
            "||",
            "@@",
            "union",
            "select",
            " or ",
            "+or+",
            " and ",
            "+and+",
            ")or",
            ")and",
            " xor ",
            " where ",
            "+where+",
            "having",
            "order",
            "sleep",
            "benchmark",
            "waitfor",
            "exec",
            "declare",
            "insert",
            "delete",
            "update",
            "drop",
            "truncate",
            "alter",
            "create",
            "shutdown",
            "information_schema",
            "sysobjects",
            "xp_",
            "extractvalue",
            "load_file",
            "load data",
            "randomblob",
            "case",
            "convert(",
            "cast(",
            "concat",
            "chr(",
            "char(",
            "procedure",
            "rlike",
            "regexp",
            "outfile",
            "if(",
        ],
    ),
    (
        Kinds::MARKUP,
        &[
            "<",
            "script:",
            "alert",
            "prompt(",
            "confirm(",
            "eval(",
            "fromcharcode",
            "document.",
            "document[",
            "window.",
            "window[",
            "expression(",
            "data:text",
            "-moz-binding",
            "+adw-",
            " on",
            "+on",
            "/on",
            "\"on",
            "'on",
            "`on",
            "innerhtml",
            "settimeout",
            "import(",
            "fetch(",
            "constructor",
            "@import",
            "geturl",
            "asfunction",
            "location=",
            "&{",
        ],
    ),
    (
        Kinds::TRAVERSAL,
        &[
            "..",
            ":/",
            ":\\",
            "etc/",
            "etc\\",
            "proc/",
            "var/",
            "usr/",
            "home/",
            "root/",
            "opt/",
            "win.ini",
            "boot.ini",
            "web-inf",
            "meta-inf",
            "web.config",
            "passwd",
            "shadow",
            ".ssh",
            "winnt",
            "windows",
            "system32",
            "_log",
            ".log",
            "httpd",
            ".conf",
            ".ini",
            ".htaccess",
            ".htpasswd",
            "0x2e",
            ".asa",
            "inetpub",
            "autoexec",
            "xampp",
            "...",
            "./.",
            "apache",
            "_history",
            "id_rsa",
            "tmp/sess",
        ],
    ),
    (
        Kinds::COMMAND,
        &[
            "cmd=",
            "command=",
            "exec=",
            "execute=",
            "shell=",
            "system=",
            ";",
            "|",
            "& ",
            "&&",
            "&/",
            "&|",
            "&id",
            "&cat",
            "&dir",
            "&ls",
            "&ping",
            "&wget",
            "&curl",
            "&whoami",
            "&echo",
            "&sleep",
            "`",
            "$(",
            "${ifs",
            "$ifs",
            "\n",
            "\\n",
            "/bin/",
            "cmd.exe",
            "cmd /",
            "cmd+/",
            "powershell",
            "/dev/tcp",
            "wget",
            "curl",
            "#exec",
            "<(",
            "ping",
            "dir ",
            "dir+",
            "sleep ",
            "echo",
            "system",
            "nc ",
            "cat ",
            "/sbin/",
            "/dev/null",
        ],
    ),
    (
        Kinds::CODE,
        &[
            "${",
            "#{",
            "%{",
            "*{",
            "@{",
            "{{",
            "{%",
            "<?",
            "<%",
            "<!",
            "<#",
            "php",
            "eval(",
            "system(",
            "passthru(",
            "exec(",
            "assert(",
            "base64_decode",
            "java.",
            "javax.",
            "runtime",
            "ognl",
            "classloader",
            "__",
            "o:",
            "a:",
            "ro0ab",
            "aced0005",
            "freemarker",
            "invokefunction",
            "call_user_func",
            "allow_url_",
            "auto_prepend",
            "os.",
            "subprocess",
            "process.",
            "require(",
            "constructor",
            "*)",
            ")(",
            "org.apache",
            "_memberaccess",
            "opensymphony",
            "print(",
            "md5(",
            "fopen(",
            "file_get_contents",
            "xinclude",
            "xmlns",
            "springframework",
            "redirect:",
            "action:",
            "%s%",
            "%n%",
            "%x%",
            "%p%",
            "%d%",
            "http/1.",
            "$where",
            "$ne",
            "$gt",
            "$regex",
            "$nin",
            "$or",
            "$exists",
            "$comment",
            "db.",
            "this.",
            "return ",
            "set-cookie",
            "content-",
            "location:",
            "[count",
            "/*",
            "count(/",
            "//*",
        ],
    ),
    (
        Kinds::INCLUSION,
        &[
            "://", ":%2f", "php:", "data:", "expect:", "file:", "169.254", "metadata", "jar:", "phar:",
            "zip:", "=//", "\\\\",
        ],
    ),
];

/// The automaton and, by pattern, what it suggests.
struct Gate {
    automaton: AhoCorasick,
    kinds: Vec<Kinds>,
}

static GATE: LazyLock<Gate> = LazyLock::new(|| {
    let signs = SIGNS.iter().flat_map(|&(kind, words)| words.iter().map(move |&word| (word, kind)));
    let automaton = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .match_kind(MatchKind::Standard)
        .prefilter(false)
        .build(signs.clone().map(|(word, _)| word))
        .expect("a few hundred short words fit an automaton");
    Gate { automaton, kinds: signs.map(|(_, kind)| kind).collect() }
});

/// Could `text` be anything at all? This is where nearly every text ends: one table step per byte until the first sign.
pub(super) fn is_suspect(text: &[u8]) -> bool {
    GATE.automaton.is_match(text)
}

/// Bytes without which nothing harmful can be written into a header; user agents and the like hardly ever hold one.
const HEADER_BYTES: [[u8; 3]; 3] = [[b'$', b'<', b'%'], [b'\'', b'"', b'{'], [b'\\', b'`', b'=']];

/// [`HEADER_BYTES`] as a table.
const HEADER_SIGNS: [bool; 256] = {
    let mut signs = [false; 256];
    let mut at = 0;
    while at < 9 {
        signs[HEADER_BYTES[at / 3][at % 3] as usize] = true;
        at += 1;
    }
    signs
};

/// From this length on, three vectorised searches are cheaper than a look at each byte.
const LONG: usize = 32;

/// The same question for a header, whose own grammar is full of the other signs.
pub(super) fn is_suspect_header(text: &[u8]) -> bool {
    if text.len() < LONG {
        return text.iter().any(|byte| HEADER_SIGNS[usize::from(*byte)]);
    }
    HEADER_BYTES.iter().any(|&[one, two, three]| memchr::memchr3(one, two, three, text).is_some())
}

/// What `text` could be. Allocates nothing; one table step per byte and sign.
pub(super) fn suspect(text: &[u8]) -> Kinds {
    let gate = &*GATE;
    gate.automaton
        .find_overlapping_iter(text)
        .fold(Kinds::default(), |kinds, found| Kinds(kinds.0 | gate.kinds[found.pattern().as_usize()].0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_urls_end_here() {
        for url in [
            "/",
            "/articles/2026/11/hello-world",
            "page=2&sort=asc",
            "/static/js/app.4f3a.js",
            "q=red+shoes&size=42",
            "utm_source=newsletter&utm_medium=email",
            "/wiki/Main_Page",
            "id=8c1f8a9e-7d0e-4f42-9a66-0c3b1a2d4e5f",
        ] {
            let kinds = suspect(url.as_bytes());
            assert!(kinds.is_empty() || kinds == Kinds::COMMAND, "{url}: {kinds:?}");
        }
    }

    #[test]
    fn signs_are_small_letters_and_name_their_kind() {
        for (_, words) in SIGNS {
            assert!(words.iter().all(|word| word.to_lowercase() == **word));
        }
        assert!(suspect(b"UNION").has(Kinds::SQL) && suspect(b"%3c").has(Kinds::ESCAPED));
        assert!(suspect(b"${jndi").has(Kinds::CODE) && suspect(b"../").has(Kinds::TRAVERSAL));
    }
}
