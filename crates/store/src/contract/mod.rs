//! What every store promises, as one suite: `contract::all(&store)` on an empty store.
//!
//! Two tenants use equal keys throughout; whatever one does, the other's rows stay as they were. Bounds have a suite of
//! their own, [`bounds`], because they need a store with small limits.

mod audit;
mod bounds;
mod escalations;
mod events;
mod frozen;
mod interactions;
mod keys;
mod labels;
mod lists;
mod models;
mod revoked;
mod rollups;
mod site_keys;

use palisade_domain::{TenantId, Timestamp};

use crate::{Store, StoreLimits};

pub use bounds::bounds;

/// The two tenants of every check.
const ONE: TenantId = TenantId(1);
/// The other one.
const TWO: TenantId = TenantId(2);
/// The limits that [`bounds`] expects of its store.
pub const SMALL_LIMITS: StoreLimits = StoreLimits {
    list_entries_max: 3,
    events_max: 3,
    labels_max: 3,
    keys_max: 3,
    audit_lines_max: 3,
    rollups_max: 3,
    escalations_max: 3,
    events_bytes_max: 4_000,
    interactions_max: 3,
    interactions_bytes_max: 4_000,
    models_max: 1,
    frozen_rows_max: 3,
};

/// Every promise but the bounds, on an empty store.
///
/// # Panics
/// Where the store breaks one.
pub async fn all(store: &dyn Store) {
    lists::put_replaces_the_same_key(store).await;
    lists::find_knows_networks_and_time(store).await;
    lists::removing_and_purging_touch_one_tenant(store).await;
    lists::pages_join_up(store).await;
    events::an_event_comes_back_as_it_went_in(store).await;
    events::queries_are_newest_first_and_bounded(store).await;
    events::foreign_text_is_cut(store).await;
    events::deleting_touches_one_tenant(store).await;
    events::exports_come_in_the_order_of_storing(store).await;
    events::a_request_is_found_by_its_number(store).await;
    events::reputations_add_up(store).await;
    events::addresses_are_shortened_once(store).await;
    lists::changes_are_counted(store).await;
    keys::keys_are_made_found_and_revoked(store).await;
    site_keys::site_keys_are_made_rotated_and_revoked(store).await;
    revoked::passes_are_taken_back_until_they_are_over(store).await;
    rollups::minutes_add_up(store).await;
    escalations::nobody_is_given_what_another_holds(store).await;
    escalations::failures_end(store).await;
    escalations::what_waited_too_long_is_deleted(store).await;
    audit::a_person_is_erased_and_the_chain_stays_sound(store).await;
    audit::foreign_audit_text_is_cut(store).await;
    labels::a_label_replaces_its_own_source_only(store).await;
    labels::subjects_come_back(store).await;
    labels::authors_may_contradict_each_other(store).await;
    labels::a_withdrawn_label_stays_and_may_be_said_again(store).await;
    labels::new_labels_are_counted_by_what_they_are_about(store).await;
    models::versions_change_as_they_may(store).await;
    models::what_was_trained_on_a_label_is_known(store).await;
    frozen::rows_stay_as_they_were_put(store).await;
    frozen::each_row_knows_what_its_numbers_are_called(store).await;
    interactions::an_interaction_is_labelled_by_its_own_tenant(store).await;
    interactions::interactions_come_in_pages_and_go_with_their_time(store).await;
}

/// `secs` after an arbitrary start.
fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(1_700_000_000 + secs)
}
