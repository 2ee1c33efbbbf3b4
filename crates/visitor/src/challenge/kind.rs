//! Which answer a challenged request can read. Only a navigation gets a page: a style, an image, a feed or a call never
//! becomes HTML.

use crate::visit::Visit;

/// Largest body of a challenged form that rides in the page (DESIGN section 6).
pub const SEALED_BYTES_MAX: usize = 64 * 1024;

/// How a challenge is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The page.
    Page,
    /// The page, with the form that was sent sealed into it.
    SealedPage,
    /// `application/problem+json`, for calls of scripts and for programs.
    Problem,
    /// 403 without a body: parts of pages, ranges, upgrades, feeds, `HEAD`.
    Empty,
}

impl Kind {
    /// That of `visit`.
    pub fn of(visit: &Visit<'_>) -> Kind {
        if visit.method == "OPTIONS" {
            return Kind::Problem;
        }
        let prefetch = visit.header("sec-purpose").is_some_and(|purpose| purpose.contains("prefetch"));
        if visit.method == "HEAD"
            || prefetch
            || visit.header("range").is_some()
            || visit.header("upgrade").is_some()
            || visit.header("sec-fetch-mode") == Some("websocket")
        {
            return Kind::Empty;
        }
        match visit.header("sec-fetch-dest") {
            Some("document" | "iframe" | "frame") => navigation(visit),
            Some("empty" | "") => Kind::Problem,
            Some(_) => Kind::Empty,
            None => by_accept(visit),
        }
    }

    /// True where the body of a form is worth reading before the answer: at most [`SEALED_BYTES_MAX`] of it.
    pub fn seals(visit: &Visit<'_>) -> bool {
        visit.method == "POST"
            && sends_form(visit)
            && matches!(Kind::of(visit), Kind::Page | Kind::SealedPage)
    }
}

/// For clients that do not say where the answer goes.
fn by_accept(visit: &Visit<'_>) -> Kind {
    let scripted =
        visit.header("x-requested-with").is_some_and(|with| with.eq_ignore_ascii_case("xmlhttprequest"));
    if scripted {
        return Kind::Problem;
    }
    if visit.wants.page() || (visit.method == "GET" && reads_anything(visit)) {
        return navigation(visit);
    }
    let accept = visit.wants.accept.unwrap_or("");
    if visit.method == "GET" && is_part(accept) { Kind::Empty } else { Kind::Problem }
}

fn navigation(visit: &Visit<'_>) -> Kind {
    match visit.method {
        "GET" => Kind::Page,
        "POST" if sends_form(visit) && visit.body.is_some_and(|body| body.len() <= SEALED_BYTES_MAX) => {
            Kind::SealedPage
        }
        "POST" => Kind::Page,
        _ => Kind::Problem,
    }
}

/// What `<form>` sends (HTML, "form submission algorithm"), which never packs it.
fn sends_form(visit: &Visit<'_>) -> bool {
    if visit.header("content-encoding").is_some() {
        return false;
    }
    let kind = visit.header("content-type").unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim_ascii();
    ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"]
        .iter()
        .any(|form| form.eq_ignore_ascii_case(kind))
}

/// Text browsers that say `Accept: */*` for pages.
fn reads_anything(visit: &Visit<'_>) -> bool {
    const BROWSERS: [&str; 4] = ["Links (", "ELinks", "Dillo/", "NetSurf/"];
    let agent = visit.header("user-agent").unwrap_or("");
    let anything = visit.wants.accept.is_none_or(|accept| accept.contains("*/*"));
    anything && BROWSERS.iter().any(|browser| agent.starts_with(browser))
}

