//! Visitor-facing paths below the base: `[server] visitor_prefix` of the data plane, or the root of the API listener.

use std::borrow::Cow;

use palisade_challenge::Code;
use palisade_challenge::challenges::Challenges;
use palisade_challenge::site_key;

use crate::cors::{self, Readers};
use crate::visit::{Base, Served, Visit};
use crate::{Notice, Reply, Wants, assets, challenge, page, words};

/// The prefix unless set otherwise.
pub const PREFIX: &str = "/.palisade/";

/// Largest body that is read for a path of ours: a recording with every event there can be.
pub const BODY_BYTES_MAX: usize = 256 * 1024;

/// Routes that take a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Post {
    Answer,
    Challenge,
    Step,
    Start,
    Token,
}

impl Post {
    fn at(rest: &str) -> Option<Post> {
        Some(match rest {
            "answer" => Post::Answer,
            "challenge" => Post::Challenge,
            "step" => Post::Step,
            "captcha/start" => Post::Start,
            "api/challenge" => Post::Token,
            _ => return None,
        })
    }

    /// Who may read the answer from another origin.
    fn readers(self, challenges: Option<&Challenges>, visit: &Visit<'_>) -> Option<Readers> {
        match self {
            Post::Answer | Post::Challenge => Some(Readers::Asker),
            Post::Step => None,
            Post::Start | Post::Token => challenges
                .is_some_and(|challenges| challenge::token::may_read(challenges, visit))
                .then_some(Readers::Named),
        }
    }
}

/// True for what gives or takes a challenge by a mere GET: who is refused or slowed does not get that either. `rest` is the path
/// below the base.
pub fn is_costly(rest: &str) -> bool {
    rest.starts_with("step") || rest.starts_with("refused/challenge")
}

/// How many bytes of a body are worth reading before [`route`] is asked; `None` where none are.
pub fn body_bytes_max(base: Base<'_>, method: &str, path: &str) -> Option<usize> {
    let rest = path.strip_prefix(base.path())?;
    (method == "POST" && Post::at(rest).is_some_and(|_| serves(base, rest))).then_some(BODY_BYTES_MAX)
}

/// The answer to a visit of one of our paths; `None` for everything else, which is the site's (or another router's).
/// Without `challenges`, as where nothing is enforced, scripts and pages are served and answers are not.
pub fn route(challenges: Option<&Challenges>, visit: &mut Visit<'_>) -> Option<Served> {
    let rest = visit.path.strip_prefix(visit.base.path())?;
    if !serves(visit.base, rest) {
        return None;
    }
    if let Some(post) = Post::at(rest) {
        return posted(post, challenges, visit);
    }
    if let Some(asset) = assets::find(rest) {
        return Some(read_only(visit, |visit| assets::serve(asset, visit)));
    }
    if let Some(challenges) = challenges {
        let site_key = || site_key::automatic_key(&challenges.secrets, visit.tenant);
        match rest {
            "captcha.js" => return Some(read_only(visit, |visit| assets::serve_widget(&site_key(), visit))),
            "captcha/integrity.json" => {
                return Some(public(visit, || challenge::json(200, assets::integrity(&site_key()))));
            }
            "api/public_key" => return Some(public(visit, || challenge::token::public_key(challenges))),
            ".well-known/jwks.json" | "jwks.json" => {
                return Some(public(visit, || challenge::token::jwks(challenges)));
            }
            _ => {}
        }
        if let Some(step) = rest.strip_prefix("step/").filter(|_| visit.method == "GET") {
            return Some(challenge::steps::read(challenges, step, visit).into());
        }
    }
    let reads = visit.reads();
    let mut parts = rest.split('/');
    let reply = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some("about"), None, None, None) if reads => about(&visit.wants),
        (Some("refused"), Some(action), Some(number), None) => {
            visit.id = number.parse().unwrap_or(visit.id);
            refused(challenges, action, visit)
        }
        _ => return fallback(visit),
    };
    Some(reply.into())
}

/// Below the prefix everything is ours; at the root other routers have paths too.
fn fallback(visit: &Visit<'_>) -> Option<Served> {
    match visit.base {
        Base::Prefix(_) => Some(Reply::notice(Notice::NotFound, &visit.wants, visit.id).into()),
        Base::Root | Base::Seed => None,
    }
}

fn serves(base: Base<'_>, rest: &str) -> bool {
    match base {
        Base::Prefix(_) => true,
        Base::Root => !matches!(rest.split('/').next(), Some("about" | "refused")),
        Base::Seed => {
            rest == "captcha.js"
                || rest.starts_with("captcha/")
                || matches!(rest, "api/challenge" | "api/public_key")
        }
    }
}

