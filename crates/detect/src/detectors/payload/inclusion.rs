//! Remote inclusion and server-side requests: an address where the application expects a name.

use std::sync::LazyLock;

use super::Hit;
use super::phrases::{Phrases, Weighted};

/// Stream wrappers and addresses that only a server would follow.
const WRAPPERS: &[Weighted] = &[
    ("php://", 7.5),
    ("php:/", 5.0),
    ("expect://", 7.5),
    ("phar://", 7.0),
    ("zip://", 6.0),
    ("zlib:", 5.0),
    ("compress.zlib", 6.5),
    ("glob://", 6.0),
    ("ogg://", 5.5),
    ("data://", 6.5),
    ("data:text/plain", 5.0),
    ("data:;base64", 6.0),
    ("file://", 6.0),
    ("file:/", 4.5),
    ("gopher://", 7.0),
    ("dict://", 6.5),
    ("ldap://", 5.5),
    ("rmi://", 6.0),
    ("jar:http", 6.5),
    ("netdoc:", 6.0),
    ("sftp://", 4.2),
    ("tftp://", 5.5),
    ("smb://", 4.5),
    ("convert.base64", 6.5),
    ("convert.iconv", 6.0),
    ("169.254.169.254", 7.0),
    ("metadata.google.internal", 7.0),
    ("100.100.100.200", 6.0),
    ("[fd00:ec2::254]", 7.0),
    ("0xa9fea9fe", 7.0),
    ("2852039166", 6.5),
    ("/latest/meta-data", 6.5),
    ("computemetadata/v1", 6.5),
    ("169.254.170.2", 6.5),
    ("php:filter", 6.0),
    ("ssh2.", 4.5),
    ("/ip4.php", 1.0),
    ("interact.sh", 6.0),
    ("oast.", 6.0),
    ("burpcollaborator", 7.0),
    ("oastify.com", 7.0),
];

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(WRAPPERS));

/// Parameters that name a file of the application, in full or at their end.
const FILE_NAMES: &[&[u8]] = &[
    b"file",
    b"path",
    b"page",
    b"dir",
    b"root",
    b"include",
    b"inc",
    b"template",
    b"lib",
    b"config",
    b"conf",
    b"lang",
    b"language",
    b"module",
    b"mod",
    b"theme",
    b"skin",
    b"style",
    b"document",
    b"folder",
    b"doc",
    b"cmsdir",
    b"basepath",
    b"abspath",
    b"content",
    b"load",
    b"read",
    b"pg",
    b"main",
    b"body",
    b"header",
    b"footer",
    b"globals",
    b"prefix",
    b"view",
    b"layout",
    b"class",
    b"plugin",
    b"pagina",
    b"site_path",
    b"cat",
];

/// Endings of what a script would include.
const SCRIPT_ENDINGS: &[&[u8]] = &[
    b".txt", b".php", b".inc", b".dat", b".gif", b".jpg", b".asp", b".aspx", b".jsp", b".pl", b".sh",
    b".html", b".htm", b".ico", b".png",
];

/// Looks at `text`, the value of parameter `name` (empty where there is none); both decoded and in small letters.
/// `own` is true for an address on the site itself.
pub(super) fn look(name: &[u8], text: &[u8], own: bool) -> Option<Hit> {
    let (mut wrapper, mut pieces, mut end) = (0.0f32, 0, 0);
    let fresh = |start: usize| start == 0 || text[start] == b'/' || !text[start - 1].is_ascii_alphanumeric();
    for found in PHRASES.all(text).filter(|found| fresh(found.start)) {
        wrapper = wrapper.max(found.evidence);
        pieces += usize::from(found.start >= end);
        end = if found.start >= end { found.end } else { end };
    }
    let (remote, lone_remote) = if own { (0.0, true) } else { remote_file(name, text) };
    let leads_on = [b";base64,".as_slice(), b"resource=", b"127.0.0.1", b"localhost", b"etc/"]
        .iter()
        .any(|piece| memchr::memmem::find(text, piece).is_some());
    // An address in running text is talked about; a wrapper where a file's name belongs is used.
    let composed = pieces >= 2 && !text.contains(&b' ') || leads_on && !text.starts_with(b"data:text/plain");
    let lone = lone_remote && !(wrapper > 0.0 && (composed || names_file(name)));
    let evidence = wrapper.max(remote).max(to_itself(text));
    (evidence > 0.0).then_some(Hit { evidence, what: "an address that the server itself would open", lone })
}

