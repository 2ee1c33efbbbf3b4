use proptest::prelude::*;

use super::*;

fn ip(text: &str) -> ClientIp {
    text.parse().expect("a test's address")
}

fn trusting(words: &[&str]) -> TrustedProxies {
    TrustedProxies::from_words(words).expect("known words")
}

fn xff(list: &str) -> Forwarding<'_> {
    Forwarding { x_forwarded_for: Some(list), ..Forwarding::default() }
}

fn rfc7239(list: &str) -> Forwarding<'_> {
    Forwarding { forwarded: Some(list), ..Forwarding::default() }
}

/// From 10.0.0.1, which is trusted with its whole network: whom, and whether hidden.
fn check(forwarding: &Forwarding<'_>, expect: (&str, bool)) {
    let arrival = trusting(&["10.0.0.0/8"]).resolve(ip("10.0.0.1"), forwarding);
    assert!(arrival.trusted);
    assert_eq!((arrival.client, arrival.hidden), (ip(expect.0), expect.1), "{forwarding:?}");
}

#[test]
fn the_right_most_untrusted_hop_is_the_client() {
    check(&xff("203.0.113.7"), ("203.0.113.7", false));
    check(&xff("6.6.6.6, 203.0.113.7, 10.0.0.2"), ("203.0.113.7", false));
    check(&xff("6.6.6.6,203.0.113.7:4711,, 10.0.0.2:80 ,"), ("203.0.113.7", false));
    check(&xff("2001:db8::1"), ("2001:db8::1", false));
    check(&xff("[2001:db8::1]"), ("2001:db8::1", false));
    check(&xff("[2001:db8::1]:443"), ("2001:db8::1", false));
    check(&xff("::ffff:203.0.113.7"), ("203.0.113.7", false));
    check(&xff("6.6.6.6, ::ffff:10.0.0.9"), ("6.6.6.6", false));
    check(&xff("10.0.0.3, 10.0.0.2"), ("10.0.0.3", false));
}

#[test]
fn a_hop_that_names_nobody_hides_the_client() {
    for list in [
        "unknown",
        "6.6.6.6, unknown",
        "6.6.6.6, _hidden",
        "6.6.6.6, 1.2.3",
        "6.6.6.6, 1.2.3.4:99999",
        "6.6.6.6, 1.2.3.4:",
        "6.6.6.6, 01.2.3.4",
        "6.6.6.6, [2001:db8::1",
        "6.6.6.6, [2001:db8::1]x",
        "6.6.6.6, [1.2.3.4]",
        "6.6.6.6, fe80::1%eth0",
        "6.6.6.6, 0.0.0.0",
        "6.6.6.6, 1.2.3.4 5.6.7.8",
    ] {
        check(&xff(list), ("10.0.0.1", true));
    }
    check(&xff("unknown, 10.0.0.2"), ("10.0.0.2", true));
    check(&xff(" , "), ("10.0.0.1", true));
    check(&Forwarding { x_forwarded_proto: Some("https"), ..Forwarding::default() }, ("10.0.0.1", true));
    check(&Forwarding::default(), ("10.0.0.1", false));
}

#[test]
fn forwarded_is_read_from_the_right() {
    check(&rfc7239("for=203.0.113.7"), ("203.0.113.7", false));
    check(&rfc7239("For=\"203.0.113.7:80\";proto=http;by=10.0.0.1"), ("203.0.113.7", false));
    check(&rfc7239("for=6.6.6.6, for=\"[2001:db8:cafe::17]:4711\""), ("2001:db8:cafe::17", false));
    check(&rfc7239("for=6.6.6.6;by=x, for=203.0.113.7, for=10.0.0.8"), ("203.0.113.7", false));
    check(&rfc7239("for=6.6.6.6, for=unknown"), ("10.0.0.1", true));
    check(&rfc7239("for=6.6.6.6, for=\"_gazonk\""), ("10.0.0.1", true));
    check(&rfc7239("for=6.6.6.6, by=10.0.0.2"), ("10.0.0.1", true));
    check(&rfc7239("for=6.6.6.6;for=7.7.7.7"), ("10.0.0.1", true));
    check(&rfc7239("for=6.6.6.6;nonsense"), ("10.0.0.1", true));
    check(&rfc7239("for=\"6.6.6.6\\\""), ("10.0.0.1", true));
    // A quote that the client left open does not swallow what the proxy wrote.
    check(&rfc7239("for=\"6.6.6.6, for=203.0.113.7"), ("203.0.113.7", false));
    check(&rfc7239("for=6.6.6.6;host=\"a,b, for=203.0.113.7"), ("203.0.113.7", false));
}

