//! Lines of bounded width: wrapping, cutting, columns, colour.

/// Colours of the actions in the 256-colour palette, mildest first; darkness rises with harshness.
const COLOURS: [u8; 7] = [109, 74, 179, 173, 167, 161, 197];

/// Where a column's text stands.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Whether to colour.
#[derive(Clone, Copy)]
pub(super) struct Paint(pub(super) bool);

impl Paint {
    pub(super) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    /// `text` in the colour of the action with this rank.
    pub(super) fn rank(self, rank: usize, text: &str) -> String {
        self.with(&format!("38;5;{}", COLOURS[rank.min(6)]), text)
    }

    /// `line` with the first `word` in it coloured.
    pub(super) fn action(self, rank: usize, line: &str, word: &str) -> String {
        match line.split_once(word) {
            Some((before, after)) if self.0 => format!("{before}{}{after}", self.rank(rank, word)),
            _ => line.to_owned(),
        }
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// `text` cut to `width` characters, with an ellipsis where something is missing.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// `text` in lines of at most `width` characters, each after `indent`; longer words are cut.
pub(super) fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let room = width - indent.len();
    let mut out = String::new();
    let mut line = String::new();
    // Only plain spaces break: a no-break space holds a number and its unit together.
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let word = cut(word, room);
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
            out += &format!("{indent}{line}\n");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += &word;
    }
    if !line.is_empty() {
        out += &format!("{indent}{line}\n");
    }
    out
}

/// `rows` in columns two spaces apart, indented by two; the last column is cut where the line would grow too long.
pub(super) fn table(rows: &[Vec<String>], aligns: &[Align], width: usize) -> Vec<String> {
    let widths: Vec<usize> = (0..aligns.len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for ((cell, width), align) in row.iter().zip(&widths).zip(aligns) {
            let pad = " ".repeat(width - cell.chars().count());
            line += "  ";
            line += &if *align == Align::Right { format!("{pad}{cell}") } else { format!("{cell}{pad}") };
        }
        cut(line.trim_end(), width)
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_wrap_at_spaces() {
        assert_eq!(wrapped("one two three", 9, "  "), "  one two\n  three\n");
        assert_eq!(wrapped("92\u{a0}% of all", 5, ""), "92\u{a0}%\nof\nall\n");
        assert_eq!(wrapped("incomprehensibilities", 8, ""), "incompr…\n");
        assert_eq!(wrapped("", 8, ""), "");
    }

    #[test]
    fn columns_line_up() {
        let rows = [vec!["a".to_owned(), "10".to_owned()], vec!["bcd".to_owned(), "9".to_owned()]];
        assert_eq!(table(&rows, &[Align::Left, Align::Right], 20), ["  a    10", "  bcd   9"]);
        assert_eq!(table(&rows, &[Align::Left, Align::Right], 6), ["  a  …", "  bcd…"]);
    }
}
