//! Writes every page to the folder given: `cargo run -p palisade-visitor --example pages -- /tmp/pages`.

use std::path::PathBuf;

use palisade_domain::RequestId;
use palisade_visitor::{page, words};

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "pages".to_owned()));
    std::fs::create_dir_all(&folder)?;
    for words in words::LANGUAGES {
        let page = page::render(words, words.refused, Some(RequestId(0x1234_5678_9abc_def0)));
        std::fs::write(folder.join(format!("{}.html", words.tag)), page)?;
    }
    Ok(())
}
