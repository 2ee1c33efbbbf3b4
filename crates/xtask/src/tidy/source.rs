//! Rust text as a rule reads it: without comments and without the tests at its end.

/// Lines of shipped code with their numbers from 1: no comment lines, nothing from the `#[cfg(test)] mod … {` on.
pub(super) fn shipped_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let end = tests_begin(text).unwrap_or(usize::MAX);
    text.lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line))
        .take_while(move |&(number, _)| number < end)
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The number of the line that opens the test module, where there is one in this file.
fn tests_begin(text: &str) -> Option<usize> {
    let mut lines = text.lines().enumerate().peekable();
    while let Some((at, line)) = lines.next() {
        let next = lines.peek().map_or("", |(_, next)| next.trim());
        if line.trim() == "#[cfg(test)]" && next.starts_with("mod ") && next.ends_with('{') {
            return Some(at + 1);
        }
    }
    None
}

/// `detect` and `src/lib.rs` of `crates/detect/src/lib.rs`.
pub(super) fn crate_and_file(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix("crates/")?.split_once('/')
}

/// True for files that hold only tests.
pub(super) fn is_test_file(path: &str) -> bool {
    let in_tests = ["/tests/", "/benches/", "/testdata/"].iter().any(|part| path.contains(part));
    in_tests || path.ends_with("/tests.rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_tests_are_no_shipped_code() {
        let text =
            "//! doc\nuse a;\n  // why\n#[cfg(test)]\nmod tests;\nfn f() {}\n#[cfg(test)]\nmod tests {\n";
        let lines: Vec<_> = shipped_lines(text).map(|(number, _)| number).collect();
        assert_eq!(lines, [2, 4, 5, 6]);
    }

    #[test]
    fn paths_are_taken_apart() {
        assert_eq!(crate_and_file("crates/detect/src/a/b.rs"), Some(("detect", "src/a/b.rs")));
        assert_eq!(crate_and_file("docs/a.md"), None);
        assert!(is_test_file("crates/a/src/b/tests.rs") && is_test_file("crates/a/tests/x.rs"));
        assert!(!is_test_file("crates/a/src/testing.rs"));
    }
}
