//! As much of WebDriver (W3C) as a visit needs.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::pace::{GUARD, Pacer, guarded};
use crate::wire;

/// The name under which an element's number is given.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How often a page is asked whether it is ready for the next step.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A browser under control of its driver.
pub struct Browser {
    driver: SocketAddr,
    session: String,
    /// Scripts go through Chromium's own protocol, which leaves nothing in the page.
    unseen: bool,
}

/// Takes out of every page what chromedriver puts there, as no page of a person has it.
const UNSEEN: &str =
    "for (const name of Object.getOwnPropertyNames(window)) if (/^\\$?cdc_/.test(name)) delete window[name]";

impl Browser {
    /// Asks the driver at `driver` for a browser with these capabilities.
    ///
    /// # Errors
    /// Where it does not start.
    pub async fn open(driver: SocketAddr, capabilities: &Value) -> anyhow::Result<Self> {
        let body = json!({"capabilities": {"alwaysMatch": capabilities}});
        let value = call(driver, "POST", "/session", &body).await?;
        let session = value["sessionId"].as_str().context("a session")?.to_owned();
        Ok(Browser { driver, session, unseen: false })
    }

    /// From now on pages do not see that Chromium is moved by a driver, as long as nothing is clicked or typed in them.
    ///
    /// # Errors
    /// In every other browser.
    pub async fn go_unseen(&mut self) -> anyhow::Result<()> {
        self.chromium("Page.addScriptToEvaluateOnNewDocument", &json!({"source": UNSEEN})).await?;
        self.unseen = true;
        Ok(())
    }

    /// Types `url` into the address line; returns when the page has loaded.
    ///
    /// # Errors
    /// Where it does not load.
    pub async fn go(&self, url: &str) -> anyhow::Result<()> {
        self.post("/url", &json!({"url": url})).await.map(drop)
    }

    /// The value of a script's `return`.
    ///
    /// # Errors
    /// Where it throws.
    pub async fn run(&self, script: &str) -> anyhow::Result<Value> {
        if self.unseen {
            let params = json!({"expression": format!("(() => {{ {script} }})()"), "returnByValue": true});
            let mut ran = self.chromium("Runtime.evaluate", &params).await?;
            let fault = &ran["exceptionDetails"];
            anyhow::ensure!(fault.is_null(), "{script}: {fault}");
            return Ok(ran["result"]["value"].take());
        }
        self.post("/execute/sync", &json!({"script": script, "args": []})).await
    }

    /// The page's title.
    ///
    /// # Errors
    /// Where there is no page.
    pub async fn title(&self) -> anyhow::Result<String> {
        Ok(self.get("/title").await?.as_str().unwrap_or_default().to_owned())
    }

