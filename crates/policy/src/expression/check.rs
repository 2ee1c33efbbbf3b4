//! From a syntax tree to typed tests: names, types and bounds.

use cel::common::ast::{CallExpr, Expr, LiteralValue, SelectExpr, operators};
use cel::parser::Expression;
use palisade_domain::{NetPrefix, RangeSet, nearest};
use regex::{Regex, RegexBuilder};

use super::error::{ConditionError, Fault};
use super::fold;
use super::names::{self, Meaning};
use super::parse::Parsed;
use super::test::{Number, Order, Test, Text, TextTest, passes};

/// Bytes that one compiled pattern may take, and that it may use while it is matched.
pub const PATTERN_BYTES_MAX: usize = 256 * 1024;

/// What a part of a condition is.
enum Typed {
    Test(Test),
    Text(Text),
    Word(String),
    Number(Number),
    List(Vec<(usize, Typed)>),
    Address,
    Headers,
    Signals,
    Identity,
}

type Checked<T> = Result<T, ConditionError>;

/// The whole condition, which must be true or false.
pub(super) fn check(parsed: &Parsed<'_>) -> Checked<Test> {
    Checker { parsed }.test(&parsed.root)
}

struct Checker<'a> {
    parsed: &'a Parsed<'a>,
}

impl Checker<'_> {
    fn typed(&self, node: &Expression) -> Checked<Typed> {
        match &node.expr {
            Expr::Literal(literal) => self.literal(node, literal),
            Expr::Ident(name) => self.name(node, name),
            Expr::Select(select) => self.select(node, select),
            Expr::Call(call) => self.call(node, call),
            Expr::List(list) => {
                let parts = list.elements.iter().map(|part| Ok((self.start(part), self.typed(part)?)));
                Ok(Typed::List(parts.collect::<Checked<_>>()?))
            }
            Expr::Comprehension(_) => {
                let instead = "`in`, `contains` and `matches` look at lists and texts";
                self.not_offered(node, "a macro (all, exists, exists_one, filter, map)", instead)
            }
            Expr::Map(_) | Expr::Struct(_) => self.not_offered(node, "a map", "write a list"),
            Expr::Unspecified => self.refuse(node, Fault::Syntax("not understood".to_owned())),
        }
    }

    fn literal(&self, node: &Expression, literal: &LiteralValue) -> Checked<Typed> {
        Ok(match literal {
            LiteralValue::Boolean(value) => Typed::Test(Test::Constant(*value.inner())),
            LiteralValue::Int(value) => Typed::Number(Number::Constant(*value.inner() as f64)),
            LiteralValue::UInt(value) => Typed::Number(Number::Constant(*value.inner() as f64)),
            LiteralValue::Double(value) => Typed::Number(Number::Constant(*value.inner())),
            LiteralValue::String(value) => Typed::Word(value.inner().to_owned()),
            LiteralValue::Bytes(_) => return self.not_offered(node, "bytes", "write a text"),
            LiteralValue::Null => return self.not_offered(node, "null", "write present(referrer)"),
        })
    }

    fn name(&self, node: &Expression, name: &str) -> Checked<Typed> {
        match names::NAMES.iter().find(|(known, _)| *known == name) {
            Some((_, Meaning::Text(fact))) => Ok(Typed::Text(Text::Fact(*fact))),
            Some((_, Meaning::Number(fact))) => Ok(Typed::Number(Number::Fact(*fact))),
            Some((_, Meaning::IsBot)) => Ok(Typed::Test(Test::IsBot)),
            Some((_, Meaning::Address)) => Ok(Typed::Address),
            Some((_, Meaning::Headers)) => Ok(Typed::Headers),
            Some((_, Meaning::Signals)) => Ok(Typed::Signals),
            Some((_, Meaning::Identity)) => Ok(Typed::Identity),
            None => {
                let nearest = nearest(name, names::NAMES.map(|(known, _)| known));
                self.refuse(node, Fault::UnknownName { name: shown(name), nearest })
            }
        }
    }

    fn select(&self, node: &Expression, select: &SelectExpr) -> Checked<Typed> {
        let text = match self.typed(&select.operand)? {
            Typed::Headers => Text::Header(select.field.to_ascii_lowercase()),
            Typed::Identity => match names::IDENTITY.iter().find(|(name, _)| *name == select.field) {
                Some((_, fact)) => Text::Fact(*fact),
                None => {
                    let nearest = nearest(&select.field, names::IDENTITY.map(|(name, _)| name));
                    let name = format!("identity.{}", shown(&select.field));
                    return self.refuse(node, Fault::UnknownName { name, nearest });
                }
            },
            other => return self.wrong(&select.operand, "headers or identity", &other),
        };
        Ok(if select.test { Typed::Test(Test::Present(text)) } else { Typed::Text(text) })
    }

    fn call(&self, node: &Expression, call: &CallExpr) -> Checked<Typed> {
        match (call.func_name.as_str(), &call.args[..]) {
            (operators::LOGICAL_AND, [left, right]) => {
                Ok(Typed::Test(fold::and(self.test(left)?, self.test(right)?)))
            }
            (operators::LOGICAL_OR, [left, right]) => {
                Ok(Typed::Test(fold::or(self.test(left)?, self.test(right)?)))
            }
            (operators::LOGICAL_NOT, [inner]) => Ok(Typed::Test(fold::not(self.test(inner)?))),
            (operators::CONDITIONAL, [condition, yes, no]) => self.conditional(condition, yes, no),
            (operators::NEGATE, [inner]) => match self.typed(inner)? {
                Typed::Number(Number::Constant(value)) => Ok(Typed::Number(Number::Constant(-value))),
                other => self.wrong(inner, "a number as it is written", &other),
            },
            (operators::INDEX, [list, index]) => self.index(list, index),
            (operators::IN, [left, right]) => self.membership(left, right).map(Typed::Test),
            (
                operators::ADD
                | operators::SUBSTRACT
                | operators::MULTIPLY
                | operators::DIVIDE
                | operators::MODULO,
                [left, right],
            ) => self.arithmetic(node, &call.func_name, left, right),
            (name, [left, right]) if order(name).is_some() => {
                let order = order(name).expect("it was just looked up");
                self.comparison(node, left, order, right).map(Typed::Test)
            }
            (name, args) => self.function(node, name, call.target.as_deref(), args),
        }
    }

    fn conditional(&self, condition: &Expression, yes: &Expression, no: &Expression) -> Checked<Typed> {
        let condition = self.test(condition)?;
        let (a, b) = (self.typed(yes)?, self.typed(no)?);
        Ok(match (a, b) {
            (Typed::Test(a), Typed::Test(b)) => Typed::Test(fold::choose(condition, a, b)),
            (a, b) if condition.constant() == Some(true) && same_type(&a, &b) => a,
            (a, b) if condition.constant() == Some(false) && same_type(&a, &b) => b,
            (Typed::Number(a), Typed::Number(b)) => Typed::Number(Number::If(Box::new((condition, a, b)))),
            (a @ (Typed::Text(_) | Typed::Word(_)), b @ (Typed::Text(_) | Typed::Word(_))) => {
                Typed::Text(Text::If(Box::new((condition, as_text(a), as_text(b)))))
            }
            (a, b) => return self.wrong(no, type_name(&a), &b),
        })
    }

    fn index(&self, of: &Expression, index: &Expression) -> Checked<Typed> {
        match self.typed(of)? {
            Typed::Headers => match self.typed(index)? {
                Typed::Word(name) => Ok(Typed::Text(Text::Header(name.to_ascii_lowercase()))),
                other => self.wrong(index, "a header's name in quotes", &other),
            },
            other => self.wrong(of, "headers", &other),
        }
    }

    fn arithmetic(
        &self,
        node: &Expression,
        name: &str,
        left: &Expression,
        right: &Expression,
    ) -> Checked<Typed> {
        let first = self.typed(left)?;
        if matches!(first, Typed::Text(Text::Header(_))) && name == operators::SUBSTRACT {
            let what = "a header's name with a hyphen behind a dot";
            return self.not_offered(node, what, "write headers[\"user-agent\"]");
        }
        let value = match (first, self.typed(right)?, name) {
            (Typed::Word(a), Typed::Word(b), operators::ADD) => return Ok(Typed::Word(a + &b)),
            (Typed::Number(Number::Constant(a)), Typed::Number(Number::Constant(b)), name) => match name {
                operators::ADD => a + b,
                operators::SUBSTRACT => a - b,
                operators::MULTIPLY => a * b,
                _ => return self.not_offered(node, "division", "write the number it gives"),
            },
            _ => {
                let instead = "compare the fact itself with a number or text as it is written";
                return self.not_offered(node, "arithmetic on facts", instead);
            }
        };
        Ok(Typed::Number(Number::Constant(value)))
    }

    fn comparison(
        &self,
        node: &Expression,
        left: &Expression,
        order: Order,
        right: &Expression,
    ) -> Checked<Test> {
        let equality = matches!(order, Order::Is | Order::IsNot);
        Ok(match (self.typed(left)?, self.typed(right)?) {
            (Typed::Number(Number::Constant(a)), Typed::Number(Number::Constant(b))) => {
                Test::Constant(order.of(a, b))
            }
            // Constants stand on the right, so that equal conditions look equal.
            (Typed::Number(a @ Number::Constant(_)), Typed::Number(b)) => Test::Numbers(b, order.turned(), a),
            (Typed::Number(a), Typed::Number(b)) => Test::Numbers(a, order, b),
            (Typed::Test(a), Typed::Test(b)) if equality => fold::same(a, order, b),
            (Typed::Word(a), Typed::Word(b)) if equality => Test::Constant((a == b) == (order == Order::Is)),
            (Typed::Text(a), Typed::Word(b)) if equality => self.word(right, a, b, order)?,
            (Typed::Word(a), Typed::Text(b)) if equality => self.word(left, b, a, order)?,
            (Typed::Text(a), Typed::Text(b)) if equality => Test::Texts(a, b, order == Order::Is),
            (Typed::Address, Typed::Word(text)) if equality => self.address(right, &text, order)?,
            (Typed::Word(text), Typed::Address) if equality => self.address(left, &text, order)?,
            (Typed::Identity, _) | (_, Typed::Identity) => {
                let instead = "write identity.class, identity.claimed or identity.status";
                return self.not_offered(node, "identity as a whole", instead);
            }
            (Typed::Test(_), Typed::Number(_)) if !equality => {
                let instead = "write 50 < score && score < 60";
                return self.not_offered(node, "a chain of comparisons", instead);
            }
            (Typed::Text(_) | Typed::Word(_), Typed::Text(_) | Typed::Word(_)) => {
                return self.not_offered(
                    node,
                    "an order of texts",
                    "compare with ==, !=, startsWith or matches",
                );
            }
            (a, b) => return self.wrong(right, type_name(&a), &b),
        })
    }

    fn word(&self, at: &Expression, text: Text, word: String, order: Order) -> Checked<Test> {
        let word = self.known_word(self.start(at), &text, word)?;
        let wanted = if order == Order::Is { TextTest::Is(word) } else { TextTest::IsNot(word) };
        Ok(asked(text, wanted))
    }

    /// `word` as it is compared with `text`, where it can be that at all.
    fn known_word(&self, offset: usize, text: &Text, word: String) -> Checked<String> {
        let Text::Fact(fact) = text else { return Ok(word) };
        match fact.words() {
            Some(words) if !words.contains(&word.as_str()) => {
                let nearest = nearest(&word, words.iter().copied());
                let fault = Fault::UnknownWord { fact: fact.name(), word: shown(&word), nearest };
                Err(ConditionError { offset, fault })
            }
            _ if fact.ignores_case() => Ok(word.to_ascii_lowercase()),
            _ => Ok(word),
        }
    }

    fn address(&self, at: &Expression, text: &str, order: Order) -> Checked<Test> {
        let equal = self.networks(&[(self.start(at), Typed::Word(text.to_owned()))])?;
        // Unequal means another address, not none.
        Ok(if order == Order::Is { equal } else { fold::and(Test::HasAddress, fold::not(equal)) })
    }

    fn networks(&self, list: &[(usize, Typed)]) -> Checked<Test> {
        let mut words = Vec::new();
        let mut networks = Vec::new();
        for (offset, typed) in list {
            let offset = *offset;
            let Typed::Word(word) = typed else {
                let fault = Fault::WrongType { wanted: "a network in quotes", found: type_name(typed) };
                return Err(ConditionError { offset, fault });
            };
            let Ok(network) = word.parse::<NetPrefix>() else {
                return Err(ConditionError { offset, fault: Fault::Network(shown(word)) });
            };
            networks.push(network);
            words.push(network.to_string());
        }
        words.sort_unstable();
        words.dedup();
        Ok(match words.is_empty() {
            true => Test::Constant(false),
            false => Test::Network(RangeSet::new(networks), words),
        })
    }

    fn membership(&self, left: &Expression, right: &Expression) -> Checked<Test> {
        let element = self.typed(left)?;
        match (element, self.typed(right)?) {
            (Typed::Word(id), Typed::Signals) => {
                if names::is_signal(&id) {
                    return Ok(Test::Signal(id));
                }
                let behind_its_family =
                    |known: &&str| known.split_once('.').is_some_and(|(_, last)| last == id);
                let nearest = nearest(&id, names::all_signals().chain(names::OWN_SIGNALS))
                    .or_else(|| names::all_signals().find(behind_its_family));
                self.refuse(left, Fault::UnknownWord { fact: "signals", word: shown(&id), nearest })
            }
            (Typed::Word(name), Typed::Headers) => Ok(Test::Present(Text::Header(name.to_ascii_lowercase()))),
            (Typed::Address, Typed::List(list)) => self.networks(&list),
            (Typed::Text(text), Typed::List(list)) => self.one_of(text, list),
            (Typed::Number(number), Typed::List(list)) => {
                let values = list.into_iter().map(|(offset, typed)| match typed {
                    Typed::Number(Number::Constant(value)) => Ok(value),
                    other => Err(wrong_at(offset, "a number as it is written", &other)),
                });
                let values = values.collect::<Checked<Vec<f64>>>()?;
                Ok(match number {
                    Number::Constant(number) => Test::Constant(values.contains(&number)),
                    number => Test::OneOf(number, values),
                })
            }
            (Typed::Word(word), Typed::List(list)) => {
                let words = list.into_iter().map(|(offset, typed)| self.word_of(offset, typed));
                Ok(Test::Constant(words.collect::<Checked<Vec<_>>>()?.contains(&word)))
            }
            (_, other @ (Typed::Signals | Typed::Headers)) => self.wrong(left, "a name in quotes", &other),
            (_, other) => self.wrong(right, "a list in brackets, headers or signals", &other),
        }
    }

    fn word_of(&self, offset: usize, typed: Typed) -> Checked<String> {
        match typed {
            Typed::Word(word) => Ok(word),
            other => Err(wrong_at(offset, "a text in quotes", &other)),
        }
    }

    fn one_of(&self, text: Text, list: Vec<(usize, Typed)>) -> Checked<Test> {
        let mut words = Vec::with_capacity(list.len());
        for (offset, typed) in list {
            let word = self.word_of(offset, typed)?;
            words.push(self.known_word(offset, &text, word)?);
        }
        words.sort_unstable();
        words.dedup();
        Ok(match (words.pop(), words.is_empty()) {
            (None, _) => Test::Constant(false),
            (Some(only), true) => asked(text, TextTest::Is(only)),
            (Some(last), false) => {
                words.push(last);
                asked(text, TextTest::OneOf(words))
            }
        })
    }

    fn function(
        &self,
        node: &Expression,
        name: &str,
        target: Option<&Expression>,
        args: &[Expression],
    ) -> Checked<Typed> {
        if !names::FUNCTIONS.contains(&name) {
            let nearest = nearest(name, names::FUNCTIONS);
            let offset = self.function_start(node, name);
            return Err(ConditionError {
                offset,
                fault: Fault::UnknownFunction { name: shown(name), nearest },
            });
        }
        // `path.startsWith("/a")` and `startsWith(path, "/a")` are the same.
        let all: Vec<&Expression> = target.into_iter().chain(args).collect();
        match (name, &all[..]) {
            ("size", [of]) => self.size(of).map(Typed::Number),
            ("present", [of]) => self.present(of).map(Typed::Test),
            ("inNetwork", [address, networks]) => self.in_network(address, networks).map(Typed::Test),
            ("startsWith" | "endsWith" | "contains" | "matches", [text, wanted]) => {
                self.text_function(name, text, wanted).map(Typed::Test)
            }
            _ => {
                let what = "a function with more or fewer arguments";
                let offset = self.function_start(node, name);
                let instead = "such as path.startsWith(\"/a\"), inNetwork(ip, \"192.0.2.0/24\"), size(path) or \
                               present(referrer)";
                Err(ConditionError { offset, fault: Fault::NotOffered { what, instead } })
            }
        }
    }

    fn size(&self, of: &Expression) -> Checked<Number> {
        match self.typed(of)? {
            Typed::Text(text) => Ok(Number::Length(text)),
            Typed::Word(word) => Ok(Number::Constant(word.chars().count() as f64)),
            Typed::List(list) => Ok(Number::Constant(list.len() as f64)),
            Typed::Headers => Ok(Number::Headers),
            Typed::Signals => Ok(Number::Signals),
            other => self.wrong(of, "a text, a list, headers or signals", &other),
        }
    }

    fn present(&self, of: &Expression) -> Checked<Test> {
        match self.typed(of)? {
            Typed::Text(text) => Ok(Test::Present(text)),
            Typed::Address => Ok(Test::HasAddress),
            other => self.wrong(of, "a fact that may be missing", &other),
        }
    }

    fn in_network(&self, address: &Expression, networks: &Expression) -> Checked<Test> {
        match self.typed(address)? {
            Typed::Address => {}
            other => return self.wrong(address, "ip", &other),
        }
        match self.typed(networks)? {
            word @ Typed::Word(_) => self.networks(&[(self.start(networks), word)]),
            Typed::List(list) => self.networks(&list),
            other => self.wrong(networks, "a network in quotes, or a list of them", &other),
        }
    }

    fn text_function(&self, name: &str, text: &Expression, wanted: &Expression) -> Checked<Test> {
        let of = match self.typed(text)? {
            Typed::Text(text) => text,
            Typed::Word(word) => Text::Constant(word),
            Typed::Address => {
                return self.not_offered(text, "ip as a text", "write inNetwork(ip, \"192.0.2.0/24\")");
            }
            other => return self.wrong(text, "a text", &other),
        };
        let word = match self.typed(wanted)? {
            Typed::Word(word) => word,
            _ if name == "matches" => {
                return self.not_offered(wanted, "a pattern that is not written out", "write it in quotes");
            }
            other => return self.wrong(wanted, "a text in quotes", &other),
        };
        let folded = if of.ignores_case() { word.to_ascii_lowercase() } else { word.clone() };
        let wanted = match name {
            "startsWith" => TextTest::StartsWith(folded),
            "endsWith" => TextTest::EndsWith(folded),
            "contains" => TextTest::Contains(folded),
            _ => TextTest::Matches(self.pattern(wanted, &word, of.ignores_case())?),
        };
        Ok(asked(of, wanted))
    }

    fn pattern(&self, at: &Expression, pattern: &str, ignores_case: bool) -> Checked<Regex> {
        let built = RegexBuilder::new(pattern)
            .size_limit(PATTERN_BYTES_MAX)
            .dfa_size_limit(PATTERN_BYTES_MAX)
            .nest_limit(64)
            .case_insensitive(ignores_case)
            .build();
        built.or_else(|error| {
            let words = match error {
                regex::Error::CompiledTooBig(_) => {
                    format!("it takes more than {} KiB compiled", PATTERN_BYTES_MAX / 1024)
                }
                // The last line says what is wrong; those before draw the pattern.
                error => {
                    let text = error.to_string();
                    let last = text.lines().last().unwrap_or("not understood");
                    last.trim_start_matches("error: ").to_owned()
                }
            };
            self.refuse(at, Fault::Pattern(words))
        })
    }

    fn test(&self, node: &Expression) -> Checked<Test> {
        match self.typed(node)? {
            Typed::Test(test) => Ok(test),
            other => self.wrong(node, "something that is true or false", &other),
        }
    }

    /// Where the text of `node` begins: its leftmost part.
    fn start(&self, node: &Expression) -> usize {
        let own = self.parsed.offset(node.id);
        let first = match &node.expr {
            Expr::Call(call) => call.target.as_deref().or(call.args.first()).map(|part| self.start(part)),
            Expr::Select(select) => Some(self.start(&select.operand)),
            Expr::Comprehension(fold) => Some(self.start(&fold.iter_range)),
            _ => None,
        };
        match (own, first) {
            (Some(own), Some(first)) => own.min(first),
            (own, first) => own.or(first).unwrap_or(0),
        }
    }

    /// Calls stand where their bracket is; the name stands before it.
    fn function_start(&self, node: &Expression, name: &str) -> usize {
        let bracket = self.parsed.offset(node.id).unwrap_or(0);
        self.parsed.text.get(..bracket).and_then(|before| before.rfind(name)).unwrap_or(bracket)
    }

    fn refuse<T>(&self, node: &Expression, fault: Fault) -> Checked<T> {
        Err(ConditionError { offset: self.start(node), fault })
    }

    fn wrong<T>(&self, node: &Expression, wanted: &'static str, found: &Typed) -> Checked<T> {
        Err(wrong_at(self.start(node), wanted, found))
    }

    fn not_offered<T>(&self, node: &Expression, what: &'static str, instead: &'static str) -> Checked<T> {
        self.refuse(node, Fault::NotOffered { what, instead })
    }
}

