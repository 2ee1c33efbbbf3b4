//! Promises of [`Keys`](crate::Keys).

use super::{ONE, TWO, at};
use crate::{ApiKey, KeyId, NewKey, Scope, Scopes, Store, Watched};

pub(super) fn new_key(name: &str) -> NewKey {
    NewKey { name: name.into(), scopes: Scopes::of(&[Scope::Check, Scope::List]), created_at: at(0) }
}

pub(super) async fn keys_are_made_found_and_revoked(store: &dyn Store) {
    let (key, other) = (ApiKey::from_random([1; 32]), ApiKey::from_random([2; 32]));
    let before = store.changes(ONE, Watched::Keys).await.expect("changes");
    let made = store.create_key(ONE, &key, &new_key("shop é")).await.expect("create");
    let twos = store.create_key(TWO, &key, &new_key("other")).await.expect("create");
    assert_eq!(made.id, twos.id, "tenants count on their own, even with the same key");
    assert_eq!(store.create_key(ONE, &key, &new_key("again")).await.expect("create"), made, "made once");
    assert_eq!(store.find_key(ONE, &key.hash()).await.expect("find"), Some(made.clone()));
    assert_eq!(store.find_key(ONE, &other.hash()).await.expect("find"), None);
    assert_eq!((made.name.as_str(), made.scopes.to_string().as_str()), ("shop é", "check,list"));

    let second = store.create_key(ONE, &other, &new_key("second")).await.expect("create");
    assert_eq!(store.keys(ONE).await.expect("keys"), [made.clone(), second.clone()]);
    let changed = store.changes(ONE, Watched::Keys).await.expect("changes");
    assert!(changed > before, "a server notices");
    assert!(store.revoke_key(ONE, made.id).await.expect("revoke"));
    assert!(store.changes(ONE, Watched::Keys).await.expect("changes") > changed);
    assert!(!store.revoke_key(ONE, made.id).await.expect("revoke"), "a second time there is nothing");
    assert!(!store.revoke_key(ONE, KeyId(i64::MAX)).await.expect("revoke"));
    assert_eq!(store.find_key(ONE, &key.hash()).await.expect("find"), None, "it opens nothing any more");
    assert_eq!(store.find_key(TWO, &key.hash()).await.expect("find"), Some(twos.clone()), "the other's does");
    let third = store.create_key(ONE, &key, &new_key("third")).await.expect("create");
    assert!(third.id > second.id, "numbers are never given twice");
    for (tenant, id) in [(ONE, second.id), (ONE, third.id), (TWO, twos.id)] {
        assert!(store.revoke_key(tenant, id).await.expect("revoke"));
    }
}
