//! Whether a condition can hold at all, and whether another always holds where it does.
//!
//! One question answers both: is there a request for which everything assumed is so? A rule is dead where its condition
//! alone has none, and in the shadow of an earlier one where "this holds and that does not" has none. What joins parts
//! (`&&`, `||`, `!`, `? :`) is taken apart way by way; what is then known of one text, number or address is held against
//! all values it could have. Where that cannot be told, or takes too long, a request is taken to exist: silence may
//! miss a dead rule, a warning is never wrong.

mod values;

use std::sync::LazyLock;

use super::Condition;
use super::names::TextFact;
use super::test::{Number, Test, Text};

/// Parts that are looked at to answer one question. Conditions of people take some dozens; alternatives within
/// alternatives could take for ever.
const STEPS_MAX: usize = 4_096;

/// A part of a condition, and whether it holds.
type Literal<'t> = (&'t Test, bool);

/// Why no request satisfies a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Never {
    /// It says so itself.
    False,
    /// One part asks this of what can never be.
    Impossible(String),
    /// Several parts exclude each other about this.
    Contradiction(String),
}

/// What sound requests are, as people forget it: paths begin with a slash, methods are in capitals.
static SOUND: LazyLock<[(&str, Test); 2]> = LazyLock::new(|| {
    let read = |text| Condition::compile(text).map_or(Test::Constant(true), |condition| condition.test);
    [
        ("`path`", read(r#"!present(path) || path.startsWith("/") || path == "*""#)),
        ("`method`", read(r#"!present(method) || method.matches("^[^a-z]*$")"#)),
    ]
});

/// Which fact would have to be what it only is in broken requests, for `test` to hold.
pub(crate) fn unsound(test: &Test) -> Option<&'static str> {
    let excludes = |sound: &Test| Situation::of(test).is_some_and(|mut all| all.excludes(sound, true));
    SOUND.iter().find(|(_, sound)| excludes(sound)).map(|(name, _)| *name)
}

/// Everything that is assumed of one request.
pub(crate) struct Situation<'t> {
    /// Parts that are not taken apart any further.
    known: Vec<Literal<'t>>,
    /// What holds in one of several ways, not yet taken apart.
    forks: Vec<Literal<'t>>,
    steps: usize,
    clashes: Vec<Clash>,
}

/// Where assumptions exclude each other.
#[derive(Clone, Debug, PartialEq)]
struct Clash {
    /// What they speak of; `None` for a constant.
    about: Option<String>,
    /// True where one part alone cannot be.
    alone: bool,
}

/// Why no request satisfies `test`; `None` where one may.
pub(crate) fn never(test: &Test) -> Option<Never> {
    let mut situation = Situation::nothing();
    if !situation.excludes(test, true) {
        return None;
    }
    let alone = situation.clashes.iter().all(|clash| clash.alone);
    let mut names: Vec<String> = Vec::new();
    for name in situation.clashes.into_iter().filter_map(|clash| clash.about) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Some(match names.len() {
        0 => Never::False,
        1 if alone => Never::Impossible(names.swap_remove(0)),
        _ => Never::Contradiction(names.join(" and ")),
    })
}

impl<'t> Situation<'t> {
    fn nothing() -> Self {
        Situation { known: Vec::new(), forks: Vec::new(), steps: STEPS_MAX, clashes: Vec::new() }
    }

    /// `test` holds. `None` where it never does.
    pub(crate) fn of(test: &'t Test) -> Option<Self> {
        let mut situation = Situation::nothing();
        situation.assume((test, true)).ok()?;
        Some(situation)
    }

    /// True where `wide` holds too, whatever the request.
    pub(crate) fn implies(&mut self, wide: &'t Condition) -> bool {
        self.clashes.clear();
        // Part by part, so that what is missing of the first need not be looked for behind the others.
        let parts = match &wide.test {
            Test::All(parts) => parts,
            one => std::slice::from_ref(one),
        };
        parts.iter().all(|part| {
            self.steps = STEPS_MAX;
            self.excludes(part, false)
        })
    }

    /// True where nothing can be as assumed with `test` being `holds` beside. Leaves everything as it was.
    fn excludes(&mut self, test: &'t Test, holds: bool) -> bool {
        self.excludes_all(&[(test, holds)])
    }

    fn excludes_all(&mut self, way: &[Literal<'t>]) -> bool {
        self.going(way, |situation, clash| match clash {
            Some(clash) => {
                situation.clashes.push(clash);
                true
            }
            None => situation.splits_into_nothing(),
        })
    }

    /// Goes `way`, asks there, and comes back.
    fn going<T>(&mut self, way: &[Literal<'t>], ask: impl FnOnce(&mut Self, Option<Clash>) -> T) -> T {
        let (known, forks) = (self.known.len(), self.forks.len());
        let clash = way.iter().try_for_each(|part| self.assume(*part)).err();
        let answer = ask(self, clash);
        self.known.truncate(known);
        self.forks.truncate(forks);
        answer
    }

    /// True where each way of some fork is excluded. The fork with the fewest ways that look open is gone first: what
    /// is wrong there need not be found again behind every other.
    fn splits_into_nothing(&mut self) -> bool {
        let mut narrowest: Option<(usize, usize)> = None;
        for at in 0..self.forks.len() {
            let open = ways(self.forks[at]).iter().filter(|way| self.is_open(way)).count();
            if narrowest.is_none_or(|(_, least)| open < least) {
                narrowest = Some((at, open));
            }
            if open == 0 {
                break;
            }
        }
        let Some((at, _)) = narrowest else { return false };
        let fork = self.forks.remove(at);
        let nothing = ways(fork).iter().all(|way| self.excludes_all(way));
        self.forks.insert(at, fork);
        nothing
    }

    fn is_open(&mut self, way: &[Literal<'t>]) -> bool {
        self.going(way, |_, clash| clash.is_none())
    }

    /// Adds `part` to what is known.
    fn assume(&mut self, part: Literal<'t>) -> Result<(), Clash> {
        match part {
            (Test::Constant(value), holds) if *value == holds => Ok(()),
            (Test::Constant(_), _) => Err(Clash { about: None, alone: true }),
            (Test::Not(inner), holds) => self.assume((inner, !holds)),
            (Test::All(parts), true) => parts.iter().try_for_each(|part| self.assume((part, true))),
            (Test::Any(parts), false) => parts.iter().try_for_each(|part| self.assume((part, false))),
            (Test::All(_) | Test::Any(_) | Test::If(_), _) => {
                self.forks.push(part);
                Ok(())
            }
            atom => self.learn(atom),
        }
    }

    /// Adds what is not taken apart, and looks whether it can be beside what is known of the same.
    fn learn(&mut self, atom: Literal<'t>) -> Result<(), Clash> {
        // Out of steps: nothing more is learned, so nothing more is excluded.
        let Some(left) = self.steps.checked_sub(1) else { return Ok(()) };
        self.steps = left;
        self.known.push(atom);
        match atom.0 {
            Test::Text(text, _) | Test::Present(text) => self.text(text),
            Test::Numbers(number, _, Number::Constant(_)) | Test::OneOf(number, _) => self.number(number),
            Test::HasAddress | Test::Network(..) => self.address(),
            Test::Texts(left, right, _) => {
                self.opposite(atom).and_then(|()| self.text(left)).and_then(|()| self.text(right))
            }
            Test::IsBot => self.opposite(atom).and_then(|()| self.text(&CLASS)),
            _ => self.opposite(atom),
        }
    }

    fn text(&self, text: &Text) -> Result<(), Clash> {
        let about: Vec<Literal<'t>> =
            self.known.iter().filter(|literal| speaks_of(literal.0, text)).copied().collect();
        clash_unless(values::text_can_be(text, &about), about.len(), || text_name(text))
    }

    fn number(&self, number: &Number) -> Result<(), Clash> {
        if let Number::Length(text) = number {
            return self.text(text);
        }
        let is_about = |literal: &&Literal<'t>| match literal.0 {
            Test::Numbers(other, _, Number::Constant(_)) | Test::OneOf(other, _) => other == number,
            _ => false,
        };
        let about: Vec<Literal<'t>> = self.known.iter().filter(is_about).copied().collect();
        clash_unless(values::number_can_be(number, &about), about.len(), || number_name(number))
    }

    fn address(&self) -> Result<(), Clash> {
        let is_about = |literal: &&Literal<'t>| matches!(literal.0, Test::HasAddress | Test::Network(..));
        let about: Vec<Literal<'t>> = self.known.iter().filter(is_about).copied().collect();
        clash_unless(values::address_can_be(&about), about.len(), || "`ip`".to_owned())
    }

    /// Of what only its own opposite is known to exclude it.
    fn opposite(&self, (test, holds): Literal<'t>) -> Result<(), Clash> {
        let excludes = |(other, held): &Literal<'t>| match (test, other) {
            (Test::Texts(a, b, x), Test::Texts(c, d, y)) if x != y => holds && *held && a == c && b == d,
            _ => *held != holds && *other == test,
        };
        let clashes = self.known.iter().any(excludes);
        clash_unless(!clashes, 2, || match test {
            Test::IsBot => "`is_bot`".to_owned(),
            Test::Signal(id) => format!("\"{id}\" in `signals`"),
            Test::Texts(text, ..) => text_name(text),
            Test::Numbers(number, ..) => number_name(number),
            _ => "one of its parts".to_owned(),
        })
    }
}

/// In which ways a fork may hold.
fn ways<'t>(fork: Literal<'t>) -> Vec<Vec<Literal<'t>>> {
    match fork {
        (Test::All(parts) | Test::Any(parts), holds) => {
            parts.iter().map(|part| vec![(part, holds)]).collect()
        }
        (Test::If(parts), holds) => {
            let [condition, yes, no] = &**parts;
            vec![vec![(condition, true), (yes, holds)], vec![(condition, false), (no, holds)]]
        }
        single => vec![vec![single]],
    }
}

const CLASS: Text = Text::Fact(TextFact::Class);

fn clash_unless(fine: bool, parts: usize, name: impl FnOnce() -> String) -> Result<(), Clash> {
    if fine { Ok(()) } else { Err(Clash { about: Some(name()), alone: parts < 2 }) }
}

/// True where `test` says something of `text`: what it is, how long it is, whether it is known.
fn speaks_of(test: &Test, text: &Text) -> bool {
    match test {
        Test::Text(other, _) | Test::Present(other) => other == text,
        Test::Numbers(Number::Length(other), _, Number::Constant(_))
        | Test::OneOf(Number::Length(other), _) => other == text,
        Test::Texts(left, right, _) => left == text || right == text,
        // Programs are bots.
        Test::IsBot => *text == CLASS,
        _ => false,
    }
}

fn text_name(text: &Text) -> String {
    match text {
        Text::Fact(fact) => format!("`{}`", fact.name()),
        Text::Header(name) => format!("`headers[\"{name}\"]`"),
        Text::Constant(_) | Text::If(_) => "a text".to_owned(),
    }
}

fn number_name(number: &Number) -> String {
    match number {
        Number::Fact(fact) => format!("`{}`", fact.name()),
        Number::Length(text) => text_name(text),
        Number::Headers => "`size(headers)`".to_owned(),
        Number::Signals => "`size(signals)`".to_owned(),
        Number::Constant(_) | Number::If(_) => "a number".to_owned(),
    }
}

#[cfg(test)]
mod tests;
