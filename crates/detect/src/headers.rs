//! The headers of one request by name: one pass over the list instead of one per question.

use palisade_domain::{Fact, RequestFacts};
use palisade_fingerprint::header_order::Name;

/// Where each well-known header stands. Detectors ask by name, several times each, for every request.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a> {
    list: Fact<&'a [(&'a str, &'a str)]>,
    /// Places of the first of each well-known name; [`NOWHERE`] where there is none.
    places: [u8; Name::COUNT],
}

const NOWHERE: u8 = u8::MAX;

impl<'a> Headers<'a> {
    /// Reads the list of `facts` once.
    pub fn of(facts: &RequestFacts<'a>) -> Self {
        let list = facts.headers.map(|list| list.entries);
        let mut places = [NOWHERE; Name::COUNT];
        for (at, (name, _)) in (0..NOWHERE).zip(list.known().unwrap_or_default()) {
            if let Some(name) = Name::of(name) {
                let place = &mut places[name.index()];
                *place = at.min(*place);
            }
        }
        Headers { list, places }
    }

    /// The first value of `name` (ASCII case ignored): `Unseen` where the headers are.
    ///
    /// Inlined with [`Name::of`]: a name written in the source costs nothing to look up.
    #[inline(always)]
    pub fn get(&self, name: &str) -> Fact<&'a str> {
        let list = match self.list {
            Fact::Known(list) => list,
            Fact::Absent => return Fact::Absent,
            Fact::Unseen => return Fact::Unseen,
        };
        let at = Name::of(name).map(|known| self.places[known.index()]);
        match at {
            Some(at) if at != NOWHERE => Fact::seen(list.get(usize::from(at)).map(|(_, value)| *value)),
            // A well-known name that is not in a list of ordinary length is not there.
            Some(_) if list.len() <= usize::from(NOWHERE) => Fact::Absent,
            _ => Fact::seen(find(list, name)),
        }
    }
}

fn find<'a>(list: &[(&'a str, &'a str)], name: &str) -> Option<&'a str> {
    list.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use palisade_domain::{ClientKey, HeaderCase, HeaderList, HeaderOrder, Timestamp, Vantage};
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 8] =
        ["Accept", "accept", "COOKIE", "range", "x-other", "sec-fetch-dest", "via", "Upgrade"];

    fn check(entries: &[(&str, &str)]) {
        let mut facts = RequestFacts::bare(ClientKey::Opaque("c"), Timestamp::default(), Vantage::GatewayTls);
        facts.headers = Fact::Known(HeaderList { entries, order: HeaderOrder::Wire, case: HeaderCase::Wire });
        let headers = Headers::of(&facts);
        for name in NAMES {
            assert_eq!(headers.get(name), facts.header(name), "{name} in {entries:?}");
        }
    }

    #[test]
    fn a_list_longer_than_any_browsers_is_read_to_its_end() {
        let mut entries = vec![("x-padding", ""); 400];
        entries.push(("cookie", "late"));
        check(&entries);
    }

    #[test]
    fn without_a_list_nothing_is_known() {
        let facts = RequestFacts::bare(ClientKey::Opaque("c"), Timestamp::default(), Vantage::Log);
        assert_eq!(Headers::of(&facts).get("accept"), Fact::Unseen);
    }

    proptest! {
        #[test]
        fn it_finds_what_the_list_finds(picks in prop::collection::vec((0usize..8, "[a-c]"), 0..20)) {
            let entries: Vec<(&str, &str)> =
                picks.iter().map(|(name, value)| (NAMES[*name], value.as_str())).collect();
            check(&entries);
        }
    }
}
