//! The challenge page: one document and one script, no image, no host but our own.

use std::borrow::Cow;

use askama::Template;
use palisade_challenge::challenges::{Challenges, Issued};
use palisade_challenge::sealed::{self, SealedRequest};
use palisade_challenge::ticket::Purpose;
use palisade_domain::RequestId;
use serde_json::json;

use super::bare;
use crate::theme::Theme;
use crate::visit::Visit;
use crate::words::{self, Words};
use crate::{Reply, assets};

#[derive(Template)]
#[template(path = "challenge.html")]
struct Page<'a> {
    words: &'a Words,
    theme: &'a Theme,
    script: &'a str,
    steps: Option<&'a Steps>,
    sealed: Option<&'a str>,
    id: RequestId,
    data: &'a str,
}

/// What a browser without script does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps {
    /// Seconds until `next` is loaded.
    pub wait_secs: u32,
    /// Where it goes on by itself.
    pub next: String,
    /// Sub-resources it loads before.
    pub parts: Vec<String>,
    /// Where the button goes.
    pub form: String,
}

/// The page for `visit`, with `form`, the body that was posted, sealed into it.
pub(crate) fn reply(challenges: &Challenges, visit: &mut Visit<'_>, form: Option<&[u8]>) -> Reply {
    let id = visit.random_id();
    let issued = challenges.issue(&visit.visitor(), Purpose::Pass, &visit.occasion, visit.now, id);
    let sealed = form.and_then(|body| seal(challenges, visit, body, &issued));
    let words = words::of(visit.wants.language(&words::TAGS));
    let script = format!("{}page.js?v={}", visit.prefix, assets::page().version());
    let data = data(words, &issued);
    let page = Page {
        words,
        theme: visit.theme,
        script: &script,
        steps: None,
        sealed: sealed.as_ref().map(|(text, _)| text.as_str()),
        id: visit.id,
        data: &data,
    };
    let html = page.render().expect("a page of bounded texts is written to memory");
    let mut reply = bare(visit, Cow::Owned(html.into_bytes()));
    reply.headers.push(("content-type", "text/html; charset=utf-8".to_owned()));
    reply.headers.push(("content-language", words.tag.to_owned()));
    reply.headers.push(("content-security-policy", policy(visit.theme, form.is_some())));
    // A form that goes on says where it stood: with no referrer its `Origin` would be `null`.
    reply.headers.push(("referrer-policy", "same-origin".to_owned()));
    reply.headers.push(("cross-origin-opener-policy", "same-origin".to_owned()));
    if let Some((_, cookie)) = sealed {
        reply.headers.push(("set-cookie", cookie));
    }
    reply
}

/// What the page may load: our script and worker, its own style, nothing of anybody else's.
fn policy(theme: &Theme, form: bool) -> String {
    // Where a form goes on, the site may answer it with a redirect to another host (a payment, say), which Chromium counts
    // as a form's action too.
    let action = if form { "" } else { "form-action 'self'; " };
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self' {}; img-src 'self'; {action}base-uri 'none'; frame-ancestors 'self'",
        theme.digest()
    )
}

/// What the script needs, as JSON that cannot end the element it stands in.
fn data(words: &Words, issued: &Issued) -> String {
    let say = &words.challenge;
    let data = json!({
        "ticket": issued.text,
        "work": issued.puzzles.as_ref().map(|puzzles| puzzles.to_json(issued.ticket.id)),
        "say": {
            "working": say.working,
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

/// The body, sealed, and the cookie that opens it.
fn seal(
    challenges: &Challenges,
    visit: &mut Visit<'_>,
    body: &[u8],
    issued: &Issued,
) -> Option<(String, String)> {
    let text = |name| visit.header(name).map(str::to_owned);
    let request = SealedRequest {
        tenant: visit.tenant,
        site: visit.site,
        id: issued.ticket.id,
        issued: issued.ticket.issued,
        expires: issued.ticket.expires,
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
    let age_secs = (request.expires.secs() - request.issued.secs()).max(0);
    let cookie = palisade_challenge::challenges::set_cookie(name, name, &value, age_secs, visit.scheme);
    Some((sealed, cookie))
}
