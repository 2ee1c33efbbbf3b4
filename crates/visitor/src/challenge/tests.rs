//! Challenges as a visitor meets them: asked, answered, resumed.

use palisade_challenge::Code;
use palisade_challenge::challenges::{Challenges, Occasion, Settings};
use palisade_challenge::claims::Claims;
use palisade_challenge::ladder::{Ladder, Step};
use palisade_challenge::site_key::SiteKey;
use palisade_challenge::ticket::Purpose;
use palisade_challenge::work;
use palisade_domain::{RequestId, Scheme, TenantId, Timestamp};
use serde_json::Value;

use super::*;
use crate::open_graph::Tags;
use crate::testing::Request;
use crate::theme::{Theme, ThemeSettings};
use crate::{assets, form, route, words};

const CHROME: &str = "text/html,application/xhtml+xml,*/*;q=0.8";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn challenges() -> Challenges {
    let ladder = Ladder::new(&[Step::Work, Step::NoScript], 1);
    let challenges =
        Challenges::new(&[3; 32], Claims::since(Timestamp(0)), Settings { ladder, ..Settings::default() });
    let key = SiteKey::automatic(&challenges.secrets, TenantId(1), &["site.example".to_owned()]);
    challenges.tokens.set_automatic(vec![key]);
    challenges
}

fn page_request(path: &str) -> Request<'_> {
    let mut request = Request::new("GET", path);
    request.headers.extend([("accept", CHROME), ("sec-fetch-dest", "document"), ("user-agent", FIREFOX)]);
    request
}

fn asked(challenges: &Challenges, request: &Request<'_>) -> Reply {
    request.with(|visit| reply(challenges, visit)).expect("it is of a kind that is challenged")
}

fn visited(challenges: &Challenges, request: &Request<'_>) -> Reply {
    request.with(|visit| route::route(Some(challenges), visit)).expect("the path is ours").reply
}

fn html(reply: &Reply) -> &str {
    std::str::from_utf8(&reply.body).unwrap()
}

fn body(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

/// All cookies that a reply sets, as a browser would send them.
fn cookies(reply: &Reply) -> String {
    let pairs = reply.headers.iter().filter(|(name, _)| *name == "set-cookie");
    let pairs: Vec<&str> = pairs.map(|(_, cookie)| cookie.split(';').next().unwrap()).collect();
    pairs.join("; ")
}

/// The value of the hidden field `name` of a page.
fn hidden(html: &str, name: &str) -> String {
    let (_, rest) =
        html.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("{name}: {html}"));
    rest.split('"').next().unwrap().replace("&#38;", "&").replace("&#34;", "\"")
}

fn form_of(html: &str, fields: &[&str]) -> String {
    let pair = |name: &&str| format!("{name}={}", form::escaped(&hidden(html, name)));
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// The body that solves a fresh ticket.
fn solved(challenges: &Challenges, request: &Request<'_>, purpose: Purpose) -> String {
    request.with(|visit| {
        let id = visit.random_id();
        let issued = challenges.issue(&visit.visitor(), purpose, &Occasion::default(), visit.now, id);
        let solutions = issued.puzzles.as_ref().map(|puzzles| work::solve(puzzles, id).unwrap());
        let data = serde_json::json!({ "mouseMovements": [] });
        serde_json::json!({ "ticket": issued.text, "work": { "solutions": solutions }, "data": data })
            .to_string()
    })
}

#[test]
fn a_page_obeys_the_rules_of_http() {
    let challenges = challenges();
    let reply = asked(&challenges, &page_request("/a"));
    assert_eq!((reply.status, reply.header("etag")), (403, None));
    assert_eq!(reply.header("cache-control"), Some("private, no-store"));
    assert!(reply.header("vary").unwrap().contains("cookie"));
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.contains(Theme::neutral().digest()) && !policy.contains("unsafe-inline"), "{policy}");
    assert!(reply.header("set-cookie").unwrap().starts_with("__Host-palisade_try="));
    let page = html(&reply);
    assert!(!page.contains("style=") && !page.contains("onclick") && !page.contains("http://"), "{page}");
    assert!(page.contains("role=\"progressbar\"") && page.contains("aria-live=\"polite\""), "{page}");
    let clear = Request { scheme: Scheme::Http, ..page_request("/a") };
    assert!(asked(&challenges, &clear).header("set-cookie").unwrap().starts_with("palisade_try="));
}

