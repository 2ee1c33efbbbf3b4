//! Foreign text made safe to look at.

/// `text` with everything invisible or direction-changing spelled out as `<U+202E>`, cut to `max` characters with an
/// ellipsis. It can then neither move a terminal's cursor nor turn a line around. Markup is not its business:
/// the template escapes.
pub fn shown(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max * 4));
    for (seen, c) in text.chars().enumerate() {
        if seen == max {
            out.push('…');
            break;
        }
        if is_deceptive(c) {
            out.push_str(&format!("<U+{:04X}>", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// Control characters, marks of direction, invisible characters, line separators, private and unassigned ends.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{10ffff}')
        || is_stacking(c)
}

/// Combining marks, which pile up into towers over other lines; spelled out, since names need few of them here.
fn is_stacking(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{33f}' | '\u{346}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{20d0}'..='\u{20ff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tricks_are_spelled_out() {
        assert_eq!(shown("a\u{1b}[2Jb", 99), "a<U+001B>[2Jb");
        assert_eq!(shown("exe.\u{202e}gpj", 99), "exe.<U+202E>gpj");
        assert_eq!(shown("zwölf 日本 <b>", 99), "zwölf 日本 <b>");
    }

    #[test]
    fn length_is_bounded() {
        assert_eq!(shown(&"x".repeat(10_000), 5), "xxxxx…");
        assert_eq!(shown("12345", 5), "12345");
    }

    proptest! {
        #[test]
        fn nothing_deceptive_remains(text in any::<String>(), max in 0usize..40) {
            let out = shown(&text, max);
            prop_assert!(!out.chars().any(is_deceptive));
            prop_assert!(out.chars().count() <= max * 10 + 1);
        }
    }
}
