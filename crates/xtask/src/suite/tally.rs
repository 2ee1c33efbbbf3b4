//! Counting tests in what `cargo test` and `node --test` print.

use std::ops::AddAssign;

/// How many passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: usize,
    pub(super) failed: usize,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl Tally {
    /// Sums the `test result:` lines. A run that failed without a failed test (it did not compile, it crashed) counts
    /// as one failure.
    pub(super) fn of_cargo_test(output: &str, ok: bool) -> Tally {
        let mut sum = Tally::default();
        for line in output.lines().filter_map(|line| line.trim().strip_prefix("test result: ")) {
            sum += Tally { passed: number_before(line, " passed"), failed: number_before(line, " failed") };
        }
        sum.at_least_one_failed(ok)
    }

    /// Reads the last lines of `node --test` (TAP): `# pass 12`, `# fail 0`.
    pub(super) fn of_node_test(output: &str, ok: bool) -> Tally {
        let number = |name: &str| {
            let mut lines = output.lines().rev();
            lines.find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap_or(0)
        };
        Tally { passed: number("# pass "), failed: number("# fail ") }.at_least_one_failed(ok)
    }

    /// A run that failed has a failure, whatever it counted.
    fn at_least_one_failed(mut self, ok: bool) -> Tally {
        if !ok && self.failed == 0 {
            self.failed = 1;
        }
        self
    }
}

/// 12 in `ok. 12 passed; 0 failed` for ` passed`.
fn number_before(line: &str, word: &str) -> usize {
    let before = line.find(word).map_or("", |at| &line[..at]);
    before.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// The parts of a failed run that a person wants to see: compiler errors, failed tests and what they said; everything
/// where nothing of that kind is found.
pub(super) fn failures(output: &str) -> String {
    let mut kept = String::new();
    let mut keeping = false;
    for line in output.lines() {
        let starts = line == "failures:" || line.starts_with("error") || line.contains("panicked at");
        keeping =
            (keeping || starts) && !line.starts_with("     Running") && !line.starts_with("   Doc-tests");
        if keeping {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    if kept.is_empty() { output.to_owned() } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "     Running unittests src/lib.rs\n\
        test a ... ok\ntest b ... FAILED\n\nfailures:\n\n---- b stdout ----\nleft 1 right 2\n\n\
        test result: FAILED. 12 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n\
        \x20    Running tests/x.rs\ntest c ... ok\n\
        test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured\n";

    #[test]
    fn results_of_all_suites_are_summed() {
        assert_eq!(Tally::of_cargo_test(RUN, false), Tally { passed: 15, failed: 1 });
    }

    #[test]
    fn a_run_that_never_ran_is_a_failure() {
        assert_eq!(Tally::of_cargo_test("error[E0432]: no\n", false), Tally { passed: 0, failed: 1 });
    }

    #[test]
    fn tests_of_node_are_counted() {
        let report = "ok 1 - a\n1..2\n# tests 2\n# suites 0\n# pass 2\n# fail 0\n# cancelled 0\n";
        assert_eq!(Tally::of_node_test(report, true), Tally { passed: 2, failed: 0 });
        assert_eq!(Tally::of_node_test("node: bad option", false), Tally { passed: 0, failed: 1 });
    }

    #[test]
    fn only_failures_are_shown() {
        let shown = failures(RUN);
        assert!(shown.contains("left 1 right 2") && !shown.contains("test c"));
        assert_eq!(failures("linker gone"), "linker gone");
    }
}
