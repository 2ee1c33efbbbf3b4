//! The challenge without script, taken by the plainest program there is: curl with a cookie jar. What it costs is counted.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tempfile::TempDir;

use crate::pace::Pacer;
use crate::tools::{program, run, text};

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The style sheets, and then the address of the page's `refresh`.
    Chain,
    /// The button.
    Form,
}

/// What it cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Requests one after the other, the page that is let through in the end not among them.
    pub round_trips: u32,
    /// Heads and bodies received.
    pub received_bytes: u64,
    /// Heads and bodies sent.
    pub sent_bytes: u64,
    /// From the first request until the pass is there.
    pub elapsed: Duration,
    /// Of that, waiting because the page says so.
    pub waited: Duration,
}

/// One visitor with curl.
pub struct Curl {
    program: std::path::PathBuf,
    folder: TempDir,
    agent: String,
    cookies: bool,
    cost: Cost,
}

/// One answer.
struct Fetched {
    status: u16,
    body: String,
}

impl Curl {
    /// Calls itself `agent`; keeps cookies or not.
    ///
    /// # Errors
    /// Where curl is missing.
    pub fn new(agent: &str, cookies: bool) -> anyhow::Result<Self> {
        let (program, folder) = (program("curl")?, tempfile::tempdir()?);
        Ok(Curl { program, folder, agent: agent.to_owned(), cookies, cost: Cost::default() })
    }

    /// Where its cookies lie.
    pub fn jar(&self) -> std::path::PathBuf {
        self.folder.path().join("jar")
    }

    /// Asks for `path` and takes the steps of one way, waiting as told (or not at all); status and cost of all of it, and the
    /// status and text of the page when asked for again.
    ///
    /// # Errors
    /// Where the page does not offer that way.
    pub async fn take(
        &mut self,
        at: SocketAddr,
        path: &str,
        way: Way,
        waits: bool,
    ) -> anyhow::Result<(Cost, u16, String)> {
        let begin = Instant::now();
        let page = self.fetch(at, path, &[]).await?;
        anyhow::ensure!(page.status == 403, "not challenged: {}", page.status);
        match way {
            Way::Chain => self.chain(at, &page.body, waits).await?,
            Way::Form => self.form(at, &page.body, waits).await?,
        }
        let cost = Cost { elapsed: begin.elapsed(), ..self.cost };
        let last = self.fetch(at, path, &[]).await?;
        Ok((cost, last.status, last.body))
    }

    async fn chain(&mut self, at: SocketAddr, page: &str, waits: bool) -> anyhow::Result<()> {
        let refresh = tag(page, "<meta", "refresh").context("a refresh in the page")?;
        let (seconds, end) =
            attribute(refresh, "content").context("its content")?.split_once(';').context("seconds; url")?;
        let end =
            unescaped(end.trim().trim_start_matches("url=").trim_start_matches("URL=").trim_matches('\''));
        let sheet = tag(page, "<link", "/step/").and_then(|tag| attribute(tag, "href"));
        let mut next = Some(unescaped(sheet.context("a style sheet in the page")?));
        while let Some(sheet) = next.take() {
            let css = self.fetch(at, &sheet, &[]).await?;
            anyhow::ensure!(css.status == 200, "{sheet}: {} {}", css.status, css.body);
            let import = css.body.split_once("@import").map(|(_, rest)| rest);
            next = import.and_then(|rest| rest.split(['"', '\'']).nth(1)).map(str::to_owned);
        }
        if waits {
            // The clock of a browser starts when the page is there with its styles.
            let waiting = Pacer::start();
            waiting.until(Duration::from_secs(seconds.trim().parse()?)).await;
            self.cost.waited += waiting.elapsed();
        }
        self.fetch(at, &end, &[]).await.map(drop)
    }

