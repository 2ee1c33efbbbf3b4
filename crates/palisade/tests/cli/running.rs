//! A `palisade` that goes on running: started on free ports, read line by line, ended by signal.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStderr, Command, Stdio};

use crate::desk::Desk;

/// A started process; dropping it kills it.
pub(crate) struct Started {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Started {
    /// Starts `line` at `desk`. Standard output is thrown away.
    pub(crate) fn start(desk: &Desk, line: &str) -> Started {
        let mut command = desk.command();
        command.args(line.split(' ')).env_remove("PORT");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        Started { child, lines }
    }

    /// The next line of standard error that holds `words`.
    pub(crate) fn says(&mut self, words: &str) -> String {
        let mut all = Vec::new();
        for line in self.lines.by_ref() {
            let line = line.unwrap();
            if line.contains(words) {
                return line;
            }
            all.push(line);
        }
        panic!("{words:?} was never said: {all:?}");
    }

    /// The address of `name` (`gateway` or `api`) in the line that names the listeners.
    pub(crate) fn address(&mut self, name: &str) -> String {
        let line = self.says("palisade: listening ");
        let start = format!("{name}=");
        line.split(' ').find_map(|word| word.strip_prefix(&start)).unwrap().to_owned()
    }

    /// Sends it `signal`.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap().success());
    }

    /// Ends it with `signal` (`TERM`, `KILL`); its exit code, and what it said at the end.
    pub(crate) fn end(mut self, signal: &str) -> (Option<i32>, String) {
        self.signal(signal);
        let code = self.child.wait().unwrap().code();
        let rest: Vec<String> = self.lines.by_ref().map_while(Result::ok).collect();
        (code, rest.join("\n"))
    }
}

/// The arguments that take free ports.
pub(crate) const FREE: &str = "--listen 127.0.0.1:0 --api 127.0.0.1:0";
