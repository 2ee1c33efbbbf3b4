//! Constants folded: what is known at load is not asked again.

use super::test::{Order, Test};

/// Not `test`.
pub(super) fn not(test: Test) -> Test {
    match test {
        Test::Constant(value) => Test::Constant(!value),
        Test::Not(inner) => *inner,
        test => Test::Not(Box::new(test)),
    }
}

/// Both; chains become one list, so that order and brackets do not matter to the index.
pub(super) fn and(left: Test, right: Test) -> Test {
    match (left, right) {
        (Test::Constant(false), _) | (_, Test::Constant(false)) => Test::Constant(false),
        (Test::Constant(true), other) | (other, Test::Constant(true)) => other,
        (left, right) => Test::All(joined(left, right, |test| match test {
            Test::All(parts) => Ok(parts),
            other => Err(other),
        })),
    }
}

/// One of both.
pub(super) fn or(left: Test, right: Test) -> Test {
    match (left, right) {
        (Test::Constant(true), _) | (_, Test::Constant(true)) => Test::Constant(true),
        (Test::Constant(false), other) | (other, Test::Constant(false)) => other,
        (left, right) => Test::Any(joined(left, right, |test| match test {
            Test::Any(parts) => Ok(parts),
            other => Err(other),
        })),
    }
}

/// `yes` where `condition` holds, else `no`.
pub(super) fn choose(condition: Test, yes: Test, no: Test) -> Test {
    match (condition, yes, no) {
        (Test::Constant(true), yes, _) => yes,
        (Test::Constant(false), _, no) => no,
        (_, Test::Constant(yes), Test::Constant(no)) if yes == no => Test::Constant(yes),
        (condition, Test::Constant(true), Test::Constant(false)) => condition,
        (condition, Test::Constant(false), Test::Constant(true)) => not(condition),
        (condition, yes, no) => Test::If(Box::new([condition, yes, no])),
    }
}

/// `left` and `right` are equal (`Is`) or not.
pub(super) fn same(left: Test, order: Order, right: Test) -> Test {
    let equal = choose(left, right.clone(), not(right));
    if order == Order::IsNot { not(equal) } else { equal }
}

fn joined(left: Test, right: Test, parts: fn(Test) -> Result<Vec<Test>, Test>) -> Vec<Test> {
    let mut all = parts(left).unwrap_or_else(|one| vec![one]);
    all.extend(parts(right).unwrap_or_else(|one| vec![one]));
    all
}
