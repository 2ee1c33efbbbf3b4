//! From text to a syntax tree, within bounds: the reader we use is recursive, so what it may be given is bounded first.

use cel::parser::{Expression, Parser};

use super::error::{ConditionError, Fault};

/// Most bytes of one condition.
pub const CONDITION_BYTES_MAX: usize = 4_096;
/// Most levels of brackets and conditional operators within each other.
pub const CONDITION_DEPTH_MAX: usize = 32;
/// Most operators, calls and brackets of one condition: chains of them nest in the tree.
pub const CONDITION_PARTS_MAX: usize = 256;

/// A syntax tree with its places.
pub(super) struct Parsed<'a> {
    pub(super) root: Expression,
    pub(super) text: &'a str,
    starts: cel::common::ast::SourceInfo,
}

impl Parsed<'_> {
    /// Where node `id` stands, in bytes. Operators and calls stand where their sign or bracket is.
    pub(super) fn offset(&self, id: u64) -> Option<usize> {
        let (start, _) = self.starts.offset_for(id)?;
        Some(self.text.floor_char_boundary(start as usize))
    }
}

/// What the reader may use of the stack. It takes some 100 KiB for each level of brackets when it is not optimised.
const STACK_BYTES: usize = 16 << 20;

/// Reads `text`, within bounds, and hands the tree to `then`. On a thread of its own: the reader needs more stack than a
/// worker has, and should it ever panic, that is a refusal and not the end of a server that reloads.
pub(super) fn parse<T: Send>(
    text: &str,
    then: impl FnOnce(&Parsed<'_>) -> Result<T, ConditionError> + Send,
) -> Result<T, ConditionError> {
    measure(text)?;
    let broken = |words: &str| ConditionError { offset: 0, fault: Fault::Syntax(words.to_owned()) };
    std::thread::scope(|scope| {
        let reader = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, || {
            let parser = Parser::new().enable_ident_escape_syntax(true);
            match parser.parse_with_source_info(text) {
                Ok((root, starts)) => then(&Parsed { root, text, starts }),
                Err(errors) => Err(refused(text, &errors)),
            }
        });
        let reader = reader.map_err(|_| broken("there is no thread left to read the condition"))?;
        reader.join().unwrap_or_else(|_| Err(broken("the condition cannot be read")))
    })
}

fn refused(text: &str, errors: &cel::parser::ParseErrors) -> ConditionError {
    let Some(error) = errors.errors.first() else {
        return ConditionError { offset: 0, fault: Fault::Syntax("not understood".to_owned()) };
    };
    let (line, column) =
        (usize::try_from(error.pos.0).unwrap_or(0), usize::try_from(error.pos.1).unwrap_or(0));
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    // Lines are counted in characters here, nodes in bytes.
    let rest = text.get(before..).unwrap_or("");
    let in_line = rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at);
    let offset = before + in_line;
    if error.msg.contains("has() macro") {
        let what = "has() of a plain name";
        let instead = "write present(referrer), has(headers.referer) or \"referer\" in headers";
        return ConditionError { offset, fault: Fault::NotOffered { what, instead } };
    }
    if error.msg == "UNKNOWN" {
        return ConditionError { offset: 0, fault: Fault::TooDeep { max: CONDITION_DEPTH_MAX } };
    }
    let offset = (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    ConditionError { offset, fault: Fault::Syntax(words(&error.msg, text, offset)) }
}

/// What is wrong at `offset` of `text`. The reader's own words are about its grammar; nobody else knows that.
fn words(message: &str, text: &str, offset: usize) -> String {
    if message.contains("<EOF>") && text[offset..].trim().is_empty() {
        return "the condition ends too early, or a bracket or quote is not closed".to_owned();
    }
    let (before, rest) = (text[..offset].trim_end(), &text[offset..]);
    let shown: String = rest.trim().chars().take(24).map(|c| if c.is_control() { ' ' } else { c }).collect();
    match instead(before, rest) {
        Some(instead) => format!("`{shown}` is not understood; {instead}"),
        None => format!("not understood from here on: `{shown}`"),
    }
}

/// What people write who think of another language, and what to write here.
fn instead(before: &str, rest: &str) -> Option<&'static str> {
    let word =
        |text: &str| text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("").to_ascii_lowercase();
    let last = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
    let wants_value = ["==", "!=", "<", ">", "(", "[", ","].iter().any(|sign| before.ends_with(sign));
    let after_digit = before.ends_with(|c: char| c.is_ascii_digit());
    Some(match word(rest).as_str() {
        "and" => "`&&` joins what must all hold",
        "or" => "`||` joins alternatives",
        "like" | "contains" | "matches" | "startswith" | "endswith" => {
            "write path.contains(\"a\"), path.startsWith(\"/a\") or path.matches(\"^/a\")"
        }
        _ if last.eq_ignore_ascii_case("not") => "`!` says not",
        _ if rest.starts_with("=~") || rest.starts_with('~') => "write path.matches(\"^/a\")",
        _ if rest.starts_with('=') => "`==` compares",
        _ if rest.starts_with('&') => "`&&` joins what must all hold",
        _ if rest.starts_with('|') => "`||` joins alternatives",
        _ if wants_value && rest.starts_with(['/', '^', '*', '.']) => "texts stand in quotes",
        _ if after_digit && rest.starts_with(['.', ':', '/']) => "addresses and other texts stand in quotes",
        _ => return None,
    })
}

/// Counts what would nest, outside of texts.
fn measure(text: &str) -> Result<(), ConditionError> {
    let refuse = |offset, fault| Err(ConditionError { offset, fault });
    if text.len() > CONDITION_BYTES_MAX {
        let fault = Fault::TooLong { bytes: text.len(), max: CONDITION_BYTES_MAX };
        return refuse(0, fault);
    }
    let (mut depth, mut branches, mut parts) = (0_usize, 0_usize, 0_usize);
    let (mut quote, mut escaped) = (None, false);
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(open), byte) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') => depth = depth.saturating_sub(1),
            (None, b'?') => branches += 1,
            _ => {}
        }
        parts += usize::from(quote.is_none() && b".+-*/%<>=?![({".contains(&byte));
        if depth + branches > CONDITION_DEPTH_MAX {
            return refuse(at, Fault::TooDeep { max: CONDITION_DEPTH_MAX });
        }
        if parts > CONDITION_PARTS_MAX {
            return refuse(at, Fault::TooLarge { max: CONDITION_PARTS_MAX });
        }
    }
    Ok(())
}
