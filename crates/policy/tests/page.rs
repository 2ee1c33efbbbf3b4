//! The operator's page says what is so: its examples compile, its names are all there is, its order is the order.

use palisade_policy::expression::{Condition, names};
use palisade_policy::{BOUNDS, Policy};

const PAGE: &str = include_str!("../../../docs/policy.md");

#[test]
fn every_example_compiles() {
    let conditions: Vec<&str> =
        PAGE.split("when = '''").skip(1).filter_map(|rest| rest.split("'''").next()).collect();
    assert!(conditions.len() >= 6, "{conditions:?}");
    for condition in conditions {
        assert_eq!(Condition::compile(condition).map(|_| ()), Ok(()), "{condition}");
    }
}

#[test]
fn every_name_function_and_word_is_on_the_page() {
    let names = names::NAMES.iter().map(|(name, _)| *name).chain(names::FUNCTIONS);
    for name in names.filter(|name| *name != "identity") {
        let said = PAGE.contains(&format!("`{name}`"))
            || PAGE.contains(&format!("`{name}["))
            || PAGE.contains(&format!("`{name}("));
        assert!(said, "{name}");
    }
    for (_, fact) in names::IDENTITY {
        assert!(PAGE.contains(fact.name()), "{}", fact.name());
    }
    let words = names::NAMES.iter().filter_map(|(_, meaning)| match meaning {
        names::Meaning::Text(fact) => fact.words(),
        _ => None,
    });
    for word in words.flatten() {
        assert!(PAGE.contains(&format!("`{word}`")), "{word}");
    }
}

#[test]
fn every_step_and_bound_is_on_the_page() {
    for (name, _) in Policy::default().describe() {
        let name = if name == "identity" { "identity: class" } else { name };
        let said = PAGE.contains(&format!("`{name}`")) || PAGE.contains(&format!("`{name}: "));
        assert!(said, "{name}");
    }
    let value = |name: &str| BOUNDS.iter().find(|bound| bound.name == name).map(|bound| bound.value);
    assert_eq!(value("policy.condition_bytes_max"), Some(4_096));
    assert_eq!(value("policy.condition_parts_max"), Some(256));
    assert_eq!(value("policy.condition_depth_max"), Some(32));
    assert_eq!(value("policy.pattern_bytes_max"), Some(256 * 1_024));
}