#[test]
fn every_language_fits_in_fifteen_kib_with_its_script() {
    let challenges = challenges();
    for words in words::LANGUAGES {
        let mut request = page_request("/some/path");
        request.headers.extend([("accept-language", words.tag), ("accept-encoding", "gzip")]);
        let packed = asked(&challenges, &request);
        assert_eq!(packed.header("content-encoding"), Some("gzip"), "{}", words.tag);
        let bytes = packed.body.len() + assets::page().gzip_len();
        assert!(bytes <= 15 * 1024, "{}: {bytes} bytes", words.tag);
        request.headers.pop();
        let plain = asked(&challenges, &request);
        let page = html(&plain);
        assert!(page.contains(&format!("<html lang=\"{}\" dir=\"{}\">", words.tag, words.dir)), "{page}");
        for text in [words.challenge.title, words.challenge.working, words.challenge.no_script] {
            assert!(page.contains(text), "{}: {text}", words.tag);
        }
    }
}

#[test]
fn nothing_hostile_becomes_markup() {
    let challenges = challenges();
    let theme =
        Theme::new(&ThemeSettings { name: Some("<i>&\"'".to_owned()), ..ThemeSettings::default() }).unwrap();
    let mut request = page_request("/\"><script>alert(1)</script>");
    request.query = "a='</script><!--&b=\"";
    request.theme = &theme;
    let reply = asked(&challenges, &request);
    let page = html(&reply);
    assert_eq!(page.matches("<script").count(), 2, "{page}");
    assert!(!page.contains("<!--") && !page.contains("<i>") && !page.contains("alert(1)</"), "{page}");
    let data = page.split_once("id=\"palisade\">").unwrap().1.split("</script>").next().unwrap();
    assert!(serde_json::from_str::<Value>(data).unwrap()["ticket"].is_string() && !data.contains('<'));
}

#[test]
fn a_page_says_what_it_stands_for_and_nothing_of_that_becomes_markup() {
    let challenges = challenges();
    let mut request = page_request("/a");
    let untold = html(&asked(&challenges, &request)).to_owned();
    assert!(!untold.contains("property="), "{untold}");
    let hostile = "</title><script>alert(1)</script>\"'><meta http-equiv=refresh content=0>";
    let pairs = [("og:title", hostile), ("og:image", "/a.png?b=1&c=\"'<"), ("twitter:card", "summary")];
    let pairs = pairs.map(|(name, content)| (name.to_owned(), content.to_owned()));
    request.tags = Tags::fixed(&pairs).unwrap();
    let reply = asked(&challenges, &request);
    let page = html(&reply);
    assert_eq!(page.matches("<script").count(), untold.matches("<script").count(), "{page}");
    assert_eq!(
        page.matches("http-equiv=\"refresh\"").count(),
        untold.matches("http-equiv=\"refresh\"").count()
    );
    assert!(
        page.contains("<meta property=\"og:title\" content=\"&#60;/title&#62;&#60;script&#62;"),
        "{page}"
    );
    assert!(page.contains("<meta name=\"twitter:card\" content=\"summary\">"), "{page}");
    assert_eq!(Tags::read(page.as_bytes()), request.tags, "what is written reads the same");
    assert!(
        page.contains(&format!("<title>{}</title>", words::of(None).challenge.title)),
        "people read ours"
    );
    request.method = "POST";
    request.headers.push(FORM);
    request.body = Some(b"a=1");
    assert!(!html(&asked(&challenges, &request)).contains("property="), "a form is no page to be shown");
}

