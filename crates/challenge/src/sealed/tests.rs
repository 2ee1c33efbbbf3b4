use proptest::prelude::*;

use super::*;

const NONCE: [u8; 12] = [9; 12];

fn secrets() -> Secrets {
    Secrets::derive(&[1; 32])
}

fn cookie() -> String {
    cookie_value(None, 0xabc)
}

fn request() -> SealedRequest {
    SealedRequest {
        tenant: TenantId(3),
        site: SiteId(4),
        id: 0xfeed,
        issued: Timestamp::from_secs(1_000_000),
        expires: Timestamp::from_secs(1_000_600),
        host: "shop.example:8443".to_owned(),
        method: "POST".to_owned(),
        target: "/cart?item=1&n=2".to_owned(),
        content_type: Some("application/x-www-form-urlencoded".to_owned()),
        origin: Some("https://shop.example".to_owned()),
        sec_fetch_site: None,
        body: b"a=1&b=%00".to_vec(),
    }
}

fn seal(request: &SealedRequest) -> String {
    request.seal(&secrets(), &cookie(), NONCE).unwrap()
}

fn open(text: &str, change: impl FnOnce(&mut Shown<'_>)) -> Result<SealedRequest, Code> {
    let cookie = cookie();
    let mut shown = Shown {
        tenant: TenantId(3),
        site: SiteId(4),
        host: "shop.example:8443",
        cookie: Some(&cookie),
        now: Timestamp::from_secs(1_000_100),
    };
    change(&mut shown);
    SealedRequest::open(text, &secrets(), &shown)
}

#[test]
fn it_opens_for_whom_and_where_it_was_sealed() {
    let text = seal(&request());
    assert_eq!(open(&text, |_| ()), Ok(request()));
    assert_eq!(open(&text, |shown| shown.host = "Shop.Example:8443"), Ok(request()), "hosts have no case");
    assert_eq!(open(&text, |shown| shown.tenant = TenantId(9)), Err(Code::ForeignSeal));
    assert_eq!(open(&text, |shown| shown.site = SiteId(9)), Err(Code::ForeignSeal));
    assert_eq!(open(&text, |shown| shown.host = "evil.example"), Err(Code::ForeignSeal));
    assert_eq!(open(&text, |shown| shown.cookie = None), Err(Code::CookiesOff));
    assert_eq!(open(&text, |shown| shown.cookie = Some("")), Err(Code::OtherVisitor));
    let other = cookie_value(None, 0xabd);
    assert_eq!(
        SealedRequest::open(
            &text,
            &secrets(),
            &Shown {
                tenant: TenantId(3),
                site: SiteId(4),
                host: "shop.example:8443",
                cookie: Some(&other),
                now: request().issued,
            }
        ),
        Err(Code::OtherVisitor)
    );
}

#[test]
fn it_opens_from_its_issue_to_its_end() {
    let text = seal(&request());
    let at = |secs: i64| open(&text, |shown| shown.now = Timestamp::from_secs(secs)).map(|_| ());
    assert_eq!(at(1_000_000 - 60), Ok(()), "clocks differ by as much");
    assert_eq!(at(1_000_000 - 61), Err(Code::TicketFromTheFuture));
    assert_eq!(at(1_000_000 - 600), Err(Code::TicketFromTheFuture), "ten minutes off");
    assert_eq!(at(1_000_599), Ok(()));
    assert_eq!(at(1_000_600), Err(Code::ExpiredSeal));
}

#[test]
fn bodies_up_to_the_bound_ride_along() {
    for len in [0, 1, 65_535, BODY_BYTES_MAX] {
        let body: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
        let request = SealedRequest { body, ..request() };
        let text = seal(&request);
        assert!(text.len() <= TEXT_BYTES_MAX);
        assert_eq!(open(&text, |_| ()), Ok(request), "{len}");
    }
    let too_large = SealedRequest { body: vec![0; BODY_BYTES_MAX + 1], ..request() };
    assert_eq!(too_large.seal(&secrets(), &cookie(), NONCE), Err(Code::TooLarge));
    for len in [FIELDS_BYTES_MAX, 65_535, 70_000] {
        let long = SealedRequest { target: "x".repeat(len), ..request() };
        assert_eq!(long.seal(&secrets(), &cookie(), NONCE), Err(Code::TooLarge), "{len}");
    }
    let most = SealedRequest {
        target: "x".repeat(FIELDS_BYTES_MAX - 200),
        body: vec![1; BODY_BYTES_MAX],
        ..request()
    };
    assert_eq!(open(&seal(&most), |_| ()), Ok(most));
}

#[test]
fn changed_cut_or_spliced_it_stays_shut() {
    let text = seal(&request());
    let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
    let shut = |bytes: &[u8]| open(&URL_SAFE_NO_PAD.encode(bytes), |_| ()) == Err(Code::InvalidSeal);
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(shut(&changed), "bit {bit}");
    }
    for len in 0..bytes.len() {
        assert!(shut(&bytes[..len]), "{len} bytes");
        assert!(shut(&bytes[len + 1..]), "from {len}");
    }
    assert!(shut(&[&bytes[..], &[0]].concat()));
    // The same fields under another id, and under another nonce: heads and bodies do not fit one another.
    for (id, nonce) in [(0xbeef, NONCE), (0xfeed, [8; 12])] {
        let other = SealedRequest { id, ..request() }.seal(&secrets(), &cookie(), nonce).unwrap();
        let other = URL_SAFE_NO_PAD.decode(other).unwrap();
        for at in 1..bytes.len() {
            let spliced = [&bytes[..at], &other[at..]].concat();
            assert!(spliced == bytes || spliced == other || shut(&spliced), "{at}");
        }
    }
    for odd in ["", "A", "AAAA", "=", "\0", "ä"] {
        assert_eq!(open(odd, |_| ()), Err(Code::InvalidSeal), "{odd:?}");
    }
    assert_eq!(open(&"A".repeat(TEXT_BYTES_MAX + 1), |_| ()), Err(Code::TooLarge));
    let shown = Shown { tenant: TenantId(3), site: SiteId(4), host: "", cookie: None, now: Timestamp(0) };
    assert_eq!(SealedRequest::open(&text, &Secrets::derive(&[2; 32]), &shown), Err(Code::InvalidSeal));
}