    /// Clicks on the first element that `selector` (CSS) finds.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn click(&self, selector: &str) -> anyhow::Result<()> {
        let element = self.find(selector).await?;
        self.post(&format!("/element/{element}/click"), &json!({})).await.map(drop)
    }

    /// Types into the first element that `selector` finds.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn type_into(&self, selector: &str, text: &str) -> anyhow::Result<()> {
        let element = self.find(selector).await?;
        self.post(&format!("/element/{element}/value"), &json!({"text": text})).await.map(drop)
    }

    /// Looks until the page is called `title` and has loaded.
    ///
    /// # Errors
    /// Where it never is; says what it is called instead.
    pub async fn await_title(&self, title: &str) -> anyhow::Result<()> {
        let pacer = Pacer::start();
        let mut look = Duration::ZERO;
        loop {
            let page = self.run("return document.readyState === 'complete' ? document.title : ''").await?;
            if page == json!(title) {
                return Ok(());
            }
            anyhow::ensure!(pacer.elapsed() < GUARD / 4, "the page {title:?} is called {page}");
            look += LOOK_EVERY;
            pacer.until(look).await;
        }
    }

    /// Path and status of the page and of everything it loaded, as the browser saw them.
    ///
    /// # Errors
    /// Where there is no page.
    pub async fn loaded(&self) -> anyhow::Result<Vec<(String, u64)>> {
        let script = "return ['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind))\
            .map(entry => [new URL(entry.name).pathname, entry.responseStatus])";
        Ok(serde_json::from_value(self.run(script).await?)?)
    }

    /// One step back in history.
    ///
    /// # Errors
    /// Where there is no page.
    pub async fn back(&self) -> anyhow::Result<()> {
        self.post("/back", &json!({})).await.map(drop)
    }

    /// Loads the page again.
    ///
    /// # Errors
    /// Where there is no page.
    pub async fn reload(&self) -> anyhow::Result<()> {
        self.post("/refresh", &json!({})).await.map(drop)
    }

    /// What stands in the address line.
    ///
    /// # Errors
    /// Where there is no page.
    pub async fn url(&self) -> anyhow::Result<String> {
        Ok(self.get("/url").await?.as_str().unwrap_or_default().to_owned())
    }

    /// The page as the browser writes it down.
    ///
    /// # Errors
    /// Where there is no page.
    pub async fn source(&self) -> anyhow::Result<String> {
        Ok(self.get("/source").await?.as_str().unwrap_or_default().to_owned())
    }

    /// The visible text of the first element that `selector` finds; needs no script of the page.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn text(&self, selector: &str) -> anyhow::Result<String> {
        let element = self.find(selector).await?;
        Ok(self.get(&format!("/element/{element}/text")).await?.as_str().unwrap_or_default().to_owned())
    }

    /// The cookies of the page: name and value.
    ///
    /// # Errors
    /// Where there is no page.
    pub async fn cookies(&self) -> anyhow::Result<Vec<(String, String)>> {
        let cookies = self.get("/cookie").await?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let pair = |cookie: &Value| (text(&cookie["name"]), text(&cookie["value"]));
        Ok(cookies.as_array().context("a list of cookies")?.iter().map(pair).collect())
    }

    /// Sets a cookie of the page, as a server would.
    ///
    /// # Errors
    /// Where the browser takes none.
    pub async fn set_cookie(&self, name: &str, value: &str) -> anyhow::Result<()> {
        let cookie = json!({"name": name, "value": value, "path": "/", "httpOnly": true, "sameSite": "Lax"});
        self.post("/cookie", &json!({"cookie": cookie})).await.map(drop)
    }

    /// Forgets every cookie of the page.
    ///
    /// # Errors
    /// Where there is no page.
    pub async fn forget_cookies(&self) -> anyhow::Result<()> {
        call(self.driver, "DELETE", &self.path("/cookie"), &Value::Null).await.map(drop)
    }

    /// The tab that is moved now.
    ///
    /// # Errors
    /// Where it is closed.
    pub async fn tab(&self) -> anyhow::Result<String> {
        Ok(self.get("/window").await?.as_str().unwrap_or_default().to_owned())
    }

    /// Opens a tab, which is not moved until [`Browser::switch`].
    ///
    /// # Errors
    /// Where none opens.
    pub async fn new_tab(&self) -> anyhow::Result<String> {
        let tab = self.post("/window/new", &json!({"type": "tab"})).await?;
        Ok(tab["handle"].as_str().context("a handle")?.to_owned())
    }

    /// Moves this tab from now on.
    ///
    /// # Errors
    /// Where it is closed.
    pub async fn switch(&self, tab: &str) -> anyhow::Result<()> {
        self.post("/window", &json!({"handle": tab})).await.map(drop)
    }

    /// The value that a script hands to the function it finds as its last argument.
    ///
    /// # Errors
    /// Where it throws or does not call it.
    pub async fn run_until_done(&self, script: &str, args: &[Value]) -> anyhow::Result<Value> {
        self.post("/execute/async", &json!({"script": script, "args": args})).await
    }

    /// A command of Chromium's own protocol.
    ///
    /// # Errors
    /// Where it is refused; in every other browser.
    pub async fn chromium(&self, command: &str, params: &Value) -> anyhow::Result<Value> {
        self.post("/goog/cdp/execute", &json!({"cmd": command, "params": params})).await
    }

    /// A picture of what the window shows (PNG, in base64).
    ///
    /// # Errors
    /// Where there is no page.
    pub async fn picture(&self) -> anyhow::Result<String> {
        Ok(self.get("/screenshot").await?.as_str().unwrap_or_default().to_owned())
    }

    /// Looks until `script` returns true; says what `told` returns where it never does.
    ///
    /// # Errors
    /// Where it never does.
    pub async fn await_true(&self, script: &str, told: &str) -> anyhow::Result<()> {
        let pacer = Pacer::start();
        let mut look = Duration::ZERO;
        loop {
            // Between two pages there is nothing to ask.
            if self.run(script).await.is_ok_and(|value| value == json!(true)) {
                return Ok(());
            }
            if pacer.elapsed() > GUARD {
                anyhow::bail!("never {script}; but {}", self.run(told).await?);
            }
            look += LOOK_EVERY;
            pacer.until(look).await;
        }
    }

    /// Closes the browser.
    ///
    /// # Errors
    /// Where the driver has gone.
    pub async fn close(self) -> anyhow::Result<()> {
        call(self.driver, "DELETE", &self.path(""), &Value::Null).await.map(drop)
    }

    fn path(&self, rest: &str) -> String {
        format!("/session/{}{rest}", self.session)
    }

    async fn get(&self, path: &str) -> anyhow::Result<Value> {
        call(self.driver, "GET", &self.path(path), &Value::Null).await
    }

    async fn find(&self, selector: &str) -> anyhow::Result<String> {
        let found = self.post("/element", &json!({"using": "css selector", "value": selector})).await?;
        Ok(found[ELEMENT].as_str().context("an element")?.to_owned())
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        call(self.driver, "POST", &self.path(path), body).await
    }
}

async fn call(driver: SocketAddr, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
    let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let headers = [("Content-Type", "application/json"), ("Connection", "close")];
    let answer =
        guarded(&format!("WebDriver {method} {path}"), wire::request(driver, method, path, &headers, &bytes))
            .await?;
    let value = answer.json()?["value"].take();
    anyhow::ensure!(
        answer.status == 200,
        "{path}: {} {}",
        value["error"],
        value["message"].as_str().unwrap_or_default().lines().next().unwrap_or_default()
    );
    Ok(value)
}
