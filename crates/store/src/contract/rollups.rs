//! Promises of [`Rollups`](crate::Rollups).

use palisade_domain::{Action, BlockReason, IdentityClass, SiteId, TenantId, Timestamp};

use super::{ONE, TWO, at};
use crate::{Rollup, RollupQuery, Store};

const MINUTE: i64 = 60;

/// `requests` on `site`, `secs` after the start, half of them bots'.
pub(super) fn row(secs: i64, site: u32, action: Action, requests: u64) -> Rollup {
    let class = IdentityClass::Tool;
    Rollup {
        minute: at(secs),
        site: SiteId(site),
        action: action.into(),
        class,
        requests,
        bots: requests / 2,
    }
}

async fn sums(store: &dyn Store, tenant: TenantId, query: RollupQuery) -> Vec<(u32, &'static str, u64, u64)> {
    let sums = store.rollup_sums(tenant, query).await.expect("sums");
    sums.iter().map(|sum| (sum.site.0, sum.action.as_str(), sum.requests, sum.bots)).collect()
}

pub(super) async fn minutes_add_up(store: &dyn Store) {
    let block = Action::Block(BlockReason::List);
    let (allow, ten) = (Action::Allow, 10 * MINUTE);
    let rows = [row(1, 1, allow, 4), row(2, 1, allow, 6), row(ten, 1, allow, 100), row(3, 2, block, 2)];
    store.add_rollups(ONE, &rows).await.expect("add");
    store.add_rollups(ONE, &[row(5, 1, allow, 10)]).await.expect("add");
    store.add_rollups(TWO, &rows[..1]).await.expect("add");
    store.add_rollups(ONE, &[]).await.expect("add");

    assert_eq!(sums(store, ONE, RollupQuery::ALL).await, [(1, "allow", 120, 60), (2, "block", 2, 1)]);
    assert_eq!(sums(store, TWO, RollupQuery::ALL).await, [(1, "allow", 4, 2)]);
    let minutes = store.rollups(ONE, RollupQuery::ALL).await.expect("rollups");
    let begun = rows[0].beginning();
    assert_eq!(minutes.len(), 3, "moments of one minute are one row");
    assert_eq!((minutes[0].minute, minutes[0].requests, minutes[0].bots), (begun, 20, 10));
    assert_eq!(minutes[2].minute, rows[2].beginning(), "oldest first");

    let early = RollupQuery { until: rows[2].beginning(), ..RollupQuery::ALL };
    assert_eq!(sums(store, ONE, early).await, [(1, "allow", 20, 10), (2, "block", 2, 1)]);
    let late = RollupQuery { from: rows[2].beginning(), ..RollupQuery::ALL };
    assert_eq!(sums(store, ONE, late).await, [(1, "allow", 100, 50)]);
    let of_two = RollupQuery { site: Some(SiteId(2)), ..RollupQuery::ALL };
    assert_eq!(sums(store, ONE, of_two).await, [(2, "block", 2, 1)]);

    let deleted = store.delete_rollups_before(ONE, rows[2].beginning()).await.expect("delete");
    assert_eq!(deleted, 2);
    assert_eq!(sums(store, ONE, RollupQuery::ALL).await, [(1, "allow", 100, 50)]);
    assert_eq!(sums(store, TWO, RollupQuery::ALL).await.len(), 1, "the other tenant's stay");
    for tenant in [ONE, TWO] {
        store.delete_rollups_before(tenant, Timestamp(i64::MAX)).await.expect("delete");
    }
}
