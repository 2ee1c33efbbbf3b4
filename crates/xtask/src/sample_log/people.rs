//! People: they come in waves, load pages with everything on them, read, and buy now and then.

use super::line::{Hit, Log, at};
use super::rng::Rng;
use super::site::{self, ORIGIN, Page, SHELL};

/// How many visits begin in each hour of a day, of [`VISITS`].
const WAVE: [u64; 24] =
    [3, 2, 1, 1, 1, 2, 5, 9, 13, 15, 16, 16, 18, 16, 14, 14, 15, 17, 20, 24, 26, 21, 13, 7];
const VISITS: i64 = 212;

const DESKTOPS: [&str; 7] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36 Edg/149.0.0.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:151.0) Gecko/20100101 Firefox/151.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:151.0) Gecko/20100101 Firefox/151.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.4 Safari/605.1.15",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36",
];

const PHONES: [&str; 6] = [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.4 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.3 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Android 16; Mobile; rv:151.0) Gecko/151.0 Firefox/151.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/22G100 Instagram 395.0.0.27.81 (iPhone15,2; iOS 18_6_2; en_GB; en; scale=3.00; 1179x2556; 798000000)",
];

const SOURCES: [&str; 7] = [
    "-",
    "-",
    "https://www.google.com/",
    "https://www.google.com/",
    "https://duckduckgo.com/",
    "https://www.bing.com/",
    "https://ceramics.example.org/links",
];

/// An office and a mobile carrier, each with many people behind one address.
const OFFICE: &str = "203.0.113.40";
const CARRIER: &str = "198.51.100.77";

/// Somebody with a browser.
struct Person {
    client: String,
    agent: &'static str,
    rng: Rng,
    /// What the browser keeps.
    cached: Vec<String>,
}

/// Two days of visits.
pub(super) fn visit(log: &mut Log, mut rng: Rng) {
    for n in 0..VISITS {
        let start = moment(&mut rng, n % super::DAYS);
        let mut person = Person::new(n, &mut rng);
        person.visit(log, start);
        // A third come back later.
        if rng.chance(30) {
            person.visit(log, start + rng.between(20, 300) * 60_000);
        }
    }
    for n in 0..34 {
        let start = at(n % 2, 8, 40) + rng.between(0, 8 * 60) * 60_000;
        Person::at(OFFICE, rng.pick(&DESKTOPS[..5]), &mut rng).visit(log, start);
    }
    for n in 0..22 {
        let start = moment(&mut rng, n % 2);
        Person::at(CARRIER, rng.pick(&PHONES), &mut rng).visit(log, start);
    }
    lunch_break(log, &mut rng);
}

/// A link goes round the office: nine people open the same post within three minutes.
fn lunch_break(log: &mut Log, rng: &mut Rng) {
    for _ in 0..9 {
        let start = at(1, 12, 4) + rng.between(0, 180_000);
        let mut person = Person::at(OFFICE, rng.pick(&DESKTOPS[..5]), rng);
        person.open(log, start, &site::post(site::POSTS[0]), "-");
    }
}

/// A moment of `day`, busy hours first.
fn moment(rng: &mut Rng, day: i64) -> i64 {
    let mut left = rng.below(WAVE.iter().sum());
    let mut hour = 0;
    while left >= WAVE[hour as usize] {
        left -= WAVE[hour as usize];
        hour += 1;
    }
    at(day, hour, 0) + rng.between(0, 3_599_999)
}

impl Person {
    fn new(n: i64, rng: &mut Rng) -> Person {
        let is_phone = rng.chance(48);
        let client = match n % 9 {
            0 | 1 => format!("2001:db8:{:x}:{:x}::{:x}", 0x100 + n, rng.below(0xffff), 1 + rng.below(0xfffe)),
            2 | 3 => format!("192.0.2.{}", 10 + n * 83 % 190),
            4..=6 => format!("198.51.100.{}", 80 + n * 37 % 119),
            _ => format!("203.0.113.{}", 60 + n * 53 % 130),
        };
        let agent = if is_phone { rng.pick(&PHONES) } else { rng.pick(&DESKTOPS) };
        Person::at(&client, agent, rng)
    }

