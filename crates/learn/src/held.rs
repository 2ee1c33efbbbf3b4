//! Who is held back: a fifth of all groups, by a keyed hash, never trains any model. Nobody chooses who that is, and it is the same
//! after every restart.

use std::collections::BTreeMap;

use palisade_detect::HashSeed;
use palisade_domain::ClientIp;
use sha2::{Digest as _, Sha256};

use crate::dataset::{Dataset, Row};
use crate::labels::Known;

/// One group of so many is held back.
pub const ONE_IN: u64 = 5;

/// Hashes with the installation's own key.
#[derive(Clone, Copy, Debug)]
pub struct Holder(HashSeed);

impl Holder {
    /// That of the installation with this seed.
    pub fn new(seed: HashSeed) -> Self {
        Holder(seed)
    }

    /// Is this group held back?
    pub fn holds(self, group: &str) -> bool {
        let hash = self.hash("group", group);
        let first =
            u64::from_be_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]]);
        first.is_multiple_of(ONE_IN)
    }

    /// The name under which a client stands in the frozen set, 32 hexadecimal digits: nobody without the seed can tell who it is.
    pub fn name(self, client: &str) -> String {
        self.hash("client", client)[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn hash(self, what: &str, text: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        self.0.0.iter().for_each(|word| hash.update(word.to_be_bytes()));
        hash.update(what.as_bytes());
        hash.update([0]);
        hash.update(text.as_bytes());
        hash.finalize().into()
    }
}

/// What belongs together of stored traffic: the network of an address, else the name itself.
pub fn group_of(client: &str) -> String {
    let address: Option<ClientIp> = client.parse().ok();
    address.map_or_else(|| client.to_owned(), |ip| ip.network().to_string())
}

/// A data set in two: those who train, and those who are held back.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Who trains; weighed by their labels.
    pub training: Dataset,
    /// Who may stand in the frozen set, each after its last request.
    pub held: Dataset,
}

/// Divides `data` by [`Holder::holds`] of [`group_of`] its clients. Of those who are held back, only clients whose label may be
/// trusted that far stay; the others are in neither part.
pub fn divided(data: &Dataset, known: &BTreeMap<String, Known>, holder: Holder) -> Parts {
    let data = regrouped(data);
    let held: Vec<bool> = data.group_names.iter().map(|group| holder.holds(group)).collect();
    let of = |row: &Row| known.get(&data.clients[row.client as usize]);
    let may_freeze = |row: &Row| of(row).is_some_and(|known| known.may_freeze);
    let mut training = data.only(|row| !held[row.group as usize] && of(row).is_some());
    for row in &mut training.rows {
        let known = known.get(&data.clients[row.client as usize]);
        row.weight *= known.map_or(0.0, |known| known.weight as f32);
    }
    let held = data.only(|row| held[row.group as usize] && row.is_last && may_freeze(row));
    Parts { training, held }
}

/// `data` with one group for each network.
fn regrouped(data: &Dataset) -> Dataset {
    let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
    let mut data = data.clone();
    data.group_names.clear();
    for row in &mut data.rows {
        let name = group_of(&data.clients[row.client as usize]);
        let names = &mut data.group_names;
        row.group = *numbers.entry(name).or_insert_with_key(|name| {
            names.push(name.clone());
            names.len() as u32 - 1
        });
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::testing::made_up;

    fn known(data: &Dataset, may_freeze: bool) -> BTreeMap<String, Known> {
        let one = |row: &Row| {
            let known = Known { is_bot: row.is_bot, weight: 0.5, may_freeze, labels: vec![1] };
            (data.clients[row.client as usize].clone(), known)
        };
        data.rows.iter().map(one).collect()
    }

    #[test]
    fn a_fifth_is_held_and_always_the_same() {
        let holder = Holder::new(HashSeed([1, 2]));
        let held = (0..10_000).filter(|at| holder.holds(&format!("10.0.{}.{}", at / 256, at % 256))).count();
        assert!((1_800..2_200).contains(&held), "{held}");
        assert_eq!(holder.name("192.0.2.1").len(), 32);
        assert_ne!(holder.name("192.0.2.1"), Holder::new(HashSeed([1, 3])).name("192.0.2.1"));
    }

    #[test]
    fn a_household_belongs_together() {
        assert_eq!(group_of("2001:db8:0:1::7"), group_of("2001:db8:0:1:8000::9"));
        assert_ne!(group_of("192.0.2.1"), group_of("192.0.2.2"));
        assert_eq!(group_of("a name"), "a name");
    }

    #[test]
    fn nobody_is_in_both_parts() {
        let data = made_up(500, 2, 1);
        let parts = divided(&data, &known(&data, true), Holder::new(HashSeed([3, 4])));
        let names = |part: &Dataset| {
            part.rows.iter().map(|row| part.clients[row.client as usize].clone()).collect::<Vec<_>>()
        };
        let (training, held) = (names(&parts.training), names(&parts.held));
        assert_eq!(training.len() + held.len(), 500);
        assert!((60..140).contains(&held.len()) && held.iter().all(|name| !training.contains(name)));
        assert!(parts.training.rows.iter().all(|row| row.weight == 0.5), "weighed by its label");
    }

    #[test]
    fn doubtful_labels_are_in_neither_part() {
        let data = made_up(500, 2, 1);
        let sure = divided(&data, &known(&data, true), Holder::new(HashSeed([3, 4])));
        let doubtful = divided(&data, &known(&data, false), Holder::new(HashSeed([3, 4])));
        assert!(doubtful.held.rows.is_empty());
        assert_eq!(doubtful.training.rows.len(), sure.training.rows.len(), "who is held never trains");
        let nobody = divided(&data, &BTreeMap::new(), Holder::new(HashSeed([3, 4])));
        assert!(nobody.training.rows.is_empty() && nobody.held.rows.is_empty());
    }
}
