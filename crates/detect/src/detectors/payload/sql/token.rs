//! Text to SQL tokens, forgiving as the dialects are. Input is lower case and decoded.

use arrayvec::ArrayVec;

/// Tokens looked at: an injection shows itself early.
pub(super) const TOKENS_MAX: usize = 160;

/// One token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// A number, decimal or hexadecimal.
    Number(&'a [u8]),
    /// A quoted text; where it never closes, the text ends it.
    Text(&'a [u8]),
    /// `null`, `true`, `false`, `current_user` and the like.
    Constant,
    /// `@x`, `@@version`.
    Variable,
    /// A keyword.
    Key(Key),
    /// A word directly followed by `(`; the bracket is the next token.
    Call(&'a [u8]),
    /// Any other word.
    Name(&'a [u8]),
    /// `=`, `<>`, `>`, `<=>`, `!=` ...
    Compare,
    /// `||`: or, or concatenation.
    Bars,
    /// `&&`
    Ampersands,
    /// `+ - * / % ^ & | ! ~`
    Operator(u8),
    /// `,`
    Comma,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `;`
    Semicolon,
    /// A comment that ends the statement, with what follows its sign.
    Comment(&'a [u8]),
    /// Anything else.
    Other,
}

/// Keywords that give a statement its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// `and`, `or`, `xor`, `div`, `mod`
    Logic,
    /// `where`, `having`, `on`, `when`, `if`
    Condition,
    /// `not`
    Not,
    /// `like`, `rlike`, `regexp`, `in`, `between`, `is`, `sounds`, `glob`
    Test,
    /// `union`, `intersect`, `except`
    Union,
    /// `all`, `distinct`, `top`
    Modifier,
    /// `select`
    Select,
    /// `from`
    From,
    /// `order`, `group`
    Order,
    /// `by`
    By,
    /// `case`
    Case,
    /// `into`
    Into,
    /// `as`, `limit`, `offset`, `procedure`, `rows`
    Tail,
    /// `insert`, `update`, `delete`, `drop`, `exec` ...
    Statement,
}

/// What a text becomes.
pub(super) type Tokens<'a> = ArrayVec<Token<'a>, TOKENS_MAX>;

/// Where the text is taken to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// In a number or name.
    Bare,
    /// Within a literal of this quote.
    Quoted(u8),
}

/// Cuts `text` into tokens.
pub(super) fn tokens(text: &[u8], context: Context) -> Tokens<'_> {
    let mut tokens = Tokens::new();
    let mut at = 0;
    if let Context::Quoted(quote) = context {
        let (token, used) = literal(text, quote);
        tokens.push(token);
        at = used;
    }
    while at < text.len() && !tokens.is_full() {
        let (token, used) = next(&text[at..]);
        if let Some(token) = token {
            tokens.push(token);
        }
        at += used;
    }
    tokens
}

/// The token at the start of `rest` (never empty) and its length; white space and inner comments are no token.
fn next(rest: &[u8]) -> (Option<Token<'_>>, usize) {
    let one = |token| (Some(token), 1);
    match rest {
        [b' ' | b'\n', ..] => (None, 1),
        // MySQL quotes names with it.
        [b'`', inner @ ..] => match memchr::memchr(b'`', inner) {
            Some(len) => (Some(Token::Name(&inner[..len])), len + 2),
            None => one(Token::Other),
        },
        [quote @ (b'\'' | b'"'), inner @ ..] => {
            let (token, used) = literal(inner, *quote);
            (Some(token), used + 1)
        }
        [b'-', b'-', after @ ..] | [b'#', after @ ..] => line_comment(after, rest.len()),
        [b'/', b'*', inner @ ..] => block_comment(inner),
        [b'*', b'/', ..] => (None, 2),
        [b'|', b'|', ..] => (Some(Token::Bars), 2),
        [b'&', b'&', ..] => (Some(Token::Ampersands), 2),
        [b'<' | b'>' | b'=', ..] | [b'!', b'=', ..] => {
            (Some(Token::Compare), rest.iter().take(3).take_while(|b| b"<>=!".contains(b)).count().max(1))
        }
        [b',', ..] => one(Token::Comma),
        [b'(', ..] => one(Token::Open),
        [b')', ..] => one(Token::Close),
        [b';', ..] => one(Token::Semicolon),
        [b'@', ..] => {
            (Some(Token::Variable), 1 + rest[1..].iter().take_while(|&&b| b == b'@' || is_word(b)).count())
        }
        [b'.', b'0'..=b'9', ..] | [b'0'..=b'9', ..] => number(rest),
        [op @ (b'+' | b'-' | b'*' | b'/' | b'%' | b'^' | b'&' | b'|' | b'!' | b'~'), ..] => {
            one(Token::Operator(*op))
        }
        [byte, ..] if is_word(*byte) => word(rest),
        _ => one(Token::Other),
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// A literal whose opening quote is already behind us.
fn literal(inner: &[u8], quote: u8) -> (Token<'_>, usize) {
    let len = memchr::memchr(quote, inner).unwrap_or(inner.len());
    (Token::Text(&inner[..len]), (len + 1).min(inner.len()).max(len))
}

fn line_comment(after: &[u8], whole: usize) -> (Option<Token<'_>>, usize) {
    match memchr::memchr(b'\n', after) {
        Some(len) => (Some(Token::Comment(&after[..len])), whole - after.len() + len),
        None => (Some(Token::Comment(after)), whole),
    }
}

/// An inner comment is white space; `/*!50000 x*/` is code; one that never closes ends the statement.
fn block_comment(inner: &[u8]) -> (Option<Token<'_>>, usize) {
    if let [b'!', code @ ..] = inner {
        return (None, 3 + code.iter().take(6).take_while(|b| b.is_ascii_digit()).count());
    }
    match memchr::memmem::find(inner, b"*/") {
        Some(len) => (None, len + 4),
        None => (Some(Token::Comment(inner)), inner.len() + 2),
    }
}

fn number(rest: &[u8]) -> (Option<Token<'_>>, usize) {
    let len = rest.iter().take_while(|&&b| is_word(b) || b == b'.').count();
    let text = &rest[..len];
    let digits = text.iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    let tail = &text[digits..];
    if tail.is_empty()
        || tail[0] == b'e' && tail[1..].iter().all(u8::is_ascii_digit)
        || text.starts_with(b"0x")
    {
        return (Some(Token::Number(text)), len);
    }
    // `1union`, `1or`: dialects end a number at the first letter that cannot belong to it.
    match keyword(tail) {
        Some(_) => (Some(Token::Number(&text[..digits])), digits),
        None => (Some(Token::Name(text)), len),
    }
}

fn word(rest: &[u8]) -> (Option<Token<'_>>, usize) {
    let len = rest.iter().take_while(|&&b| is_word(b) || b == b'.' || b == b':').count();
    let text = &rest[..len];
    if matches!(text, b"n" | b"x" | b"b" | b"e") && rest.get(len) == Some(&b'\'') {
        return (None, len);
    }
    let gap = rest[len..].iter().take(3).take_while(|b| **b == b' ').count();
    let called = rest.get(len + gap) == Some(&b'(');
    let token = match keyword(text) {
        Some(token) => token,
        None if called && gap == 0 => Token::Call(text),
        None if called && super::words::is_telling_call(text) => Token::Call(text),
        None => Token::Name(text),
    };
    (Some(token), len)
}

/// The keyword `text` is.
fn keyword(text: &[u8]) -> Option<Token<'static>> {
    let key = match text {
        b"and" | b"or" | b"xor" => Key::Logic,
        b"where" | b"having" | b"on" | b"when" | b"then" | b"else" => Key::Condition,
        b"not" => Key::Not,
        b"like" | b"rlike" | b"regexp" | b"in" | b"between" | b"is" | b"sounds" | b"glob" | b"ilike" => {
            Key::Test
        }
        b"union" | b"intersect" | b"except" => Key::Union,
        b"all" | b"distinct" | b"top" | b"distinctrow" => Key::Modifier,
        b"select" => Key::Select,
        b"from" => Key::From,
        b"order" | b"group" => Key::Order,
        b"by" => Key::By,
        b"case" => Key::Case,
        b"into" => Key::Into,
        b"as" | b"limit" | b"offset" | b"procedure" | b"rows" | b"fetch" | b"returning" | b"for" => Key::Tail,
        b"insert" | b"update" | b"delete" | b"drop" | b"exec" | b"execute" | b"declare" | b"waitfor"
        | b"shutdown" | b"create" | b"alter" | b"truncate" | b"call" | b"begin" | b"copy" | b"load"
        | b"grant" | b"revoke" | b"merge" | b"replace" | b"set" | b"use" | b"backup" | b"do" | b"end" => {
            Key::Statement
        }
        b"null" | b"true" | b"false" | b"current_user" | b"session_user" | b"unknown" => {
            return Some(Token::Constant);
        }
        _ => return None,
    };
    Some(Token::Key(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_break_out() {
        let found = tokens(b"x' or 1=1-- a", Context::Quoted(b'\''));
        let expect = [
            Token::Text(b"x"),
            Token::Key(Key::Logic),
            Token::Number(b"1"),
            Token::Compare,
            Token::Number(b"1"),
            Token::Comment(b" a"),
        ];
        assert_eq!(found[..], expect);
    }

    #[test]
    fn comments_are_white_space_or_the_end() {
        let found = tokens(b"union/**/all/*!50000select*/1/*", Context::Bare);
        let expect = [
            Token::Key(Key::Union),
            Token::Key(Key::Modifier),
            Token::Key(Key::Select),
            Token::Number(b"1"),
            Token::Comment(b""),
        ];
        assert_eq!(found[..], expect);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_cut(text: Vec<u8>) {
            for context in [Context::Bare, Context::Quoted(b'\''), Context::Quoted(b'"')] {
                tokens(&text, context);
            }
        }
    }
}