/// True where the first thing asked for is a part of a page or a feed.
fn is_part(accept: &str) -> bool {
    const PARTS: [&str; 9] = [
        "image/",
        "text/css",
        "font/",
        "application/font",
        "audio/",
        "video/",
        "application/rss+xml",
        "application/atom+xml",
        "application/feed+json",
    ];
    let first = accept.split([',', ';']).next().unwrap_or("").trim_ascii();
    PARTS.iter().any(|part| first.get(..part.len()).is_some_and(|start| start.eq_ignore_ascii_case(part)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Request;

    const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
    const CHROME: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

    #[test]
    fn only_navigations_get_pages() {
        let check = |method: &str, headers: &[(&str, &str)], expect| {
            let mut request = Request::new(method, "/a");
            request.headers.extend(headers);
            assert_eq!(request.with(|visit| Kind::of(visit)), expect, "{method} {headers:?}");
        };
        let dest = |dest| ("sec-fetch-dest", dest);
        let accept = |accept| ("accept", accept);
        check("GET", &[accept(CHROME), dest("document")], Kind::Page);
        check("GET", &[accept(CHROME)], Kind::Page);
        check("GET", &[accept("*/*"), dest("document")], Kind::Page);
        check("GET", &[accept(CHROME), dest("iframe")], Kind::Page);
        check("GET", &[accept("text/html, text/*;q=0.5, image/*")], Kind::Page);
        check("GET", &[accept("text/*,image/*,*/*;q=0.2")], Kind::Page);
        check("GET", &[accept("*/*"), ("user-agent", "Links (2.28; Linux)")], Kind::Page);
        check("GET", &[accept("*/*"), ("user-agent", "curl/8.0")], Kind::Problem);
        check("GET", &[], Kind::Problem);
        check("GET", &[accept("*/*"), dest("empty")], Kind::Problem);
        check("GET", &[accept(CHROME), dest("empty")], Kind::Problem);
        check("GET", &[accept(CHROME), ("x-requested-with", "XMLHttpRequest")], Kind::Problem);
        check("GET", &[accept("application/json")], Kind::Problem);
        for part in
            ["style", "script", "image", "font", "audio", "video", "track", "worker", "manifest", "object"]
        {
            check("GET", &[accept("*/*"), dest(part)], Kind::Empty);
            check("GET", &[accept(CHROME), dest(part)], Kind::Empty);
        }
        check("GET", &[accept("image/avif,image/webp,*/*;q=0.8")], Kind::Empty);
        check("GET", &[accept("text/css,*/*;q=0.1")], Kind::Empty);
        check("GET", &[accept("application/rss+xml, */*")], Kind::Empty);
        check("GET", &[accept(CHROME), ("range", "bytes=0-1")], Kind::Empty);
        check("GET", &[accept(CHROME), ("upgrade", "websocket")], Kind::Empty);
        check("GET", &[accept(CHROME), dest("document"), ("sec-purpose", "prefetch;prerender")], Kind::Empty);
        check("HEAD", &[accept(CHROME), dest("document")], Kind::Empty);
        check("PUT", &[accept(CHROME)], Kind::Problem);
        check("DELETE", &[accept("*/*"), dest("empty")], Kind::Problem);
    }

    #[test]
    fn preflights_and_forms_of_others_are_never_challenged() {
        let check = |method: &str, headers: &[(&str, &str)], expect| {
            let mut request = Request::new(method, "/a");
            request.headers.push(("accept", CHROME));
            request.headers.extend(headers);
            request.body = Some(b"a=1");
            assert_eq!(request.with(|visit| Kind::of(visit)), expect, "{method} {headers:?}");
        };
        let asks = ("access-control-request-method", "PUT");
        check("OPTIONS", &[("origin", "https://a.example"), asks], Kind::Problem);
        check("OPTIONS", &[], Kind::Problem);
        check("POST", &[FORM], Kind::SealedPage);
        check("POST", &[FORM, ("sec-fetch-site", "same-origin")], Kind::SealedPage);
        check("POST", &[FORM, ("sec-fetch-site", "same-site")], Kind::SealedPage);
        check("POST", &[FORM, ("origin", "http://site.example")], Kind::SealedPage);
        check("POST", &[FORM, ("referer", "https://site.example/x")], Kind::SealedPage);
        check("POST", &[("content-type", "multipart/form-data; boundary=a")], Kind::SealedPage);
        check("POST", &[("content-type", "application/json")], Kind::Page);
        check("POST", &[FORM, ("content-encoding", "gzip")], Kind::Page);
        check("POST", &[("content-type", "application/json"), ("sec-fetch-dest", "empty")], Kind::Problem);
    }

    #[test]
    fn what_was_not_read_whole_is_not_sealed() {
        let mut request = Request::new("POST", "/a");
        request.headers.extend([("accept", CHROME), FORM]);
        let long = vec![b'a'; SEALED_BYTES_MAX + 1];
        for (body, expect) in [
            (None, Kind::Page),
            (Some(&long[..]), Kind::Page),
            (Some(&long[1..]), Kind::SealedPage),
            (Some(&b""[..]), Kind::SealedPage),
        ] {
            request.body = body;
            assert_eq!(request.with(|visit| Kind::of(visit)), expect);
            assert!(request.with(|visit| Kind::seals(visit)));
        }
    }
}
