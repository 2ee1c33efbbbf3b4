//! Any text is a condition or a refusal with its place. A condition can be asked about any request, it and its opposite
//! never hold together, it is found through the index where it holds, and it means the same when it is read again.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use palisade_detect::scorer;
use palisade_domain::address::documentation_ip;
use palisade_domain::{
    Assessment, ClaimStatus, ClientKey, Fact, HeaderCase, HeaderList, HeaderOrder, Identity, IdentityClass,
    RequestFacts, Score, Timestamp, Vantage,
};
use palisade_policy::expression::{Condition, View};
use palisade_policy::{RuleEffect, RuleSource, Ruleset};

const HEADERS: [(&str, &str); 2] = [("Accept", "*/*"), ("X-Api-Version", "2")];

/// A request of which everything is known, and one of which nothing is.
static REQUESTS: LazyLock<[(RequestFacts<'static>, Assessment); 2]> = LazyLock::new(|| {
    let bare = RequestFacts::bare(ClientKey::Opaque("x"), Timestamp(1), Vantage::Log);
    let mut facts =
        RequestFacts::bare(ClientKey::Ip(documentation_ip(7)), Timestamp(1), Vantage::GatewayClear);
    facts.method = Fact::Known("GET");
    facts.host = Fact::Known("Shop.Example:8080");
    facts.target = Fact::Known("/api/v1/items?page=2");
    facts.user_agent = Fact::Known("curl/8.5.0");
    facts.referrer = Fact::Absent;
    let (order, case) = (HeaderOrder::Wire, HeaderCase::Wire);
    facts.headers = Fact::Known(HeaderList { entries: &HEADERS, order, case });
    let mut assessment = scorer::blank();
    assessment.identity =
        Identity { class: IdentityClass::Tool, claimed: Some("curl"), status: ClaimStatus::Unverified };
    [(facts, assessment), (bare, scorer::blank())]
});

fuzz_target!(|text: &str| {
    let condition = match Condition::compile(text) {
        Ok(condition) => condition,
        Err(error) => {
            assert!(text.is_char_boundary(error.offset), "{error}");
            assert!(!error.to_string().contains('\n'), "one line: {error}");
            return;
        }
    };
    assert_eq!(Condition::compile(text).as_ref(), Ok(&condition));
    let opposite = Condition::compile(&format!("!({text}\n)")).ok();
    let rule = RuleSource::new(text, RuleEffect::Block);
    let (rules, _) = Ruleset::compile(&[rule]).expect("its condition was just compiled");
    let challenge_at = Score::new(70).expect("70 is a score");
    for (facts, assessment) in REQUESTS.iter() {
        let view = View::new(facts, assessment, None, challenge_at);
        let holds = condition.holds(&view);
        assert_eq!(rules.first_match(&view), holds.then_some(0));
        assert!(condition.constant().is_none_or(|constant| constant == holds));
        assert!(opposite.as_ref().is_none_or(|opposite| opposite.holds(&view) != holds));
    }
});