fn posted(post: Post, challenges: Option<&Challenges>, visit: &mut Visit<'_>) -> Option<Served> {
    let readers = post.readers(challenges, visit);
    let mut served = match (visit.method, challenges) {
        ("OPTIONS", _) => return Some(cors::preflight(readers, "POST", visit).into()),
        ("POST", Some(challenges)) if !challenges.may_ask(visit.tenant, &visit.bindings, visit.now) => {
            challenges.outcomes.refused(Code::TooManyTries);
            challenge::refusal(429, Code::TooManyTries).into()
        }
        ("POST", Some(challenges)) => match post {
            Post::Answer => challenge::answer::answer(challenges, visit),
            Post::Challenge => challenge::answer::challenge(challenges, visit),
            Post::Step => challenge::steps::posted(challenges, visit).into(),
            Post::Start => challenge::token::start(challenges, visit),
            Post::Token => challenge::token::token(challenges, visit),
        },
        _ => return fallback(visit),
    };
    if let Some(readers) = readers {
        readers.allow(&mut served.reply, visit);
    }
    Some(served)
}

/// For what everybody may read.
fn public(visit: &Visit<'_>, answer: impl FnOnce() -> Reply) -> Served {
    read_only(visit, |visit| {
        let mut reply = answer();
        Readers::Anybody.allow(&mut reply, visit);
        if visit.wants.head_only {
            reply.body = Cow::Borrowed(b"");
        }
        reply
    })
}

/// For paths that are only read.
fn read_only(visit: &Visit<'_>, answer: impl FnOnce(&Visit<'_>) -> Reply) -> Served {
    match visit.method {
        "GET" | "HEAD" => answer(visit),
        "OPTIONS" => cors::preflight(Some(Readers::Anybody), "GET, HEAD", visit),
        _ => Reply::notice(Notice::NotFound, &visit.wants, visit.id),
    }
    .into()
}

/// The page of a refusal that somebody else carries out: nginx, which hears no more than "no" and asks here for the words.
/// Whoever types such an address reads the same page and learns nothing.
fn refused(challenges: Option<&Challenges>, action: &str, visit: &mut Visit<'_>) -> Reply {
    if let ("challenge", Some(challenges)) = (action, challenges) {
        // nginx asks with the visitor's own method, without the body, for the page of another address. Where that is not told, the
        // steps without script lead to the front page: never back to this one, which asks whoever comes.
        visit.body = None;
        let told = visit.header("x-original-uri").or_else(|| visit.header("x-forwarded-uri")).unwrap_or("/");
        (visit.path, visit.query) = told.split_once('?').unwrap_or((told, ""));
        if let Some(reply) = challenge::reply(challenges, visit) {
            return reply;
        }
    }
    Reply::notice(notice(action), &visit.wants, visit.id)
}

fn notice(action: &str) -> Notice {
    match action {
        "throttle" | "tarpit" => Notice::SlowDown,
        "charge" => Notice::Payment,
        "automated" => Notice::Automated,
        "block" | "challenge" => Notice::Refused,
        _ => Notice::NotFound,
    }
}

