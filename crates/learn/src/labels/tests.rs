use proptest::prelude::*;

use super::*;
use crate::dataset::Dataset;
use crate::dataset::testing::made_up;
use crate::train::additive::{self, Additive, AdditiveSettings};

fn told(id: i64, client: &str, author: &str, is_bot: bool) -> Told {
    Told {
        id,
        client: client.to_owned(),
        is_bot,
        way: Way::Application,
        author: author.to_owned(),
        is_own: false,
        weight: 1.0,
        at_ms: id,
        is_withdrawn: false,
    }
}

fn by_operator(id: i64, client: &str, is_bot: bool) -> Told {
    Told { way: Way::Operator, author: "cli".to_owned(), ..told(id, client, "", is_bot) }
}

fn whys(told: &[Told]) -> Vec<Why> {
    weigh(told).iter().map(|worth| worth.why).collect()
}

#[test]
fn a_label_counts_as_it_was_given() {
    let half = Told { weight: 0.5, ..told(2, "b", "key:1", false) };
    let all = [told(1, "a", "key:1", true), half];
    let worth = weigh(&all);
    assert_eq!(worth[0], Worth { weight: 1.0, may_freeze: true, why: Why::Counts });
    assert_eq!(worth[1], Worth { weight: 0.5, may_freeze: false, why: Why::Counts });
    let known = clients(&all, &worth);
    assert_eq!(known["a"], Known { is_bot: true, weight: 1.0, may_freeze: true, labels: vec![1] });
    assert_eq!(counted(&worth), [(Why::Counts, 2)].into());
}

#[test]
fn what_we_caused_counts_a_tenth_and_is_never_frozen() {
    let ours = Told { is_own: true, ..told(1, "a", "key:1", true) };
    let work = Told { way: Way::Challenge, ..told(2, "b", "", false) };
    for worth in weigh(&[ours, work]) {
        assert_eq!(worth, Worth { weight: 0.1, may_freeze: false, why: Why::Own });
    }
}

#[test]
fn weights_that_are_none_count_nothing() {
    for weight in [f64::NAN, -1.0, f64::NEG_INFINITY] {
        let odd = Told { weight, ..told(1, "a", "key:1", true) };
        let worth = weigh(std::slice::from_ref(&odd));
        assert_eq!(worth[0].weight, 0.0);
        assert!(clients(&[odd], &worth).is_empty());
    }
}

#[test]
fn people_change_their_minds() {
    let all = [told(1, "a", "key:1", true), told(2, "a", "key:1", false)];
    assert_eq!(whys(&all), [Why::Superseded, Why::Counts]);
    let withdrawn = Told { is_withdrawn: true, ..all[1].clone() };
    assert_eq!(whys(&[all[0].clone(), withdrawn]), [Why::Counts, Why::Withdrawn], "the older stands again");
}

#[test]
fn a_dispute_weighs_nothing_until_it_is_settled() {
    let mut all =
        vec![told(1, "a", "key:1", true), told(2, "a", "key:2", false), told(3, "b", "key:2", false)];
    assert_eq!(whys(&all), [Why::Disputed, Why::Disputed, Why::Counts]);
    all.push(by_operator(4, "a", false));
    assert_eq!(whys(&all), [Why::Overruled, Why::Counts, Why::Counts, Why::Counts]);
    assert_eq!(clients(&all, &weigh(&all))["a"].labels, [2, 4]);
}

#[test]
fn somebody_who_knows_overrules_what_is_only_ours() {
    let ours = Told { is_own: true, ..told(1, "a", "", true) };
    assert_eq!(whys(&[ours, told(2, "a", "key:1", false)]), [Why::Overruled, Why::Counts]);
}

#[test]
fn one_author_says_so_much_in_a_day() {
    let cap = Way::Application.per_day_max() as i64;
    let mut all: Vec<Told> = (1..=cap + 2).map(|id| told(id, &format!("c{id}"), "key:1", true)).collect();
    all.push(told(cap + 3, "other", "key:2", true));
    all.push(Told { at_ms: DAY_MS, ..told(cap + 4, "next day", "key:1", true) });
    let why = whys(&all);
    assert!(why[..cap as usize].iter().all(|why| *why == Why::Counts));
    assert_eq!(why[cap as usize..], [Why::BeyondCap, Why::BeyondCap, Why::Counts, Why::Counts]);
}

#[test]
fn withdrawing_gives_no_second_try() {
    let cap = Way::Application.per_day_max() as i64;
    let mut all: Vec<Told> = (1..=cap).map(|id| told(id, &format!("c{id}"), "key:1", true)).collect();
    all.iter_mut().for_each(|told| told.is_withdrawn = true);
    all.push(told(cap + 1, "a", "key:1", true));
    assert_eq!(whys(&all).last(), Some(&Why::BeyondCap));
}