/// What a proxy sends: the three headers that name a client.
fn naming<'a>(
    x_forwarded_for: Option<&'a str>,
    forwarded: Option<&'a str>,
    x_real_ip: Option<&'a str>,
) -> Forwarding<'a> {
    Forwarding { x_forwarded_for, forwarded, x_real_ip, ..Forwarding::default() }
}

#[test]
fn headers_that_name_the_same_client_agree() {
    let (here, lan) = (Some("203.0.113.7"), Some("10.0.0.7"));
    check(&naming(here, Some("for=203.0.113.7"), here), ("203.0.113.7", false));
    check(&naming(None, Some("for=203.0.113.7"), here), ("203.0.113.7", false));
    check(&naming(None, None, here), ("203.0.113.7", false));
    check(&naming(None, None, Some("nobody")), ("10.0.0.1", true));
    // Behind a CDN that is trusted, nginx's $remote_addr is the CDN, and says nothing of who is behind it.
    check(&naming(Some("6.6.6.6, 203.0.113.7, 10.0.0.7"), None, lan), ("203.0.113.7", false));
    check(&naming(Some("6.6.6.6, 203.0.113.7"), None, lan), ("203.0.113.7", false));
    check(&naming(Some("10.0.0.8"), None, here), ("203.0.113.7", false));
    check(&naming(lan, None, lan), ("10.0.0.7", false));
    check(&naming(Some(" , "), Some(""), here), ("203.0.113.7", false));
}

/// As often as it takes to know what a proxy does not set.
fn often(proxies: &TrustedProxies, peer: &str, forwarding: &Forwarding<'_>) {
    (0..habits::MISSES)
        .for_each(|_| assert!(!proxies.resolve(ip(peer), forwarding).hidden, "{forwarding:?}"));
}