/// What stands behind this address, for people who ask.
fn about(wants: &Wants<'_>) -> Reply {
    let words = words::of(wants.language(&words::TAGS));
    let body = page::render(words, words.about, None);
    let headers = vec![
        ("content-type", "text/html; charset=utf-8".to_owned()),
        ("content-language", words.tag.to_owned()),
        ("content-security-policy", page::CONTENT_SECURITY_POLICY.to_owned()),
        ("cache-control", "private, max-age=3600".to_owned()),
        ("vary", "accept-language".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
    ];
    let body = if wants.head_only { Cow::Borrowed(&b""[..]) } else { Cow::Owned(body.into_bytes()) };
    Reply { status: 200, headers, body, pace: None }
}

#[cfg(test)]
mod tests {
    use palisade_challenge::challenges::Settings;
    use palisade_challenge::claims::Claims;
    use palisade_domain::Timestamp;

    use super::*;
    use crate::testing::Request;

    fn answered(request: &Request<'_>, challenges: Option<&Challenges>) -> Option<Reply> {
        request.with(|visit| route(challenges, visit)).map(|served| served.reply)
    }

    fn challenges() -> Challenges {
        Challenges::new(&[5; 32], Claims::since(Timestamp(0)), Settings::default())
    }

    #[test]
    fn only_our_own_paths_are_answered() {
        let challenges = challenges();
        let check = |method: &str, path: &str, status: Option<u16>| {
            let request = Request::new(method, path);
            let found = answered(&request, Some(&challenges)).map(|reply| reply.status);
            assert_eq!(found, status, "{method} {path}");
        };
        check("GET", "/", None);
        check("GET", "/.palisad", None);
        check("GET", "/.palisade/about", Some(200));
        check("POST", "/.palisade/about", Some(404));
        check("GET", "/.palisade/../etc", Some(404));
        check("GET", "/.palisade/", Some(404));
        check("GET", "/.palisade/refused/block/0000000000009", Some(403));
        check("POST", "/.palisade/refused/throttle/0000000000009", Some(429));
        check("GET", "/.palisade/refused/charge/x", Some(402));
        check("GET", "/.palisade/refused/else/0000000000009", Some(404));
        check("GET", "/.palisade/refused/block/0000000000009/more", Some(404));
        check("GET", "/.palisade/refused/challenge/0000000000009", Some(403));
        check("GET", "/.palisade/captcha.js", Some(200));
        check("HEAD", "/.palisade/captcha/work.wasm", Some(200));
        check("POST", "/.palisade/page.js", Some(404));
        check("OPTIONS", "/.palisade/page.js", Some(204));
        check("GET", "/.palisade/captcha/integrity.json", Some(200));
        check("GET", "/.palisade/jwks.json", Some(200));
        check("GET", "/.palisade/.well-known/jwks.json", Some(200));
        // Generated in the background; until then everybody is told to come again.
        check("GET", "/.palisade/api/public_key", Some(503));
        check("GET", "/.palisade/answer", Some(404));
        check("OPTIONS", "/.palisade/answer", Some(204));
        check("POST", "/.palisade/answer", Some(400));
        check("POST", "/.palisade/challenge", Some(200));
        check("GET", "/.palisade/step/a/b", Some(403));
        check("POST", "/.palisade/step", Some(403));
    }

    #[test]
    fn each_base_serves_its_own_paths() {
        let challenges = challenges();
        let check = |base, path: &str, expect| {
            let request = Request { base, ..Request::new("GET", path) };
            assert_eq!(answered(&request, Some(&challenges)).is_some(), expect, "{base:?} {path}");
        };
        check(Base::Root, "/captcha.js", true);
        check(Base::Root, "/.well-known/jwks.json", true);
        check(Base::Root, "/turnstile/v0/api.js", true);
        check(Base::Root, "/health", false);
        check(Base::Root, "/about", false);
        check(Base::Seed, "/captcha.js", true);
        check(Base::Seed, "/captcha/work.js", true);
        check(Base::Seed, "/api/public_key", true);
        check(Base::Seed, "/api/users", false);
        check(Base::Seed, "/page.js", false);
        check(Base::Seed, "/about", false);
    }

    #[test]
    fn bodies_are_read_where_one_is_taken() {
        let check = |base, method: &str, path: &str, expect| {
            assert_eq!(body_bytes_max(base, method, path), expect, "{method} {path}");
        };
        check(Base::Prefix(PREFIX), "POST", "/.palisade/answer", Some(BODY_BYTES_MAX));
        check(Base::Prefix(PREFIX), "GET", "/.palisade/answer", None);
        check(Base::Prefix(PREFIX), "POST", "/.palisade/about", None);
        check(Base::Prefix(PREFIX), "POST", "/answer", None);
        check(Base::Seed, "POST", "/api/challenge", Some(BODY_BYTES_MAX));
        check(Base::Seed, "POST", "/answer", None);
    }

    #[test]
    fn a_refusal_keeps_its_number() {
        let mut request = Request::new("GET", "/.palisade/refused/block/000000000001Z");
        request.headers.push(("accept", "text/html"));
        let reply = answered(&request, None).unwrap();
        assert!(String::from_utf8_lossy(&reply.body).contains("000000000001Z"));
    }

    #[test]
    fn a_page_for_nginx_leads_back_to_where_the_visitor_was() {
        let challenges = challenges();
        let mut request = Request::new("GET", "/.palisade/refused/challenge/0000000000009");
        request.headers.extend([("accept", "text/html"), ("x-original-uri", "/shop?a=1")]);
        let page = answered(&request, Some(&challenges)).unwrap();
        let page = String::from_utf8_lossy(&page.body).into_owned();
        assert!(page.contains("name=\"to\" value=\"/shop?a=1\""), "{page}");
        request.headers.pop();
        let page = answered(&request, Some(&challenges)).unwrap();
        assert!(String::from_utf8_lossy(&page.body).contains("name=\"to\" value=\"/\""));
    }

    #[test]
    fn without_challenges_nothing_is_answered_and_scripts_are_there() {
        let status = |method, path| answered(&Request::new(method, path), None).map(|reply| reply.status);
        assert_eq!(status("POST", "/.palisade/answer"), Some(404));
        assert_eq!(status("GET", "/.palisade/captcha.js"), Some(404));
        assert_eq!(status("GET", "/.palisade/retry.js"), Some(200));
        assert_eq!(status("GET", "/.palisade/refused/challenge/0000000000009"), Some(403));
    }
}