#[test]
fn a_call_is_told_what_to_do_wherever_it_comes_from() {
    let challenges = challenges();
    let mut request = Request::new("POST", "/api");
    request.headers.extend([
        ("accept", "*/*"),
        ("sec-fetch-dest", "empty"),
        ("origin", "https://app.example"),
    ]);
    let reply = asked(&challenges, &request);
    assert_eq!((reply.status, reply.header("content-type")), (403, Some("application/problem+json")));
    assert_eq!(reply.header("access-control-allow-origin"), Some("https://app.example"));
    assert_eq!(reply.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(reply.header(SIGN), Some("/.palisade/challenge"));
    assert!(reply.header("vary").unwrap().ends_with(", origin"));
    let told = body(&reply);
    let fields = ["type", "title", "status", "detail", "error", "message", "request_id", "challenge"];
    assert!(fields.iter().all(|field| !told[field].is_null()), "{told}");
    assert_eq!(told["request_id"].as_str(), Some(&*RequestId(9).to_string()));
    request.headers[2].1 = "https://app.example\r\nx: y";
    assert_eq!(asked(&challenges, &request).header("access-control-allow-origin"), None);
}

#[test]
fn parts_of_pages_get_no_body() {
    let mut request = Request::new("GET", "/a.css");
    request.headers.push(("sec-fetch-dest", "style"));
    let reply = asked(&challenges(), &request);
    assert_eq!((reply.status, reply.body.len(), reply.header("content-type")), (403, 0, None));
}

#[test]
fn an_answer_becomes_a_pass_once_and_only_with_cookies() {
    let challenges = challenges();
    let held = cookies(&asked(&challenges, &page_request("/a")));
    let mut request = Request::new("POST", "/.palisade/answer");
    let sent = solved(&challenges, &request, Purpose::Pass);
    request.body = Some(sent.as_bytes());
    let check = |request: &Request<'_>, status, code: &str| {
        let reply = visited(&challenges, request);
        assert_eq!((reply.status, body(&reply)["error-codes"][0].as_str()), (status, Some(code)));
        assert!(!cookies(&reply).contains("palisade_pass"));
    };
    check(&request, 403, "cookies-off");
    request.headers.push(("cookie", &held));
    let reply = visited(&challenges, &request);
    assert_eq!((reply.status, body(&reply)["success"].as_bool()), (200, Some(true)));
    assert!(cookies(&reply).contains("__Host-palisade_pass=") && cookies(&reply).contains("palisade_try="));
    check(&request, 403, "spent-ticket");
    request.body = Some(b"{\"ticket\":\"x\"}");
    check(&request, 403, "invalid-ticket");
    request.body = Some(b"{}");
    check(&request, 403, "missing-ticket");
    request.body = Some(b"not json");
    check(&request, 400, "bad-request");
    request.body = None;
    check(&request, 413, "too-large");
}

/// To leave the recording out is worth no more than to send one that says a program drives the browser.
#[test]
fn work_without_a_recording_is_followed_by_the_hard_kind() {
    let challenges = challenges();
    let held = cookies(&asked(&challenges, &page_request("/a")));
    let mut request = Request::new("POST", "/.palisade/answer");
    let mut sent: Value = serde_json::from_str(&solved(&challenges, &request, Purpose::Pass)).unwrap();
    sent.as_object_mut().unwrap().remove("data");
    let sent = sent.to_string();
    request.body = Some(sent.as_bytes());
    request.headers.push(("cookie", &held));
    let reply = visited(&challenges, &request);
    assert_eq!((reply.status, &body(&reply)["error-codes"]), (403, &serde_json::json!(["empty-trace"])));
    assert_eq!(body(&reply)["next"]["step"], "hard-work");
}

#[test]
fn a_wrong_answer_is_told_what_is_next_until_the_ladder_ends() {
    let challenges = challenges();
    let mut held = cookies(&asked(&challenges, &page_request("/a")));
    let mut steps = Vec::new();
    let mut text = None;
    loop {
        let mut request = Request::new("POST", "/.palisade/answer");
        let ticket = text.unwrap_or_else(|| {
            serde_json::from_str::<Value>(&solved(&challenges, &request, Purpose::Pass)).unwrap()["ticket"].clone()
        });
        let sent = serde_json::json!({ "ticket": ticket, "work": { "solutions": [] } }).to_string();
        request.body = Some(sent.as_bytes());
        request.headers.push(("cookie", &held));
        let reply = visited(&challenges, &request);
        assert_eq!(body(&reply)["error-codes"][0].as_str(), Some("malformed-work"));
        let next = body(&reply)["next"].clone();
        held = cookies(&reply);
        let Some(step) = next["step"].as_str() else { break };
        steps.push(step.to_owned());
        text = Some(next["ticket"].clone());
    }
    assert_eq!(steps, ["work", "hard-work", "hard-work"]);
    // Then without script, where no chain needs a style: and at last a page that says why.
    let mut request = page_request("/a");
    request.headers.push(("cookie", &held));
    let page = asked(&challenges, &request);
    assert!(
        !html(&page).contains("<script") && html(&page).contains("http-equiv=\"refresh\""),
        "{}",
        html(&page)
    );
    for _ in 0..2 {
        let step = Request {
            headers: vec![("cookie", &held)],
            query: "",
            ..Request::new("POST", "/.palisade/step")
        };
        let ticket = hidden(html(&page), "ticket");
        let sent = format!("step=x&ticket={ticket}&to=/a");
        let failed = visited(&challenges, &Request { body: Some(sent.as_bytes()), ..step });
        assert!(html(&failed).contains("invalid-step"));
        held = cookies(&failed);
    }
    let mut request = page_request("/a");
    request.headers.push(("cookie", &held));
    let end = asked(&challenges, &request);
    assert!(end.header("retry-after").is_some() && !html(&end).contains("<form"), "{}", html(&end));
    assert!(html(&end).contains("<code dir=\"ltr\">invalid-step</code>"), "{}", html(&end));
}

