//! The challenge page: one document and one script, no image, no host but our own.

use std::borrow::Cow;

use askama::Template;
use palisade_challenge::Code;
use palisade_challenge::challenges::{Challenges, Issued, set_cookie};
use palisade_challenge::ladder::Try;
use palisade_challenge::noscript::{Offer, loads_styles};
use palisade_challenge::sealed::{self, SealedRequest};
use palisade_challenge::ticket::{Purpose, Ticket};
use palisade_domain::{PassKind, RequestId};
use serde_json::json;

use super::{bare, tried};
use crate::open_graph::Tags;
use crate::theme::Theme;
use crate::visit::Visit;
use crate::words::{self, Words};
use crate::{Reply, assets, form};

#[derive(Template)]
#[template(path = "challenge.html")]
struct Page<'a> {
    words: &'a Words,
    theme: &'a Theme,
    /// For previews of the page in whose place it stands.
    tags: Option<&'a Tags>,
    title: &'a str,
    text: &'a str,
    id: RequestId,
    /// The script and what it needs to know; none where script is no help.
    script: Option<Script<'a>>,
    steps: Option<&'a Steps>,
    failed: Option<Failed<'a>>,
}

struct Script<'a> {
    address: &'a str,
    data: &'a str,
}

struct Failed<'a> {
    code: Code,
    /// Where another try begins; none where there is nothing more to try.
    again: Option<&'a str>,
}

