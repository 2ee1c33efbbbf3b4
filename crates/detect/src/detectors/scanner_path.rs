//! Paths that nobody links to: what scanners ask every site for.

mod names;
mod table;

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use arrayvec::ArrayVec;
use palisade_domain::{Detail, LogOdds, Resolution, Signal, SignalId, Value};

use crate::{Card, Detector, Group, Need, Scene, Scope, State};
use table::Grade;

const ID: SignalId = SignalId("path.scanner");

/// Bytes of a path that are looked at; exploit paths are short.
const PATH_BYTES_MAX: usize = 512;

/// Asks for secrets, backups, shells, foreign admin tools.
pub struct ScannerPath;

static CARD: Card = Card {
    name: "scanner_path",
    signals: &[ID],
    summary: "Asks for what no page links to: secrets, backups, shells, admin tools and the paths of known holes.",
    sees: "The path, decoded, without regard to case or doubled slashes, against a table of shapes in four grades: \
           unmistakable, probable, tools that some sites run in public, and pages that many have (a WordPress login).",
    cannot_see: "Whether the site has such a page; guesses of ordinary names, which the ratio of missing pages shows.",
    errs: "The owner of a site that does run phpMyAdmin, Solr or an actuator in public; security checks that were ordered.",
    source: "Own table after public exploit paths (CVE entries by shape, not by payload), robots of scanners in the \
             CrowdSec hub's test logs (MIT).",
    group: Group::Attack,
    scope: Scope::Request,
    needs: &[Need::Target],
    resolution: Resolution::Second,
    evidence_max: 7.0,
    state: State::Counts,
};

impl Grade {
    fn evidence(self) -> LogOdds {
        match self {
            Grade::Unmistakable => 6.5,
            Grade::Probable => 4.5,
            Grade::Doubtful => 3.2,
            Grade::Weak => 0.8,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Grade::Unmistakable => "asks for {a}, which only scanners look for",
            Grade::Probable => "asks for {a}, which pages hardly ever link to",
            Grade::Doubtful => "asks for {a}, a tool that few sites run in public",
            Grade::Weak => "asks for {a}, which scanners look for on every site",
        }
    }
}

/// The table's phrases as one automaton.
struct Shapes {
    automaton: AhoCorasick,
    grades: Vec<Grade>,
}

static SHAPES: LazyLock<Shapes> = LazyLock::new(|| {
    let phrases = table::PHRASES
        .iter()
        .flat_map(|&(grade, phrases)| phrases.iter().map(move |&phrase| (phrase, grade)));
    let automaton = AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::DFA))
        .match_kind(MatchKind::Standard)
        .build(phrases.clone().map(|(phrase, _)| phrase))
        .expect("a few hundred short phrases fit an automaton");
    Shapes { automaton, grades: phrases.map(|(_, grade)| grade).collect() }
});

impl Detector for ScannerPath {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn inspect(&self, scene: &Scene<'_>) -> Option<Signal> {
        let path = normal(scene.gathered.path);
        let grade = grade(&path)?;
        Some(CARD.signal(ID, grade.evidence(), Detail::one(grade.words(), Value::text(scene.gathered.path))))
    }
}

type Path = ArrayVec<u8, { PATH_BYTES_MAX + 1 }>;

/// Small letters, percent-encoding off, one slash for many, and a slash after the last segment: `/a/b/`.
fn normal(path: &str) -> Path {
    let mut out = Path::new();
    let bytes = path.as_bytes();
    if !bytes.contains(&b'%') && memchr::memmem::find(bytes, b"//").is_none() {
        // Nearly every path; copied as a whole it costs 300 instructions less. Cannot fail: it is cut to fit.
        let _ = out.try_extend_from_slice(&bytes[..bytes.len().min(PATH_BYTES_MAX)]);
        out.make_ascii_lowercase();
        return closed(out);
    }
    let mut at = 0;
    while at < bytes.len() && out.len() < PATH_BYTES_MAX {
        let (byte, used) = match bytes[at..] {
            [b'%', high, low, ..] => match ((high as char).to_digit(16), (low as char).to_digit(16)) {
                (Some(high), Some(low)) => ((high * 16 + low) as u8, 3),
                _ => (b'%', 1),
            },
            [byte, ..] => (byte, 1),
            [] => break,
        };
        at += used;
        if !(byte == b'/' && out.last() == Some(&b'/')) {
            out.push(byte.to_ascii_lowercase());
        }
    }
    closed(out)
}

/// With a slash at the end, for which there is room.
fn closed(mut path: Path) -> Path {
    if path.last() != Some(&b'/') {
        path.push(b'/');
    }
    path
}

/// How sure the path makes us; in a share people keep files of any name.
fn grade(path: &[u8]) -> Option<Grade> {
    if begins_with_any(path, names::SHARES) { None } else { by_phrase(path).max(by_file(path)) }
}

fn by_phrase(path: &[u8]) -> Option<Grade> {
    // Nearly every path ends here; the search for all phrases costs several times as much.
    if !SHAPES.automaton.is_match(path) {
        return None;
    }
    SHAPES
        .automaton
        .find_overlapping_iter(path)
        .map(|found| (SHAPES.grades[found.pattern().as_usize()], found.start()))
        .filter(|&(grade, start)| match grade {
            Grade::Unmistakable => true,
            // Tools live near the root; deeper down it is a page about them or a folder of that name.
            Grade::Probable => !is_read_about(path),
            // Whoever loads a tool's styles is using it.
            Grade::Doubtful | Grade::Weak => {
                !is_read_about(path) && depth(path, start) <= 1 && !is_asset(path)
            }
        })
        .map(|(grade, _)| grade)
        .max()
}