fn wrong_at(offset: usize, wanted: &'static str, found: &Typed) -> ConditionError {
    ConditionError { offset, fault: Fault::WrongType { wanted, found: type_name(found) } }
}

fn order(name: &str) -> Option<Order> {
    Some(match name {
        operators::EQUALS => Order::Is,
        operators::NOT_EQUALS => Order::IsNot,
        operators::LESS => Order::Below,
        operators::LESS_EQUALS => Order::AtMost,
        operators::GREATER => Order::Above,
        operators::GREATER_EQUALS => Order::AtLeast,
        _ => return None,
    })
}

fn type_name(typed: &Typed) -> &'static str {
    match typed {
        Typed::Test(_) => "true or false",
        Typed::Text(_) | Typed::Word(_) => "a text",
        Typed::Number(_) => "a number",
        Typed::List(_) => "a list",
        Typed::Address => "the address `ip`",
        Typed::Headers => "`headers`",
        Typed::Signals => "`signals`",
        Typed::Identity => "`identity`, which has .class, .claimed and .status",
    }
}

fn same_type(a: &Typed, b: &Typed) -> bool {
    type_name(a) == type_name(b)
}

fn as_text(typed: Typed) -> Text {
    match typed {
        Typed::Text(text) => text,
        Typed::Word(word) => Text::Constant(word),
        _ => Text::Constant(String::new()),
    }
}

/// `wanted` of `text`; folded where the text is a constant, or where every text or none will do.
fn asked(text: Text, wanted: TextTest) -> Test {
    if let Text::Constant(word) = &text {
        return Test::Constant(passes(&wanted, word));
    }
    let any = match &wanted {
        TextTest::StartsWith(part) | TextTest::EndsWith(part) | TextTest::Contains(part) => part.is_empty(),
        _ => false,
    };
    if any { Test::Present(text) } else { Test::Text(text, wanted) }
}

/// A foreign word, short and on one line.
fn shown(word: &str) -> String {
    word.chars().take(48).map(|c| if c.is_control() { '.' } else { c }).collect()
}
