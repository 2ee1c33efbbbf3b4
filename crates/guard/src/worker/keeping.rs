//! What is done by the clock: minutes rolled up, lists followed, old records deleted.

use std::collections::BTreeMap;
use std::time::Duration;

use palisade_domain::{TenantId, Timestamp};
use palisade_store::{ActionName, Rollup};

use super::{Shelf, Way, Worker};
use crate::totals::MinuteRow;

/// Roll-ups older than this are deleted: a year, and the month it is compared with.
pub const ROLLUPS_KEPT: Duration = Duration::from_secs(400 * 86_400);

impl<S: Shelf + ?Sized> Worker<S> {
    /// Stores the minute that is over, or the one that runs where this is the end.
    pub(super) async fn roll_up(&mut self, is_end: bool) {
        let minute = self.now().secs().div_euclid(60);
        if (minute == self.minute && !is_end) || !self.may_try(Way::Rollups) {
            return;
        }
        let counted = Timestamp::from_secs(self.minute.saturating_mul(60));
        let mut all_stored = true;
        let mut by_tenant: BTreeMap<TenantId, Vec<MinuteRow>> = BTreeMap::new();
        let sites = self.guard.sites();
        for row in self.guard.totals.drain() {
            let tenant = sites.get(row.site).map_or(self.settings.tenant, |site| site.tenant);
            by_tenant.entry(tenant).or_default().push(row);
        }
        for (tenant, rows) in by_tenant {
            let rollups: Vec<Rollup> = rows.iter().map(|row| rollup_of(row, counted)).collect();
            match self.store.add_rollups(tenant, &rollups).await {
                Ok(()) => {}
                Err(error) => {
                    self.guard.totals.put_back(&rows);
                    self.failed(Way::Rollups, &error);
                    all_stored = false;
                }
            }
        }
        // Where it failed, the rest is tried again as the same minute, with what has come since.
        if all_stored {
            self.minute = minute;
            self.recovered(Way::Rollups);
        }
    }

    /// Takes over what another process changed in the lists, once a second, and sees whether full ones have room again.
    pub(super) async fn follow_lists(&mut self) {
        let second = self.now().secs();
        if second == self.lists_followed_at || !self.may_try(Way::Lists) {
            return;
        }
        if let Err(error) = self.guard.follow_lists(&*self.store, self.settings.tenant).await {
            return self.failed(Way::Lists, &error);
        }
        match self.watch_full_lists().await {
            Ok(()) => {
                self.lists_followed_at = second;
                self.recovered(Way::Lists);
            }
            Err(error) => self.failed(Way::Lists, &error),
        }
    }

    /// Deletes what is too old, once an hour.
    pub(super) async fn keep(&mut self) {
        let now = self.now();
        let hour = now.secs().div_euclid(3_600);
        if self.hour == Some(hour) || !self.may_try(Way::Keeping) {
            return;
        }
        self.hour = Some(hour);
        let mut tenants: Vec<TenantId> = self.guard.sites().all().iter().map(|site| site.tenant).collect();
        tenants.push(self.settings.tenant);
        tenants.sort_unstable();
        tenants.dedup();
        for tenant in tenants {
            if let Err(error) = self.keep_of(tenant, now).await {
                self.failed(Way::Keeping, &error);
                // The rest of it when the store works again.
                self.hour = None;
                return;
            }
        }
        self.recovered(Way::Keeping);
    }

    async fn keep_of(&self, tenant: TenantId, now: Timestamp) -> Result<(), palisade_store::WriteError> {
        self.store.delete_before(tenant, before(now, self.settings.retain_events)).await?;
        self.store.delete_interactions_before(tenant, before(now, self.settings.retain_events)).await?;
        self.store.shorten_addresses(tenant, before(now, self.settings.retain_addresses)).await?;
        // What is asked about bears addresses too, and nobody waits for an answer that long.
        self.store.delete_escalations_before(tenant, before(now, self.settings.retain_addresses)).await?;
        self.store.delete_rollups_before(tenant, before(now, ROLLUPS_KEPT)).await?;
        self.store.purge_expired(tenant, now).await?;
        Ok(())
    }
}

fn before(now: Timestamp, age: Duration) -> Timestamp {
    now.plus_millis(-i64::try_from(age.as_millis()).unwrap_or(i64::MAX))
}

fn rollup_of(row: &MinuteRow, minute: Timestamp) -> Rollup {
    Rollup {
        minute,
        site: row.site,
        action: ActionName::ALL[row.rank],
        class: row.class,
        requests: row.requests,
        bots: row.bots,
    }
}