#[test]
fn the_button_is_worth_a_pass_after_its_time() {
    let challenges = challenges();
    let mut first = page_request("/was/here");
    first.query = "q=1&r=2";
    let page = asked(&challenges, &first);
    let held = cookies(&page);
    let sent = form_of(html(&page), &["step", "ticket", "to"]);
    let mut request = Request::new("POST", "/.palisade/step");
    request.body = Some(sent.as_bytes());
    let off = visited(&challenges, &Request { now: request.now.plus_millis(60_000), ..request.clone() });
    assert!(off.status == 403 && html(&off).contains("cookies-off"), "{}", html(&off));
    request.headers.push(("cookie", &held));
    let early = visited(&challenges, &request);
    assert_eq!(early.status, 403);
    assert_eq!(form_of(html(&early), &["step", "ticket", "to"]), sent);
    request.now = request.now.plus_millis(60_000);
    let done = visited(&challenges, &request);
    assert_eq!((done.status, done.header("location")), (303, Some("/was/here?q=1&r=2")));
    assert!(cookies(&done).contains("__Host-palisade_pass="));
    assert!(html(&visited(&challenges, &request)).contains("spent-ticket"));
    // Whoever presses twice has the pass of the first time.
    let both = format!("{held}; {}", cookies(&done));
    request.headers[0].1 = &both;
    assert_eq!(visited(&challenges, &request).status, 303);
    request.headers.push(("user-agent", "Dillo/3.0.5"));
    assert_eq!(visited(&challenges, &request).status, 302);
}

#[test]
fn the_chain_of_style_sheets_ends_where_the_visitor_was() {
    let challenges = challenges();
    let page = asked(&challenges, &page_request("/a"));
    let mut held = cookies(&page);
    let between = |text: &str, from: &str, to: &str| {
        text.split_once(from).unwrap().1.split(to).next().unwrap().replace("&#38;", "&")
    };
    let mut sheet = between(html(&page), "stylesheet\" href=\"", "\"");
    let end = between(html(&page), "url=", "\"");
    let mut now = Request::new("GET", "/").now;
    loop {
        now = now.plus_millis(1_000);
        let request = Request { now, ..Request::new("GET", &sheet) };
        let reply = visited(&challenges, &request);
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/css; charset=utf-8")));
        // A browser holds one cookie of a name and path.
        held = format!("{}; {}", held.split("; palisade_step=").next().unwrap(), cookies(&reply));
        let Some((_, rest)) = html(&reply).split_once("@import \"") else { break };
        sheet = rest.split('"').next().unwrap().to_owned();
    }
    let (path, query) = end.split_once('?').unwrap();
    let mut request = Request { now: now.plus_millis(5_000), query, ..Request::new("GET", path) };
    request.headers.push(("cookie", &held));
    let done = visited(&challenges, &request);
    assert_eq!((done.status, done.header("location")), (303, Some("/a")), "{}", html(&done));
}