#[test]
fn who_contradicts_the_operator_is_not_believed() {
    let mut all: Vec<Told> = (0..5).map(|id| by_operator(id + 1, &format!("c{id}"), false)).collect();
    for id in 0..5 {
        all.push(told(id + 10, &format!("c{id}"), "key:bad", true));
        all.push(told(id + 20, &format!("c{id}"), "key:good", id == 0));
    }
    all.push(told(90, "elsewhere", "key:bad", true));
    all.push(told(91, "elsewhere too", "key:good", true));
    let why = whys(&all);
    assert_eq!(why[why.len() - 2..], [Why::Distrusted, Why::Counts]);
}

/// The share of `rows` of `data` on the right side.
fn accuracy(model: &Additive, data: &Dataset, rows: std::ops::Range<usize>) -> f64 {
    let right = rows.clone().filter(|row| (model.log_odds(data.row(*row)) > 0.0) == data.rows[*row].is_bot);
    right.count() as f64 / rows.len() as f64
}

/// Trains on the first rows of `data`, with each client's label and weight as `known` has them.
fn trained(data: &Dataset, known: &BTreeMap<String, Known>) -> Additive {
    let mut data = data.clone();
    for row in &mut data.rows {
        let known = known.get(&data.clients[row.client as usize]);
        (row.weight, row.is_bot) =
            known.map_or((0.0, row.is_bot), |known| (known.weight as f32, known.is_bot));
    }
    let settings = AdditiveSettings { rounds: 60, bags: 2, ..AdditiveSettings::default() };
    additive::train(&data, &[0, 1, 2], &[], &settings, |row| data.rows[row].weight > 0.0)
}

#[test]
fn a_thousand_poisoned_labels_of_one_key_cost_a_point_at_most() {
    // 600 clients are labelled rightly, a few a day; of 1,000 others one key says that every person is a program.
    let data = made_up(4_000, 3, 1);
    let mut all: Vec<Told> = (0..600_i64)
        .map(|at| {
            let row = &data.rows[at as usize];
            let right = told(at + 1, &data.clients[at as usize], "key:1", row.is_bot);
            Told { at_ms: at / 30 * DAY_MS, ..right }
        })
        .collect();
    let before = trained(&data, &clients(&all, &weigh(&all)));
    let people = (600..4_000).filter(|at| !data.rows[*at].is_bot).take(1_000);
    all.extend(people.map(|at| told(10_000 + at as i64, &data.clients[at], "key:stolen", true)));
    let worth = weigh(&all);
    let counted = worth[600..].iter().filter(|worth| worth.weight > 0.0).count();
    assert_eq!(counted, 600 / OTHERS_PER_LABEL);
    let after = trained(&data, &clients(&all, &worth));
    let (before, after) = (accuracy(&before, &data, 2_700..4_000), accuracy(&after, &data, 2_700..4_000));
    assert!(before - after <= 0.01, "{before} fell to {after}");
}

proptest! {
    #[test]
    fn nothing_of_ours_is_ever_frozen_or_heavy(
        all in prop::collection::vec((0_u8..4, 0_u8..3, any::<bool>(), any::<bool>(), 0_u8..7, any::<bool>()), 0..60),
    ) {
        const WAYS: [Way; 7] = [
            Way::Operator, Way::Import, Way::Application, Way::Webhook, Way::Trap, Way::Challenge, Way::Escalation,
        ];
        let all: Vec<Told> = all.iter().enumerate().map(|(at, (client, author, is_bot, is_own, way, gone))| Told {
            is_own: *is_own,
            way: WAYS[usize::from(*way)],
            is_withdrawn: *gone,
            ..told(at as i64 + 1, &format!("c{client}"), &format!("key:{author}"), *is_bot)
        }).collect();
        let worth = weigh(&all);
        for (told, worth) in all.iter().zip(&worth) {
            let ours = told.is_own || told.way == Way::Challenge;
            prop_assert!(!ours || (worth.weight <= OWN_WEIGHT_MAX && !worth.may_freeze));
            prop_assert!(!told.is_withdrawn || worth.weight == 0.0);
        }
        // Of one client all labels that count in full say the same.
        for (client, known) in clients(&all, &worth) {
            let mut of_it = all.iter().zip(&worth).filter(|(told, worth)| told.client == client && worth.why == Why::Counts);
            prop_assert!(of_it.all(|(told, _)| told.is_bot == known.is_bot));
        }
    }
}
