//! What a desktop Chrome sends with a page over HTTP/1.1, in its order, without `Host`, `Referer` and cookies.

use crate::random::Random;

/// Versions that are around.
const VERSIONS: [u32; 5] = [150, 152, 154, 155, 156];

/// Name in the user agent, name in `Sec-CH-UA-Platform`.
const PLATFORMS: [(&str, &str); 3] = [
    ("Windows NT 10.0; Win64; x64", "\"Windows\""),
    ("Macintosh; Intel Mac OS X 10_15_7", "\"macOS\""),
    ("X11; Linux x86_64", "\"Linux\""),
];

const LANGUAGES: [&str; 4] = [
    "en-US,en;q=0.9",
    "en-GB,en-US;q=0.9,en;q=0.8",
    "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7",
    "fr-FR,fr;q=0.9,en;q=0.8",
];

/// A user agent of Chrome.
pub(super) fn agent(random: &mut Random) -> String {
    let (platform, version) = (random.pick(&PLATFORMS).0, random.pick(&VERSIONS));
    agent_of(platform, version)
}

fn agent_of(platform: &str, version: u32) -> String {
    format!(
        "Mozilla/5.0 ({platform}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"
    )
}

/// All headers of a page that somebody opens.
pub(super) fn headers(random: &mut Random) -> Vec<(String, String)> {
    let ((platform, hint), version) = (random.pick(&PLATFORMS), random.pick(&VERSIONS));
    let brands =
        format!("\"Chromium\";v=\"{version}\", \"Google Chrome\";v=\"{version}\", \"Not_A Brand\";v=\"24\"");
    let agent = agent_of(platform, version);
    let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,\
                  application/signed-exchange;v=b3;q=0.7";
    [
        ("Connection", "keep-alive"),
        ("sec-ch-ua", &brands),
        ("sec-ch-ua-mobile", "?0"),
        ("sec-ch-ua-platform", hint),
        ("Upgrade-Insecure-Requests", "1"),
        ("User-Agent", &agent),
        ("Accept", accept),
        ("Sec-Fetch-Site", "none"),
        ("Sec-Fetch-Mode", "navigate"),
        ("Sec-Fetch-User", "?1"),
        ("Sec-Fetch-Dest", "document"),
        ("Accept-Encoding", "gzip, deflate, br, zstd"),
        ("Accept-Language", random.pick(&LANGUAGES)),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}
