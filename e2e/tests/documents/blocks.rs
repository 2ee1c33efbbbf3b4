//! The marked blocks of a page: ```` ```sh NAME ```` is typed in the walk NAME, ```` ```sh NAME starts ```` goes on running,
//! and ```` ```text NAME ```` is what has to have been printed since the last such block, line by line, in that order.

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Typed, and over at its end.
    Typed,
    /// Typed, and running until the walk ends.
    Starts,
    /// Promised.
    Promised,
}

/// One block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// Its line in the page.
    pub(crate) line: usize,
    /// The walk it belongs to.
    pub(crate) walk: String,
    /// What it is.
    pub(crate) kind: Kind,
    /// Its text.
    pub(crate) text: String,
}

/// Every block of `page`.
///
/// # Panics
/// Where a block of commands has no walk: what nobody runs is not promised either.
pub(crate) fn read(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let Some(words) = line.strip_prefix("```") else { continue };
        let text: Vec<&str> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| !line.starts_with("```")).collect();
        let words: Vec<&str> = words.split_whitespace().collect();
        let (walk, kind) = match words[..] {
            ["sh", walk] => (walk, Kind::Typed),
            ["sh", walk, "starts"] => (walk, Kind::Starts),
            ["text", walk] => (walk, Kind::Promised),
            ["sh" | "console" | "bash", ..] => panic!("line {}: these commands belong to no walk", at + 1),
            _ => continue,
        };
        blocks.push(Block { line: at + 1, walk: walk.to_owned(), kind, text: text.join("\n") });
    }
    blocks
}

#[test]
fn blocks_are_found() {
    let page =
        "# A\n```sh one\na\nb\n```\n```text one\nc\n```\n```toml\nx = 1\n```\n```sh two starts\nd\n```\n";
    let found = read(page);
    let block =
        |line, walk: &str, kind, text: &str| Block { line, walk: walk.into(), kind, text: text.into() };
    assert_eq!(
        found,
        [
            block(2, "one", Kind::Typed, "a\nb"),
            block(6, "one", Kind::Promised, "c"),
            block(12, "two", Kind::Starts, "d")
        ]
    );
}
