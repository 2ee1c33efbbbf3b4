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

#[test]
fn a_proxy_vouches_for_the_headers_that_it_always_sets() {
    fn check(usual: &[Forwarding<'_>], odd: &Forwarding<'_>, expect: (&str, bool), ambiguous: bool) {
        let proxies = TrustedProxies::default();
        let peer = ip("127.0.0.1");
        for forwarding in usual {
            assert!(!proxies.resolve(peer, forwarding).hidden);
        }
        let arrival = proxies.resolve(peer, odd);
        assert_eq!((arrival.client, arrival.hidden), (ip(expect.0), expect.1), "{usual:?} {odd:?}");
        assert_eq!(proxies.is_ambiguous(peer), ambiguous, "{usual:?} {odd:?}");
        // Its clone knows what it knows.
        assert_eq!(proxies.clone().resolve(peer, odd), arrival);
    }
    let (honest, forged) = (Some("203.0.113.7"), Some("66.249.66.1"));
    let told = Some("for=203.0.113.7");
    let lied = Some("for=66.249.66.1");
    let hidden = ("127.0.0.1", true);
    // nginx with X-Real-IP alone: X-Forwarded-For is what the visitor sent.
    let real_ip_only = [naming(None, None, Some("198.51.100.1"))];
    check(&real_ip_only, &naming(forged, None, honest), ("203.0.113.7", false), false);
    check(&real_ip_only, &naming(Some("unknown"), None, honest), ("203.0.113.7", false), false);
    check(&real_ip_only, &naming(forged, lied, honest), ("203.0.113.7", false), false);
    // Caddy, HAProxy, nginx with X-Forwarded-For alone: so is X-Real-IP.
    let xff_only = [naming(Some("198.51.100.1"), None, None)];
    check(&xff_only, &naming(honest, None, forged), ("203.0.113.7", false), false);
    check(&xff_only, &naming(honest, lied, forged), ("203.0.113.7", false), false);
    check(&xff_only, &naming(Some("66.249.66.1, 203.0.113.7"), None, forged), ("203.0.113.7", false), false);
    // RFC 7239 alone.
    check(
        &[naming(None, Some("for=198.51.100.1"), None)],
        &naming(forged, told, forged),
        ("203.0.113.7", false),
        false,
    );
    // Traefik sets two, which agree whatever the visitor sent.
    let two = [naming(Some("198.51.100.1"), None, Some("198.51.100.1"))];
    check(&two, &naming(Some("66.249.66.1, 203.0.113.7"), None, honest), ("203.0.113.7", false), false);
    check(&two, &naming(honest, lied, honest), ("203.0.113.7", false), false);
    // Before the first honest visitor, and where a proxy's own headers differ, nobody is believed.
    check(&[], &naming(forged, None, honest), hidden, true);
    check(&[], &naming(honest, None, forged), hidden, true);
    check(&two, &naming(Some("198.51.100.1"), None, honest), hidden, true);
    check(&[real_ip_only[0], xff_only[0]], &naming(forged, None, honest), hidden, true);
    // One header is enough, whichever it is.
    check(&[real_ip_only[0], xff_only[0]], &naming(honest, None, None), ("203.0.113.7", false), false);
}

#[test]
fn what_one_proxy_does_is_not_held_against_another() {
    let proxies = trusting(&["10.0.0.0/8"]);
    let (a, b) = (ip("10.0.0.1"), ip("10.0.0.2"));
    let odd = naming(Some("6.6.6.6"), None, Some("203.0.113.7"));
    assert!(proxies.resolve(a, &odd).hidden && proxies.is_ambiguous(a) && !proxies.is_ambiguous(b));
    proxies.resolve(a, &naming(None, None, Some("203.0.113.8")));
    proxies.resolve(b, &naming(Some("203.0.113.8"), None, None));
    assert!(!proxies.is_ambiguous(a), "settled");
    assert_eq!(proxies.resolve(a, &odd).client, ip("203.0.113.7"));
    assert_eq!(proxies.resolve(b, &odd).client, ip("6.6.6.6"));
    // More proxies than are remembered: forgotten, not mixed up.
    for n in 0..10_000_u32 {
        let peer = ClientIp::new(std::net::Ipv4Addr::from(0x0a01_0000 + n).into());
        let real_ip = n % 2 == 0;
        let named = Some("203.0.113.8");
        proxies.resolve(peer, &if real_ip { naming(None, None, named) } else { naming(named, None, None) });
        let expect = if real_ip { "203.0.113.7" } else { "6.6.6.6" };
        assert_eq!(proxies.resolve(peer, &odd).client, ip(expect), "{peer}");
    }
    assert!(proxies.resolve(a, &naming(Some("6.6.6.6"), None, None)).client == ip("6.6.6.6"));
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

    /// Whatever a visitor sends, through a proxy that sets one header: the client is who came, once the proxy is known.
    #[test]
    fn no_header_beside_the_proxys_own_matters(forged in "[ ,;=:.a-f0-9]{0,40}", which in 0_usize..3, n in 1u8..255) {
        let proxies = TrustedProxies::default();
        let set = |client: &str, left: &str| {
            let mut headers = [Some(format!("{left}, {client}")), Some(format!("{left}, for={client}")), Some(client.to_owned())];
            let own = headers[which].take();
            (own.unwrap(), which)
        };
        let sent = |(own, which): &(String, usize), other: Option<&str>| {
            let mut headers = [other.map(str::to_owned), other.map(|word| format!("for={word}")), other.map(str::to_owned)];
            headers[*which] = Some(own.clone());
            headers
        };
        for (client, other) in [("198.51.100.1".to_owned(), None), (format!("203.0.113.{n}"), Some(&forged))] {
            let headers = sent(&set(&client, &forged), other.map(String::as_str));
            let [a, b, c] = headers.each_ref().map(Option::as_deref);
            let arrival = proxies.resolve(ip("127.0.0.1"), &naming(a, b, c));
            prop_assert_eq!((arrival.client, arrival.hidden), (ip(&client), false), "{:?}", headers);
        }
    }
}
