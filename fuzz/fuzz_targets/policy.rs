//! Any text is a condition or a refusal with its place. A condition can be asked about any request, it and its opposite
//! never hold together, it is found through the index where it holds, it means the same when it is read again, and what
//! is warned of never happens.
//!
//! After the condition, divided by NUL: a target, a user agent and a host to ask it about.
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
use palisade_policy::{RuleEffect, RuleSource, Ruleset, Warning, WarningReason};

const HEADERS: [(&str, &str); 2] = [("Accept", "*/*"), ("X-Api-Version", "2")];

/// A plain rule ahead of the one that is looked at.
const EARLIER_TEXT: &str = "path.startsWith(\"/api\")";
static EARLIER: LazyLock<Condition> =
    LazyLock::new(|| Condition::compile(EARLIER_TEXT).expect("a condition"));

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

fuzz_target!(|input: &str| {
    let mut parts = input.split('\0');
    let text = parts.next().unwrap_or("");
    let condition = match Condition::compile(text) {
        Ok(condition) => condition,
        Err(error) => {
            assert!(text.is_char_boundary(error.offset), "{error}");
            assert!(!error.to_string().contains('\n'), "one line: {error}");
            return;
        }
    };
    let opposite = Condition::compile(&format!("!({text}\n)")).ok();
    let sources = [EARLIER_TEXT, text].map(|when| RuleSource::new(when, RuleEffect::Block));
    let rules = Ruleset::compile(&sources).expect("its condition was just compiled");
    let warnings = rules.warnings();

    let [full, bare] = &*REQUESTS;
    let mut hostile = full.0;
    let mut next = || Fact::Known(parts.next().unwrap_or(""));
    (hostile.target, hostile.user_agent, hostile.host) = (next(), next(), next());
    let challenge_at = Score::new(70).expect("70 is a score");
    for (facts, assessment) in [(&full.0, &full.1), (&bare.0, &bare.1), (&hostile, &full.1)] {
        let view = View::new(facts, assessment, None, challenge_at);
        let (holds, first) = (condition.holds(&view), EARLIER.holds(&view));
        assert_eq!(rules.first_match(&view), if first { Some(0) } else { holds.then_some(1) });
        let both: Vec<usize> =
            [(first, 0), (holds, 1)].iter().filter(|(is, _)| *is).map(|(_, at)| *at).collect();
        assert_eq!(rules.matching(&view), both);
        assert!(condition.constant().is_none_or(|constant| constant == holds));
        assert!(opposite.as_ref().is_none_or(|opposite| opposite.holds(&view) != holds));
        // Rules are held against the plain spelling of a path, which the judge makes.
        let plain = view_is_plain(facts);
        // What only broken requests satisfy is said of broken requests.
        let sound = |warning: &&Warning| !matches!(warning.reason, WarningReason::Unsound { .. });
        for warning in warnings.iter().filter(sound).filter(|_| plain) {
            let covered = matches!(warning.reason, WarningReason::Covered { .. });
            assert!(!holds || (covered && first), "it can fire: {:?}", warning.reason);
        }
    }
});

fn view_is_plain(facts: &RequestFacts<'_>) -> bool {
    let path = facts.path().known().unwrap_or("");
    !path.contains('%') && !path.contains("//") && !path.contains("/.")
}