#[test]
fn a_proxy_vouches_for_the_headers_that_it_always_sets() {
    fn check(usual: &[Forwarding<'_>], odd: &Forwarding<'_>, expect: (&str, bool), ambiguous: bool) {
        let proxies = TrustedProxies::default();
        usual.iter().for_each(|forwarding| often(&proxies, "127.0.0.1", forwarding));
        let arrival = proxies.resolve(ip("127.0.0.1"), odd);
        assert_eq!((arrival.client, arrival.hidden), (ip(expect.0), expect.1), "{usual:?} {odd:?}");
        assert_eq!(proxies.is_ambiguous(0), ambiguous, "{usual:?} {odd:?}");
        assert_eq!(proxies.take_doubt(), ambiguous.then_some(0), "{usual:?} {odd:?}");
        // Its clone knows what it knows.
        assert_eq!(proxies.clone().resolve(ip("127.0.0.1"), odd), arrival);
    }
    let (honest, forged) = (Some("203.0.113.7"), Some("66.249.66.1"));
    let (told, lied) = (Some("for=203.0.113.7"), Some("for=66.249.66.1"));
    let (seen, liar) = (("203.0.113.7", false), ("66.249.66.1", false));
    let other = Some("198.51.100.1");
    let real_ip_only = naming(None, None, other);
    check(&[real_ip_only], &naming(forged, None, honest), seen, false);
    check(&[real_ip_only], &naming(Some("unknown"), None, honest), seen, false);
    check(&[real_ip_only], &naming(forged, lied, honest), seen, false);
    // A visitor in a network that is trusted too has an address of his own, and so do those whom nothing readable names.
    check(&[real_ip_only], &naming(forged, lied, Some("127.0.0.7")), ("127.0.0.7", false), false);
    check(&[real_ip_only], &naming(forged, lied, Some("nobody")), ("127.0.0.1", true), false);
    let xff_only = naming(other, None, None);
    check(&[xff_only], &naming(honest, None, forged), seen, false);
    check(&[xff_only], &naming(honest, lied, forged), seen, false);
    check(&[xff_only], &naming(Some("66.249.66.1, 203.0.113.7"), None, forged), seen, false);
    check(&[xff_only], &naming(Some("66.249.66.1, 127.0.0.7"), lied, forged), liar, false);
    check(&[xff_only], &naming(Some("127.0.0.7"), lied, forged), ("127.0.0.7", false), false);
    check(&[xff_only], &naming(Some("unknown"), lied, forged), ("127.0.0.1", true), false);
    check(&[naming(None, Some("for=198.51.100.1"), None)], &naming(forged, told, forged), seen, false);
    // Two that agree whatever the visitor sent.
    let two = naming(other, None, other);
    check(&[two], &naming(Some("66.249.66.1, 203.0.113.7"), None, honest), seen, false);
    check(&[two], &naming(honest, lied, honest), seen, false);
    // Not known yet, and where its own differ: the first in order that names somebody, and it is told.
    check(&[], &naming(forged, None, honest), liar, true);
    check(&[], &naming(honest, None, forged), seen, true);
    check(&[], &naming(Some("unknown"), None, honest), seen, true);
    check(&[], &naming(Some("127.0.0.7"), Some("for=unknown"), honest), seen, true);
    check(&[], &naming(Some("127.0.0.7"), Some("for=unknown"), None), ("127.0.0.1", true), false);
    check(&[two], &naming(other, None, honest), ("198.51.100.1", false), true);
    // Now this one and now that one: nothing is vouched for.
    check(&[real_ip_only, xff_only], &naming(honest, None, forged), seen, true);
    check(&[real_ip_only, xff_only], &naming(honest, None, None), seen, false);
}

#[test]
fn what_is_not_known_yet_is_told_until_it_is() {
    let proxies = TrustedProxies::default();
    let (peer, odd) = (ip("127.0.0.1"), naming(Some("66.249.66.1"), None, Some("203.0.113.7")));
    for _ in 1..habits::MISSES {
        proxies.resolve(peer, &naming(None, None, Some("203.0.113.8")));
    }
    assert_eq!(proxies.resolve(peer, &odd).client, ip("66.249.66.1"));
    assert!(proxies.is_ambiguous(0));
    proxies.resolve(peer, &naming(None, None, Some("203.0.113.8")));
    assert_eq!((proxies.resolve(peer, &odd).client, proxies.is_ambiguous(0)), (ip("203.0.113.7"), false));
    // However often the visitor sends it.
    (0..5_000).for_each(|_| assert_eq!(proxies.resolve(peer, &odd).client, ip("203.0.113.7")));
}

#[test]
fn a_word_is_learned_once_for_all_its_addresses_and_apart_from_others() {
    let proxies = trusting(&["10.0.0.0/8", "10.0.0.2/32", "cloudflare"]);
    let odd = naming(Some("6.6.6.6"), None, Some("203.0.113.7"));
    for n in 0..habits::MISSES {
        proxies.resolve(ip(&format!("10.7.{n}.1")), &naming(None, None, Some("203.0.113.8")));
        proxies.resolve(ip("10.0.0.2"), &naming(Some("203.0.113.8"), None, None));
        proxies.resolve(ip(&format!("104.16.0.{n}")), &naming(None, None, Some("203.0.113.8")));
    }
    assert_eq!(proxies.resolve(ip("10.0.0.2"), &odd).client, ip("6.6.6.6"));
    for n in 0..10_000_u32 {
        for base in [0x0a01_0000, 0x6810_0000] {
            let peer = ClientIp::new(std::net::Ipv4Addr::from(base + n).into());
            assert_eq!(proxies.resolve(peer, &odd).client, ip("203.0.113.7"), "{peer}");
        }
    }
    assert_eq!(proxies.take_doubt(), None);
}

/// Headers as they travel: `X-Forwarded-For`, `Forwarded`, `X-Real-IP`, `X-Forwarded-Proto`, `X-Forwarded-Host`.
type Sent = [Option<String>; 5];

fn view(headers: &Sent) -> Forwarding<'_> {
    let [x_forwarded_for, forwarded, x_real_ip, x_forwarded_proto, x_forwarded_host] =
        headers.each_ref().map(Option::as_deref);
    Forwarding { x_forwarded_for, x_real_ip, x_forwarded_proto, x_forwarded_host, forwarded }
}

