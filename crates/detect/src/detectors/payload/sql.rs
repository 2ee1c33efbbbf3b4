//! SQL injection by structure: a text that, put between quotes or after a number, would change a statement.
//!
//! The text is read three times, as it stands and as the rest of a literal in either quote, because the place it
//! lands in is not known. An apostrophe alone means nothing; what follows it does.

mod token;
mod words;

use token::{Context, Key, Token, Tokens, tokens};

use super::Hit;

/// Reads `text` in every context and returns the strongest finding.
pub(super) fn look(text: &[u8]) -> Option<Hit> {
    let quotes = [b'\'', b'"'].into_iter().filter(|quote| memchr::memchr(*quote, text).is_some());
    let contexts = std::iter::once(Context::Bare).chain(quotes.map(Context::Quoted));
    contexts
        .filter_map(|context| Reading::new(text, context)?.hit())
        .max_by(|a, b| a.evidence.total_cmp(&b.evidence))
}

/// Evidence from which a structure is a piece of its own.
const DECIDES: f32 = 4.0;

/// One way to read the text.
struct Reading<'a> {
    tokens: Tokens<'a>,
    /// Where the statement goes on after the literal; 0 when bare.
    start: usize,
    /// The text left its literal and what follows is SQL.
    broke_out: bool,
}

impl<'a> Reading<'a> {
    fn new(text: &'a [u8], context: Context) -> Option<Self> {
        let tokens = tokens(text, context);
        if context == Context::Bare {
            // `)` at the start or after a value closes what the statement opened.
            let closed =
                tokens.iter().take(2).any(|token| *token == Token::Close) && !opens_before_close(&tokens);
            return Some(Reading { broke_out: closed, start: 0, tokens });
        }
        let start = 1 + tokens[1..].iter().take_while(|token| **token == Token::Close).count();
        let goes_on = tokens.get(start).is_none_or(|token| match token {
            Token::Call(name) => words::is_telling_call(name) || words::is_common_call(name),
            token => !matches!(token, Token::Name(_) | Token::Text(_) | Token::Number(_) | Token::Other),
        });
        (goes_on && tokens.len() > 1).then_some(Reading { broke_out: true, start, tokens })
    }

    fn hit(&self) -> Option<Hit> {
        let findings = [
            self.union(),
            self.stacked(),
            self.always_true(),
            self.select(),
            self.statement(),
            self.calls(),
            self.cut_off(),
            self.joined(),
            self.ordering(),
        ];
        let (strongest, what) = findings.into_iter().flatten().max_by(|(a, _), (b, _)| a.total_cmp(b))?;
        // Signs that agree with the strongest one make it a little stronger, never decide.
        let company = findings.iter().flatten().count().saturating_sub(1) as f32 * 0.4;
        let lone = self.is_lone(strongest, &findings);
        Some(Hit { evidence: (strongest + company).min(9.0), what, lone })
    }

