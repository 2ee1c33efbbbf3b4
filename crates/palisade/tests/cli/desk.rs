//! A folder of its own to work in, and the binary to work with.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The sample log that is shipped.
pub(crate) const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/sample-access.log.gz");

/// A temporary folder in which the binary is started.
pub(crate) struct Desk(tempfile::TempDir);

/// What a run left behind.
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Desk(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        std::fs::write(self.path(name), content).unwrap();
        self
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The binary, with nothing of the machine's own settings.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
        let ours = std::env::vars_os().map(|(name, _)| name);
        ours.filter(|name| name.to_string_lossy().starts_with("PALISADE_")).for_each(|name| {
            command.env_remove(name);
        });
        command.env_remove("COLUMNS").current_dir(self.0.path());
        command
    }

    /// Runs `line`, words apart by single spaces.
    pub(crate) fn run(&self, line: &str) -> Done {
        self.run_with(line, "", &[])
    }

    pub(crate) fn run_with(&self, line: &str, input: impl AsRef<[u8]>, env: &[(&str, &str)]) -> Done {
        let mut command = self.command();
        command.args(line.split(' ').filter(|word| !word.is_empty())).envs(env.iter().copied());
        feed(&mut command, input.as_ref())
    }
}

/// Runs `command` on `input` to its end.
pub(crate) fn feed(command: &mut Command, input: &[u8]) -> Done {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let done = std::thread::scope(|scope| {
        // A command that reads nothing closes its end.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().unwrap()
    });
    Done {
        code: done.status.code().unwrap_or(-1),
        out: String::from_utf8(done.stdout).unwrap(),
        err: String::from_utf8(done.stderr).unwrap(),
    }
}

impl Done {
    /// That it went well and said nothing on standard error; its standard output.
    pub(crate) fn fine(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    /// That standard output is one JSON value, and all went well.
    pub(crate) fn json(self) -> Value {
        let out = self.fine();
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    /// That it ended with `code`, printed no result and said each of `words`.
    pub(crate) fn refused(&self, code: i32, words: &[&str]) -> &Self {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{}", self.err);
        self.said(words)
    }

    /// That standard error holds each of `words`.
    pub(crate) fn said(&self, words: &[&str]) -> &Self {
        for word in words {
            assert!(self.err.contains(word), "{word:?} is not in: {}", self.err);
        }
        self
    }
}

/// The lines of the sample log.
pub(crate) fn sample_lines() -> Vec<u8> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(Path::new(SAMPLE)).unwrap();
    std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(file), &mut bytes).unwrap();
    bytes
}

/// A line of combined format, `seconds` after midnight.
pub(crate) fn line(ip: &str, seconds: u32, request: &str, status: u16, agent: &str) -> String {
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!(
        "{ip} - - [15/May/2026:{h:02}:{m:02}:{s:02} +0000] \"{request}\" {status} 512 \"-\" \"{agent}\"\n"
    )
}

/// A browser of its time.
pub(crate) const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:138.0) Gecko/20100101 Firefox/138.0";
