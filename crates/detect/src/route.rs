//! Paths as templates: what a person would call "the same page of another article".

/// A path template as a stable number: FNV-1a over the template text, so that it is the same in every run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteId(pub u32);

/// Most bytes of a path that shape its template; the rest counts as nothing.
pub const PATH_BYTES_MAX: usize = 256;

/// The template of `path`: segments that look like numbers, ids or hashes become one sign each, letter case and a
/// trailing slash do not matter.
pub fn template(path: &str) -> RouteId {
    let mut hash = Fnv::new();
    let cut = &path.as_bytes()[..path.len().min(PATH_BYTES_MAX)];
    for segment in cut.split(|&b| b == b'/').filter(|segment| !segment.is_empty()) {
        hash.push(b'/');
        if is_identifier(segment) {
            hash.push(b'#');
        } else {
            segment.iter().for_each(|b| hash.push(b.to_ascii_lowercase()));
        }
    }
    RouteId(hash.0)
}

/// Numbers, UUIDs, hex hashes, dates, and words with many digits.
fn is_identifier(segment: &[u8]) -> bool {
    let is_hex = |b: &u8| b.is_ascii_hexdigit() || *b == b'-';
    let digits = segment.iter().filter(|b| b.is_ascii_digit()).count();
    digits == segment.len()
        || (segment.len() >= 8 && (digits * 2 >= segment.len() || segment.iter().all(is_hex)))
}

struct Fnv(u32);

impl Fnv {
    fn new() -> Self {
        Fnv(0x811c_9dc5)
    }

    fn push(&mut self, byte: u8) {
        self.0 = (self.0 ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
}

/// Endings of the parts of a page.
const ASSET_EXTENSIONS: &[&str] = &[
    "css",
    "js",
    "mjs",
    "map",
    "png",
    "jpg",
    "jpeg",
    "gif",
    "webp",
    "avif",
    "svg",
    "ico",
    "bmp",
    "woff",
    "woff2",
    "ttf",
    "otf",
    "eot",
    "mp3",
    "mp4",
    "webm",
    "ogg",
    "wav",
    "wasm",
    "webmanifest",
];

/// Files and places that programs ask for on their own account.
const MACHINE_PATHS: &[&str] = &[
    "/robots.txt",
    "/ads.txt",
    "/app-ads.txt",
    "/security.txt",
    "/humans.txt",
    "/llms.txt",
    "/sitemap.xml",
    "/sitemap_index.xml",
    "/sitemap.xml.gz",
    "/feed",
    "/feed/",
    "/rss",
    "/atom",
    "/rss/",
    "/atom/",
];

/// Segments below which scripts and programs, not people, ask.
const API_SEGMENTS: &[&str] =
    &["api", "ajax", "graphql", "rpc", "ws", "socket.io", "cable", "dav", "oauth", "rest"];

/// Endings that scripts and programs ask for.
const DATA_EXTENSIONS: &[&str] =
    &["json", "ndjson", "xml", "csv", "zip", "gz", "tgz", "pack", "deb", "whl", "exe", "pdf"];

/// The last segment's ending in lower case form is compared without allocation.
fn extension(path: &str) -> Option<&str> {
    let at = path.bytes().rposition(|byte| matches!(byte, b'.' | b'/'))?;
    let extension = path[at..].strip_prefix('.')?;
    (extension.len() <= 11).then_some(extension)
}

fn extension_in(path: &str, list: &[&str]) -> bool {
    extension(path).is_some_and(|found| list.iter().any(|known| known.eq_ignore_ascii_case(found)))
}

/// True for styles, scripts, images, fonts, media and icons.
pub fn is_asset_path(path: &str) -> bool {
    extension_in(path, ASSET_EXTENSIONS)
}

/// True for robots.txt, sitemaps, feeds and `/.well-known/`.
pub fn is_machine_path(path: &str) -> bool {
    MACHINE_PATHS.iter().any(|known| known.eq_ignore_ascii_case(path))
        || path.starts_with("/.well-known/")
        || is_feed_path(path)
}

fn is_feed_path(path: &str) -> bool {
    extension_in(path, &["rss", "atom", "rdf"])
        || ["/feed.xml", "/rss.xml", "/atom.xml", "/index.xml", "/podcast.xml", "/feed.json"]
            .iter()
            .any(|known| path.ends_with(known))
}

/// True for calls of scripts and programs: `/api/…`, data files, repository protocols.
pub fn is_api_path(path: &str) -> bool {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    extension_in(path, DATA_EXTENSIONS)
        || segments
            .clone()
            .take(3)
            .any(|segment| API_SEGMENTS.iter().any(|known| known.eq_ignore_ascii_case(segment)))
        || is_repository_path(path)
        || segments.next_back() == Some("poll")
}

/// Git's smart and dumb HTTP transport.
fn is_repository_path(path: &str) -> bool {
    path.ends_with("/info/refs")
        || path.ends_with("/git-upload-pack")
        || path.ends_with("/git-receive-pack")
        || path.contains("/objects/")
        || (path.ends_with("/HEAD") && path.len() > 5)
}

/// Well-known login forms. A site names its own in `login_paths`.
pub fn is_login_path(path: &str) -> bool {
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or("");
    const NAMES: &[&str] = &[
        "login",
        "signin",
        "sign-in",
        "log-in",
        "session",
        "sessions",
        "authenticate",
        "wp-login.php",
        "login.php",
        "login.json",
        "xmlrpc.php",
        "login.aspx",
        "j_security_check",
        "j_spring_security_check",
        "token",
    ];
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_taken_out() {
        let same = |a, b| assert_eq!(template(a), template(b), "{a} {b}");
        let differ = |a, b| assert_ne!(template(a), template(b), "{a} {b}");
        same("/article/1", "/article/23/");
        same("/u/5f3c2a9b1d", "/u/0aa7c1d2e4");
        same("/Shop/Item", "/shop/item");
        differ("/about", "/contact");
        differ("/a/b", "/a");
        same("/2026-11-20/x", "/2025-01-02/x");
    }

    #[test]
    fn a_huge_path_costs_no_more_than_a_long_one() {
        let huge = format!("/{}", "a".repeat(100_000));
        assert_eq!(template(&huge), template(&huge[..PATH_BYTES_MAX]));
    }

    #[test]
    fn programs_paths_are_known() {
        assert!(is_machine_path("/blog/feed.xml") && is_machine_path("/.well-known/security.txt"));
        assert!(is_api_path("/repo.git/info/refs") && is_api_path("/v1/api/x") && !is_api_path("/apiary"));
        assert!(
            is_login_path("/wp-login.php") && is_login_path("/user/Login/") && !is_login_path("/loginhelp")
        );
        assert!(is_asset_path("/a/B.CSS") && !is_asset_path("/a.css/b"));
    }
}
