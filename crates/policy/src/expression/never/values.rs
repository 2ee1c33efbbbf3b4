//! Whether one text, number or address can be all that is known of it.
//!
//! What is not known at all satisfies every part that is said not to hold, and none that is said to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use palisade_domain::{ClientIp, IdentityClass, NetPrefix};

use super::super::eval::without_port;
use super::super::names::{NumberFact, TextFact};
use super::super::test::{Number, Test, Text, TextTest, passes};
use super::Literal;

/// Where a path ends (RFC 3986 section 3.3).
const BEHIND_PATHS: [char; 2] = ['?', '#'];

/// Whole numbers up to here are told apart.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// Whether `text` can be all of `about`.
pub(super) fn text_can_be(text: &Text, about: &[Literal<'_>]) -> bool {
    let always = matches!(text, Text::Fact(TextFact::Class | TextFact::Status));
    // To be no bot says what the class is not, not that a text is known.
    let known = always || about.iter().any(|(test, holds)| *holds && !matches!(test, Test::IsBot));
    let missing = about.iter().any(|(test, holds)| !holds && matches!(test, Test::Present(_)));
    !known || (!missing && has_value(text, about))
}

/// Whether there is a value for `text`, which is known.
fn has_value(text: &Text, about: &[Literal<'_>]) -> bool {
    match candidates(text, about) {
        Some(words) => words.iter().any(|word| {
            let fits = |(test, holds): &Literal<'_>| fits(word, text, test, *holds);
            is_spelled_so(text, word) && about.iter().all(fits)
        }),
        None => pieces_fit(text, about) && fits_some_length(text, about),
    }
}

/// Every word that `text` can be, where parts or the fact itself leave only some.
fn candidates<'t>(text: &Text, about: &[Literal<'t>]) -> Option<Vec<&'t str>> {
    let of_parts = about.iter().filter_map(|(test, holds)| match (test, holds) {
        (Test::Text(_, TextTest::Is(word)), true) | (Test::Text(_, TextTest::IsNot(word)), false) => {
            Some(vec![word.as_str()])
        }
        (Test::Text(_, TextTest::OneOf(words)), true) => Some(words.iter().map(String::as_str).collect()),
        _ => None,
    });
    let of_fact = match text {
        Text::Fact(fact) => fact.words().map(<[_]>::to_vec),
        _ => None,
    };
    of_parts.chain(of_fact).min_by_key(Vec::len)
}

/// Whether a part may be `holds` where the text is `word`.
fn fits(word: &str, text: &Text, test: &Test, holds: bool) -> bool {
    match test {
        // Compiled to ignore letter case, which flags within the pattern may take back.
        Test::Text(_, TextTest::Matches(pattern))
            if text.ignores_case() && pattern.as_str().contains("(?") =>
        {
            true
        }
        Test::Text(_, wanted) => passes(wanted, word) == holds,
        Test::IsBot => holds || word.parse().is_ok_and(|class: IdentityClass| !class.is_program()),
        _ => number_of(test).is_none_or(|_| number_holds(test, word.chars().count() as f64) == holds),
    }
}

/// Whether the fact is ever spelled like `word`: paths are in their plain spelling, hosts without port.
fn is_spelled_so(text: &Text, word: &str) -> bool {
    match text {
        Text::Fact(TextFact::Path) => {
            let dotted = word.ends_with("/.") || word.ends_with("/..");
            begins_a_path(word) && !(word.starts_with('/') && dotted)
        }
        Text::Fact(TextFact::Host) => without_port(word) == word,
        _ => true,
    }
}

/// Whether a path may begin with `start`. What does not begin with a slash is no path of ours and is left as it was sent.
fn begins_a_path(start: &str) -> bool {
    let dressed = start.starts_with('/') && ["//", "/./", "/../"].iter().any(|odd| start.contains(odd));
    !start.contains(BEHIND_PATHS) && !dressed
}

/// Whether beginnings, ends and pieces of one text go together.
fn pieces_fit(text: &Text, about: &[Literal<'_>]) -> bool {
    let pieces: Vec<&str> = wanted(about).filter_map(piece).collect();
    let is_path = matches!(text, Text::Fact(TextFact::Path));
    if is_path && pieces.iter().any(|piece| piece.contains(BEHIND_PATHS)) {
        return false;
    }
    about.iter().all(|(test, holds)| match (test, holds) {
        (Test::Text(_, TextTest::StartsWith(start)), true) => {
            let goes_on = |other: &TextTest| match other {
                TextTest::StartsWith(other) => start.starts_with(&**other) || other.starts_with(&**start),
                _ => true,
            };
            wanted(about).all(goes_on) && (!is_path || begins_a_path(start))
        }
        (Test::Text(_, TextTest::EndsWith(end)), true) => wanted(about).all(|other| match other {
            TextTest::EndsWith(other) => end.ends_with(&**other) || other.ends_with(&**end),
            _ => true,
        }),
        (Test::Text(_, unwanted), false) => !is_forced(unwanted, about, &pieces),
        _ => true,
    })
}

/// Whether what must not be follows from what must.
fn is_forced(unwanted: &TextTest, about: &[Literal<'_>], pieces: &[&str]) -> bool {
    let mut wanted = wanted(about);
    match unwanted {
        TextTest::StartsWith(start) => {
            wanted.any(|test| matches!(test, TextTest::StartsWith(held) if held.starts_with(start.as_str())))
        }
        TextTest::EndsWith(end) => {
            wanted.any(|test| matches!(test, TextTest::EndsWith(held) if held.ends_with(end.as_str())))
        }
        TextTest::Contains(part) => pieces.iter().any(|piece| piece.contains(part.as_str())),
        other => wanted.any(|test| test == other),
    }
}

/// What the text must be.
fn wanted<'t>(about: &[Literal<'t>]) -> impl Iterator<Item = &'t TextTest> {
    about.iter().filter_map(|(test, holds)| match test {
        Test::Text(_, test) if *holds => Some(test),
        _ => None,
    })
}

