//! The list.

use super::Lane::{Browser, Fast, Slow};
use super::{Program, browsers, clients, crawls, load, scanners};
use crate::bounds::ADDRESSES_PER_RUN;
use crate::tools::Need::{self, Command, Node, Python};

const CURL: Need = Command { name: "curl", package: "curl", version: &["--version"] };
const WGET: Need = Command { name: "wget", package: "wget", version: &["--version"] };
const NODE: Need = Command { name: "node", package: "nodejs", version: &["--version"] };
const AB: Need = Command { name: "ab", package: "apache2-utils", version: &["-V"] };
const WRK: Need = Command { name: "wrk", package: "wrk", version: &["-v"] };
const SIEGE: Need = Command { name: "siege", package: "siege", version: &["--version"] };
// It has no way to say its version.
const HEY: Need = Command { name: "hey", package: "hey", version: &[] };
const GOBUSTER: Need = Command { name: "gobuster", package: "gobuster", version: &["version"] };
const FFUF: Need = Command { name: "ffuf", package: "ffuf", version: &["-V"] };
const WFUZZ: Need = Command { name: "wfuzz", package: "wfuzz", version: &["--version"] };
const SQLMAP: Need = Command { name: "sqlmap", package: "sqlmap", version: &["--version"] };
const WHATWEB: Need = Command { name: "whatweb", package: "whatweb", version: &["--version"] };
const CHROMIUM: Need = Command { name: "chromium", package: "chromium", version: &["--version"] };
const CHROMEDRIVER: Need =
    Command { name: "chromedriver", package: "chromium-driver", version: &["--version"] };
const REQUESTS: Need = Python("requests");
const PLAYWRIGHT: &[Need] = &[Node("playwright-core"), NODE, CHROMIUM];
const STEALTH: &[Need] =
    &[Node("puppeteer-extra-plugin-stealth"), Node("puppeteer-core"), Node("ghost-cursor"), NODE, CHROMIUM];

/// A program with one address and five runs; entries say where they differ.
const fn program(
    name: &'static str,
    family: &'static str,
    about: &'static str,
    needs: &'static [Need],
    start: fn(&mut super::Run<'_>) -> super::Launch,
) -> Program {
    Program { name, family, about, needs, clients: 5, addresses: 1, lane: Fast, start }
}

const fn browser(mut program: Program) -> Program {
    program.clients = 2;
    program.lane = Browser;
    program
}

const fn slow(mut program: Program, clients: u32) -> Program {
    program.clients = clients;
    program.lane = Slow;
    program
}

const fn distributed(mut program: Program) -> Program {
    program.clients = 2;
    program.addresses = ADDRESSES_PER_RUN;
    program
}

/// Every program, in the order in which they are shown.
pub const ALL: &[Program] = &[
    program("curl", "curl", "one page after the other, sometimes paced", &[CURL], clients::curl),
    program("wget", "wget", "follows links, or fetches a list", &[WGET], clients::wget),
    program("requests", "python-requests", "a session", &[REQUESTS], clients::requests),
    program("httpx", "httpx", "a client", &[Python("httpx")], clients::httpx),
    program("aiohttp", "aiohttp", "several at once", &[Python("aiohttp")], clients::aiohttp),
    program("scrapy", "scrapy", "a spider that follows links", &[Python("scrapy")], crawls::scrapy),
    program("node-fetch", "node-fetch", "fetch() of Node", &[NODE], clients::node_fetch),
    program("axios", "axios", "axios on Node", &[Node("axios"), NODE], clients::axios),
    program("ab", "ab", "one page many times", &[AB], load::ab),
    program("wrk", "wrk", "one page many times, kept connections", &[WRK], load::wrk),
    program("siege", "siege", "a list of pages, several at once", &[SIEGE], load::siege),
    program("hey", "hey", "one page many times", &[HEY], load::hey),
    program("gobuster", "gobuster", "guesses names of pages", &[GOBUSTER], scanners::gobuster),
    program("ffuf", "ffuf", "guesses names of pages", &[FFUF], scanners::ffuf),
    program("wfuzz", "wfuzz", "guesses names and parameters", &[WFUZZ], scanners::wfuzz),
    program("sqlmap", "sqlmap", "tries SQL injection on a parameter", &[SQLMAP], scanners::sqlmap),
    program("whatweb", "whatweb", "asks what a site is made of", &[WHATWEB], scanners::whatweb),
    program("curl-agent", "spoofed-agent", "curl with a browser's user agent", &[CURL], clients::curl_agent),
    program(
        "requests-agent",
        "spoofed-agent",
        "requests with a browser's user agent",
        &[REQUESTS],
        clients::requests_agent,
    ),
    program(
        "axios-agent",
        "spoofed-agent",
        "axios with a browser's user agent",
        &[Node("axios"), NODE],
        clients::axios_agent,
    ),
    program(
        "curl-chrome",
        "chrome-headers",
        "curl with all headers of Chrome",
        &[CURL],
        clients::curl_chrome,
    ),
    program(
        "http-client-chrome",
        "chrome-headers",
        "Python's http.client with all headers of Chrome in their order",
        &[REQUESTS],
        clients::http_client_chrome,
    ),
    program(
        "node-http-chrome",
        "chrome-headers",
        "Node's http with all headers of Chrome in their order",
        &[NODE],
        clients::node_http_chrome,
    ),
    slow(
        program(
            "slow-chrome",
            "slow-crawl",
            "headers of Chrome, a page every few seconds",
            &[REQUESTS],
            crawls::slow_chrome,
        ),
        4,
    ),
    slow(
        program(
            "slow-requests",
            "slow-crawl",
            "requests, a page every few seconds",
            &[REQUESTS],
            crawls::slow_requests,
        ),
        2,
    ),
    distributed(program(
        "distributed-chrome",
        "distributed-crawl",
        "headers of Chrome, another address for each connection",
        &[REQUESTS],
        crawls::distributed_chrome,
    )),
    distributed(program(
        "distributed-requests",
        "distributed-crawl",
        "requests with changing user agents, another address for each connection",
        &[REQUESTS],
        crawls::distributed_requests,
    )),
    browser(program(
        "chromedriver",
        "chromedriver",
        "headless Chromium by Selenium, page after page",
        &[CHROMEDRIVER, CHROMIUM, Python("selenium")],
        browsers::chromedriver,
    )),
    browser(program(
        "chromedriver-paused",
        "chromedriver",
        "the same with a person's pauses",
        &[CHROMEDRIVER, CHROMIUM, Python("selenium")],
        browsers::chromedriver_paused,
    )),
    browser(program(
        "playwright",
        "playwright",
        "headless Chromium by Playwright, page after page",
        PLAYWRIGHT,
        browsers::playwright,
    )),
    browser(program(
        "playwright-agent",
        "playwright",
        "the same with an ordinary user agent",
        PLAYWRIGHT,
        browsers::playwright_agent,
    )),
    browser(program(
        "playwright-paused",
        "playwright",
        "an ordinary user agent and a person's pauses",
        PLAYWRIGHT,
        browsers::playwright_paused,
    )),
    browser(program(
        "puppeteer-stealth",
        "puppeteer-stealth",
        "Puppeteer with the stealth plug-in, page after page",
        STEALTH,
        browsers::stealth,
    )),
    browser(program(
        "puppeteer-stealth-paused",
        "puppeteer-stealth",
        "the same with ghost-cursor and a person's pauses",
        STEALTH,
        browsers::stealth_paused,
    )),
];