/// What a browser without script does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Steps {
    chain: Option<Chain>,
    /// Where the form goes; the address of the page itself where it carries a sealed body.
    action: Option<String>,
    /// Its hidden fields.
    fields: Vec<(&'static str, String)>,
    wait_secs: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Chain {
    sheet: String,
    refresh: String,
}

/// What rides in a page.
pub(crate) enum Load<'a> {
    /// Nothing: the page is loaded again.
    Nothing,
    /// A form that was just posted.
    Form(&'a [u8]),
    /// A form that was sealed before, as its text and where it goes.
    Sealed(&'a str),
}

/// The page for `visit`.
pub(crate) fn reply(challenges: &Challenges, visit: &mut Visit<'_>, load: &Load<'_>) -> Reply {
    let tried = tried::again(challenges, visit);
    let id = visit.random_id();
    let issued = challenges.issue(&visit.visitor(), Purpose::Pass, &visit.occasion, visit.now, id);
    let (sealed, cookie) = match load {
        Load::Nothing => (None, None),
        Load::Sealed(text) => (Some((*text).to_owned()), None),
        Load::Form(body) => seal(challenges, visit, body, &issued).unzip(),
    };
    let Some(kind) = issued.plan.kind else {
        let code = issued.plan.reason.unwrap_or(Code::TooManyTries);
        return ended(challenges, visit, code, &tried);
    };
    let target = visit.target();
    let steps = issued.plan.no_script.map(|waits| {
        let styles = sealed.is_none() && loads_styles(visit.header("user-agent"));
        let offer = Offer::new(&issued.ticket, &target, styles, waits, &challenges.secrets);
        Steps::new(&offer, &issued.text, &target, sealed.as_deref(), visit.prefix)
    });
    // Without steps a form needs a place to ride all the same.
    let steps = steps.or_else(|| {
        let fields = vec![(SEALED_FIELD, sealed.clone()?)];
        Some(Steps { fields, ..Steps::default() })
    });
    let words = words::of(visit.wants.language(&words::TAGS));
    let address = format!("{}page.js?v={}", visit.prefix, assets::page().version());
    let data = data(words, &issued, sealed.is_some());
    let script = (kind != PassKind::NoScript).then_some(Script { address: &address, data: &data });
    let page = Page {
        words,
        theme: visit.theme,
        tags: matches!(load, Load::Nothing).then_some(visit.tags),
        title: words.challenge.title,
        text: words.challenge.text,
        id: visit.id,
        script,
        steps: steps.as_ref(),
        failed: None,
    };
    let mut reply = written(&page, visit, sealed.is_some());
    tried::put(&mut reply, &tried, challenges, visit);
    if let Some(cookie) = cookie {
        reply.headers.push(("set-cookie", cookie));
    }
    reply
}

/// The page of somebody who was too early: the same steps once more.
pub(crate) fn too_fast(
    visit: &Visit<'_>,
    fields: Vec<(&'static str, String)>,
    action: Option<String>,
) -> Reply {
    let words = words::of(visit.wants.language(&words::TAGS));
    let steps = Steps { chain: None, action, fields, wait_secs: TOO_FAST_SECS };
    let page = Page {
        words,
        theme: visit.theme,
        tags: None,
        title: words.challenge.title,
        text: words.challenge.no_script,
        id: visit.id,
        script: None,
        steps: Some(&steps),
        failed: None,
    };
    written(&page, visit, true)
}

/// What is asked to be waited when the button was pressed too soon.
const TOO_FAST_SECS: u32 = 5;

/// The page of an answer that was not taken; `again` is where another try begins.
pub(crate) fn failed(visit: &Visit<'_>, code: Code, again: Option<&str>) -> Reply {
    let words = words::of(visit.wants.language(&words::TAGS));
    let say = &words.challenge;
    let text = match code {
        Code::CookiesOff => say.cookies,
        Code::TicketFromTheFuture => say.clock,
        _ => say.failed.text,
    };
    let failed = Some(Failed { code, again });
    let title = say.failed.title;
    let page = Page {
        words,
        theme: visit.theme,
        tags: None,
        title,
        text,
        id: visit.id,
        script: None,
        steps: None,
        failed,
    };
    written(&page, visit, false)
}

/// The page at the end of the ladder: the reason, and when it begins anew.
fn ended(challenges: &Challenges, visit: &Visit<'_>, code: Code, tried: &Try) -> Reply {
    let mut reply = failed(visit, code, None);
    reply.headers.push(("retry-after", tried.left_secs(visit.now).to_string()));
    tried::put(&mut reply, tried, challenges, visit);
    reply
}

fn written(page: &Page<'_>, visit: &Visit<'_>, carries_form: bool) -> Reply {
    let html = page.render().expect("a page of bounded texts is written to memory");
    let (body, packed) = assets::packed(html.into_bytes(), visit);
    let mut reply = bare(visit, Cow::Owned(body));
    if packed {
        reply.headers.push(("content-encoding", "gzip".to_owned()));
    }
    reply.headers.push(("content-type", "text/html; charset=utf-8".to_owned()));
    reply.headers.push(("content-language", page.words.tag.to_owned()));
    reply.headers.push(("content-security-policy", policy(visit.theme, carries_form)));
    // A form that goes on says where it stood: with no referrer its `Origin` would be `null`.
    reply.headers.push(("referrer-policy", "same-origin".to_owned()));
    reply
}

/// What the page may load: our script and worker, its own style and our steps, nothing of anybody else's.
fn policy(theme: &Theme, carries_form: bool) -> String {
    // Where a form goes on, the site may answer it with a redirect to another host (a payment, say), which Chromium counts
    // as a form's action too.
    let action = if carries_form { "" } else { "form-action 'self'; " };
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self' {}; img-src 'self'; {action}base-uri 'none'; frame-ancestors 'self'",
        theme.digest()
    )
}

/// What the script needs, as JSON that cannot end the element it stands in.
fn data(words: &Words, issued: &Issued, form: bool) -> String {
    let say = &words.challenge;
    let data = json!({
        "ticket": issued.text,
        "work": issued.puzzles.as_ref().map(|puzzles| puzzles.to_json(issued.ticket.id)),
        "form": form,
        "say": {
            "done": say.done,
            "failed": say.failed.title,
            "sorry": say.failed.text,
            "cookies": say.cookies,
            "clock": say.clock,
            "unreachable": say.unreachable,
        },
    });
    data.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// The field of a sealed body; it comes first in its form, so that it is known by the form's first bytes.
pub(crate) const SEALED_FIELD: &str = "palisade_sealed";

impl Steps {
    fn new(offer: &Offer, ticket: &str, target: &str, sealed: Option<&str>, prefix: &str) -> Self {
        let chain = offer.chain.as_ref().map(|chain| Chain {
            sheet: format!("{prefix}step/{}", chain.sheet),
            refresh: format!(
                "{};url={prefix}step/{}?ticket={ticket}&to={}",
                chain.refresh_secs,
                chain.end,
                form::escaped(target)
            ),
        });
        let step = [("step", offer.form.clone()), ("ticket", ticket.to_owned())];
        let (action, fields) = match sealed {
            Some(sealed) => (None, [(SEALED_FIELD, sealed.to_owned())].into_iter().chain(step).collect()),
            None => {
                let to = ("to", target.to_owned());
                (Some(format!("{prefix}step")), step.into_iter().chain([to]).collect())
            }
        };
        Steps { chain, action, fields, wait_secs: offer.form_wait_secs }
    }
}

/// The body, sealed, and the cookie that opens it.
fn seal(
    challenges: &Challenges,
    visit: &mut Visit<'_>,
    body: &[u8],
    issued: &Issued,
) -> Option<(String, String)> {
    let text = |name| visit.header(name).map(str::to_owned);
    let Ticket { id, issued, expires, .. } = issued.ticket;
    let request = SealedRequest {
        tenant: visit.tenant,
        site: visit.site,
        id,
        issued,
        expires,
        host: visit.host.to_owned(),
        method: visit.method.to_owned(),
        target: visit.target(),
        content_type: text("content-type"),
        origin: text("origin"),
        sec_fetch_site: text("sec-fetch-site"),
        body: body.to_vec(),
    };
    let name = sealed::cookie_name(visit.scheme);
    let value = sealed::cookie_value(visit.cookie(name), visit.random_id());
    let mut nonce = [0; 12];
    (visit.random)(&mut nonce);
    let sealed = request.seal(&challenges.secrets, &value, nonce).ok()?;
    let age_secs = (expires.secs() - issued.secs()).max(0);
    Some((sealed, set_cookie(name, name, &value, age_secs, visit.scheme)))
}
