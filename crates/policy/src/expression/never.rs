//! Whether a condition can hold at all, and whether another always holds where it does.
//!
//! One question answers both: is there a request for which everything assumed is so? A rule is dead where its condition
//! alone has none, and in the shadow of an earlier one where "this holds and that does not" has none. What joins parts
//! (`&&`, `||`, `!`, `? :`) is taken apart way by way; what is then known of one text, number or address is held against
//! all values it could have. Where that cannot be told, or takes too long, a request is taken to exist: silence may
//! miss a dead rule, a warning is never wrong.

mod outline;
mod values;

use std::sync::LazyLock;

use super::Condition;
use super::names::TextFact;
use super::test::{Number, Test, Text, TextTest};
use outline::Outline;

/// Steps to answer one question: parts that are looked at, and what they are held against. Conditions of people take some
/// dozens; alternatives within alternatives could take for ever.
const STEPS_MAX: usize = 32_768;

/// Values held against values that make one step: about what looking at a part costs beside them.
const VALUES_A_STEP: usize = 16;

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
    let mut left = Situation::UNSOUND_STEPS_MAX;
    let mut excludes = |sound: &Test| {
        Situation::of(test).is_some_and(|mut all| {
            all.within(&mut left, |all| all.begin().is_ok() && all.excludes(sound, true))
        })
    };
    SOUND.iter().find(|(_, sound)| excludes(sound)).map(|(name, _)| *name)
}

/// Everything that is assumed of one request.
pub(crate) struct Situation<'t> {
    /// What holds in any case.
    test: &'t Test,
    outline: Outline,
    /// True once `test` is taken in.
    begun: bool,
    /// Parts that are not taken apart any further.
    known: Vec<Literal<'t>>,
    /// What holds in one of several ways, not yet taken apart.
    forks: Vec<Literal<'t>>,
    /// Steps that are left for the question at hand.
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
    Situation::of(test).map_or(Some(Never::False), |mut situation| situation.never(&mut { STEPS_MAX }))
}

impl<'t> Situation<'t> {
    /// Steps to find what only broken requests satisfy, in one condition.
    pub(crate) const UNSOUND_STEPS_MAX: usize = 512;

    /// `test` holds. `None` where it plainly never does.
    pub(crate) fn of(test: &'t Test) -> Option<Self> {
        (test.constant() != Some(false)).then(|| Situation {
            test,
            outline: Outline::of(test),
            begun: false,
            known: Vec::new(),
            forks: Vec::new(),
            steps: 0,
            clashes: Vec::new(),
        })
    }

    /// Why there is no such request; `None` where there may be one, or `left` are too few steps to tell. Takes from `left`
    /// what it used.
    pub(crate) fn never(&mut self, left: &mut usize) -> Option<Never> {
        self.clashes.clear();
        let dead = self.within(left, |all| match all.begin() {
            Ok(()) => all.splits_into_nothing(),
            Err(clash) => {
                all.clashes.push(clash);
                true
            }
        });
        if !dead {
            return None;
        }
        let alone = self.clashes.iter().all(|clash| clash.alone);
        let mut names: Vec<String> = Vec::new();
        for name in self.clashes.drain(..).filter_map(|clash| clash.about) {
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

    /// True where the condition could be about requests that are broken.
    pub(crate) fn may_be_unsound(&self) -> bool {
        self.outline.asks_path_or_method()
    }

    /// True where `wide` holds too, whatever the request; false as well where `left` are too few steps to tell. Takes from
    /// `left` what it used.
    pub(crate) fn implies(&mut self, wide: &Situation<'t>, left: &mut usize) -> bool {
        // Looking at two outlines is a step of its own: of a thousand rules there are half a million pairs.
        let Some(rest) = left.checked_sub(1) else { return false };
        *left = rest;
        if !self.outline.may_imply(&wide.outline) {
            return false;
        }
        self.clashes.clear();
        // Part by part, so that what is missing of the first need not be looked for behind the others.
        parts_of(wide.test)
            .iter()
            .all(|part| self.within(left, |all| all.begin().is_err() || all.excludes(part, false)))
    }

    /// Finds the parts that hold whatever the request: others need not speak of the same to imply them.
    pub(crate) fn set_certain_parts_aside(&mut self, left: &mut usize) {
        let certain: Vec<bool> = parts_of(self.test).iter().map(|part| is_certain(part, left)).collect();
        self.outline.forget(&certain);
    }

    /// Answers a question within what is left of all steps and of those of one question.
    fn within<T>(&mut self, left: &mut usize, ask: impl FnOnce(&mut Self) -> T) -> T {
        let granted = STEPS_MAX.min(*left);
        self.steps = granted;
        let answer = ask(self);
        *left -= granted - self.steps;
        answer
    }

    /// Takes in what holds in any case, once.
    fn begin(&mut self) -> Result<(), Clash> {
        if self.begun {
            return Ok(());
        }
        self.begun = true;
        self.assume((self.test, true))
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
        self.spend(1);
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
        // What could not be learned excludes nothing.
        if self.steps == 0 {
            return false;
        }
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
        if self.steps == 0 {
            return Ok(());
        }
        self.spend(1);
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

    fn spend(&mut self, steps: usize) {
        self.steps = self.steps.saturating_sub(steps);
    }

    /// All of what is known that `is_about` finds, paid for: each is going to be held against the values of all.
    fn about(&mut self, is_about: impl Fn(&Test) -> bool) -> Vec<Literal<'t>> {
        let about: Vec<Literal<'t>> =
            self.known.iter().filter(|literal| is_about(literal.0)).copied().collect();
        let values: usize = about.iter().map(|literal| values_of(literal.0)).sum();
        self.spend((self.known.len() + about.len() * values) / VALUES_A_STEP);
        about
    }

    fn text(&mut self, text: &Text) -> Result<(), Clash> {
        let about = self.about(|test| speaks_of(test, text));
        clash_unless(values::text_can_be(text, &about), about.len(), || text_name(text))
    }

    fn number(&mut self, number: &Number) -> Result<(), Clash> {
        if let Number::Length(text) = number {
            return self.text(text);
        }
        let about = self.about(|test| match test {
            Test::Numbers(other, _, Number::Constant(_)) | Test::OneOf(other, _) => other == number,
            _ => false,
        });
        clash_unless(values::number_can_be(number, &about), about.len(), || number_name(number))
    }

    fn address(&mut self) -> Result<(), Clash> {
        let about = self.about(|test| matches!(test, Test::HasAddress | Test::Network(..)));
        clash_unless(values::address_can_be(&about), about.len(), || "`ip`".to_owned())
    }

    /// Of what only its own opposite is known to exclude it.
    fn opposite(&mut self, (test, holds): Literal<'t>) -> Result<(), Clash> {
        self.spend(self.known.len() / VALUES_A_STEP);
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

/// What must hold side by side for `test` to hold.
fn parts_of(test: &Test) -> &[Test] {
    match test {
        Test::All(parts) => parts,
        one => std::slice::from_ref(one),
    }
}

/// True where `part` holds whatever the request, and `left` are enough steps to tell.
fn is_certain(part: &Test, left: &mut usize) -> bool {
    let nothing = Test::Constant(true);
    Situation::of(&nothing).is_some_and(|mut all| all.within(left, |all| all.excludes(part, false)))
}

/// How many values `test` names.
fn values_of(test: &Test) -> usize {
    match test {
        Test::Text(_, TextTest::OneOf(words)) | Test::Network(_, words) => words.len().max(1),
        Test::OneOf(_, values) => values.len().max(1),
        _ => 1,
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
