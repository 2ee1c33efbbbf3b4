//! User agents: reading and naming any text is total, bounded and repeatable.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use palisade_crawl::agents::{Agents, ClaimedBy};
use palisade_fingerprint::user_agent::{BYTES_MAX, Token, Tokens, bounded, parse};

static AGENTS: LazyLock<Agents> = LazyLock::new(Agents::builtin);

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let ua = parse(&text);
    assert!(ua.family_key() < 4096);
    // What lies beyond the bound changes nothing.
    assert_eq!(ua, parse(bounded(&text)));
    let read: usize = Tokens::new(&text)
        .map(|token| match token {
            Token::Product { name, version } => name.len() + version.len(),
            Token::Comment(inside) => inside.len(),
        })
        .sum();
    assert!(read <= BYTES_MAX);
    let claim = AGENTS.claim(&text);
    assert_eq!(claim, AGENTS.claim(&text));
    assert_eq!(claim.class.is_some(), claim.by != ClaimedBy::None);
    assert!(claim.class.is_none_or(|class| class.is_program()));
    assert!(claim.operator.is_none() || claim.by == ClaimedBy::Listed);
});