#[test]
fn a_form_survives_and_goes_on_once_for_its_visitor() {
    let challenges = challenges();
    let mut first = Request::new("POST", "/comment");
    first.headers.extend([("accept", CHROME), FORM, ("origin", "https://site.example")]);
    first.body = Some("text=a%26b<é>".as_bytes());
    let page = asked(&challenges, &first);
    assert!(!page.header("content-security-policy").unwrap().contains("form-action"));
    let held = cookies(&page);
    assert!(held.contains("__Host-palisade_post="), "{held}");
    let sent = form_of(html(&page), &["palisade_sealed", "step", "ticket"]);
    assert!(is_sealed_form(sent.as_bytes()) && !is_sealed_form(b"palisade_sealedx=1"));
    let mut again = Request::new("POST", "/comment");
    again.headers.extend([("accept", CHROME), FORM, ("cookie", &held)]);
    again.body = Some(sent.as_bytes());
    again.now = again.now.plus_millis(60_000);
    let resumed = |request: &Request<'_>| request.with(|visit| resume(&challenges, visit));
    let refused = |request: &Request<'_>, code: &str| {
        let reply = resumed(request).expect_err("it is not for them");
        assert!(reply.status == 403 && html(&reply).contains(&format!(">{code}</code>")), "{}", html(&reply));
    };
    refused(&Request { headers: vec![FORM], ..again.clone() }, "cookies-off");
    refused(&Request { path: "/other", ..again.clone() }, "foreign-seal");
    let mut cross = again.clone();
    cross.headers.push(("sec-fetch-site", "cross-site"));
    refused(&cross, "foreign-seal");
    let early = Request { now: first.now, ..again.clone() };
    let page = resumed(&early).expect_err("it is too early");
    assert_eq!(form_of(html(&page), &["palisade_sealed", "step", "ticket"]), sent);
    let Resumed { request, granted } = resumed(&again).unwrap();
    assert_eq!((&*request.body, request.target.as_str()), ("text=a%26b<é>".as_bytes(), "/comment"));
    assert_eq!(request.origin.as_deref(), Some("https://site.example"));
    let pass = again.with(|visit| challenges.pass_cookie(&granted.unwrap(), visit.scheme));
    let both = format!("{held}; {}", pass.split(';').next().unwrap());
    again.headers[2].1 = &both;
    refused(&again, "spent-seal");
}

#[test]
fn a_form_without_a_pass_is_asked_again_and_not_lost() {
    let challenges = challenges();
    let mut first = Request::new("POST", "/comment");
    first.headers.extend([("accept", CHROME), FORM]);
    first.body = Some(b"a=1");
    let page = asked(&challenges, &first);
    let held = cookies(&page);
    let sealed = hidden(html(&page), "palisade_sealed");
    let sent = format!("palisade_sealed={sealed}");
    let mut again = Request::new("POST", "/comment");
    again.headers.extend([("accept", CHROME), FORM, ("cookie", &held)]);
    again.body = Some(sent.as_bytes());
    let page = again.with(|visit| resume(&challenges, visit)).expect_err("no pass is shown");
    assert_eq!((page.status, hidden(html(&page), "palisade_sealed")), (403, sealed));
    again.body = Some(b"palisade_sealed=AAAA");
    let page = again.with(|visit| resume(&challenges, visit)).expect_err("nothing is sealed");
    assert!(html(&page).contains("invalid-seal"));
}

#[test]
fn the_widget_needs_a_site_key_of_its_host() {
    let challenges = challenges();
    let key = palisade_challenge::site_key::automatic_key(&challenges.secrets, TenantId(1));
    let bearer = format!("Bearer {key}");
    let check = |path: &str, headers: &[(&'static str, &str)], sent: &str, status, code: Option<&str>| {
        let mut request = Request::new("POST", path);
        request.headers.extend(headers);
        request.body = Some(sent.as_bytes());
        let reply = visited(&challenges, &request);
        assert_eq!(
            (reply.status, body(&reply)["error-codes"][0].as_str()),
            (status, code),
            "{path} {headers:?}"
        );
        reply
    };
    let start = "/.palisade/captcha/start";
    check(start, &[], "{}", 401, Some("invalid-site-key"));
    check(start, &[("authorization", "Bearer nobody")], "{}", 401, Some("invalid-site-key"));
    let mine = ("authorization", bearer.as_str());
    let reply = check(start, &[mine, ("origin", "https://site.example:8443")], "{}", 200, None);
    assert_eq!(reply.header("access-control-allow-origin"), Some("https://site.example:8443"));
    let reply =
        check(start, &[mine, ("origin", "https://evil.example")], "{}", 403, Some("hostname-not-allowed"));
    assert_eq!(reply.header("access-control-allow-origin"), None);
    assert!(body(&check(start, &[mine], "{}", 200, None))["expires_ms"].as_i64().is_some_and(|ms| ms > 0));
    let token = "/.palisade/api/challenge";
    check(token, &[], "{\"data\":{}}", 401, Some("invalid-site-key"));
    check(token, &[mine], "{}", 400, Some("bad-request"));
    // No key that signs is there yet: the page is told to come again.
    check(token, &[mine], "{\"data\":{}}", 503, Some("try-again"));
}

#[test]
fn a_code_has_a_status() {
    let check = |code, status| assert_eq!(answer::status(code), status, "{code}");
    check(Code::BadRequest, 400);
    check(Code::InvalidSiteKey, 401);
    check(Code::WrongWork, 403);
    check(Code::TooLarge, 413);
    check(Code::TryAgain, 503);
}
