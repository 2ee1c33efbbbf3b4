//! Forwarding headers: any text is some arrival, what an untrusted peer sends moves nothing, and nothing on the left of what
//! a trusted proxy appended moves the client.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_domain::ClientIp;
use palisade_guard::peer::{Forwarding, TrustedProxies};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    // Two headers in one input, so that they meet.
    let (first, second) = text.split_once('\n').unwrap_or((&text, ""));
    let proxies = TrustedProxies::default();
    let peer: ClientIp = "127.0.0.1".parse().expect("an address");
    let stranger: ClientIp = "198.51.100.9".parse().expect("an address");
    let appended: ClientIp = "203.0.113.7".parse().expect("an address");
    let all = Forwarding {
        x_forwarded_for: Some(first),
        x_real_ip: Some(second),
        x_forwarded_proto: Some(second),
        x_forwarded_host: Some(second),
        forwarded: Some(second),
    };
    let arrival = proxies.resolve(stranger, &all);
    assert_eq!((arrival.client, arrival.trusted, arrival.hidden), (stranger, false, false));
    for forwarding in [all, Forwarding { x_forwarded_for: None, ..all }] {
        let arrival = proxies.resolve(peer, &forwarding);
        assert!(arrival.trusted);
        assert!(arrival.host.is_none_or(|host| host.len() < 300));
    }
    let list = format!("{first}, {appended}");
    let seen = proxies.resolve(peer, &Forwarding { x_forwarded_for: Some(&list), ..Forwarding::default() });
    assert_eq!((seen.client, seen.hidden), (appended, false));
    let list = format!("{second}, for={appended}");
    let seen = proxies.resolve(peer, &Forwarding { forwarded: Some(&list), ..Forwarding::default() });
    assert_eq!((seen.client, seen.hidden), (appended, false));
});
