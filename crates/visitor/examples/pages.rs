//! Shows every page as a browser gets it: `cargo run -p palisade-visitor --example pages -- 127.0.0.1:8099`.
//!
//! `/` is challenged and says so where it was passed; `?lang=ar` chooses a language, `?theme=1` a theme,
//! `/refused` shows a refusal. For looking, not for serving.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{SystemTime, UNIX_EPOCH};

use palisade_challenge::challenges::{Challenges, Occasion, Settings};
use palisade_challenge::claims::Claims;
use palisade_challenge::site_key::SiteKey;
use palisade_challenge::{Bindings, pass};
use palisade_domain::{RequestId, Scheme, SiteId, TenantId, Timestamp};
use palisade_visitor::challenge::{is_sealed_form, resume};
use palisade_visitor::open_graph::Tags;
use palisade_visitor::theme::ThemeSettings;
use palisade_visitor::{Base, Reply, Theme, Visit, Wants, challenge, page, route, words};

const PREFIX: &str = "/.palisade/";

fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8099".to_owned());
    let challenges = Challenges::new(&[7; 32], Claims::since(Timestamp(0)), Settings::default());
    let key = SiteKey::automatic(&challenges.secrets, TenantId(0), &[]);
    challenges.tokens.set_automatic(vec![key]);
    let listener = TcpListener::bind(address)?;
    std::thread::scope(|scope| {
        for stream in listener.incoming().flatten() {
            let challenges = &challenges;
            // A visitor who leaves in between is nobody's fault.
            scope.spawn(move || serve(stream, challenges).ok());
        }
    });
    Ok(())
}

fn serve(mut stream: TcpStream, challenges: &Challenges) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next().unwrap_or("").to_owned(), words.next().unwrap_or("/").to_owned());
    let mut headers: Vec<(String, String)> = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let header = |name: &str| headers.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str());
    let length: usize = header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length.min(512 * 1024)];
    reader.read_exact(&mut body)?;
    let reply = answer(challenges, &method, &target, &headers, &body);
    writeln!(
        stream,
        "HTTP/1.1 {} x\r\nconnection: close\r\ncontent-length: {}\r",
        reply.status,
        reply.body.len()
    )?;
    for (name, value) in &reply.headers {
        writeln!(stream, "{name}: {value}\r")?;
    }
    stream.write_all(b"\r\n")?;
    stream.write_all(&reply.body)
}

fn answer(
    challenges: &Challenges,
    method: &str,
    target: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> Reply {
    let header = |name: &str| headers.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let setting = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let language = setting("lang").or_else(|| header("accept-language"));
    let theme = Theme::new(&ThemeSettings {
        name: Some("Example Library".to_owned()),
        accent: Some("#7a1f5c".to_owned()),
        accent_dark: Some("#f0a6d8".to_owned()),
        css: None,
    });
    let theme = theme.expect("the theme of an example is right");
    let random_source = ring::rand::SystemRandom::new();
    let mut random = |bytes: &mut [u8]| {
        let _ = ring::rand::SecureRandom::fill(&random_source, bytes);
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64);
    let wants = Wants { accept: header("accept"), language, head_only: method == "HEAD" };
    let mut visit = Visit {
        method,
        path,
        query,
        header: &header,
        body: Some(body),
        wants,
        id: RequestId(now.unsigned_abs() << 20),
        tenant: TenantId(0),
        site: SiteId(0),
        scheme: Scheme::Http,
        host: header("host").unwrap_or(""),
        bindings: Bindings { network: Some(1), agent: Some(2), stack: Some(3) },
        client: None,
        base: Base::Prefix(PREFIX),
        prefix: PREFIX,
        occasion: Occasion { tries: 0, score: 75, ..Occasion::default() },
        tags: Tags::none(),
        theme: if setting("theme").is_some() { &theme } else { Theme::neutral() },
        local: true,
        now: Timestamp::from_millis(now),
        random: &mut random,
    };
    if path == "/refused" {
        let html = page::render(
            words::of(wants.language(&words::TAGS)),
            words::of(language).refused,
            Some(visit.id),
        );
        return html_of(200, html);
    }
    if let Some(served) = route::route(Some(challenges), &mut visit) {
        return served.reply;
    }
    let mut cookie = None;
    let mut sent = body.to_vec();
    if is_sealed_form(body) {
        match resume(challenges, &mut visit) {
            Ok(resumed) => {
                sent = resumed.request.body;
                cookie = resumed.granted.map(|pass| challenges.pass_cookie(&pass, Scheme::Http));
            }
            Err(reply) => return reply,
        }
    }
    let shown = header("cookie").and_then(pass::in_cookies);
    let passed = cookie.is_some()
        || shown.is_some_and(|text| {
            challenges.check(text, visit.tenant, visit.site, &visit.bindings, visit.now).is_ok()
        });
    if !passed && let Some(reply) = challenge::reply(challenges, &mut visit) {
        return reply;
    }
    let sent = String::from_utf8_lossy(&sent).replace('<', "&lt;");
    let form = "<form method=post><input name=a value=1><button>Send</button></form>";
    let mut reply =
        html_of(200, format!("<!doctype html><title>In</title><h1>In</h1><p>{method} {sent}</p>{form}"));
    reply.headers.extend(cookie.map(|cookie| ("set-cookie", cookie)));
    reply
}

fn html_of(status: u16, html: String) -> Reply {
    let headers = vec![("content-type", "text/html; charset=utf-8".to_owned())];
    Reply { status, headers, body: html.into_bytes().into(), pace: None }
}
