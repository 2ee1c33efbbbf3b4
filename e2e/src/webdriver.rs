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
}

impl Browser {
    /// Asks the driver at `driver` for a browser with these capabilities.
    ///
    /// # Errors
    /// Where it does not start.
    pub async fn open(driver: SocketAddr, capabilities: &Value) -> anyhow::Result<Self> {
        let body = json!({"capabilities": {"alwaysMatch": capabilities}});
        let value = call(driver, "POST", "/session", &body).await?;
        let session = value["sessionId"].as_str().context("a session")?.to_owned();
        Ok(Browser { driver, session })
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
        self.post("/execute/sync", &json!({"script": script, "args": []})).await
    }

    /// The page's title.
    ///
    /// # Errors
    /// Where there is no page.
    pub async fn title(&self) -> anyhow::Result<String> {
        let title =
            call(self.driver, "GET", &format!("/session/{}/title", self.session), &Value::Null).await?;
        Ok(title.as_str().unwrap_or_default().to_owned())
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

    /// Closes the browser.
    ///
    /// # Errors
    /// Where the driver has gone.
    pub async fn close(self) -> anyhow::Result<()> {
        call(self.driver, "DELETE", &format!("/session/{}", self.session), &Value::Null).await.map(drop)
    }

    async fn find(&self, selector: &str) -> anyhow::Result<String> {
        let found = self.post("/element", &json!({"using": "css selector", "value": selector})).await?;
        Ok(found[ELEMENT].as_str().context("an element")?.to_owned())
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        call(self.driver, "POST", &format!("/session/{}{path}", self.session), body).await
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