    async fn form(&mut self, at: SocketAddr, page: &str, waits: bool) -> anyhow::Result<()> {
        let shown = Pacer::start();
        let form = page.split_once("<form").context("a form in the page")?.1;
        let form = form.split_once("</form>").context("its end")?.0;
        let action = unescaped(attribute(form, "action").context("where it goes")?);
        let mut fields = Vec::new();
        for input in form.split("<input").skip(1) {
            if let (Some(name), Some(value)) = (attribute(input, "name"), attribute(input, "value")) {
                fields.push(format!("{}={}", unescaped(name), unescaped(value)));
            }
        }
        let seconds = page.split_once("data-wait=\"").and_then(|(_, rest)| rest.split('"').next());
        if waits {
            let seconds: u64 = seconds.and_then(|text| text.parse().ok()).unwrap_or(FORM_WAIT_SECS);
            shown.until(Duration::from_secs(seconds)).await;
            self.cost.waited += shown.elapsed();
        }
        self.fetch(at, &action, &fields).await.map(drop)
    }

    /// One request; a form where there are fields. Redirections are not followed.
    async fn fetch(&mut self, at: SocketAddr, path: &str, fields: &[String]) -> anyhow::Result<Fetched> {
        const COUNTS: &str = "\n%{http_code} %{size_header} %{size_download} %{size_request} %{size_upload}";
        let url = format!("http://{at}{path}");
        let mut args =
            vec!["-s", "--noproxy", "*", "-A", &self.agent, "-H", "Accept: text/html,*/*;q=0.8", "-H"];
        args.extend(["Accept-Language: en", "--compressed", "-w", COUNTS]);
        let jar = self.jar().display().to_string();
        if self.cookies {
            args.extend(["-b", &jar, "-c", &jar]);
        }
        let origin = format!("Origin: http://{at}");
        if !fields.is_empty() {
            args.extend(["-H", &origin]);
        }
        for field in fields {
            args.extend(["--data-urlencode", field]);
        }
        args.push(&url);
        let ran = run(Path::new(&self.program), args).await?;
        let said = text(&ran);
        let (body, counts) = said.rsplit_once('\n').with_context(|| format!("curl {path}: {ran:?}"))?;
        let counts: Vec<u64> = counts.split(' ').filter_map(|word| word.parse().ok()).collect();
        let [status, header, download, request, upload] = counts[..] else {
            anyhow::bail!("curl said {counts:?}")
        };
        self.cost.round_trips += 1;
        self.cost.received_bytes += header + download;
        self.cost.sent_bytes += request + upload;
        Ok(Fetched { status: u16::try_from(status)?, body: body.to_owned() })
    }
}

/// Where the page does not say it to programs: a second more than the button asks for.
const FORM_WAIT_SECS: u64 = 5;

/// The first tag that begins so and contains `word`.
fn tag<'a>(page: &'a str, begin: &str, word: &str) -> Option<&'a str> {
    let tags = page.match_indices(begin).map(|(at, _)| &page[at..]);
    tags.filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag)).find(|tag| tag.contains(word))
}

/// The value of an attribute in double quotes.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

/// As much of HTML's references as addresses have.
fn unescaped(text: &str) -> String {
    let mut out = text.to_owned();
    for (from, to) in [
        ("&#38;", "&"),
        ("&#x26;", "&"),
        ("&#61;", "="),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ] {
        out = out.replace(from, to);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read() {
        let page = "<meta charset=utf-8><meta http-equiv=\"refresh\" content=\"2;url=/a?b=1&amp;c=2\"><link rel=\"stylesheet\" href=\"/x/step/1\">";
        assert_eq!(
            attribute(tag(page, "<meta", "refresh").unwrap(), "content"),
            Some("2;url=/a?b=1&amp;c=2")
        );
        assert_eq!(attribute(tag(page, "<link", "/step/").unwrap(), "href"), Some("/x/step/1"));
        assert_eq!(tag(page, "<form", "x"), None);
        assert_eq!(unescaped("/a?b=1&amp;c=&quot;"), "/a?b=1&c=\"");
    }
}
