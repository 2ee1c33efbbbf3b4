//! Promises of [`SiteKeys`](crate::SiteKeys).

use super::{ONE, TWO, at};
use crate::{ApiKey, KeyHash, KeyId, NewSiteKey, Store, Watched, WriteError, bounds};

pub(super) fn new_site_key(key: &str) -> NewSiteKey {
    NewSiteKey {
        key: key.into(),
        name: "shop é".into(),
        hostnames: vec!["shop.example".into(), "*.shop.example".into()],
        secret: secret(1),
        created_at: at(0),
    }
}

fn secret(n: u8) -> KeyHash {
    KeyHash::of(&format!("secret {n}"))
}

pub(super) async fn site_keys_are_made_rotated_and_revoked(store: &dyn Store) {
    let before = store.changes(ONE, Watched::SiteKeys).await.expect("changes");
    let keys_before = store.changes(ONE, Watched::Keys).await.expect("changes");
    let new = new_site_key("pal_site_one");
    let made = store.create_site_key(ONE, &new).await.expect("create");
    let twos = store.create_site_key(TWO, &new).await.expect("create");
    assert_eq!((made.tenant, twos.tenant), (ONE, TWO), "tenants may hold equal keys");
    assert_eq!((&made.hostnames, made.secret, made.previous), (&new.hostnames, new.secret, None));
    assert_eq!((made.name.as_str(), made.created_at), ("shop é", at(0)));
    let again = NewSiteKey { name: "again".into(), ..new.clone() };
    assert_eq!(store.create_site_key(ONE, &again).await.expect("create"), made, "made once");
    let api_key = ApiKey::from_random([77; 32]);
    let key = store.create_key(ONE, &api_key, &super::keys::new_key("n")).await.expect("create");
    assert!(key.id > made.id, "a number is an API key's or a site key's, never both");
    let second = store.create_site_key(ONE, &new_site_key("pal_site_two")).await.expect("create");
    assert!(second.id > key.id);
    assert_eq!(store.site_keys(ONE).await.expect("site keys"), [made.clone(), second.clone()]);

    let changed = store.changes(ONE, Watched::SiteKeys).await.expect("changes");
    assert!(changed > before, "a server notices");
    assert!(store.rotate_site_secret(ONE, made.id, &secret(2), at(10)).await.expect("rotate"));
    assert!(store.changes(ONE, Watched::SiteKeys).await.expect("changes") > changed);
    let held = store.site_keys(ONE).await.expect("site keys").remove(0);
    assert_eq!((held.secret, held.previous), (secret(2), Some((secret(1), at(10)))));
    assert!(store.rotate_site_secret(ONE, made.id, &secret(3), at(20)).await.expect("rotate"));
    let held = store.site_keys(ONE).await.expect("site keys").remove(0);
    assert_eq!((held.secret, held.previous), (secret(3), Some((secret(2), at(20)))), "two at most");
    assert_eq!(
        store.site_keys(TWO).await.expect("site keys"),
        std::slice::from_ref(&twos),
        "the other's is as it was"
    );
    assert!(!store.rotate_site_secret(ONE, KeyId(i64::MAX), &secret(4), at(10)).await.expect("rotate"));
    assert!(!store.rotate_site_secret(ONE, key.id, &secret(4), at(10)).await.expect("an API key has none"));

    let too_long =
        NewSiteKey { hostnames: vec!["h".repeat(bounds::HOSTNAMES_BYTES_MAX)], ..new_site_key("x") };
    let refused = store.create_site_key(ONE, &too_long).await;
    assert!(matches!(refused, Err(WriteError::TooLong { .. })), "{refused:?}");
    assert!(!store.revoke_key(ONE, made.id).await.expect("revoke"), "it is no API key");
    assert!(store.changes(ONE, Watched::Keys).await.expect("changes") > keys_before);
    for (tenant, id) in [(ONE, made.id), (ONE, second.id), (TWO, twos.id)] {
        assert!(store.revoke_site_key(tenant, id).await.expect("revoke"));
        assert!(!store.revoke_site_key(tenant, id).await.expect("revoke"), "a second time there is nothing");
    }
    assert!(store.revoke_key(ONE, key.id).await.expect("revoke"));
    assert!(store.site_keys(ONE).await.expect("site keys").is_empty());
}