#[test]
fn nothing_of_it_can_be_read() {
    let secret = SealedRequest { body: b"password=correct-horse".to_vec(), ..request() };
    let bytes = URL_SAFE_NO_PAD.decode(seal(&secret)).unwrap();
    for clear in [&b"correct-horse"[..], b"/cart", b"shop.example", cookie().as_bytes()] {
        assert!(!bytes.windows(clear.len()).any(|window| window == clear));
    }
    assert_eq!(format!("{secret:?}"), "SealedRequest(TenantId(3), SiteId(4), POST, 22 bytes)");
}

#[test]
fn a_header_that_is_empty_is_not_one_that_is_missing() {
    let empty = SealedRequest { origin: Some(String::new()), content_type: None, ..request() };
    assert_eq!(open(&seal(&empty), |_| ()), Ok(empty));
}

#[test]
fn the_nonce_cookie_of_another_tab_is_kept() {
    let first = cookie_value(None, 5);
    assert_eq!(first.len(), COOKIE_VALUE_BYTES);
    assert_eq!(cookie_value(Some(&first), 6), first);
    for odd in ["", "x", "AAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAAB", "AAAAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(cookie_value(Some(odd), 6), cookie_value(None, 6), "{odd}");
    }
}

proptest! {
    #[test]
    fn what_was_sealed_opens(
        (tenant, site, id) in any::<(u32, u32, u128)>(),
        (host, method, target) in ("[a-z.:0-9]{0,30}", "[A-Z]{0,10}", "\\PC{0,100}"),
        headers in prop::array::uniform3(prop::option::of("\\PC{0,40}")),
        body in prop::collection::vec(any::<u8>(), 0..300),
        nonce in any::<[u8; 12]>(),
    ) {
        let [content_type, origin, sec_fetch_site] = headers;
        let request = SealedRequest {
            tenant: TenantId(tenant), site: SiteId(site), id, host, method, target, content_type, origin, sec_fetch_site,
            body, ..request()
        };
        let cookie = cookie();
        let text = request.seal(&secrets(), &cookie, nonce).unwrap();
        let shown = Shown {
            tenant: request.tenant, site: request.site, host: &request.host, cookie: Some(&cookie), now: request.issued,
        };
        prop_assert_eq!(SealedRequest::open(&text, &secrets(), &shown), Ok(request.clone()));
    }

    #[test]
    fn any_text_stays_shut(text in "\\PC{0,300}") {
        prop_assert_eq!(open(&text, |_| ()), Err(Code::InvalidSeal));
    }
}