/// What a proxy makes of what the visitor at this address sent.
type Proxy = fn(Sent, &str) -> Sent;

fn appended(list: Option<String>, client: &str) -> Option<String> {
    Some(list.map_or(client.to_owned(), |list| format!("{list}, {client}")))
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

const SCHEME: Option<Scheme> = Some(Scheme::Https);
const HOST: Option<&str> = Some("shop.example");

/// Name, words, peer, what it does, and whether it says scheme and host.
type Usual =
    (&'static str, &'static [&'static str], &'static str, Proxy, Option<Scheme>, Option<&'static str>);

const PROXIES: [Usual; 7] = [
    (
        "nginx, X-Real-IP only",
        &["loopback"],
        "127.0.0.1",
        |[xff, forwarded, _, proto, host], client| [xff, forwarded, text(client), proto, host],
        None,
        None,
    ),
    (
        "nginx, $proxy_add_x_forwarded_for",
        &["loopback"],
        "127.0.0.1",
        |[xff, forwarded, real, _, host], client| {
            [appended(xff, client), forwarded, real, text("https"), host]
        },
        SCHEME,
        None,
    ),
    (
        "nginx as documented",
        &["loopback"],
        "127.0.0.1",
        |[xff, _, real, ..], client| [appended(xff, client), None, real, text("https"), text("shop.example")],
        SCHEME,
        HOST,
    ),
    (
        "Caddy",
        &["private"],
        "172.17.0.2",
        |[_, forwarded, real, ..], client| {
            [text(client), forwarded, real, text("https"), text("shop.example")]
        },
        SCHEME,
        HOST,
    ),
    (
        "Cloudflare, then nginx",
        &["loopback", "cloudflare"],
        "127.0.0.1",
        |[xff, forwarded, _, _, host], client| {
            let list = appended(appended(xff, client), "104.16.0.5");
            [list, forwarded, text("104.16.0.5"), text("https"), host]
        },
        SCHEME,
        None,
    ),
    (
        "Traefik",
        &["10.0.0.0/8"],
        "10.0.0.9",
        |[_, forwarded, ..], client| {
            [text(client), forwarded, text(client), text("https"), text("shop.example")]
        },
        SCHEME,
        HOST,
    ),
    (
        "RFC 7239 only",
        &["loopback"],
        "127.0.0.1",
        |[xff, forwarded, real, proto, host], client| {
            let own = format!("for={client};proto=https;host=shop.example");
            [xff, appended(forwarded, &own), real, proto, host]
        },
        SCHEME,
        HOST,
    ),
];

/// Each proxy, once it is known: who came, whatever `forged` says.
fn each_proxy(forged: &Sent, client: &str) {
    for (name, words, peer, proxy, scheme, host) in PROXIES {
        let proxies = trusting(words);
        let honest = proxy(Sent::default(), "198.51.100.1");
        often(&proxies, peer, &view(&honest));
        let sent = proxy(forged.clone(), client);
        let expect = Arrival { client: ip(client), trusted: true, hidden: false, scheme, host };
        assert_eq!(proxies.resolve(ip(peer), &view(&sent)), expect, "{name}: {sent:?}");
        assert_eq!(proxies.take_doubt(), None, "{name}: {sent:?}");
    }
}

#[test]
fn usual_proxies_are_believed_in_what_they_set() {
    let forged = [
        "66.249.66.1",
        "for=66.249.66.1;host=evil.example;proto=http",
        "66.249.66.1",
        "http",
        "evil.example",
    ];
    for which in 0..32_u32 {
        let some = std::array::from_fn(|at| (which >> at & 1 == 1).then(|| forged[at].to_owned()));
        each_proxy(&some, "203.0.113.7");
        each_proxy(&some, "2001:db8::7");
    }
    for word in ["unknown", "", " , ", "127.0.0.1", "10.0.0.1", "104.16.0.1", "for=unknown", "https"] {
        each_proxy(&[(); 5].map(|()| text(word)), "203.0.113.7");
    }
}

#[test]
fn scheme_and_host_are_believed_until_they_were_missing() {
    let proxies = TrustedProxies::default();
    let said = Forwarding {
        x_forwarded_proto: Some("https"),
        x_forwarded_host: Some("shop.example"),
        ..xff("203.0.113.7")
    };
    let arrival = |forwarding: Forwarding<'static>| {
        let arrival = proxies.resolve(ip("127.0.0.1"), &forwarding);
        (arrival.scheme, arrival.host)
    };
    for _ in 1..habits::MISSES {
        // An empty one is what a proxy writes for a request without `Host`; one that names nobody may not be forwarded.
        arrival(xff("203.0.113.7"));
        arrival(Forwarding { x_forwarded_proto: Some(""), x_forwarded_host: Some(""), ..said });
        arrival(Forwarding { x_forwarded_proto: Some("https"), ..Forwarding::default() });
        assert_eq!(arrival(said), (SCHEME, HOST));
    }
    arrival(Forwarding { x_forwarded_host: None, ..said });
    assert_eq!(arrival(said), (SCHEME, None));
    arrival(Forwarding { x_forwarded_proto: None, ..said });
    assert_eq!(arrival(said), (None, None));
    let unnamed = Forwarding { x_forwarded_for: None, ..said };
    assert_eq!(arrival(unnamed), (None, None));
    // Nor in a `Forwarded` that is not the proxy's, though it is the only one that names somebody.
    assert_eq!(arrival(rfc7239("for=203.0.113.7;proto=https;host=shop.example")), (None, None));
}

#[test]
fn untrusted_peers_are_not_believed() {
    fn check(peer: &str, hidden: bool) {
        let forged = Forwarding {
            x_forwarded_proto: Some("https"),
            x_forwarded_host: Some("evil.example"),
            ..xff("6.6.6.6")
        };
        let expect = Arrival { client: ip(peer), trusted: false, hidden, scheme: None, host: None };
        assert_eq!(TrustedProxies::default().resolve(ip(peer), &forged), expect, "{peer}");
        let plain = TrustedProxies::default().resolve(ip(peer), &Forwarding::default());
        assert_eq!(plain, Arrival { hidden: false, ..expect }, "{peer} without headers");
    }
    check("203.0.113.9", false);
    check("2001:db8::9", false);
    check("10.0.0.2", true);
    check("192.168.7.7", true);
    check("100.64.1.1", true);
    check("fd00::2", true);
    check("104.16.0.1", true);
    check("2606:4700::1", true);
}

#[test]
fn this_machine_is_trusted_by_default_and_not_beyond_it() {
    let arrival = |proxies: &TrustedProxies, peer| {
        let arrival = proxies.resolve(ip(peer), &xff("203.0.113.7"));
        (arrival.client, arrival.hidden)
    };
    let seen = (ip("203.0.113.7"), false);
    assert_eq!(arrival(&TrustedProxies::default(), "127.0.0.1"), seen);
    assert_eq!(arrival(&TrustedProxies::default(), "::1"), seen);
    assert_eq!(arrival(&TrustedProxies::nobody(), "127.0.0.1"), (ip("127.0.0.1"), true));
    assert_eq!(arrival(&trusting(&["private"]), "172.20.0.2"), seen);
    assert_eq!(arrival(&trusting(&["cloudflare"]), "173.245.48.9"), seen);
    assert!(TrustedProxies::from_words(["loopback", "fastly"]).is_err_and(|word| word == "fastly"));
}

#[test]
fn scheme_and_host_belong_to_the_same_hop() {
    fn check(forwarding: Forwarding<'_>, scheme: Option<Scheme>, host: Option<&str>) {
        let arrival = TrustedProxies::default().resolve(ip("127.0.0.1"), &forwarding);
        assert_eq!((arrival.scheme, arrival.host), (scheme, host), "{forwarding:?}");
    }
    let said = |proto, host| Forwarding {
        x_forwarded_proto: Some(proto),
        x_forwarded_host: Some(host),
        ..xff("6.6.6.6, 203.0.113.7, 127.0.0.2")
    };
    check(said("https", "shop.example"), Some(Scheme::Https), Some("shop.example"));
    check(said("HTTPS", "shop.example:8443"), Some(Scheme::Https), Some("shop.example:8443"));
    check(
        said("http, https, http", "a.example, b.example, c.example"),
        Some(Scheme::Https),
        Some("b.example"),
    );
    check(said("gopher", "sh op.example"), None, None);
    check(said("", "a/b"), None, None);
    check(
        rfc7239("for=6.6.6.6;proto=http;host=x, for=203.0.113.7;proto=https;host=\"shop.example:443\""),
        Some(Scheme::Https),
        Some("shop.example:443"),
    );
}

#[test]
fn ten_thousand_hops_cost_no_more_than_some() {
    let trusted = "127.0.0.1,".repeat(10_000);
    let list = format!("6.6.6.6,{trusted}");
    let arrival = TrustedProxies::default().resolve(ip("127.0.0.1"), &xff(&list));
    assert_eq!(arrival.client, ip("127.0.0.1"), "the client is beyond what is looked at");
    let untrusted = "6.6.6.6,".repeat(10_000) + "203.0.113.7";
    let arrival = TrustedProxies::default().resolve(ip("127.0.0.1"), &xff(&untrusted));
    assert_eq!(arrival.client, ip("203.0.113.7"));
}

#[test]
fn advice_repeats_the_whole_line() {
    fn check(words: &[&str], peer: &str, expect: &str) {
        assert_eq!(trusting(words).line_with(ip(peer)), expect);
    }
    check(&["loopback"], "10.0.0.2", r#"trusted_proxies = ["loopback", "10.0.0.2/32"]"#);
    check(&[], "fd00::2", r#"trusted_proxies = ["fd00::2/128"]"#);
    check(&["loopback"], "104.16.0.1", r#"trusted_proxies = ["loopback", "cloudflare"]"#);
}

#[test]
fn the_shipped_ranges_are_all_read() {
    assert_eq!(cloudflare().len(), include_str!("../../data/cloudflare.txt").lines().count());
    assert_eq!((loopback().len(), private().len()), (2, 4));
}

proptest! {
    #[test]
    fn any_text_is_some_arrival(text in any::<String>(), other in "[ ,;=\"\\\\\\[\\]:.a-f0-9]{0,80}") {
        for list in [&text, &other] {
            for forwarding in [xff(list), rfc7239(list)] {
                let arrival = TrustedProxies::default().resolve(ip("127.0.0.1"), &forwarding);
                prop_assert!(!arrival.hidden || arrival.client.addr().is_loopback());
            }
        }
    }

    #[test]
    fn what_the_client_wrote_never_matters(left in any::<String>(), n in 1u8..255) {
        let client = format!("203.0.113.{n}");
        let proxies = TrustedProxies::default();
        let appended = proxies.resolve(ip("127.0.0.1"), &xff(&format!("{left}, {client}"))).client;
        prop_assert_eq!(appended, ip(&client));
        let appended = proxies.resolve(ip("127.0.0.1"), &rfc7239(&format!("{left}, for={client}"))).client;
        prop_assert_eq!(appended, ip(&client));
    }

    /// Whatever a visitor sends: what the proxy is known not to set decides neither client nor scheme nor host.
    #[test]
    fn no_header_beside_the_proxys_own_matters(
        forged in proptest::array::uniform5(proptest::option::of("[ ,;=:.a-z0-9\"]{0,40}|https|for=6\\.6\\.6\\.6;host=a|6\\.6\\.6\\.6")),
        n in 1u8..255,
    ) {
        each_proxy(&forged, &format!("203.0.113.{n}"));
    }
}