/// True for a parameter that names a file of the application.
pub(super) fn names_file(name: &[u8]) -> bool {
    FILE_NAMES.iter().any(|known| {
        name.ends_with(known) || name.ends_with(b"]") && memchr::memmem::find(name, known).is_some()
    })
}

/// The address `text` is, without its scheme.
fn address(text: &[u8]) -> Option<&[u8]> {
    let text = text.trim_ascii_start();
    [b"http://".as_slice(), b"https://", b"ftp://", b"ftps://", b"hxxp://", b"//", b"\\\\"]
        .iter()
        .find_map(|scheme| text.strip_prefix(*scheme))
        .filter(|rest| rest.first().is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'['))
}

/// What an address is worth as a file to include, and whether that is one piece alone.
fn remote_file(name: &[u8], text: &[u8]) -> (f32, bool) {
    let Some(rest) = address(text) else { return (0.0, true) };
    let bare = rest.split(|b| matches!(b, b'?' | b'#' | b' ')).next().unwrap_or(rest);
    let script = bare.contains(&b'/') && SCRIPT_ENDINGS.iter().any(|ending| bare.ends_with(ending));
    // The include's own suffix is cut off by a question mark that ends the address: nothing honest does that.
    let cut_off =
        rest.ends_with(b"?") || rest.contains(&b'?') && memchr::memmem::find(rest, b"?cmd=").is_some();
    match (cut_off, script, names_file(name)) {
        (true, true, _) => (7.0, false),
        (true, _, true) => (6.5, false),
        (true, ..) => (4.5, true),
        (_, true, true) => (5.5, false),
        (_, false, true) => (1.0, true),
        _ => (0.0, true),
    }
}

/// Addresses of the server's own machine.
fn to_itself(text: &[u8]) -> f32 {
    const HOSTS: [&[u8]; 7] =
        [b"127.", b"localhost", b"0.0.0.0", b"[::", b"0x7f", b"2130706433", b"017700000001"];
    match address(text) {
        Some(rest) if HOSTS.iter().any(|host| rest.starts_with(host)) => 2.5,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(name: &str, text: &str) -> f32 {
        look(name.as_bytes(), text.as_bytes(), false)
            .map_or(0.0, |hit| hit.tempered(super::super::Place::Query))
    }

    #[test]
    fn foreign_files_decide() {
        for (name, text) in [
            ("page", "http://x.example/shell.txt?"),
            ("cmsdir", "http://x.example/a.txt??"),
            ("page", "php://input"),
            ("url", "http://169.254.169.254/latest/meta-data/"),
            ("file", "expect://id"),
            ("lang", "ftp://x.example/a.php"),
            ("u", "file:///etc/passwd"),
            ("x", "gopher://127.0.0.1:6379/_"),
            ("config[path]", "http://x.example/r.txt?"),
        ] {
            assert!(evidence(name, text) >= 4.0, "{name}={text}");
        }
    }

    #[test]
    fn addresses_in_parameters_are_ordinary() {
        for (name, text) in [
            ("next", "https://shop.example/cart?step=2"),
            ("url", "http://x.example/a.html"),
            ("ref", "//cdn.example/x.png"),
            ("image", "https://cdn.example/x.png"),
            ("u", "https://x.example/"),
            ("data", "data: the facts"),
            ("q", "php: a tutorial"),
            ("callback", "https://x.example/oauth?a=b"),
            ("redirect_uri", "https://x.example/done.php"),
        ] {
            assert!(evidence(name, text) < 2.0, "{name}={text}: {}", evidence(name, text));
        }
    }
}
