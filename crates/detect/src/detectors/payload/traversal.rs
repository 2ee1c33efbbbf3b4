//! Path traversal and files no web page names.

use std::sync::LazyLock;

use super::phrases::{Found, Phrases, Weighted};
use super::{Hit, Place};

/// Files of the system or of the application itself, in small letters; a slash stands for either slash.
const TARGETS: &[Weighted] = &[
    ("etc/passwd", 7.5),
    ("etc/shadow", 7.5),
    ("etc/group", 6.5),
    ("etc/hosts", 6.0),
    ("etc/issue", 6.0),
    ("etc/motd", 6.0),
    ("etc/mysql/", 6.0),
    ("etc/crontab", 6.0),
    ("etc/ssh/", 6.0),
    ("etc/sudoers", 6.0),
    ("etc/fstab", 6.0),
    ("etc/apache", 6.0),
    ("etc/httpd", 6.0),
    ("etc/nginx", 6.0),
    ("etc/php", 6.0),
    ("etc/security/", 6.0),
    ("etc/resolv.conf", 6.0),
    ("etc/my.cnf", 6.0),
    ("etc/init.d", 6.0),
    ("etc/profile", 6.0),
    ("etcpasswd", 6.0),
    ("bin/sh", 5.5),
    ("bin/bash", 5.5),
    ("proc/self/", 7.0),
    ("proc/version", 6.0),
    ("proc/cpuinfo", 6.0),
    ("proc/net/", 6.0),
    ("proc/sched_debug", 6.0),
    ("proc/mounts", 6.0),
    ("proc/cmdline", 6.0),
    ("win.ini", 6.5),
    ("boot.ini", 6.5),
    ("system32/", 6.0),
    ("winnt/", 6.0),
    ("windows/system", 6.0),
    ("windows/repair", 6.0),
    ("windows/php.ini", 6.0),
    ("windows/panther", 6.0),
    ("autoexec.bat", 5.5),
    ("web-inf/", 6.5),
    ("web-infweb", 6.0),
    ("meta-inf/", 4.5),
    ("web.config", 5.0),
    (".ssh/", 6.5),
    ("id_rsa", 6.5),
    ("authorized_keys", 6.5),
    (".bash_history", 6.5),
    (".mysql_history", 6.5),
    (".htpasswd", 6.0),
    (".htaccess", 5.0),
    ("global.asa", 5.5),
    ("inetpub/", 5.0),
    ("var/log/", 5.0),
    ("var/lib/mysql", 6.0),
    ("var/www/", 4.5),
    ("var/mail/", 5.0),
    ("var/spool/", 5.0),
    ("var/run/", 4.5),
    ("var/adm/", 5.0),
    ("var/apache", 5.0),
    ("usr/local/", 4.5),
    ("usr/lib/", 4.5),
    ("usr/share/", 4.2),
    ("usr/pkg/", 4.5),
    ("usr/home/", 4.5),
    ("usr/etc/", 4.5),
    ("usr/apache", 4.5),
    ("opt/lampp/", 5.5),
    ("opt/xampp/", 5.5),
    ("opt/apache", 5.0),
    ("xampp/", 5.0),
    ("access.log", 4.5),
    ("error.log", 4.5),
    ("access_log", 4.5),
    ("error_log", 4.5),
    ("httpd.conf", 5.5),
    ("php.ini", 5.5),
    ("my.cnf", 5.5),
    ("my.ini", 5.0),
    ("tmp/sess", 5.5),
    ("wp-config", 5.5),
    ("root/.", 5.5),
    ("home/.", 4.5),
    ("proftpd.conf", 5.0),
    ("vsftpd", 4.5),
    ("$recycle.bin", 5.0),
    ("pagefile.sys", 5.0),
    ("ntuser.", 5.0),
    ("windows/", 4.5),
    ("apache/logs", 4.5),
    ("logs/access", 4.5),
    ("logs/error", 4.5),
    ("log/access", 4.5),
    ("log/error", 4.5),
    (".bashrc", 5.0),
    (".profile", 4.5),
];

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(TARGETS));

/// Looks for climbing segments and for the files they lead to; `name` is the parameter's.
pub(super) fn look(name: &[u8], text: &[u8], place: Place) -> Option<Hit> {
    let climbs = climbs(text);
    let target = target(text);
    let drive = absolute_drive(text);
    let in_path = place == Place::Path;
    // A parameter that names a file is the second piece; of a URL's path, a drive or a doubled slash is.
    let expected = super::inclusion::names_file(name) || text.starts_with(b"file:");
    let rooted = in_path && (drive || text.starts_with(b"//"));
    let evidence = match (climbs, target) {
        (0, None) if drive => 1.5,
        (0, None) => 0.0,
        (0, Some(target)) if in_path && (drive || target.start <= 1 && target.evidence >= 6.0) => {
            target.evidence
        }
        (0, Some(target)) if in_path && target.evidence >= 7.0 => target.evidence - 3.0,
        (0, Some(_)) if in_path => 0.0,
        (0, Some(target)) if is_absolute(text) => target.evidence,
        (0, Some(target)) => target.evidence - 2.5,
        (_, Some(target)) => (target.evidence + 1.0).max(6.5),
        (1, None) if in_path => 4.5,
        // `back=../list` is a link, unless somebody took the trouble to hide it.
        (1, None) => 0.7,
        (2, None) => 5.5,
        (_, None) => 6.5,
    };
    let lone = match (climbs, target) {
        (0, _) => !expected && !rooted,
        (1, Some(target)) => target.evidence < 5.5 && !expected,
        // `..;` climbs for one server and not for another.
        (1 | 2, None) => memchr::memmem::find(text, b"..;").is_none(),
        _ => false,
    };
    let what = "a path that climbs out of its folder or names a system file";
    (evidence > 0.0).then_some(Hit { evidence, what, lone })
}

