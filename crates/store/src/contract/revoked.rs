//! Promises of [`RevokedPasses`](crate::RevokedPasses).

use super::{ONE, TWO, at};
use crate::{RevokedPass, Store, Watched};

pub(super) async fn passes_are_taken_back_until_they_are_over(store: &dyn Store) {
    let pass = |id, until| RevokedPass { id, until: at(until) };
    let before = store.changes(ONE, Watched::Passes).await.expect("changes");
    store.revoke_pass(ONE, pass(u128::MAX, 100), at(0)).await.expect("revoke");
    store.revoke_pass(ONE, pass(7, 10), at(0)).await.expect("revoke");
    store.revoke_pass(TWO, pass(7, 50), at(0)).await.expect("revoke");
    assert!(store.changes(ONE, Watched::Passes).await.expect("changes") > before, "a server notices");
    assert_eq!(store.revoked_passes(ONE).await.expect("read"), [pass(7, 10), pass(u128::MAX, 100)]);
    assert_eq!(store.revoked_passes(TWO).await.expect("read"), [pass(7, 50)]);
    store.revoke_pass(ONE, pass(7, 20), at(5)).await.expect("again");
    assert_eq!(store.revoked_passes(ONE).await.expect("read")[0], pass(7, 20));
    store.revoke_pass(ONE, pass(9, 200), at(30)).await.expect("later");
    assert_eq!(store.revoked_passes(ONE).await.expect("read"), [pass(9, 200), pass(u128::MAX, 100)]);
    assert_eq!(store.revoked_passes(TWO).await.expect("read"), [pass(7, 50)], "the other's is as it was");
}
