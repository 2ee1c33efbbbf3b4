use crate::agents::{Agents, ClaimedBy};

/// Shape alone: an empty table.
fn shaped(ua: &str) -> Option<&'static str> {
    let claim = Agents::new(Vec::new()).claim(ua);
    assert_ne!(claim.by, ClaimedBy::Listed);
    claim.name
}

#[test]
fn programs_nobody_listed() {
    for (ua, expect) in [
        ("Mozilla/5.0 (compatible; Zorblax/1.0; +http://zorblax.example/about)", "unlisted tool"),
        ("ZorblaxBot/2.1", "unlisted crawler"),
        ("zorblax/0.3", "unlisted library"),
        ("Zorblax Feed Reader 2", "unlisted feed reader"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) x/1.0 Chrome/78.0.3904.130 Electron/7.1.7 Safari/537.36 Zorblax/2.0",
            "unlisted tool",
        ),
        ("Zorblax/1.2/3", "unlisted library"),
        ("Mozilla/5.0 (compatible; Zorblax Uptime Monitor)", "unlisted monitor"),
    ] {
        assert_eq!(shaped(ua), Some(expect), "{ua}");
    }
}

#[test]
fn people_are_not_programs() {
    for ua in [
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36",
        "Mozilla/5.0 (Linux; Android 9; CUBOT_X19 Build/P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/89.0 Mobile Safari/537.36",
        "Shop/1.2 CFNetwork/1.0 Darwin/20",
        "Dalvik/2.1.0 (Linux; U; Android 5.1.1; AFTT Build/LVY48F)",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Zorblax-AI/1.2 Chrome/83.0.4103.122 Electron/9.2.1 Safari/537.36 (electron 1.2)",
        "Zorblax/1.0.9E [en] (v. 4.1; 153x130; g4)",
        "Zorblax/1.2 (Mac OS X Version 10.15.7 (Build 19H2))",
        "Z/8.1.0/Maker/Model#1/chip/unknown/X3/l8/1/2",
        "ZorblaxHTML/1.0 (Maker; Z2000; API/3) (+DVR+FLASH)",
        "Mozilla/5.0 (X11; Linux) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/88.0 Safari/537.36 Zorblax OS/2.0 (; STV; Z)",
        "Links (2.28; Linux 6.18 x86_64; GNU C 12.2; dump)",
        "w3m/0.5.3",
        "",
    ] {
        assert_eq!(shaped(ua), None, "{ua}");
    }
}
