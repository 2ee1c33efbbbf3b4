use std::sync::Barrier;
use std::sync::atomic::AtomicUsize;

use proptest::prelude::*;

use super::*;

const TENANT: TenantId = TenantId(1);

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(secs)
}

/// A ticket of ten minutes, issued and claimed at `secs`.
fn claim(claims: &Claims, id: u128, secs: i64) -> Claim {
    claims.claim(TENANT, Kind::Ticket, id, at(secs), at(secs + 600), at(secs))
}

#[test]
fn of_a_thousand_that_come_at_once_one_wins() {
    let (claims, start, won) = (Claims::default(), Barrier::new(1_000), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..1_000 {
            let run = || {
                start.wait();
                if claim(&claims, 7, 1_000) == Claim::Won {
                    won.fetch_add(1, Ordering::Relaxed);
                }
            };
            std::thread::Builder::new().stack_size(64 << 10).spawn_scoped(scope, run).unwrap();
        }
    });
    assert_eq!(won.into_inner(), 1);
    assert_eq!((claims.len(), claim(&claims, 7, 1_000)), (1, Claim::Spent));
}

#[test]
fn tenants_and_kinds_with_equal_ids_never_meet() {
    let claims = Claims::default();
    for tenant in [TenantId(1), TenantId(2)] {
        for kind in Kind::ALL {
            let once = || claims.claim(tenant, kind, 5, at(10), at(610), at(11));
            assert_eq!((once(), once()), (Claim::Won, Claim::Spent), "{tenant:?} {kind:?}");
        }
    }
}

#[test]
fn what_was_given_up_is_won_once_more() {
    let claims = Claims::default();
    assert_eq!(claim(&claims, 5, 100), Claim::Won);
    // Another's, another kind's, another time's: nothing of it.
    claims.release(TenantId(2), Kind::Ticket, 5, at(700));
    claims.release(TENANT, Kind::Seal, 5, at(700));
    claims.release(TENANT, Kind::Ticket, 5, at(701));
    assert_eq!((claim(&claims, 5, 100), claims.len()), (Claim::Spent, 1));
    claims.release(TENANT, Kind::Ticket, 5, at(700));
    claims.release(TENANT, Kind::Ticket, 5, at(700));
    assert_eq!(claims.len(), 0);
    assert_eq!((claim(&claims, 5, 100), claim(&claims, 5, 100)), (Claim::Won, Claim::Spent));
}

#[test]
fn a_full_table_refuses_and_accepts_nothing_twice() {
    let claims = Claims::with(SHARDS * 4, 0, i64::MIN);
    // Multiples of SHARDS are of one shard.
    let ids = (0..20).map(|n| n * SHARDS as u128);
    for (secs, id) in (100..).zip(ids.clone()) {
        assert_eq!(claim(&claims, id, secs), Claim::Won);
        assert!(claims.len() <= 4);
    }
    assert_eq!(claims.dropped(), 16);
    for (secs, id) in (100..).zip(ids) {
        let expected = if secs < 116 { Claim::Unknown } else { Claim::Spent };
        assert_eq!(claim(&claims, id, secs), expected, "{id}");
    }
    // Another shard, in which there was room, has forgotten nothing.
    assert_eq!(claim(&claims, 1, 100), Claim::Won);
}

#[test]
fn the_one_that_expires_first_of_all_is_won_once_even_where_there_is_no_room() {
    let claims = Claims::with(SHARDS, 0, i64::MIN);
    assert_eq!(claim(&claims, 0, 200), Claim::Won);
    assert_eq!(claim(&claims, 16, 100), Claim::Won);
    assert_eq!(claim(&claims, 16, 100), Claim::Unknown);
    assert_eq!(claim(&claims, 0, 200), Claim::Spent);
}

#[test]
fn a_clock_that_jumps_ahead_and_comes_back_frees_nothing() {
    let claims = Claims::default();
    assert_eq!(claim(&claims, 16, 1_000), Claim::Won);
    assert_eq!(claim(&claims, 32, 9_000), Claim::Won);
    assert_eq!(claims.len(), 1, "the first was over at 9,000");
    assert_eq!(claim(&claims, 16, 1_000), Claim::Unknown);
    assert_eq!(claim(&claims, 48, 1_010), Claim::Won, "it expires later than what was forgotten");
}

#[test]
fn a_claim_outlives_its_subject_by_a_minute() {
    let claims = Claims::default();
    let late = |id, now| claims.claim(TENANT, Kind::Ticket, id, at(100), at(700), at(now));
    assert_eq!(late(16, 100), Claim::Won);
    assert_eq!(late(16, 760), Claim::Spent);
    assert_eq!(late(16, 761), Claim::Unknown);
    assert!(claims.is_empty());
}

#[test]
fn after_an_unclean_restart_what_was_issued_before_is_refused() {
    let claims = Claims::since(at(1_000));
    assert_eq!(claim(&claims, 1, 999), Claim::Unknown);
    assert_eq!(claim(&claims, 1, 1_000), Claim::Unknown);
    assert_eq!(claim(&claims, 1, 1_001), Claim::Won);
    let again = Claims::from_bytes(&claims.to_bytes()).unwrap();
    assert_eq!(claim(&again, 2, 1_000), Claim::Unknown, "a second, clean restart does not forget that");
}

#[test]
fn nothing_but_a_snapshot_is_read_as_one() {
    let claims = Claims::default();
    for id in 0..3 {
        claim(&claims, id, 100);
    }
    let bytes = claims.to_bytes();
    assert!(Claims::from_bytes(&bytes).is_some());
    for len in 0..bytes.len() {
        let whole = len >= MAGIC.len() + 16 && (len - MAGIC.len() - 16).is_multiple_of(RECORD_BYTES);
        assert_eq!(Claims::from_bytes(&bytes[..len]).is_some(), whole, "{len}");
    }
    let mut other = bytes.clone();
    other[MAGIC.len() + 16 + 12] = 9;
    assert!(Claims::from_bytes(&other).is_none(), "there is no such kind");
}

proptest! {
    #[test]
    fn whatever_was_claimed_is_never_won_again(
        steps in prop::collection::vec((0u128..40, 0i64..2_000, any::<bool>()), 1..200),
    ) {
        let mut claims = Claims::with(SHARDS * 2, 0, i64::MIN);
        let mut won = HashSet::new();
        for (id, now, restart) in steps {
            if restart {
                claims = Claims::from_bytes(&claims.to_bytes()).unwrap();
                claims.shard_claims_max = 2;
            }
            // One id has one time of issue, as a signed ticket has.
            let issued = at(1_000 + id as i64 * 7);
            let claim = claims.claim(TENANT, Kind::Token, id, issued, issued.plus_millis(300_000), at(now));
            prop_assert!(claim != Claim::Won || won.insert(id), "{} was won twice", id);
            prop_assert!(claims.len() <= SHARDS * 2);
        }
    }

    #[test]
    fn a_snapshot_holds_everything(ids in prop::collection::hash_set(any::<u128>(), 0..100)) {
        let claims = Claims::default();
        for id in &ids {
            claim(&claims, *id, 500);
        }
        let again = Claims::from_bytes(&claims.to_bytes()).unwrap();
        prop_assert_eq!(again.len(), ids.len());
        prop_assert!(ids.iter().all(|id| claim(&again, *id, 500) == Claim::Spent));
        prop_assert_eq!(again.to_bytes().len(), claims.to_bytes().len());
    }
}
