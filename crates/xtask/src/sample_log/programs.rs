//! Programs that say who they are: crawlers, readers, monitors, callbacks, tools.

use super::line::{Hit, Log, at};
use super::rng::Rng;
use super::site;

/// Networks out of ranges that their operators publish (2026-07); everything else is for documentation only.
#[cfg(test)]
pub(super) const PUBLISHED: [&str; 7] =
    [GOOGLE, BING, OPENAI, "149.154.161", "69.171.230", "2001:4860:4801:10:", "52.230.152"];

const GOOGLE: &str = "66.249.66";
const BING: &str = "40.77.167";
const OPENAI: &str = "20.171.207";

const GOOGLEBOT: &str = "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.7827.53 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
const BINGBOT: &str = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/136.0.0.0 Safari/537.36";
const GPTBOT: &str =
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; GPTBot/1.3; +https://openai.com/gptbot";
const CHATGPT: &str = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; +https://openai.com/bot";

/// Two days of all of them.
pub(super) fn visit(log: &mut Log, mut rng: Rng) {
    crawl(log, &mut rng, GOOGLE, GOOGLEBOT, 520_000);
    crawl(log, &mut rng, BING, BINGBOT, 900_000);
    crawl(log, &mut rng, OPENAI, GPTBOT, 780_000);
    google_images(log, &mut rng);
    asked_by_people(log, &mut rng);
    feeds(log, &mut rng);
    podcasts(log, &mut rng);
    previews(log, &mut rng);
    monitors(log);
    webhooks(log, &mut rng);
    app(log, &mut rng);
    developer(log, &mut rng);
    git(log, &mut rng);
}

/// A polite crawler: robots.txt twice a day, then page after page, now and then one that is gone.
fn crawl(log: &mut Log, rng: &mut Rng, network: &str, agent: &str, pause_ms: i64) {
    for half_day in 0..4 {
        let client = format!("{network}.{}", 1 + rng.below(60));
        let start = at(0, half_day * 12, 0) + rng.between(0, 1_800_000);
        log.add(Hit::get(start, &client, "/robots.txt", agent).answer(200, 186));
        log.add(Hit::get(start + 4_000, &client, "/sitemap.xml", agent).answer(200, 5_920));
    }
    let pages = site::all();
    let mut now = rng.between(0, pause_ms);
    while now < at(2, 0, 0) {
        let client = format!("{network}.{}", 1 + rng.below(60));
        let page = &pages[rng.index(pages.len())];
        let (status, bytes) = if rng.chance(25) { (304, 0) } else { (200, page.bytes) };
        log.add(Hit::get(now, &client, &page.path, agent).answer(status, bytes));
        now += rng.wait_ms(pause_ms);
    }
}

fn google_images(log: &mut Log, rng: &mut Rng) {
    for _ in 0..40 {
        let page = site::product(rng.pick(&site::PRODUCTS));
        let Some((image, bytes)) = page.images.first() else { continue };
        let client = format!("2001:4860:4801:10::{:x}", 1 + rng.below(40));
        log.add(
            Hit::get(rng.between(0, at(2, 0, 0)), &client, image, "Googlebot-Image/1.0").answer(200, *bytes),
        );
    }
}

/// Somebody asks an assistant about tea, which looks at one page.
fn asked_by_people(log: &mut Log, rng: &mut Rng) {
    for _ in 0..14 {
        let client = format!("52.230.152.{}", 1 + rng.below(200));
        let page = site::post(rng.pick(&site::POSTS));
        log.add(Hit::get(rng.between(0, at(2, 0, 0)), &client, &page.path, CHATGPT).answer(200, page.bytes));
    }
}

fn feeds(log: &mut Log, rng: &mut Rng) {
    const READERS: [(&str, &str, i64); 6] = [
        ("192.0.2.220", "Feedly/1.0 (+https://feedly.com/poller.html; 27 subscribers)", 30),
        ("198.51.100.12", "Mozilla/5.0 (compatible; Miniflux/2.2.9; +https://miniflux.app)", 60),
        ("203.0.113.21", "FreshRSS/1.26.3 (Linux; https://freshrss.org)", 60),
        ("2001:db8:77:2::14", "NetNewsWire (RSS Reader; https://netnewswire.com/)", 45),
        ("192.0.2.221", "Tiny Tiny RSS/24.12 (https://tt-rss.org/)", 60),
        ("198.51.100.13", "NewsBlur Feed Fetcher - 6 subscribers - https://www.newsblur.com", 90),
    ];
    for (client, agent, minutes) in READERS {
        let mut now = rng.between(0, minutes * 60_000);
        let mut known = false;
        while now < at(2, 0, 0) {
            let (status, bytes) = if known && !rng.chance(3) { (304, 0) } else { (200, 48_211) };
            log.add(Hit::get(now, client, "/feed.xml", agent).answer(status, bytes));
            known = true;
            now += minutes * 60_000 + rng.between(-20_000, 20_000);
        }
    }
}

