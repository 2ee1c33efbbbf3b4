//! What a result token costs: signing, checking, and one question of siteverify from its body to its answer. Budget: a
//! check takes at most 60 µs with Ed25519.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use palisade_challenge::Secrets;
use palisade_challenge::claims::Claims;
use palisade_challenge::site_key::{self, SiteKey};
use palisade_challenge::siteverify::{self, Asked, Desk, Flavour};
use palisade_challenge::token::{Algorithm, Keyring, SigningKey, Statement, Tokens};
use palisade_domain::{PassKind, TenantId, Timestamp};
use ring::rand::SystemRandom;

const TENANT: TenantId = TenantId(0);
const NOW: Timestamp = Timestamp(1_772_323_200_000_000);

fn ring(algorithm: Algorithm) -> Keyring {
    let rsa = include_bytes!("../testdata/token/rsa.pk8");
    let ed25519 = include_bytes!("../testdata/token/ed25519.pk8");
    let key = |algorithm, der| SigningKey::from_pkcs8(algorithm, der).expect("a key of the tests");
    Keyring::new(algorithm).with(key(Algorithm::Rs256, rsa)).with(key(Algorithm::EdDsa, ed25519))
}

fn statement(site_key: &str, id: u128) -> Statement {
    Statement {
        site_key: site_key.to_owned(),
        issued: NOW,
        expires: NOW.plus_millis(300_000),
        id,
        action: "login".into(),
        hostname: "shop.example".into(),
        score: 0.9,
        interaction_id: "3f1c2b7e-0000-4000-8000-000000000001".into(),
        kind: PassKind::Work,
        cdata: String::new(),
    }
}

fn tokens(criterion: &mut Criterion) {
    let random = SystemRandom::new();
    for algorithm in Algorithm::ALL {
        let mut group = criterion.benchmark_group(algorithm.name());
        let ring = ring(algorithm);
        let said = statement("pal_site_AAAAAAAAAAAAAAAAAAAAAA", 1);
        let token = ring.sign(&said, &random).expect("the key is there");
        group.bench_function("sign", |bencher| bencher.iter(|| ring.sign(black_box(&said), &random)));
        group.bench_function("check", |bencher| bencher.iter(|| ring.verify(black_box(&token), NOW)));
        // What a stranger can make us do without a signature of ours.
        let forged = format!("{}A", &token[..token.len() - 1]);
        group.bench_function("refuse", |bencher| bencher.iter(|| ring.verify(black_box(&forged), NOW)));
        group.finish();
    }
}

fn siteverify(criterion: &mut Criterion) {
    let random = SystemRandom::new();
    let secrets = Secrets::derive(&[7; 32]);
    let (tokens, claims) = (Tokens::default(), Claims::default());
    tokens.replace_keyring(ring(Algorithm::EdDsa));
    tokens.set_automatic(vec![SiteKey::automatic(&secrets, TENANT, &["shop.example".to_owned()])]);
    let (key, secret) =
        (site_key::automatic_key(&secrets, TENANT), site_key::automatic_secret(&secrets, TENANT));
    let next = AtomicU64::new(0);
    let desk = Desk { tokens: &tokens, claims: &claims, testing: false, asks_work: false, score_min: 0.0 };
    let body = || {
        let id = u128::from(next.fetch_add(1, Ordering::Relaxed));
        let token = tokens.keyring().sign(&statement(&key, id), &random).expect("the key is there");
        format!("secret={}&response={token}&remoteip=192.0.2.1", secret.text())
    };
    criterion.bench_function("siteverify/EdDSA", |bencher| {
        bencher.iter_batched(
            body,
            |body| {
                let asked = Asked::read(Some("application/x-www-form-urlencoded"), None, body.as_bytes());
                siteverify::answer(Flavour::Own, &asked, &desk, None, NOW)
            },
            BatchSize::SmallInput,
        );
    });
    criterion.bench_function("siteverify/wrong secret", |bencher| {
        let asked = Asked::read(None, None, b"secret=wrong&response=x");
        bencher.iter(|| siteverify::answer(Flavour::Own, black_box(&asked), &desk, None, NOW));
    });
}

criterion_group!(benches, tokens, siteverify);
criterion_main!(benches);