/// Segments that go up: `..` between slashes of either kind, with the fillers filters overlook.
fn climbs(text: &[u8]) -> usize {
    let mut count = text.windows(6).filter(|window| window.starts_with(b"0x2e0x")).count();
    let mut at = 0;
    while let Some(found) = memchr::memmem::find(&text[at..], b"..") {
        let start = at + found;
        let dots = text[start..].iter().take_while(|b| **b == b'.').count();
        let end = start + dots;
        at = end;
        // A range `a..b`, an ellipsis `wait...` and a file name `v1..2` are no segments.
        let opens = start == 0 || is_slash(text[start - 1]) || b"=:;'\"|".contains(&text[start - 1]);
        let closes = match text.get(end) {
            None => start > 0 && opens && dots == 2,
            Some(&byte) => {
                is_slash(byte) || (byte == b';' && text.get(end + 1).is_some_and(|&b| is_slash(b)))
            }
        };
        // `....//` and `..././` become `../` in filters that remove `../` once.
        let hex_slash = [b"0x2f", b"0x5c"].iter().any(|slash| text[end..].starts_with(*slash));
        if hex_slash
            || closes
                && (opens || dots >= 2 && text.get(start.wrapping_sub(1)).is_some_and(|b| b"%x".contains(b)))
        {
            count += 1;
        }
        if dots >= 8 || closes && opens && dots >= 4 {
            count += 2;
        }
    }
    // `/././././`: harmless once, a filter's test in a row.
    let idle = text
        .windows(4)
        .filter(|window| is_slash(window[0]) && window[1] == b'.' && is_slash(window[2]))
        .count();
    count + if idle >= 4 { 2 } else { 0 }
}

fn is_slash(byte: u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

/// The most telling file named in `text`.
fn target(text: &[u8]) -> Option<Found> {
    let mut folded = [0u8; 512];
    let cut = &text[..text.len().min(folded.len())];
    let mut len = 0;
    for &byte in cut {
        let byte = if byte == b'\\' { b'/' } else { byte };
        // `etc//passwd` and `etc/./passwd` are `etc/passwd`.
        if byte == b'/' && len > 0 && folded[len - 1] == b'/' {
            continue;
        }
        if byte == b'/' && len > 1 && folded[len - 1] == b'.' && folded[len - 2] == b'/' {
            len -= 1;
            continue;
        }
        folded[len] = byte;
        len += 1;
    }
    let folded = &folded[..len];
    let at_segment = |found: &Found| {
        found.start == 0 || !matches!(folded[found.start - 1], b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_')
    };
    PHRASES.all(folded).filter(at_segment).max_by(|a, b| a.evidence.total_cmp(&b.evidence))
}

/// True where the text is an absolute path of a file system (a URL's path always is, so two slashes or a drive).
fn is_absolute(text: &[u8]) -> bool {
    is_slash(text.first().copied().unwrap_or(b' ')) || absolute_drive(text) || text.starts_with(b"file:")
}

/// `c:\`, `c:/` at the start, also as the last part of a URL's path.
fn absolute_drive(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"/").unwrap_or(text);
    matches!(text, [drive, b':', slash, _, ..] if drive.is_ascii_alphabetic() && is_slash(*slash) && text.get(3) != Some(&b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(text: &str, place: Place) -> f32 {
        look(b"", text.as_bytes(), place).map_or(0.0, |hit| hit.tempered(place))
    }

    #[test]
    fn climbing_and_system_files_decide() {
        for text in [
            "../../etc/passwd",
            "..\\..\\windows\\win.ini",
            "....//....//etc/passwd",
            "../../../x",
            "/..;/..;/manager/html",
            "file:///etc/shadow",
            "/.././.././../{file}",
            "/................etc/passwd",
        ] {
            assert!(evidence(text, Place::Query) >= 4.0, "{text}: {}", evidence(text, Place::Query));
        }
        for text in ["/cgi-bin/../../bin/sh", "//etc/passwd", "/c:/win.ini", "/..;/foo"] {
            assert!(evidence(text, Place::Path) >= 4.0, "{text}: {}", evidence(text, Place::Path));
        }
    }

    #[test]
    fn one_piece_never_decides() {
        for text in
            ["/etc/hosts", "../../readme.md", "c:\\windows\\system32\\drivers", "../windows/install.md"]
        {
            assert!(evidence(text, Place::Query) < 3.0 && evidence(text, Place::Body) < 2.0, "{text}");
        }
        assert!(look(b"file", b"/etc/passwd", Place::Query).is_some_and(|hit| !hit.lone));
    }

    #[test]
    fn ordinary_paths_are_left_alone() {
        for text in [
            "1..10",
            "wait... what",
            "../about",
            "v1.2...v1.3",
            "a/b/c",
            "etc.",
            "docs/windows/install",
            "x..y/z",
        ] {
            assert!(evidence(text, Place::Query) <= 2.0, "{text}: {}", evidence(text, Place::Query));
        }
        for text in [
            "/usr/share/doc",
            "/windows/",
            "/etc/designs/site.css",
            "/home/products",
            "/compare/v1...v2",
            "/var/log/",
        ] {
            assert!(evidence(text, Place::Path) < 1.0, "{text}: {}", evidence(text, Place::Path));
        }
    }
}
