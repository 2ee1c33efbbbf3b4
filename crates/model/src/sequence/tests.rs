use proptest::prelude::*;

use super::*;

fn step(how: u16, place: u16) -> Step {
    Step { how, place }
}

#[test]
fn a_key_holds_its_steps_and_nothing_else() {
    let steps = [step(1, 10), step(2, 20), step(3, 30)];
    let key = |track, at, order| context(track, &steps, at, order);
    assert_eq!(key(Track::How, 2, 0), Some(0xffff));
    assert_eq!(key(Track::How, 2, 1), Some(1 << 48 | 2 << 16 | 0xffff));
    assert_eq!(key(Track::Place, 2, 2), Some(1 << 50 | 2 << 48 | 10 << 32 | 20 << 16 | 0xffff));
    assert_eq!(key(Track::How, 1, 2), None, "there is one step before it");
    assert_eq!(key(Track::How, 3, 3), None, "more than any model looks at");
    let whole = key(Track::Place, 2, 2).map(|context| with_symbol(context, 30)).expect("it has two before");
    assert_eq!(shortened(whole), Some(1 << 50 | 1 << 48 | 20 << 16 | 30));
    assert_eq!(shortened(whole).and_then(shortened), Some(1 << 50 | 30));
    assert_eq!(shortened(1 << 50 | 30), None);
    assert_eq!((order_of(whole), track_of(whole)), (2, Track::Place));
}

#[test]
fn what_is_no_key_is_told() {
    assert!(is_key(0xffff) && is_key(2 << 48 | 5 << 32 | 7 << 16));
    for (key, why) in [
        (1 << 51, "beyond the track"),
        (3 << 48, "three steps before"),
        (1 << 16, "a step before where there is none"),
        (1 << 48 | 1 << 32, "two steps before where there is one"),
        (1 << 48 | 0xffff << 16, "a step that none is"),
    ] {
        assert!(!is_key(key), "{why}");
    }
}

proptest! {
    #[test]
    fn every_context_is_a_key_and_so_are_the_shorter(
        symbols in prop::collection::vec((any::<u16>(), any::<u16>()), 1..6),
        order in 0..=ORDER_MAX,
        last in any::<u16>(),
    ) {
        let steps: Vec<Step> = symbols.into_iter().map(|(how, place)| step(how, place)).collect();
        for track in Track::ALL {
            let Some(context) = super::context(track, &steps, steps.len() - 1, order) else {
                prop_assert!(order >= steps.len());
                continue;
            };
            let mut key = with_symbol(context, last);
            prop_assert!(is_key(context) && is_key(key) && track_of(key) == track && order_of(key) == order);
            prop_assert_eq!(with_symbol(key, NONE), context);
            // The shorter context is that of the same place with a step less.
            for order in (0..order).rev() {
                key = shortened(key).expect("it has a step before");
                prop_assert_eq!(super::context(track, &steps, steps.len() - 1, order), Some(with_symbol(key, NONE)));
            }
            prop_assert_eq!(shortened(key), None);
        }
    }
}