    fn at(client: &str, agent: &'static str, rng: &mut Rng) -> Person {
        let own = Rng::new(rng.below(u64::MAX));
        Person { client: client.to_owned(), agent, rng: own, cached: Vec::new() }
    }

    /// One visit: a way in, a few pages with time to read between them, seldom a purchase.
    fn visit(&mut self, log: &mut Log, start: i64) {
        let source = self.rng.pick(&SOURCES);
        let mut page = site::entry(&mut self.rng);
        let mut now = self.open(log, start, &page, source);
        for _ in 0..self.rng.below(5) {
            now += self.rng.wait_ms(48_000) + 2_500;
            let from = format!("{ORIGIN}{}", page.path);
            page = site::any(&mut self.rng);
            now = self.open(log, now, &page, &from);
        }
        if self.rng.chance(9) {
            let then = now + self.rng.wait_ms(30_000) + 4_000;
            self.buy(log, then, &page.path);
        }
        if self.rng.chance(6) {
            let typo = if self.rng.chance(50) { "/shop/celadon-cups" } else { "/blog/2024/05/old-post" };
            now += 20_000;
            let hit = self.hit(now, typo, "-").answer(404, 3_122);
            log.add(hit);
        }
    }

    /// Loads `page` and what belongs to it; returns when it is there.
    fn open(&mut self, log: &mut Log, start: i64, page: &Page, referrer: &str) -> i64 {
        log.add(self.hit(start, &page.path, referrer).answer(200, page.bytes));
        let here = format!("{ORIGIN}{}", page.path);
        let mut now = start + self.rng.between(90, 420);
        let shell = SHELL.iter().map(|&(path, bytes)| (path.to_owned(), bytes));
        for (path, bytes) in shell.chain(page.images.iter().cloned()) {
            now += self.rng.between(4, 90);
            self.fetch(log, now, path, bytes, &here);
        }
        if self.cached.iter().all(|path| path != "/favicon.ico") {
            self.fetch(log, now + 150, "/favicon.ico".to_owned(), 4_286, &here);
        }
        now
    }

    /// Loads a part of a page unless the browser has it.
    fn fetch(&mut self, log: &mut Log, now: i64, path: String, bytes: u64, referrer: &str) {
        let is_known = self.cached.contains(&path);
        if is_known && !self.rng.chance(3) {
            return;
        }
        let (status, bytes) = if is_known { (304, 0) } else { (200, bytes) };
        log.add(self.hit(now, &path, referrer).answer(status, bytes));
        self.cached.push(path);
    }

    /// Into the cart, in by password, out with a parcel. One in five mistypes the password once.
    fn buy(&mut self, log: &mut Log, start: i64, from: &str) {
        let product = self.rng.pick(&site::PRODUCTS);
        let page = format!("{ORIGIN}/shop/{product}");
        let mut now = self.open(log, start, &site::product(product), &format!("{ORIGIN}{from}"));
        now += self.rng.wait_ms(20_000) + 3_000;
        log.add(self.hit(now, "/api/cart", &page).method("POST").answer(200, 312));
        now += self.rng.between(3_000, 15_000);
        let cart = format!("{ORIGIN}/cart");
        log.add(self.hit(now, "/cart", &page).answer(200, 7_902));
        now += self.rng.between(8_000, 40_000);
        let login = format!("{ORIGIN}/login");
        log.add(self.hit(now, "/login", &cart).answer(200, 5_110));
        if self.rng.chance(20) {
            now += self.rng.between(9_000, 30_000);
            log.add(self.hit(now, "/login", &login).method("POST").answer(401, 5_240));
        }
        now += self.rng.between(9_000, 30_000);
        log.add(self.hit(now, "/login", &login).method("POST").answer(303, 0));
        let checkout = format!("{ORIGIN}/checkout");
        log.add(self.hit(now + 200, "/checkout", &login).answer(200, 9_630));
        now += self.rng.between(40_000, 160_000);
        log.add(self.hit(now, "/checkout", &checkout).method("POST").answer(303, 0));
        log.add(self.hit(now + 300, "/thanks", &checkout).answer(200, 6_001));
    }

    fn hit(&self, at_ms: i64, target: &str, referrer: &str) -> Hit {
        Hit::get(at_ms, &self.client, target, self.agent).from(referrer).http2()
    }
}