    /// True where nothing shows that the text was put into a statement: neither a literal left with structure after
    /// it, nor a value that goes on. Statements typed from their beginning are questions about SQL.
    fn is_lone(&self, strongest: f32, findings: &[Option<(f32, &'static str)>; 9]) -> bool {
        let [union, stacked, always_true, select, statement, calls, cut_off, joined, ordering] = *findings;
        let worth = |finding: Option<(f32, &str)>| finding.map_or(0.0, |(evidence, _)| evidence);
        let structure = [union, stacked, always_true, select, statement, calls, ordering].map(worth);
        if self.broke_out && structure.iter().any(|evidence| *evidence >= DECIDES) {
            let compared =
                self.tokens.iter().any(|token| !matches!(token, Token::Text(_) | Token::Key(Key::Logic)));
            return !compared;
        }
        if worth(joined) >= 6.0 {
            return false;
        }
        if worth(cut_off).max(worth(joined)) >= strongest {
            return true;
        }
        let typed = matches!(self.tokens.first(), Some(Token::Key(Key::Select | Key::Statement | Key::Case)));
        let goes_on =
            !matches!(self.tokens.first(), None | Some(Token::Name(_) | Token::Key(_) | Token::Call(_)));
        let joins = [union, stacked, always_true].map(worth).iter().any(|evidence| *evidence >= DECIDES);
        let named = matches!(self.tokens.first(), Some(Token::Name(_)));
        let measured = worth(calls) >= 6.0 && (worth(select) > 0.0 || worth(ordering) > 0.0);
        typed || !(joins || goes_on || measured || self.has_comment() && !named)
    }

    fn get(&self, at: usize) -> Option<Token<'a>> {
        self.tokens.get(at).copied()
    }

    /// Positions of tokens from the break on.
    fn positions(&self) -> std::ops::Range<usize> {
        self.start..self.tokens.len()
    }

    fn has_comment(&self) -> bool {
        matches!(self.tokens.last(), Some(Token::Comment(_)))
    }

    /// `strong` after a break or before a comment, else `weak`.
    fn by_context(&self, strong: f32, weak: f32) -> f32 {
        if self.broke_out || self.has_comment() { strong } else { weak }
    }

    fn skip(&self, mut at: usize, what: impl Fn(&Token<'a>) -> bool) -> usize {
        while self.tokens.get(at).is_some_and(&what) {
            at += 1;
        }
        at
    }

    fn union(&self) -> Option<(f32, &'static str)> {
        let at = self.positions().find(|&at| self.get(at) == Some(Token::Key(Key::Union)))?;
        let next = self.skip(at + 1, |token| matches!(token, Token::Key(Key::Modifier) | Token::Open));
        if self.get(next) != Some(Token::Key(Key::Select)) {
            return None;
        }
        let listed = self.is_projection(next + 1) || next + 1 >= self.tokens.len();
        Some((if listed { 8.0 } else { self.by_context(6.5, 1.5) }, "a second query is joined by union"))
    }

    fn stacked(&self) -> Option<(f32, &'static str)> {
        let at = self.positions().find(|&at| {
            self.get(at) == Some(Token::Semicolon)
                && matches!(self.get(at + 1), Some(Token::Key(Key::Statement | Key::Select)))
        })?;
        let shaped = match self.get(at + 1) {
            Some(Token::Key(Key::Select)) => self.is_projection(at + 2),
            _ => self.statement_at(at + 1) >= 2.0,
        };
        let evidence = if shaped { 8.0 } else { self.by_context(4.5, 1.5) };
        Some((evidence, "a second statement follows a semicolon"))
    }

    /// `or 1=1` and its many spellings.
    fn always_true(&self) -> Option<(f32, &'static str)> {
        let best = self.positions().map(|at| self.condition_at(at)).fold(0.0, f32::max);
        let alone = if self.starts_with_equality() { 1.0 } else { 0.0 };
        (best.max(alone) > 0.0).then_some((best.max(alone), "a condition that is always true or false"))
    }

    fn starts_with_equality(&self) -> bool {
        matches!(self.tokens[..], [Token::Number(a), Token::Compare, Token::Number(b)] if a == b)
    }

    /// Evidence of the condition that the logic word at `at` introduces.
    fn condition_at(&self, at: usize) -> f32 {
        let introduces = match self.get(at) {
            Some(Token::Key(Key::Logic)) => true,
            Some(Token::Bars | Token::Ampersands) => true,
            Some(Token::Key(Key::Condition)) => at > self.start || self.broke_out,
            _ => false,
        };
        // `5 > 3 and 2 < 4` is a formula: an injection begins with a value, not with a comparison of its own.
        let formula = !self.broke_out && self.tokens[..at].contains(&Token::Compare);
        if !introduces || formula {
            return 0.0;
        }
        let Some((left, next)) = self.operand(at + 1) else { return 0.0 };
        let ends = matches!(self.get(next), None | Some(Token::Comment(_)));
        let tested = self.skip(next, |token| matches!(token, Token::Key(Key::Not)));
        let compares = matches!(self.get(tested), Some(Token::Compare | Token::Key(Key::Test)));
        let right = if compares { self.operand(tested + 1).map(|(right, _)| right) } else { None };
        match (left, right) {
            (Operand::Literal, Some(Operand::Literal | Operand::Call)) => self.by_context(7.5, 6.0),
            (Operand::Call, Some(_)) => self.by_context(7.0, 4.5),
            (Operand::Literal, Some(_)) => self.by_context(6.5, 1.5),
            (Operand::Name(a), Some(Operand::Name(b))) if a == b => self.by_context(6.5, 5.0),
            (Operand::Name(_), Some(Operand::Literal)) => self.by_context(4.6, 0.0),
            (Operand::Name(_), Some(Operand::Call)) => self.by_context(6.0, 2.0),
            (Operand::Literal | Operand::Call, None) if compares => self.by_context(5.0, 2.0),
            (Operand::Call, None) => self.by_context(5.5, 2.5),
            (Operand::Literal, None) if ends && self.broke_out => 4.8,
            (Operand::Literal, None) if ends && self.has_comment() => 4.2,
            _ => 0.0,
        }
    }

    /// The operand at `at`, and where it ends.
    fn operand(&self, at: usize) -> Option<(Operand<'a>, usize)> {
        let at = self.skip(at, |token| {
            matches!(token, Token::Key(Key::Not) | Token::Open | Token::Operator(b'-' | b'+' | b'!' | b'~'))
        });
        let (operand, mut next) = match self.get(at)? {
            Token::Number(_) | Token::Text(_) | Token::Constant | Token::Variable => {
                (Operand::Literal, at + 1)
            }
            Token::Call(name) if words::is_telling_call(name) || words::is_common_call(name) => {
                (Operand::Call, self.after_brackets(at + 1))
            }
            Token::Call(name) => (Operand::Name(name), self.after_brackets(at + 1)),
            Token::Key(Key::Select) if self.is_projection(at + 1) => (Operand::Call, at + 1),
            Token::Key(Key::Case) => (Operand::Call, at + 1),
            Token::Name(name) => (Operand::Name(name), at + 1),
            _ => return None,
        };
        next = self.skip(next, |token| matches!(token, Token::Close));
        // `1*2`, `'a'||'b'`: the rest of a sum belongs to the operand.
        if let (Some(Token::Operator(_)), Some(Token::Number(_) | Token::Text(_))) =
            (self.get(next), self.get(next + 1))
        {
            next = self.skip(next + 2, |token| matches!(token, Token::Close));
        }
        Some((operand, next))
    }

    /// Where the brackets that open at `at` are closed again, or the end.
    fn after_brackets(&self, at: usize) -> usize {
        let mut depth = 0usize;
        for (offset, token) in self.tokens[at.min(self.tokens.len())..].iter().enumerate() {
            match token {
                Token::Open => depth += 1,
                Token::Close if depth <= 1 => return at + offset + 1,
                Token::Close => depth -= 1,
                _ => {}
            }
        }
        self.tokens.len()
    }

    /// True where a list of results begins at `at`: `*`, `1,2`, `null`, `version()`, `a,b`, `a from`.
    fn is_projection(&self, at: usize) -> bool {
        let at = self.skip(at, |token| {
            matches!(token, Token::Key(Key::Modifier) | Token::Open | Token::Key(Key::Case))
        });
        let follows = |at: usize| {
            matches!(
                self.get(at),
                None | Some(
                    Token::Comma
                        | Token::Close
                        | Token::Comment(_)
                        | Token::Semicolon
                        | Token::Operator(_)
                        | Token::Bars
                        | Token::Compare
                        | Token::Key(Key::From | Key::Into | Key::Logic | Key::Tail | Key::Condition)
                )
            )
        };
        match self.get(at) {
            Some(
                Token::Operator(b'*') | Token::Variable | Token::Call(_) | Token::Constant | Token::Text(_),
            ) => true,
            Some(Token::Number(_)) => follows(at + 1),
            Some(Token::Name(_)) => matches!(self.get(at + 1), Some(Token::Comma | Token::Key(Key::From))),
            Some(Token::Key(Key::Select)) => true,
            _ => false,
        }
    }

    fn select(&self) -> Option<(f32, &'static str)> {
        let at = self
            .positions()
            .find(|&at| self.get(at) == Some(Token::Key(Key::Select)) && self.is_projection(at + 1))?;
        let rest = &self.tokens[at..];
        let bracketed = at > 0 && self.get(at - 1) == Some(Token::Open);
        let names_system = rest.iter().any(is_system);
        let calls = rest.iter().any(|token| matches!(token, Token::Call(_)));
        let plain_names = matches!(self.get(at + 1), Some(Token::Name(_)));
        let base = match (names_system, bracketed, calls) {
            (true, _, _) => 6.5,
            (_, true, true) => 6.0,
            (_, true, _) => 3.0,
            (_, _, true) => 4.5,
            _ if plain_names => 1.5,
            _ => 3.0,
        };
        let base = if self.broke_out || self.has_comment() { base + 2.0 } else { base };
        Some((base, "a query of its own"))
    }

    /// Evidence of a statement that changes data or runs a procedure, at `at`.
    fn statement_at(&self, at: usize) -> f32 {
        let text = |at: usize| match self.get(at) {
            Some(Token::Name(name) | Token::Call(name)) => name,
            _ => b"",
        };
        let Some(Token::Key(key)) = self.get(at) else { return 0.0 };
        let (next, after) = (self.get(at + 1), self.get(at + 2));
        match (key, next) {
            (Key::Statement, Some(Token::Name(name) | Token::Call(name))) if words::is_system_name(name) => {
                6.0
            }
            (Key::Statement, Some(Token::Name(name) | Token::Call(name))) if words::is_telling_call(name) => {
                6.0
            }
            (Key::Statement, Some(Token::Variable)) => 5.0,
            (Key::Statement, Some(Token::Name(b"delay" | b"time")))
                if matches!(after, Some(Token::Text(_))) =>
            {
                6.5
            }
            (Key::Statement, Some(Token::Key(Key::Into)))
                if matches!(self.get(at + 3), Some(Token::Open)) =>
            {
                4.5
            }
            (Key::Statement, Some(Token::Key(Key::Into))) => 2.0,
            (Key::Statement, Some(Token::Key(Key::From))) => 2.0,
            (Key::Statement, Some(Token::Name(b"table" | b"database" | b"user" | b"view" | b"function"))) => {
                3.0
            }
            (Key::Statement, Some(Token::Name(b"immediate" | b"infile"))) => 5.0,
            (Key::Statement, Some(Token::Name(_)))
                if text(at + 1) == b"data" && text(at + 2) == b"infile" =>
            {
                6.0
            }
            (Key::Statement, Some(Token::Name(_))) if matches!(after, Some(Token::Key(Key::Statement))) => {
                2.0
            }
            (Key::Statement, Some(Token::Open))
                if matches!(after, Some(Token::Variable | Token::Text(_))) =>
            {
                4.0
            }
            (Key::Statement, None | Some(Token::Comment(_))) => 2.0,
            (Key::Into, Some(Token::Name(b"outfile" | b"dumpfile"))) => 6.5,
            _ => 0.0,
        }
    }

    fn statement(&self) -> Option<(f32, &'static str)> {
        let best = self.positions().map(|at| self.statement_at(at)).fold(0.0, f32::max);
        let evidence = if best > 0.0 && self.broke_out { best + 2.5 } else { best };
        (evidence > 0.0).then_some((evidence, "a statement that changes or runs something"))
    }

    /// Functions nobody calls from a form.
    fn calls(&self) -> Option<(f32, &'static str)> {
        let calls = |test: fn(&[u8]) -> bool| {
            self.positions()
                .filter(move |&at| matches!(self.get(at), Some(Token::Call(name)) if test(name)))
                .count()
        };
        let telling = calls(words::is_telling_call);
        let common = calls(words::is_common_call);
        let joined = self.tokens.iter().any(|token| {
            matches!(token, Token::Bars | Token::Key(Key::Logic | Key::Select | Key::Case | Key::Condition))
        });
        let system = self.positions().any(|at| is_system(&self.tokens[at]));
        let evidence = match (telling, common) {
            (1.., _) if self.broke_out || joined || self.has_comment() || telling + common > 1 => 6.5,
            (1.., _) => 3.9,
            (_, 3..) if joined => self.by_context(6.5, 4.5),
            (_, 1..) if joined => self.by_context(5.0, 1.5),
            _ if system => self.by_context(5.0, 2.5),
            _ => 0.0,
        };
        (evidence > 0.0).then_some((evidence, "functions or tables of the database itself"))
    }

    /// `admin'--`: the rest of the statement is commented out.
    fn cut_off(&self) -> Option<(f32, &'static str)> {
        let (&Token::Comment(rest), true) = (self.tokens.last()?, self.broke_out) else { return None };
        let near = self.tokens.len() - self.start <= 3;
        let short = rest.len() <= 8 && !rest.first().is_some_and(u8::is_ascii_alphabetic);
        let evidence = match (near, short) {
            (true, true) if self.tokens.len() > 1 => 5.0,
            (_, true) => 2.5,
            _ => 1.0,
        };
        Some((evidence, "a quote closed and the rest commented out"))
    }

    /// `'||(...)||'`, `'+'`, `' ,(...)`: the literal goes on in an expression.
    fn joined(&self) -> Option<(f32, &'static str)> {
        let token = self.get(self.start).filter(|_| self.broke_out)?;
        let joins = matches!(
            token,
            Token::Bars | Token::Operator(_) | Token::Compare | Token::Comma | Token::Ampersands
        );
        if !joins || self.start == 0 {
            return None;
        }
        let next = self
            .skip(self.start + 1, |token| matches!(token, Token::Open | Token::Operator(_) | Token::Compare));
        let empty = matches!(self.get(0), Some(Token::Text(text)) if text.len() <= 1);
        let evidence = match self.get(next) {
            Some(Token::Key(Key::Select | Key::Case)) => 7.0,
            Some(Token::Call(name)) if words::is_telling_call(name) || words::is_common_call(name) => 6.5,
            Some(Token::Call(_)) => 3.0,
            Some(Token::Text(inner)) if empty && inner.len() <= 2 && token != Token::Comma => 4.2,
            Some(Token::Number(_)) if self.get(0) == Some(Token::Text(b"")) && token != Token::Comma => 3.9,
            Some(Token::Comment(_)) => 4.2,
            _ => 0.0,
        };
        (evidence > 0.0).then_some((evidence, "a literal that goes on as an expression"))
    }

    /// `order by 10--`, `group by x having 1=1`, `case when (...) then`.
    fn ordering(&self) -> Option<(f32, &'static str)> {
        let evidence = self
            .positions()
            .map(|at| match (self.get(at), self.get(at + 1), self.get(at + 2)) {
                (Some(Token::Key(Key::Order)), Some(Token::Key(Key::By)), Some(Token::Number(_))) => {
                    self.by_context(5.5, if at <= 1 { 3.9 } else { 1.5 })
                }
                (
                    Some(Token::Key(Key::Order)),
                    Some(Token::Key(Key::By)),
                    Some(Token::Call(_) | Token::Open),
                ) => 4.5,
                (Some(Token::Key(Key::Order)), Some(Token::Key(Key::By)), Some(Token::Name(_))) => {
                    self.by_context(4.2, 0.0)
                }
                (
                    Some(Token::Key(Key::Case)),
                    Some(Token::Key(Key::Condition)),
                    Some(Token::Open | Token::Number(_)),
                ) => 6.0,
                (Some(Token::Key(Key::Tail)), Some(Token::Call(b"analyse")), _) => 6.0,
                _ => 0.0,
            })
            .fold(0.0, f32::max);
        (evidence > 0.0).then_some((evidence, "probes of the result's columns"))
    }
}

/// One side of a comparison.
#[derive(Clone, Copy, PartialEq)]
enum Operand<'a> {
    Literal,
    Call,
    Name(&'a [u8]),
}

fn is_system(token: &Token<'_>) -> bool {
    match token {
        Token::Name(name) | Token::Call(name) => words::is_system_name(name),
        _ => false,
    }
}

fn opens_before_close(tokens: &[Token<'_>]) -> bool {
    tokens.iter().find(|token| matches!(token, Token::Open | Token::Close)) == Some(&Token::Open)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(text: &str) -> f32 {
        look(text.to_lowercase().as_bytes()).map_or(0.0, |hit| hit.tempered(super::super::Place::Query))
    }

    #[test]
    fn injections_decide() {
        for text in [
            "1 or 1=1",
            "' or '1'='1",
            "1' and sleep(5)-- -",
            "x') or ('a'='a",
            "-1 union select 1,2,3",
            "1;drop table users--",
            "'; exec master..xp_cmdshell 'dir'--",
            "1 AND (SELECT 4 FROM (SELECT(SLEEP(5)))x)",
            "' or 1=1 #",
            "1' order by 4-- -",
            "\" or \"\"=\"",
            "1 and 2388=benchmark(5000000,md5(1))",
            "a' || 'b'='b",
            "1'||(select banner from v$version)||'",
            "' or uid like '%",
            "1%' or elt(1=1,5) and '%'='",
            "union/**/all/**/select/**/null,null",
            "1 where 2988=2988",
            "';waitfor delay '0:0:10'--",
        ] {
            assert!(evidence(text) >= 4.0, "{text}: {}", evidence(text));
        }
    }

    #[test]
    fn ordinary_text_is_left_alone() {
        for text in [
            "o'brien",
            "d'artagnan and o'hara",
            "it's 5' or 6' tall",
            "select the best union from the drop-down",
            "rock 'n' roll",
            "l'heure d'été et l'hiver",
            "\"red shoes\" or \"blue shoes\"",
            "x or y",
            "a and b",
            "mum's -- the word of the year, she said",
            "union select committee of the house",
            "what's 1=1?",
            "the boys' and girls' school",
            "trade union and select tariffs",
            "order by phone",
            "like it or not",
            "c'est l'été",
            "where is it?",
            "men's (black)",
            "5'-6'",
            "drop us a line; create an account",
            "the '90s and '80s",
            "f(x) = x and g(y) = y",
            "10% off and 2 for 1",
            "case when it rains",
        ] {
            assert!(evidence(text) <= 2.0, "{text}: {}", evidence(text));
        }
    }

    #[test]
    fn one_piece_never_decides() {
        for text in [
            "admin'--",
            "select count(*) from users",
            "select a, b from t union select c, d from u",
            "case when (x > 1) then 2 end",
            "'+'",
            "how to order by name # sql",
        ] {
            assert!(evidence(text) < 3.0, "{text}: {}", evidence(text));
        }
    }
}
