use proptest::prelude::*;

use super::*;

/// A shop: a page, a search, a form to pay with.
fn benign(count: u32) -> Vec<Request> {
    let words = ["red shoes", "blue hats", "Jeans", "socks", "a green coat"];
    let one = |at: u32| match at % 3 {
        0 => Request::of(&format!("/article/{at}"), b""),
        1 => Request::of(
            &format!("/search?q={}&page={}", words[at as usize / 3 % 5].replace(' ', "+"), at % 7),
            b"",
        ),
        _ => Request::of(
            "/pay",
            format!("card={:016}&name=Anna+B{}", u64::from(at) * 7_919, at % 13).as_bytes(),
        ),
    };
    (0..count).map(one).collect()
}

fn learned() -> Parameters {
    Parameters::learned(&benign(900))
}

fn check(target: &str, form: &str, expect: &Oddity) -> f64 {
    let found = learned().surprise(&Request::of(target, form.as_bytes()));
    assert_eq!(found.what, *expect, "{target} {form}: {found:?}");
    found.nats
}

/// How surprising the value of `name` is, by its worst character or by all of it.
fn check_value(target: &str, form: &str, name: &str) -> f64 {
    let found = learned().surprise(&Request::of(target, form.as_bytes()));
    let name = name.as_bytes().to_vec();
    let expect = [Oddity::Character(name.clone()), Oddity::Value(name)];
    assert!(expect.contains(&found.what), "{target} {form}: {found:?}");
    found.nats
}

#[test]
fn attacks_are_told_by_what_is_odd_about_them() {
    let name = |name: &str| name.as_bytes().to_vec();
    let injected = check_value("/search?q=x'+or+'1'%3D'1&page=2", "", "q");
    let letters = check_value("/search?q=Jeans&page=two", "", "page");
    assert!(injected > 4.0 && letters > 4.0, "{injected} {letters}");
    assert!(check("/search?q=Jeans&page=2&debug=1", "", &Oddity::NewName(name("debug"))) > 4.0);
    assert!(check("/pay", "card=4111111111111111", &Oddity::Missing(name("name"))) > 4.0);
    assert!(check("/admin/console.bak", "", &Oddity::Route) > 4.0);
    let long = "1".repeat(200);
    assert!(check_value("/pay", &format!("card={long}&name=Anna+B1"), "card") > 4.0);
}

#[test]
fn the_usual_does_not_surprise() {
    let learned = learned();
    for request in [
        Request::of("/article/123456", b""),
        Request::of("/search?q=green+shoes&page=5", b""),
        Request::of("/pay", b"card=4111111111111111&name=Berta+B7"),
    ] {
        let found = learned.surprise(&request);
        assert!(found.nats < 4.0, "{request:?}: {found:?}");
    }
}

#[test]
fn few_benign_requests_are_reached_by_a_threshold_on_others() {
    let (train, rest) = (benign(600), benign(1_800));
    let learned = Parameters::learned(&train);
    let nats: Vec<f64> = rest[600..].iter().map(|request| learned.surprise(request).nats).collect();
    let (calibrate, test) = nats.split_at(600);
    let line = threshold(calibrate, 0.01);
    assert!(calibrate.iter().filter(|nats| **nats >= line).count() <= 6);
    assert!(test.iter().filter(|nats| **nats >= line).count() <= 30);
}

#[test]
fn a_threshold_lets_as_many_through_as_it_is_told() {
    let nats: Vec<f64> = (0..1_000).map(f64::from).collect();
    let over = |fpr| nats.iter().filter(|one| **one >= threshold(&nats, fpr)).count();
    assert_eq!([over(0.0), over(0.002), over(0.05), over(1.0)], [0, 2, 50, 1_000]);
    assert_eq!(threshold(&[], 0.5), f64::INFINITY);
}

#[test]
fn the_order_of_requests_does_not_matter() {
    let mut requests = benign(300);
    let asked = Request::of("/search?q=<script>&page=1", b"");
    let before = Parameters::learned(&requests).surprise(&asked);
    requests.reverse();
    let after = Parameters::learned(&requests).surprise(&asked);
    assert!((before.nats - after.nats).abs() < 1e-9 && before.what == after.what);
}

#[test]
fn nothing_is_learned_from_nothing_and_one() {
    for requests in [Vec::new(), benign(1), benign(2)] {
        let found = Parameters::learned(&requests).surprise(&Request::of("/x?a=1", b""));
        assert!(found.nats.is_finite() && found.nats >= 0.0, "{found:?}");
    }
}

proptest! {
    #[test]
    fn any_request_has_a_finite_surprise(target in ".{0,80}", form: Vec<u8>) {
        let found = Parameters::learned(&benign(60)).surprise(&Request::of(&target, &form));
        prop_assert!(found.nats.is_finite() && found.nats >= 0.0);
    }
}
