//! Chains of character classes: how probable each character of a value is after the two before it.

use std::collections::HashMap;

/// Characters before the one that is looked at.
const ORDER: usize = 2;

/// Chance of a character of which nothing is known: about as many classes as there are.
const BLIND: f64 = 1.0 / 128.0;

/// Before the first character.
const BEGIN: u8 = 0xfe;
/// After the last.
const END: u8 = 0xff;

/// How often each class followed which.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain {
    /// By class and the classes before it.
    counts: HashMap<u32, u32>,
    /// By the classes before: how many followed, and of how many kinds.
    contexts: HashMap<u32, (u32, u32)>,
}

impl Chain {
    /// Learns from one value.
    pub(super) fn add(&mut self, value: &[u8]) {
        let classes = classes(value);
        for at in 1..classes.len() {
            for order in 0..=ORDER.min(at) {
                let context = context(&classes, at, order);
                let count = self.counts.entry(context | u32::from(classes[at])).or_default();
                let (total, kinds) = self.contexts.entry(context).or_default();
                *kinds += u32::from(*count == 0);
                *count = count.saturating_add(1);
                *total = total.saturating_add(1);
            }
        }
    }

    /// The chance of each character of `value`, the end included, after those before it. Where this chain knows little, `wider` is
    /// asked, where there is one (Witten and Bell 1991, method C).
    pub(super) fn chances(&self, value: &[u8], wider: Option<&Chain>) -> Vec<f64> {
        let classes = classes(value);
        let one = |at: usize| {
            let wide = wider.map_or(BLIND, |wider| wider.chance(&classes, at, BLIND));
            self.chance(&classes, at, wide)
        };
        (1..classes.len()).map(one).collect()
    }

    fn chance(&self, classes: &[u8], at: usize, blind: f64) -> f64 {
        let mut chance = blind;
        for order in 0..=ORDER.min(at) {
            let context = context(classes, at, order);
            let Some((total, kinds)) = self.contexts.get(&context) else { break };
            let count = self.counts.get(&(context | u32::from(classes[at]))).copied().unwrap_or(0);
            let (total, kinds) = (f64::from(*total), f64::from(*kinds));
            chance = (f64::from(count) + kinds * chance) / (total + kinds);
        }
        chance
    }
}

/// Letters, digits and what is beyond ASCII are classes; every other sign is one of its own.
fn classes(value: &[u8]) -> Vec<u8> {
    let class = |byte: &u8| match byte {
        b'a'..=b'z' => b'a',
        b'A'..=b'Z' => b'A',
        b'0'..=b'9' => b'0',
        0x80.. => 0x80,
        other => *other,
    };
    std::iter::once(BEGIN).chain(value.iter().map(class)).chain([END]).collect()
}

/// The `order` classes before `at`, and their number.
fn context(classes: &[u8], at: usize, order: usize) -> u32 {
    let before = classes[at - order..at].iter().fold(order as u32, |key, class| key << 8 | u32::from(*class));
    before << 8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chain(values: &[&str]) -> Chain {
        let mut chain = Chain::default();
        values.iter().for_each(|value| chain.add(value.as_bytes()));
        chain
    }

    #[test]
    fn what_never_followed_is_least_probable() {
        let chain = chain(&["12345", "98", "4711", "007"]);
        let chances = chain.chances(b"12'3", None);
        assert_eq!(chances.len(), 5, "and the end");
        assert!(chances[0] > 0.5 && chances[1] > 0.5 && chances[2] < 0.01, "{chances:?}");
        assert!(chances[3] < chances[0], "what comes after a surprise is less sure");
    }

    #[test]
    fn classes_stand_for_their_characters() {
        let chain = chain(&["Anna", "Berta"]);
        assert_eq!(chain.chances(b"Clara", None), chain.chances(b"Zorro", None));
        assert_ne!(chain.chances(b"clara", None), chain.chances(b"Zorro", None));
        assert_eq!(chain.chances("é".as_bytes(), None), chain.chances(&[0xe9, 0x80], None));
    }

    #[test]
    fn a_chain_that_knows_little_asks_the_wider_one() {
        let (own, wide) = (chain(&["1"]), chain(&["a@b.example", "c@d.example", "x@y.example"]));
        let at = |chances: Vec<f64>| chances[1];
        assert!(at(own.chances(b"1@", Some(&wide))) > at(own.chances(b"1@", None)));
        assert_eq!(Chain::default().chances(b"a", Some(&wide)), wide.chances(b"a", None));
    }

    proptest! {
        #[test]
        fn chances_are_above_nothing_and_those_of_all_classes_are_one(
            values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..20), value: Vec<u8>,
        ) {
            let mut chain = Chain::default();
            values.iter().for_each(|value| chain.add(value));
            let chances = chain.chances(&value, None);
            prop_assert!(chances.len() == value.len() + 1 && chances.iter().all(|chance| *chance > 0.0 && *chance <= 1.0));
            // What is left of one belongs to the classes that there are not.
            let all = (0..=u8::MAX).filter(|byte| classes(&[*byte])[1] == *byte).chain([END]);
            let sum: f64 = all.map(|class| {
                let mut ended = classes(&value);
                let last = ended.len() - 1;
                ended[last] = class;
                chain.chance(&ended, last, BLIND)
            }).sum();
            prop_assert!(sum < 1.0 + 1e-9, "{}", sum);
        }
    }
}
