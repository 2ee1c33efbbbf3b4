//! Which rules can hold for a request at all: by path, host, method and identity class, without looking at conditions.

use std::collections::HashMap;

use palisade_domain::IdentityClass;

use super::Rule;
use crate::expression::{Keys, View, class_bit};

/// Most rules of one set: what the policy budget is measured with.
pub const RULES_MAX: usize = 1_000;

const WORDS: usize = RULES_MAX.div_ceil(64);

/// Bytes of a path that the index looks at; longer beginnings are looked up by these.
const PATH_BYTES_MAX: usize = 64;

/// Methods with a column of their own; rules about further ones are candidates for every method.
const METHODS_MAX: usize = 16;

/// A set of rules, a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bits([u64; WORDS]);

impl Bits {
    pub(super) const NONE: Bits = Bits([0; WORDS]);

    pub(super) fn insert(&mut self, rule: u16) {
        self.0[usize::from(rule) / 64] |= 1 << (rule % 64);
    }

    fn keep(&mut self, other: &Bits) {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word &= other);
    }

    /// Their numbers, from 0, in order.
    pub(super) fn each(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(at, &word)| {
            let next = |rest: &u64| Some(rest & rest.wrapping_sub(1)).filter(|left| *left != 0);
            std::iter::successors(Some(word).filter(|word| *word != 0), next)
                .map(move |rest| at * 64 + rest.trailing_zeros() as usize)
        })
    }
}

/// Each rule stands under the rarest of its keys; method and class are columns that everything is held against.
#[derive(Clone, Debug)]
pub(super) struct Index {
    /// Rules that neither path nor host narrows down.
    anywhere: Bits,
    /// Hash of the first bytes of a path, and a rule; sorted.
    paths: Vec<(u64, u16)>,
    /// Lengths of those beginnings that are in use, a bit each.
    lengths: u128,
    /// Hash of a host in lower case, and a rule; sorted.
    hosts: Vec<(u64, u16)>,
    methods: Vec<(String, Bits)>,
    /// Rules that do not care for the method, or for one without column.
    any_method: Bits,
    classes: [Bits; IdentityClass::ALL.len()],
}

const _: () = assert!(PATH_BYTES_MAX < u128::BITS as usize);

impl Index {
    pub(super) fn new(rules: &[Rule]) -> Self {
        let keys: Vec<Keys> = rules.iter().map(|rule| rule.condition.keys()).collect();
        let mut index = Index {
            anywhere: Bits::NONE,
            paths: Vec::new(),
            lengths: 0,
            hosts: Vec::new(),
            methods: columns(&keys),
            any_method: Bits::NONE,
            classes: [Bits::NONE; IdentityClass::ALL.len()],
        };
        let (paths, hosts) =
            (counts(keys.iter().map(|keys| &keys.paths)), counts(keys.iter().map(|keys| &keys.hosts)));
        for (rule, keys) in (0_u16..).zip(&keys) {
            index.place(rule, keys, &paths, &hosts);
            index.column(rule, keys);
        }
        index.paths.sort_unstable();
        index.paths.dedup();
        index.hosts.sort_unstable();
        index
    }

    fn place(&mut self, rule: u16, keys: &Keys, paths: &HashMap<&str, usize>, hosts: &HashMap<&str, usize>) {
        let load = |words: &Vec<String>, counts: &HashMap<&str, usize>| -> usize {
            words.iter().map(|word| counts.get(word.as_str()).copied().unwrap_or(0)).sum()
        };
        let by_path = keys.paths.as_ref().map(|words| load(words, paths));
        let by_host = keys.hosts.as_ref().map(|words| load(words, hosts));
        match (&keys.paths, &keys.hosts) {
            (Some(words), _) if by_host.is_none_or(|host| by_path.is_some_and(|path| path <= host)) => {
                for word in words {
                    let start = &word.as_bytes()[..word.len().min(PATH_BYTES_MAX)];
                    self.lengths |= 1 << start.len();
                    self.paths.push((hash(start.iter().copied()), rule));
                }
            }
            (_, Some(words)) => {
                self.hosts.extend(words.iter().map(|word| (hash(word.bytes()), rule)));
            }
            (_, None) => self.anywhere.insert(rule),
        }
    }

    fn column(&mut self, rule: u16, keys: &Keys) {
        let listed = |word: &String| self.methods.iter().any(|(method, _)| method == word);
        let narrow = keys.methods.as_ref().filter(|words| words.iter().all(listed));
        if narrow.is_none() {
            self.any_method.insert(rule);
        }
        for (method, rules) in &mut self.methods {
            if narrow.is_none_or(|words| words.contains(method)) {
                rules.insert(rule);
            }
        }
        let bits = keys.class_bits();
        for class in IdentityClass::ALL {
            if bits & class_bit(class) != 0 {
                self.classes[class as usize].insert(rule);
            }
        }
    }

    /// Every rule that can hold for `view`; some of them do not.
    pub(super) fn candidates(&self, view: &View<'_>) -> Bits {
        let mut found = self.anywhere;
        if let Some(path) = view.path().filter(|_| self.lengths != 0) {
            self.add_paths(path.as_bytes(), &mut found);
        }
        if let Some(host) = view.host().filter(|_| !self.hosts.is_empty()) {
            add(&self.hosts, hash(host.bytes().map(|byte| byte.to_ascii_lowercase())), &mut found);
        }
        let column = view.method().and_then(|method| self.methods.iter().find(|(known, _)| known == method));
        found.keep(column.map_or(&self.any_method, |(_, rules)| rules));
        found.keep(&self.classes[view.assessment().identity.class as usize]);
        found
    }

    fn add_paths(&self, path: &[u8], found: &mut Bits) {
        let mut state = Fnv::default();
        for len in 0..=path.len().min(PATH_BYTES_MAX) {
            if self.lengths >> len & 1 == 1 {
                add(&self.paths, state.0, found);
            }
            if let Some(&byte) = path.get(len) {
                state.push(byte);
            }
        }
    }
}

fn add(table: &[(u64, u16)], hash: u64, found: &mut Bits) {
    let from = table.partition_point(|(held, _)| *held < hash);
    table[from..].iter().take_while(|(held, _)| *held == hash).for_each(|(_, rule)| found.insert(*rule));
}

/// The methods that most rules name.
fn columns(keys: &[Keys]) -> Vec<(String, Bits)> {
    let counted = counts(keys.iter().map(|keys| &keys.methods));
    let mut methods: Vec<(&str, usize)> = counted.into_iter().collect();
    methods.sort_unstable_by_key(|(method, count)| (std::cmp::Reverse(*count), *method));
    methods.into_iter().take(METHODS_MAX).map(|(method, _)| (method.to_owned(), Bits::NONE)).collect()
}

fn counts<'a>(lists: impl Iterator<Item = &'a Option<Vec<String>>>) -> HashMap<&'a str, usize> {
    let mut counts = HashMap::new();
    lists.flatten().flatten().for_each(|word| *counts.entry(word.as_str()).or_default() += 1);
    counts
}

/// FNV-1a. Two texts of one hash only make a candidate more: conditions are always asked.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn push(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
}

/// The hash of `bytes`.
pub(super) fn hash(bytes: impl Iterator<Item = u8>) -> u64 {
    let mut state = Fnv::default();
    bytes.for_each(|byte| state.push(byte));
    state.0
}