/// What `test` wants to stand somewhere in the text.
fn piece(test: &TextTest) -> Option<&str> {
    match test {
        TextTest::StartsWith(piece) | TextTest::EndsWith(piece) | TextTest::Contains(piece) => Some(piece),
        _ => None,
    }
}

/// Whether a length suits, from that of the longest piece on.
fn fits_some_length(text: &Text, about: &[Literal<'_>]) -> bool {
    let longest = wanted(about).filter_map(piece).map(|piece| piece.chars().count());
    let least = longest.max().unwrap_or(0) as f64;
    let of_length = Number::Length(text.clone());
    let lengths: Vec<Literal<'_>> =
        about.iter().filter(|(test, _)| number_of(test) == Some(&of_length)).copied().collect();
    some_number(Span { least, most: WHOLE_MAX, whole: true }, &lengths)
}

/// Whether `number` can be all of `about`.
pub(super) fn number_can_be(number: &Number, about: &[Literal<'_>]) -> bool {
    let whole = |least, most| Span { least, most, whole: true };
    let (span, always) = match number {
        Number::Fact(NumberFact::Score) => (whole(0.0, 100.0), true),
        Number::Fact(NumberFact::Site) => (whole(1.0, WHOLE_MAX), true),
        Number::Fact(NumberFact::PagesPerMinute) => (Span { least: 0.0, most: f64::MAX, whole: false }, true),
        Number::Signals => (whole(0.0, WHOLE_MAX), true),
        Number::Headers => (whole(0.0, WHOLE_MAX), false),
        // A length goes with its text; what a branch gives is anybody's guess.
        Number::Length(_) | Number::Constant(_) | Number::If(_) => return true,
    };
    let known = always || about.iter().any(|(_, holds)| *holds);
    !known || some_number(span, about)
}

/// What a number lies between.
#[derive(Clone, Copy)]
struct Span {
    least: f64,
    most: f64,
    whole: bool,
}

/// Whether some number of `span` suits. Between two neighbouring constants all numbers are alike: one of each is tried.
fn some_number(span: Span, about: &[Literal<'_>]) -> bool {
    let constants = about.iter().flat_map(|(test, _)| match test {
        Test::Numbers(_, _, Number::Constant(value)) => std::slice::from_ref(value),
        Test::OneOf(_, values) => values,
        _ => &[],
    });
    let mut points = vec![span.least, span.most];
    for value in constants.filter(|value| value.is_finite()) {
        match span.whole {
            true => points.extend([value.floor() - 1.0, value.floor(), value.ceil(), value.ceil() + 1.0]),
            false => points.push(*value),
        }
    }
    points.retain(|point| (span.least..=span.most).contains(point));
    points.sort_unstable_by(f64::total_cmp);
    let between = points.windows(2).filter(|_| !span.whole).map(|pair| pair[0] / 2.0 + pair[1] / 2.0);
    let suits = |point: f64| about.iter().all(|(test, holds)| number_holds(test, point) == *holds);
    points.iter().copied().chain(between).any(suits)
}

fn number_of(test: &Test) -> Option<&Number> {
    match test {
        Test::Numbers(number, _, Number::Constant(_)) | Test::OneOf(number, _) => Some(number),
        _ => None,
    }
}

/// Whether `test`, which is about one number, holds where it is `value`.
fn number_holds(test: &Test, value: f64) -> bool {
    match test {
        Test::Numbers(_, order, Number::Constant(constant)) => order.of(value, *constant),
        Test::OneOf(_, values) => values.contains(&value),
        _ => true,
    }
}

/// Whether an address can lie in and outside of the networks of `about`. Between where one network begins and where one
/// ends all addresses are alike: one of each is tried.
pub(super) fn address_can_be(about: &[Literal<'_>]) -> bool {
    if about.iter().all(|(_, holds)| !holds) {
        return true;
    }
    let suits = |address: IpAddr| {
        let client = ClientIp::new(address);
        about.iter().all(|(test, holds)| match test {
            Test::Network(networks, _) => networks.contains(client) == *holds,
            _ => *holds,
        })
    };
    let written = about.iter().flat_map(|(test, _)| match test {
        Test::Network(_, written) => &written[..],
        _ => &[],
    });
    let networks = written.filter_map(|word| word.parse::<NetPrefix>().ok());
    // Clients of the mapped range are IPv4 (RFC 4291 section 2.5.5.2); behind it IPv6 goes on.
    let behind_mapped = Ipv6Addr::from(1_u128 << 48);
    let everywhere = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into(), behind_mapped.into()];
    let mut edges = networks.flat_map(|network| [Some(network.addr()), behind(network)]).flatten();
    edges.any(suits) || everywhere.into_iter().any(suits)
}

/// The address behind the last one of `network`.
fn behind(network: NetPrefix) -> Option<IpAddr> {
    match network.addr() {
        IpAddr::V4(first) => {
            let size = 1_u64 << (32 - u32::from(network.len()));
            u32::try_from(u64::from(u32::from(first)) + size).ok().map(|next| Ipv4Addr::from(next).into())
        }
        IpAddr::V6(first) => {
            let size = 1_u128.checked_shl(128 - u32::from(network.len()))?;
            u128::from(first).checked_add(size).map(|next| Ipv6Addr::from(next).into())
        }
    }
}