/// True below a documentation, blog or the like.
fn is_read_about(path: &[u8]) -> bool {
    begins_with_any(path, names::READING)
}

/// True where the first segment is one of `words`.
fn begins_with_any(path: &[u8], words: &[&str]) -> bool {
    let first = path.split(|b| *b == b'/').find(|segment| !segment.is_empty()).unwrap_or(b"");
    words.iter().any(|known| known.as_bytes() == first)
}

/// True for parts of a page; `path` ends in the slash that [`normal`] adds.
fn is_asset(path: &[u8]) -> bool {
    let file = path.strip_suffix(b"/").unwrap_or(path);
    std::str::from_utf8(file).is_ok_and(crate::route::is_asset_path)
}

/// Segments before the one that begins at `start`.
fn depth(path: &[u8], start: usize) -> usize {
    path[..start].iter().filter(|b| **b == b'/').count()
}

/// What the file's own name gives away.
fn by_file(path: &[u8]) -> Option<Grade> {
    let path = &path[..path.len().saturating_sub(1)];
    let file = path.rsplit(|b| *b == b'/').next().unwrap_or(path);
    let (stem, ending) = match file.iter().rposition(|b| *b == b'.') {
        Some(at) => (&file[..at], &file[at + 1..]),
        None => (file, &file[..0]),
    };
    let is = |list: &[&str], word: &[u8]| list.iter().any(|known| known.as_bytes() == word);
    let ends = |list: &[&str]| list.iter().any(|known| file.ends_with(known.as_bytes()));
    let is_script = is(names::SCRIPT_ENDINGS, ending);
    let has_script = || names::SCRIPT_ENDINGS.iter().any(|script| ends_with_dotted(stem, script));
    if is(names::COPY_ENDINGS, ending) && has_script()
        || file.ends_with(b"~") && (is_script || has_copy_sign(file))
    {
        return Some(Grade::Unmistakable);
    }
    if is_script
        && names::SHELL_NAMES.iter().any(|name| memchr::memmem::find(stem, name.as_bytes()).is_some())
    {
        return Some(Grade::Unmistakable);
    }
    if ends(names::SECRET_ENDINGS) {
        return Some(Grade::Unmistakable);
    }
    if ends(names::DUMP_ENDINGS) || asks_for_cut_off(ending) {
        return Some(Grade::Probable);
    }
    let archive = names::ARCHIVE_ENDINGS.iter().find(|archive| ends_with_dotted(file, archive));
    let base = archive.map(|archive| &file[..file.len() - archive.len() - 1]);
    base.filter(|base| is(names::BACKUP_NAMES, base)).map(|_| Grade::Probable)
}

fn ends_with_dotted(name: &[u8], ending: &str) -> bool {
    name.strip_suffix(ending.as_bytes()).is_some_and(|rest| rest.ends_with(b"."))
}

/// `help.html%3f`: a question mark within the name makes some servers forget what follows it (CVE-2024-38475). Titles
/// that are questions have no file's ending.
fn asks_for_cut_off(ending: &[u8]) -> bool {
    ending.strip_suffix(b"?").is_some_and(|ending| (2..=6).contains(&ending.len()) && ending.is_ascii())
}

/// `x.php~`, `web.config~`
fn has_copy_sign(file: &[u8]) -> bool {
    let name = &file[..file.len().saturating_sub(1)];
    names::SCRIPT_ENDINGS
        .iter()
        .chain(&["config", "conf", "ini", "env", "yml"])
        .any(|ending| ends_with_dotted(name, ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expect: Option<Grade>) {
        let path = normal(path);
        assert_eq!(grade(&path), expect, "{}", String::from_utf8_lossy(&path));
    }

    #[test]
    fn grades_follow_the_table() {
        for path in [
            "/.env",
            "/app/.ENV.local",
            "/.git/config",
            "//.aws/credentials",
            "/wp-config.php.bak",
            "/%2eenv",
            "/shell.php",
            "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
            "/cgi-bin/luci/;stok=/locale",
            "/index.php~",
            "/c99.php",
            "/boaform/admin/formLogin",
            "/HNAP1/",
            "/w00tw00t.at.ISC.SANS.DFind:)",
            "/actuator/env",
            "/manager/html",
        ] {
            check(path, Some(Grade::Unmistakable));
        }
        for path in [
            "/phpMyAdmin-5.2/index.php",
            "/backup.zip",
            "/db.sql.gz",
            "/server-status",
            "/solr/admin/cores",
            "/pma/",
        ] {
            assert!(grade(&normal(path)) >= Some(Grade::Probable), "{path}");
        }
        for path in ["/wp-login.php", "/xmlrpc.php", "/administrator/", "/user/login"] {
            assert!(grade(&normal(path)) <= Some(Grade::Weak), "{path}");
        }
    }

    #[test]
    fn ordinary_paths_are_left_alone() {
        for path in [
            "/",
            "/.well-known/security.txt",
            "/blog/git-config-tips",
            "/environment",
            "/files/setup.zip",
            "/shelly-plug",
            "/docs/actuator",
            "/wp-content/themes/x/style.css",
            "/download/linux-6.1.tar.gz",
            "/shop/seashell.html",
            "/solr-guide",
            "/api/v1/users",
            "/admin/",
            "/login",
            "/cgi-bin/search",
            "/kibana/css/app.css",
            "/remote.php/dav/files/anne/project/.git/config",
            "/2024/01/env-variables/",
            "/config",
            "/install",
        ] {
            check(path, None);
        }
    }
}
