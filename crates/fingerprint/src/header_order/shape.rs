//! One number and one shape for the order of a header list.

use std::hash::Hasher;

use palisade_domain::{HeaderCase, HeaderList, HeaderOrder};
use siphasher::sip::SipHasher13;

use super::names::{Name, is_volatile};

/// Fixed for good: the fingerprint enters passes and stored events.
const KEY: (u64, u64) = (0x7061_6c69_7361_6465, 0x6865_6164_6572_7321);

/// Most headers that enter a fingerprint; what a stranger adds beyond them changes nothing.
const NAMES_MAX: usize = 100;

/// A stable 64-bit fingerprint of which headers are sent in which order: SipHash-1-3 with a fixed key over the lower-case
/// names, each followed by a line feed, those that come and go left out ([`is_volatile`]). `None` where the order is lost.
///
/// Letter case is left out too ([`Shape::casing`] has it), so that one browser has one fingerprint per HTTP version and
/// kind of request. The key is public: equal fingerprints can be made on purpose, and are evidence of sameness only.
pub fn fingerprint(list: &HeaderList<'_>) -> Option<u64> {
    if list.order != HeaderOrder::Wire {
        return None;
    }
    let mut hasher = SipHasher13::new_with_keys(KEY.0, KEY.1);
    for (name, _) in list.entries.iter().filter(|(name, _)| !is_volatile(name)).take(NAMES_MAX) {
        name.bytes().for_each(|byte| hasher.write_u8(byte.to_ascii_lowercase()));
        hasher.write_u8(b'\n');
    }
    Some(hasher.finish())
}

/// How a client writes header names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Casing {
    /// `User-Agent`, and `DNT`, `TE`: each word starts with a capital.
    Title,
    /// `user-agent`.
    Lower,
    /// Some so, some otherwise, as curl_cffi's `Host` beside `sec-ch-ua`; Chromium writes `sec-ch-ua` so itself.
    Mixed,
}

/// The relative order of the well-known names of a list, and its casing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    order: [Option<Name>; Name::COUNT],
    casing: Option<Casing>,
}

impl Shape {
    /// The shape of `list`; `None` where its order is lost.
    pub fn of(list: &HeaderList<'_>) -> Option<Shape> {
        if list.order != HeaderOrder::Wire {
            return None;
        }
        let (mut order, mut count, mut seen) = ([None; Name::COUNT], 0, 0);
        for name in list.entries.iter().filter_map(|(name, _)| Name::of(name)) {
            if seen & name.bit() == 0 {
                seen |= name.bit();
                order[count] = Some(name);
                count += 1;
            }
        }
        Some(Shape { order, casing: casing(list) })
    }

    /// Well-known names in the order they first came.
    pub fn names(&self) -> impl Iterator<Item = Name> {
        self.order.iter().map_while(|name| *name)
    }

    /// How names are written; `None` where case is lost or no name tells.
    pub fn casing(&self) -> Option<Casing> {
        self.casing
    }

    /// True where the names that both have come in the same order. Holds for any two shapes with fewer than two in common.
    pub fn same_order_as(&self, other: &Shape) -> bool {
        let shared = |of: &Shape| of.names().fold(0, |set, name| set | name.bit());
        let both = shared(self) & shared(other);
        let common = |of: &Shape| of.order.into_iter().flatten().filter(move |name| both & name.bit() != 0);
        common(self).eq(common(other))
    }
}

fn casing(list: &HeaderList<'_>) -> Option<Casing> {
    if list.case != HeaderCase::Wire {
        return None;
    }
    let style = |name: &str| {
        let word_starts = |word: &str| word.starts_with(|c: char| c.is_ascii_uppercase());
        let has_letters = name.contains(|c: char| c.is_ascii_alphabetic());
        match has_letters {
            false => None,
            true if name.split('-').filter(|word| !word.is_empty()).all(word_starts) => Some(Casing::Title),
            true if !name.contains(|c: char| c.is_ascii_uppercase()) => Some(Casing::Lower),
            true => Some(Casing::Mixed),
        }
    };
    let mut styles = list.entries.iter().filter_map(|(name, _)| style(name));
    let first = styles.next()?;
    Some(if styles.all(|style| style == first) { first } else { Casing::Mixed })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with<R>(names: &str, f: impl FnOnce(&HeaderList<'_>) -> R) -> R {
        let entries: Vec<_> = names.split_whitespace().map(|name| (name, "")).collect();
        f(&HeaderList { entries: &entries, order: HeaderOrder::Wire, case: HeaderCase::Wire })
    }

    fn print(names: &str) -> u64 {
        with(names, fingerprint).unwrap()
    }

    fn shape(names: &str) -> Shape {
        with(names, Shape::of).unwrap()
    }

    #[test]
    fn the_number_is_stable() {
        assert_eq!(print("Host User-Agent Accept"), 0xa1f8_0061_0968_d51d);
        assert_eq!(print("host user-agent accept"), print("Host User-Agent Accept"));
        assert_ne!(print("Host Accept User-Agent"), print("Host User-Agent Accept"));
        assert_ne!(print("A BC"), print("AB C"));
    }

    #[test]
    fn what_comes_and_goes_does_not_count() {
        let browser = "Host User-Agent Accept Accept-Language Accept-Encoding Connection";
        let posted = "Host User-Agent Accept Accept-Language Accept-Encoding Content-Type Content-Length Origin Connection \
            Referer Cookie If-None-Match Range";
        assert_eq!(print(browser), print(posted));
    }

    #[test]
    fn a_lost_order_has_no_fingerprint() {
        let list = HeaderList { entries: &[("a", "")], order: HeaderOrder::Lost, case: HeaderCase::Wire };
        assert_eq!((fingerprint(&list), Shape::of(&list)), (None, None));
    }

    #[test]
    fn casing_is_told() {
        let check = |names, casing| assert_eq!(shape(names).casing(), casing, "{names}");
        check("Host User-Agent DNT TE", Some(Casing::Title));
        check("host user-agent", Some(Casing::Lower));
        check("Host sec-ch-ua", Some(Casing::Mixed));
        check("Content-type", Some(Casing::Mixed));
        check("", None);
    }

    #[test]
    fn shapes_compare_what_they_share() {
        let one = shape("Host User-Agent Accept Cookie");
        assert!(one.same_order_as(&shape("host accept x-other te")));
        assert!(!one.same_order_as(&shape("Accept User-Agent")));
        assert_eq!(
            one.names().map(Name::text).collect::<Vec<_>>(),
            ["host", "user-agent", "accept", "cookie"]
        );
    }

    proptest! {
        #[test]
        fn a_part_of_a_list_keeps_its_order(names in prop::collection::vec("(host|accept|te|cookie|via|x-a|origin)", 0..9), keep in any::<u16>()) {
            let mut unique: Vec<String> = Vec::new();
            names.into_iter().for_each(|name| if !unique.contains(&name) { unique.push(name) });
            let part: Vec<_> = unique.iter().enumerate().filter(|(at, _)| keep >> at & 1 == 1).map(|(_, n)| n.clone()).collect();
            prop_assert!(shape(&part.join(" ")).same_order_as(&shape(&unique.join(" "))));
        }
    }
}