/// A podcast app looks for episodes every three hours and fetches one in pieces.
fn podcasts(log: &mut Log, rng: &mut Rng) {
    const APPS: [(&str, &str); 3] = [
        ("203.0.113.33", "AntennaPod/3.8.0"),
        ("2001:db8:91:5::2", "Overcast/2026.2 (+http://overcast.fm/; iOS podcast app)"),
        ("192.0.2.229", "AppleCoreMedia/1.0.0.22G100 (iPhone; U; CPU OS 18_6_2 like Mac OS X; en_gb)"),
    ];
    for (client, agent) in APPS {
        for hours in 0..16 {
            let now = at(0, hours * 3, 0) + rng.between(0, 900_000);
            let (status, bytes) = if hours == 0 { (200, 22_140) } else { (304, 0) };
            log.add(Hit::get(now, client, "/podcast.xml", agent).answer(status, bytes));
        }
        let mut now = at(1, 7, 10) + rng.between(0, 3_600_000);
        for _ in 0..9 {
            now += rng.between(300, 2_500);
            log.add(Hit::get(now, client, "/podcast/ep-12-ash.mp3", agent).answer(206, 1_048_576));
        }
    }
}

fn previews(log: &mut Log, rng: &mut Rng) {
    const MESSENGERS: [(&str, &str); 6] = [
        ("149.154.161.242", "TelegramBot (like TwitterBot)"),
        ("69.171.230.11", "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"),
        ("192.0.2.231", "WhatsApp/2.23.20.0"),
        ("198.51.100.17", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"),
        ("203.0.113.36", "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)"),
        ("192.0.2.233", "Mastodon/4.4.2 (http.rb/5.3.1; +https://pottery.example/) Bot"),
    ];
    for (client, agent) in MESSENGERS {
        for _ in 0..rng.between(3, 9) {
            let page = site::entry(rng);
            log.add(Hit::get(rng.between(0, at(2, 0, 0)), client, &page.path, agent).answer(200, page.bytes));
        }
    }
}

/// Every five minutes, exactly: that is what a monitor is for.
fn monitors(log: &mut Log) {
    let uptime = "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)";
    let better = "Better Uptime Bot Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/116.0.0.0 Safari/537.36";
    for n in 0..576 {
        log.add(Hit::get(n * 300_000 + 17_000, "192.0.2.240", "/", uptime).method("HEAD").answer(200, 0));
    }
    for n in 0..192 {
        log.add(Hit::get(n * 900_000 + 41_000, "203.0.113.45", "/health", better).answer(200, 15));
    }
}

fn webhooks(log: &mut Log, rng: &mut Rng) {
    for _ in 0..36 {
        let client = format!("198.51.100.{}", 20 + rng.below(4));
        let hit = Hit::get(
            rng.between(0, at(2, 0, 0)),
            &client,
            "/hooks/payments",
            "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        );
        log.add(hit.method("POST").answer(200, 17));
    }
    for _ in 0..7 {
        let hit =
            Hit::get(rng.between(0, at(2, 0, 0)), "192.0.2.244", "/hooks/deploy", "GitHub-Hookshot/8f1d2c7");
        log.add(hit.method("POST").answer(204, 0));
    }
}

/// The shop's own app on people's phones: no pages, no images it does not know, only the interface.
fn app(log: &mut Log, rng: &mut Rng) {
    for n in 0..46 {
        let client = format!("2001:db8:{:x}:9::{:x}", 0x300 + n, 1 + rng.below(900));
        let mut now = at(n % 2, 6, 0) + rng.between(0, 16 * 3_600_000);
        let agent = if n % 5 == 0 { "okhttp/4.12.0" } else { "KilnAndLeaf/3.2.1 (Android 16) okhttp/4.12.0" };
        for path in ["/api/v1/session", "/api/v1/home", "/api/v1/offers"] {
            now += rng.between(60, 700);
            log.add(Hit::get(now, &client, path, agent).answer(200, 1_903).http2());
        }
        for _ in 0..rng.below(8) {
            now += rng.wait_ms(14_000) + 900;
            let target = format!("/api/v1/products/{}", rng.pick(&site::PRODUCTS));
            log.add(Hit::get(now, &client, &target, agent).answer(200, 2_418).http2());
        }
    }
}

/// Somebody who works on the shop tries things at the command line.
fn developer(log: &mut Log, rng: &mut Rng) {
    let mut now = at(0, 15, 20);
    for target in
        ["/health", "/api/v1/products/celadon-cup", "/feed.xml", "/", "/robots.txt"].iter().cycle().take(22)
    {
        now += rng.wait_ms(90_000) + 4_000;
        log.add(Hit::get(now, "203.0.113.41", target, "curl/8.14.1").answer(200, 1_204));
    }
}

fn git(log: &mut Log, rng: &mut Rng) {
    for client in ["192.0.2.246", "2001:db8:44:1::7", "192.0.2.247"] {
        let now = rng.between(at(0, 9, 0), at(1, 22, 0));
        let agent = "git/2.50.1";
        log.add(
            Hit::get(now, client, "/git/glazes.git/info/refs?service=git-upload-pack", agent)
                .answer(200, 612),
        );
        for piece in 1..=2 {
            let hit = Hit::get(now + piece * 340, client, "/git/glazes.git/git-upload-pack", agent);
            log.add(hit.method("POST").answer(200, 88_123));
        }
    }
}
