//! The regular expressions of public lists as literals. Only what such lists really use is understood: escapes,
//! small classes, alternatives, optional pieces; everything else is refused, and counted by the caller.

/// Most literals one expression may stand for.
const LITERALS_MAX: usize = 16;

/// The literals `regex` stands for, `^` and `$` kept; case does not count, so `[wW]get` is one. `None` where it
/// cannot be said in literals.
pub(super) fn literals(regex: &str) -> Option<Vec<String>> {
    let mut parser = Parser { chars: regex.chars().collect(), at: 0 };
    let found = parser.alternatives()?;
    if parser.at < parser.chars.len() {
        return None;
    }
    let mut unique: Vec<String> = Vec::new();
    for literal in found {
        if !literal.is_empty() && !unique.iter().any(|held| held.eq_ignore_ascii_case(&literal)) {
            unique.push(literal);
        }
    }
    (!unique.is_empty()).then_some(unique)
}

struct Parser {
    chars: Vec<char>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn alternatives(&mut self) -> Option<Vec<String>> {
        let mut all = self.sequence()?;
        while self.peek() == Some('|') {
            self.at += 1;
            all.extend(self.sequence()?);
        }
        (all.len() <= LITERALS_MAX).then_some(all)
    }

    fn sequence(&mut self) -> Option<Vec<String>> {
        let mut so_far = vec![String::new()];
        while let Some(next) = self.peek() {
            if next == '|' || next == ')' {
                break;
            }
            let mut piece = self.piece()?;
            if self.optional()? {
                piece.push(String::new());
            }
            so_far = so_far
                .iter()
                .flat_map(|head| piece.iter().map(move |tail| format!("{head}{tail}")))
                .collect();
            if so_far.len() > LITERALS_MAX {
                return None;
            }
        }
        Some(so_far)
    }

    fn piece(&mut self) -> Option<Vec<String>> {
        let c = self.peek()?;
        self.at += 1;
        match c {
            '(' => self.group(),
            '[' => self.class(),
            '\\' => self.escape(),
            '.' | '*' | '+' | '{' | '?' => None,
            _ => Some(vec![c.to_string()]),
        }
    }

    fn group(&mut self) -> Option<Vec<String>> {
        if self.chars[self.at..].starts_with(&['?', ':']) {
            self.at += 2;
        }
        let inside = self.alternatives()?;
        (self.peek() == Some(')')).then(|| self.at += 1)?;
        Some(inside)
    }

    /// `[xX]`; negated classes and ranges are refused.
    fn class(&mut self) -> Option<Vec<String>> {
        let mut all = Vec::new();
        loop {
            let c = self.peek()?;
            self.at += 1;
            match c {
                ']' => break,
                '^' | '-' | '\\' => return None,
                _ => all.push(c.to_string()),
            }
        }
        all.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
        Some(all)
    }

    fn escape(&mut self) -> Option<Vec<String>> {
        let c = self.peek()?;
        self.at += 1;
        match c {
            's' => Some(vec![" ".to_owned()]),
            'd' | 'w' | 'b' | 'S' | 'D' | 'W' | 'B' => None,
            _ => Some(vec![c.to_string()]),
        }
    }

    /// `?` or `{0,1}` behind a piece; other repetitions are refused.
    fn optional(&mut self) -> Option<bool> {
        match self.peek() {
            Some('?') => self.at += 1,
            Some('{') if self.chars[self.at..].starts_with(&['{', '0', ',', '1', '}']) => self.at += 5,
            Some('*' | '+' | '{') => return None,
            _ => return Some(false),
        }
        Some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_expressions_become_literals() {
        let check = |regex: &str, expect: &[&str]| {
            assert_eq!(literals(regex).unwrap_or_default(), expect, "{regex}");
        };
        check(r"Googlebot\/", &["Googlebot/"]);
        check("[wW]get", &["wget"]);
        check("S[eE][mM]rushBot", &["SemrushBot"]);
        check("(sistrix|SISTRIX) [cC]rawler", &["sistrix crawler"]);
        check("Face(book){0,1}[Bb]ot", &["FacebookBot", "FaceBot"]);
        check("[cC]laude(?:[bB]ot|-[Ww]eb)", &["claudebot", "claude-Web"]);
        check(r"Datadog\/?Synthetics", &["Datadog/Synthetics", "DatadogSynthetics"]);
        check("^curl", &["^curl"]);
    }

    #[test]
    fn what_is_no_literal_is_refused() {
        for regex in
            ["AdsBot-Google([^-]|$)", r"BlogTraffic\/\d\.\d+ x", "a.*b", "[a-z]bot", "(open", "", r"end\"]
        {
            assert_eq!(literals(regex), None, "{regex}");
        }
    }
}
