//! Forwarding headers: any text is some arrival, what an untrusted peer sends moves nothing, and nothing on the left of what
//! a trusted proxy appended, and no header beside it, moves client, scheme or host.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_domain::{ClientIp, Scheme};
use palisade_guard::peer::{Arrival, Forwarding, TrustedProxies};

const STRANGERS: [&str; 4] = ["198.51.100.9", "10.0.0.2", "104.16.0.1", "2001:db8::9"];
const APPENDED: &str = "203.0.113.7";
/// Requests after which it is known which headers a proxy does without.
const VISITORS: usize = 8;

fn ip(text: &str) -> ClientIp {
    text.parse().expect("an address")
}

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    // Two headers in one input, so that they meet.
    let (first, second) = text.split_once('\n').unwrap_or((&text, ""));
    let proxies = TrustedProxies::default();
    let all = Forwarding {
        x_forwarded_for: Some(first),
        x_real_ip: Some(second),
        x_forwarded_proto: Some(second),
        x_forwarded_host: Some(second),
        forwarded: Some(second),
    };
    untrusted(&proxies, &all);
    let without = Forwarding { x_forwarded_for: None, ..all };
    for forwarding in [all, without, Forwarding { forwarded: None, ..without }] {
        trusted(&proxies, &forwarding);
    }
    x_forwarded_for(&proxies, &all);
    forwarded(&proxies, first, second);
});

/// Whatever they say, they are who they are; at most it is noticed that others stand behind them.
fn untrusted(proxies: &TrustedProxies, all: &Forwarding<'_>) {
    for (at, peer) in STRANGERS.map(ip).into_iter().enumerate() {
        let hidden = all.is_any() && (at == 1 || at == 2);
        let expect = Arrival { client: peer, trusted: false, hidden, scheme: None, host: None };
        assert_eq!(proxies.resolve(peer, all), expect);
        assert_eq!(TrustedProxies::nobody().resolve(peer, all), expect);
    }
}

/// Somebody is named, or the client is hidden and a proxy's address stands in its place.
fn trusted(proxies: &TrustedProxies, forwarding: &Forwarding<'_>) {
    let arrival = proxies.resolve(ip("127.0.0.1"), forwarding);
    assert!(arrival.trusted);
    assert!(!arrival.client.addr().is_unspecified());
    assert!(!arrival.hidden || proxies.networks.contains(arrival.client));
    // It goes into a Host header.
    let fits = |byte: u8| byte.is_ascii_graphic() && !b"/@?#,\"\\".contains(&byte);
    assert!(arrival.host.is_none_or(|host| (1..300).contains(&host.len()) && host.bytes().all(fits)));
}

/// The usual header: the right-most hop wins, through a second proxy too, and the other lists give the same place.
fn x_forwarded_for(proxies: &TrustedProxies, all: &Forwarding<'_>) {
    let (first, second) = (all.x_forwarded_for.unwrap_or(""), all.x_real_ip.unwrap_or(""));
    let expect = Arrival {
        client: ip(APPENDED),
        trusted: true,
        hidden: false,
        scheme: Some(Scheme::Https),
        host: Some("shop.example"),
    };
    // A proxy that sets this header and no other that names somebody, and one that sets no other at all, as their first
    // visitors show.
    let alone = Forwarding { x_forwarded_for: Some(APPENDED), ..Forwarding::default() };
    let with_site =
        Forwarding { x_forwarded_proto: Some("https"), x_forwarded_host: Some("shop.example"), ..alone };
    let (proxies, quiet) = (proxies_that_send(proxies, &with_site), proxies_that_send(proxies, &alone));
    let chains = [("", ""), (", 127.0.0.2", ", inner"), (" ,[::1]:80 , ", ",inner")];
    for (behind, word) in chains {
        let list = format!("{first}, {APPENDED}:4711{behind}");
        let (proto, host) = (format!("{second},HTTPS{word}"), format!("{second}, shop.example {word}"));
        let said = Forwarding {
            x_forwarded_for: Some(&list),
            x_forwarded_proto: Some(&proto),
            x_forwarded_host: Some(&host),
            ..*all
        };
        assert_eq!(proxies.resolve(ip("127.0.0.1"), &said), expect);
        let untold = Arrival { scheme: None, host: None, ..expect };
        assert_eq!(quiet.resolve(ip("127.0.0.1"), &said), untold);
        // Of a proxy that nobody knows yet this header is the first that counts, and nothing hides the client.
        let unknown = TrustedProxies::default().resolve(ip("127.0.0.1"), &said);
        assert_eq!((unknown.client, unknown.hidden), (ip(APPENDED), false));
    }
}

/// The same of RFC 7239, quoted and not.
fn forwarded(proxies: &TrustedProxies, first: &str, second: &str) {
    let usual = format!("for={APPENDED}");
    let proxies =
        proxies_that_send(proxies, &Forwarding { forwarded: Some(&usual), ..Forwarding::default() });
    for (node, client) in [(APPENDED, APPENDED), ("\"[2001:db8::7]:4711\"", "2001:db8::7")] {
        for behind in ["", ", for=127.0.0.2;proto=http", " ,,for=\"[::1]\";host=\"inner\""] {
            let list = format!("{second}, for={node};proto=https;host=\"shop.example:8443\"{behind}");
            let said = Forwarding {
                forwarded: Some(&list),
                x_forwarded_proto: Some(first),
                x_real_ip: Some(first),
                x_forwarded_host: Some(first),
                ..Forwarding::default()
            };
            let arrival = proxies.resolve(ip("127.0.0.1"), &said);
            assert_eq!((arrival.client, arrival.hidden), (ip(client), false), "{list}");
            assert_eq!((arrival.scheme, arrival.host), (Some(Scheme::Https), Some("shop.example:8443")));
        }
    }
}

/// The same trust, knowing of this machine's proxy only that it sent `usual`.
fn proxies_that_send(proxies: &TrustedProxies, usual: &Forwarding<'_>) -> TrustedProxies {
    let fresh = TrustedProxies::from_words(&proxies.words).expect("its own words");
    (0..VISITORS).for_each(|_| assert!(!fresh.resolve(ip("127.0.0.1"), usual).hidden));
    fresh
}
